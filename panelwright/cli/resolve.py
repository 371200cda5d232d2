"""Decide about an order whose outcome at the provider is unknown."""

from __future__ import annotations

import argparse
import os

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright resolve --panel acme --order 364 --arrived 700123   it is there, under this id
  panelwright resolve --panel acme --order 364 --send             it is not there: send it
  panelwright resolve --panel acme --order 364 --refund           cancel it and give the money back

Look at the provider first: --send buys the order, --refund gives the money back, and neither can be undone.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--order", type=int, required=True, metavar="ID")
    decision = parser.add_mutually_exclusive_group(required=True)
    decision.add_argument("--arrived", metavar="UPSTREAM_ID", help="the provider has it, under this id")
    decision.add_argument("--send", action="store_true", help="the provider does not have it: send it")
    decision.add_argument("--refund", action="store_true", help="do not deliver it: cancel and refund")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.providers import actions

    panel = setup.panel(args.panel)
    which = {"panel_id": panel.id, "order_id": args.order}
    by = f"system user {os.getuid()}, by command"
    try:
        if args.arrived:
            actions.order_arrived(**which, upstream_id=args.arrived.strip(), by=by)
            print(f"Order {args.order} goes on as the provider's order {args.arrived}.")
        elif args.send:
            actions.send_again(**which, by=by)
            print(f"Order {args.order} is sent.")
        else:
            actions.cancel_and_refund(**which, by=by)
            print(f"Order {args.order} is canceled and refunded.")
    except ValueError as error:
        raise Refused(str(error)) from None
    return 0
