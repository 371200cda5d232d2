"""Who guesses is slowed down, over all processes and however many guesses come at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from panelwright.core.refusal import Refusal
from panelwright.customers import throttle_actions
from panelwright.customers.models import Attempts
from panelwright.customers.throttle_actions import LETTER_ACCOUNT, LOG_IN_ACCOUNT, LOG_IN_ADDRESS
from tests.support.people import Owner, Time, value, values
from tests.support.threads import together

EMAIL = "carol@customer.example"


def tries(owner: Owner, time: Time, times: int, subject: str = EMAIL) -> list[Refusal | None]:
    return [throttle_actions.count(owner.panel_id, [(LOG_IN_ACCOUNT, subject)], now=time.now) for _ in range(times)]


def test_the_eleventh_try_waits_for_the_next_quarter_of_an_hour(alice: Owner, time: Time) -> None:
    time.passes(minutes=4, seconds=30)
    assert tries(alice, time, 10) == [None] * 10
    assert tries(alice, time, 2) == [Refusal("too_often", limit=11)] * 2
    time.passes(minutes=10, seconds=29)
    assert tries(alice, time, 1) == [Refusal("too_often", limit=1)]
    time.passes(seconds=1)
    assert tries(alice, time, 1) == [None]


def test_subjects_kinds_and_panels_are_counted_apart(alice: Owner, rival: Owner, time: Time) -> None:
    assert tries(alice, time, 11)[-1] is not None
    assert tries(alice, time, 1, "bob@shop.example") == [None]
    assert tries(rival, time, 1) == [None]
    assert throttle_actions.count(alice.panel_id, [(LETTER_ACCOUNT, EMAIL)], now=time.now) is None
    # However the address is written.
    assert tries(alice, time, 1, " CAROL@customer.example") != [None]


def test_one_of_several_is_enough_to_refuse(alice: Owner, time: Time) -> None:
    both = [(LOG_IN_ACCOUNT, EMAIL), (LOG_IN_ADDRESS, "198.51.100.7")]
    assert [throttle_actions.count(alice.panel_id, both, now=time.now) for _ in range(11)][9:] == [
        None,
        Refusal("too_often", limit=15),
    ]
    others = [(LOG_IN_ACCOUNT, "dave@customer.example"), (LOG_IN_ADDRESS, "198.51.100.7")]
    assert throttle_actions.count(alice.panel_id, others, now=time.now) is None


def test_who_knew_it_starts_anew(alice: Owner, time: Time) -> None:
    tries(alice, time, 10)
    throttle_actions.forget(alice.panel_id, LOG_IN_ACCOUNT, EMAIL)
    assert tries(alice, time, 10) == [None] * 10


def test_what_is_an_hour_old_is_forgotten_and_no_address_is_stored(alice: Owner, time: Time) -> None:
    tries(alice, time, 3)
    with scopes_disabled():
        assert EMAIL not in str(list(Attempts.objects.values()))
    time.passes(hours=2)
    tries(alice, time, 1, "bob@shop.example")
    assert value("SELECT COUNT(*) FROM customers_attempts") == 1


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_do_not_slip_through(transactional_db: None, alice: Owner, time: Time) -> None:
    def guess() -> Refusal | None:
        return throttle_actions.count(alice.panel_id, [(LOG_IN_ACCOUNT, EMAIL), (LOG_IN_ADDRESS, "x")], now=time.now)

    found = together([guess] * 16)
    assert found.count(None) == 10
    assert value("SELECT MAX(count) FROM customers_attempts") == 10
    assert value("SELECT MAX(count) FROM customers_addressattempts") == 10, "who was refused counts nowhere"


def test_a_refused_try_writes_no_row(alice: Owner, time: Time) -> None:
    both = [(LOG_IN_ACCOUNT, EMAIL), (LOG_IN_ADDRESS, "198.51.100.7")]
    for _ in range(10):
        assert throttle_actions.count(alice.panel_id, both, now=time.now) is None
    before = rows()
    with CaptureQueriesContext(connection) as asked:
        for number in range(50):
            others = [(LOG_IN_ACCOUNT, EMAIL), (LOG_IN_ADDRESS, f"198.51.100.{number}")]
            assert throttle_actions.count(alice.panel_id, others, now=time.now) is not None
    assert rows() == before
    assert [query["sql"] for query in asked if not query["sql"].startswith("SELECT")] == []


def test_a_refusal_that_others_bring_about_meanwhile_counts_nothing(
    alice: Owner, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and counting: what was counted before it in the same try is taken back."""
    for _ in range(10):
        throttle_actions.count(alice.panel_id, [(LOG_IN_ADDRESS, "x"), (LOG_IN_ACCOUNT, EMAIL)], now=time.now)
    before = rows()
    monkeypatch.setattr(throttle_actions, "_seen", lambda *_: 0)
    fresh = [(LOG_IN_ACCOUNT, EMAIL), (LOG_IN_ADDRESS, "another")]
    assert throttle_actions.count(alice.panel_id, fresh, now=time.now) is not None
    assert rows() == before


def test_an_address_is_counted_over_all_panels(alice: Owner, rival: Owner, time: Time) -> None:
    for number in range(60):
        owner = alice if number % 2 else rival
        tried = [(LOG_IN_ACCOUNT, f"{number}@customer.example"), (LOG_IN_ADDRESS, "198.51.100.7")]
        assert throttle_actions.count(owner.panel_id, tried, now=time.now) is None
    for owner in (alice, rival):
        tried = [(LOG_IN_ACCOUNT, "dave@customer.example"), (LOG_IN_ADDRESS, "198.51.100.7")]
        assert throttle_actions.count(owner.panel_id, tried, now=time.now) is not None


def test_what_was_not_looked_at_is_taken_back_and_leaves_no_row(alice: Owner, time: Time) -> None:
    throttle_actions.count(alice.panel_id, [(LOG_IN_ACCOUNT, EMAIL)], now=time.now)
    before = values("SELECT panel_id, kind, subject, stretch, count FROM customers_attempts")
    for number in range(70):
        both = [(LOG_IN_ACCOUNT, f"{number}@customer.example"), (LOG_IN_ADDRESS, "198.51.100.7")]
        assert throttle_actions.count(alice.panel_id, both, now=time.now) is None
        throttle_actions.take_back(alice.panel_id, both, now=time.now)
        mine = [(LOG_IN_ACCOUNT, EMAIL), (LOG_IN_ADDRESS, "198.51.100.7")]
        assert throttle_actions.count(alice.panel_id, mine, now=time.now) is None
        throttle_actions.take_back(alice.panel_id, mine, now=time.now)
    assert values("SELECT panel_id, kind, subject, stretch, count FROM customers_attempts") == before
    assert values("SELECT * FROM customers_addressattempts") == []


def test_what_is_taken_back_late_is_not_taken_from_the_next_stretch(alice: Owner, time: Time) -> None:
    tried = [(LOG_IN_ACCOUNT, EMAIL)]
    then = time.now
    throttle_actions.count(alice.panel_id, tried, now=then)
    time.passes(seconds=throttle_actions.STRETCH_S)
    throttle_actions.count(alice.panel_id, tried, now=time.now)
    throttle_actions.take_back(alice.panel_id, tried, now=then)
    assert values("SELECT count FROM customers_attempts") == [(1,)]


def rows() -> list[tuple[object, ...]]:
    return values("SELECT * FROM customers_attempts ORDER BY id") + values(
        "SELECT * FROM customers_addressattempts ORDER BY id"
    )
