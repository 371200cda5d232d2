"""PROTOCOL.md section 3, subscriptions: nothing at first, then an order for each post, charged when it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import MICROS, Reseller, Stand, new_link
from tests.protocol.rules.wire import compact

DELAYS = [0, 5, 10, 15, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 360, 420, 480, 540, 600]
GOOD: dict[str, Any] = {"service": 1, "username": "anna", "min": 100, "max": 100, "delay": 0}
ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes for posts",
    "type": "Subscriptions",
    "rate_micros": 1_432_100,
    "min": 50,
    "max": 1_000,
    "cancel": True,
}


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    return stand.shop(ROW)


def told(status: str, posts: int, orders: list[int], expiry: str = "") -> bytes:
    five = {"charge": "0.00", "start_count": "0", "status": status, "remains": "0", "currency": "USD"}
    return compact(five | {"posts": str(posts), "orders": orders, "expiry": expiry})


def said(shop: Reseller, order: int) -> bytes:
    return shop.ask("status", order=order).body


def post(shop: Reseller, order: int, *, old: bool = False) -> list[int]:
    """The user has a new post (or an old one is heard of), and the delay is over: the orders so far."""
    assert shop.stand.inside.has_post(panel_id=shop.panel_id, order=order, link=new_link(), old=old)
    return list(shop.stand.inside.run_schedule(order=order))


# ---- what becomes of one ---------------------------------------------------------------------------


def test_each_order_is_charged_when_it_is_created(stand: Stand, shop: Reseller) -> None:
    with shop.spends(0):
        order = shop.order(**GOOD)
    assert said(shop, order) == told("Active", 0, [])
    orders: list[int] = []
    for n in range(3):
        with shop.spends("0.14321"):
            orders = post(shop, order)
        assert said(shop, order) == told("Active", n + 1, orders)
    assert said(shop, orders[0]) == compact(
        {"charge": "0.14321", "start_count": "0", "status": "Pending", "remains": "100", "currency": "USD"}
    )
    with shop.spends("-0.042963"):
        stand.inside.report(order=orders[0], status="Partial", remains=30)
    assert said(shop, order) == told("Active", 3, orders)


def test_quantities_lie_between_min_and_max(stand: Stand, shop: Reseller) -> None:
    order = shop.order(**GOOD | {"min": 60, "max": 70})
    for _ in range(8):
        before = shop.balance()
        orders = post(shop, order)
        quantity = int(shop.status(orders[-1])["remains"])
        assert 60 <= quantity <= 70
        assert before - shop.balance() == Decimal(-(-1_432_100 * quantity // 1000)) / MICROS
    assert len({shop.status(id_)["remains"] for id_ in orders}) > 1


@pytest.mark.parametrize(
    ("fields", "new", "old"),
    [
        ({}, None, 0),
        ({"posts": ""}, None, 0),
        ({"posts": "0"}, None, 0),
        ({"posts": "0", "old_posts": "0"}, None, 0),
        ({"old_posts": "2"}, None, 2),
        ({"posts": "0", "old_posts": "2"}, 0, 2),
        ({"posts": "2"}, 2, 0),
        ({"posts": "2", "old_posts": "0"}, 2, 0),
        ({"posts": "1", "old_posts": "2"}, 1, 2),
    ],
)
def test_posts_and_old_posts(stand: Stand, shop: Reseller, fields: dict[str, str], new: int | None, old: int) -> None:
    """posts=0 with old_posts is old posts only, without them no limit, as when posts is left out."""
    order = shop.order(**GOOD, **fields)
    wanted = None if new is None else new + old
    kinds = [True] * old + [False] * (4 if new is None else new)
    for n, kind in enumerate(kinds, 1):
        orders = post(shop, order, old=kind)
        assert said(shop, order) == told("Completed" if n == wanted else "Active", n, orders)
    if wanted is None:
        assert len(post(shop, order, old=True)) == len(kinds), "there are enough old ones"
    else:
        with pytest.raises(AssertionError, match="has ended"):
            post(shop, order)


def test_without_funds_it_pauses_and_goes_on_by_itself(stand: Stand) -> None:
    shop = stand.shop(ROW, balance="0.20")
    order = shop.order(**GOOD)
    (first,) = post(shop, order)
    with shop.spends(0):
        assert post(shop, order) == [first]
        assert said(shop, order) == told("Paused", 1, [first])
        assert stand.inside.run_schedule(order=order) == [first]
    stand.inside.credit(panel_id=shop.panel_id, account_id=shop.account_id, micros=86_420)
    with shop.spends("0.14321"):
        orders = stand.inside.run_schedule(order=order)
    assert said(shop, order) == told("Active", 2, orders)
    assert shop.says("balance")["balance"] == "0.00"


def test_somebody_without_money_may_subscribe(stand: Stand) -> None:
    shop = stand.shop(ROW, balance="0")
    assert said(shop, shop.order(**GOOD)) == told("Active", 0, [])


def test_it_expires_after_its_last_day(stand: Stand, shop: Reseller) -> None:
    today = datetime.now(UTC).date()
    order = shop.order(**GOOD, expiry=f"{today:%d/%m/%Y}")
    orders = post(shop, order)
    assert said(shop, order) == told("Active", 1, orders, f"{today:%d/%m/%Y}")
    assert stand.inside.run_schedule(order=order, last_day_was_yesterday=True) == orders
    yesterday = today - timedelta(days=1)
    assert said(shop, order) == told("Expired", 1, orders, f"{yesterday:%d/%m/%Y}")


def test_it_is_cancelled_at_once(shop: Reseller) -> None:
    order = shop.order(**GOOD, expiry="1/2/2099")
    assert shop.says("cancel", orders=order) == [{"order": order, "cancel": 1}]
    assert said(shop, order) == told("Canceled", 0, [], "01/02/2099")


# ---- what is taken ---------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", DELAYS)
def test_every_delay(stand: Stand, shop: Reseller, delay: int) -> None:
    order = shop.order(**GOOD | {"delay": delay})
    assert stand.inside.order(order=order)["fields"]["delay"] == str(delay)


@pytest.mark.parametrize("delay", ["1", "7", "-5", "601", "05", "5.0", "0.0", "x", "1000", "5 minutes", str(10**30)])
def test_no_other_delay(shop: Reseller, delay: str) -> None:
    assert shop.refused("add", **GOOD | {"delay": delay}) == "Incorrect delay"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (49, 100, "Quantity less than minimal 50"),
        (1, 10**30, "Quantity less than minimal 50"),
        (50, 1001, "Quantity more than maximum 1000"),
        (1001, 1001, "Quantity more than maximum 1000"),
        (101, 100, "Incorrect max"),
        (1000, 50, "Incorrect max"),
    ],
)
def test_min_and_max_stay_within_the_service(shop: Reseller, low: int, high: int, text: str) -> None:
    fields = GOOD | {"min": low, "max": high}
    # A number that no quantity can be is no number.
    expected = "Incorrect max" if high >= 2**62 else text
    assert shop.refused("add", **fields) == expected


def test_min_and_max_may_be_the_services_own(stand: Stand, shop: Reseller) -> None:
    order = shop.order(**GOOD | {"min": 50, "max": 1000})
    kept = stand.inside.order(order=order)["schedule"]
    assert (kept["min"], kept["max"]) == (50, 1000)


@pytest.mark.parametrize(
    ("expiry", "shown"),
    [
        *(("31/12/2099", "31/12/2099"), ("1/2/2099", "01/02/2099"), ("29/2/2096", "29/02/2096"), ("", "")),
        *(("31/12/9999", "31/12/9999"), ("30/12/9999", "30/12/9999")),
    ],
)
def test_an_expiry(shop: Reseller, expiry: str, shown: str) -> None:
    assert said(shop, shop.order(**GOOD, expiry=expiry)) == told("Active", 0, [], shown)


@pytest.mark.parametrize(
    "expiry",
    [
        *("31-12-2099", "2099/12/31", "2099-12-31", "31/02/2099", "29/02/2099", "32/01/2099", "12/31/2099", "0/1/2099"),
        *("31/12/99", "31/12/20999", "31/12", "tomorrow", "01/01/0000", "31.12.2099", "4102444800", "１/1/2099"),
        *("1/1/2020", "1/1/0001", "31/12/10000", "32/12/9999"),
    ],
)
def test_no_expiry(shop: Reseller, expiry: str) -> None:
    assert shop.refused("add", **GOOD, expiry=expiry) == "Incorrect expiry"


def test_it_needs_no_link_quantity_or_runs(shop: Reseller) -> None:
    with shop.spends(0):
        order = shop.order(**GOOD, link="two words", quantity="x", runs="x", interval="x", comments="")
    assert said(shop, order) == told("Active", 0, [])
