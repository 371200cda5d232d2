"""What staff may do with an order: numbers that are allowed, states that are, and money that adds up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.refusal import InvalidState
from panelwright.orders.settling import OpenOrder
from panelwright.providers.manual import manual_rules
from panelwright.providers.manual.manual_rules import OpenRefill

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

ORDER = OpenOrder(
    id=7,
    number=7,
    panel_id=1,
    customer_id=2,
    account_id=3,
    sales_account_id=4,
    kind="plain",
    parent_id=None,
    quantity=1000,
    booked_micros=900_000,
    charge_micros=900_000,
    status="Pending",
    start_count=None,
    remains=1000,
    job="manual",
    due_at=NOW,
    lease_until=None,
    attempts=0,
    problem_code="",
    problem_facts="",
    problem_at=None,
    provider_id=5,
    route_id=6,
    upstream_id=None,
    created_at=NOW,
    ended_at=None,
    open_link="x",
)
STARTED = ORDER._replace(status="In progress")
REFILL = OpenRefill(3, 3, 1, 7, 7, "Pending", "waiting", None, "", None, None)


def test_a_start_makes_it_in_progress_and_keeps_it_in_the_queue() -> None:
    order, refund = manual_rules.start(ORDER, 1500)
    assert order == ORDER._replace(status="In progress", start_count=1500)
    assert refund is None
    with pytest.raises(InvalidState, match="already started"):
        manual_rules.start(order, None)


@pytest.mark.parametrize("count", [-1, 2**63])
def test_a_start_count_that_cannot_be_stored_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="whole number from 0"):
        manual_rules.start(ORDER, count)


def test_progress_starts_it_and_keeps_the_start_count_unless_another_is_given() -> None:
    order, refund = manual_rules.progress(ORDER._replace(start_count=5), remains=300)
    assert (order.status, order.remains, order.start_count, refund) == ("In progress", 300, 5, None)
    assert manual_rules.progress(order, remains=700, start_count=0).order.start_count == 0
    assert manual_rules.progress(order, remains=1000).order.remains == 1000


@pytest.mark.parametrize("remains", [-1, 0, 1001])
def test_progress_with_a_wrong_number_says_what_is_allowed(remains: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 1000"):
        manual_rules.progress(STARTED, remains=remains)


@pytest.mark.parametrize("delivered", [-1, 1000])
def test_delivered_with_a_wrong_number_says_what_is_allowed(delivered: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 999"):
        manual_rules.remains_after(STARTED, delivered)


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (ORDER._replace(ended_at=NOW, job=None, status="Completed"), "order has ended"),
        (ORDER._replace(job="poll", status="Processing"), "do not deliver this order"),
        (ORDER._replace(job=None, status="Processing"), "do not deliver this order"),
    ],
)
def test_only_what_is_in_the_queue_can_be_worked_on(order: OpenOrder, text: str) -> None:
    for act in (
        lambda: manual_rules.start(order, None),
        lambda: manual_rules.progress(order, remains=1),
        lambda: manual_rules.pass_on(order, [6, 8], cancel_asked=False, now=NOW),
    ):
        with pytest.raises(InvalidState, match=text):
            act()


def test_passing_on_keeps_the_route_so_that_the_next_one_is_tried() -> None:
    order, refund = manual_rules.pass_on(STARTED._replace(start_count=3), [6, 8], cancel_asked=False, now=NOW)
    assert order == ORDER._replace(status="Pending", job="forward", provider_id=None, start_count=None)
    assert refund is None


def test_passing_on_is_refused_where_it_would_deliver_twice_or_go_nowhere() -> None:
    with pytest.raises(InvalidState, match="400 of 1000 units are delivered"):
        manual_rules.pass_on(STARTED._replace(remains=600), [6, 8], cancel_asked=False, now=NOW)
    with pytest.raises(InvalidState, match="requested a cancellation"):
        manual_rules.pass_on(STARTED, [6, 8], cancel_asked=True, now=NOW)
    for routes in ([], [6]):
        with pytest.raises(InvalidState, match="no other route"):
            manual_rules.pass_on(STARTED, routes, cancel_asked=False, now=NOW)


@given(quantity=st.integers(1, 10**12), delivered=st.integers(-5, 10**12 + 5))
def test_delivered_and_remaining_are_the_same_number_seen_from_two_ends(quantity: int, delivered: int) -> None:
    order = STARTED._replace(quantity=quantity, remains=quantity)
    if 0 <= delivered < quantity:
        remains = manual_rules.remains_after(order, delivered)
        assert remains + delivered == quantity
        assert manual_rules.progress(order, remains=remains).order.remains == remains
    else:
        with pytest.raises(ValueError, match="Delivered must be"):
            manual_rules.remains_after(order, delivered)


@pytest.mark.parametrize("state", ["waiting", "sending", "passed on"])
@pytest.mark.parametrize("due_at", [None, NOW])
def test_any_open_refill_can_be_ended_but_one_that_is_being_passed_on(state: str, due_at: datetime | None) -> None:
    refill = REFILL._replace(state=state, due_at=due_at)
    assert manual_rules.workable_refill(refill, NOW) == refill
    leased = refill._replace(lease_until=NOW + timedelta(seconds=1))
    if state == "sending":
        with pytest.raises(InvalidState, match="is being sent to the provider"):
            manual_rules.workable_refill(leased, NOW)
    else:
        assert manual_rules.workable_refill(leased, NOW) == leased
    assert manual_rules.workable_refill(leased, NOW + timedelta(seconds=1)) == leased


def test_a_refill_is_sent_only_where_a_provider_has_the_order_and_not_after_its_end() -> None:
    there = REFILL._replace(upstream_order="23501")
    assert manual_rules.sendable_refill(there, NOW) == there
    with pytest.raises(InvalidState, match="No provider has this order"):
        manual_rules.sendable_refill(REFILL, NOW)
    with pytest.raises(InvalidState, match="has ended: Rejected"):
        manual_rules.workable_refill(there._replace(ended_at=NOW, status="Rejected"), NOW)
    with pytest.raises(InvalidState, match="already at the provider"):
        manual_rules.sendable_refill(there._replace(state="passed on", due_at=NOW), NOW)
    lost = there._replace(state="passed on", due_at=NOW, problem_code="refill_not_known")
    assert manual_rules.sendable_refill(lost, NOW) == lost
