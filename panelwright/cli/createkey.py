"""Make an API key for a customer. It is shown once: only its digest is stored."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright createkey --panel acme --customer carol@example.com --name shop
  panelwright createkey --panel acme --customer carol@example.com --scope read --address 203.0.113.0/24
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--customer", required=True, metavar="EMAIL")
    parser.add_argument("--name", default="", help="what it is for")
    parser.add_argument("--scope", choices=["read", "order"], action="append", help="default: both")
    parser.add_argument(
        "--address", action="append", default=[], help="address or network that may use it; default: all"
    )
    parser.add_argument("--daily-cap", metavar="AMOUNT", help="the most that orders of one day (UTC) may cost")
    parser.add_argument("--per-minute", type=int, metavar="N", help="requests a minute (default: the panel's number)")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.core import money
    from panelwright.customers.actions import create_key

    panel = setup.panel(args.panel)
    scopes = args.scope or ["read", "order"]
    with scope(panel=panel):
        customer = setup.customer(panel, args.customer)
        try:
            row, key = create_key(
                customer=customer,
                name=args.name,
                can_read="read" in scopes,
                can_order="order" in scopes,
                addresses=", ".join(args.address),
                daily_cap_micros=money.parse(args.daily_cap) if args.daily_cap else None,
                per_minute_max=args.per_minute,
            )
        except ValueError as error:
            raise Refused(str(error)) from None
    print(json.dumps({"id": row.id, "panel": panel.slug, "customer": customer.user.email, "key": key}, indent=2))
    return 0
