"""Who guesses is slowed down, over all processes and however many guesses come at once."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from panelwright.core.refusal import Refusal
from panelwright.customers import throttle_actions
from panelwright.customers.models import Attempts
from panelwright.customers.throttle_actions import LETTER_ACCOUNT, LOG_IN_ACCOUNT, LOG_IN_ADDRESS
from tests.support.people import Owner, Time, value
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
    assert value("SELECT MAX(count) FROM customers_attempts") == 16
