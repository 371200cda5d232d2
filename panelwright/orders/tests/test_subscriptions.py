"""Subscriptions are paused, resumed and cancelled by people; no order of arrival makes them order too much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.refusal import Refusal
from panelwright.core.sql import ERRORS
from panelwright.orders import pause_actions as actions
from panelwright.orders import same_link
from panelwright.orders.post_rules import ReportedPost, is_old, order_at, username_key, within
from panelwright.orders.schedule_actions import record_post, record_posts
from tests.support import people
from tests.support.people import (
    NOON,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    check_books,
    children_of,
    everything,
    execute,
    row_of,
    run_schedules,
    value,
    values,
)

POST = "https://example.com/carol/post"


def subscribe(carol: Buyer, **params: object) -> int:
    return carol.order(service=SUBSCRIPTION, **{"delay": 0, **params})


def heard(order_id: int, number: int, published_at: datetime | None = None) -> bool:
    panel_id = row_of(order_id).panel_id
    link = f"{POST}/{number}"
    return record_post(panel_id=panel_id, subscription_id=order_id, link=link, published_at=published_at)


def ordered(order_id: int) -> list[int]:
    people.run_schedules()
    return [int(child.link.rpartition("/")[2]) for child in children_of(order_id)]


def test_posts_of_a_pause_are_not_ordered_for_even_when_heard_of_after_it(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, delay=60)
    which = {"panel_id": carol.owner.panel_id, "order_id": order_id}
    heard(order_id, 1)
    time.passes(minutes=10)
    assert actions.pause(**which, by="carol") is None
    assert actions.pause(**which, by="carol") == actions.IS_PAUSED
    time.passes(minutes=60)
    assert heard(order_id, 2)
    assert ordered(order_id) == []
    assert carol.sees(order_id).status == "Paused"
    during = time.now
    time.passes(minutes=60)
    assert actions.resume(**which, by="carol") is None
    assert carol.sees(order_id).status == "Active"
    heard(order_id, 3, during)
    assert not heard(order_id, 2)
    heard(order_id, 4, time.now)
    assert ordered(order_id) == [1], "it had been heard of before the pause, and its delay is over"
    time.passes(minutes=60)
    assert ordered(order_id) == [1, 4]
    assert actions.resume(**which, by="carol") == actions.NOT_PAUSED
    names = [name for (name,) in values("SELECT name FROM events_event WHERE name LIKE 'subscription.%%' ORDER BY id")]
    assert names == ["subscription.paused", "subscription.resumed"]


def test_a_paused_subscription_expires(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, expiry="5/5/2026")
    actions.pause(panel_id=carol.owner.panel_id, order_id=order_id, by="carol")
    people.run_schedules()
    assert row_of(order_id).due_at == NOON + timedelta(days=1)
    time.passes(days=1)
    people.run_schedules()
    assert row_of(order_id).due_at == NOON.replace(hour=0) + timedelta(days=2)
    time.passes(hours=12)
    people.run_schedules()
    assert carol.sees(order_id).status == "Expired"


def test_a_pause_without_funds_is_not_resumed_by_hand(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = subscribe(carol)
    which = {"panel_id": alice.panel_id, "order_id": order_id}
    carol.spends_all_but("0.00")
    heard(order_id, 1)
    assert ordered(order_id) == []
    before = everything()
    assert actions.resume(**which, by="bob") == actions.WAITS_FOR_FUNDS
    assert everything() == before
    alice.credits(carol, "1.00", reference="later")
    assert actions.pause(**which, by="bob") is None
    time.passes(minutes=5)
    assert ordered(order_id) == [], "paused by hand too: money alone does not wake it"
    assert actions.resume(**which, by="bob") is None
    assert ordered(order_id) == [1]


def test_staff_cancel_and_what_was_ordered_goes_on(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol)
    which = {"panel_id": carol.owner.panel_id, "order_id": order_id}
    heard(order_id, 1)
    assert ordered(order_id) == [1]
    assert actions.cancel(**which, by="bob") is None
    assert (carol.sees(order_id).status, carol.balance()) == ("Canceled", "99.85")
    assert children_of(order_id)[0].status == "Pending"
    before = everything()
    for action in (actions.pause, actions.resume, actions.cancel):
        assert action(**which, by="bob") == actions.HAS_ENDED
    assert everything() == before


def test_nobody_else_reaches_a_subscription(carol: Buyer, mallory: Buyer, rival: Owner, time: Time) -> None:
    order_id, plain = subscribe(carol), carol.order()
    before = everything()
    bad: Refusal = actions.BAD_ORDER
    assert actions.cancel(panel_id=rival.panel_id, order_id=order_id, by="rival") == bad
    for action in (actions.pause, actions.resume):
        assert action(panel_id=rival.panel_id, order_id=order_id, by="rival") == bad
        assert action(panel_id=carol.owner.panel_id, order_id=plain, by="carol") == bad
        wrong = mallory.customer_id
        assert action(panel_id=carol.owner.panel_id, order_id=order_id, by="mallory", customer_id=wrong) == bad
    assert everything() == before


def test_the_delay_counts_from_the_publication_but_orders_nothing_in_the_past(carol: Buyer, time: Time) -> None:
    time_of = {1: None, 2: -20, 3: -90, 4: +50}
    order_id = subscribe(carol, delay=60)
    time.passes(days=1)
    for number, minutes in time_of.items():
        heard(order_id, number, None if minutes is None else time.now + timedelta(minutes=minutes))
    assert ordered(order_id) == [3]
    time.passes(minutes=40)
    assert ordered(order_id) == [3, 2]
    time.passes(minutes=20)
    assert ordered(order_id) == [3, 2, 1, 4]


@pytest.mark.parametrize(
    ("written", "key"),
    [("anna", "anna"), ("@Anna", "anna"), (" @ANNA ", "anna"), ("@@anna", "@anna"), ("ÄNNA", "änna"), ("", "")],
)
def test_how_names_are_compared(written: str, key: str) -> None:
    assert username_key(written) == key


def test_pure_rules_at_their_edges() -> None:
    assert is_old(ReportedPost("x", NOON), placed_at=NOON) is False
    assert is_old(ReportedPost("x", NOON - timedelta(microseconds=1)), placed_at=NOON) is True
    assert is_old(ReportedPost("x"), placed_at=NOON) is False
    assert is_old(ReportedPost("x", None, True), placed_at=NOON) is True
    assert within([(NOON, NOON + timedelta(hours=1))], NOON) is True
    assert within([(NOON, NOON + timedelta(hours=1))], NOON + timedelta(hours=1)) is False
    assert within([(NOON, NOON + timedelta(hours=1))], None) is False


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 600))
def test_nothing_is_ordered_in_the_past_or_later_than_a_delay_from_now(published_at: datetime, delay_min: int) -> None:
    due_at = order_at(published_at, delay_min=delay_min, now=NOON)
    assert NOON <= due_at <= NOON + timedelta(minutes=delay_min)


ARRIVALS = [[(n * 7 + shift) % 12 for n in range(12)] + [n % 5 for n in range(shift)] for shift in range(6)]


@pytest.mark.parametrize("arrivals", ARRIVALS)
@pytest.mark.parametrize(("posts", "old_posts"), [(3, 2), (0, 4), (1, 0), (None, 2)])
def test_no_order_of_arrival_makes_it_order_too_much(
    carol: Buyer, time: Time, arrivals: list[int], posts: int | None, old_posts: int
) -> None:
    """Posts 0 to 5 are old, 6 to 11 new; each is told of several times, alone or in company."""
    order_id = subscribe(carol, posts=posts, old_posts=old_posts)
    time.passes(days=1)
    for at, number in enumerate(arrivals):
        if row_of(order_id).ended_at is None:
            published_at = NOON - timedelta(hours=1) if number < 6 else NOON + timedelta(hours=1)
            company = [ReportedPost(f"{POST}/{n}", published_at) for n in (number, number)]
            record_posts(panel_id=carol.owner.panel_id, subscription_id=order_id, posts=company)
        if at % 3 == 0:
            people.run_schedules()
    numbers = ordered(order_id)
    assert len(numbers) == len(set(numbers))
    old = [number for number in numbers if number < 6]
    assert len(old) == min(old_posts, 6)
    assert len(numbers) - len(old) == (6 if posts is None else posts)
    assert value("SELECT posts_done FROM orders_schedule") == len(numbers)
    check_books()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_post_is_one_however_its_link_is_spelled(alice: Owner, carol: Buyer, time: Time, *, at_once: bool) -> None:
    order_id = carol.order(service=SUBSCRIPTION, username="anna", delay=0)
    links = [
        "https://www.instagram.com/p/abc/",
        "https://instagram.com/p/abc",
        "http://Instagram.com/p/abc/",
        "https://www.instagram.com/p/abc/?utm_source=rss",
        "https://www.instagram.com/p/abc/?igsh=xyz",
        "https://www.instagram.com/p/ABC/",
    ]
    groups = [links] if at_once else [[link] for link in links]
    fresh = [
        new
        for group in groups
        for new in record_posts(
            panel_id=alice.panel_id, subscription_id=order_id, posts=[ReportedPost(link) for link in group]
        )
    ]
    assert fresh == [links[0], links[-1]], "the case of a path counts"
    time.passes(minutes=1)
    run_schedules()
    assert [order.link for order in children_of(order_id)] == fresh


def test_the_database_holds_that_a_post_is_one(alice: Owner, carol: Buyer) -> None:
    order_id = carol.order(service=SUBSCRIPTION, username="anna", delay=0)
    record_posts(
        panel_id=alice.panel_id, subscription_id=order_id, posts=[ReportedPost(POST), ReportedPost(f"{POST}2")]
    )
    with pytest.raises(ERRORS), transaction.atomic():
        execute("UPDATE orders_post SET link_key = %s", same_link.digest(POST))
