"""No key, id or host of one panel reaches another's rows, and no customer another's."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_enabled, set_rate
from panelwright.catalog.models import Service
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.core.refusal import Refusal
from panelwright.customers.actions import revoke_key
from panelwright.customers.models import ApiKey, Customer, PriceList
from panelwright.ledger.models import Account, Transfer
from panelwright.orders.models import Order, Refill
from panelwright.orders.schedule_actions import record_post
from panelwright.providers.actions import set_provider
from panelwright.providers.models import Provider, Route
from panelwright.providers.routing import resolve_actions
from tests.support.asking import Door
from tests.support.people import (
    FOLLOWERS,
    LINK,
    NOON,
    PRIVATE,
    SUBSCRIPTION,
    Buyer,
    Known,
    Owner,
    Seen,
    Time,
    everything,
    execute,
    place,
    problem_of,
    row_of,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream

# Other threads and connections see only what is committed.
commits = pytest.mark.django_db(transaction=True)

NewUpstream = Callable[[], ScriptedUpstream]
BAD_ORDER = {"error": "Incorrect order ID"}


class Belongings:
    """One of everything that Carol owns on Alice's panel."""

    def __init__(self, carol: Buyer, time: Time) -> None:
        self.plain = carol.order()
        self.drip_feed = carol.order(quantity=100, runs=2, interval=5)
        self.subscription = carol.order(service=SUBSCRIPTION)
        self.completed = carol.order()
        execute(
            "UPDATE orders_order SET status = 'Completed', remains = 0, job = NULL, due_at = NULL, ended_at = %s"
            " WHERE id = %s",
            NOON - timedelta(days=5),
            self.completed,
        )
        answer = carol.refill(self.completed)
        assert isinstance(answer, list)
        (refill,) = answer
        assert isinstance(refill, Known)
        self.refill = refill
        self.orders = [self.plain, self.drip_feed, self.subscription, self.completed]


@pytest.fixture
def hers(carol: Buyer, time: Time) -> Belongings:
    return Belongings(carol, time)


@pytest.fixture
def strangers(alice: Owner, mallory: Buyer) -> list[Buyer]:
    """The customer of another panel, and another customer of the same."""
    return [mallory, alice.customer("dave", balance="50.00")]


def unmoved(before: dict[str, list[tuple[Any, ...]]]) -> None:
    """Nothing has changed but when keys were last used."""
    after = everything()
    for table in before.keys() - {"customers_apikey"}:
        assert after[table] == before[table], table


# ---- ids of others over the API ------------------------------------------------------------------------


def test_the_owner_herself_sees_what_strangers_must_not(door: Door, carol: Buyer, hers: Belongings) -> None:
    for order_id in hers.orders:
        assert door.ask(carol, "status", order=order_id.number)["currency"] == "USD"
    assert door.ask(carol, "refill_status", refill=hers.refill.number) == {"status": "Pending"}


def test_orders_of_others_are_answered_as_those_that_do_not_exist(
    door: Door, hers: Belongings, strangers: list[Buyer]
) -> None:
    nothing = 10**12
    numbers = [*(order_id.number for order_id in hers.orders), nothing]
    listed = ",".join(map(str, numbers))
    before = everything()
    for stranger in strangers:
        for number in numbers:
            assert door.ask(stranger, "status", order=number) == BAD_ORDER
            assert door.ask(stranger, "refill", order=number) == BAD_ORDER
            assert door.ask(stranger, "cancel", order=number) == [{"order": number, "cancel": BAD_ORDER}]
        many = door.ask(stranger, "status", orders=listed)
        assert many == {str(i): BAD_ORDER for i in numbers}
        for action in ("refill", "cancel"):
            rows = door.ask(stranger, action, orders=listed)
            assert rows == [{"order": i, action: BAD_ORDER} for i in numbers]
    unmoved(before)


def test_refills_of_others_are_answered_as_those_that_do_not_exist(
    door: Door, hers: Belongings, strangers: list[Buyer]
) -> None:
    for stranger in strangers:
        for refill in (hers.refill.number, 10**12):
            assert door.ask(stranger, "refill_status", refill=refill) == {"error": "Refill not found"}
            assert door.ask(stranger, "refill_status", refills=f"{refill},") == [
                {"refill": refill, "status": {"error": "Refill not found"}}
            ]


@commits
def test_a_batch_of_several_panels_answers_each_caller_with_her_own(
    door: Door, carol: Buyer, mallory: Buyer, hers: Belongings
) -> None:
    """Reads of all callers share their queries; what is found must be told apart again."""
    from tests.support.asking import Request

    foreign = mallory.order()
    requests = [
        Request(buyer, "status", {"orders": f"{hers.plain.number},{foreign.number}"})
        for buyer in (carol, mallory, carol, mallory)
    ]
    requests += [Request(carol, "balance", {}), Request(mallory, "balance", {})]
    answers = [answer.json for answer in door.together(requests)]
    for mine, other, answer in (
        (hers.plain.number, foreign.number, answers[0]),
        (foreign.number, hers.plain.number, answers[1]),
        (hers.plain.number, foreign.number, answers[2]),
        (foreign.number, hers.plain.number, answers[3]),
    ):
        assert answer[str(mine)]["status"] == "Pending"
        assert answer[str(other)] == BAD_ORDER
    assert answers[4:] == [
        {"balance": carol.balance(), "currency": "USD"},
        {"balance": "97.00", "currency": "EUR"},
    ]


