"""List a panel's free pages, or print one."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """examples:
  panelwright page list --panel acme
  panelwright page list --panel acme --slug faq --language en > faq.md     # as it stands, to be changed
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--slug", help="print this page; terms and faq are there from the start")
    parser.add_argument("--language", help="in this language (default: the panel's)")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.content import queries

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        if args.slug:
            page = queries.page_for(panel, args.slug, args.language or panel.language)
            if page is None:
                raise CommandRefused(f"{panel.slug} has no page {args.slug!r}")
            print(page.body)
            return 0
        rows = queries.pages(panel.id)
    for row in rows:
        menu = f"in the menu at {row.position}" if row.in_menu else "not in the menu"
        print(f"{row.slug:<20}  {row.language:<5}  {row.updated_at:%Y-%m-%d %H:%M}  {menu}  {row.title}")
    own = {row.slug for row in rows}
    for slug in queries.OURS:
        if slug not in own:
            print(f"{slug:<20}  all    as it comes with Panelwright")
    return 0
