"""Revoke an API key for good. It stops with the next request, and what was subscribed to with it pauses."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright api-key revoke 12 --panel acme
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--id", type=int, required=True, help="as `createkey` printed it")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        setup.perform("api_key.revoke", panel=panel, target=args.id)
    print(f"Key {args.id} is revoked.")
    return 0
