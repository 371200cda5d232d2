"""The measured part of the pages' benchmark: a customer's lists and those of her panel's staff, read again and again.

Run by `bench --pages` as a program of its own, because a process has one database. Makes each customer where she
lacks, in a panel of her own, with as many orders as are asked for; writes JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from panelwright.cli import setup

if TYPE_CHECKING:
    from panelwright.customers.models import Customer
    from panelwright.panels.models import Panel

SLUG = "pages"
HOST = "pages.example"


def host_of(name: str) -> str:
    """Where the panel of a customer answers."""
    return f"{name}.{HOST}"


PASSWORD = "a password of the benchmark"
SERVICES = 20
HISTORY = timedelta(days=60)
QUANTITY = 1_000
# Orders of one statement and one transaction, so that neither a log nor a memory holds ten million.
CHUNK = 250_000
CHARGE = 1_000_000
WARM_UP = 12
# Of each 16 orders one was cancelled, one is partial, and one is still open: every tab fills a page of 1,000.
_STATUS = "CASE n % 16 WHEN 0 THEN 'Canceled' WHEN 1 THEN 'Partial' WHEN 2 THEN 'In progress' ELSE 'Completed' END"
_REMAINS = f"CASE n % 16 WHEN 0 THEN {QUANTITY} WHEN 1 THEN {QUANTITY // 4} WHEN 2 THEN {QUANTITY // 2} ELSE 0 END"
_KEPT = f"CASE n % 16 WHEN 0 THEN 0 WHEN 1 THEN {CHARGE - CHARGE // 4} ELSE {CHARGE} END"
_OPEN = "n % 16 = 2"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.bench.pages_run", description=__doc__)
    parser.add_argument(
        "--customer",
        action="append",
        required=True,
        metavar="NAME=ORDERS",
        help="a customer with so many orders, made where she lacks; the lists of several are read in turn",
    )
    parser.add_argument("--rounds", type=int, required=True, help="how often each list is read")
    args = parser.parse_args()
    setup.django(migrated=False)
    setup.migrate()
    wanted = {name: int(orders) for name, _, orders in (text.partition("=") for text in args.customer)}
    print(json.dumps(_run(wanted, args.rounds)))
    return 0


def _run(wanted: dict[str, int], rounds: int) -> dict[str, Any]:
    from django_scopes import scope

    from panelwright.orders.audit import audit

    caught_up_s: dict[str, float] = {}
    faults: list[str] = []
    customers: dict[str, _Me] = {}
    cookies: dict[str, dict[str, str]] = {}
    for name, orders in wanted.items():
        panel = _panel(name)
        with scope(panel=panel):
            customer, made = _customer(panel, name, orders)
            customers[name] = me = _Me(panel, customer.id, customer.account_id, _some_number(customer.id))
            started = time.perf_counter()
            _catch_up(me)
            caught_up_s[name] = round(time.perf_counter() - started, 3)
            faults += audit(panel.id).faults if made else []
            cookies[name] = {"customer": _cookie(panel, customer.user), "staff": _cookie(panel, _owner(panel).user)}
    return {
        "ms": _measured(customers, rounds),
        "caught_up_s": caught_up_s,
        "faults": faults,
        "cookies": cookies,
        "orders": {name: me.number for name, me in customers.items()},
        "disk_bytes": _disk_bytes(),
    }


def _cookie(panel: Panel, user: Any) -> str:
    """What somebody's browser sends once they are logged in."""
    from panelwright.customers.session_actions import open_session
    from panelwright.ui.cookies import session_name

    return f"{session_name(panel)}={open_session(user=user, address='127.0.0.1', browser='bench')}"


def _owner(panel: Panel) -> Any:
    from panelwright.customers.actions import create_staff
    from panelwright.customers.models import Staff
    from panelwright.staff.rights import Role

    found = Staff.objects.filter(panel_id=panel.id).select_related("user").first()
    return found or create_staff(
        panel_id=panel.id, email=f"owner@{panel.slug}.example", password=PASSWORD, role=Role.OWNER
    )


