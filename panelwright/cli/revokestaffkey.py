"""Revoke a key of the staff API for good. It stops with the next request."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright revokestaffkey --panel acme --id 3
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--id", type=setup.number, required=True, help="as `createstaffkey` printed it")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.customers.actions import revoke_staff_key

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        if not revoke_staff_key(panel_id=panel.id, key_id=args.id):
            raise Refused(f"{panel.slug} has no staff key {args.id} that is in use")
    print(f"Staff key {args.id} is revoked.")
    return 0
