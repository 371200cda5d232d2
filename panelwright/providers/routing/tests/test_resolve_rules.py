"""What a person decides about an open order, whatever state it is in: who may, when, and the money of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import money
from panelwright.providers.manual.tests.test_manual_rules import NOW, STARTED
from panelwright.providers.routing import resolve_rules


@pytest.mark.parametrize("remains", [-1, 0, 1000])
def test_partial_with_a_wrong_number_says_what_is_allowed(remains: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 999"):
        resolve_rules.partial(STARTED, remains=remains, now=NOW)
    with pytest.raises(ValueError, match="one unit: complete or cancel it"):
        resolve_rules.partial(STARTED._replace(quantity=1, remains=1), remains=1, now=NOW)


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
    for decided in (
        resolve_rules.partial(order, remains=remains, now=NOW),
        resolve_rules.accept_cancel(order, now=NOW),
    ):
        (ended,) = decided.settled
        assert (ended.order.status, ended.order.remains, ended.order.job) == ("Partial", remains, None)
        assert ended.order.charge_micros == booked - back
        assert (ended.refund.micros if ended.refund else 0) == back
    (whole,) = resolve_rules.cancel(order, now=NOW).settled
    assert (whole.order.status, whole.order.charge_micros, whole.order.remains) == ("Canceled", 0, quantity)
    assert (whole.refund.micros if whole.refund else 0) == booked
    (finished,) = resolve_rules.done(order, now=NOW).settled
    assert (finished.order.status, finished.order.charge_micros, finished.order.remains) == ("Completed", booked, 0)
    assert finished.refund is None


def test_a_cancel_of_what_nothing_was_delivered_of_is_a_whole_one() -> None:
    assert resolve_rules.accept_cancel(STARTED, now=NOW).settled[0].order.status == "Canceled"


def test_a_reason_is_one_line_and_no_longer_than_it_may_be() -> None:
    assert resolve_rules.reason("  too \n late ") == "too late"
    assert resolve_rules.reason("x" * 500) == "x" * 500
    for text in ("", " \n", "x" * 501, "a\x00b"):
        with pytest.raises(ValueError, match="Enter a reason of 1 to 500 characters"):
            resolve_rules.reason(text)


def test_an_upstream_id_fits_its_column() -> None:
    assert resolve_rules.upstream_id(" API100025 ") == "API100025"
    for text in ("", "  ", "x" * 101, "a\x00", "12,13", "12 13"):
        with pytest.raises(ValueError, match="order ID at the provider: 1 to 100 characters"):
            resolve_rules.upstream_id(text)
