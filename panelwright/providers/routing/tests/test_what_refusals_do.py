"""What a provider's refusal does to an order: its words decide whether it waits, goes elsewhere, or is refunded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.people import FOLLOWERS, Buyer, Owner, Time, row_of
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream

NewUpstream = Callable[[], ScriptedUpstream]


@pytest.mark.parametrize(
    "text",
    [
        "no money",
        "No money!",
        "нет денег",
        "Недостаточный баланс",
        "Sem saldo",
        "Số dư không đủ",
        "余额不足",
        "الرصيد غير كافٍ",
    ],
)
def test_without_our_funds_there_the_next_route_takes_it(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, new_upstream: NewUpstream, worker: Rounds, text: str
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, name="north"))
    other = new_upstream()
    alice.route(FOLLOWERS, alice.provider(other.url, name="south"))
    upstream.answers("add", {"error": text})
    other.answers("add", {"order": 77}, {"order": 78})
    order = carol.order()
    worker.forward()
    worker.forward()
    assert (row_of(order).status, row_of(order).upstream_id) == ("Processing", "77")
    assert carol.balance() == "99.10"
    # Its provider gets no more orders for a while.
    second = carol.order(link="https://example.com/second")
    worker.forward()
    assert len(upstream.called("add")) == 1
    assert row_of(second).upstream_id == "78"


@pytest.mark.parametrize(
    "text", ["is already running", "Order is already running", "Заказ уже выполняется", "Link is busy"]
)
def test_an_order_that_runs_for_the_link_is_waited_for_at_the_same_provider(
    alice: Owner,
    carol: Buyer,
    upstream: ScriptedUpstream,
    new_upstream: NewUpstream,
    worker: Rounds,
    time: Time,
    text: str,
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, name="north"))
    other = new_upstream()
    alice.route(FOLLOWERS, alice.provider(other.url, name="south"))
    upstream.answers("add", {"error": text}, {"order": 23501})
    order = carol.order()
    worker.forward()
    assert row_of(order).status == "Pending"
    time.passes(hours=2)
    worker.forward()
    assert (row_of(order).status, row_of(order).upstream_id) == ("Processing", "23501")
    assert other.called("add") == []


@pytest.mark.parametrize(
    "text", ["is not link to the post", "is not full link", "Это не ссылка на пост", "链接无效", "Link tidak valid"]
)
def test_a_bad_link_is_refunded_at_once(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, new_upstream: NewUpstream, worker: Rounds, text: str
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, name="north"))
    other = new_upstream()
    alice.route(FOLLOWERS, alice.provider(other.url, name="south"))
    upstream.answers("add", {"error": text})
    order = carol.order()
    worker.forward()
    assert row_of(order).status == "Canceled"
    assert row_of(order).remains == row_of(order).quantity
    assert carol.balance() == "100.00"
    assert other.called("add") == []


@pytest.mark.parametrize("text", ["Ссылка", "Account suspended", "Пользователь заблокирован", "Quantity"])
def test_what_nobody_can_tell_goes_to_the_next_route_and_then_waits_for_a_person(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, new_upstream: NewUpstream, worker: Rounds, text: str
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, name="north"))
    other = new_upstream()
    alice.route(FOLLOWERS, alice.provider(other.url, name="south"))
    for there in (upstream, other):
        there.answers("add", *[{"error": text}] * 9)
    order = carol.order()
    worker.forward()
    worker.forward()
    assert (len(upstream.called("add")), len(other.called("add"))) == (1, 1)
    assert (row_of(order).status, row_of(order).problem_code) == ("Pending", "refused")
    assert carol.balance() == "99.10"


def test_what_is_said_of_a_targets_account_rests_no_provider(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", *[{"error": "Twitter user is suspended"}, {"error": "User is suspended"}] * 4, {"order": 7})
    for n in range(9):
        last = carol.order(link=f"https://example.com/{n}")
        worker.forward()
    assert row_of(last).upstream_id == "7"


@pytest.mark.parametrize("word", ["not-enough-funds", "rate-limit", "timeout", "?request_id=1", "invalid_api_key"])
def test_what_a_customer_wrote_into_a_link_decides_nothing(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, word: str
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    link = f"https://example.com/{word}"
    upstream.answers("add", {"error": f"Invalid link: {link}"}, {"order": 7})
    order = carol.order(link=link)
    worker.forward()
    assert (row_of(order).status, carol.balance()) == ("Canceled", "100.00")
    # And nothing for those of others.
    other = carol.order(link="https://example.com/good")
    worker.forward()
    assert row_of(other).upstream_id == "7"


def test_a_refused_parameter_is_no_order_of_ours(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, new_upstream: NewUpstream, worker: Rounds
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, name="north"))
    other = new_upstream()
    alice.route(FOLLOWERS, alice.provider(other.url, name="south"))
    upstream.answers("add", {"error": "property request_id should not exist"})
    other.answers("add", {"order": 7})
    order = carol.order()
    worker.forward()
    worker.forward()
    assert row_of(order).upstream_id == "7"
