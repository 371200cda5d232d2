"""List a panel's tickets, the oldest first."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright ticket list --panel acme                         what waits for an answer
  panelwright ticket list --panel acme --speed-up              speed-ups that nobody has passed on yet
  panelwright ticket list --panel acme --state all --customer carol@example.com
  panelwright ticket list --panel acme --after 4711 --json

Then: `panelwright ticket`.
"""
STATES = ("open", "pending", "answered", "closed", "all")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--state", choices=STATES, default="pending", help="default: pending, which waits for staff")
    parser.add_argument("--customer", metavar="EMAIL", help="only those of this customer")
    parser.add_argument("--unread", action="store_true", help="only those with something that no staff has read")
    parser.add_argument("--speed-up", action="store_true", help="only those with a speed-up that is to be passed on")
    parser.add_argument("--limit", type=setup.number, default=50, help="at most so many, up to 100")
    parser.add_argument("--after", type=setup.number, default=0, metavar="ID", help="only those with higher numbers")
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.support import queries

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        filters = queries.TicketFilters(
            state=None if args.state == "all" else args.state,
            customer=setup.customer(panel, args.customer).number if args.customer else None,
            unread=args.unread,
            speed_up=args.speed_up,
        )
        found, after = queries.waiting(panel.id, filters, after=args.after, limit=args.limit)
        items = [queries.facts(ticket) for ticket in found]
    if args.json:
        print(json.dumps({"items": items, "next": after}, ensure_ascii=False, indent=2))
        return 0
    for item in items:
        unread = ", unread" if item["unread"] else ""
        print(f"ticket {item['id']}  {item['state']}{unread}  {item['updated_at']}  {item['subject']}, {item['email']}")
        print(f"    {item['title']}")
    if after is not None:
        print(f"    … and more: --after {after}")
    if not items:
        print("No ticket.")
    return 0
