"""What happens inside a served panel while its customers look on: a program that does it in the panel's own database.

It runs beside the server, as staff and workers do, and goes through the product's own actions. Each line of its
input names a function below with its arguments as JSON; each line of its output is what the function gave.
Moments are moved by `clock.at`, never by waiting.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django
from django.conf import settings

django.setup()
# Real passwords take a tenth of a second each, on purpose.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

from django.db import connection  # noqa: E402
from django.db.models import Max  # noqa: E402
from django_scopes import scopes_disabled  # noqa: E402

from panelwright.catalog import actions as catalog  # noqa: E402
from panelwright.catalog import price_list_actions as price_lists  # noqa: E402
from panelwright.catalog.panel_actions import build_panel  # noqa: E402
from panelwright.core import clock  # noqa: E402
from panelwright.customers import actions as customers  # noqa: E402
from panelwright.customers.models import Customer, PriceList  # noqa: E402
from panelwright.ledger.actions import credit_customer  # noqa: E402
from panelwright.ledger.models import Account, Transfer, TransferCode  # noqa: E402
from panelwright.orders import schedule_actions  # noqa: E402
from panelwright.orders.audit import audit  # noqa: E402
from panelwright.orders.models import Order, Post, Refill, Schedule  # noqa: E402
from panelwright.panels import numbers, presets  # noqa: E402
from panelwright.panels.models import Noun, Panel  # noqa: E402
from panelwright.providers.actions import add_provider  # noqa: E402
from panelwright.providers.models import Provider  # noqa: E402
from panelwright.providers.routing import actions as providers  # noqa: E402
from panelwright.providers.routing.request_actions import commit_refill_polled  # noqa: E402
from panelwright.providers.routing.store import PollTask  # noqa: E402
from panelwright.providers.wire.outcomes import OrderReport, RefillReport  # noqa: E402

LEASE = timedelta(minutes=10)
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def told(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that a test may call from outside."""
    FUNCTIONS[function.__name__] = function
    return function


# ---- panels and their people -----------------------------------------------------------------------


@told
def open_panel(*, slug: str, hosts: list[tuple[str, int]], preset: str = "", apart: bool = True, **options: Any) -> int:
    """A panel from a preset or, with name and currency, an empty one. Its id. `apart`: no other has its numbers."""
    panel = build_panel(
        presets.load(preset) if preset else None, slug=slug, domains=[(h, p) for h, p in hosts], **options
    )
    # So that a number names an order here without its panel.
    for noun in Noun if apart else ():
        numbers.raise_next(panel.id, noun, panel.id * 10**6 + 1)
    return int(panel.id)


def _order(number: int) -> Order:
    found: Order = Order.objects.get(number=number)
    return found


def _refill(number: int) -> Refill:
    found: Refill = Refill.objects.get(number=number)
    return found


@told
def panel(*, slug: str) -> int:
    """The id of a panel that there is."""
    return int(Panel.objects.get(slug=slug).id)


@told
def sell(*, panel_id: int, services: list[dict[str, Any]]) -> None:
    """Add services; rates in micros."""
    catalog.add_services(panel_id, [catalog.NewService(**service) for service in services])


@told
def new_customer(*, panel_id: int, micros: int, price_list_id: int | None = None) -> dict[str, int]:
    """A customer with a balance."""
    number = Customer.objects.aggregate(last=Max("id"))["last"] or 0
    price_list = PriceList.objects.get(id=price_list_id) if price_list_id else None
    email = f"customer{number}@customer.example"
    row = customers.create_customer(panel_id=panel_id, email=email, password="correct horse", price_list=price_list)
    if micros:
        credit(panel_id=panel_id, account_id=row.account_id, micros=micros)
    return {"customer_id": row.id, "account_id": row.account_id}


@told
def new_key(*, customer_id: int, **options: Any) -> dict[str, Any]:
    row, key = customers.create_key(customer=Customer.objects.get(id=customer_id), **options)
    return {"key_id": row.id, "key": key}


