"""Two panels of one server have the same numbers, and neither ever sees the other's orders."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.support.effort import effort

ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 1_000,
    "min": 1,
    "max": 1_000_000,
    "cancel": True,
    "refill": True,
    "drip_feed": True,
}
BAD = {"error": "Incorrect order ID"}
# Which of the two panels, and whether it orders or asks about what the other one ordered.
STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from(["add", "add", "status", "many", "refill", "cancel"])))


class Told:
    """A customer's program on one panel, and what it has been told: number -> how much was ordered under it."""

    def __init__(self, reseller: Reseller, first: int) -> None:
        self.reseller = reseller
        self.orders: dict[int, int] = {}
        # So that nothing which is true of an order here is true of one there.
        self.quantity = first

    def add(self) -> None:
        self.quantity += 2
        number = self.reseller.order(1, link=new_link(), quantity=self.quantity)
        assert number not in self.orders
        assert number > max(self.orders, default=1000)
        self.orders[number] = self.quantity

    def asks(self, action: str, numbers: list[int]) -> None:
        """Of each number it hears what is its own, or that there is none."""
        listed = ",".join(map(str, numbers))
        if action == "status" and numbers:
            self._is_own(numbers[-1], self.reseller.ask("status", order=numbers[-1]).value)
        if action == "many":
            told = self.reseller.ask("status", orders=listed).value
            for number in numbers:
                self._is_own(number, told[str(number)])
        if action in ("refill", "cancel"):
            foreign = [number for number in numbers if number not in self.orders]
            asked = ",".join(map(str, foreign))
            if foreign:
                told = self.reseller.ask(action, orders=asked).value
                assert told == [{"order": number, action: BAD} for number in foreign]

    def _is_own(self, number: int, told: Any) -> None:
        if number in self.orders:
            assert told["remains"] == str(self.orders[number])
        else:
            assert told == BAD


@pytest.fixture(scope="module")
def both(stand: Stand) -> tuple[Told, Told]:
    # Odd quantities here, even ones there.
    return Told(stand.shop(ROW, apart=False), 1), Told(stand.shop(ROW, apart=False), 2)


@settings(
    max_examples=effort(8, proving=300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_numbers_of_two_panels_are_each_their_own(both: tuple[Told, Told], steps: list[tuple[bool, str]]) -> None:
    for second, action in steps:
        here, there = both[second], both[not second]
        if action == "add":
            here.add()
        else:
            here.asks(action, sorted(there.orders)[-50:])
    assert all(told.orders.keys() <= set(range(1001, 10**6)) for told in both)


def test_both_begin_alike_and_a_program_of_one_finds_nothing_at_the_other(both: tuple[Told, Told]) -> None:
    for told in both:
        told.add()
        told.add()
    first, second = both
    assert min(first.orders) == min(second.orders) == 1001
    same = sorted(first.orders.keys() & second.orders.keys())
    assert same
    for number in same:
        assert first.reseller.status(number)["remains"] != second.reseller.status(number)["remains"]
    # The keys do not open the other panel, whatever number is asked for.
    stray = Reseller(
        first.reseller.stand,
        host=second.reseller.host,
        panel_id=second.reseller.panel_id,
        customer_id=0,
        account_id=0,
        key_id=0,
        key=first.reseller.key,
    )
    assert stray.ask("status", order=same[0]).value == {"error": "Invalid API key"}
    assert stray.ask("status", orders=",".join(map(str, same))).value == {"error": "Invalid API key"}
