"""Staff are told what waits: by e-mail, in Telegram and at an address; once, bundled, and by nobody's loss."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django_scopes import scope
from pytest_django import Settings

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.customers.emails import webhook_stopped
from panelwright.events.mail_loop import send_mails
from panelwright.events.webhook_loop import Webhooks
from panelwright.notices import actions
from panelwright.staff import registry
from panelwright.staff.actions import Performed, perform
from panelwright.staff.actor import operator
from panelwright.support.tests.making import written
from tests.support.by_hand import own_people
from tests.support.mail_server import MailServer
from tests.support.people import FOLLOWERS, Owner, Time, counts, execute, value, values
from tests.support.receiver import Receiver, Say
from tests.support.rounds import Rounds
from tests.support.story import Story

TOKEN = "123456789:AAHfiqksKZ8WmR2zSJYM3tLLJLKeh-L6WuU"
YES = Say(200, b'{"ok":true,"result":{"message_id":1}}')
EVERY = ["order_problem", "manual_order", "ticket_waits", "provider_low"]


def tried(owner: Owner, name: str, target: int | None = None, **given: object) -> Performed | Refusal:
    with scope(panel=owner.panel):
        action = registry.actions()[name]
        return perform(action, actor=operator("a test"), panel_id=owner.panel_id, target=target, given=given)


def did(owner: Owner, name: str, target: int | None = None, **given: object) -> Performed:
    done = tried(owner, name, target, **given)
    assert isinstance(done, Performed), done
    return done


def deliver() -> None:
    loop = Webhooks(webhook_stopped)
    while loop.deliver() or loop.on_the_way():
        loop.write_down(wait_s=5)
    loop.close()


@pytest.fixture
def telegram(receiver: Receiver, settings: Settings) -> Receiver:
    """A double of Telegram's API on loopback."""
    settings.TELEGRAM_API = f"http://127.0.0.1:{receiver.port}"
    receiver.says(YES)
    return receiver


def test_what_comes_up_is_gathered_into_one_letter(
    story: Story, worker: Rounds, mail_server: MailServer, time: Time
) -> None:
    alice, bob, carol = story.alice, story.bob, story.carol
    own_people(alice, FOLLOWERS)
    did(alice, "notice.add_mail", staff=bob.id, kinds=EVERY, every_min=15)
    assert actions.watch() == 1
    assert counts("events_mail") == (0,)
    time.passes(seconds=30)
    numbers = [carol.order(link=f"https://example.com/{n}").number for n in range(7)]
    worker.forward()
    written(carol, "Where is it?", subject="other")
    assert (actions.watch(), actions.watch()) == (1, 0)
    assert send_mails() == 1
    (taken,) = mail_server.taken
    assert taken.to == "bob@shop.example"
    assert taken.message["Subject"] == "Shop: Manual orders: 7, Tickets waiting: 1"
    lines = taken.message.get_content().replace("\r\n", "\n").strip().split("\n")
    assert lines[0] == "Manual orders: 7 new"
    assert lines[1:6] == [f"– {number}: Followers" for number in numbers[:5]]
    assert lines[6] == "– and 2 more"
    assert lines[7] == "https://shop.example/admin/orders?show=manual"
    assert lines[9] == "Tickets waiting: 1 new"
    # Within the quarter of an hour nothing goes out, and after it all that is new in one.
    for n in range(3):
        time.passes(minutes=4)
        carol.order(link=f"https://example.com/later/{n}")
        worker.forward()
        assert actions.watch() == 0
    time.passes(minutes=4)
    assert actions.watch() == 1
    assert send_mails() == 1
    assert mail_server.taken[1].message.get_content().startswith("Manual orders: 3 new, 10 in total")
    time.passes(hours=3)
    assert actions.watch() == 1
    assert counts("events_mail") == (2,)


def test_a_message_of_a_bot(story: Story, worker: Rounds, telegram: Receiver, time: Time) -> None:
    alice, carol = story.alice, story.carol
    own_people(alice, FOLLOWERS)
    target = did(alice, "notice.add_telegram", token=TOKEN, chat="-1001", kinds=EVERY, every_min=1).target
    sealed = str(value("SELECT sealed_secret FROM events_endpoint"))
    assert TOKEN not in sealed and sealed
    number = carol.order().number
    worker.forward()
    assert actions.watch() == 1
    deliver()
    (heard,) = telegram.heard
    assert heard.path == f"/bot{TOKEN}/sendMessage"
    assert heard.message["chat_id"] == "-1001"
    assert heard.message["text"] == (
        f"Shop\n\nManual orders: 1 new\n– {number}: Followers\nhttps://shop.example/admin/orders?show=manual"
    )
    assert "parse_mode" not in heard.message
    # The token stands nowhere but sealed.
    everything_told = json.dumps(
        [values("SELECT * FROM events_delivery"), values("SELECT * FROM staff_trailentry"), target], default=str
    )
    assert TOKEN not in everything_told and TOKEN.split(":")[1] not in everything_told


