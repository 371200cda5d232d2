"""Orders for blocked targets and words are refused at the field's place, moved nothing, and left an event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.orders import actions, blocking
from panelwright.orders.schedule_actions import record_post
from panelwright.panels import block_store
from panelwright.panels.block_actions import NewBlock, add_blocks, list_blocks, remove_block
from tests.support.asking import Door, Request
from tests.support.people import (
    COMMENTS,
    SUBSCRIPTION,
    TRAFFIC,
    Buyer,
    Owner,
    Time,
    children_of,
    everything,
    place,
    row_of,
    run_schedules,
    value,
    values,
)

EVIL = "https://a.evil.example/x"
BAD_LINK = Refusal("bad_link", "link")
commits = pytest.mark.django_db(transaction=True)


def block(owner: Owner | None, kind: str, text: str) -> None:
    assert add_blocks(owner.panel_id if owner is not None else None, [NewBlock(kind, text)]) == 1


def events(owner: Owner) -> list[dict[str, Any]]:
    rows = values(
        "SELECT facts FROM events_event WHERE panel_id = %s AND name = 'order.blocked' ORDER BY id", owner.panel_id
    )
    return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in rows]


def refused(buyer: Buyer, **params: Any) -> Refusal:
    """Place an order that must be refused; nothing moved but for events."""
    before = everything()
    result = buyer.place(**params)
    after = everything()
    assert isinstance(result, Refusal), result
    assert {**after, "events_event": ()} == {**before, "events_event": ()}
    return result


def test_a_blocked_link_is_refused_and_told_of(carol: Buyer, alice: Owner) -> None:
    block(alice, "domain", "evil.example")
    assert refused(carol, link=EVIL) == BAD_LINK
    rule_id = value("SELECT id FROM panels_block")
    assert events(alice) == [
        {
            "rule": rule_id,
            "kind": "domain",
            "text": "evil.example",
            "of": "panel",
            "customer": carol.customer_id,
            "service": 1,
            "field": "link",
            "value": EVIL,
        }
    ]
    assert carol.balance() == "100.00"
    assert row_of(carol.order(link="https://notevil.example/x")).link == "https://notevil.example/x"


def test_panels_without_rules_ask_for_nothing(carol: Buyer) -> None:
    carol.order()
    assert block_store.rules_of({carol.owner.panel_id: 1}) == {}
    queries: list[str] = []

    def count(execute: Any, query: str, *rest: Any) -> Any:
        queries.append(query)
        return execute(query, *rest)

    with connection.execute_wrapper(count):
        assert block_store.rules_of({carol.owner.panel_id: 1}) == {}
    assert queries == []


def test_a_rule_of_the_host_stands_on_every_panel_and_a_panels_own_only_there(carol: Buyer, mallory: Buyer) -> None:
    block(None, "exact", "t.me/somebody")
    block(carol.owner, "exact", "t.me/other")
    assert refused(carol, link="https://www.t.me/Somebody/") == BAD_LINK
    assert refused(mallory, link="https://www.t.me/Somebody/") == BAD_LINK
    assert refused(carol, link="t.me/other") == BAD_LINK
    assert row_of(mallory.order(link="t.me/other")).status == "Pending"
    assert [(e["of"], e["text"]) for e in events(carol.owner)] == [("host", "t.me/somebody"), ("panel", "t.me/other")]
    assert [(e["of"], e["text"]) for e in events(mallory.owner)] == [("host", "t.me/somebody")]


def test_changes_raise_the_version_of_whom_they_concern(carol: Buyer, mallory: Buyer) -> None:
    def versions() -> tuple[int, int]:
        ask = "SELECT blocks_version FROM panels_panel WHERE id = %s"
        return value(ask, carol.owner.panel_id), value(ask, mallory.owner.panel_id)

    block(carol.owner, "word", "bad")
    assert versions() == (2, 1)
    block(None, "word", "worse")
    assert versions() == (3, 2)
    assert remove_block(carol.owner.panel_id, kind="word", text="BAD")
    assert not remove_block(mallory.owner.panel_id, kind="word", text="worse")
    assert [rule.text for rule in list_blocks(None)] == ["worse"]
    assert list_blocks(carol.owner.panel_id) == list_blocks(mallory.owner.panel_id) == []


def test_the_next_order_knows_of_a_change(carol: Buyer, alice: Owner) -> None:
    carol.order(link=EVIL)
    block(alice, "pattern", "*.evil.*")
    assert refused(carol, link=EVIL) == BAD_LINK
    remove_block(alice.panel_id, kind="pattern", text="*.evil.*")
    carol.order(link=EVIL)


@pytest.mark.parametrize(
    ("kind", "text", "params", "field"),
    [
        ("word", "well done", {"service": COMMENTS}, "comments"),
        ("word", "плохо", {"service": COMMENTS, "comments": "ok\nОчень ПЛОХО!"}, "comments"),
        ("exact", "carol", {"service": SUBSCRIPTION, "username": "@Carol"}, "username"),
        (
            "word",
            "red shoes",
            {"service": TRAFFIC, "google_keyword": "RED  shoes"},
            "google_keyword",
        ),
        ("domain", "evil.example", {"service": TRAFFIC, "type_of_traffic": 2, "referring_url": EVIL}, "referring_url"),
    ],
)
def test_other_fields_are_refused_by_name(
    carol: Buyer, alice: Owner, kind: str, text: str, params: dict[str, Any], field: str
) -> None:
    block(alice, kind, text)
    assert refused(carol, **params) == Refusal("bad_field", field)
    assert [(e["kind"], e["field"], e["service"]) for e in events(alice)] == [(kind, field, params["service"])]


OWN = [
    ("Mentions Custom List", "exact", "boris", {"usernames": "anna\n@Boris"}, "usernames"),
    ("Mentions Hashtag", "word", "spring", {"quantity": 100, "hashtag": "#Spring"}, "hashtag"),
    (
        "Mentions with Hashtags",
        "word",
        "sale",
        {"quantity": 100, "usernames": "a", "hashtags": "#a\n#sale"},
        "hashtags",
    ),
    ("Mentions Media Likers", "domain", "evil.example", {"quantity": 100, "media": EVIL}, "media"),
    ("Mentions User Followers", "domain", "evil.example", {"quantity": 100, "username": EVIL}, "username"),
    ("SEO", "word", "bad word", {"quantity": 100, "keywords": "x\na bad\u200b word"}, "keywords"),
    (
        "Invites from Groups",
        "domain",
        "evil.example",
        {"quantity": 9, "groups": f"g.example\n{EVIL}"},
        "groups",
    ),
]


@pytest.mark.parametrize(("type_name", "kind", "text", "params", "field"), OWN, ids=[row[0] for row in OWN])
def test_fields_of_every_type(
    carol: Buyer, alice: Owner, type_name: str, kind: str, text: str, params: dict[str, Any], field: str
) -> None:
    with scope(panel=alice.panel):
        new = NewService(number=40, category="More", name="More", type=type_name, rate_micros=10**6, min=1, max=1000)
        add_services(alice.panel_id, [new])
    sent = {"service": 40, "link": "https://example.com/x", **params}
    carol.order(**sent)
    block(alice, kind, text)
    assert refused(carol, **sent) == Refusal("bad_field", field)


def test_the_order_of_the_checks_stays(carol: Buyer, alice: Owner) -> None:
    block(alice, "domain", "evil.example")
    block(alice, "word", "bad")
    assert refused(carol, service=77, link=EVIL) == Refusal("bad_service", "service")
    assert refused(carol, link=EVIL, quantity=1) == BAD_LINK
    assert refused(carol, service=COMMENTS, link=EVIL, comments="bad") == BAD_LINK
    assert refused(carol, service=COMMENTS, comments="bad") == Refusal("bad_field", "comments"), "before the minimum"
    assert refused(carol, quantity=1) == Refusal("below_min", "quantity", 50)


def test_a_repeat_answers_the_first_order_though_its_link_is_blocked_since(carol: Buyer, alice: Owner) -> None:
    first = carol.order(link=EVIL, request_id="once")
    block(alice, "domain", "evil.example")
    before = everything()
    assert carol.place(link=EVIL, request_id="once") == first
    assert everything() == before
    assert refused(carol, link=EVIL, request_id="twice") == BAD_LINK


def test_nobody_floods_the_events(carol: Buyer, alice: Owner, time: Time) -> None:
    new = [NewBlock("domain", f"e{number}.example") for number in range(blocking.EVENTS_A_MINUTE + 5)]
    assert add_blocks(alice.panel_id, new) == len(new)
    for _ in range(3):
        assert refused(carol, link="e0.example") == BAD_LINK
    assert len(events(alice)) == 1
    results = actions.place_orders([carol.command(link=f"https://{rule.text}/") for rule in new])
    assert results == [BAD_LINK] * len(new)
    assert len(events(alice)) == blocking.EVENTS_A_MINUTE
    time.passes(minutes=1)
    refused(carol, link="e0.example/" + "x" * 500)
    assert len(events(alice)) == blocking.EVENTS_A_MINUTE + 1
    assert events(alice)[-1]["value"] == "e0.example/" + "x" * 189


def test_neighbours_in_a_batch_are_placed(carol: Buyer, mallory: Buyer) -> None:
    block(carol.owner, "domain", "evil.example")
    commands = [carol.command(link=EVIL), mallory.command(link=EVIL), carol.command(link="https://good.example")]
    first, second, third = place(*commands)
    assert first == BAD_LINK
    assert isinstance(second, int) and row_of(second).customer_id == mallory.customer_id
    assert isinstance(third, int) and row_of(third).link == "https://good.example"


def test_blocked_posts_are_skipped_and_others_ordered(carol: Buyer, alice: Owner, time: Time) -> None:
    subscription = carol.order(service=SUBSCRIPTION, delay=0, posts=2)
    for link in (EVIL, "https://good.example/1"):
        assert record_post(panel_id=alice.panel_id, subscription_id=subscription, link=link)
    block(alice, "domain", "evil.example")
    assert run_schedules() == 1
    assert [child.link for child in children_of(subscription)] == ["https://good.example/1"]
    assert value("SELECT posts_done FROM orders_schedule WHERE order_id = %s", subscription) == 1, "it does not count"
    assert values("SELECT link, due_at, order_id FROM orders_post WHERE order_id IS NULL") == [(EVIL, None, None)]
    assert [(e["field"], e["value"], e["text"]) for e in events(alice)] == [("link", EVIL, "evil.example")]
    assert value("SELECT subject_id FROM events_event WHERE name = 'order.blocked'") == subscription
    assert carol.balance() == "99.85"


def test_a_post_whose_link_takes_too_much_to_check_is_skipped(
    carol: Buyer, alice: Owner, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = carol.order(service=SUBSCRIPTION, delay=0, posts=2)
    costly = "https://good.example/" + "a" * 900
    for link in (costly, "https://good.example/1"):
        assert record_post(panel_id=alice.panel_id, subscription_id=subscription, link=link)
    # Patterns that would be tried on the long link, and are not there in the short one.
    assert add_blocks(alice.panel_id, [NewBlock("pattern", f"*aaa*{n}") for n in range(40)]) == 40
    monkeypatch.setattr(limits, "BLOCK_STEPS_MAX", 100)
    assert run_schedules() == 1
    assert [child.link for child in children_of(subscription)] == ["https://good.example/1"]
    assert values("SELECT link, due_at, order_id FROM orders_post WHERE order_id IS NULL") == [(costly, None, None)]
    assert events(alice) == [], "no rule has spoken against it"
    assert carol.balance() == "99.85"
    monkeypatch.setattr(limits, "BLOCK_STEPS_MAX", 150_000)
    run_schedules()
    assert len(children_of(subscription)) == 1, "it is skipped once and for all"


def test_there_is_a_limit(alice: Owner) -> None:
    assert (
        add_blocks(alice.panel_id, [NewBlock("exact", f"t.me/{n}") for n in range(limits.RULES_MAX)])
        == limits.RULES_MAX
    )
    version = value("SELECT blocks_version FROM panels_panel WHERE id = %s", alice.panel_id)
    with pytest.raises(ValueError, match="at most 10000 blocks"):
        add_blocks(alice.panel_id, [NewBlock("exact", "one-more")])
    with pytest.raises(ValueError, match="at most 300 characters"):
        add_blocks(alice.panel_id, [NewBlock("exact", "one-more", "n" * 301)])
    assert add_blocks(alice.panel_id, [NewBlock("exact", "https://www.t.me/7/")]) == 0
    assert value("SELECT COUNT(*) FROM panels_block") == limits.RULES_MAX
    assert value("SELECT blocks_version FROM panels_panel WHERE id = %s", alice.panel_id) == version + 1


@commits
def test_the_answers_on_the_wire(carol: Buyer, mallory: Buyer, door: Door) -> None:
    block(None, "domain", "evil.example")
    block(carol.owner, "word", "well done")
    for buyer in (carol, mallory):
        sent = {"service": 1, "link": EVIL, "quantity": 1000}
        assert door.answer(Request(buyer, "add", sent)).body == b'{"error":"Bad link"}'
        assert buyer.balance() == "100.00"
    words: dict[str, Any] = {"service": COMMENTS, "link": "https://example.com", "comments": "Well done\nNice"}
    assert door.answer(Request(carol, "add", words)).body == b'{"error":"Incorrect comments"}'
    assert set(door.ask(mallory, "add", **words)) == {"order"}
    assert value("SELECT COUNT(*) FROM orders_order") == 1