def test_writes_of_several_panels_in_one_batch_touch_their_own(carol: Buyer, mallory: Buyer, hers: Belongings) -> None:
    before = carol.balance()
    results = place(mallory.command(request_id="r"), carol.command(request_id="r"), mallory.command(request_id="r"))
    assert results[0] == results[2] != results[1]
    assert (row_of(int(str(results[0]))).panel_id, row_of(int(str(results[1]))).panel_id) == (
        mallory.owner.panel_id,
        carol.owner.panel_id,
    )
    assert mallory.cancel(hers.plain, int(str(results[0]))) == [Refusal("bad_order", "order"), 1]
    assert mallory.balance() == "100.00"
    assert carol.balance() != before
    assert carol.sees(hers.plain) == Seen("Pending", "0.90", 1000)


# ---- keys and hosts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", ["balance", "services", "status", "refill", "refill_status", "cancel", "add", "x", ""]
)
def test_a_key_on_the_host_of_another_panel_is_no_key(
    door: Door, carol: Buyer, mallory: Buyer, hers: Belongings, action: str
) -> None:
    before = everything()
    params: dict[str, Any] = {
        "order": hers.plain.number,
        "refill": hers.refill.number,
        "service": FOLLOWERS,
        "link": LINK,
        "quantity": 1000,
    }
    for host in ("rival.example", "unknown.example", ""):
        if host:
            assert door.ask(carol, action, host=host, **params) == {"error": "Invalid API key"}
        assert door.ask(carol, action, key=mallory.key, host="shop.example", **params) == {"error": "Invalid API key"}
    assert everything() == before


def test_equal_numbers_of_services_are_two_services(door: Door, carol: Buyer, mallory: Buyer) -> None:
    mine, hers = ({s["service"]: s for s in door.ask(buyer, "services")} for buyer in (carol, mallory))
    assert (mine[FOLLOWERS]["rate"], hers[FOLLOWERS]["rate"]) == ("0.90", "3.00")
    orders = [
        door.ask(buyer, "add", service=FOLLOWERS, link=LINK, quantity=1000)["order"] for buyer in (carol, mallory)
    ]
    assert [value("SELECT service_id FROM orders_order WHERE number = %s", number) for number in orders] == [
        carol.owner.services[FOLLOWERS].id,
        mallory.owner.services[FOLLOWERS].id,
    ]
    assert (carol.balance(), mallory.balance()) == ("99.10", "97.00")


