"""Sessions: a row and a cookie's digest; they end when they should, and never belong to another panel."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.customers import sessions
from panelwright.customers.models import Device, Session
from panelwright.customers.session_actions import end_others, end_session, meet_device, note_seen, open_session
from panelwright.customers.sessions import session_of, sessions_of
from tests.support.people import Buyer, Owner, Time, execute, value, values
from tests.support.threads import together


def opened(buyer: Buyer) -> str:
    with scope(panel=buyer.owner.panel):
        return open_session(user=buyer.customer.user, address="198.51.100.7", browser="Firefox")


def found(buyer: Buyer, token: str) -> Session | None:
    with scope(panel=buyer.owner.panel):
        return sessions.session_of(buyer.owner.panel_id, token, now=clock.now())


def test_a_session_is_found_by_its_token_of_which_only_the_digest_is_stored(carol: Buyer, time: Time) -> None:
    token = opened(carol)
    assert len(token) == 43
    session = found(carol, token)
    assert session is not None
    assert (session.user_id, session.user.customer.id) == (carol.customer.user_id, carol.customer_id)
    assert session.expires_at == time.now + timedelta(days=30)
    assert value("SELECT digest FROM customers_session") == hashlib.sha256(token.encode()).hexdigest()
    assert found(carol, "") is None
    assert found(carol, token[:-1]) is None
    assert found(carol, value("SELECT digest FROM customers_session")) is None


def test_another_panel_does_not_know_it(carol: Buyer, mallory: Buyer) -> None:
    token = opened(carol)
    assert found(mallory, token) is None
    with scope(panel=mallory.owner.panel):
        assert not end_session(
            panel_id=mallory.owner.panel_id,
            user_id=carol.customer.user_id,
            session_id=value("SELECT id FROM customers_session"),
        )
    assert found(carol, token) is not None


def test_it_lasts_thirty_days_after_its_last_use(carol: Buyer, time: Time) -> None:
    token = opened(carol)
    time.passes(days=29)
    session = found(carol, token)
    assert session is not None
    with scope(panel=carol.owner.panel):
        assert note_seen(session, address="203.0.113.9", now=time.now)
    time.passes(minutes=4)
    again = found(carol, token)
    assert again is not None
    assert again.address == "203.0.113.9"
    with scope(panel=carol.owner.panel):
        assert not note_seen(again, address="203.0.113.10", now=time.now), "a page view is no write"
    time.passes(days=30)
    assert found(carol, token) is None


def test_whoever_may_not_log_in_any_more_is_out_at_once(carol: Buyer) -> None:
    token = opened(carol)
    execute("UPDATE customers_user SET is_active = %s WHERE id = %s", False, carol.customer.user_id)
    assert found(carol, token) is None


def test_others_end_and_one_stays(carol: Buyer) -> None:
    dave = carol.owner.customer("dave")
    first, second, third, other = opened(carol), opened(carol), opened(carol), opened(dave)
    kept = found(carol, second)
    assert kept is not None
    with scope(panel=carol.owner.panel):
        assert end_others(panel_id=carol.owner.panel_id, user_id=carol.customer.user_id, keep_id=kept.id) == 2
    assert [found(carol, token) is not None for token in (first, second, third, other)] == [False, True, False, True]
    with scope(panel=carol.owner.panel):
        assert not end_session(panel_id=carol.owner.panel_id, user_id=dave.customer.user_id, session_id=kept.id)
        assert end_session(panel_id=carol.owner.panel_id, user_id=carol.customer.user_id, session_id=kept.id)
        assert not note_seen(kept, address="", now=clock.now() + timedelta(hours=1)), "it stays ended"


def test_sessions_that_are_over_are_swept_at_the_next_log_in(carol: Buyer, time: Time) -> None:
    opened(carol)
    time.passes(days=31)
    opened(carol)
    assert value("SELECT COUNT(*) FROM customers_session") == 1


def test_a_browser_that_was_not_seen_before_is_new_but_the_first_is_not(carol: Buyer, time: Time) -> None:
    user = carol.customer.user
    with scope(panel=carol.owner.panel):
        met = [meet_device(user=user, device=device, now=time.now) for device in ("one", "one", "two", "two", "one")]
    assert met == [False, False, True, False, False]


def test_browsers_are_remembered_up_to_a_number(carol: Buyer, time: Time) -> None:
    user = carol.customer.user
    with scope(panel=carol.owner.panel):
        for number in range(sessions.DEVICES_MAX + 3):
            meet_device(user=user, device=f"device {number}", now=time.now)
        assert Device.objects.count() == sessions.DEVICES_MAX
        assert not meet_device(user=user, device=f"device {sessions.DEVICES_MAX + 2}", now=time.now)
        assert meet_device(user=user, device="device 0", now=time.now), "the oldest was forgotten"


def test_what_a_browser_calls_itself_is_kept_as_far_as_it_can_be_read(carol: Buyer) -> None:
    with scope(panel=carol.owner.panel):
        open_session(user=carol.customer.user, address="1" * 60, browser="Fire\x00fox\n\ud800" + "x" * 400)
    (row,) = values("SELECT address, browser FROM customers_session")
    assert row == ("1" * 45, "Firefox" + "x" * 290)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_busy_does_not_stop_a_page(transactional_db: None, carol: Buyer, time: Time) -> None:
    """Somebody holds the database (SQLite) or the row (PostgreSQL): what is noted can wait, the page cannot."""
    token = opened(carol)
    time.passes(minutes=10)
    session = found(carol, token)
    assert session is not None
    ready, held = threading.Event(), threading.Event()

    def hold() -> bool:
        with transaction.atomic():
            execute("UPDATE customers_session SET browser = %s", "held")
            ready.set()
            return held.wait(60)

    def note() -> bool:
        assert ready.wait(60)
        execute("PRAGMA busy_timeout = 50" if connection.vendor == "sqlite" else "SET lock_timeout = '50ms'")
        try:
            with scope(panel=carol.owner.panel):
                return note_seen(session, address="203.0.113.9", now=time.now)
        finally:
            held.set()
            if connection.vendor == "postgresql":
                # The connection goes back to the pool: whoever gets it next is patient.
                execute("RESET lock_timeout")

    assert together([hold, note]) == [True, False]
    with scope(panel=carol.owner.panel):
        assert note_seen(session, address="203.0.113.9", now=time.now), "the next page notes it"


def test_a_session_ends_after_90_days_however_much_it_is_used(alice: Owner, carol: Buyer, time: Time) -> None:
    with scope(panel=alice.panel):
        token = open_session(user=carol.customer.user, address="198.51.100.7", browser="Firefox")
        for _ in range(8):
            time.passes(days=10)
            session = session_of(alice.panel_id, token, now=time.now)
            assert session is not None
            assert note_seen(session, address="198.51.100.7", now=time.now)
            assert session_of(alice.panel_id, token, now=time.now) is not None
        time.passes(days=10, seconds=-1)
        session = session_of(alice.panel_id, token, now=time.now)
        assert session is not None
        note_seen(session, address="198.51.100.7", now=time.now)
        time.passes(seconds=1)
        assert session_of(alice.panel_id, token, now=time.now) is None
        assert list(sessions_of(alice.panel_id, carol.customer.user_id, now=time.now)) == []


def test_a_session_from_before_that_rule_ends_too(alice: Owner, carol: Buyer, time: Time) -> None:
    with scope(panel=alice.panel):
        token = open_session(user=carol.customer.user, address="", browser="")
        execute("UPDATE customers_session SET expires_at = %s", time.now + timedelta(days=400))
        time.passes(days=91)
        assert session_of(alice.panel_id, token, now=time.now) is None
        open_session(user=carol.customer.user, address="", browser="")
        assert value("SELECT COUNT(*) FROM customers_session") == 1, "and is swept at the next log-in"
