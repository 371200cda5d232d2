"""Periods, their steps and what they are made of, and times read off a histogram."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import spans
from panelwright.reports import calendar, periods
from panelwright.reports.cuts import TIMES_S, Figures, Grain, place_of, quantile_s
from panelwright.reports.periods import Period

TODAY = date(2026, 11, 29)
DAYS = st.dates(date(2001, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("name", "first", "last", "before"),
    [
        ("today", "2026-11-29", "2026-11-29", ("2026-11-28", "2026-11-28")),
        ("yesterday", "2026-11-28", "2026-11-28", ("2026-11-27", "2026-11-27")),
        ("7", "2026-11-23", "2026-11-29", ("2026-11-16", "2026-11-22")),
        ("month", "2026-11-01", "2026-11-29", ("2026-10-01", "2026-10-29")),
        ("last-month", "2026-10-01", "2026-10-31", ("2026-09-01", "2026-09-30")),
        ("nonsense", "2026-10-31", "2026-11-29", ("2026-10-01", "2026-10-30")),
    ],
)
def test_a_name_is_days(name: str, first: str, last: str, before: tuple[str, str]) -> None:
    period = periods.read(name, "", "", today=TODAY)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)
    past = period.before()
    assert (past.first.isoformat(), past.last.isoformat()) == before


def test_days_in_the_wrong_order_are_turned_and_too_many_are_cut() -> None:
    assert periods.read("", "2026-05-09", "2026-05-04", today=TODAY)[:2] == (date(2026, 5, 4), date(2026, 5, 9))
    assert periods.read("", "2000-01-01", "2026-05-04", today=TODAY).days == periods.DAYS_MAX


@given(first=DAYS, days=st.integers(1, 900), grain=st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH]))
def test_steps_and_ranges_cover_each_day_once(first: date, days: int, grain: Grain) -> None:
    period = Period(first, first + timedelta(days=days - 1))
    steps = list(period.steps(grain))
    assert [step.first for step in steps[1:]] == [step.last + timedelta(days=1) for step in steps[:-1]]
    assert (steps[0].first, steps[-1].last) == (period.first, period.last)
    for step in steps:
        assert calendar.number_of(grain, step.first) == calendar.number_of(grain, step.last) == step.number
    covered = []
    for part in periods.ranges(period, months=True):
        for number in range(part.first, part.last + 1):
            begin = calendar.first_day(part.grain, number)
            covered += [
                begin + timedelta(days=n) for n in range((calendar.first_day(part.grain, number + 1) - begin).days)
            ]
    assert covered == [first + timedelta(days=n) for n in range(days)]


@given(first=DAYS, days=st.integers(1, 4_000))
def test_whatever_is_asked_for_can_be_drawn(first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days - 1))
    for asked in ("", "hour", "day", "week", "month", "x"):
        step = periods.step_of(asked, period, today=TODAY)
        assert step in periods.possible_steps(period, today=TODAY)
        assert sum(1 for _ in period.steps(periods.STEPS[step])) <= 600


@pytest.mark.parametrize(
    ("text", "zone", "since", "until"),
    [
        ("2026-05-04", "UTC", "2026-05-04T00:00", "2026-05-05T00:00"),
        ("2026-05-04..2026-05-10", "Asia/Kolkata", "2026-05-03T18:30", "2026-05-10T18:30"),
        ("2026-05-04T23", "Europe/Madrid", "2026-05-04T21:00", "2026-05-04T22:00"),
        # The hour that stands twice.
        ("2026-10-25T02", "Europe/Madrid", "2026-10-25T00:00", "2026-10-25T02:00"),
        ("2026-10-25", "Europe/Madrid", "2026-10-24T22:00", "2026-10-25T23:00"),
    ],
)
def test_a_span_lies_between_two_moments(text: str, zone: str, since: str, until: str) -> None:
    span = spans.read(text)
    assert span is not None
    assert span.bounds(zone) == tuple(datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (since, until))


@pytest.mark.parametrize(
    "text", ["", "x", "2026-13-01", "2026-05-04T24", "2026-05-04..2026-05-03", "2026-05-04T1", "٢٠٢٦-05-04"]
)
def test_what_is_no_span_asks_for_nothing(text: str) -> None:
    assert spans.read(text) is None


@given(st.lists(st.integers(0, 200 * 86_400), min_size=1, max_size=60), st.sampled_from([50, 90]))
def test_a_time_read_off_the_histogram_lies_in_the_place_of_the_true_one(times: list[int], percent: int) -> None:
    counts: dict[int, int] = {}
    for time in times:
        counts[place_of(time)] = counts.get(place_of(time), 0) + 1
    read = quantile_s(list(counts.items()), percent)
    true = sorted(times)[-(-len(times) * percent // 100) - 1]
    assert read is not None
    low = TIMES_S[place_of(true) - 2] if place_of(true) > 1 else 0
    high = TIMES_S[place_of(true) - 1] if place_of(true) <= len(TIMES_S) else low
    assert low <= read <= high


def test_nothing_has_no_time_and_no_margin() -> None:
    assert quantile_s([], 50) is None
    assert Figures().margin_e3 is None
    assert Figures(1, 1, 1_000, 100, 300).margin_e3 == 667
    assert Figures(1, 1, 1_000, 0, 1_500).margin_e3 == -500
