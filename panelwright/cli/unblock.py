"""Take back what `panelwright block` refused."""

from __future__ import annotations

import argparse

from panelwright.cli import block_options, setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright unblock --panel acme --domain evil.example
"""


def configure(parser: argparse.ArgumentParser) -> None:
    block_options.whose(parser)
    block_options.what(parser)


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.panels.block_actions import remove_block

    kind, text = block_options.chosen(args)
    panel_id, of = block_options.owner(args)
    try:
        removed = remove_block(panel_id, kind=kind, text=text)
    except ValueError as error:
        raise Refused(str(error)) from None
    if not removed:
        raise Refused(f"there is no such rule {of}: {kind} {text}; `panelwright blocks` lists them")
    print(f"No longer blocked {of}: {kind} {text}")
    return 0
