"""PROTOCOL.md sections 2 and 4, `status`: the words, what is told on the way, and what is exact after the end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.protocol.rules.stand import MICROS, Reseller, Stand, new_link
from tests.protocol.rules.wire import compact

ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 1_432_100,
    "min": 1,
    "max": 1_000_000,
    "cancel": True,
    "refill": True,
}
WORDS = {"Pending", "Processing", "In progress", "Completed", "Partial", "Canceled"}


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    return stand.shop(
        ROW,
        ROW | {"number": 2, "rate_micros": 333_334},
        ROW | {"number": 3, "rate_micros": 1},
        ROW | {"number": 4, "type": "Package", "rate_micros": 2_500_001, "max": 1},
        ROW | {"number": 5, "type": "Custom Comments", "rate_micros": 8_765_400, "max": 1000},
        ROW | {"number": 6, "rate_micros": 0},
        balance="100000.00",
    )


def told(charge: str, start_count: int, status: str, remains: int) -> bytes:
    return compact(
        {
            "charge": charge,
            "start_count": str(start_count),
            "status": status,
            "remains": str(remains),
            "currency": "USD",
        }
    )


def in_full(shop: Reseller, order: int) -> bytes:
    return shop.ask("status", order=order).body


# ---- on the way ------------------------------------------------------------------------------------


def test_the_life_of_an_order_byte_for_byte(stand: Stand, shop: Reseller) -> None:
    order = shop.order(1, link="a", quantity=777)
    assert in_full(shop, order) == told("1.112742", 0, "Pending", 777)
    stand.inside.report(order=order, status="Pending")
    assert in_full(shop, order) == told("1.112742", 0, "Processing", 777)  # sent is no longer Pending
    stand.inside.report(order=order, status="Processing", start_count=3572)
    assert in_full(shop, order) == told("1.112742", 3572, "Processing", 777)
    stand.inside.report(order=order, status="In progress", remains=157)
    assert in_full(shop, order) == told("1.112742", 3572, "In progress", 157)
    stand.inside.report(order=order, status="Pending", remains=156)
    assert in_full(shop, order) == told("1.112742", 3572, "In progress", 156)  # and does not go back
    with shop.spends(0):
        stand.inside.report(order=order, status="Completed", remains=4)
    assert in_full(shop, order) == told("1.112742", 3572, "Completed", 0)


@pytest.mark.parametrize("start_count", [0, 1, 2**40])
def test_a_start_count_is_a_text(stand: Stand, shop: Reseller, start_count: int) -> None:
    order = shop.order(1, link="a", quantity=100)
    stand.inside.report(order=order, status="In progress", start_count=start_count)
    assert shop.status(order)["start_count"] == str(start_count)


def test_many_and_one_say_the_same(stand: Stand, shop: Reseller) -> None:
    orders = {word: shop.order(1, link="a", quantity=100) for word in sorted(WORDS)}
    for word, order in orders.items():
        if word != "Pending":
            stand.inside.report(order=order, status=word, remains=30, start_count=5)
    answer = shop.ask("status", orders=",".join(map(str, orders.values())))
    singles = [in_full(shop, order) for order in orders.values()]
    parts = b",".join(b'"%d":%s' % (order, one) for order, one in zip(orders.values(), singles, strict=True))
    assert answer.body == b"{" + parts + b"}"
    assert {row["status"] for row in answer.value.values()} == WORDS


@pytest.mark.parametrize("remains", [101, 10**9])
def test_more_remaining_than_was_ordered_is_never_told(stand: Stand, shop: Reseller, remains: int) -> None:
    order = shop.order(1, link="a", quantity=100)
    stand.inside.report(order=order, status="In progress", remains=remains)
    assert shop.status(order)["remains"] == "100"
    with shop.spends(0):
        stand.inside.report(order=order, status="Partial", remains=remains)
    assert shop.status(order)["status"] == "In progress"  # what cannot be right is for a person, never a refund


# ---- after the end ---------------------------------------------------------------------------------

PARTS = [
    (1, 1000, 157),
    (1, 777, 776),
    (1, 777, 1),
    (1, 3, 2),
    (2, 7, 3),
    (2, 999, 333),
    (2, 1_000_000, 123_457),
    (3, 1, None),
    (3, 999, 998),
    (3, 2, 1),
    (6, 10, 4),
]


@pytest.mark.parametrize(("service", "quantity", "remains"), [part for part in PARTS if part[2]])
def test_partial_keeps_the_share_that_was_delivered(
    stand: Stand, shop: Reseller, service: int, quantity: int, remains: int
) -> None:
    before = shop.balance()
    order = shop.order(service, link="a", quantity=quantity)
    booked = before - shop.balance()
    stand.inside.report(order=order, status="Partial", remains=remains)
    status = shop.status(order)
    assert (status["status"], status["remains"]) == ("Partial", str(remains))
    kept = Decimal(status["charge"])
    # The rest is credited, once, and both add up; the kept share is exact to the micro, rounded up.
    assert before - shop.balance() == kept
    exact = Fraction(booked) * (quantity - remains) / quantity
    assert kept * MICROS == -(-exact * MICROS // 1)


@pytest.mark.parametrize(("service", "quantity"), [(1, 777), (2, 1001), (3, 1), (5, None), (4, None), (6, 10)])
def test_completed_keeps_everything_and_canceled_nothing(
    stand: Stand, shop: Reseller, service: int, quantity: int | None
) -> None:
    fields = {"link": "a", "quantity": quantity, "comments": "a\nb\nc" if service == 5 else None}
    done, gone = shop.order(service, **fields), shop.order(service, **fields)
    fresh = shop.status(done)
    with shop.spends(0):
        stand.inside.report(order=done, status="Completed", remains=0)
    assert shop.status(done) == fresh | {"status": "Completed", "remains": "0"}
    with shop.spends(-Decimal(fresh["charge"])):
        stand.inside.report(order=gone, status="Canceled")
    assert in_full(shop, gone) == told("0.00", 0, "Canceled", int(fresh["remains"]))


def test_canceled_tells_the_whole_quantity_whatever_the_provider_says(stand: Stand, shop: Reseller) -> None:
    order = shop.order(1, link="a", quantity=1000)
    with shop.spends("-1.4321"):
        stand.inside.report(order=order, status="Canceled", remains=400)
    assert in_full(shop, order) == told("0.00", 0, "Canceled", 1000)


def test_partial_of_nothing_or_of_everything_is_no_partial(stand: Stand, shop: Reseller) -> None:
    """On the wire Partial means: 0 < remains < quantity."""
    all_done, nothing = (shop.order(1, link="a", quantity=1000) for _ in range(2))
    with shop.spends(0):
        stand.inside.report(order=all_done, status="Partial", remains=0)
    assert in_full(shop, all_done) == told("1.4321", 0, "Completed", 0)
    with shop.spends("-1.4321"):
        stand.inside.report(order=nothing, status="Partial", remains=1000)
    assert in_full(shop, nothing) == told("0.00", 0, "Canceled", 1000)


def test_partial_comments_are_refunded_by_the_line(stand: Stand, shop: Reseller) -> None:
    order = shop.order(5, link="a", comments="\n".join("abcdefg"))  # 7 x 0.0087654, rounded up: 0.061358
    assert shop.status(order)["charge"] == "0.061358"
    with shop.spends("-0.017530"):  # 2/7, rounded down
        stand.inside.report(order=order, status="Partial", remains=2)
    assert in_full(shop, order) == told("0.043828", 0, "Partial", 2)


@pytest.mark.parametrize("end", ["Completed", "Partial", "Canceled"])
def test_terminal_states_never_change(stand: Stand, shop: Reseller, end: str) -> None:
    order = shop.order(1, link="a", quantity=1000)
    stand.inside.report(order=order, status=end, remains=250, start_count=9)
    said = in_full(shop, order)
    with stand.still():
        for word in sorted(WORDS):
            assert stand.inside.late_report(order=order, status=word, remains=500) == 0
        [answer] = shop.says("cancel", orders=order)
        assert answer["cancel"] == {"error": "The order cannot be canceled"}
    assert in_full(shop, order) == said


def test_debits_less_credits_are_the_charges_at_any_moment(stand: Stand) -> None:
    """Money taken from the balance is exactly what the orders say they cost, after every step."""
    shop = stand.shop(ROW, ROW | {"number": 2, "rate_micros": 333_334}, balance="50.00")
    orders: list[int] = []
    for n, end in enumerate(["Completed", "Partial", "Canceled", "In progress", "Partial", "Processing"]):
        orders.append(shop.order(1 + n % 2, link=new_link(), quantity=997 + n))
        for step in ("add", "report"):
            if step == "report":
                stand.inside.report(order=orders[-1], status=end, remains=101 + n)
            told = shop.says("status", orders=",".join(map(str, orders)))
            assert sum(Decimal(row["charge"]) for row in told.values()) == 50 - shop.balance()
            assert Decimal(shop.says("balance")["balance"]) == shop.balance()