@told
def revoke_key(*, panel_id: int, key_id: int) -> bool:
    return customers.revoke_key(panel_id=panel_id, key_id=key_id)


@told
def switch_customer(*, customer_id: int, on: bool) -> int:
    return int(Customer.objects.filter(id=customer_id).update(enabled=on))


@told
def switch_panel(*, panel_id: int, on: bool) -> int:
    return int(Panel.objects.filter(id=panel_id).update(enabled=on))


@told
def credit(*, panel_id: int, account_id: int, micros: int) -> bool:
    reference = f"{account_id}-{Transfer.objects.aggregate(last=Max('id'))['last']}"
    return credit_customer(
        panel_id=panel_id,
        account_id=account_id,
        amount_micros=micros,
        code=TransferCode.DEPOSIT,
        reference=reference,
        now=clock.now(),
    )


@told
def new_price_list(*, panel_id: int, percent_off_e2: int, rates: dict[str, int]) -> int:
    """A price list with a discount and, by service number, rates of its own."""
    number = PriceList.objects.count()
    row = PriceList.objects.create(panel_id=panel_id, name=f"list {number}", percent_off_e2=percent_off_e2)
    for service, micros in rates.items():
        price_lists.set_own_rate(price_list=row, number=int(service), rate_micros=micros)
    return int(row.id)


@told
def set_rate(*, panel_id: int, number: int, rate_micros: int) -> None:
    catalog.set_rate(panel_id=panel_id, number=number, rate_micros=rate_micros)


@told
def set_enabled(*, panel_id: int, number: int, enabled: bool) -> None:
    catalog.set_enabled(panel_id=panel_id, number=number, enabled=enabled)


# ---- what becomes of orders ------------------------------------------------------------------------


def _provider(panel_id: int) -> int:
    """The panel's provider, whom nobody asks: no worker runs."""
    found = Provider.objects.filter(panel_id=panel_id).first()
    return int((found or add_provider(panel_id=panel_id, name="upstream", url="http://127.0.0.1:9/", key="k")).id)


@told
def report(
    *, order: int, status: str, start_count: int | None = None, remains: int | None = None, hours_ago: float = 0
) -> None:
    """The provider says how an order stands, some hours ago; what that means is settled as by a worker."""
    now = clock.now() - timedelta(hours=hours_ago)
    row = _order(order)
    upstream_id, lease = f"up-{order}", now + LEASE
    provider_id = _provider(row.panel_id)
    # As if a worker had sent it and had just asked for its status.
    asked = Order.objects.filter(id=row.id, ended_at=None).update(
        job="poll", provider_id=provider_id, upstream_id=upstream_id, lease_until=lease, due_at=lease
    )
    assert asked == 1, f"order {order} has ended"
    said = OrderReport(status, start_count, remains, None, "", status)
    with clock.at(now):
        ours = providers.commit_polled(
            [PollTask(row.id, upstream_id, lease)], {upstream_id: said}, provider_id=provider_id
        )
    assert ours == 1


@told
def late_report(*, order: int, status: str, remains: int | None = None) -> int:
    """The provider says once more how an order stands that has ended. On how many orders that had an effect."""
    row = _order(order)
    asked = PollTask(row.id, f"up-{order}", clock.now())
    said = OrderReport(status, 1, remains, None, "", status)
    return providers.commit_polled([asked], {asked.upstream_id: said}, provider_id=_provider(row.panel_id))


@told
def refill_report(*, refill: int, status: str, hours_ago: float = 0) -> None:
    """The provider says how a refill stands."""
    now = clock.now() - timedelta(hours=hours_ago)
    row = _refill(refill)
    upstream_id, lease = f"refill-{refill}", now + LEASE
    asked = Refill.objects.filter(id=row.id, ended_at=None).update(
        state="passed on", upstream_id=upstream_id, lease_until=lease, due_at=lease
    )
    assert asked == 1, f"refill {refill} has ended"
    with clock.at(now):
        commit_refill_polled([PollTask(row.id, upstream_id, lease)], {upstream_id: RefillReport(status, status)})
    assert Refill.objects.filter(id=row.id, status=status).exists()


