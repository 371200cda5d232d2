"""Hear no more from a feed or webhook. What was heard from it stays."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright removepostsource --panel acme --source 3
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--source", required=True, type=int, metavar="N", help="as `panelwright postsources` lists it")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.providers.post_actions import remove_source

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        if not remove_source(panel_id=panel.id, source_id=args.source):
            raise Refused(f"{panel.slug} has no post source {args.source}; `panelwright postsources` lists them")
    print(f"Post source {args.source} is removed.")
    return 0
