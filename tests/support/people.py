"""Alice owns a panel, Bob is her staff, Carol her customer, Mallory the customer of another panel.

What they do goes through the product's own actions, and what is said of them is read from the
database. Import this late: it needs Django to be set up. The fixtures stand in story.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django_scopes import scope, scopes_disabled

from panelwright.catalog.actions import NewService, add_services, set_rate
from panelwright.core import clock, money
from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.customers.actions import create_customer, create_key, create_staff
from panelwright.customers.models import ApiKey, Customer, Staff
from panelwright.ledger.actions import account, credit_customer, open_books
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.orders import actions, problems, schedule_actions
from panelwright.orders.audit import audit
from panelwright.orders.models import Order
from panelwright.orders.rules import PlaceOrder
from panelwright.panels import hosts
from panelwright.panels.actions import create_panel
from panelwright.panels.models import Panel
from panelwright.payments.audit import payment_faults
from panelwright.promotions.affiliate_audit import affiliate_faults
from panelwright.promotions.audit import coupon_faults, trial_faults
from panelwright.providers.actions import add_provider
from panelwright.providers.models import Provider
from panelwright.providers.routing.route_actions import add_routes
from panelwright.staff.rights import Role
from panelwright.support.audit import ticket_faults

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LINK = "https://example.com/carol"
PASSWORD = "correct horse"
REMOTE = "198.51.100.7"

# What both panels sell. The numbers are the same on both, as they are on any two panels.
FOLLOWERS, LIKES, PACKAGE, COMMENTS, SUBSCRIPTION, ONE_A_LINK, PRIVATE, CLOSED, TRAFFIC = range(1, 10)


class Seen(NamedTuple):
    """What a customer is told of an order. `charge` as on the wire."""

    status: str
    charge: str
    remains: int
    start_count: int | None = None


class Time:
    """The product's clock, which stands still until a test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **parts: float) -> datetime:
        """`time.passes(hours=24)`; answers what time it is then."""
        self.now += timedelta(**parts)
        return self.now


class Owner:
    """Who owns a panel, with the panel: what is sold, who delivers, and what the books say."""

    def __init__(self, name: str, *, slug: str, host: str, currency: str, rate: str) -> None:
        self.panel: Panel = create_panel(slug=slug, name=slug.title(), currency=currency, domains=[(host, 0)])
        self.panel_id: int = self.panel.id
        self.host = host
        with scope(panel=self.panel):
            open_books(self.panel_id)
            self.staff: Staff = create_staff(
                panel_id=self.panel_id, email=f"{name}@{host}", password=PASSWORD, role=Role.OWNER
            )
            self.services = {row.number: row for row in add_services(self.panel_id, _catalogue(money.parse(rate)))}
            execute("UPDATE catalog_service SET enabled = %s WHERE id = %s", False, self.services[CLOSED].id)
            self.sales_account_id = account(self.panel_id, AccountKind.SALES)

    def customer(self, name: str, *, balance: str = "0", **options: Any) -> Buyer:
        """A new customer of the panel, with one key and a balance."""
        with scope(panel=self.panel):
            row = create_customer(
                panel_id=self.panel_id, email=f"{name}@customer.example", password=PASSWORD, **options
            )
        buyer = Buyer(self, row)
        if money.parse(balance):
            self.credits(buyer, balance, reference=f"first of {name}")
        return buyer

    def credits(self, buyer: Buyer, amount: str, *, reference: str) -> bool:
        """Book a deposit. False when it was booked before."""
        with scope(panel=self.panel):
            return credit_customer(
                panel_id=self.panel_id,
                account_id=buyer.account_id,
                amount_micros=money.parse(amount),
                code=TransferCode.DEPOSIT,
                reference=reference,
                now=clock.now(),
            )

    def provider(self, url: str, *, name: str = "upstream", knows_request_id: bool = False) -> Provider:
        with scope(panel=self.panel):
            return add_provider(
                panel_id=self.panel_id, name=name, url=url, key=f"key-of-{name}", knows_request_id=knows_request_id
            )

    def route(self, number: int, provider: Provider, *, upstream_service: str = "77") -> None:
        """Orders of a service go to this provider; the first route is tried first."""
        with scope(panel=self.panel):
            add_routes(self.panel_id, [(self.services[number].id, provider.id, upstream_service)])

    def audit(self) -> list[str]:
        """What does not balance, in words."""
        own = (*ticket_faults(self.panel_id), *payment_faults(self.panel_id), *coupon_faults(self.panel_id))
        own = (*own, *affiliate_faults(self.panel_id), *trial_faults(self.panel_id))
        return [*audit(self.panel_id).faults, *own]