@told
def asked_for_refill(*, refill: int, hours_ago: float) -> None:
    """The refill was asked for that long ago."""
    assert Refill.objects.filter(number=refill).update(created_at=clock.now() - timedelta(hours=hours_ago)) == 1


@told
def started_sending(*, order: int) -> None:
    """A worker has taken the order and is telling the provider: from now on others know of it."""
    lease = clock.now() + LEASE
    taken = Order.objects.filter(number=order, job="forward").update(
        status="Processing", job="sending", lease_until=lease, due_at=lease
    )
    assert taken == 1


@told
def has_post(*, panel_id: int, order: int, link: str, old: bool = False) -> bool:
    """The user of a subscription has a new post, or one that existed before it."""
    return schedule_actions.record_post(panel_id=panel_id, subscription_id=_order(order).id, link=link, old=old)


@told
def run_schedule(*, order: int, last_day_was_yesterday: bool = False) -> list[int]:
    """A drip-feed or subscription is due, and so are its posts. Numbers of the orders that it has made so far."""
    now = clock.now()
    if last_day_was_yesterday:
        Schedule.objects.filter(number=order).update(expires_on=(now - timedelta(days=1)).date())
    Post.objects.filter(subscription__number=order, order=None).update(due_at=now)
    # The first in the queue: what other tests have left waiting stays behind it.
    due = Order.objects.filter(number=order, job="schedule").update(due_at=now - timedelta(days=365))
    assert due == 1, f"order {order} has nothing planned"
    assert schedule_actions.run_schedules(1) == 1
    return list(Order.objects.filter(parent__number=order).order_by("number").values_list("number", flat=True))


# ---- faults of ours ---------------------------------------------------------------------------------


@told
def poison(*, link: str) -> None:
    """From now on the database fails on an order for this link."""
    when = f"BEFORE INSERT ON orders_order FOR EACH ROW WHEN (NEW.link = '{link}')"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$"
            )
            cursor.execute(f"CREATE TRIGGER poison {when} EXECUTE FUNCTION poison()")
        else:
            cursor.execute(f"CREATE TRIGGER poison {when} BEGIN SELECT RAISE(ABORT, 'poison'); END")


