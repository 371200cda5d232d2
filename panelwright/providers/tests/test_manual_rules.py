"""What staff may do with an order: numbers that are allowed, states that are, and money that adds up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import money
from panelwright.core.refusal import NotNow
from panelwright.orders.settling import OpenOrder
from panelwright.providers import manual_rules
from panelwright.providers.manual_rules import OpenRefill

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

ORDER = OpenOrder(
    id=7,
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
    problem="",
    provider_id=5,
    route_id=6,
    upstream_id=None,
    created_at=NOW,
    ended_at=None,
    open_link="x",
)
STARTED = ORDER._replace(status="In progress")
REFILL = OpenRefill(3, 1, 7, "Pending", "waiting", None, "", None, None)


def test_a_start_makes_it_in_progress_and_keeps_it_in_the_queue() -> None:
    order, refund = manual_rules.start(ORDER, 1500)
    assert order == ORDER._replace(status="In progress", start_count=1500)
    assert refund is None
    with pytest.raises(NotNow, match="order 7 is started already"):
        manual_rules.start(order, None)


@pytest.mark.parametrize("count", [-1, 2**63])
def test_a_start_count_that_cannot_be_stored_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="a start count is a whole number from 0"):
        manual_rules.start(ORDER, count)


def test_progress_starts_it_and_keeps_the_start_count_unless_another_is_given() -> None:
    order, refund = manual_rules.progress(ORDER._replace(start_count=5), remains=300)
    assert (order.status, order.remains, order.start_count, refund) == ("In progress", 300, 5, None)
    assert manual_rules.progress(order, remains=700, start_count=0).order.start_count == 0
    assert manual_rules.progress(order, remains=1000).order.remains == 1000


@pytest.mark.parametrize("remains", [-1, 0, 1001])
def test_progress_with_a_wrong_number_says_what_is_allowed(remains: int) -> None:
    with pytest.raises(ValueError, match="what remains of order 7 must be 1 to 1000; when nothing remains, it is done"):
        manual_rules.progress(STARTED, remains=remains)


@pytest.mark.parametrize("delivered", [-1, 1000])
def test_delivered_with_a_wrong_number_says_what_is_allowed(delivered: int) -> None:
    with pytest.raises(ValueError, match="what is delivered of order 7 must be 0 to 999; when all is, it is done"):
        manual_rules.remains_after(STARTED, delivered)


@pytest.mark.parametrize("remains", [-1, 0, 1000])
def test_partial_with_a_wrong_number_says_what_is_allowed(remains: int) -> None:
    with pytest.raises(ValueError, match="what remains of order 7 must be 1 to 999"):
        manual_rules.partial(STARTED, remains=remains, now=NOW)
    with pytest.raises(ValueError, match="order 7 is of one unit: it is either done or canceled"):
        manual_rules.partial(STARTED._replace(quantity=1, remains=1), remains=1, now=NOW)


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (ORDER._replace(ended_at=NOW, job=None, status="Completed"), "order 7 has ended: Completed"),
        (ORDER._replace(job="poll", status="Processing"), "order 7 is not delivered by hand: it is Processing"),
        (ORDER._replace(job=None, status="Processing"), "order 7 is not delivered by hand: it is Processing"),
    ],
)
def test_only_what_is_in_the_queue_can_be_worked_on(order: OpenOrder, text: str) -> None:
    for act in (
        lambda: manual_rules.start(order, None),
        lambda: manual_rules.progress(order, remains=1),
        lambda: manual_rules.partial(order, remains=1, now=NOW),
        lambda: manual_rules.done(order, now=NOW),
        lambda: manual_rules.cancel(order, now=NOW),
        lambda: manual_rules.accept_cancel(order, now=NOW),
        lambda: manual_rules.pass_on(order, [6, 8], cancel_asked=False, now=NOW),
    ):
        with pytest.raises(NotNow, match=text):
            act()


def test_passing_on_keeps_the_route_so_that_the_next_one_is_tried() -> None:
    order, refund = manual_rules.pass_on(STARTED._replace(start_count=3), [6, 8], cancel_asked=False, now=NOW)
    assert order == ORDER._replace(status="Pending", job="forward", provider_id=None, start_count=None)
    assert refund is None


def test_passing_on_is_refused_where_it_would_deliver_twice_or_go_nowhere() -> None:
    with pytest.raises(NotNow, match="400 of 1000 units of order 7 are delivered"):
        manual_rules.pass_on(STARTED._replace(remains=600), [6, 8], cancel_asked=False, now=NOW)
    with pytest.raises(NotNow, match="the customer asked for order 7 to be cancelled"):
        manual_rules.pass_on(STARTED, [6, 8], cancel_asked=True, now=NOW)
    for routes in ([], [6]):
        with pytest.raises(NotNow, match="there is no other route for order 7"):
            manual_rules.pass_on(STARTED, routes, cancel_asked=False, now=NOW)


@given(
    quantity=st.integers(2, 10**9),
    booked=st.integers(0, 10**15),
    data=st.data(),
)
def test_what_is_kept_and_what_goes_back_add_up(quantity: int, booked: int, data: st.DataObject) -> None:
    remains = data.draw(st.integers(1, quantity - 1))
    order = STARTED._replace(
        quantity=quantity, remains=remains, booked_micros=booked, charge_micros=booked, start_count=1
    )
    back = money.refund(charge_micros=booked, remains=remains, quantity=quantity)
    for ended in (
        manual_rules.partial(order, remains=remains, now=NOW),
        manual_rules.accept_cancel(order, now=NOW),
    ):
        assert (ended.order.status, ended.order.remains, ended.order.job) == ("Partial", remains, None)
        assert ended.order.charge_micros == booked - back
        assert (ended.refund.micros if ended.refund else 0) == back
    whole = manual_rules.cancel(order, now=NOW)
    assert (whole.order.status, whole.order.charge_micros, whole.order.remains) == ("Canceled", 0, quantity)
    assert (whole.refund.micros if whole.refund else 0) == booked
    finished = manual_rules.done(order, now=NOW)
    assert (finished.order.status, finished.order.charge_micros, finished.order.remains) == ("Completed", booked, 0)
    assert finished.refund is None


@given(quantity=st.integers(1, 10**12), delivered=st.integers(-5, 10**12 + 5))
def test_delivered_and_remaining_are_the_same_number_seen_from_two_ends(quantity: int, delivered: int) -> None:
    order = STARTED._replace(quantity=quantity, remains=quantity)
    if 0 <= delivered < quantity:
        remains = manual_rules.remains_after(order, delivered)
        assert remains + delivered == quantity
        assert manual_rules.progress(order, remains=remains).order.remains == remains
    else:
        with pytest.raises(ValueError, match="what is delivered"):
            manual_rules.remains_after(order, delivered)


def test_a_cancel_of_what_nothing_was_delivered_of_is_a_whole_one() -> None:
    assert manual_rules.accept_cancel(STARTED, now=NOW).order.status == "Canceled"


@pytest.mark.parametrize(
    ("state", "due_at", "problem", "theirs"),
    [
        ("waiting", None, "", True),
        ("sending", None, "outcome unknown: …", True),
        ("passed on", None, "the provider took it and gave no refill id", True),
        ("waiting", NOW, "Invalid API key", True),
        ("passed on", NOW, "the provider does not know its refill 7", True),
        ("sending", NOW, "Invalid API key", False),
        ("waiting", NOW, "", False),
        ("passed on", NOW, "", False),
    ],
)
def test_which_refills_are_for_staff(state: str, due_at: datetime | None, problem: str, theirs: bool) -> None:
    refill = REFILL._replace(state=state, due_at=due_at, problem=problem)
    if theirs:
        assert manual_rules.workable_refill(refill) == refill
    else:
        with pytest.raises(NotNow, match="refill 3 is with its provider, or about to be"):
            manual_rules.workable_refill(refill)


def test_a_refill_is_sent_only_where_a_provider_has_the_order_and_not_after_its_end() -> None:
    there = REFILL._replace(upstream_order="23501")
    assert manual_rules.sendable_refill(there) == there
    with pytest.raises(NotNow, match="no provider has order 7"):
        manual_rules.sendable_refill(REFILL)
    with pytest.raises(NotNow, match="refill 3 has ended: Rejected"):
        manual_rules.workable_refill(there._replace(ended_at=NOW, status="Rejected"))


def test_a_reason_is_one_line_and_no_longer_than_it_may_be() -> None:
    assert manual_rules.reason("  too \n late ") == "too late"
    assert manual_rules.reason("x" * 500) == "x" * 500
    for text in ("", " \n", "x" * 501, "a\x00b"):
        with pytest.raises(ValueError, match="say why, in 1 to 500 characters"):
            manual_rules.reason(text)


def test_an_upstream_id_fits_its_column() -> None:
    assert manual_rules.upstream_id(" API100025 ") == "API100025"
    for text in ("", "  ", "x" * 101, "a\x00"):
        with pytest.raises(ValueError, match="a provider's order id has 1 to 100 characters"):
            manual_rules.upstream_id(text)
