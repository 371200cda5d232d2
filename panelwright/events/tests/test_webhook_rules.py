"""What is sent to webhooks, when it is tried again, and which addresses are taken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from panelwright.core.places import Room
from panelwright.core.reply import HttpReply
from panelwright.core.said import said, words
from panelwright.core.transport import NoResponse, NotSent
from panelwright.events import webhook_rules as rules
from panelwright.events.webhook_rules import DeliveryOutcome, Listener, Waiting, WebhookMessage

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_a_message_is_compact_json_in_the_words_of_the_standard() -> None:
    body = rules.body("order.completed", NOON, {"order": 7, "link": "https://example.com/ñ"})
    assert body == (
        '{"type":"order.completed","timestamp":"2026-05-04T12:00:00.000Z","data":{"order":7,'
        '"link":"https://example.com/ñ"}}'
    )
    assert json.loads(body)["data"]["order"] == 7


def test_only_the_customers_own_endpoints_hear_and_only_what_they_asked_for() -> None:
    done, partial = (WebhookMessage(1, 10, name, 7, {}) for name in ("order.completed", "order.partial"))
    both = Listener(1, 1, 10, frozenset({"order.completed", "order.partial"}))
    one = Listener(2, 1, 10, frozenset({"order.partial"}))
    other_customer = Listener(3, 1, 11, frozenset(rules.NAMES))
    other_panel = Listener(4, 2, 10, frozenset(rules.NAMES))
    told = rules.wanted([done, partial], [both, one, other_customer, other_panel])
    assert [(message.name, listener.id) for message, listener in told] == [
        ("order.completed", 1),
        ("order.partial", 1),
        ("order.partial", 2),
    ]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://hooks.example/x?y=1", None),
        ("http://hooks.example:8080", None),
        ("https://93.184.216.34/", None),
        ("", "webhook_url"),
        ("ftp://hooks.example", "webhook_url"),
        ("hooks.example", "webhook_url"),
        ("https://user:pw@hooks.example", "webhook_url"),
        ("https://hooks.example/#part", "webhook_url"),
        ("https://hooks.example/\r\nHost: x", "webhook_url"),
        ("https://hooks.example/" + "x" * 500, "webhook_url"),
        ("http://127.0.0.1/", "webhook_private"),
        ("http://localhost:9000/", "webhook_private"),
        ("http://LOCALHOST./", "webhook_private"),
        ("http://10.0.0.8/", "webhook_private"),
        ("http://169.254.169.254/latest", "webhook_private"),
        ("http://[::1]/", "webhook_private"),
        ("http://[::ffff:10.0.0.1]/", "webhook_private"),
    ],
)
def test_addresses_that_are_taken(url: str, code: str | None) -> None:
    refused = rules.good_url(url, allow_private=False, allow_own=False)
    assert (refused.code if refused else None) == code
    if code == "webhook_private":
        assert rules.good_url(url, allow_private=True, allow_own=True) is None
        own = any(text in url.lower() for text in ("localhost", "127.", "::1]"))
        refused = rules.good_url(url, allow_private=True, allow_own=False)
        assert (refused.code if refused else None) == ("webhook_private" if own else None)


def test_names_and_descriptions() -> None:
    assert rules.good_names(["order.completed", "refill.rejected"]) is None
    for names in ([], ["order.problem"], ["test"], ["order.completed", "nonsense"]):
        refused = rules.good_names(names)
        assert refused is not None
        assert (refused.code, refused.field) == ("webhook_names", "names")
    assert rules.good_description("") is None
    assert rules.good_description("x" * 100) is None
    assert rules.good_description("x" * 101) is not None
    assert rules.good_description("two\nlines") is not None


def test_the_waits_are_those_of_the_standard_and_it_ends() -> None:
    expected = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    for attempts, wait_s in enumerate(expected, 1):
        due_at = rules.next_try(attempts, now=NOON)
        assert due_at is not None
        assert wait_s <= (due_at - NOON).total_seconds() <= wait_s + max(wait_s // 10, 1)
    assert rules.next_try(10, now=NOON) is None
    assert rules.next_try(1, now=NOON, retry_after_s=900) == NOON + timedelta(minutes=15)
    assert rules.next_try(1, now=NOON, retry_after_s=10**9) == NOON + timedelta(days=1)


def test_only_2xx_is_a_success() -> None:
    assert rules.judged(HttpReply(204, b"")) == DeliveryOutcome(True, 204)
    # What came of the body does not matter once the status is there.
    assert rules.judged(HttpReply(200, b"x" * 600, broke="the answer broke off")) == DeliveryOutcome(
        True, 200, "x" * 500
    )
    moved = rules.judged(HttpReply(301, b"", location="http://10.0.0.1/"))
    assert (moved.ok, words(moved.problem)) == (
        False,
        "the answer was 301; redirects are not followed: http://10.0.0.1/",
    )
    busy = rules.judged(HttpReply(503, b"later", retry_after_s=60))
    assert busy == DeliveryOutcome(False, 503, "later", said("hook_status", status=503), 60)
    for text in (said("net_connect_time"), said("net_no_answer", seconds=15)):
        assert rules.judged(NotSent(text)) == rules.judged(NoResponse(text)) == DeliveryOutcome(False, problem=text)


def test_an_endpoint_is_stopped_when_it_is_gone_or_has_failed_for_five_days() -> None:
    failed = DeliveryOutcome(False, 500)
    assert rules.stopped_why(DeliveryOutcome(False, 410), failing_since=NOON, now=NOON) == "gone"
    assert rules.stopped_why(failed, failing_since=NOON, now=NOON + timedelta(days=5, seconds=-1)) == ""
    assert rules.stopped_why(failed, failing_since=NOON, now=NOON + timedelta(days=5)) == "failing"


def waiting(*ids: int, failing: bool = False, panel: int = 1, customer: int = 1) -> list[Waiting]:
    return [Waiting(id_, failing, panel, customer) for id_ in ids]


def test_a_slow_endpoint_holds_up_nobody_else() -> None:
    both = [*waiting(1, 3), *waiting(2, 4, failing=True)]
    assert rules.shares(both, {}, room=Room(48), failing_room=Room(24)) == {1: 4, 2: 1, 3: 4, 4: 1}
    on_the_way = Room(48, [(1, 1)] * 8)
    assert rules.shares(both, {1: 4, 2: 1, 3: 3}, room=on_the_way, failing_room=Room(24, [(1, 1)])) == {3: 1, 4: 1}
    assert rules.shares(both, {}, room=Room(48), failing_room=Room(0)) == {1: 4, 3: 4}
    assert rules.shares(both, {}, room=Room(0), failing_room=Room(0)) == {}


def test_a_customer_gets_a_third_and_a_panel_half() -> None:
    mine, hers = waiting(*range(10)), waiting(*range(10, 20), customer=2)
    assert sum(rules.shares(mine, {}, room=Room(48), failing_room=Room(24)).values()) == 16
    of_panel = rules.shares([*mine, *hers], {}, room=Room(48), failing_room=Room(24))
    assert 16 < sum(of_panel.values()) <= 24
    taken = [(1, 1 + id_ // 10) for id_, count in of_panel.items() for _ in range(count)]
    all_ = [*mine, *hers, *waiting(30, panel=2, customer=9)]
    assert rules.shares(all_, of_panel, room=Room(48, taken), failing_room=Room(24))[30] >= 1


def test_where_one_place_comes_free_who_had_none_gets_it() -> None:
    room = Room(48, [(1, 1)] * 47)
    assert rules.shares([*waiting(1, 2), *waiting(3, panel=2, customer=2)], {}, room=room, failing_room=Room(24)) == {
        3: 1
    }
