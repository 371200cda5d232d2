"""Rate limits: counted in memory, shared with the other processes, and kept by all of them together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace

import pytest

from panelwright.customers import rate_limits as meter_module
from panelwright.customers.actions import share_key_use
from panelwright.customers.rate_limits import Meter, RateDecision
from tests.support.people import NOON, Buyer, counts, execute, value, values

MINUTE = 29_000_000


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """The meter's own clock, at the start of a minute; `now(20)` moves it on."""
    at = [float(MINUTE * 60)]
    monkeypatch.setattr(meter_module, "time", SimpleNamespace(time=lambda: at[0]))

    def move(seconds: float) -> None:
        at[0] += seconds

    yield move
    monkeypatch.setattr(meter_module, "time", time)


@pytest.fixture
def process() -> Iterator[Callable[[], Meter]]:
    """The meter of one process; its own thread shares nothing during the test."""
    made: list[Meter] = []

    def start() -> Meter:
        made.append(Meter(every_s=3600))
        return made[-1]

    yield start
    for meter in made:
        meter._counters.clear()
        meter.stop()


def admitted(meter: Meter, digest: str, times: int) -> int:
    return sum(1 for _ in range(times) if (verdict := meter.admit(digest)) is None or verdict.allowed)


def test_a_key_that_nobody_has_found_good_is_not_counted(process: Callable[[], Meter]) -> None:
    assert process().admit("unknown") is None


def test_a_key_without_a_limit_is_never_held_up(process: Callable[[], Meter]) -> None:
    meter = process()
    meter.learn("d", 1, None)
    assert admitted(meter, "d", 1000) == 1000
    assert meter.admit("d") is None


def test_a_limit_is_kept_to_the_request_and_ends_with_the_minute(
    process: Callable[[], Meter], now: Callable[[float], None]
) -> None:
    meter = process()
    meter.learn("d", 1, 3)
    now(18)
    assert [meter.admit("d") for _ in range(4)] == [
        RateDecision(True, 3, 2, 42),
        RateDecision(True, 3, 1, 42),
        RateDecision(True, 3, 0, 42),
        RateDecision(False, 3, 0, 42),
    ]
    now(41)
    assert meter.admit("d") == RateDecision(False, 3, 0, 1)
    now(1)
    assert meter.admit("d") == RateDecision(True, 3, 2, 60)


def test_what_is_refused_is_not_counted_against_the_next_minute(
    process: Callable[[], Meter], now: Callable[[float], None]
) -> None:
    meter = process()
    meter.learn("d", 1, 2)
    admitted(meter, "d", 500)
    now(60)
    assert admitted(meter, "d", 500) == 2


def test_one_keys_flood_is_its_own(process: Callable[[], Meter], now: Callable[[float], None]) -> None:
    meter = process()
    meter.learn("flood", 1, 5)
    meter.learn("calm", 2, 5)
    assert admitted(meter, "flood", 1000) == 5
    assert admitted(meter, "calm", 5) == 5


def test_a_changed_limit_counts_at_once(process: Callable[[], Meter], now: Callable[[float], None]) -> None:
    meter = process()
    meter.learn("d", 1, 2)
    assert admitted(meter, "d", 5) == 2
    meter.learn("d", 1, 4)
    assert admitted(meter, "d", 5) == 2


@pytest.mark.django_db(transaction=True)
def test_a_limit_holds_over_all_processes(
    carol: Buyer, process: Callable[[], Meter], now: Callable[[float], None]
) -> None:
    key_id = carol.key_row.id
    one, two = process(), process()
    for meter in (one, two):
        meter.learn("d", key_id, 10)
    assert (admitted(one, "d", 6), admitted(two, "d", 3)) == (6, 3)
    for meter in (one, two, one):
        meter.share()
    assert values("SELECT key_id, minute, requests FROM customers_keyuse") == [(key_id, MINUTE, 9)]
    # One request is left, for whoever comes first; after that it takes one sharing for all to know.
    assert (admitted(one, "d", 5), admitted(two, "d", 5)) == (1, 1)
    one.share()
    two.share()
    assert (admitted(one, "d", 5), admitted(two, "d", 5)) == (0, 0)
    assert value("SELECT requests FROM customers_keyuse") == 11


@pytest.mark.django_db(transaction=True)
def test_reading_alone_writes_once_a_minute(
    carol: Buyer, process: Callable[[], Meter], now: Callable[[float], None]
) -> None:
    meter = process()
    meter.learn("d", carol.key_row.id, None)
    admitted(meter, "d", 100)
    meter.share()
    used_at = value("SELECT last_used_at FROM customers_apikey WHERE id = %s", carol.key_row.id)
    assert used_at is not None
    assert counts("customers_keyuse") == (0,)
    now(30)
    admitted(meter, "d", 100)
    meter.share()
    assert value("SELECT last_used_at FROM customers_apikey WHERE id = %s", carol.key_row.id) == used_at
    now(31)
    admitted(meter, "d", 1)
    meter.share()
    later: datetime = value("SELECT last_used_at FROM customers_apikey WHERE id = %s", carol.key_row.id)
    assert (later - used_at).total_seconds() == 61


@pytest.mark.django_db(transaction=True)
def test_an_idle_key_costs_nothing(carol: Buyer, process: Callable[[], Meter], now: Callable[[float], None]) -> None:
    meter = process()
    meter.learn("d", carol.key_row.id, 10)
    meter.share()
    now(120)
    meter.share()
    assert values("SELECT minute, requests FROM customers_keyuse") == []


@pytest.mark.django_db(transaction=True)
def test_a_last_sharing_is_done_at_the_end(carol: Buyer) -> None:
    meter = Meter(every_s=3600)
    meter.learn("d", carol.key_row.id, 10)
    meter.admit("d")
    meter.stop()
    assert value("SELECT requests FROM customers_keyuse") == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_is_tried_again_and_nothing_is_lost(
    carol: Buyer, process: Callable[[], Meter], now: Callable[[float], None]
) -> None:
    meter = process()
    meter.learn("d", carol.key_row.id, 10)
    assert admitted(meter, "d", 4) == 4
    execute("ALTER TABLE customers_keyuse RENAME TO customers_elsewhere")
    try:
        meter.share()
    finally:
        execute("ALTER TABLE customers_elsewhere RENAME TO customers_keyuse")
    assert admitted(meter, "d", 1) == 1
    meter.share()
    assert value("SELECT requests FROM customers_keyuse") == 5


def test_old_minutes_are_forgotten(carol: Buyer) -> None:
    key_id = carol.key_row.id
    for minute in (100, 101, 107):
        assert share_key_use([(key_id, 3)], minute=minute, used=[], now=NOON) == [3]
    assert share_key_use([(key_id, 4)], minute=107, used=[key_id], now=NOON) == [7]
    assert values("SELECT minute, requests FROM customers_keyuse") == [(107, 7)]


def test_a_process_knows_only_so_many_keys(process: Callable[[], Meter], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter_module, "KEYS_MAX", 3)
    meter = process()
    for key_id in range(10):
        meter.learn(str(key_id), key_id, 5)
        assert len(meter._counters) <= 3
