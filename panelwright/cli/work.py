"""Start, finish or refuse what waits for the panel's own people: orders, refills, and cancels of customers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from panelwright.cli import setup

if TYPE_CHECKING:
    from panelwright.panels.models import Panel

EXAMPLE = """example:
  panelwright order work --panel acme --order 12 --start 1500     begin; the target had 1500 before
  panelwright order work --panel acme --order 12 --remains 300    so many units remain (or: --delivered 700)
  panelwright order work --panel acme --order 12 --done           all of it is delivered
  panelwright order work --panel acme --order 12 --partial 300    it ends, 300 units are refunded
  panelwright order work --panel acme --order 12 --cancel         it ends, everything is refunded
  panelwright order work --panel acme --order 12 --pass-on        the next route delivers it instead
  panelwright order work --panel acme --refill 3 --start          (or: --done, --reject TEXT, --send to the provider)
  panelwright order work --panel acme --cancel-of 12 --accept     (or: --refuse TEXT)
"""
_ACTIONS = {
    "order": {"start", "remains", "delivered", "done", "partial", "cancel", "pass_on"},
    "refill": {"start", "done", "reject", "send"},
    "cancel_of": {"accept", "refuse"},
}
_NO_COUNT = -1


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--order", type=setup.number, metavar="ID")
    which.add_argument("--refill", type=setup.number, metavar="ID")
    which.add_argument("--cancel-of", type=setup.number, metavar="ORDER", help="a cancel that the customer asked for")
    what = parser.add_mutually_exclusive_group(required=True)
    count = {"type": setup.number, "metavar": "UNITS"}
    what.add_argument(
        "--start", nargs="?", type=setup.number, const=_NO_COUNT, metavar="COUNT", help="begin; the target's count now"
    )
    what.add_argument("--remains", **count, help="how many units remain")  # type: ignore[arg-type]
    what.add_argument("--delivered", **count, help="how many units are delivered")  # type: ignore[arg-type]
    what.add_argument("--done", action="store_true", default=None, help="all of it is delivered")
    what.add_argument("--partial", **count, help="end it with so many units undelivered")  # type: ignore[arg-type]
    what.add_argument("--cancel", action="store_true", default=None, help="end it and give everything back")
    what.add_argument("--pass-on", action="store_true", default=None, help="let the next route deliver it")
    what.add_argument("--reject", metavar="TEXT", help="refuse a refill, and say why")
    what.add_argument("--send", action="store_true", default=None, help="pass a refill on to the provider (again)")
    what.add_argument("--accept", action="store_true", default=None, help="accept a customer's cancel")
    what.add_argument("--refuse", metavar="TEXT", help="refuse a customer's cancel, and say why")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace) -> int:
    kind = next(kind for kind in _ACTIONS if getattr(args, kind) is not None)
    action = next(name for names in _ACTIONS.values() for name in names if getattr(args, name) is not None)
    if action not in _ACTIONS[kind] or (kind == "refill" and action == "start" and args.start != _NO_COUNT):
        known = ", ".join("--" + name.replace("_", "-") for name in sorted(_ACTIONS[kind]))
        args.wrong_usage(f"--{kind.replace('_', '-')} goes with one of {known}")
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        print(_refill(args, action, panel) if kind == "refill" else _order(args, kind, action, panel))
    return 0


def _order(args: argparse.Namespace, kind: str, action: str, panel: Panel) -> str:
    """Do it; answers how the order stands."""
    from panelwright.core import money
    from panelwright.orders.models import Order

    number = getattr(args, kind)
    given: dict[str, object] = {}
    name = {"accept": "cancel.accept", "refuse": "cancel.refuse"}.get(action, f"order.{action}")
    if action == "start":
        given = {"start_count": None if args.start == _NO_COUNT else args.start}
    elif action in {"remains", "delivered"}:
        name, given = "order.progress", {action: getattr(args, action)}
    elif action == "partial":
        given = {"remains": args.partial}
    elif action == "refuse":
        given = {"text": args.refuse}
    setup.perform(name, panel=panel, target=number, given=given)
    order = Order.objects.get(panel_id=panel.id, number=number)
    charge = money.text(order.charge_micros)
    return f"Order {number} is {order.status}: {order.remains} of {order.quantity} remain, charge {charge}."


def _refill(args: argparse.Namespace, action: str, panel: Panel) -> str:
    from panelwright.orders.models import Refill

    given = {"text": args.reject} if action == "reject" else {}
    setup.perform(f"refill.{action}", panel=panel, target=args.refill, given=given)
    refill = Refill.objects.select_related("order").get(panel_id=panel.id, number=args.refill)
    return f"Refill {refill.number} of order {refill.order.number} is {refill.status}."
