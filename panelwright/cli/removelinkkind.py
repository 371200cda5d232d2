"""Take back what a panel said of a path on a host; the rows that come with Panelwright stay."""

from __future__ import annotations

import argparse

from panelwright.cli import addlinkkind, setup

EXAMPLE = """example:
  panelwright link-pattern remove --panel acme --host gallery.example --path "/art/*"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    addlinkkind.which(parser)


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        setup.perform("link_pattern.remove", panel=panel, given={"host": args.host, "path": args.path})
    print(f"Removed on {panel.slug}: {args.host}{args.path}")
    return 0
