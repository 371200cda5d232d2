"""What customers do with webhooks, and how their messages reach a real receiver."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

import pytest
from django_scopes import scope
from pytest_django import Settings
from standardwebhooks.webhooks import WebhookVerificationError

from panelwright.core import addresses, clock
from panelwright.core.places import Room
from panelwright.core.refusal import Refusal
from panelwright.core.said import said, words
from panelwright.customers.emails import webhook_stopped
from panelwright.events import delivery_actions, webhook_actions, webhook_loop
from panelwright.events.webhook_loop import Webhooks
from panelwright.events.webhook_rules import NAMES, WebhookMessage
from tests.support.people import Buyer, Time, counts, execute, value, values
from tests.support.receiver import Receiver, Say
from tests.support.story import Story
from tests.support.threads import together

DONE = "order.completed"
commits = pytest.mark.django_db(transaction=True)


class Hooks:
    """What a customer does with her webhooks, and the worker's rounds."""

    def __init__(self, buyer: Buyer) -> None:
        self.who = {"panel_id": buyer.owner.panel_id, "customer_id": buyer.customer_id}
        self.panel = buyer.owner.panel
        self.loop = Webhooks(webhook_stopped)

    def create(self, url: str, *, names: Any = (DONE,), description: str = "") -> Any:
        with scope(panel=self.panel):
            return webhook_actions.create_endpoint(**self.who, url=url, names=names, description=description)

    def created(self, url: str, **options: Any) -> tuple[int, str]:
        made = self.create(url, **options)
        assert not isinstance(made, Refusal), made
        return made

    def do(self, action: str, **options: Any) -> Any:
        with scope(panel=self.panel):
            return getattr(webhook_actions, action)(**self.who, **options)

    def change(self, endpoint_id: int, url: str, **options: Any) -> Any:
        usual: dict[str, Any] = {"names": [DONE], "description": "", "enabled": True}
        return self.do("change_endpoint", endpoint_id=endpoint_id, url=url, **(usual | options))

    def tell(self, *names: str, order_id: int = 7) -> None:
        messages = [
            WebhookMessage(**self.who, name=name, order_number=order_id, data={"order": order_id}) for name in names
        ]
        to = webhook_actions.listeners({(self.who["panel_id"], self.who["customer_id"])})
        webhook_actions.tell(messages, to, now=clock.now())

    def deliver(self) -> int:
        """One round, to its end. Answers how many were sent."""
        before = value("SELECT COALESCE(SUM(attempts), 0) FROM events_delivery")
        self.loop.deliver()
        while self.loop.on_the_way():
            self.loop.write_down(wait_s=5)
        return int(value("SELECT COALESCE(SUM(attempts), 0) FROM events_delivery") - before)


@pytest.fixture
def hooks(carol: Buyer) -> Iterator[Hooks]:
    made = Hooks(carol)
    yield made
    made.loop.close()


def delivery() -> tuple[Any, ...]:
    """The only one: attempts, whether delivered, whether it waits, status code, answer, problem."""
    (row,) = values(
        "SELECT attempts, delivered_at IS NOT NULL, due_at IS NOT NULL, status_code, answer, problem"
        " FROM events_delivery"
    )
    return (row[0], bool(row[1]), bool(row[2]), *row[3:5], words(row[5]))


def code(refused: Any) -> str:
    assert isinstance(refused, Refusal), refused
    return refused.code


# ---- endpoints ---------------------------------------------------------------------------------------


def test_the_secret_is_shown_once_and_kept_sealed(hooks: Hooks) -> None:
    id_, secret = hooks.created("https://hooks.example/a", names=("refill.completed", DONE), description="my shop")
    assert secret.startswith("whsec_")
    (row,) = values("SELECT url, description, enabled, sealed_secret, slot FROM events_endpoint WHERE id = %s", id_)
    assert (row[0], row[1], bool(row[2]), row[4]) == ("https://hooks.example/a", "my shop", True, 1)
    assert secret[6:] not in row[3]
    assert values("SELECT name, subject_id FROM events_event WHERE name LIKE 'webhook.%%'") == [
        ("webhook.created", id_)
    ]


