"""Hear no more from a feed or webhook. What was heard from it stays."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright post-source remove 3 --panel acme
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    help_ = "as `panelwright post-source list` lists it"
    parser.add_argument("--source", required=True, type=int, metavar="N", help=help_)


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        setup.perform("post_source.remove", panel=panel, target=args.source)
    print(f"Post source {args.source} is removed.")
    return 0
