"""List the orders that a person should look at, the oldest first."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright problems --panel acme
  panelwright problems --panel acme --json --limit 1000

Orders whose problem begins with "outcome unknown" wait for a decision: `panelwright resolve`.
"""
LIMIT_MAX = 10_000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--limit", type=int, default=100, help=f"at most so many, up to {LIMIT_MAX} (default: 100)")
    parser.add_argument("--json", action="store_true", help="as a list of JSON objects")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.orders.models import Order

    panel = setup.panel(args.panel)
    columns = ("id", "status", "link", "quantity", "provider_id", "upstream_id", "created_at", "problem")
    with scope(panel=panel):
        waiting = Order.objects.filter(panel=panel, ended_at=None).exclude(problem="").order_by("id")
        rows = list(waiting.values(*columns)[: max(1, min(args.limit, LIMIT_MAX))])
    if args.json:
        print(json.dumps(rows, default=str, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        print(f"{row['id']}  {row['status']}  {row['created_at']:%Y-%m-%d %H:%M}  {row['quantity']} for {row['link']}")
        print(f"    {row['problem'][:300]}")
    print(f"{len(rows)} orders with a problem." if rows else "No order has a problem.")
    return 0
