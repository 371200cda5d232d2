"""Show, pause, resume or cancel a drip-feed or subscription, as staff; decide who pays for a post's order.

Posts published during a pause are not ordered for; the runs of a drip-feed wait, and do not come as a burst. A
cancel gives back the money of the runs that have not started, and cancels those under way like any order.

A provider that has a subscription as a whole may deliver what its customer could not pay for: such an order waits,
uncharged, with its cost as its problem (`panelwright problems`). Charge it to her after all, or waive it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

if TYPE_CHECKING:
    from panelwright.panels.models import Panel

EXAMPLE = """example:
  panelwright order subscription --panel acme --order 23501
  panelwright order subscription --panel acme --order 23501 --pause
  panelwright order subscription --panel acme --order 23502 --cancel
  panelwright order subscription --panel acme --order 23517 --charge
"""
WHY = {
    "funds": "the balance does not pay for the next post",
    "cap": "the key that it was placed with has spent its limit of the day",
    "key": "the key that it was placed with was revoked, or may not order",
    "account": "the customer may not order",
    "service": "the service is off",
    "private": "the service is not sold to this customer any more",
    "rate": "the service costs more than was agreed",
    "quantity": "the service is sold in none of the quantities that were asked for",
    "blocked": "a rule of the panel or of the host blocks the user",
    "provider": "the provider that delivers it has paused it",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--order", required=True, type=int, metavar="N", help="its order id")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--pause", dest="what", action="store_const", const="pause")
    what.add_argument("--resume", dest="what", action="store_const", const="resume")
    what.add_argument("--cancel", dest="what", action="store_const", const="cancel")
    what.add_argument("--charge", action="store_true", help="the customer pays for this order of a post after all")
    what.add_argument("--waive", action="store_true", help="the panel pays for it: it goes on without a charge")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    if args.charge or args.waive:
        print(_decided(panel, args.order, charge=args.charge))
        return 0
    if args.what is None:
        print(_shown(panel.id, args.order))
        return 0
    verb = {"pause": "pause", "resume": "resume", "cancel": "stop"}[args.what]
    with scope(panel=panel):
        setup.perform(f"order.{verb}", panel=panel, target=args.order)
    if args.what == "cancel":
        print(_canceled(panel.id, args.order))
    else:
        print({"pause": "Paused", "resume": "Resumed"}[args.what])
    return 0


def _shown(panel_id: int, number: int) -> str:
    from django_scopes import scopes_disabled

    from panelwright.core import money
    from panelwright.orders import problems
    from panelwright.orders.models import Schedule

    with scopes_disabled():
        found = Schedule.objects.filter(panel_id=panel_id, number=number).select_related("order").first()
    if found is None:
        raise CommandRefused(f"order {number}: there is no such drip-feed or subscription on this panel")
    order = found.order
    lines = [f"{order.kind} {order.number}  {order.status}  placed {order.created_at:%Y-%m-%d %H:%M} UTC"]
    if found.paused_at is not None:
        lines.append(f"paused by hand since {found.paused_at:%Y-%m-%d %H:%M} UTC")
    elif found.pause_reason:
        lines.append(f"paused: {WHY[found.pause_reason]}")
    if found.runs:
        lines.append(f"{found.runs_done} of {found.runs} runs done, {found.runs_started} started")
    else:
        agreed = found.agreed_micros if found.agreed_micros is not None else order.rate_micros
        posts = "without limit" if found.posts is None else f"of {found.posts + found.old_posts}"
        lines.append(f"posts of {found.username}: {found.posts_done} ordered for, {posts}")
        lines.append(f"at most {money.text(agreed)} for 1000, {found.min} to {found.max} a post")
        if found.without_key:
            lines.append("it goes on without the key that it was placed with")
    if order.upstream_id is not None:
        lines.append(f"delivered as a whole by provider {order.provider_id}, as its order {order.upstream_id}")
    if order.problem_code:
        lines.append(f"problem: {problems.words(order.problem_code, problems.facts_of(order.problem_facts))}")
    return "\n".join(lines)


def _decided(panel: Panel, number: int, *, charge: bool) -> str:
    from django_scopes import scope

    with scope(panel=panel):
        performed = setup.perform(f"order.{'charge' if charge else 'waive'}", panel=panel, target=number)
    if charge:
        return f"Order {number} is charged {performed.after['charge']} and goes on."
    return f"Order {number} goes on and is not charged."


def _canceled(panel_id: int, number: int) -> str:
    """A cancel may take its time: what is under way ends by what its provider says."""
    from django_scopes import scopes_disabled

    from panelwright.orders.models import Order

    with scopes_disabled():
        order = Order.objects.get(panel_id=panel_id, number=number)
        under_way = Order.objects.filter(panel_id=panel_id, parent=order, ended_at=None).count()
    if order.ended_at is not None:
        return order.status
    if order.kind == "drip-feed":
        return f"No more runs start, and those that had not are given back. {under_way} under way are to be cancelled."
    return "Its provider is asked to cancel it."