class Known(int):
    """An order's or refill's id, as the inside knows it, with the `number` that everybody else knows it by."""

    def __new__(cls, id_: int, number: int) -> Known:
        known = super().__new__(cls, id_)
        known.number = number
        return known

    number: int

    def __reduce__(self) -> Any:
        return (Known, (int(self), self.number))


class Buyer:
    """A customer with a key. Money in and out of these methods is text as on the wire."""

    def __init__(self, owner: Owner, row: Customer) -> None:
        self.owner = owner
        self.customer: Customer = row
        self.customer_id: int = row.id
        self.number: int = row.number
        self.account_id: int = row.account_id
        self.key_row, self.key = self.new_key()

    def new_key(self, **options: Any) -> tuple[ApiKey, str]:
        with scope(panel=self.owner.panel):
            return create_key(customer=self.customer, **options)

    def caller(self, *, key: str = "", host: str = "", remote: str = REMOTE) -> access.Caller:
        """A program with this customer's key (or another) at her panel's host (or another)."""
        address = hosts.split(host or self.owner.host, 80)
        return access.Caller(address, access.digest(key or self.key), remote)

    def command(self, *, request_id: str = "", caller: access.Caller | None = None, **params: object) -> PlaceOrder:
        """An order to be placed. `service` alone orders 1000 units for LINK, where the type takes them."""
        service = int(str(params.get("service", FOLLOWERS)))
        sent: dict[str, object] = {"service": service, **_USUAL.get(service, {}), **params}
        return PlaceOrder(
            caller or self.caller(), {k: str(v) for k, v in sent.items() if v is not None}, str(request_id)
        )

    def place(self, **params: Any) -> Known | Refusal:
        """Place an order: its id and number, or why it was refused."""
        (result,) = place(self.command(**params))
        return result

    def order(self, **params: Any) -> Known:
        """Place an order that must be taken."""
        result = self.place(**params)
        assert isinstance(result, Known), result
        return result

    def refused(self, **params: Any) -> Refusal:
        """Place an order that must be refused, and check that nothing moved anywhere."""
        before = everything()
        result = self.place(**params)
        assert isinstance(result, Refusal), result
        assert everything() == before, "a refused order changed something"
        return result

    def refill(self, *order_ids: int | None, **caller: str) -> Any:
        """Ask for refills: for each order the refill's id and number or a Refusal, or one Refusal for the caller."""
        asked = actions.AskOrders(self.caller(**caller), numbers_of(order_ids))
        result = actions.request_refills([asked])[0]
        return result if isinstance(result, Refusal) else [_known_refill(self.owner, one) for one in result]

    def cancel(self, *order_ids: int | None, **caller: str) -> Any:
        """Ask for cancels: for each order 1 or a Refusal, or one Refusal for the caller."""
        return actions.request_cancels([actions.AskOrders(self.caller(**caller), numbers_of(order_ids))])[0]

    def balance(self) -> str:
        return money.text(int(value("SELECT balance_micros FROM ledger_account WHERE id = %s", self.account_id)))

    def spends_all_but(self, left: str) -> Known:
        """Leave her this balance: one order of the package, at the price of the rest. Answers its id."""
        owner, rest = self.owner, money.parse(self.balance()) - money.parse(left)
        usual = owner.services[PACKAGE].rate_micros
        with scope(panel=owner.panel):
            set_rate(panel_id=owner.panel_id, number=PACKAGE, rate_micros=rest)
            order_id = self.order(service=PACKAGE, link="https://example.com/spent")
            set_rate(panel_id=owner.panel_id, number=PACKAGE, rate_micros=usual)
        assert self.balance() == left
        return order_id

    def sees(self, order_id: int) -> Seen:
        """How one of her orders stands."""
        order = row_of(order_id)
        assert order.customer_id == self.customer_id
        return Seen(order.status, money.text(order.charge_micros), order.remains, order.start_count)


