"""List the orders that a person should look at, the oldest first."""

from __future__ import annotations

import argparse
import json
from typing import Any

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright order problems --panel acme
  panelwright order problems --panel acme --json --limit 1000
  panelwright order problems --panel acme --after 4711         those with higher numbers

A person can end or send each of them: `panelwright resolve`. What happened to one: `panelwright order`.
"""
LIMIT_MAX = 10_000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--limit", type=int, default=100, help=f"at most so many, up to {LIMIT_MAX} (default: 100)")
    parser.add_argument("--after", type=setup.number, default=0, metavar="ID", help="only those with higher numbers")
    parser.add_argument("--json", action="store_true", help="as a list of JSON objects")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.providers import order_queries

    panel = setup.panel(args.panel)
    items: list[dict[str, Any]] = []
    left, after = max(1, min(args.limit, LIMIT_MAX)), args.after
    with scope(panel=panel):
        while left and after is not None:
            page = order_queries.problem_orders(panel.id, after=after, limit=left)
            items += page.items
            left, after = left - len(page.items), page.next
    if args.json:
        print(json.dumps(items, ensure_ascii=False, indent=2))
        return 0
    for item in items:
        tell(item)
    print(f"{len(items)} orders with a problem." if items else "No order has a problem.")
    return 0


def tell(item: dict[str, Any]) -> None:
    """One order, as it stands with who delivers it."""
    print(f"{item['id']}  {item['status']}  {item['created_at']}  {item['quantity']} for {item['link']}")
    print(f"    {item['customer']['email']}, service {item['service']} {item['service_name']}")
    if item["provider"] is not None:
        provider = item["provider"]["name"] or f"number {item['provider']['id']}, which is gone"
        print(f"    with {provider}, route {item['route']}, as {item['upstream_id'] or 'an order without an id'}")
    if item["sent"]:
        print(f"    sent: {json.dumps(item['sent'], ensure_ascii=False)[:300]}")
    if item["problem"]:
        again = f", looked at again at {item['again_at']}" if item["again_at"] else ", waits for a person"
        print(f"    since {item['problem_since']}: {item['problem'][:300]}{again}")
