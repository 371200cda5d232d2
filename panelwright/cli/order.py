"""Show one order as staff see it: who delivers it, what was sent, what came back, what it costs, what happened."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """example:
  panelwright order show --panel acme --order 364
  panelwright order show --panel acme --order 364 --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--order", type=setup.number, required=True, metavar="ID")
    parser.add_argument("--json", action="store_true", help="as a JSON object")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.cli.problems import tell
    from panelwright.providers import order_queries

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        facts = order_queries.order_facts(panel.id, setup.order_id(panel.id, args.order))
    if facts is None:
        raise CommandRefused(f"there is no order {args.order} on this panel")
    if args.json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
        return 0
    tell(facts)
    cost = "not known" if facts["cost"] is None else facts["cost"]
    by = "as the provider says" if facts["cost_told"] else "by the route's rate"
    if facts["past_cost"] != "0.00":
        by += f", and {facts['past_cost']} where it was sent before"
    print(f"    {facts['remains']} of {facts['quantity']} remain, charge {facts['charge']}, cost {cost} ({by})")
    for moment in reversed(facts["history"]):
        print(f"    {moment['at']}  {moment['event']}  {json.dumps(moment['facts'], ensure_ascii=False)[:600]}")
    return 0
