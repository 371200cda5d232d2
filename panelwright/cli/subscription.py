"""Pause, resume or cancel a subscription, as staff. Posts published during a pause are not ordered for."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright subscription --panel acme --order 23501 --pause
"""
_REASONS = {
    "bad_order": "there is no such subscription on this panel",
    "subscription_ended": "it has ended",
    "subscription_paused": "it is paused already",
    "subscription_not_paused": "it is not paused",
    "subscription_waits_for_funds": "it waits for funds and goes on by itself when they arrive",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--order", required=True, type=int, metavar="N", help="the subscription's order id")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pause", dest="what", action="store_const", const="pause")
    what.add_argument("--resume", dest="what", action="store_const", const="resume")
    what.add_argument("--cancel", dest="what", action="store_const", const="cancel")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.orders import subscription_actions

    panel = setup.panel(args.panel)
    act = {
        "pause": subscription_actions.pause,
        "resume": subscription_actions.resume,
        "cancel": subscription_actions.cancel,
    }[args.what]
    refusal = act(panel_id=panel.id, order_id=args.order, by="command line")
    if refusal is not None:
        raise Refused(f"cannot {args.what} subscription {args.order}: {_REASONS[refusal.code]}")
    print({"pause": "Paused", "resume": "Active", "cancel": "Canceled"}[args.what])
    return 0
