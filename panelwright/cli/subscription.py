"""Show, pause, resume or cancel a drip-feed or subscription, as staff; decide who pays for a post's order.

Posts published during a pause are not ordered for; the runs of a drip-feed wait, and do not come as a burst. A
cancel gives back the money of the runs that have not started, and cancels those under way like any order.

A provider that has a subscription as a whole may deliver what its customer could not pay for: such an order waits,
uncharged, with its cost as its problem (`panelwright problems`). Charge it to her after all, or waive it.
"""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright subscription --panel acme --order 23501
  panelwright subscription --panel acme --order 23501 --pause
  panelwright subscription --panel acme --order 23502 --cancel
  panelwright subscription --panel acme --order 23517 --charge
"""
_REASONS = {
    "bad_order": "there is no such drip-feed or subscription on this panel",
    "order_ended": "it has ended",
    "no_runs_left": "all of its runs have started",
    "is_paused": "it is paused already",
    "not_paused": "it is not paused",
    "waits_for_funds": "it waits for funds and goes on by itself when they arrive",
    "waits_for_cap": "its key has spent its limit of the day, and it goes on by itself",
    "waits_for_account": "its customer may not order, and it goes on by itself when she may",
    "waits_for_service": "its service is off, or not sold to its customer like this; it goes on by itself",
    "waits_for_customer": "its customer has to agree: on its page, or by a new order",
    "at_provider": "its provider delivers it as a whole: it can be cancelled, but not paused or resumed",
}
WHY = {
    "funds": "the balance does not pay for the next post",
    "cap": "the key that it was placed with has spent its limit of the day",
    "key": "the key that it was placed with was revoked, or may not order",
    "account": "the customer may not order",
    "service": "the service is off",
    "private": "the service is not sold to this customer any more",
    "rate": "the service costs more than was agreed",
    "quantity": "the service is sold in none of the quantities that were asked for",
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
    from panelwright.orders import pause_actions

    panel = setup.panel(args.panel)
    if args.charge or args.waive:
        print(_decided(panel.id, args.order, charge=args.charge))
        return 0
    if args.what is None:
        print(_shown(panel.id, args.order))
        return 0
    act = {
        "pause": pause_actions.pause,
        "resume": pause_actions.resume,
        "cancel": pause_actions.cancel,
    }[args.what]
    refusal = act(panel_id=panel.id, order_id=args.order, by="command line")
    if refusal is not None:
        raise Refused(f"cannot {args.what} order {args.order}: {_REASONS[refusal.code]}")
    if args.what == "cancel":
        print(_canceled(panel.id, args.order))
    else:
        print({"pause": "Paused", "resume": "Resumed"}[args.what])
    return 0


def _shown(panel_id: int, order_id: int) -> str:
    from django_scopes import scopes_disabled

    from panelwright.core import money
    from panelwright.orders import problems
    from panelwright.orders.models import Schedule

    with scopes_disabled():
        found = Schedule.objects.filter(panel_id=panel_id, order_id=order_id).select_related("order").first()
    if found is None:
        raise Refused(f"order {order_id}: {_REASONS['bad_order']}")
    order = found.order
    lines = [f"{order.kind} {order.id}  {order.status}  placed {order.created_at:%Y-%m-%d %H:%M} UTC"]
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


def _decided(panel_id: int, order_id: int, *, charge: bool) -> str:
    from panelwright.core import money
    from panelwright.providers import subscription_actions

    which = {"panel_id": panel_id, "order_id": order_id}
    try:
        if charge:
            taken = subscription_actions.charge_post(**which, by="command line")
            return f"Order {order_id} is charged {money.text(taken)} and goes on."
        subscription_actions.waive_post(**which, by="command line")
    except ValueError as error:
        raise Refused(str(error)) from None
    return f"Order {order_id} goes on and is not charged."


def _canceled(panel_id: int, order_id: int) -> str:
    """A cancel may take its time: what is under way ends by what its provider says."""
    from django_scopes import scopes_disabled

    from panelwright.orders.models import Order

    with scopes_disabled():
        order = Order.objects.get(panel_id=panel_id, id=order_id)
        under_way = Order.objects.filter(panel_id=panel_id, parent_id=order_id, ended_at=None).count()
    if order.ended_at is not None:
        return order.status
    if order.kind == "drip-feed":
        return f"No more runs start, and those that had not are given back. {under_way} under way are to be cancelled."
    return "Its provider is asked to cancel it."