def test_a_customer_has_at_most_ten_and_none_twice(hooks: Hooks) -> None:
    ids = [hooks.created(f"https://hooks.example/{i}")[0] for i in range(10)]
    assert code(hooks.create("https://hooks.example/3")) == "webhook_taken"
    assert code(hooks.create("https://hooks.example/more")) == "webhook_limit"
    assert code(hooks.change(ids[0], "https://hooks.example/1")) == "webhook_taken"
    assert hooks.do("delete_endpoint", endpoint_id=ids[4]) is None
    assert hooks.created("https://hooks.example/more")[0] not in ids
    assert value("SELECT COUNT(*) FROM events_endpoint WHERE deleted_at IS NULL") == 10


@commits
def test_ten_at_the_same_moment_keep_the_limit(carol: Buyer) -> None:
    hooks = Hooks(carol)
    for i in range(8):
        hooks.created(f"https://hooks.example/{i}")
    made = together([lambda i=i: hooks.create(f"https://hooks.example/new{i}") for i in range(4)])  # type: ignore[misc]
    assert sum(not isinstance(one, Refusal) for one in made) == 2
    assert value("SELECT COUNT(*) FROM events_endpoint") == 10
    hooks.loop.close()


def test_what_is_refused_changes_nothing(hooks: Hooks, settings: Settings) -> None:
    id_, _ = hooks.created("https://hooks.example/a")
    settings.ALLOW_PRIVATE_WEBHOOKS = False
    before = values("SELECT * FROM events_endpoint"), counts("events_event")
    assert code(hooks.create("http://127.0.0.1:1/")) == "webhook_private"
    assert code(hooks.change(id_, "http://10.1.1.1/")) == "webhook_private"
    assert code(hooks.create("nonsense")) == "webhook_url"
    assert code(hooks.create("https://hooks.example/b", names=["order.problem"])) == "webhook_names"
    assert code(hooks.change(id_, "https://hooks.example/b", description="x" * 101)) == "webhook_description"
    assert (values("SELECT * FROM events_endpoint"), counts("events_event")) == before


def test_mallory_reaches_nothing(story: Story) -> None:
    carol, mallory = Hooks(story.carol), Hooks(story.mallory)
    dave = Hooks(story.alice.customer("dave"))
    id_, _ = carol.created("https://hooks.example/a")
    carol.tell(DONE)
    (delivery_id,) = values("SELECT id FROM events_delivery")[0]
    before = values("SELECT * FROM events_endpoint"), values("SELECT * FROM events_delivery")
    for other in (mallory, dave):
        assert code(other.change(id_, "https://mallory.example/")) == "no_webhook"
        assert code(other.do("rotate_secret", endpoint_id=id_)) == "no_webhook"
        assert code(other.do("send_test", endpoint_id=id_)) == "no_webhook"
        assert code(other.do("delete_endpoint", endpoint_id=id_)) == "no_webhook"
        assert code(other.do("retry_delivery", delivery_id=delivery_id)) == "no_delivery"
        other.tell(DONE)
        other.loop.close()
    carol.loop.close()
    assert (values("SELECT * FROM events_endpoint"), values("SELECT * FROM events_delivery")) == before


# ---- deliveries --------------------------------------------------------------------------------------


def test_a_message_arrives_with_a_signature_that_the_library_takes(hooks: Hooks, receiver: Receiver) -> None:
    _, secret = hooks.created(receiver.url)
    receiver.says(Say(200, b"thanks"))
    hooks.tell(DONE, "order.partial")
    assert hooks.deliver() == 1
    (heard,) = receiver.heard
    said = heard.verify(secret)
    assert (said["type"], said["data"]) == (DONE, {"order": 7})
    assert heard.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        heard.verify("whsec_" + "QUJD" * 8)
    assert delivery() == (1, True, False, 200, "thanks", "")
    assert hooks.deliver() == 0


def test_two_endpoints_hear_the_same_message_each_with_its_own_secret(hooks: Hooks, receiver: Receiver) -> None:
    secrets = [hooks.created(f"{receiver.url}/{i}")[1] for i in range(2)]
    hooks.tell(DONE)
    assert hooks.deliver() == 2
    heard = sorted(receiver.heard, key=lambda one: one.path)
    assert heard[0].id == heard[1].id
    for one, secret in zip(heard, secrets, strict=True):
        assert one.verify(secret)["type"] == DONE


