"""Many orders of a panel's past, made quickly: orders with their transfers and ends, by a few statements a chunk.

    python -m tools.bench.many_orders --orders 1000000

Fills the database that PANELWRIGHT_DATA or PANELWRIGHT_DATABASE_URL names with a panel whose orders are spread over the
last year, adds its reports up, reads each report again and again beside that of a panel without orders; writes JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from panelwright.cli import setup

if TYPE_CHECKING:
    from panelwright.panels.models import Panel

SLUG = "manyorders"
SERVICES, CUSTOMERS, PROVIDERS = 300, 5_000, 3
DAYS = 364
CHUNK = 100_000
PASSWORD = "a password of the benchmark"
REPORTS = {
    "home": "/admin/",
    "30 days": "/admin/reports",
    "365 days": "/admin/reports?period=365",
    "365 days by service": "/admin/reports?period=365&by=service",
    "365 days by category": "/admin/reports?period=365&by=category",
    "365 days by customer": "/admin/reports?period=365&by=customer",
    "365 days by provider": "/admin/reports?period=365&by=provider",
    "365 days of a service by customer": "/admin/reports?period=365&service=1&by=customer",
    "365 days of a customer by service": "/admin/reports?period=365&customer={customer}&by=service",
    "today by the hour": "/admin/reports?period=today",
    "year": "/admin/reports/year",
    "customers of 365 days": "/admin/reports/customers?period=365",
    "payments of 365 days": "/admin/reports/payments?period=365",
    "service health of 90 days": "/admin/reports/services?period=90",
    "orders of a day": "/admin/orders?span={day}&charged=yes",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.bench.many_orders", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    setup.django(migrated=False)
    setup.migrate()
    print(json.dumps(measured(args.orders, args.rounds), indent=1))
    return 0


def measured(orders: int, rounds: int) -> dict[str, Any]:
    """Seconds that making, adding up and proving took; milliseconds of each report, and its ratio to an empty one."""
    from django_scopes import scope

    from panelwright.reports import audit, store
    from panelwright.reports.actions import Adder
    from panelwright.reports.models import ReportSum

    panel, empty = _panel(SLUG), _panel(f"{SLUG}-empty")
    told: dict[str, Any] = {"orders": orders}
    told["made_s"] = _timed(lambda: fill(panel, orders))
    adder, write, writes = Adder(), store.add, list[float]()

    def add_up() -> None:
        while adder.round():
            pass

    def timed_write(sums: Any) -> None:
        started = time.perf_counter()
        write(sums)
        writes.append((time.perf_counter() - started) * 1000)

    # How long others wait to write on SQLite: a chunk is one short transaction.
    store.add = timed_write
    told["added_up_s"] = _timed(add_up)
    store.add = write
    told["write_ms"] = {"median": round(statistics.median(writes), 1), "longest": round(max(writes), 1)}
    with scope(panel=panel):
        told["sums"] = ReportSum.objects.filter(panel_id=panel.id).count()
    faults: list[str] = []
    told["proven_s"] = _timed(lambda: faults.extend(audit.sum_faults(panel.id)))
    told["faults"] = faults[:5]
    told["reports"] = _read(panel, empty, rounds)
    return told


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return round(time.perf_counter() - started, 2)


def _panel(slug: str) -> Panel:
    """A panel with services, customers and providers, made where it lacks."""
    from django_scopes import scope

    from panelwright.catalog.models import Category, Service
    from panelwright.customers.actions import create_staff
    from panelwright.panels.actions import create_panel
    from panelwright.panels.models import Panel
    from panelwright.providers.models import Provider, ProviderKind
    from panelwright.staff.rights import Role

    found = Panel.objects.filter(slug=slug).first()
    if found is not None:
        return found
    panel = create_panel(slug=slug, name=slug, currency="USD", domains=[(f"{slug}.example", 0)])
    with scope(panel=panel):
        create_staff(panel_id=panel.id, email=f"owner@{slug}.example", password=PASSWORD, role=Role.OWNER)
        groups = [Category.objects.create(panel=panel, name=f"Category {n}", position=n) for n in range(12)]
        Service.objects.bulk_create(
            Service(
                panel=panel,
                number=n,
                category=groups[n % 12],
                name=f"Service {n}",
                type="Default",
                rate_micros=1_000_000,
                min=1,
                max=10**6,
            )
            for n in range(1, SERVICES + 1)
        )
        for n in range(PROVIDERS):
            Provider.objects.create(panel=panel, name=f"Provider {n}", kind=ProviderKind.MANUAL)
    return panel


def fill(panel: Panel, orders: int) -> None:
    """So many more orders of a panel, with their charges, refunds, costs and ends."""
    from django.db import connection, transaction
    from django_scopes import scope

    from panelwright.catalog.models import Service
    from panelwright.ledger.models import AccountKind
    from panelwright.ledger.store import account_id
    from panelwright.panels import numbers
    from panelwright.panels.models import Noun
    from panelwright.providers.models import Provider

    with scope(panel=panel):
        service = Service.objects.filter(panel_id=panel.id).order_by("id").values_list("id", flat=True)[0]
        provider = Provider.objects.filter(panel_id=panel.id).order_by("id").values_list("id", flat=True)[0]
        customer, account = _customers(panel)
    sales, cost = account_id(panel.id, AccountKind.SALES), account_id(panel.id, AccountKind.COST)
    owed = [account_id(panel.id, AccountKind.PROVIDER, str(provider + n)) for n in range(PROVIDERS)]
    number = numbers.take(panel.id, Noun.ORDER, orders).start
    postgresql = connection.vendor == "postgresql"

    def moment(seconds: str) -> str:
        if postgresql:
            return f"(now() - interval '{DAYS} days' + ({seconds}) * interval '1 second')"
        return f"(strftime('%Y-%m-%d %H:%M:%S', 'now', '-{DAYS} days', '+' || ({seconds}) || ' seconds'))"

    at = f"n * {DAYS * 86_400} / {orders}"
    # Most customers order seldom, a few all the time.
    who = f"((n * 7919) % {CUSTOMERS}) * ((n * 104729) % {CUSTOMERS}) / {CUSTOMERS}"
    what = f"((n * 1299709) % {SERVICES}) * ((n * 15485863) % {SERVICES}) / {SERVICES}"
    took = "60 + (n * 6151) % 90000"
    ends = "CASE n % 16 WHEN 0 THEN 'Canceled' WHEN 1 THEN 'Partial' ELSE 'Completed' END"
    with connection.cursor() as run:
        for first in range(0, orders, CHUNK):
            last = min(first + CHUNK, orders)
            rows = (
                f"(WITH RECURSIVE g(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM g WHERE n + 1 < {last})"
                " SELECT CAST(n AS BIGINT) AS n FROM g) g"
            )
            with transaction.atomic():
                run.execute(
                    "INSERT INTO orders_order (panel_id, number, customer_id, service_id, kind, link, quantity, fields,"
                    " rate_micros, booked_micros, charge_micros, status, remains, provider_id, cost_micros,"
                    " cost_postings, created_at, ended_at)"
                    f" SELECT {panel.id}, {number} + n, {customer} + {who}, {service} + {what}, 'plain',"
                    " 'https://example.com/p/' || n, 1000, '', 1000000, 1000000,"
                    " CASE n % 16 WHEN 0 THEN 0 WHEN 1 THEN 750000 ELSE 1000000 END,"
                    f" {ends}, CASE n % 16 WHEN 0 THEN 1000 WHEN 1 THEN 250 ELSE 0 END, {provider} + n % {PROVIDERS},"
                    " CASE n % 16 WHEN 0 THEN 0 ELSE 400000 END, CASE n % 16 WHEN 0 THEN 0 ELSE 1 END,"
                    f" {moment(at)}, {moment(f'{at} + {took}')} FROM {rows} ORDER BY n"
                )
                mine = (
                    f"FROM orders_order o WHERE o.panel_id = {panel.id} AND o.number >= {number + first}"
                    f" AND o.number < {number + last}"
                )
                whose = f"{account} + (o.customer_id - {customer})"
                to = (
                    "CASE o.provider_id - "
                    + str(provider)
                    + " ".join(["", *(f"WHEN {n} THEN {id_}" for n, id_ in enumerate(owed))])
                    + " END"
                )
                for code, debit, credit, micros, reference, when, also in (
                    ("order", whose, sales, "o.booked_micros", "o.number", "o.created_at", ""),
                    (
                        "refund",
                        sales,
                        whose,
                        "o.booked_micros - o.charge_micros",
                        "o.number",
                        "o.ended_at",
                        " AND o.charge_micros < o.booked_micros",
                    ),
                    ("cost", cost, to, "o.cost_micros", "o.number || '.1'", "o.ended_at", " AND o.cost_micros > 0"),
                ):
                    run.execute(
                        "INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros,"
                        f" code, reference, order_id, created_at) SELECT {panel.id}, {debit}, {credit}, {micros},"
                        f" '{code}', CAST({reference} AS TEXT), o.id, {when} {mine}{also} ORDER BY o.number"
                    )
                run.execute(
                    "INSERT INTO events_event (panel_id, name, subject_id, facts, created_at) SELECT"
                    f" {panel.id}, 'order.' || LOWER(o.status), o.id, '{{}}', o.ended_at {mine} ORDER BY o.number"
                )
        if connection.vendor == "postgresql":
            # As it does by itself after a while. SQLite keeps to what it was told (core/sqlite_statistics.py).
            run.execute("ANALYZE")


def _customers(panel: Panel) -> tuple[int, int]:
    """The lowest id of the panel's customers and that of their accounts; both count on by one."""
    from panelwright.customers.models import Customer, User
    from panelwright.ledger.models import Account

    known = Customer.objects.filter(panel_id=panel.id).order_by("id").values_list("id", "account_id").first()
    if known is not None:
        return known
    accounts = Account.objects.bulk_create(
        Account(panel=panel, kind="customer", balance_micros=10**12) for _ in range(CUSTOMERS)
    )
    users = User.objects.bulk_create(
        User(panel=panel, email=f"c{n}@customers.example", password="!") for n in range(CUSTOMERS)
    )
    made = Customer.objects.bulk_create(
        Customer(panel=panel, number=1001 + n, user=user, account=account)
        for n, (user, account) in enumerate(zip(users, accounts, strict=True))
    )
    return made[0].id, accounts[0].id


