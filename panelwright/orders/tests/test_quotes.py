"""A quote is exactly what placing then charges or refuses, for every service type, and it moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panelwright.catalog.actions import NewService, add_services
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.catalog.types import TYPES, FieldKind, ServiceType, TypeField
from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.customers.access import Caller
from panelwright.customers.models import PriceList
from panelwright.orders.quotes import Price, Quote, Quotes, dry_run, quote
from panelwright.orders.rules import PlaceOrder
from panelwright.panels.block_actions import NewBlock, add_blocks
from tests.support.effort import effort
from tests.support.people import (
    FOLLOWERS,
    LINK,
    ONE_A_LINK,
    PRIVATE,
    Buyer,
    Owner,
    Time,
    everything,
    place_batch,
    row_of,
)

FIRST = 100
NUMBERS = {type_.name: FIRST + place for place, type_ in enumerate(TYPES)}


@pytest.fixture
def shop(alice: Owner, time: Time) -> Owner:
    """Sells one service of each type, at an awkward rate."""
    with scope(panel=alice.panel):
        add_services(
            alice.panel_id,
            [
                NewService(
                    number=NUMBERS[type_.name],
                    category="All",
                    name=type_.name,
                    type=type_.name,
                    rate_micros=777_771,
                    min=1 if type_.flat else 2,
                    max=1 if type_.flat else 1_000,
                    drip_feed=type_.drip_feed,
                    unique_link=type_.name == "Poll",
                )
                for type_ in TYPES
            ],
        )
    return alice


@pytest.fixture
def rich(shop: Owner) -> Callable[[], Buyer]:
    """A new customer each time, who can pay for whatever the test orders."""
    numbers = count()
    return lambda: shop.customer(f"rich{next(numbers)}", balance="1000000.00")


def _values(field: TypeField) -> st.SearchStrategy[str]:
    """Good and bad values of a field, the good ones more often."""
    bad = st.sampled_from(["", "0", "-1", "x", "null", "\x00", "\ud800", "9" * 30, "javascript:alert(1)", "1.5", "🎉"])
    if field.kind in {FieldKind.COUNT, FieldKind.NUMBER}:
        good = st.integers(1, 1_100).map(str)
    elif field.kind is FieldKind.LINES:
        good = st.lists(st.sampled_from(["Lovely", "one", " ", "две"]), min_size=1, max_size=5).map("\n".join)
    elif field.kind is FieldKind.CHOICE:
        good = st.sampled_from(field.choices)
    else:
        good = st.sampled_from([field.example, field.example])
    return st.one_of(good, good, good, good, bad)


@st.composite
def _orders(draw: st.DrawFn) -> dict[str, str]:
    type_ = draw(st.sampled_from(TYPES))
    params = {field.name: draw(_values(field)) for field in type_.fields if field.required or draw(st.booleans())}
    return {"service": str(NUMBERS[type_.name]), **params}


def as_told(told: Quotes, commands: list[PlaceOrder]) -> None:
    """Place the commands, and compare."""
    results = place_batch(commands)
    for said, done in zip(told.lines, results, strict=True):
        if isinstance(said, Refusal):
            assert done == said
        else:
            assert isinstance(done, int), (said, done)
            order = row_of(done)
            assert (order.charge_micros, order.quantity) == (said.charge_micros, said.quantity)


def web(buyer: Buyer, request_id: str = "", **params: object) -> PlaceOrder:
    return PlaceOrder(Caller(customer_id=buyer.customer_id), {k: str(v) for k, v in params.items()}, request_id)


@settings(max_examples=effort(120, proving=600), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_orders=st.lists(_orders(), min_size=1, max_size=4))
def test_a_quote_is_what_placing_does(
    shop: Owner, rich: Callable[[], Buyer], given_orders: list[dict[str, str]]
) -> None:
    buyer = rich()
    commands = [web(buyer, **params) for params in given_orders]
    before = everything()
    told = quote(commands)
    assert everything() == before, "a quote moved something"
    spent = buyer.balance()
    as_told(told, commands)
    charged = [line.charge_micros for line in told.lines if isinstance(line, Quote)]
    assert told.total_micros == sum(charged)
    assert money.parse(spent) - money.parse(buyer.balance()) == told.total_micros
    assert told.available_micros == money.parse(spent)
    assert told.missing_micros == 0


@settings(max_examples=effort(80, proving=400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_orders=st.lists(_orders(), min_size=1, max_size=3))
def test_a_dry_run_says_what_each_alone_would_do(
    shop: Owner, rich: Callable[[], Buyer], given_orders: list[dict[str, str]]
) -> None:
    buyers = [rich() for _ in given_orders]
    commands = [web(one, "dry", **params) for one, params in zip(buyers, given_orders, strict=True)]
    before = everything()
    told = dry_run(commands)
    assert everything() == before, "a dry run moved something"
    for said, done in zip(told, place_batch(commands), strict=True):
        if isinstance(said, Refusal):
            assert (done, said.why) == (said, done.why if isinstance(done, Refusal) else None)
        else:
            assert isinstance(done, int)
            assert said == Price(row_of(done).charge_micros, "USD")
    again = dry_run(commands)
    assert again == [said if isinstance(said, Refusal) else Price(0, "USD") for said in told]


def test_a_dry_run_of_a_blocked_target_is_refused_and_leaves_no_event(shop: Owner, carol: Buyer) -> None:
    assert add_blocks(shop.panel_id, [NewBlock("domain", "evil.example")]) == 1
    before = everything()
    (refused,) = dry_run([carol.command(link="https://evil.example/x")])
    assert refused == Refusal("bad_link", "link")
    assert isinstance(refused, Refusal) and refused.why == "not_accepted"
    assert everything() == before


def test_dry_runs_do_not_spend_each_others_money(shop: Owner) -> None:
    poor = shop.customer("poor", balance="1.00")
    commands = [web(poor, service=FOLLOWERS, link=LINK, quantity=1000) for _ in range(3)]
    assert dry_run(commands) == [Price(900_000, "USD")] * 3
    linked = [web(poor, service=ONE_A_LINK, link=LINK, quantity=10) for _ in range(2)]
    assert dry_run(linked) == [Price(10_000, "USD")] * 2


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.slug)
def test_every_type_has_a_quote(shop: Owner, rich: Callable[[], Buyer], type_: ServiceType) -> None:
    params = {field.name: field.example for field in type_.fields}
    buyer = rich()
    commands = [web(buyer, service=NUMBERS[type_.name], **params)]
    told = quote(commands)
    assert isinstance(told.lines[0], Quote), told
    as_told(told, commands)


def test_what_the_balance_lacks_is_told_and_is_what_placing_refuses(shop: Owner) -> None:
    poor = shop.customer("poor", balance="1.00")
    commands = [web(poor, service=FOLLOWERS, link=LINK, quantity=1000) for _ in range(2)]
    told = quote(commands)
    assert told == Quotes([Quote(900_000, 1000), Quote(900_000, 1000)], 1_800_000, 1_000_000)
    assert told.missing_micros == 800_000
    first, second = place_batch(commands)
    assert isinstance(first, int)
    assert second == Refusal("no_funds")


def test_a_form_that_was_sent_before_is_priced_at_nothing(shop: Owner, carol: Buyer) -> None:
    command = web(carol, "web:one", service=FOLLOWERS, link=LINK, quantity=1000)
    (order_id,) = place_batch([command])
    assert isinstance(order_id, int)
    assert quote([command]).lines == [Quote(0, 0, order=order_id.number)]
    other = command._replace(params={**command.params, "quantity": "500"})
    assert quote([other]).lines == place_batch([other]) == [Refusal("bad_field", "request_id")]


def test_one_link_counts_within_the_lines_and_against_open_orders(shop: Owner, carol: Buyer) -> None:
    commands = [web(carol, service=ONE_A_LINK, link=LINK, quantity=10) for _ in range(2)]
    told = quote(commands)
    assert told.lines == [Quote(10_000, 10), Refusal("same_link", "link")]
    as_told(told, commands)
    assert quote(commands).lines == [Refusal("same_link", "link")] * 2


def test_her_own_rate_and_nobody_elses(shop: Owner, carol: Buyer, mallory: Buyer) -> None:
    with scope(panel=shop.panel):
        friends = PriceList.objects.create(panel=shop.panel, name="friends", percent_off_e2=1000)
        set_own_rate(price_list=friends, number=PRIVATE, rate_micros=1)
    dave = shop.customer("dave", balance="1.00", price_list=friends)
    assert quote([web(dave, service=FOLLOWERS, link=LINK, quantity=1000)]).lines == [Quote(810_000, 1000)]
    assert quote([web(dave, service=PRIVATE, link=LINK, quantity=10)]).lines == [Quote(1, 10)]
    assert quote([web(carol, service=PRIVATE, link=LINK, quantity=10)]).lines == [Refusal("bad_service", "service")]
    assert quote([web(mallory, service=FOLLOWERS, link=LINK, quantity=1000)]).lines == [Quote(3_000_000, 1000)]


def test_nothing_costs_nothing(db: None) -> None:
    assert quote([]) == Quotes([], 0, 0)