def test_what_one_panel_sells_the_other_may_not(door: Door, carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    execute("UPDATE catalog_service SET number = 700 WHERE panel_id = %s AND number = %s", alice.panel_id, FOLLOWERS)
    execute("UPDATE panels_panel SET catalog_version = catalog_version + 1 WHERE id = %s", alice.panel_id)
    assert 700 in [s["service"] for s in door.ask(carol, "services")]
    assert 700 not in [s["service"] for s in door.ask(mallory, "services")]
    assert mallory.refused(service=700) == Refusal("bad_service", "service")
    # Nor is it found by the id of its row.
    assert mallory.refused(service=alice.services[FOLLOWERS].id + 10**6) == Refusal("bad_service", "service")


def test_a_price_list_counts_on_its_panel_only(alice: Owner, rival: Owner, mallory: Buyer) -> None:
    """Even where a customer was given the price list of another panel by mistake."""
    with scope(panel=alice.panel):
        friends: PriceList = PriceList.objects.create(panel=alice.panel, name="friends")
        set_own_rate(price_list=friends, number=PRIVATE, rate_micros=1)
        set_own_rate(price_list=friends, number=FOLLOWERS, rate_micros=1)
    execute("UPDATE customers_customer SET price_list_id = %s WHERE id = %s", friends.id, mallory.customer_id)
    assert mallory.refused(service=PRIVATE) == Refusal("bad_service", "service")
    assert mallory.sees(mallory.order()).charge == "3.00"


def test_equal_links_and_request_ids_of_two_panels_do_not_meet(carol: Buyer, mallory: Buyer) -> None:
    orders = [buyer.order(service=6, link=LINK, request_id="r-1") for buyer in (carol, mallory)]
    assert orders[0] != orders[1]
    assert carol.refused(service=6, link=LINK).code == "same_link"


# ---- staff of another panel --------------------------------------------------------------------------------


def test_the_writes_of_one_panel_find_nothing_on_another(
    alice: Owner, rival: Owner, carol: Buyer, hers: Belongings, upstream: ScriptedUpstream
) -> None:
    provider = alice.provider(upstream.url)
    before, providers = everything(), values("SELECT * FROM providers_provider")
    execute("UPDATE catalog_service SET number = number + 500 WHERE panel_id = %s", rival.panel_id)
    there = values("SELECT * FROM catalog_service WHERE panel_id = %s ORDER BY id", alice.panel_id)
    with scope(panel=rival.panel):
        assert not revoke_key(panel_id=rival.panel_id, key_id=carol.key_row.id)
        for change in (
            lambda: set_provider(panel_id=rival.panel_id, provider_id=provider.id, url="https://evil.example"),
            lambda: set_rate(panel_id=rival.panel_id, number=FOLLOWERS, rate_micros=0),
            lambda: set_enabled(panel_id=rival.panel_id, number=FOLLOWERS, enabled=False),
            lambda: resolve_actions.arrived(
                panel_id=rival.panel_id, order_id=hers.plain, upstream_id="1", by="mallory"
            ),
            lambda: resolve_actions.send(panel_id=rival.panel_id, order_id=hers.plain, by="mallory"),
            lambda: record_post(panel_id=rival.panel_id, subscription_id=hers.subscription, link=LINK),
        ):
            with pytest.raises(ValueError, match=r"there is no|not found"):
                change()
    unmoved(before)
    assert values("SELECT * FROM providers_provider") == providers
    assert values("SELECT * FROM catalog_service WHERE panel_id = %s ORDER BY id", alice.panel_id) == there


def test_inside_a_panel_there_are_its_rows_only(
    alice: Owner, rival: Owner, carol: Buyer, mallory: Buyer, hers: Belongings, upstream: ScriptedUpstream
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    foreign = mallory.order()
    for model, mine in (
        (Order, hers.plain),
        (Customer, carol.customer_id),
        (ApiKey, carol.key_row.id),
        (Account, carol.account_id),
        (Refill, hers.refill),
        (Service, alice.services[FOLLOWERS].id),
        (Provider, value("SELECT id FROM providers_provider")),
        (Route, value("SELECT id FROM providers_route")),
        (Transfer, value("SELECT id FROM ledger_transfer WHERE order_id = %s", hers.plain)),
    ):
        with scope(panel=alice.panel):
            assert model.objects.filter(id=mine).exists()
        with scope(panel=rival.panel):
            assert not model.objects.filter(id=mine).exists(), model
            assert model.objects.filter(id=mine).delete()[0] == 0
    with scope(panel=rival.panel):
        assert [order.id for order in Order.objects.all()] == [foreign]


# ---- workers, who serve all panels -------------------------------------------------------------------------


def test_orders_go_to_the_providers_of_their_own_panel(
    alice: Owner, rival: Owner, carol: Buyer, mallory: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    mine, theirs = new_upstream(), new_upstream()
    for owner, upstream in ((alice, mine), (rival, theirs)):
        owner.route(FOLLOWERS, owner.provider(upstream.url, name=owner.host))
        upstream.answers("add", {"order": 23501})
        upstream.answers("status", {"status": "In progress", "remains": "5", "start_count": "1"})
        upstream.answers("cancel", [{"order": 23501, "cancel": 1}])
    orders = [carol.order(link="https://example.com/c"), mallory.order(link="https://example.com/m")]
    worker.forward()
    time.passes(seconds=2)
    worker.poll()
    carol.cancel(orders[0])
    worker.cancels()
    assert [call["action"] for call in mine.calls] == ["add", "status", "cancel"]
    assert [call["action"] for call in theirs.calls] == ["add", "status"]
    assert [set(upstream.keys) for upstream in (mine, theirs)] == [{"key-of-shop.example"}, {"key-of-rival.example"}]
    assert "https://example.com/m" not in json.dumps(mine.calls)
    assert "https://example.com/c" not in json.dumps(theirs.calls)


def test_a_panel_without_a_provider_does_not_borrow_one(
    alice: Owner, carol: Buyer, mallory: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    order_id = mallory.order()
    worker.forward()
    assert upstream.calls == []
    assert problem_of(order_id) == "no provider is set for this service"


def test_money_of_one_panel_is_not_in_the_books_of_another(rival: Owner, mallory: Buyer, carol: Buyer) -> None:
    before = values("SELECT * FROM ledger_account WHERE panel_id = %s ORDER BY id", rival.panel_id)
    carol.cancel(carol.order())
    carol.order()
    assert values("SELECT * FROM ledger_account WHERE panel_id = %s ORDER BY id", rival.panel_id) == before
    assert value("SELECT COUNT(*) FROM ledger_transfer WHERE panel_id = %s", rival.panel_id) == 1
    assert (
        value(
            "SELECT COUNT(*) FROM ledger_transfer t JOIN ledger_account a ON a.id IN (t.debit_account_id,"
            " t.credit_account_id) WHERE a.panel_id <> t.panel_id"
        )
        == 0
    )
