"""List what staff did on a panel: who, what, to what, before and after. The newest first."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """examples:
  panelwright trail --panel acme
  panelwright trail --panel acme --action provider.set --limit 10
  panelwright trail --panel acme --object order --id 364
  panelwright trail --panel acme --staff bob@example.com --since 2026-11-01T00:00:00Z --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--staff", metavar="EMAIL", help="what this person did, or a program with their key")
    parser.add_argument("--action", default="", help="as provider.set")
    parser.add_argument("--object", default="", help="kind of object, as order")
    parser.add_argument("--id", type=setup.number, help="with --object: which one")
    parser.add_argument("--since", type=_moment, metavar="TIME", help="as 2026-11-01T00:00:00Z")
    parser.add_argument("--until", type=_moment, metavar="TIME")
    parser.add_argument("--before", type=setup.number, metavar="ID", help="older than this entry")
    parser.add_argument("--limit", type=setup.number, default=50, help="maximum number of entries (up to 200)")
    parser.add_argument("--json", action="store_true")


def _moment(text: str) -> object:
    from datetime import datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r}: write a time with its zone, like 2026-11-01T00:00:00Z")
    return at


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.staff import trail

    panel = setup.panel(args.panel)
    if args.id is not None and not args.object:
        raise CommandRefused("say of which kind of object it is the id: --object")
    with scope(panel=panel):
        filters = trail.TrailFilters(
            actor_id=setup.staff(panel, args.staff).id if args.staff else None,
            action=args.action,
            object_kind=args.object,
            object_id=args.id,
            since=args.since,
            until=args.until,
        )
        page = trail.entries(panel.id, filters, before=args.before, limit=args.limit)
    facts = [trail.facts_of(entry) for entry in page.items]
    if args.json:
        print(json.dumps({"items": facts, "next": page.next}, ensure_ascii=False, indent=2))
        return 0
    for entry in facts:
        address = f" from {entry['address']}" if entry["address"] else ""
        which = "" if entry["object"]["id"] is None else f" {entry['object']['id']}"
        print(f"{entry['id']:>6}  {entry['at']}  {entry['action']}{which}  by {entry['actor']['name']}{address}")
        for name in {**entry["before"], **entry["after"]}:
            sides = [json.dumps(entry[side].get(name), ensure_ascii=False)[:120] for side in ("before", "after")]
            print(f"        {name}: {' -> '.join(sides)}")
    if page.next is not None:
        print(f"Older entries: --before {page.next}")
    return 0
