"""Pause or resume a drip-feed or subscription, or cancel a subscription, as staff.

Posts published during a pause are not ordered for; the runs of a drip-feed wait, and do not come as a burst.
"""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright subscription --panel acme --order 23501 --pause
"""
_REASONS = {
    "bad_order": "there is no such drip-feed or subscription on this panel",
    "order_ended": "it has ended",
    "no_runs_left": "all of its runs have started",
    "is_paused": "it is paused already",
    "not_paused": "it is not paused",
    "waits_for_funds": "it waits for funds and goes on by itself when they arrive",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--order", required=True, type=int, metavar="N", help="its order id")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pause", dest="what", action="store_const", const="pause")
    what.add_argument("--resume", dest="what", action="store_const", const="resume")
    what.add_argument("--cancel", dest="what", action="store_const", const="cancel")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.orders import pause_actions

    panel = setup.panel(args.panel)
    act = {
        "pause": pause_actions.pause,
        "resume": pause_actions.resume,
        "cancel": pause_actions.cancel,
    }[args.what]
    refusal = act(panel_id=panel.id, order_id=args.order, by="command line")
    if refusal is not None:
        raise Refused(f"cannot {args.what} order {args.order}: {_REASONS[refusal.code]}")
    print({"pause": "Paused", "resume": "Resumed", "cancel": "Canceled"}[args.what])
    return 0
