"""Revoke a key of the staff API for good. It stops with the next request."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright staff-key revoke 3 --panel acme
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--id", type=setup.number, required=True, help="as `createstaffkey` printed it")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        setup.perform("staff_key.revoke", panel=panel, target=args.id)
    print(f"Staff key {args.id} is revoked.")
    return 0
