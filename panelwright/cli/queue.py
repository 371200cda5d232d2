"""List what waits for the panel's own people: orders, refills and cancels, the oldest first."""

from __future__ import annotations

import argparse
import json
from typing import Any

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright order queue --panel acme
  panelwright order queue --panel acme --json --limit 200
  panelwright order queue --panel acme --after 4711      the orders, refills and cancels that follow number 4711

Then: `panelwright work`.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--limit", type=setup.number, default=50, help="at most so many of each, up to 200")
    parser.add_argument("--after", type=setup.number, default=0, metavar="ID", help="only those with higher numbers")
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.providers.manual import manual_queries

    panel = setup.panel(args.panel)
    reads = {
        "orders": manual_queries.waiting_orders,
        "refills": manual_queries.waiting_refills,
        "cancels": manual_queries.waiting_cancels,
    }
    with scope(panel=panel):
        pages = {kind: read(panel.id, after=args.after, limit=args.limit) for kind, read in reads.items()}
    if args.json:
        print(json.dumps({kind: page.items for kind, page in pages.items()}, ensure_ascii=False, indent=2))
        return 0
    for kind, page in pages.items():
        for item in page.items:
            _print(kind, item)
        if page.next is not None:
            print(f"    … and more {kind}: --after {page.next}")
    if not any(page.items for page in pages.values()):
        print("Nothing waits.")
    return 0


def _print(kind: str, item: dict[str, Any]) -> None:
    if kind == "orders":
        left = f"{item['remains']} of {item['quantity']} remain"
        asked = ", the customer asked to cancel it" if item["cancel_asked"] else ""
        print(f"order {item['id']}  {item['status']}  {item['created_at']}  {left}{asked}")
        print(f"    service {item['service']} {item['service_name']}: {item['link']}")
        for name, value in item["fields"].items():
            print(f"    {name}: {str(value)[:300]!r}")
    elif kind == "refills":
        print(f"refill {item['id']}  {item['status']}  {item['created_at']}  order {item['order']}: {item['link']}")
        if item["problem"]:
            print(f"    {item['problem'][:300]}")
    else:
        print(f"cancel of order {item['order']}  {item['created_at']}  {item['remains']} of {item['quantity']} remain")