def test_no_log_has_the_token_however_much_is_written_down(
    story: Story, telegram: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    target = did(story.alice, "notice.add_telegram", token=TOKEN, chat="42", kinds=EVERY).target
    did(story.alice, "notice.test", target)
    (heard,) = telegram.heard
    assert TOKEN in heard.path
    assert TOKEN not in caplog.text


def test_an_address_gets_codes_that_are_signed(story: Story, worker: Rounds, receiver: Receiver, time: Time) -> None:
    alice, carol = story.alice, story.carol
    own_people(alice, FOLLOWERS)
    done = did(alice, "notice.add_webhook", url=receiver.url, kinds=EVERY, every_min=1)
    number = carol.order().number
    worker.forward()
    actions.watch()
    deliver()
    (heard,) = receiver.heard
    assert heard.signed_with(str(done.shown["secret"]))
    assert heard.message["type"] == "notice"
    assert heard.message["data"] == {
        "panel": "shop",
        "notices": [
            {
                "kind": "manual_order",
                "new": 1,
                "waiting": 1,
                "things": [{"number": number, "name": "Followers"}],
                "url": "https://shop.example/admin/orders?show=manual",
            }
        ],
    }


@pytest.mark.parametrize(
    ("say", "code"),
    [
        (Say(401, b'{"ok":false,"description":"Unauthorized"}'), "telegram_token"),
        (Say(404, b'{"ok":false,"description":"Not Found"}'), "telegram_token"),
        (Say(400, b'{"ok":false,"description":"Bad Request: chat not found"}'), "telegram_no_chat"),
        (Say(403, b'{"ok":false,"description":"Forbidden: bot was blocked by the user"}'), "telegram_forbidden"),
        (Say(429, b'{"ok":false,"parameters":{"retry_after":9}}'), "telegram_busy"),
        (Say(500, b"oops"), "telegram_refused"),
        (Say(200, b"<html>captive portal"), "telegram_refused"),
        (YES, ""),
    ],
)
def test_a_test_says_in_words_what_is_wrong(story: Story, telegram: Receiver, say: Say, code: str) -> None:
    target = did(story.alice, "notice.add_telegram", token=TOKEN, chat="42", kinds=EVERY).target
    before = counts("staff_trailentry", "events_delivery", "events_event")
    telegram.says(say)
    came = tried(story.alice, "notice.test", target)
    assert len(telegram.heard) == 1
    if not code:
        assert isinstance(came, Performed)
        return
    assert isinstance(came, Refusal) and came.code == code
    assert counts("staff_trailentry", "events_delivery", "events_event") == before
    assert TOKEN not in str(came.facts)


def test_a_telegram_that_is_not_there_and_an_address_that_says_no(
    story: Story, telegram: Receiver, settings: Settings
) -> None:
    target = did(story.alice, "notice.add_telegram", token=TOKEN, chat="42", kinds=EVERY).target
    address = did(story.alice, "notice.add_webhook", url=telegram.url, kinds=EVERY).target
    telegram.says(Say(500))
    came = tried(story.alice, "notice.test", address)
    assert came == Refusal("webhook_answered") and isinstance(came, Refusal) and dict(came.facts) == {"answer": 500}
    settings.TELEGRAM_API = "http://127.0.0.1:9"
    refused = tried(story.alice, "notice.test", target)
    assert isinstance(refused, Refusal) and refused.code == "telegram_unreachable"
    assert TOKEN not in str(refused.facts)


def test_a_letter_that_cannot_be_sent_says_why(story: Story, mail_server: MailServer) -> None:
    target = did(story.alice, "notice.add_mail", staff=story.bob.id, kinds=EVERY).target
    assert isinstance(tried(story.alice, "notice.test", target), Performed)
    assert mail_server.taken[0].message.get_content().strip() == "This is a test. Notices of Shop arrive here."
    mail_server.refuses["bob@shop.example"] = "550 no such user"
    refused = tried(story.alice, "notice.test", target)
    assert isinstance(refused, Refusal) and refused.code == "mail_not_sent"
    assert dict(refused.facts) == {"said": "the mail server answered 550 no such user"}


def test_staff_hear_of_what_they_may_see_and_nobody_who_left(
    story: Story, worker: Rounds, mail_server: MailServer, time: Time
) -> None:
    alice, bob, carol = story.alice, story.bob, story.carol
    own_people(alice, FOLLOWERS)
    did(alice, "notice.add_mail", staff=bob.id, kinds=EVERY, every_min=1)
    execute("UPDATE customers_staff SET role = 'custom', rights = %s WHERE id = %s", '["support"]', bob.id)
    carol.order()
    worker.forward()
    actions.watch()
    assert counts("events_mail") == (0,)
    written(carol, "Where is it?", subject="other")
    time.passes(minutes=2)
    actions.watch()
    assert values("SELECT subject FROM events_mail") == [("Shop: Tickets waiting: 1",)]
    execute("UPDATE customers_user SET is_active = %s WHERE id = %s", False, bob.user_id)
    written(carol, "And now?", subject="other")
    time.passes(minutes=2)
    actions.watch()
    assert counts("events_mail") == (1,)


def test_turned_off_removed_and_limited(story: Story, receiver: Receiver, time: Time) -> None:
    alice = story.alice
    written(story.carol, "Where is it?", subject="other")
    target = did(alice, "notice.add_webhook", url=receiver.url, kinds=EVERY, every_min=1).target
    did(alice, "notice.turn_off", target)
    assert actions.watch() == 0
    did(alice, "notice.turn_on", target)
    actions.watch()
    assert counts("events_delivery") == (1,)
    did(alice, "notice.turn_off", target)
    deliver()
    assert receiver.heard == []
    did(alice, "notice.remove", target)
    assert counts("notices_noticechannel") == (0,)
    assert values("SELECT sealed_secret, enabled FROM events_endpoint") == [("", False)]
    refused = tried(alice, "notice.add_mail", staff=story.bob.id, kinds=[])
    assert isinstance(refused, Refusal) and refused.code == "notice_kinds"
    did(alice, "notice.add_mail", staff=story.bob.id, kinds=["ticket_waits"])
    taken = tried(alice, "notice.add_mail", staff=story.bob.id, kinds=["ticket_waits"])
    assert isinstance(taken, Refusal) and taken.code == "notice_taken"
    rivals = value("SELECT id FROM customers_staff WHERE panel_id = %s", story.rival.panel_id)
    if rivals is not None:
        none = tried(alice, "notice.add_mail", staff=rivals, kinds=["ticket_waits"])
        assert isinstance(none, Refusal) and none.code == "no_staff"


def test_whoever_loses_the_claim_tells_nothing(story: Story, time: Time) -> None:
    alice = story.alice
    did(alice, "notice.add_mail", staff=story.bob.id, kinds=["ticket_waits"], every_min=5)
    written(story.carol, "Where is it?", subject="other")
    claimed = actions.claim()
    assert claimed is not None and len(claimed.ids) == 1
    assert actions.claim() is None
    # It was held up for longer than its lease, and another worker told meanwhile.
    time.passes(minutes=2)
    assert actions.watch() == 1
    assert counts("events_mail") == (1,)
    actions.tell(claimed)
    assert counts("events_mail") == (1,)


def test_each_kind_has_a_query_of_its_own_and_a_panel_reads_its_own_rows(story: Story, worker: Rounds) -> None:
    from panelwright.notices import queries
    from panelwright.notices.rules import NoticeKind

    alice, carol = story.alice, story.carol
    own_people(alice, FOLLOWERS)
    order = carol.order()
    worker.forward()
    provider = alice.provider("https://north.example/api/v2", name="north")
    execute(
        "UPDATE providers_provider SET balance_micros = 5, low_balance_micros = 10, failures = 99, problem = 'no'"
        " WHERE id = %s",
        provider.id,
    )
    lost = carol.order(link="https://example.com/lost")
    execute(
        "UPDATE orders_order SET job = NULL, due_at = NULL, status = 'Processing', problem_code = 'outcome_unknown',"
        " problem_facts = '{}', problem_at = created_at WHERE id = %s",
        lost,
    )
    written(carol, "Where is it?", subject="other")
    now = clock.now()
    execute(
        'INSERT INTO events_mail (panel_id, "to", subject, text, kind, attempts, problem, created_at)'
        " VALUES (%s, 'x@y.example', 's', '', 'ticket', 3, 'no such user', %s)",
        alice.panel_id,
        now,
    )
    execute(
        "INSERT INTO events_event (panel_id, name, subject_id, facts, created_at)"
        " VALUES (%s, 'webhook.stopped', 1, '{\"url\": \"https://gone.example\"}', %s)",
        alice.panel_id,
        now,
    )
    every = {kind.value for kind in NoticeKind}
    with scope(panel=alice.panel):
        found: dict[str, Any] = {
            kind.value: [(one.number, one.label, one.code) for one in matters]
            for kind, matters in queries.waiting(alice.panel_id, every).items()
        }
    assert found == {
        "order_problem": [(lost.number, "", "outcome_unknown")],
        "manual_order": [(order.number, "Followers", "")],
        "refill_waits": [],
        "cancel_waits": [],
        "ticket_waits": [(1001, "Where is it?", "")],
        "payment_waits": [],
        "dispute": [],
        "payout_waits": [],
        "provider_low": [(provider.id, "north", "")],
        "provider_fails": [(provider.id, "north", "")],
        "price_held": [],
        "webhook_stopped": [(0, "https://gone.example", "")],
        "mail_failed": [(0, "x@y.example", "")],
    }
    with scope(panel=story.rival.panel):
        assert not any(queries.waiting(story.rival.panel_id, every).values())
