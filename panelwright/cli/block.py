"""Refuse orders for a target, or with a word in their texts: of one panel, or of every panel of this host."""

from __future__ import annotations

import argparse

from panelwright.cli import block_options, setup

EXAMPLE = """examples:
  panelwright block add --panel acme --kind domain --text evil.example --note "asked us to stop"
  panelwright block add --panel acme --kind exact --text https://t.me/somebody
  panelwright host-block add --kind pattern --text "*/private/*"
  panelwright host-block add --kind word --text "two words"

It holds from the next order on, in every process. `panelwright block list` lists what is blocked.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    block_options.whose(parser)
    block_options.what(parser)
    parser.add_argument("--note", default="", help="why, for people")


def run(args: argparse.Namespace) -> int:
    setup.django()
    kind, text = block_options.chosen(args)
    given = {"kind": kind, "text": text, "note": args.note or None}
    done, of = block_options.perform(args, "add", given)
    compared = done.after["text"]
    print(f"It was blocked before {of}: {kind} {compared}" if done.nothing else f"Blocked {of}: {kind} {compared}")
    return 0