def test_after_a_rotation_both_secrets_sign_for_a_day(hooks: Hooks, receiver: Receiver, time: Time) -> None:
    id_, old = hooks.created(receiver.url)
    new = hooks.do("rotate_secret", endpoint_id=id_)
    assert new != old
    hooks.tell(DONE)
    hooks.deliver()
    assert [receiver.heard[0].signed_with(secret) for secret in (old, new)] == [True, True]
    time.passes(hours=24)
    hooks.tell(DONE)
    hooks.deliver()
    assert [receiver.heard[1].signed_with(secret) for secret in (old, new)] == [False, True]


def test_a_failure_is_tried_again_with_the_same_id_and_body(hooks: Hooks, receiver: Receiver, time: Time) -> None:
    _, secret = hooks.created(receiver.url)
    receiver.says(Say(500, b"oops"), Say(204))
    hooks.tell(DONE)
    hooks.deliver()
    assert delivery() == (1, False, True, 500, "oops", "the answer was 500")
    assert value("SELECT failing_since IS NOT NULL FROM events_endpoint")
    time.passes(seconds=4)
    assert hooks.deliver() == 0
    time.passes(seconds=3)
    assert hooks.deliver() == 1
    first, second = receiver.heard
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 7
    assert second.signed_with(secret)
    assert delivery() == (2, True, False, 204, "", "")
    assert value("SELECT failing_since FROM events_endpoint") is None


def test_it_is_given_up_after_ten_attempts_and_can_be_retried_by_hand(
    hooks: Hooks, receiver: Receiver, time: Time
) -> None:
    id_, _ = hooks.created(receiver.url)
    receiver.says(Say(500))
    hooks.tell(DONE)
    for _ in range(12):
        hooks.deliver()
        time.passes(hours=27)
        # The endpoint as such is not what this is about.
        execute("UPDATE events_endpoint SET failing_since = NULL")
    assert len(receiver.heard) == 10
    assert delivery()[:4] == (10, False, False, 500)
    (delivery_id,) = values("SELECT id FROM events_delivery")[0]
    receiver.says(Say(204))
    assert hooks.do("retry_delivery", delivery_id=delivery_id) is None
    assert hooks.deliver() == 1
    assert delivery() == (11, True, False, 204, "", "")
    assert len({heard.id for heard in receiver.heard}) == 1
    assert hooks.change(id_, receiver.url, enabled=False) is None
    assert code(hooks.do("retry_delivery", delivery_id=delivery_id)) == "webhook_off"


def test_410_switches_the_endpoint_off_and_tells_the_customer(hooks: Hooks, receiver: Receiver, time: Time) -> None:
    hooks.created(receiver.url)
    receiver.says(Say(410))
    hooks.tell(DONE)
    hooks.tell(DONE, order_id=8)
    hooks.deliver()
    assert [bool(value("SELECT enabled FROM events_endpoint")), value("SELECT stopped_why FROM events_endpoint")] == [
        False,
        "gone",
    ]
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'webhook.stopped'") == 1
    ((to, subject, text),) = values('SELECT "to", subject, text FROM events_mail')
    assert (to, subject) == ("carol@customer.example", "Shop: Your webhook was turned off")
    assert receiver.url in text
    # Nothing is sent to it any more, nothing is written down for it, and what waited is given up.
    hooks.tell(DONE, order_id=9)
    time.passes(hours=1)
    assert hooks.deliver() == 0
    assert delivery_actions.tidy() == 2
    assert delivery_actions.tidy() == 0
    assert values("SELECT due_at, problem FROM events_delivery") == [(None, "the webhook was switched off")] * 2


def test_five_days_of_failures_switch_it_off(hooks: Hooks, receiver: Receiver, time: Time) -> None:
    id_, _ = hooks.created(receiver.url)
    receiver.says(Say(500))
    for _ in range(5):
        hooks.tell(DONE)
        hooks.deliver()
        time.passes(hours=24)
    assert bool(value("SELECT enabled FROM events_endpoint"))
    hooks.deliver()
    assert (bool(value("SELECT enabled FROM events_endpoint")), counts("events_mail")) == (False, (1,))
    assert value("SELECT stopped_why FROM events_endpoint") == "failing"
    assert "failed for five days" in value("SELECT text FROM events_mail")
    assert hooks.change(id_, receiver.url) is None
    assert values("SELECT stopped_why, failing_since FROM events_endpoint") == [("", None)]


