"""Remove a free page, in one language or in all. Behind the panel's own terms and questions stand ours again."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """examples:
  panelwright page remove --panel acme --slug about-us
  panelwright page remove --panel acme --slug about-us --language es
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--slug", required=True)
    parser.add_argument("--language", default="", help="in this language only")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        given = {"slug": args.slug, "language": args.language or None}
        gone = setup.perform("page.remove", panel=panel, given=given).shown["removed"]
    print(f"Removed {args.slug} in {gone} {'language' if gone == 1 else 'languages'}.")
    return 0
