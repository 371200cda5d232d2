"""Decide about an open order, whatever state it is in: end it, send it, or say which id its provider gave it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from panelwright.cli import setup

if TYPE_CHECKING:
    from panelwright.panels.models import Panel

EXAMPLE = """example:
  panelwright order resolve --panel acme --order 364 --arrived 700123   it is there, under this id
  panelwright order resolve --panel acme --order 364 --send             it is not there: send it
  panelwright order resolve --panel acme --order 364 --send --provider spare     send it there and nowhere else
  panelwright order resolve --panel acme --order 364 --done             all of it is delivered
  panelwright order resolve --panel acme --order 364 --partial 300      it ends, 300 units are refunded
  panelwright order resolve --panel acme --order 364 --refund           cancel it and give the money back

Look at the order (`panelwright order`) and at the provider first: --send buys the order, --refund gives the money
back, and neither can be undone.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--order", type=setup.number, required=True, metavar="ID")
    decision = parser.add_mutually_exclusive_group(required=True)
    decision.add_argument("--arrived", metavar="UPSTREAM_ID", help="the provider has it, under this id")
    decision.add_argument("--send", action="store_true", help="send it (again)")
    decision.add_argument("--done", action="store_true", help="all of it is delivered: Completed")
    decision.add_argument("--partial", type=setup.number, metavar="UNITS", help="end it with so many units undelivered")
    decision.add_argument("--refund", action="store_true", help="do not deliver it: cancel and refund")
    parser.add_argument("--provider", metavar="NAME", help="with --arrived: who has it; with --send: who gets it")
    parser.add_argument("--route", type=setup.number, metavar="ID", help="with --send: the route that it takes")
    parser.add_argument(
        "--whole", action="store_true", help="with --send: deliver again what is known to be delivered, too"
    )
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace) -> int:
    if args.provider and not (args.arrived or args.send):
        args.wrong_usage("--provider goes with --arrived or --send")
    if (args.route is not None or args.whole) and not args.send:
        args.wrong_usage("--route and --whole go with --send")
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        print(_decide(args, panel))
    return 0


def _decide(args: argparse.Namespace, panel: Panel) -> str:
    """Do it; answers how the order stands."""
    from panelwright.core import money
    from panelwright.orders.models import Order

    def do(verb: str, **given: object) -> None:
        setup.perform(f"order.{verb}", panel=panel, target=args.order, given=given)

    if args.arrived:
        do("arrived", upstream_id=args.arrived, provider=args.provider)
        return f"Order {args.order} goes on as the provider's order {args.arrived.strip()}."
    if args.send:
        do("send", route=args.route, provider=args.provider, whole=args.whole)
        return f"Order {args.order} is sent."
    if args.done:
        do("done")
    elif args.partial is not None:
        do("partial", remains=args.partial)
    else:
        do("cancel")
    order = Order.objects.get(panel_id=panel.id, number=args.order)
    charge = money.text(order.charge_micros)
    return f"Order {order.number} is {order.status}: {order.remains} of {order.quantity} remain, charge {charge}."