def test_who_wants_no_such_letter_gets_none(hooks: Hooks, carol: Buyer, receiver: Receiver) -> None:
    execute("UPDATE customers_user SET mails_off = 'login,webhook' WHERE id = %s", carol.customer.user_id)
    hooks.created(receiver.url)
    receiver.says(Say(410))
    hooks.tell(DONE)
    hooks.deliver()
    assert (bool(value("SELECT enabled FROM events_endpoint")), counts("events_mail")) == (False, (0,))


def test_redirects_are_not_followed(hooks: Hooks, receiver: Receiver) -> None:
    hooks.created(receiver.url)
    receiver.says(Say(302, headers=(("Location", f"{receiver.url}/elsewhere"),)))
    hooks.tell(DONE)
    hooks.deliver()
    assert [heard.path for heard in receiver.heard] == ["/hook"]
    problem = f"the answer was 302; redirects are not followed: {receiver.url}/elsewhere"
    assert delivery() == (1, False, True, 302, "", problem)


def test_a_slow_receiver_is_left_after_the_time_limit(
    hooks: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_loop, "READ_TIMEOUT_S", 0.3)
    hooks.created(receiver.url)
    receiver.says(Say(204, after_s=1.0))
    hooks.tell(DONE)
    hooks.deliver()
    assert delivery() == (1, False, True, None, "", "no answer within 0.3 s after the request was sent")
    assert 250 <= value("SELECT duration_ms FROM events_delivery") < 900


@commits
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.10", "0.0.0.0", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_allowed_and_our_own_are_not(hooks: Hooks, settings: Settings, host: str) -> None:
    settings.ALLOW_WEBHOOKS_TO_THIS_MACHINE = False
    assert not isinstance(hooks.create("http://10.254.253.252/hook"), Refusal)
    assert code(hooks.create(f"http://{host}:1/hook")) == "webhook_private"


@commits
def test_our_own_address_is_refused_when_it_is_sent_to_where_private_ones_are_allowed(
    hooks: Hooks, receiver: Receiver, settings: Settings
) -> None:
    hooks.created(receiver.url)
    settings.ALLOW_WEBHOOKS_TO_THIS_MACHINE = False
    hooks.tell(DONE)
    hooks.deliver()
    assert receiver.heard == []
    assert words(value("SELECT problem FROM events_delivery")) == (
        "this host is not on the public internet, which is not allowed here"
    )


def test_a_private_address_is_refused_when_it_is_sent_to(hooks: Hooks, receiver: Receiver, settings: Settings) -> None:
    hooks.created(receiver.url)
    settings.ALLOW_PRIVATE_WEBHOOKS = False
    hooks.tell(DONE)
    hooks.deliver()
    assert receiver.heard == []
    problem = "this host is not on the public internet, which is not allowed here"
    assert delivery() == (1, False, True, None, "", problem)


def test_who_has_many_endpoints_holds_up_nobody_else(
    hooks: Hooks, receiver: Receiver, time: Time, mallory: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_actions, "ENDPOINTS_AT_ONCE", 5)
    for i in range(10):
        hooks.created(f"{receiver.url}/{i}")
    for _ in range(6):
        hooks.tell(DONE)
    time.passes(seconds=30)
    hers = Hooks(mallory)
    endpoint, _ = hers.created(f"{receiver.url}/hers")
    hers.tell(DONE)
    full = Room(48, [(hooks.who["panel_id"], hooks.who["customer_id"])] * 47)
    claimed = delivery_actions.claim({}, room=full, failing_room=Room(24))
    assert [sending.endpoint_id for sending in claimed] == [endpoint], "the next place that comes free is hers"
    hers.loop.close()