_USUAL: dict[int, dict[str, object]] = {
    **{number: {"link": LINK, "quantity": 1000} for number in (FOLLOWERS, LIKES, ONE_A_LINK, PRIVATE, CLOSED)},
    PACKAGE: {"link": LINK},
    COMMENTS: {"link": LINK, "comments": "Lovely\nWell done\nMore of it"},
    SUBSCRIPTION: {"username": "carol", "min": 100, "max": 100, "delay": 30},
    TRAFFIC: {"link": LINK, "quantity": 1000, "country": "BR", "device": 5, "type_of_traffic": 3},
}


def _catalogue(rate_micros: int) -> list[NewService]:
    """Services 1 to 9. Rates with awkward decimals; all but the first differ from panel to panel by nothing."""
    default = {"category": "Social", "type": "Default", "min": 10, "max": 1_000_000}
    return [
        NewService(
            number=FOLLOWERS,
            category="Social",
            name="Followers",
            type="Default",
            rate_micros=rate_micros,
            min=50,
            max=10_000,
            refill=True,
            cancel=True,
            drip_feed=True,
        ),
        NewService(number=LIKES, name="Likes", rate_micros=123_457, **default),  # type: ignore[arg-type]
        NewService(number=PACKAGE, category="Packages", name="Starter", type="Package", rate_micros=2_500_000),
        NewService(
            number=COMMENTS,
            category="Comments",
            name="Comments",
            type="Custom Comments",
            rate_micros=10_010_000,
            min=2,
            max=5,
        ),
        NewService(
            number=SUBSCRIPTION,
            category="Social",
            name="Likes for posts",
            type="Subscriptions",
            rate_micros=1_500_000,
            min=10,
            max=1_000,
            cancel=True,
        ),
        NewService(number=ONE_A_LINK, name="One a link", rate_micros=1_000_000, unique_link=True, **default),  # type: ignore[arg-type]
        NewService(number=PRIVATE, name="For some", rate_micros=5_000_000, private=True, **default),  # type: ignore[arg-type]
        NewService(number=CLOSED, name="No more", rate_micros=1_000_000, **default),  # type: ignore[arg-type]
        NewService(
            number=TRAFFIC,
            category="Traffic",
            name="Visitors",
            type="Web Traffic",
            rate_micros=333_333,
            min=100,
            max=50_000,
            drip_feed=True,
        ),
    ]


def numbers_of(order_ids: Iterable[int | None]) -> tuple[int | None, ...]:
    """The numbers of orders; of what is no order's id itself."""
    return tuple(id_ if id_ is None else _number_of(id_) for id_ in order_ids)


def _number_of(order_id: int) -> int:
    found = values("SELECT number FROM orders_order WHERE id = %s", int(order_id)) if 0 < order_id < 2**63 else []
    return int(found[0][0]) if found else order_id


def known(panel_id: int, number: int) -> Known:
    """The panel's order with this number."""
    return Known(
        value("SELECT id FROM orders_order WHERE panel_id = %s AND number = %s", panel_id, int(number)), number
    )


def _known_refill(owner: Owner, result: int | Refusal) -> Any:
    if isinstance(result, Refusal):
        return result
    id_ = value("SELECT id FROM orders_refill WHERE panel_id = %s AND number = %s", owner.panel_id, result)
    return Known(id_, result)


