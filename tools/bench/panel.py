"""The benchmark's panel: built in an empty database through the same actions as any panel.

Run by `bench` as a program of its own, because a process has one database. Writes JSON that tells
who may order what; see `Bench`.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from panelwright.cli import setup

if TYPE_CHECKING:
    from panelwright.catalog.actions import NewService
    from panelwright.customers.models import Customer
    from panelwright.panels.models import Panel
    from panelwright.providers.models import Provider
    from panelwright.providers.wire.outcomes import OrderReport, Unknown, UpstreamRefused

SLUG = "bench"
SEED = 2
BATCH = 250
HISTORY_DAYS = 60
# More than a run can spend, far below what the books can hold.
BALANCE = 1_000_000_000

_GOODS = ("Followers", "Likes", "Views", "Subscribers", "Shares", "Saves", "Members", "Reactions")
_PLACES = ("Photo network", "Video network", "Short videos", "Music service", "Messenger channel", "Text network")
_QUALITIES = ("Real accounts", "High quality", "Mixed quality", "Slow and steady", "Instant start", "By country")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.bench.panel", description=__doc__)
    parser.add_argument("--services", type=int, required=True)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--more-customers", type=int, default=0, help="with as much money, and no key")
    args = parser.parse_args()
    setup.django(migrated=False)
    setup.migrate()
    print(json.dumps(_build(services=args.services, orders=args.orders, more_customers=args.more_customers)))
    return 0


def _build(*, services: int, orders: int, more_customers: int) -> dict[str, Any]:
    """Make the panel; what the load needs to know of it: ids, numbers, and the key, which is not stored."""
    from django_scopes import scope

    from panelwright.catalog.actions import add_services
    from panelwright.core import clock
    from panelwright.customers.actions import create_key
    from panelwright.ledger.actions import account, open_books
    from panelwright.ledger.models import AccountKind
    from panelwright.orders.models import Order
    from panelwright.panels.actions import create_panel

    draw = random.Random(SEED)
    panel = create_panel(slug=SLUG, name="Benchmark", currency="USD", domains=[("127.0.0.1", 0)], per_minute_max=None)
    with scope(panel=panel):
        open_books(panel.id)
        # Made before the customers' accounts, so that their ids follow each other: pgbench counts them up.
        account(panel.id, AccountKind.CLEARING, "bench")
        sold = [_service(number, draw) for number in range(1, services + 1)]
        rows = add_services(panel.id, sold)
        start = clock.now() - timedelta(days=HISTORY_DAYS)
        customer = _customer(panel, "carol", start)
        _, key = create_key(customer=customer, name="bench")
        more = [_customer(panel, f"customer{number}", start) for number in range(more_customers)]
        provider = _provider(panel, [row.id for row in rows])
        plain = [s for s in sold if s.type == "Default"]
        _history(customer, provider, plain, start, orders, draw)
        return {
            "panel_id": panel.id,
            "customers": [(c.id, c.account_id) for c in (customer, *more)],
            "sales_account_id": account(panel.id, AccountKind.SALES),
            "service_id": next(row.id for row in rows if row.number == plain[0].number),
            "key": key,
            "service_count": services,
            "services": [(s.number, s.min) for s in plain],
            "orders": list(Order.objects.filter(panel=panel).order_by("number").values_list("number", flat=True)),
        }


def _service(number: int, draw: random.Random) -> NewService:
    """One of nine services in ten takes a link and a quantity, the tenth comments: as catalogues are."""
    from panelwright.catalog.actions import NewService

    goods, place, quality = draw.choice(_GOODS), draw.choice(_PLACES), draw.choice(_QUALITIES)
    high = draw.choice((5_000, 10_000, 50_000, 100_000, 500_000))
    refill = draw.random() < 0.5
    comments = number % 10 == 0
    promise = " | refill 30 days" if refill else ""
    return NewService(
        number=number,
        category=f"{place} {goods}",
        name=f"{place} {goods} | {quality} | up to {high} a day{promise}",
        type="Custom Comments" if comments else "Default",
        rate_micros=draw.randrange(1_000, 9_000_000, 37),
        min=draw.choice((10, 50, 100)),
        max=high,
        refill=refill,
        cancel=draw.random() < 0.5,
        drip_feed=not comments and draw.random() < 0.5,
    )


def _customer(panel: Panel, name: str, at: datetime) -> Customer:
    from panelwright.core import money
    from panelwright.customers.actions import create_customer
    from panelwright.ledger.actions import credit_customer
    from panelwright.ledger.models import TransferCode

    password = secrets.token_urlsafe(12)
    customer = create_customer(panel_id=panel.id, email=f"{name}@bench.example", password=password)
    credit_customer(
        panel_id=panel.id,
        account_id=customer.account_id,
        amount_micros=BALANCE * money.MICROS,
        code=TransferCode.DEPOSIT,
        reference=name,
        name="bench",
        now=at,
    )
    return customer


def _provider(panel: Panel, service_ids: list[int]) -> Provider:
    """A provider that is never called: the history says what it answered, and no worker runs."""
    from panelwright.providers.actions import add_provider
    from panelwright.providers.routing.route_actions import add_routes

    provider = add_provider(
        panel_id=panel.id, name="upstream", url="http://127.0.0.1:9/api/v2", key=secrets.token_hex()
    )
    add_routes(panel.id, [(service_id, provider.id, str(service_id)) for service_id in service_ids])
    return provider


def _history(
    customer: Customer, provider: Provider, sold: list[NewService], start: datetime, count: int, draw: random.Random
) -> None:
    """Orders of the last weeks, placed, sent and reported on with the clock set back."""
    from panelwright.core import clock
    from panelwright.customers.access import Caller
    from panelwright.orders.actions import place_orders
    from panelwright.orders.rules import PlaceOrder

    step = timedelta(days=HISTORY_DAYS) * BATCH / max(count, BATCH)
    for done in range(0, count, BATCH):
        at = start + step * (done // BATCH)
        commands = []
        for place in range(done, min(done + BATCH, count)):
            service = draw.choice(sold)
            params = order_params(service.number, service.min * draw.randint(1, 20), f"old/{place}")
            commands.append(PlaceOrder(Caller(customer_id=customer.id), params))
        with clock.at(at):
            place_orders(commands)
        # The last tenth is still on its way.
        _deliver(provider, at, at + step / 2, draw, ended=done < count * 0.9)


def _deliver(provider: Provider, sent_at: datetime, told_at: datetime, draw: random.Random, *, ended: bool) -> None:
    """Send what is pending and report on what is open, as a worker would after the provider's answers."""
    from panelwright.core import clock
    from panelwright.providers.routing import actions as delivery
    from panelwright.providers.wire.outcomes import Accepted

    with clock.at(sent_at):
        claimed = delivery.claim_forward(BATCH)
        delivery.commit_sent([delivery.Sent(sending, Accepted(str(sending.order.id))) for sending in claimed])
    quantities = {sending.order.id: sending.order.quantity for sending in claimed}
    with clock.at(told_at):
        while asked := delivery.claim_poll(provider.id, BATCH):
            reports: dict[str, OrderReport | UpstreamRefused | Unknown] = {
                ask.upstream_id: _report(quantities.get(ask.id, 0), draw, ended=ended) for ask in asked
            }
            delivery.commit_polled(asked, reports, provider_id=provider.id)


def _report(quantity: int, draw: random.Random, *, ended: bool) -> OrderReport:
    from panelwright.providers.wire.outcomes import OrderReport

    word = draw.choices(("Completed", "Partial", "Canceled"), (90, 5, 5))[0] if ended else "In progress"
    remains = {"Completed": 0, "Partial": quantity // 2, "Canceled": quantity}.get(word)
    return OrderReport(word, draw.randint(0, 90_000), remains, None, "USD", word)


def order_params(service: int, quantity: int, path: str) -> dict[str, str]:
    return {"service": str(service), "link": f"https://example.com/{path}", "quantity": str(quantity)}


if __name__ == "__main__":
    sys.exit(main())
