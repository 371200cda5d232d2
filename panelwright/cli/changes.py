"""List what changed in a panel's catalogue: rates, limits, what came, went, was paused."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime, time

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright service changes --panel acme
  panelwright service changes --panel acme --since 2026-11-01 --json
"""
LIMIT_MAX = 10_000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="from this day on (UTC)")
    parser.add_argument("--limit", type=int, default=100, help=f"the last so many, up to {LIMIT_MAX} (default: 100)")
    parser.add_argument("--json", action="store_true", help="as a list of JSON objects")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django.db.models import Q
    from django_scopes import scope

    from panelwright.events.models import Event

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        told = Event.objects.filter(panel=panel).filter(
            Q(name__startswith="service.") | Q(name__startswith="route.") | Q(name__startswith="provider.")
        )
        if args.since:
            told = told.filter(created_at__gte=datetime.combine(args.since, time(), UTC))
        columns = ("created_at", "name", "facts")
        rows = list(told.order_by("-id").values(*columns)[: max(1, min(args.limit, LIMIT_MAX))])[::-1]
    if args.json:
        print(json.dumps(rows, default=str, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        print(f"{row['created_at']:%Y-%m-%d %H:%M}  {row['name']:<22}  {setup.facts_text(row['facts'])}")
    print(f"{len(rows)} changes." if rows else "Nothing has changed.")
    return 0
