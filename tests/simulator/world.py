"""The people and things of a simulation: panels, their services, customers, keys and providers.

All of it is made by the product's own actions; what is kept here is what the simulator needs to
decide what should happen, without asking the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from django.test.utils import override_settings
from django_scopes import scope

from panelwright.catalog import actions as catalog
from panelwright.catalog import price_list_actions as price_lists
from panelwright.catalog.actions import ANY_LINK, LinkNeeds, NewService
from panelwright.catalog.models import Service
from panelwright.catalog.types import TYPES, ServiceType, Units
from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.customers.actions import create_customer, create_key
from panelwright.customers.models import Customer as CustomerRow
from panelwright.customers.models import PriceList
from panelwright.events import webhook_actions as webhooks
from panelwright.events.webhook_rules import NAMES
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.panels import hosts
from panelwright.panels.actions import create_panel
from panelwright.panels.models import Panel
from panelwright.providers import actions as providers
from panelwright.providers.models import Route, RouteMerit
from panelwright.providers.routing import route_actions
from panelwright.providers.routing.route_actions import NewRoute, RouteTerms
from tests.simulator.books import as_shared
from tests.simulator.upstream import UpstreamModel, Witness

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse"
PANELS = 2
CLEARING = NamedAccount(AccountKind.CLEARING, "gateway")
LINKS = 12
# Some services are sold in multiples of it.
STEP = 5
RICH_MICROS = 10**15
# The furthest that the clock is ever set back.
BACK_MAX_S = 60.0


class SimulatedClock:
    """The product's clock, moved by the simulation. It may be set back a little, as clocks are."""

    def __init__(self) -> None:
        self.now = START
        self._latest = START

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(microseconds=max(int(seconds * 1e6), 1))
        self._latest = max(self._latest, self.now)

    def goes_back(self, seconds: float) -> None:
        """Never more than BACK_MAX_S before the latest time that there was."""
        earliest = self._latest - timedelta(seconds=BACK_MAX_S)
        self.now = max(self.now - timedelta(seconds=seconds), min(earliest, self.now))

    def goes_to(self, moment: datetime) -> None:
        if moment > self.now:
            self.passes((moment - self.now).total_seconds())


@dataclass(slots=True)
class Sold:
    """A service of a panel. `routes`: (route id, provider id), the first choice first.

    `min` and `max` are what can be ordered: multiples of `step`. `posts_only`: of Telegram it takes posts alone.
    """

    id: int
    number: int
    type: ServiceType
    rate: int
    min: int
    max: int
    refill: bool
    refill_days: int | None
    cancel: bool
    drip_feed: bool
    unique_link: bool
    private: bool
    enabled: bool = True
    step: int = 1
    posts_only: bool = False
    # The first route of an order is chosen by what was measured.
    by_merit: bool = False
    routes: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Key:
    """How a customer calls: with an API key, or (id None) logged in on the web."""

    id: int | None
    caller: access.Caller
    can_order: bool = True
    cap: int | None = None


