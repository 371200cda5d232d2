"""Say what a path on a host leads to, for the services that take links of some kinds only."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """examples:
  panelwright link-pattern add --panel acme --host gallery.example --path "/art/*" --kinds post
  panelwright link-pattern add --panel acme --host t.me --path "/+*" --kinds invite
  panelwright link-pattern add --panel acme --host vk.com --path "/feed?w=wall#_#" --kinds post

In a path * is the rest of a segment, # digits, ** any segments that follow, ?v a parameter that must be there. The
panel's own rows stand before those that come with Panelwright, the first one that fits counts, and a row for the same
host and path is written over. `panelwright link-pattern list --try` shows what a link leads to.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    which(parser)
    parser.add_argument("--kind", required=True, metavar="KINDS", help="with commas, where it may be each of them")


def which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", required=True, metavar="HOST")
    parser.add_argument("--path", required=True, metavar="PATTERN")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        given = {"host": args.host, "path": args.path, "kinds": args.kind.split(",")}
        row = setup.perform("link_pattern.add", panel=panel, given=given).after
    print(f"On {panel.slug} a link to {row['host']}{row['path']} leads to: {row['kinds']}")
    return 0
