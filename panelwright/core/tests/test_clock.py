"""Tests and the simulator move the clock; nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from panelwright.core import clock

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_the_time_is_aware_and_in_utc() -> None:
    now = clock.now()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_clock_stands_still_where_it_is_put() -> None:
    with clock.at(NOON):
        assert clock.now() == NOON
        with clock.at(lambda: NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON
    assert clock.now() != NOON


def test_the_clock_goes_on_after_a_failure() -> None:
    with pytest.raises(ZeroDivisionError), clock.at(NOON):
        assert 1 / 0
    assert clock.now() != NOON
