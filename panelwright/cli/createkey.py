"""Make an API key for a customer. It is shown once: only its digest is stored."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright api-key add --panel acme --customer carol@example.com --name shop
  panelwright api-key add --panel acme --customer carol@example.com --no-can-order --addresses 203.0.113.0/24
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

    panel = setup.panel(args.panel)
    scopes = args.scope or ["read", "order"]
    given = {
        "customer": args.customer,
        "name": args.name,
        "can_read": "read" in scopes,
        "can_order": "order" in scopes,
        "addresses": args.address,
        "daily_cap": args.daily_cap,
        "per_minute": args.per_minute,
    }
    with scope(panel=panel):
        customer = setup.customer(panel, args.customer)
        done = setup.perform("api_key.add", panel=panel, given=given)
    made = {"id": done.target, "panel": panel.slug, "customer": customer.user.email, "key": done.shown["key"]}
    print(json.dumps(made, indent=2))
    return 0
