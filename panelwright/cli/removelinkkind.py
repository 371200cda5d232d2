"""Take back what a panel said of a path on a host; the rows that come with Panelwright stay."""

from __future__ import annotations

import argparse

from panelwright.cli import addlinkkind, setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright removelinkkind --panel acme --host gallery.example --path "/art/*"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    addlinkkind.which(parser)


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.catalog.link_actions import remove_pattern

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        try:
            removed = remove_pattern(panel.id, host=args.host, path=args.path)
        except ValueError as error:
            raise Refused(str(error)) from None
    if not removed:
        raise Refused(f"{panel.slug} has no row of its own for {args.host}{args.path}")
    print(f"Removed on {panel.slug}: {args.host}{args.path}")
    return 0