def _disk_bytes() -> int:
    """How large the database is."""
    from django.db import connection

    size = (
        "SELECT pg_database_size(current_database())"
        if connection.vendor == "postgresql"
        else "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    )
    with connection.cursor() as cursor:
        cursor.execute(size)
        return int(cursor.fetchone()[0])


class _Me(NamedTuple):
    panel: Panel
    customer_id: int
    account_id: int
    number: int

    @property
    def panel_id(self) -> int:
        return int(self.panel.id)


# ---- what is measured ----------------------------------------------------------------------------------


def _reads(me: _Me) -> dict[str, Callable[[], object]]:
    from panelwright.core import clock
    from panelwright.ledger import statement
    from panelwright.orders import details, listing
    from panelwright.orders.listing import Wanted
    from panelwright.providers import staff_orders
    from panelwright.staff.lists import named

    staff = named("orders")
    nothing = {one.name: "" for one in staff.listing.filters}

    def office(*, further: int | None = None, **asked: str) -> Callable[[], object]:
        return lambda: staff.page(me.panel, {**nothing, **asked}, further=further)

    mine: dict[str, Any] = {"panel_id": me.panel_id, "customer_id": me.customer_id}
    account: dict[str, Any] = {"panel_id": me.panel_id, "account_id": me.account_id}

    def orders(wanted: Wanted = listing.EVERYTHING, *, before: int | None = None) -> Callable[[], object]:
        return lambda: listing.page(**mine, wanted=wanted, before=before)

    deep: str | None = None
    page = statement.page(**account)
    for _ in range(8):
        deep = page.older or deep
        page = statement.page(**account, before=deep)
    zone = ZoneInfo("America/Sao_Paulo")
    last_month = (clock.now().replace(day=1) - timedelta(days=1)).date()
    month = statement.Month(last_month.year, last_month.month, zone)
    return {
        "orders": orders(),
        "orders, in the middle": orders(before=me.number),
        "orders, Completed": orders(Wanted(status="Completed")),
        "orders, Canceled": orders(Wanted(status="Canceled")),
        "orders, part of a link": orders(Wanted(text="/p7/")),
        "orders, a link that nobody has": orders(Wanted(text="nowhere")),
        "orders, 100 numbers": orders(Wanted(numbers=tuple(range(me.number, me.number + 100)))),
        "order page": lambda: details.one(**mine, number=me.number),
        "statement": lambda: statement.page(**account),
        "statement, far back": lambda: statement.page(**account, before=deep),
        "statement, last month": lambda: statement.page(**account, month=month),
        "statement, refunds": lambda: statement.page(**account, code="refund"),
        "what was spent": lambda: statement.spending(**account, zone=zone, now=clock.now()),
        "office orders": office(),
        "office orders, in the middle": office(further=me.number),
        "office orders, manual": office(show="manual"),
        "office orders, problems": office(show="problem"),
        "office orders, In progress": office(show="in-progress"),
        "office orders, Completed": office(show="completed"),
        "office orders, Canceled": office(show="canceled"),
        "office orders, a service": office(service="7"),
        "office orders, a customer": office(customer=str(me.customer_id)),
        "office orders, a link that nobody has": office(q="nowhere"),
        "office orders, by number": office(q=str(me.number)),
        "office orders, counted": lambda: staff_orders.counts(me.panel_id),
    }


def _measured(customers: dict[str, _Me], rounds: int) -> dict[str, dict[str, float]]:
    """List -> customer -> milliseconds. Customers take turns, so that a busy moment strikes them all."""
    from django_scopes import scope

    reads: dict[str, dict[str, Callable[[], object]]] = {}
    for name, me in customers.items():
        with scope(panel=me.panel):
            reads[name] = _reads(me)
    found: dict[str, dict[str, float]] = {}
    for what in next(iter(reads.values())):
        times: dict[str, list[float]] = {name: [] for name in reads}
        for _ in range(rounds + min(WARM_UP, rounds)):
            for name, of_customer in reads.items():
                with scope(panel=customers[name].panel):
                    started = time.perf_counter()
                    of_customer[what]()
                    times[name].append(time.perf_counter() - started)
        found[what] = {name: typical_ms(taken, rounds) for name, taken in times.items()}
    return found


def typical_ms(times: list[float], rounds: int) -> float:
    """A quarter of the rounds was faster. The first ones do not count: there PostgreSQL still plans anew."""
    counted = sorted(times[-rounds:])
    return round(counted[len(counted) // 4] * 1e3, 3)


def _catch_up(me: _Me) -> None:
    from panelwright.ledger.statement_actions import catch_up

    while not catch_up(panel_id=me.panel_id, account_id=me.account_id):
        pass


# ---- what is read --------------------------------------------------------------------------------------


def _panel(name: str) -> Panel:
    from django_scopes import scope

    from panelwright.catalog.actions import NewService, add_services
    from panelwright.ledger.actions import open_books
    from panelwright.panels.actions import create_panel
    from panelwright.panels.models import Panel

    slug = f"{SLUG}-{name}"
    panel = Panel.objects.filter(slug=slug).first()
    if panel is not None:
        return panel
    host = host_of(name)
    panel = create_panel(slug=slug, name="Pages", currency="USD", domains=[(host, 0)], per_minute_max=None)
    with scope(panel=panel):
        open_books(panel.id)
        new = [
            NewService(
                number=n,
                category="All",
                name=f"Service {n}",
                type="Default",
                rate_micros=CHARGE,
                max=10_000,
                refill=n % 2 == 0,
                cancel=n % 3 == 0,
            )
            for n in range(1, SERVICES + 1)
        ]
        add_services(panel.id, new)
    return panel


def _customer(panel: Panel, name: str, orders: int) -> tuple[Customer, bool]:
    """The customer, and whether she and her orders had to be made."""
    from panelwright.core import clock, money
    from panelwright.customers.actions import create_customer
    from panelwright.customers.models import Customer
    from panelwright.ledger.actions import credit_customer
    from panelwright.ledger.models import TransferCode

    email = f"{name}@{HOST}"
    found = Customer.objects.select_related("user").filter(user__email=email).first()
    if found is not None:
        return found, False
    customer = create_customer(panel_id=panel.id, email=email, password=PASSWORD)
    start = clock.now() - HISTORY
    credit_customer(
        panel_id=panel.id,
        account_id=customer.account_id,
        amount_micros=10**9 * money.MICROS,
        code=TransferCode.DEPOSIT,
        reference=name,
        now=start,
    )
    _fill(panel, customer, orders, start)
    return customer, True


def _fill(panel: Panel, customer: Customer, count: int, start: datetime) -> None:
    """Orders with their transfers, in a few statements, as placing and settling them would have left them."""
    from django.db import connection

    from panelwright.catalog.models import Service
    from panelwright.ledger.actions import account
    from panelwright.ledger.models import AccountKind
    from panelwright.panels import numbers as numbering
    from panelwright.panels.models import Noun

    service, sales = Service.objects.earliest("id").id, account(panel.id, AccountKind.SALES)
    first = numbering.take(panel.id, Noun.ORDER, count).start - 1
    step, postgresql = HISTORY.total_seconds() / count, connection.vendor == "postgresql"
    # The last order is a moment old, and what has ended did so when it was placed.
    begin = start.strftime("%Y-%m-%d %H:%M:%S")
    at = (
        f"CAST('{begin}+00' AS timestamptz) + n * {step} * interval '1 second'"
        if postgresql
        else f"datetime('{begin}', '+' || (n * {step}) || ' seconds')"
    )
    transfer = "INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros, code,"
    transfer += " reference, order_id, created_at)"
    both = f"{customer.account_id}, {sales}"
    with connection.cursor() as cursor:
        if postgresql:
            cursor.execute("SET synchronous_commit = off")
        last = 0
        for done in range(0, count, CHUNK):
            cursor.execute(
                "INSERT INTO orders_order (number, panel_id, customer_id, service_id, kind, link, quantity, fields,"
                " rate_micros, booked_micros, charge_micros, status, remains, job, due_at, created_at, ended_at)"
                f" SELECT {first} + n, {panel.id}, {customer.id}, {service} + n % {SERVICES}, 'plain',"
                f" 'https://example.com/p' || (n % 13) || '/' || n, {QUANTITY}, '', {CHARGE}, {CHARGE}, {_KEPT},"
                f" {_STATUS}, {_REMAINS}, CASE WHEN {_OPEN} THEN 'manual' END, CASE WHEN {_OPEN} THEN {at} END, {at},"
                f" CASE WHEN {_OPEN} THEN NULL ELSE {at} END"
                f" FROM ({_numbers(done + 1, min(done + CHUNK, count), postgresql=postgresql)}) AS x ORDER BY n"
            )
            mine = f"customer_id = {customer.id} AND orders_order.id > {last}"
            cursor.execute(
                f"{transfer} SELECT panel_id, {both}, booked_micros, 'order', CAST(number AS text), id, created_at"
                f" FROM orders_order WHERE {mine} ORDER BY orders_order.id"
            )
            cursor.execute(
                f"{transfer} SELECT panel_id, {sales}, {customer.account_id}, booked_micros - charge_micros, 'refund',"
                f" CAST(number AS text), id, created_at FROM orders_order WHERE {mine}"
                " AND booked_micros > charge_micros ORDER BY orders_order.id"
            )
            cursor.execute(f"SELECT MAX(id) FROM orders_order WHERE {mine}")
            last = int(cursor.fetchone()[0])
        cursor.execute(
            "UPDATE ledger_account SET balance_micros = balance_micros - (SELECT SUM(charge_micros) FROM orders_order"
            f" WHERE customer_id = {customer.id}) WHERE id = {customer.account_id}"
        )
        if postgresql:
            cursor.execute("RESET synchronous_commit")
    with connection.cursor() as cursor:
        for tidy in ("ANALYZE", "VACUUM", "CHECKPOINT") if postgresql else ("PRAGMA wal_checkpoint(TRUNCATE)",):
            cursor.execute(tidy)


def _numbers(first: int, last: int, *, postgresql: bool) -> str:
    """A query of the numbers `n` from the first to the last."""
    if postgresql:
        return f"SELECT n FROM generate_series({first}, {last}) AS g(n)"
    return f"WITH RECURSIVE g(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM g WHERE n < {last}) SELECT n FROM g"


def _some_number(customer_id: int) -> int:
    """An order from the middle of the customer's; she had them all in one go."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT MIN(number) + (MAX(number) - MIN(number)) / 2 FROM orders_order WHERE customer_id = %s",
            [customer_id],
        )
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