def test_a_worker_that_dies_in_the_middle_sends_it_again_with_the_same_id(
    hooks: Hooks, receiver: Receiver, time: Time
) -> None:
    hooks.created(receiver.url)
    hooks.tell(DONE)
    (lost,) = delivery_actions.claim({}, room=Room(10), failing_room=Room(10))
    dying = hooks.loop._send(lost)
    assert (len(receiver.heard), delivery()[:3]) == (1, (1, False, True))
    assert hooks.deliver() == 0, "it is the other worker's until the lease ends"
    time.passes(seconds=91)
    assert hooks.deliver() == 1
    assert [heard.id for heard in receiver.heard] == [lost.message_id] * 2
    before = delivery()
    assert before[:3] == (2, True, False)
    # And what the first one would have written comes too late.
    delivery_actions.commit([dying], tell=webhook_stopped)
    assert delivery() == before


def test_a_slow_endpoint_does_not_hold_up_another(hooks: Hooks, receiver: Receiver) -> None:
    slow = Receiver()
    try:
        slow.says(Say(204, after_s=3.0))
        hooks.created(slow.url)
        for i in range(20):
            hooks.tell(DONE, order_id=i)
        hooks.created(receiver.url, names=["order.partial"])
        hooks.tell("order.partial")
        began = datetime.now(UTC)
        hooks.loop.deliver()
        while not value("SELECT COUNT(*) FROM events_delivery WHERE delivered_at IS NOT NULL"):
            hooks.loop.deliver()
        assert datetime.now(UTC) - began < timedelta(seconds=2.5)
        assert len(receiver.heard) == 1
        while len(slow.heard) < 4 and datetime.now(UTC) - began < timedelta(seconds=20):
            sleep(0.01)  # all four are sent by now, and heard when their threads have had a turn
        assert len(slow.heard) == 4
        while hooks.loop.on_the_way():
            hooks.loop.write_down(wait_s=5)
    finally:
        slow.stop()


def test_a_test_is_sent_whatever_the_endpoint_asked_for(hooks: Hooks, receiver: Receiver) -> None:
    id_, secret = hooks.created(receiver.url)
    assert isinstance(hooks.do("send_test", endpoint_id=id_), int)
    assert code(hooks.do("send_test", endpoint_id=id_)) == "delivery_waits"
    hooks.deliver()
    assert receiver.heard[0].verify(secret)["type"] == "test"
    assert receiver.heard[0].message["data"] == {"endpoint": id_}
    assert hooks.change(id_, receiver.url, enabled=False) is None
    assert code(hooks.do("send_test", endpoint_id=id_)) == "webhook_off"


def test_old_deliveries_are_forgotten_and_then_deleted_endpoints(hooks: Hooks, receiver: Receiver, time: Time) -> None:
    id_, _ = hooks.created(receiver.url, names=NAMES)
    hooks.tell(DONE)
    hooks.deliver()
    time.passes(days=1)
    hooks.tell("order.partial")
    hooks.deliver()
    assert hooks.do("delete_endpoint", endpoint_id=id_) is None
    assert values("SELECT sealed_secret, old_sealed_secret FROM events_endpoint") == [("", "")]
    time.passes(days=29, seconds=1)
    assert delivery_actions.tidy() == 1
    assert values("SELECT name FROM events_delivery") == [("order.partial",)]
    time.passes(days=1)
    assert delivery_actions.tidy() == 2
    assert counts("events_delivery", "events_endpoint") == (0, 0)


@commits
@pytest.mark.parametrize("seen_as", ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"])
def test_an_address_of_our_own_is_refused_however_public_it_is(
    hooks: Hooks, receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch, seen_as: str
) -> None:
    """As if loopback were a public address of this machine, which a name came to lead to after it was taken."""
    settings.ALLOW_PRIVATE_WEBHOOKS = settings.ALLOW_WEBHOOKS_TO_THIS_MACHINE = False
    monkeypatch.setattr(addresses, "is_public", lambda address: True)
    look_up, port = addresses.lookup, int(receiver.url.split(":")[2].split("/")[0])

    def rebound(host: str, *rest: Any, **options: Any) -> addresses.Found:
        family = socket.AF_INET6 if ":" in seen_as else socket.AF_INET
        return [(family, (seen_as, port))] if host == "hooks.example" else look_up(host, *rest, **options)

    monkeypatch.setattr(addresses, "lookup", rebound)
    hooks.created(f"http://hooks.example:{port}/hook")
    hooks.tell(DONE)
    assert hooks.deliver() == 1
    assert receiver.heard == []
    assert values("SELECT problem FROM events_delivery") == [(said("net_private"),)]
