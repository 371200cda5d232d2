"""Revoke an API key for good. It stops with the next request, and what was subscribed to with it pauses."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright revokekey --panel acme --id 12
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--id", type=int, required=True, help="as `createkey` printed it")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.orders.key_actions import revoke_key

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        if not revoke_key(panel_id=panel.id, key_id=args.id):
            raise Refused(f"{panel.slug} has no key {args.id} that is in use")
    print(f"Key {args.id} is revoked.")
    return 0
