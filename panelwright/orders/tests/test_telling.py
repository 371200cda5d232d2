"""What customers' webhooks are told of orders and subscriptions, and that it costs nothing where nobody listens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.events.webhook_actions import create_endpoint
from panelwright.events.webhook_rules import NAMES
from panelwright.orders import lifecycle, pause_actions, settling
from panelwright.orders.schedule_actions import record_post
from tests.support import people
from tests.support.people import LINK, SUBSCRIPTION, Buyer, Owner, Time, children_of, counts, execute, row_of, values
from tests.support.statements import statements
from tests.support.story import Story


def listen(buyer: Buyer, *names: str, url: str = "https://hooks.example/") -> int:
    with scope(panel=buyer.owner.panel):
        made = create_endpoint(
            panel_id=buyer.owner.panel_id, customer_id=buyer.customer_id, url=url, names=names or NAMES
        )
    assert not isinstance(made, Refusal)
    return made[0]


def told() -> list[dict[str, Any]]:
    """The messages that are written down, the first one first."""
    return [json.loads(body) for (body,) in values("SELECT body FROM events_delivery ORDER BY id")]


def names() -> list[str]:
    return [message["type"] for message in told()]


def report(order_id: int, status: str, *, remains: int, start_count: int | None = None) -> None:
    """What a provider's report does."""
    now = clock.now()
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), now)
    order = changes.orders[order_id]._replace(start_count=start_count)
    if status == "In progress":
        changes.apply(settling.Settled(order._replace(status=status, remains=remains)))
    else:
        changes.apply(settling.end(order, status, remains=remains, now=now))
    changes.write()


def test_the_way_of_an_order_in_the_words_of_the_api(carol: Buyer, time: Time) -> None:
    endpoint_id = listen(carol)
    order_id = carol.order()
    assert told() == []
    time.passes(minutes=5)
    report(order_id, "In progress", remains=900, start_count=3572)
    report(order_id, "In progress", remains=800, start_count=3572)
    time.passes(minutes=5)
    report(order_id, "Partial", remains=250, start_count=3572)
    started, ended = told()
    data = {
        "order": order_id.number,
        "service": 1,
        "status": "In progress",
        "charge": "0.90",
        "currency": "USD",
        "start_count": "3572",
        "remains": "900",
        "link": LINK,
    }
    assert started == {"type": "order.in_progress", "timestamp": "2026-05-04T12:05:00.000Z", "data": data}
    assert ended == {
        "type": "order.partial",
        "timestamp": "2026-05-04T12:10:00.000Z",
        "data": {**data, "status": "Partial", "charge": "0.675", "remains": "250"},
    }
    rows = values("SELECT panel_id, endpoint_id, name, order_number, attempts FROM events_delivery ORDER BY id")
    assert rows == [
        (carol.owner.panel_id, endpoint_id, name, order_id.number, 0) for name in ("order.in_progress", "order.partial")
    ]


def test_only_what_was_asked_for_by_endpoints_that_are_on(story: Story) -> None:
    listen(story.carol, "order.completed")
    off = listen(story.carol, url="https://hooks.example/off")
    execute("UPDATE events_endpoint SET enabled = %s WHERE id = %s", False, off)
    listen(story.mallory)
    report(story.carol.order(), "Canceled", remains=1000)
    assert told() == []
    report(story.carol.order(), "Completed", remains=0)
    assert names() == ["order.completed"]
    report(story.mallory.order(), "Canceled", remains=1000)
    assert [(m["type"], m["data"]["currency"]) for m in told()] == [
        ("order.completed", "USD"),
        ("order.canceled", "EUR"),
    ]


def test_a_cancel_before_sending_is_told(carol: Buyer) -> None:
    listen(carol)
    order_id = carol.order()
    assert carol.cancel(order_id) == [1]
    assert [(m["type"], m["data"]["order"], m["data"]["charge"]) for m in told()] == [
        ("order.canceled", order_id.number, "0.00")
    ]


