"""PROTOCOL.md section 3, drip-feed: charged at once, delivered run by run, told with `runs` and `orders`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.wire import compact

ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 1_432_100,
    "min": 50,
    "max": 1_000,
    "cancel": True,
    "drip_feed": True,
}


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    """Service 1 can be dripped, 2 cannot, 3 is Web Traffic, 4 allows one open order a link."""
    return stand.shop(
        ROW,
        ROW | {"number": 2, "drip_feed": False},
        ROW | {"number": 3, "type": "Web Traffic"},
        ROW | {"number": 4, "unique_link": True},
    )


def told(charge: str, status: str, remains: int, runs: int, orders: list[int], start_count: int = 0) -> bytes:
    return compact(
        {
            "charge": charge,
            "start_count": str(start_count),
            "status": status,
            "remains": str(remains),
            "currency": "USD",
            "runs": str(runs),
            "orders": orders,
        }
    )


def drip(shop: Reseller, *, quantity: int = 100, runs: int = 3) -> int:
    return shop.order(1, link=new_link(), quantity=quantity, runs=runs, interval=30)


def said(shop: Reseller, order: int) -> bytes:
    return shop.ask("status", order=order).body


# ---- from the first run to the last ----------------------------------------------------------------


def test_the_life_of_a_drip_feed_byte_for_byte(stand: Stand, shop: Reseller) -> None:
    with shop.spends("0.42963"):  # quantity x runs, at once
        order = drip(shop)
    assert said(shop, order) == told("0.42963", "Pending", 300, 0, [])
    runs: list[int] = []
    with shop.spends(0):
        for done in range(3):
            runs = stand.inside.run_schedule(order=order)
            assert len(runs) == done + 1
            remains, start_count = 300 - 100 * done, 700 if done else 0
            assert said(shop, order) == told("0.42963", "In progress", remains, done, runs, start_count)
            stand.inside.report(order=runs[-1], status="Completed", start_count=700 + 100 * done)
    assert said(shop, order) == told("0.42963", "Completed", 0, 3, runs, 700)
    assert shop.ask("status", orders=order).body == b'{"%d":%s}' % (order, said(shop, order))


def test_a_run_is_an_order_of_its_own_that_costs_nothing(stand: Stand, shop: Reseller) -> None:
    order = drip(shop)
    (run,) = stand.inside.run_schedule(order=order)
    assert said(shop, run) == compact(
        {"charge": "0.00", "start_count": "0", "status": "Pending", "remains": "100", "currency": "USD"}
    )
    stand.inside.report(order=run, status="In progress", remains=40, start_count=12)
    assert (shop.status(run)["remains"], shop.status(run)["start_count"]) == ("40", "12")


def test_runs_overlap_when_the_first_is_slow(stand: Stand, shop: Reseller) -> None:
    order = drip(shop, runs=2)
    stand.inside.run_schedule(order=order)
    first, second = stand.inside.run_schedule(order=order)
    assert said(shop, order) == told("0.28642", "In progress", 200, 0, [first, second])
    stand.inside.report(order=second, status="Completed")
    assert said(shop, order) == told("0.28642", "In progress", 100, 1, [first, second])
    stand.inside.report(order=first, status="Completed")
    assert said(shop, order) == told("0.28642", "Completed", 0, 2, [first, second])


def test_what_a_run_did_not_deliver_is_given_back_once(stand: Stand, shop: Reseller) -> None:
    order = drip(shop, quantity=77, runs=3)  # 231 units: 0.330816 (rounded up)
    assert said(shop, order) == told("0.330816", "Pending", 231, 0, [])
    (first,) = stand.inside.run_schedule(order=order)
    with shop.spends("-0.014321"):  # 10 of 231, rounded down
        stand.inside.report(order=first, status="Partial", remains=10)
    assert said(shop, order) == told("0.316495", "In progress", 164, 1, [first])
    _, second = stand.inside.run_schedule(order=order)
    with shop.spends("-0.110272"):  # 77 more: 87 of 231 rounded down, less what went back before
        stand.inside.report(order=second, status="Canceled")
    *_, third = stand.inside.run_schedule(order=order)
    with shop.spends(0):
        stand.inside.report(order=third, status="Completed")
    assert said(shop, order) == told("0.206223", "Partial", 87, 3, [first, second, third])


def test_all_runs_cancelled(stand: Stand, shop: Reseller) -> None:
    order = drip(shop, quantity=77, runs=2)
    for _ in range(2):
        *_, run = stand.inside.run_schedule(order=order)
        stand.inside.report(order=run, status="Canceled", remains=5)
    body = shop.status(order)
    assert (body["charge"], body["status"], body["remains"], body["runs"]) == ("0.00", "Canceled", "154", "2")


# ---- what is taken ---------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [None, "", "null", "5", "525600"])
def test_one_run_is_a_plain_order(stand: Stand, shop: Reseller, interval: str | None) -> None:
    for service in (1, 2):
        with shop.spends("0.14321"):
            order = shop.order(service, link=new_link(), quantity=100, runs=1, interval=interval)
        assert list(shop.status(order)) == ["charge", "start_count", "status", "remains", "currency"]
        assert stand.inside.order(order=order)["kind"] == "plain"


def test_minimum_and_maximum_apply_per_run(shop: Reseller) -> None:
    fields = {"service": 1, "link": "a", "runs": 5, "interval": 1}
    assert shop.refused("add", **fields, quantity=49) == "Quantity less than minimal 50"
    assert shop.refused("add", **fields, quantity=1001) == "Quantity more than maximum 1000"
    for quantity in (50, 1000):
        order = shop.order(**fields, quantity=quantity)
        assert shop.status(order)["remains"] == str(quantity * 5)


def test_only_where_the_service_allows_it(shop: Reseller) -> None:
    assert shop.refused("add", service=2, link="a", quantity=100, runs=2, interval=5) == "Incorrect runs"


@pytest.mark.parametrize(
    ("runs", "interval", "text"),
    [
        ("2", None, "Incorrect interval"),
        ("2", "", "Incorrect interval"),
        ("2", "undefined", "Incorrect interval"),
        ("2", "0", "Incorrect interval"),
        ("2", "x", "Incorrect interval"),
        ("2", "-5", "Incorrect interval"),
        ("2", "1.5", "Incorrect interval"),
        ("2", str(10**30), "Incorrect interval"),
        (None, "5", "Incorrect runs"),
        ("", "5", "Incorrect runs"),
        ("None", "5", "Incorrect runs"),
        ("0", "5", "Incorrect runs"),
        ("x", "5", "Incorrect runs"),
        ("-2", "5", "Incorrect runs"),
        ("2.0", "5", "Incorrect runs"),
        (str(10**30), "5", "Incorrect runs"),
        ("x", "x", "Incorrect runs"),
    ],
)
@pytest.mark.parametrize("service", [1, 3])
def test_runs_and_interval_together_or_neither(
    shop: Reseller, service: int, runs: str | None, interval: str | None, text: str
) -> None:
    fields = {"link": "a", "quantity": 100, "country": "US", "device": 1, "type_of_traffic": 3}
    assert shop.refused("add", service=service, **fields, runs=runs, interval=interval) == text


def test_web_traffic_is_dripped_too(stand: Stand, shop: Reseller) -> None:
    fields = {"country": "US", "device": 1, "type_of_traffic": 3, "runs": 2, "interval": 5}
    with shop.spends("0.28642"):
        order = shop.order(3, link="a", quantity=100, **fields)
    (run,) = stand.inside.run_schedule(order=order)
    assert said(shop, order) == told("0.28642", "In progress", 200, 0, [run])
    assert stand.inside.order(order=run)["fields"] == {"country": "US", "device": "1", "type_of_traffic": "3"}


def test_funds_for_all_runs_or_for_none(stand: Stand) -> None:
    shop = stand.shop(ROW | {"rate_micros": 1_000_000}, balance="0.29")
    fields = {"service": 1, "link": "a", "quantity": 100, "interval": 5}
    assert shop.refused("add", **fields, runs=3) == "Not enough funds on balance"
    with shop.spends("0.20"):
        shop.order(**fields, runs=2)


def test_a_link_is_taken_until_the_last_run_ends(stand: Stand, shop: Reseller) -> None:
    fields = {"service": 4, "link": new_link(), "quantity": 100}
    order = shop.order(**fields, runs=2, interval=5)
    for _ in range(2):
        assert shop.refused("add", **fields).startswith("You have active order with this link.")
        *_, run = stand.inside.run_schedule(order=order)
        stand.inside.report(order=run, status="Completed")
    shop.order(**fields)
