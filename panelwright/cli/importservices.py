"""Sell a provider's services with a markup; from then on they follow its rates, limits and availability."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused
from panelwright.core import said

if TYPE_CHECKING:
    from panelwright.providers.sync.import_rules import SyncPlan
    from panelwright.providers.wire.outcomes import LeftOut

EXAMPLE = """example:
  panelwright provider preview --panel acme --provider north
  panelwright provider import north --panel acme --category "Followers" --markup 20 --round-to 0.01
  panelwright provider import north --panel acme --search premium --markup 15 --fixed 0.05

Prices are in the panel's currency. A provider with another currency needs `panelwright exchange-rate set` first.
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
    parser.add_argument("--free", action="store_true", help="sell what costs nothing there: it is meant to be free")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show what would be imported, at which price, and what is left out",
    )


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
    from panelwright.providers.sync import import_rules, sync_actions
    from panelwright.providers.sync.import_rules import Chosen
    from panelwright.providers.sync.sync_rules import Markup
    from panelwright.providers.wire.outcomes import LeftOut, Offers

    if args.round_to < 1 or args.fixed < 0:
        raise CommandRefused("--round-to must be above zero and --fixed not below it")
    panel = setup.panel(args.panel)
    markup = Markup(args.markup, args.fixed, args.round_to)
    chosen = Chosen(category=args.category, search=args.search, services=frozenset(args.service))
    with scope(panel=panel):
        provider = setup.provider(panel, args.provider)
        if args.dry_run:
            client = setup.upstream(provider)
            # With it the provider tells its currency.
            balance, offers = client.balance(), client.services()
            if not isinstance(offers, Offers):
                raise CommandRefused(f"{provider.name} did not tell its services: {offers.text}")
            try:
                plan = sync_actions.preview(
                    panel=panel,
                    provider=provider,
                    offers=offers,
                    chosen=chosen,
                    markup=markup,
                    free=args.free,
                    balance=balance,
                )
            except ValueError as error:
                raise CommandRefused(str(error)) from None
            show(plan, len(offers) + len(offers.left_out))
            return 0
        given = {
            "category": args.category or None,
            "search": args.search or None,
            "services": args.service or None,
            "markup": f"{args.markup / 100:.2f}",
            "fixed": money.text(args.fixed),
            "round_to": money.text(args.round_to),
            "free": args.free or None,
        }
        imported = setup.perform("provider.import", panel=panel, target=provider.id, given=given).shown
    for row in [row for row in imported["left_out"] if row["why"] not in import_rules.EXPECTED][:LISTED_MAX]:
        print(left_out(LeftOut(**row)))
    print(f"{len(imported['imported'])} services imported, {imported['known']} were here already.")
    if imported["not_on_sale"]:
        free = len(imported["not_on_sale"])
        print(f"{free} of them cost nothing there and are not on sale: `panelwright held list --panel {panel.slug}`.")
    return 0


def show(plan: SyncPlan, rows: int) -> None:
    """Print every row of a list: what becomes of it, or why it is left out."""
    from panelwright.core import money

    for sold in plan.sold:
        costs = f"{money.text(sold.cost_micros):>12} -> {money.text(sold.rate_micros):<12}"
        note = "  (costs nothing: not on sale until you say so, or --free)" if sold.held else ""
        print(f"{sold.offer.service:>8}  {costs}  {sold.offer.type:<16}  {sold.offer.name[:60]}{note}")
    for row in plan.left_out:
        print(left_out(row))
    print(f"{len(plan.sold)} of {rows} services would be imported.")


def left_out(row: LeftOut) -> str:
    return f"left out: {' '.join(filter(None, (row.service, row.name[:60])))}: {said.words(row.why)}"