def test_a_change_that_is_rolled_back_tells_nothing(carol: Buyer) -> None:
    listen(carol)
    order_id = carol.order()
    with pytest.raises(RuntimeError), transaction.atomic():
        report(order_id, "Completed", remains=0)
        assert names() == ["order.completed"]
        raise RuntimeError
    assert (told(), row_of(order_id).status) == ([], "Pending")


def test_a_drip_feed_and_its_runs(carol: Buyer, time: Time) -> None:
    listen(carol)
    order_id = carol.order(quantity=100, runs=2, interval=30)
    people.run_schedules()
    time.passes(minutes=30)
    people.run_schedules()
    first, second = children_of(order_id)
    report(first.id, "Completed", remains=0)
    report(second.id, "Canceled", remains=100)
    assert [(m["type"], m["data"]["order"], m["data"].get("parent")) for m in told()] == [
        ("order.in_progress", order_id.number, None),
        ("order.completed", first.number, order_id.number),
        ("order.partial", order_id.number, None),
        ("order.canceled", second.number, order_id.number),
    ]


def test_a_subscription(carol: Buyer, time: Time) -> None:
    listen(carol)
    order_id = carol.order(service=SUBSCRIPTION, delay=0, posts=1)
    which = {"panel_id": carol.owner.panel_id, "order_id": order_id}
    assert pause_actions.pause(**which, by="carol") is None
    assert pause_actions.resume(**which, by="carol") is None
    record_post(panel_id=carol.owner.panel_id, subscription_id=order_id, link="https://example.com/carol/1")
    people.run_schedules()
    assert [(m["type"], m["data"]["order"], m["data"]["link"]) for m in told()] == [
        (f"subscription.{what}", order_id.number, "carol") for what in ("paused", "resumed", "completed")
    ]
    expiring = carol.order(service=SUBSCRIPTION, expiry="04/05/2026")
    time.passes(days=1)
    people.run_schedules()
    assert row_of(expiring).status == "Expired"
    canceled = carol.order(service=SUBSCRIPTION)
    assert carol.cancel(canceled) == [1]
    assert names()[3:] == ["subscription.expired", "subscription.canceled"]


def test_a_subscription_without_funds_pauses_and_goes_on_by_itself(alice: Owner, carol: Buyer, time: Time) -> None:
    listen(carol)
    order_id = carol.order(service=SUBSCRIPTION, delay=0)
    carol.spends_all_but("0.10")
    record_post(panel_id=carol.owner.panel_id, subscription_id=order_id, link="https://example.com/carol/1")
    people.run_schedules()
    assert names() == ["subscription.paused"]
    alice.credits(carol, "5.00", reference="more")
    time.passes(hours=1)
    people.run_schedules()
    assert names() == ["subscription.paused", "subscription.resumed"]


def test_placing_asks_nothing_and_a_batch_of_changes_asks_once(carol: Buyer) -> None:
    with statements() as placing:
        ids = [carol.order(quantity=100 + i) for i in range(5)]
    assert [text for text in placing.texts if "events_endpoint" in text or "events_delivery" in text] == []
    now = clock.now()

    def end(some: Sequence[int]) -> list[str]:
        with statements() as ran:
            changes = lifecycle.OrderChanges(lifecycle.lock(some), now)
            for order_id in some:
                changes.apply(settling.end(changes.orders[order_id], "Completed", remains=0, now=now))
            changes.write()
        return [text for text in ran.texts if "endpoint" in text or "delivery" in text or "catalog_service" in text]

    assert len(end(ids[:2])) == 1, "nobody listens: one query for who does"
    assert counts("events_delivery") == (0,)
    listen(carol)
    assert len(end(ids[2:3])) == 3
    assert counts("events_delivery") == (1,)
    # More rows are no more queries, only the INSERT of SQLite comes in pieces of 16, 4 and 1.
    assert len(end(ids[3:])) <= 4
    assert counts("events_delivery") == (3,)
