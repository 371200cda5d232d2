"""Remove a free page, in one language or in all. Behind the panel's own terms and questions stand ours again."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """examples:
  panelwright removepage --panel acme --slug about-us
  panelwright removepage --panel acme --slug about-us --language es
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--slug", required=True)
    parser.add_argument("--language", default="", help="in this language only")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.content.actions import remove_page

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        try:
            gone = remove_page(panel_id=panel.id, slug=args.slug, language=args.language, by=setup.operator())
        except ValueError as error:
            raise Refused(str(error)) from None
    if not gone:
        which = f" in {args.language}" if args.language else ""
        raise Refused(f"{panel.slug} has no page {args.slug!r}{which} of its own")
    print(f"Removed {args.slug} in {gone} {'language' if gone == 1 else 'languages'}.")
    return 0
