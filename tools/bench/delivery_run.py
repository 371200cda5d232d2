"""The measured part of the delivery benchmark: open orders at many providers, and one worker's poll loop.

Run by `bench --delivery` as a program of its own, because a process has one database. Each call adds
orders up to the number that it is given, so that one database grows; writes JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from panelwright.cli import setup
from tools.bench.upstream import QUANTITY

if TYPE_CHECKING:
    from panelwright.customers.models import Customer
    from panelwright.panels.models import Panel
    from panelwright.providers.models import Provider

SLUG = "delivery"
BATCH = 250


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.bench.delivery_run", description=__doc__)
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("--providers", type=int, required=True)
    parser.add_argument("--table", type=int, required=True, help="rows in the table of orders, made where they lack")
    parser.add_argument("--due", type=int, required=True, help="orders that are open and due now")
    args = parser.parse_args()
    setup.django(migrated=False)
    setup.migrate()
    print(json.dumps(_run(args)))
    return 0


def _run(args: argparse.Namespace) -> dict[str, Any]:
    from django_scopes import scope

    panel, customer, providers = _panel(args.upstream, args.providers)
    with scope(panel=panel):
        _fill(panel, customer, args.table - args.due)
        _open_orders(customer, providers, args.due)
    _tidy()
    plans = _plans(providers[0].id)
    started = time.perf_counter()
    settled = _poll(args.due)
    seconds = time.perf_counter() - started
    from panelwright.orders.audit import audit

    faults = audit(panel.id).faults if args.table == args.due else []
    return {"settled": settled, "seconds": seconds, "plans": plans, "faults": faults}


def _panel(upstream: str, count: int) -> tuple[Panel, Customer, list[Provider]]:
    from django_scopes import scope

    from panelwright.catalog.actions import NewService, add_services
    from panelwright.core import clock, money
    from panelwright.customers.actions import create_customer
    from panelwright.customers.models import Customer
    from panelwright.ledger.actions import credit_customer, open_books
    from panelwright.ledger.models import TransferCode
    from panelwright.panels.actions import create_panel
    from panelwright.panels.models import Panel
    from panelwright.providers.actions import add_provider, set_provider
    from panelwright.providers.models import Provider
    from panelwright.providers.routing.route_actions import add_routes

    panel = Panel.objects.filter(slug=SLUG).first()
    if panel is not None:
        with scope(panel=panel):
            found = list(Provider.objects.order_by("id"))
            for n, provider in enumerate(found, 1):
                set_provider(panel_id=panel.id, provider_id=provider.id, url=f"{upstream}/{n}")
            return panel, Customer.objects.get(), found
    panel = create_panel(slug=SLUG, name="Delivery", currency="USD", domains=[("127.0.0.1", 0)], per_minute_max=None)
    with scope(panel=panel):
        open_books(panel.id)
        new = [
            NewService(number=n, category="All", name=f"Service {n}", type="Default", rate_micros=1_234_567, max=10_000)
            for n in range(1, count + 1)
        ]
        services = add_services(panel.id, new)
        providers = [
            add_provider(panel_id=panel.id, name=f"upstream {n}", url=f"{upstream}/{n}", key=f"key-{n}")
            for n in range(1, count + 1)
        ]
        add_routes(panel.id, [(s.id, p.id, "1") for s, p in zip(services, providers, strict=True)])
        customer = create_customer(panel_id=panel.id, email="carol@delivery.example", password="not for logging in")
        credit_customer(
            panel_id=panel.id,
            account_id=customer.account_id,
            amount_micros=10**9 * money.MICROS,
            code=TransferCode.DEPOSIT,
            reference="first",
            now=clock.now(),
        )
    return panel, customer, providers


def _open_orders(customer: Customer, providers: list[Provider], count: int) -> None:
    """Orders that were placed and sent, as any are, and that are due to be asked about."""
    from django.db import connection

    from panelwright.customers.access import Caller
    from panelwright.orders.actions import place_orders
    from panelwright.orders.rules import PlaceOrder
    from panelwright.providers.routing import actions as delivery
    from panelwright.providers.wire.outcomes import Accepted

    caller = Caller(customer_id=customer.id)
    for start in range(0, count, BATCH):
        commands = [
            PlaceOrder(
                caller,
                {
                    "service": str(place % len(providers) + 1),
                    "link": f"https://example.com/{place}",
                    "quantity": str(QUANTITY),
                },
            )
            for place in range(start, min(start + BATCH, count))
        ]
        place_orders(commands)
        claimed = delivery.claim_forward(BATCH)
        delivery.commit_sent([delivery.Sent(sending, Accepted(str(sending.order.id))) for sending in claimed])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET due_at = created_at WHERE job = 'poll' AND ended_at IS NULL")


def _fill(panel: Panel, customer: Customer, count: int) -> None:
    """Open orders that are not due for a long time, in one statement: only the size of the table matters."""
    from django.db import connection

    from panelwright.catalog.models import Service
    from panelwright.providers.models import Provider

    service, providers = Service.objects.earliest("id"), list(Provider.objects.order_by("id").values_list("id"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders_order")
        missing = count - int(cursor.fetchone()[0])
        if missing <= 0:
            return
        numbers = (
            f"SELECT n FROM generate_series(1, {missing}) AS g(n)"
            if connection.vendor == "postgresql"
            else f"WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {missing}) SELECT n FROM g"
        )
        day = (
            "CAST('2099-01-01' AS timestamptz) + n * interval '1 second'"
            if connection.vendor == "postgresql"
            else "datetime('2099-01-01', '+' || n || ' seconds')"
        )
        cursor.execute(
            "INSERT INTO orders_order (number, panel_id, customer_id, service_id, kind, link, quantity, fields,"
            " rate_micros, booked_micros, charge_micros, status, remains, job, due_at, provider_id, upstream_id,"
            f" created_at) SELECT 1000000000 + n, {panel.id}, {customer.id}, {service.id}, 'plain',"
            f" 'https://example.com/f' || n, 100, '', 1000000, 0, 0, 'In progress', 100, 'poll', {day},"
            f" {providers[0][0]} + n % {len(providers)}, 'f{count}-' || n, {day}"
            f" FROM ({numbers}) AS x"
        )


def _tidy() -> None:
    """What the databases do by themselves after a while: their planners' numbers, and the write-ahead log."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
            cursor.execute("VACUUM orders_order")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _plans(provider_id: int) -> dict[str, str]:
    """How the database finds the orders that are due, as it says itself."""
    from django.db import connection

    from panelwright.core import clock, sql
    from panelwright.providers.routing import store

    at = sql.moment(connection, clock.now())
    return {
        "poll": store.explain_claim_poll(provider_id, at),
        "forward": store.explain_claim_forward(at),
    }


def _poll(due: int) -> int:
    """The worker's own poll loop, until nothing is due. Answers how many orders it settled."""
    from panelwright.providers.worker import Worker

    worker = Worker()
    settled = 0
    while settled < due:
        did = worker.poll()
        settled += did
        if not did:
            time.sleep(0.002)
    return settled


if __name__ == "__main__":
    sys.exit(main())
