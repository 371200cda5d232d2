"""The panel's own programs hear of orders that were created: each once, from when they listen, whoever dies when."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from panelwright.notices import created_actions
from panelwright.notices.tests.test_watch import did
from panelwright.reports.actions import Adder
from tests.support.people import FOLLOWERS, LINK, Time, value, values
from tests.support.story import Story

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ids_far_up(transactional_db: None) -> None:
    """Ids begin several windows up, as where other tests have placed orders: whole windows hold none of ours."""
    far = 3 * created_actions.WINDOW
    with connection.cursor() as run:
        if connection.vendor == "postgresql":
            ids = "pg_get_serial_sequence('orders_order', 'id')"
            run.execute(f"SELECT setval({ids}, nextval({ids}) + %s)", [far])
        else:
            run.execute("DELETE FROM sqlite_sequence WHERE name = 'orders_order'")
            run.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('orders_order', %s)", [far])


def add_up() -> None:
    adder = Adder()
    while adder.round():
        pass


def tell_all() -> None:
    while created_actions.tell_created():
        pass


def round_of_both() -> None:
    """As the worker's loops do it: the sums first, up to where they have got the orders are told."""
    add_up()
    tell_all()


def told(panel_id: int) -> list[dict[str, Any]]:
    rows = values("SELECT body FROM events_delivery WHERE panel_id = %s ORDER BY id", panel_id)
    return [json.loads(body) for (body,) in rows]


def test_each_order_is_told_once_from_when_somebody_listens(story: Story, time: Time) -> None:
    alice, carol = story.alice, story.carol
    carol.order(link="https://example.com/before")
    round_of_both()
    target = did(alice, "panel_webhook.add", url="https://hooks.example/own", names=["order.created"]).target
    round_of_both()
    assert told(alice.panel_id) == [], "what there was before is not told"
    first = carol.order()
    story.mallory.order(link="https://example.com/of-another-panel")
    assert told(alice.panel_id) == [], "placing itself tells nothing"
    round_of_both()
    round_of_both()
    (message,) = told(alice.panel_id)
    assert message["type"] == "order.created"
    created_at = message["data"].pop("created_at")
    assert created_at.startswith("20") and created_at.endswith("+00:00")
    assert message["data"] == {
        "order": first.number,
        "service": FOLLOWERS,
        "status": "Pending",
        "quantity": 1000,
        "charge": "0.90",
        "currency": "USD",
        "link": LINK,
        "customer": carol.number,
    }
    assert told(story.rival.panel_id) == []
    # Off for a while: what came in between is not told afterwards.
    did(alice, "panel_webhook.turn_off", target)
    round_of_both()
    carol.order(link="https://example.com/meanwhile")
    round_of_both()
    did(alice, "panel_webhook.turn_on", target)
    round_of_both()
    last = carol.order(link="https://example.com/last")
    round_of_both()
    assert [one["data"]["order"] for one in told(alice.panel_id)] == [first.number, last.number]


def test_of_two_workers_one_tells(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    did(story.alice, "panel_webhook.add", url="https://hooks.example/own", names=["order.created"])
    round_of_both()
    numbers = [story.carol.order(link=f"https://example.com/{n}").number for n in range(3)]
    add_up()
    # Another one moves on after this one has read.
    whole = created_actions._messages

    def slower(panel_id: int, rows: Any) -> Any:
        raise AssertionError("what another has told is not told again")

    reads = created_actions._ORDERS.rows

    def read_then_late(*arguments: Any) -> Any:
        found = reads(*arguments)
        if found and not overtaken:
            overtaken.append(True)
            tell_all()
            monkeypatch.setattr(created_actions, "_messages", slower)
        return found

    overtaken: list[bool] = []
    monkeypatch.setattr(created_actions._ORDERS, "rows", read_then_late)
    tell_all()
    assert overtaken
    monkeypatch.setattr(created_actions, "_messages", whole)
    assert [one["data"]["order"] for one in told(story.alice.panel_id)] == numbers


def test_who_dies_in_the_middle_leaves_none_untold_and_none_told_twice(story: Story) -> None:
    from tests.simulator.killed import Killed, dies_after

    did(story.alice, "panel_webhook.add", url="https://hooks.example/own", names=["order.created"])
    round_of_both()
    numbers = [story.carol.order(link=f"https://example.com/{n}").number for n in range(3)]
    add_up()
    deaths = 0
    for writes in range(20):
        try:
            with dies_after(writes):
                tell_all()
            break
        except Killed:
            deaths += 1
    assert 1 <= deaths < 20
    assert [one["data"]["order"] for one in told(story.alice.panel_id)] == numbers
    assert connection.in_atomic_block is False
    assert value("SELECT COUNT(*) FROM notices_createdcursor") == 1
