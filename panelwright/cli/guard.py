"""Show or set what keeps a panel from selling below cost."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.importservices import percent

EXAMPLE = """example:
  panelwright panel guard --panel acme
  panelwright panel set-guard --panel acme --rule reprice --margin 5

A service whose provider's rate, plus the margin, rises above its own is paused until it falls again,
or repriced. The next look at the provider's list brings it about.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--rule", choices=("pause", "reprice"))
    parser.add_argument("--margin", type=percent, metavar="PERCENT", help="what a service must bring above its cost")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    if args.rule is not None or args.margin is not None:
        given = {"rule": args.rule, "margin": None if args.margin is None else f"{args.margin / 100:.2f}"}
        with scope(panel=panel):
            setup.perform("panel.set_guard", panel=panel, given=given)
        panel.refresh_from_db()
    done = "it is paused" if panel.guard == "pause" else "its rate is raised"
    print(f"{panel.slug}: a service that brings less than {panel.guard_percent_e2 / 100:g} % above its cost: {done}.")
    return 0
