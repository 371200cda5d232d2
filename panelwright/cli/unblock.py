"""Take back what `panelwright block` refused."""

from __future__ import annotations

import argparse

from panelwright.cli import block_options, setup

EXAMPLE = """example:
  panelwright block remove --panel acme --kind domain --text evil.example
"""


def configure(parser: argparse.ArgumentParser) -> None:
    block_options.whose(parser)
    block_options.what(parser)


def run(args: argparse.Namespace) -> int:
    setup.django()
    kind, text = block_options.chosen(args)
    _, of = block_options.perform(args, "remove", {"kind": kind, "text": text})
    print(f"No longer blocked {of}: {kind} {text}")
    return 0
