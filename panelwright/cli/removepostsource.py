"""Hear no more from a feed or webhook. What was heard from it stays."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright removepostsource --panel acme --source 3
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--source", required=True, type=int, metavar="N", help="as `panelwright postsources` lists it")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        setup.perform("post_source.remove", panel=panel, target=args.source)
    print(f"Post source {args.source} is removed.")
    return 0
