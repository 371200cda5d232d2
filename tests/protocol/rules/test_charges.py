"""Money on the wire and in the books: ceil(rate x units / 1000) in whole micros, and never a binary fraction."""

from __future__ import annotations

import random
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.protocol.rules.stand import MICROS, Reseller, Stand, new_link

ROW: dict[str, Any] = {"category": "C", "name": "N", "type": "Default", "min": 1, "max": 10_000_000, "drip_feed": True}
# Micros per 1000. 4,000 is the 0.0040 that others charged nothing for.
RATES = [1, 10, 999, 1_000, 4_000, 49_900, 100_000, 200_000, 300_000, 333_334, 999_999, 1_000_000, 1_000_001]
RATES += [1_432_100, 2_675_000, 8_765_432, 123_456_789, 99_999_999_999]
QUANTITIES = [1, 3, 7, 50, 333, 999, 1_000, 1_001, 33_333]


def charge(micros: int, units: int) -> Decimal:
    return Decimal(-(-micros * units // 1000)) / MICROS


def wire(amount: Decimal) -> str:
    """Plain decimal, 2 to 6 fraction digits, trailing zeros trimmed down to 2."""
    text = f"{amount:.6f}"
    while text.endswith("0") and len(text.partition(".")[2]) > 2:
        text = text[:-1]
    return text


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    rows = [ROW | {"number": n, "rate_micros": micros} for n, micros in enumerate(RATES, 1)]
    return stand.shop(*rows, balance="1000000000")


@pytest.mark.parametrize(("number", "micros"), list(enumerate(RATES, 1)))
def test_the_charge_is_exact_to_the_micro_and_rounded_up(shop: Reseller, number: int, micros: int) -> None:
    for quantity in QUANTITIES:
        exact = charge(micros, quantity)
        assert 0 <= Fraction(exact) * MICROS - Fraction(micros * quantity, 1000) < 1
        before = shop.balance()
        order = shop.order(number, link=new_link(), quantity=quantity)
        assert before - shop.balance() == exact > 0
        assert shop.ask("status", order=order).body.startswith(f'{{"charge":"{wire(exact)}",'.encode())
        assert shop.ask("balance").body == f'{{"balance":"{wire(before - exact)}","currency":"USD"}}'.encode()


def test_a_drip_feed_is_rounded_once(shop: Reseller) -> None:
    """0.333334 x 7 x 3 / 1000 = 0.007000014: once rounded up 0.007001, three times it would be 0.007002."""
    number = RATES.index(333_334) + 1
    with shop.spends("0.007001"):
        order = shop.order(number, link="a", quantity=7, runs=3, interval=5)
    assert shop.status(order)["charge"] == "0.007001"
    assert charge(333_334, 7) * 3 == Decimal("0.007002")


def test_every_service_of_the_preset_at_a_thousand_costs_its_rate(stand: Stand, carol: Reseller) -> None:
    rows = [row for row in carol.says("services") if row["type"] == "Default"]
    for row in rows:
        units = max(1000, int(row["min"]))
        exact = (Decimal(row["rate"]) * units / 1000).quantize(Decimal("0.000001"), rounding=ROUND_CEILING)
        with carol.spends(exact):
            carol.order(row["service"], link=new_link(), quantity=units)


def test_three_dimes_are_thirty_cents(stand: Stand) -> None:
    """In binary fractions 0.1 + 0.1 + 0.1 is more than 0.3."""
    shop = stand.shop(ROW | {"number": 1, "rate_micros": 100_000}, balance="0.30")
    for left in ("0.20", "0.10", "0.00"):
        shop.order(1, link=new_link(), quantity=1000)
        assert shop.says("balance")["balance"] == left
    assert shop.refused("add", service=1, link="a", quantity=1) == "Not enough funds on balance"


def test_a_balance_is_spent_to_the_last_micro(stand: Stand) -> None:
    shop = stand.shop(
        ROW | {"number": 1, "rate_micros": 1_000}, ROW | {"number": 2, "rate_micros": 1_001}, balance="0.000500"
    )
    fields = {"link": new_link()}
    for service, quantity, runs in [(1, 501, None), (2, 500, None), (1, 251, 2), (1, 10**7, None)]:
        interval = 5 if runs else None
        text = shop.refused("add", service=service, **fields, quantity=quantity, runs=runs, interval=interval)
        assert text == "Not enough funds on balance"
    shop.order(1, **fields, quantity=499)
    assert shop.ask("balance").body == b'{"balance":"0.000001","currency":"USD"}'
    assert shop.refused("add", service=1, **fields, quantity=2) == "Not enough funds on balance"
    shop.order(1, **fields, quantity=1)
    assert shop.ask("balance").body == b'{"balance":"0.00","currency":"USD"}'
    assert shop.refused("add", service=1, **fields, quantity=1) == "Not enough funds on balance"


def test_what_costs_nothing_needs_no_funds(stand: Stand) -> None:
    shop = stand.shop(ROW | {"number": 1, "rate_micros": 0}, balance="0")
    order = shop.order(1, link="a", quantity=100)
    assert shop.status(order)["charge"] == "0.00"


def test_a_price_in_the_request_is_nobodys_price(shop: Reseller) -> None:
    number = RATES.index(1_000_000) + 1
    claims = {"rate": "0.000001", "charge": "0", "price": "-5", "cost": 0, "currency": "EUR", "balance": 10**9}
    with shop.spends("0.10"):
        order = shop.order(number, link="a", quantity=100, **claims)
    assert shop.status(order)["currency"] == "USD"


def test_a_long_history_adds_up(stand: Stand) -> None:
    """300 orders of random size at awkward rates: the balance is what exact fractions say."""
    draw = random.Random(20_260)
    rates = [draw.randrange(1, 10_000_000) for _ in range(5)]
    shop = stand.shop(*(ROW | {"number": n, "rate_micros": r} for n, r in enumerate(rates, 1)), balance="100000")
    spent = Decimal(0)
    for _ in range(300):
        number, quantity = draw.randrange(1, 6), draw.randrange(1, 100_000)
        shop.order(number, link="a", quantity=quantity)
        spent += charge(rates[number - 1], quantity)
    assert shop.says("balance")["balance"] == wire(100_000 - spent)