def _read(panel: Panel, empty: Panel, rounds: int) -> dict[str, dict[str, float]]:
    from django.test import Client
    from django_scopes import scope

    from panelwright.customers.models import Customer, Staff
    from panelwright.customers.session_actions import open_session
    from panelwright.reports import queries
    from panelwright.ui.cookies import session_name

    clients = {}
    for one in (panel, empty):
        with scope(panel=one):
            user = Staff.objects.filter(panel_id=one.id).select_related("user")[0].user
            token = open_session(user=user, address="127.0.0.1", browser="bench")
        client = Client(headers={"host": f"{one.slug}.example", "user-agent": "bench"})
        client.cookies[session_name(one)] = token
        clients[one.slug] = client
    with scope(panel=panel):
        customer = Customer.objects.filter(panel_id=panel.id).order_by("number").values_list("number", flat=True)[0]
    names = {"customer": customer, "day": queries.today(panel).isoformat()}
    found = {}
    for name, address in REPORTS.items():
        path = address.format(**names)
        times = {slug: _typical_ms(client, path, rounds) for slug, client in clients.items()}
        full, none = times[panel.slug], times[empty.slug]
        found[name] = {"ms": full, "empty_ms": none, "ratio": round(full / none, 2)}
    return found


def _typical_ms(client: Any, path: str, rounds: int) -> float:
    taken = []
    for _ in range(rounds + 2):
        started = time.perf_counter()
        answer = client.get(path)
        taken.append(time.perf_counter() - started)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
    return round(statistics.median(taken[2:]) * 1000, 1)


if __name__ == "__main__":
    sys.exit(main())
