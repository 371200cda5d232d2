"""A gateway that does not answer holds up what is paid by it, and nobody else's payments."""

from __future__ import annotations

import threading
import time as times
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from panelwright.core import clock
from tests.support.people import Time, execute, value, values

if TYPE_CHECKING:
    from panelwright.payments.loops import Asking
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_MAX_S = 60.0


class Hanging:
    """Asking about payments of the methods `hang` takes until they are let go."""

    def __init__(self, asked: Callable[..., bool], method_of: Callable[[int], int]) -> None:
        self._asked, self._method_of = asked, method_of
        self.hang: set[int] = set()
        self.begun: list[int] = []
        self.goes_on = threading.Event()

    def look(self, *, panel_id: int, payment_id: int, now: Any) -> bool:
        if self._method_of(payment_id) in self.hang:
            self.begun.append(payment_id)
            assert self.goes_on.wait(SLOW_MAX_S)
        return self._asked(panel_id=panel_id, payment_id=payment_id, now=now)


@pytest.fixture
def hanging(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    from panelwright.payments import asking_actions

    def method_of(payment_id: int) -> int:
        return int(value("SELECT method_id FROM payments_payment WHERE id = %s", payment_id))

    made = Hanging(asking_actions.look, method_of)
    monkeypatch.setattr(asking_actions, "look", made.look)
    yield made
    made.goes_on.set()


@pytest.fixture
def asking(shop: Shop, hanging: Hanging) -> Iterator[Asking]:
    from panelwright.payments import loops

    made = loops.Asking(9)
    yield made
    hanging.goes_on.set()
    made.finish(clock.now().timestamp() + SLOW_MAX_S)


def payments(shop: Shop, count: int, method_id: int) -> list[int]:
    """Ids of so many that are paid at Stripe and of which nobody has heard; all are due."""
    found = []
    for _ in range(count):
        id_ = shop.begin(method=str(method_id))
        shop.stripe.pay(shop.session(id_).id)
        found.append(id_)
        # A customer may have few that are open; how they stand is asked all the same.
        execute("UPDATE payments_payment SET state = 'expired' WHERE id = %s", id_)
    return found


def rounds_until(done: Callable[[], bool], asking: Asking) -> None:
    end = times.monotonic() + SLOW_MAX_S
    while not done():
        assert times.monotonic() < end, "it waits for who is slow"
        asking.look(50)


def states(ids: list[int]) -> set[str]:
    return {state for id_, state in values("SELECT id, state FROM payments_payment") if id_ in ids}


def test_a_method_that_hangs_holds_up_no_other(shop: Shop, asking: Asking, hanging: Hanging, time: Time) -> None:
    slow = payments(shop, 12, shop.method_id)
    time.passes(minutes=1)
    quick = payments(shop, 3, shop.method("Card of another"))
    hanging.hang = {shop.method_id}
    time.passes(minutes=2)
    # Those of the one that hangs have been due for longer.
    rounds_until(lambda: states(quick) == {"paid"}, asking)
    # It has a part of the places, and not all of them.
    assert 0 < len(hanging.begun) == len(set(hanging.begun)) < 9 and asking.under_way() == len(hanging.begun)
    assert states(slow) == {"expired"}
    hanging.goes_on.set()
    rounds_until(lambda: states(slow) == {"paid"}, asking)
    assert shop.carol.balance() == "400.00" and shop.alice.audit() == []


def test_more_than_a_round_sees_hide_nobody(shop: Shop, asking: Asking, hanging: Hanging, time: Time) -> None:
    payments(shop, 12, shop.method_id)
    time.passes(minutes=1)
    (quick,) = payments(shop, 1, shop.method("Card of another"))
    hanging.hang = {shop.method_id}
    time.passes(minutes=2)
    end = times.monotonic() + SLOW_MAX_S
    while states([quick]) != {"paid"}:
        assert times.monotonic() < end, "it waits behind those that are due for longer"
        asking.look(2)


def test_one_that_takes_longer_than_its_lease_is_not_asked_twice(
    shop: Shop, asking: Asking, hanging: Hanging, time: Time
) -> None:
    (id_,) = payments(shop, 1, shop.method_id)
    hanging.hang = {shop.method_id}
    for _ in range(3):
        time.passes(minutes=3)
        asking.look(50)
    assert hanging.begun == [id_] and asking.under_way() == 1
    hanging.goes_on.set()
    rounds_until(lambda: states([id_]) == {"paid"}, asking)


def test_at_the_end_it_is_waited_for_what_is_under_way(
    shop: Shop, asking: Asking, hanging: Hanging, time: Time
) -> None:
    (id_,) = payments(shop, 1, shop.method_id)
    hanging.hang = {shop.method_id}
    time.passes(minutes=2)
    asking.look(50)
    threading.Timer(0.3, hanging.goes_on.set).start()
    asking.finish(clock.now().timestamp() + SLOW_MAX_S)
    assert states([id_]) == {"paid"} and asking.under_way() == 0


def test_a_fault_of_one_leaves_the_others(
    shop: Shop, asking: Asking, monkeypatch: pytest.MonkeyPatch, time: Time
) -> None:
    from panelwright.payments import asking_actions, loops

    first, second = payments(shop, 2, shop.method_id)
    look = asking_actions.look

    def broken(*, panel_id: int, payment_id: int, now: Any) -> bool:
        if payment_id == first:
            raise RuntimeError("a fault of ours")
        return look(panel_id=panel_id, payment_id=payment_id, now=now)

    monkeypatch.setattr(loops, "AFTER_FAULT_S", 0.01)
    monkeypatch.setattr(asking_actions, "look", broken)
    time.passes(minutes=2)
    rounds_until(lambda: states([second]) == {"paid"}, asking)
    assert states([first]) == {"expired"}
    monkeypatch.setattr(asking_actions, "look", look)
    rounds_until(lambda: states([first]) == {"paid"}, asking)
