"""The pure parts: what an order does as time goes by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from panelwright.sandbox import delivery, money
from panelwright.sandbox.catalogue import BY_ID, CATALOGUE, pick
from panelwright.sandbox.clock import Anchor, Clock
from panelwright.sandbox.delivery import SandboxOrder

T0 = 1_700_000_000_000


def _order(*, character: str, order_id: int, quantity: int = 1000) -> SandboxOrder:
    service = pick(type="Default", character=character)
    charge = money.charge(service, units=quantity)
    course = delivery.plan(service, order_id=order_id, quantity=quantity, charge_micros=charge, now=T0)
    return SandboxOrder(order_id, "owner", service.service, "x", quantity, charge, {}, T0, T0, course)


@pytest.mark.parametrize("character", ["fast", "steady", "slow", "partial", "cancels"])
def test_an_order_only_goes_forward_and_its_end_is_for_ever(character: str):
    steps = {"Pending": 0, "In progress": 1, "Completed": 2, "Partial": 2, "Canceled": 2}
    for order_id in range(60):
        order = _order(character=character, order_id=order_id)
        last = delivery.state(order, now=T0)
        assert (last.status, last.start_count, last.remains) == ("Pending", 0, 1000)
        for now in range(T0, T0 + 300_000, 500):
            state = delivery.state(order, now=now)
            assert steps[state.status] >= steps[last.status]
            assert state.remains <= last.remains
            if steps[last.status] == 2:
                assert state == last
            last = state
        assert steps[last.status] == 2
        assert delivery.state(replace(order, settled=True), now=T0) == last


def test_ends_and_charges_are_exact_and_every_character_shows_itself():
    ends: dict[str, set[str]] = {}
    for character in ("fast", "steady", "slow", "partial", "cancels"):
        for order_id in range(200):
            order = _order(character=character, order_id=order_id, quantity=order_id % 7 + 1)
            course, full = order.plan, order.charge_micros
            ends.setdefault(character, set()).add(course.outcome)
            match course.outcome:
                case "Completed":
                    assert (course.remains, course.kept_micros) == (0, full)
                case "Partial":
                    assert 0 < course.remains < order.quantity
                    assert course.kept_micros == full - full * course.remains // order.quantity
                case "Canceled":
                    assert (course.remains > 0, course.kept_micros) == (True, 0)
    assert ends == {
        "fast": {"Completed"},
        "steady": {"Completed"},
        "slow": {"Completed"},
        "partial": {"Completed", "Partial"},
        "cancels": {"Completed", "Canceled"},
    }


def test_the_course_depends_on_the_id_alone():
    assert _order(character="partial", order_id=5) == _order(character="partial", order_id=5)
    assert _order(character="partial", order_id=5).plan != _order(character="partial", order_id=6).plan


@pytest.mark.parametrize("character", ["steady", "partial", "cancels"])
def test_a_cancel_at_any_moment_is_exact_and_never_gives_units_back(character: str):
    outcomes = set()
    for order_id in range(20):
        order = _order(character=character, order_id=order_id)
        for at in range(T0, order.plan.ends_at, 700):
            changed = replace(order, plan=delivery.cancelled(order, now=at))
            assert delivery.cancelled(changed, now=at) == changed.plan
            assert changed.plan.ends_at <= max(at + delivery.CANCEL_MS, order.plan.ends_at)
            just_before = delivery.state(changed, now=changed.plan.ends_at - 1)
            end = delivery.state(changed, now=changed.plan.ends_at)
            assert end.remains <= just_before.remains
            outcomes.add(end.status)
            if changed.plan != order.plan:
                assert (end.status == "Canceled") == (end.remains == 1000)
    assert {"Canceled", "Partial"} <= outcomes


def test_rates_are_exact_in_micros_and_ids_unique():
    assert len(BY_ID) == len(CATALOGUE)
    for service in CATALOGUE:
        assert money.text(service.rate_micros) == service.rate
    assert money.charge(BY_ID[3], units=1) == 334  # 333.333 micros, rounded up
    assert money.parse("12.5") == 12_500_000
    assert money.parse("12.1234567") is None


def test_the_clock_keeps_its_pace_over_changes_and_never_goes_back():
    wall = 1_000_000
    clock = Clock(Anchor(wall, 5_000_000, 1.0), wall=lambda: wall)
    wall += 2_000
    assert clock.now() == 5_002_000
    clock.change(speed=10)
    wall += 1_000
    assert clock.now() == 5_012_000
    wall -= 500_000
    assert clock.now() == 5_012_000
    anchor = clock.change(advance_ms=60_000)
    assert anchor == Anchor(wall, 5_072_000, 10)
    clock.change(speed=0)
    wall += 1_000_000
    assert clock.now() == 5_072_000
    assert Clock(anchor, wall=lambda: wall).now() == 15_072_000
