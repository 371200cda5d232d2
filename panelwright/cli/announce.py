"""Tell a panel's customers something: it stands on the page of news. The text is Markdown."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused
from panelwright.cli.setpage import read_text

EXAMPLE = """examples:
  panelwright announcement publish --panel acme --title "New payment method" --body-file news.md
  echo "На неделе скидки." | panelwright announcement publish --panel acme --title Скидки --language ru --body-file -
  panelwright announcement list --panel acme
  panelwright announcement remove 12 --panel acme
"""
LISTED_MAX = 100


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--title")
    parser.add_argument("--language", default="", help="for those who read en, pt-BR, es or ru (default: for all)")
    parser.add_argument("--list", action="store_true", help=f"list the last {LISTED_MAX}")
    parser.add_argument("--remove", type=setup.number, metavar="ID", help="take one back")
    parser.add_argument("file", nargs="?", help="the Markdown file, or - for standard input")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.content import queries

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        if args.list:
            rows = queries.announcements(panel.id, limit=LISTED_MAX).items
            for row in rows:
                print(f"{row.id:>6}  {row.published_at:%Y-%m-%d %H:%M}  {row.language or 'all':<5}  {row.title}")
            return 0
        if args.remove is not None:
            setup.perform("announcement.remove", panel=panel, target=args.remove)
            print(f"Removed announcement {args.remove}.")
            return 0
        if not args.title or not args.file:
            raise CommandRefused("write --title and the file with the text, or - for standard input")
        given = {"title": args.title, "body": read_text(args.file), "language": args.language or None}
        done = setup.perform("announcement.publish", panel=panel, given=given)
    print(f"Announcement {done.target}: {done.after['title']}")
    return 0
