"""Refuse orders for a target, or with a word in their texts: of one panel, or of every panel of this host."""

from __future__ import annotations

import argparse

from panelwright.cli import block_options, setup
from panelwright.cli.main import Refused

EXAMPLE = """examples:
  panelwright block --panel acme --domain evil.example --note "asked us to stop"
  panelwright block --panel acme --exact https://t.me/somebody
  panelwright block --host --pattern "*/private/*"
  panelwright block --host --word "two words"

It holds from the next order on, in every process. `panelwright blocks` lists what is blocked.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    block_options.whose(parser)
    block_options.what(parser)
    parser.add_argument("--note", default="", help="why, for people")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.panels import blocks
    from panelwright.panels.block_actions import NewBlock, add_blocks

    kind, text = block_options.chosen(args)
    panel_id, of = block_options.owner(args)
    try:
        added = add_blocks(panel_id, [NewBlock(kind, text, args.note)])
        compared = blocks.normal(kind, text)
    except ValueError as error:
        raise Refused(str(error)) from None
    print(f"Blocked {of}: {kind} {compared}" if added else f"It was blocked before {of}: {kind} {compared}")
    return 0
