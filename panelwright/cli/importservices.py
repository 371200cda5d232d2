"""Sell a provider's services with a markup; from then on they follow its rates, limits and availability."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from typing import Any

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright importservices --panel acme --provider north --dry-run
  panelwright importservices --panel acme --provider north --category "Followers" --markup 20 --round-to 0.01
  panelwright importservices --panel acme --provider north --search premium --markup 15 --fixed 0.05

Prices are in the panel's currency. A provider with another currency needs `panelwright setrate` first.
"""
LISTED_MAX = 200


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--provider", required=True, metavar="NAME")
    parser.add_argument("--category", default="", metavar="NAME", help="only the services of this category")
    parser.add_argument("--search", default="", metavar="TEXT", help="only those with this text in name or category")
    parser.add_argument("--service", action="append", default=[], metavar="ID", help="only this one; may be repeated")
    parser.add_argument("--markup", type=percent, default=0, metavar="PERCENT", help="on top of the cost (default: 0)")
    parser.add_argument("--fixed", type=setup.amount, default=0, metavar="AMOUNT", help="added to each rate")
    parser.add_argument(
        "--round-to", type=setup.amount, default=1, metavar="AMOUNT", help="rates are rounded up to a multiple of it"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be imported, and at which price")


def percent(text: str) -> int:
    """Hundredths of a percent, from a number such as 12.5."""
    try:
        value = Decimal(text) * 100
    except InvalidOperation:
        value = Decimal(-1)
    if not 0 <= value <= 1_000_000 or value != int(value):
        raise argparse.ArgumentTypeError(f"{text!r}: write a percentage from 0 to 10000 with up to two decimals")
    return int(value)


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.core import money
    from panelwright.providers import sync_actions, sync_rules
    from panelwright.providers.sync_rules import Chosen, Markup

    if args.round_to < 1 or args.fixed < 0:
        raise Refused("--round-to must be above zero and --fixed not below it")
    panel = setup.panel(args.panel)
    markup = Markup(args.markup, args.fixed, args.round_to)
    chosen = Chosen(category=args.category, search=args.search, services=frozenset(args.service))
    with scope(panel=panel):
        provider = setup.provider(panel, args.provider)
        offers = setup.upstream(provider).services()
        if not isinstance(offers, list):
            raise Refused(f"{provider.name} did not tell its services: {offers.text}")
        which: dict[str, Any] = {
            "panel": panel,
            "provider": provider,
            "offers": offers,
            "chosen": chosen,
            "markup": markup,
        }
        try:
            planned = sync_actions.preview(**which)
            for offer, cost, price in planned[:LISTED_MAX]:
                costs = f"{money.text(cost):>12} -> {money.text(price):<12}"
                print(f"{offer.service:>8}  {costs}  {offer.type:<16}  {offer.name[:60]}")
            if len(planned) > LISTED_MAX:
                print(f"… and {len(planned) - LISTED_MAX} more")
            if args.dry_run:
                print(f"{len(planned)} of {len(offers)} services would be imported.")
                return 0
            imported = sync_actions.import_services(**which)
        except ValueError as error:
            raise Refused(str(error)) from None
    for offer in imported.unknown[:LISTED_MAX]:
        print(f"left out: {offer.service} {offer.name[:60]}: {sync_rules.unsaleable(offer)}")
    print(f"{len(imported.services)} services imported, {imported.known} were here already.")
    return 0
