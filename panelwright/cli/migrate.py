"""Bring the database to this version, while no process of another one runs. `serve` and `demo` do it by themselves."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright migrate --data ./var/data
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="change nothing; exit status 1 when it is not up to date")


def run(args: argparse.Namespace) -> int:
    setup.django(migrated=False)
    if args.check:
        setup.refuse_newer()
        behind = setup.pending_migrations()
        print("The database is behind this version." if behind else "The database is at this version.")
        return 1 if behind else 0
    setup.migrate(verbosity=1)
    print("The database is at this version.")
    return 0