@told
def heal() -> None:
    """The database is well again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER poison ON orders_order")
            cursor.execute("DROP FUNCTION poison")
        else:
            cursor.execute("DROP TRIGGER poison")


# ---- what the books and rows say -------------------------------------------------------------------


@told
def balance(*, account_id: int) -> int:
    """In micros."""
    return int(Account.objects.values_list("balance_micros", flat=True).get(id=account_id) or 0)


@told
def order(*, order: int) -> dict[str, Any]:
    """What was kept of an order; `fields` by name, as they are sent upstream."""
    row = _order(order)
    schedule = Schedule.objects.filter(order=row).values("min", "max", "posts", "old_posts", "expires_on")
    return {
        "kind": row.kind,
        "link": row.link,
        "quantity": row.quantity,
        "fields": json.loads(row.fields) if row.fields else {},
        "charge_micros": row.charge_micros,
        "booked_micros": row.booked_micros,
        "schedule": next(iter(schedule), None),
    }


@told
def orders_of(*, customer_id: int) -> list[int]:
    return list(Order.objects.filter(customer_id=customer_id).order_by("number").values_list("number", flat=True))


# Sums over every row that an order, a refill or a cancel could change, cheap enough to be asked around each refusal.
_SUMS = (
    "SELECT COUNT(*), MAX(id), SUM(charge_micros), SUM(remains), SUM(quantity), SUM(start_count), SUM(attempts),"
    " SUM(LENGTH(status)), SUM(LENGTH(problem_code)), COUNT(job), COUNT(due_at), COUNT(lease_until), COUNT(ended_at),"
    " COUNT(open_link), COUNT(request_id), COUNT(provider_id), MAX(due_at), MAX(created_at) FROM orders_order",
    "SELECT COUNT(*), SUM(runs), SUM(runs_started), SUM(runs_done), SUM(undelivered), SUM(posts_done)"
    " FROM orders_schedule",
    "SELECT COUNT(*), MAX(id), COUNT(due_at), COUNT(order_id) FROM orders_post",
    "SELECT COUNT(*), MAX(id), SUM(LENGTH(status)), SUM(LENGTH(state)), COUNT(due_at), COUNT(ended_at)"
    " FROM orders_refill",
    "SELECT COUNT(*), MAX(id), SUM(LENGTH(state)), COUNT(due_at), MAX(due_at) FROM orders_cancel",
    "SELECT COUNT(*), SUM(balance_micros), SUM(id * (balance_micros % 1000003)) FROM ledger_account",
    "SELECT COUNT(*), MAX(id), SUM(amount_micros) FROM ledger_transfer",
    "SELECT COUNT(*), MAX(id) FROM events_event",
    "SELECT COUNT(*), SUM(spent_micros), COUNT(revoked_at) FROM customers_apikey",
)


@told
def state() -> list[list[str]]:
    """The sums: where they are the same as before, nothing has moved."""
    with connection.cursor() as cursor:
        found = []
        for query in _SUMS:
            cursor.execute(query)
            found.append([str(value) for value in cursor.fetchone()])
        return found


_audited: dict[int, tuple[Any, ...]] = {}
_BY_PANEL = (
    "SELECT p.id, (SELECT COUNT(*) FROM ledger_transfer t WHERE t.panel_id = p.id),"
    " (SELECT SUM(balance_micros) FROM ledger_account a WHERE a.panel_id = p.id), o.n, o.charge, o.remains, o.ended"
    " FROM panels_panel p LEFT JOIN (SELECT panel_id, COUNT(*) AS n, SUM(charge_micros) AS charge,"
    "  SUM(remains) AS remains, COUNT(ended_at) AS ended FROM orders_order GROUP BY panel_id) o ON o.panel_id = p.id"
)
_SUM_OF_CHARGES = (
    "SELECT c.id, COALESCE(t.kept, 0), COALESCE(o.charge, 0) FROM customers_customer c"
    " LEFT JOIN (SELECT customer_id, SUM(charge_micros) AS charge FROM orders_order GROUP BY customer_id) o"
    " ON o.customer_id = c.id LEFT JOIN ("
    "  SELECT account, SUM(micros) AS kept FROM ("
    "   SELECT debit_account_id AS account, amount_micros AS micros FROM ledger_transfer WHERE code = 'order'"
    "   UNION ALL SELECT credit_account_id, -amount_micros FROM ledger_transfer WHERE code = 'refund') m"
    "  GROUP BY account) t ON t.account = c.account_id"
    " WHERE COALESCE(t.kept, 0) <> COALESCE(o.charge, 0)"
)


@told
def faults() -> list[str]:
    """What does not balance: by the audit of the panels that have changed, and by sums that owe it nothing."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_BY_PANEL)
        for panel_id, *sums in cursor.fetchall():
            if _audited.get(panel_id) != tuple(sums):
                found += audit(panel_id).faults
                _audited[panel_id] = tuple(sums)
        cursor.execute(_SUM_OF_CHARGES)
        found += [
            f"customer {c}: debits less credits {kept}, charges {charge}" for c, kept, charge in cursor.fetchall()
        ]
        cursor.execute("SELECT id, balance_micros FROM ledger_account WHERE kind = 'customer' AND balance_micros < 0")
        found += [f"account {account}: {micros}" for account, micros in cursor.fetchall()]
    return found


def main() -> None:
    with scopes_disabled():
        for line in sys.stdin:
            name, arguments = json.loads(line)
            try:
                answer = {"gave": FUNCTIONS[name](**arguments)}
            except Exception as error:
                answer = {"raised": f"{type(error).__name__}: {error}"}
            sys.stdout.write(json.dumps(answer, default=str) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