@dataclass(slots=True)
class Customer:
    id: int
    account_id: int
    panel: SimulatedPanel
    keys: list[Key]
    percent_off_e2: int | None = None  # None: no price list
    own_rates: dict[int, int] = field(default_factory=dict)  # by service id
    # Percents off the rate, in hundredths, by service id: of one service alone, and of its category.
    own_percents: dict[int, int] = field(default_factory=dict)
    category_percents: dict[int, int] = field(default_factory=dict)
    # Orders that were placed or created for her, the oldest first.
    orders: list[int] = field(default_factory=list)
    subscriptions: list[int] = field(default_factory=list)

    def rate_of(self, sold: Sold) -> int | None:
        """The rate that she should pay, None where the service is not for her."""
        if sold.id in self.own_rates:
            return self.own_rates[sold.id]
        off = self.own_percents.get(sold.id)
        if off is None and sold.private:
            return None
        if off is None:
            off = self.category_percents.get(sold.id)
        if off is None:
            off = self.percent_off_e2 or 0
        return -((-sold.rate * (10_000 - off)) // 10_000)


@dataclass(slots=True)
class SimulatedPanel:
    id: int
    row: Panel
    host: str
    sales_account_id: int
    services: dict[int, Sold] = field(default_factory=dict)  # by number
    customers: list[Customer] = field(default_factory=list)
    models: list[UpstreamModel] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


@dataclass(slots=True)
class World:
    """Everything that there is. `models` are by provider id, `sold` by service id, `owners` by customer id."""

    clock: SimulatedClock
    rng: Random
    panels: list[SimulatedPanel] = field(default_factory=list)
    models: dict[int, UpstreamModel] = field(default_factory=dict)
    sold: dict[int, Sold] = field(default_factory=dict)
    owners: dict[int, Customer] = field(default_factory=dict)
    # The customers whose programs want to hear of everything.
    listening: set[int] = field(default_factory=set)
    # The rates of routes, in micros, where one is known.
    rates: dict[int, int] = field(default_factory=dict)
    deposits: int = 0
    # Keys that were revoked, and the caps of all.
    revoked: set[int] = field(default_factory=set)
    caps: dict[int, int] = field(default_factory=dict)

    def customer(self) -> Customer:
        return self.rng.choice(self.rng.choice(self.panels).customers)

    def deposit(self, customer: Customer, micros: int) -> None:
        """Money arrives; told twice, as payment gateways do."""
        self.deposits += 1
        with scope(panel=customer.panel.row):
            for first in (True, False):
                booked = ledger.credit_customer(
                    panel_id=customer.panel.id,
                    account_id=customer.account_id,
                    amount_micros=micros,
                    code=TransferCode.DEPOSIT,
                    reference=f"payment {self.deposits}",
                    name="gateway",
                    now=self.clock.now,
                )
                assert booked is first

    def charge_back(self, customer: Customer, micros: int, reference: str) -> list[bool] | Refusal:
        return self._post(customer, customer.account_id, CLEARING, micros, TransferCode.CHARGEBACK, reference)

    def reverse(self, customer: Customer, micros: int, reference: str) -> list[bool] | Refusal:
        return self._post(customer, CLEARING, customer.account_id, micros, TransferCode.REVERSAL, reference)

    def _post(
        self,
        customer: Customer,
        debit: int | NamedAccount,
        credit: int | NamedAccount,
        micros: int,
        code: TransferCode,
        reference: str,
    ) -> list[bool] | Refusal:
        with scope(panel=customer.panel.row):
            new = NewTransfer(customer.panel.id, debit, credit, micros, code, reference)
            return ledger.post([new], now=self.clock.now)

    def grant(self, customer: Customer, micros: int) -> None:
        which = {"panel_id": customer.panel.id, "account_id": customer.account_id}
        with scope(panel=customer.panel.row):
            ledger.set_credit_limit(limit_micros=micros, **which)


def build(rng: Random, clock: SimulatedClock, witness: Witness) -> World:
    """A world of two panels with the same numbers for everything, as any two panels have them."""
    world = World(clock, rng)
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # real ones take a tenth of a second each, on purpose
    with override_settings(PASSWORD_HASHERS=hashers):
        for number in range(PANELS):
            _open_panel(world, number, witness)
    return world


def _open_panel(world: World, number: int, witness: Witness) -> None:
    slug = f"simulated-{number}"
    host = f"{slug}.example"
    row = create_panel(slug=slug, name=slug.title(), currency=("USD", "BRL")[number % 2], domains=[(host, 0)])
    with scope(panel=row):
        ledger.open_books(row.id)
        panel = SimulatedPanel(row.id, row, host, ledger.account(row.id, AccountKind.SALES))
        panel.links = [f"https://example.com/{slug}/{n}" for n in range(LINKS)]
        # Of each three one as an app shares the first, and one that only differs from it in the case of its path.
        for n in range(0, LINKS, 3):
            panel.links[n + 1] = as_shared(panel.links[n])
            panel.links[n + 2] = panel.links[n].replace(slug, slug.upper())
        world.panels.append(panel)
        _sell(world, panel)
        _connect(world, panel, witness)
        for of_panel in range(4):
            _join(world, panel, of_panel)


def _sell(world: World, panel: SimulatedPanel) -> None:
    """All types, and beside them what needs a service of its own: one order a link, private, free, without route."""
    rng, new = world.rng, []
    names = [t.name for t in TYPES] + ["Default"] * 6 + ["Subscriptions"]
    for number, name in enumerate(names, 1):
        type_ = next(t for t in TYPES if t.name == name)
        extra = number - len(TYPES)
        low = rng.randint(1, 20) if type_.units is not Units.LINES else rng.randint(1, 3)
        refill = rng.random() < 0.85
        high = low + rng.choice((0, 30, 5000)) if type_.units is not Units.LINES else low + 20
        new.append(
            NewService(
                number=number,
                category=f"Category {number % 4}",
                name=f"{name} {number}",
                type=name,
                rate_micros=0 if extra == 3 else rng.choice((1, 7, 333_333, rng.randint(1, 99_999_999))),
                min=low,
                max=high,
                refill=refill,
                refill_days=rng.choice((None, 3, 10, 30)),
                cancel=rng.random() < 0.8,
                drip_feed=type_.drip_feed and (extra != 1),
                unique_link=extra == 1 or rng.random() < 0.1,
                private=extra == 2,
                step=_step(type_, number, low, high),
                link=LinkNeeds(["telegram"], ["post"]) if number % 4 == 1 or type_.subscription else ANY_LINK,
            )
        )
    for row, made in zip(catalog.add_services(panel.id, new), new, strict=True):
        type_ = next(t for t in TYPES if t.name == made.type)
        sold = Sold(
            id=row.id,
            number=made.number,
            type=type_,
            rate=made.rate_micros,
            min=-(-made.min // made.step) * made.step,
            max=made.max // made.step * made.step,
            refill=made.refill,
            refill_days=made.refill_days if made.refill else None,
            cancel=made.cancel,
            drip_feed=made.drip_feed,
            unique_link=made.unique_link and not type_.subscription,
            private=made.private,
            step=made.step,
            posts_only=bool(made.link.kinds),
        )
        panel.services[sold.number] = world.sold[sold.id] = sold


def _step(type_: ServiceType, number: int, low: int, high: int) -> int:
    """Every third service is sold in steps, where its customers name the quantity and any can be ordered."""
    named = type_.units in (Units.QUANTITY, Units.PER_POST)
    return STEP if named and number % 3 == 1 and high - low >= STEP else 1


def _connect(world: World, panel: SimulatedPanel, witness: Witness) -> None:
    rng = world.rng
    for number in range(rng.choice((2, 3))):
        # One at least knows request_id and one at least does not.
        knows = number == 0 or (number > 1 and rng.random() < 0.5)
        name = f"upstream-{number}"
        row = providers.add_provider(
            panel_id=panel.id,
            name=name,
            url=f"http://{name}.{panel.host}/api/v2",
            key=f"key of {name}",
            knows_request_id=knows,
        )
        model = UpstreamModel(f"{panel.row.slug}/{name}", knows, rng, world.clock, witness)
        panel.models.append(model)
        world.models[row.id] = model
    ids = [id_ for id_, model in world.models.items() if model in panel.models]
    routes = []
    for sold in panel.services.values():
        if sold.number == len(panel.services) - 1:
            continue  # sold before anybody was found to deliver it
        for provider_id in rng.sample(ids, rng.randint(1, len(ids))):
            # The last service goes to its providers as a whole, the other one of its type post by post.
            whole = sold.type.subscription and sold.number == len(panel.services)
            upstream_type = "Subscriptions" if whole else ""
            routes.append(NewRoute(sold.id, provider_id, str(100 + sold.number), upstream_type))
    route_actions.add_routes(panel.id, routes)
    by_id = {sold.id: sold for sold in panel.services.values()}
    for route in Route.objects.filter(panel=panel.row).order_by("service_id", "position"):
        sold = by_id[route.service_id]
        if not sold.routes and sold.number % 3:
            # Of some it is known what they cost. Never of a second route: that would be left out where it is too dear.
            world.rates[route.id] = 1 + 7_919 * sold.number
            route_actions.set_route(
                panel_id=panel.id,
                service_id=sold.id,
                route_id=route.id,
                terms=RouteTerms(rate_micros=world.rates[route.id]),
            )
        sold.routes.append((route.id, route.provider_id))
    _measured(panel)


def _measured(panel: SimulatedPanel) -> None:
    """Some services choose their routes by merit; of their routes the last one has the best."""
    for sold in panel.services.values():
        if sold.number % 4 != 2 or len(sold.routes) < 2 or sold.type.subscription:
            continue
        sold.by_merit = True
        by = "success" if sold.number % 8 == 2 else "speed"
        Service.objects.filter(panel=panel.row, id=sold.id).update(route_by=by)
        for place, (route_id, _provider_id) in enumerate(sold.routes):
            RouteMerit.objects.create(
                panel=panel.row,
                route_id=route_id,
                ended=20,
                completed=10 + place,
                took_s=(10 + place) * (900 - place),
                measured_at=START,
            )


def new_key(world: World, row: CustomerRow, address: hosts.Address, *, can_order: bool, cap: int | None) -> Key:
    made, text = create_key(customer=row, can_order=can_order, daily_cap_micros=cap)
    if cap is not None:
        world.caps[made.id] = cap
    return Key(made.id, access.Caller(address, access.digest(text)), can_order, cap)


def _give_percents(panel: SimulatedPanel, price_list: PriceList, customer: Customer) -> None:
    """Off every fifth service without a price of hers, and off one category. Draws nothing: seeds stay as they are."""
    rows = Service.objects.filter(panel_id=panel.id).order_by("number")
    category = rows[0].category_id
    price_lists.set_category_percent(price_list=price_list, category_id=category, percent_off_e2=1_234)
    customer.category_percents = {row.id: 1_234 for row in rows if row.category_id == category}
    for row in rows:
        if row.number % 5 == 0 and row.id not in customer.own_rates:
            price_lists.set_own_percent(price_list=price_list, number=row.number, percent_off_e2=333)
            customer.own_percents[row.id] = 333


def _join(world: World, panel: SimulatedPanel, number: int) -> None:
    """The first customer is rich, the last one poor; the second one has prices of her own."""
    price_list = None
    if number == 1:
        price_list = PriceList.objects.create(
            panel=panel.row, name="friends", percent_off_e2=world.rng.randint(0, 9999)
        )
    row = create_customer(
        panel_id=panel.id, email=f"customer{number}@{panel.host}", password=PASSWORD, price_list=price_list
    )
    customer = Customer(row.id, row.account_id, panel, [Key(None, access.Caller(customer_id=row.id))])
    if price_list is not None:
        customer.percent_off_e2 = price_list.percent_off_e2
        for sold in world.rng.sample(sorted(panel.services.values(), key=lambda s: s.number), 5):
            rate = world.rng.randint(0, 10**7)
            price_lists.set_own_rate(price_list=price_list, number=sold.number, rate_micros=rate)
            customer.own_rates[sold.id] = rate
        _give_percents(panel, price_list, customer)
    address = hosts.split(panel.host, 443)
    for can_order, cap in ((True, None), (False, None), (True, 10**6 * (number + 1))):
        customer.keys.append(new_key(world, row, address, can_order=can_order, cap=cap))
    if number != 1:
        # Whoever has prices of her own has no webhook.
        heard = webhooks.create_endpoint(
            panel_id=panel.id, customer_id=row.id, url="https://hooks.example/", names=NAMES
        )
        assert not isinstance(heard, Refusal)
        world.listening.add(row.id)
    panel.customers.append(customer)
    world.owners[customer.id] = customer
    if number < 3:
        world.deposit(customer, RICH_MICROS if number == 0 else 10**8)