def row_of(order_id: int) -> Order:
    with scopes_disabled():
        order: Order = Order.objects.get(id=order_id)
        return order


def problem_of(order_id: int) -> str:
    """What is wrong with an order, in the words that staff read."""
    order = row_of(order_id)
    return problems.words(order.problem_code, problems.facts_of(order.problem_facts))


def children_of(order_id: int) -> list[Order]:
    """The orders that a drip-feed or subscription made, the first one first."""
    with scopes_disabled():
        return list(Order.objects.filter(parent_id=order_id).order_by("id"))


def run_schedules() -> int:
    """Start the runs and order for the posts that are due now."""
    return schedule_actions.run_schedules(100)


def values(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a query; `%s` stands for a parameter."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def value(query: str, *parameters: Any) -> Any:
    return values(query, *parameters)[0][0]


def execute(query: str, *parameters: Any) -> int:
    """Change rows behind the product's back; answers how many."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return int(cursor.rowcount)


_MOVES = (
    "orders_order",
    "orders_schedule",
    "orders_post",
    "orders_refill",
    "orders_cancel",
    "ledger_account",
    "ledger_transfer",
    "events_event",
    "customers_apikey",
    "customers_customer",
    "support_ticket",
    "support_message",
    "support_ticketnote",
    "support_savedreply",
    "support_ticketrequest",
    "support_attachment",
    "events_mail",
)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables in which anything can move."""
    return {table: values(f"SELECT * FROM {table} ORDER BY 1") for table in _MOVES}


def counts(*tables: str) -> tuple[int, ...]:
    """How many rows the tables have."""
    return tuple(int(value(f"SELECT COUNT(*) FROM {table}")) for table in tables)


def check_books() -> None:
    """The books balance by the product's audit, and by sums of our own that owe it nothing."""
    for (panel_id,) in values("SELECT id FROM panels_panel ORDER BY id"):
        assert audit(panel_id).faults == [], f"the audit of panel {panel_id}"
    moved: dict[int, int] = {}
    taken: dict[int, int] = {}
    transfers = values("SELECT debit_account_id, credit_account_id, amount_micros, code, order_id FROM ledger_transfer")
    for debit, credit, micros, code, order_id in transfers:
        moved[debit] = moved.get(debit, 0) - micros
        moved[credit] = moved.get(credit, 0) + micros
        if code in ("order", "refund"):
            taken[order_id] = taken.get(order_id, 0) + (micros if code == "order" else -micros)
    assert sum(moved.values()) == 0
    stored = values("SELECT id, balance_micros, floor_micros FROM ledger_account WHERE kind = 'customer'")
    for account_id, balance, floor in stored:
        assert balance >= floor
        assert balance == moved.get(account_id, 0), f"account {account_id}"
    orders = values("SELECT id, charge_micros FROM orders_order")
    assert {order: charge for order, charge in orders if charge} == {o: m for o, m in taken.items() if m}


def place(*commands: PlaceOrder) -> list[Refusal | Known]:
    """Place orders of any buyers as one batch: their ids and numbers, or why they were refused."""
    return place_batch(commands)


def place_batch(commands: Sequence[PlaceOrder]) -> list[Refusal | Known]:
    """As `place`."""
    results = actions.place_orders(commands)
    return [
        result if isinstance(result, Refusal) else known(_panel_of(command), result)
        for command, result in zip(commands, results, strict=True)
    ]


def _panel_of(command: PlaceOrder) -> int:
    """Where a command that was taken leads."""
    (grant,) = access.grants([command.caller])
    assert isinstance(grant, access.Grant)
    return grant.panel_id


def outcomes(results: Sequence[int | Refusal]) -> list[str]:
    """`"taken"` or the refusal's code, in the order of the results."""
    return [result.code if isinstance(result, Refusal) else "taken" for result in results]
