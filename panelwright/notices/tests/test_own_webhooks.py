"""The panel's own programs hear of the orders of all its customers, of problems and of tickets; no other panel's do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.events.models import PANELS_OWN
from panelwright.events.webhook_actions import create_endpoint
from panelwright.events.webhook_rules import NAMES, PANEL_NAMES
from panelwright.notices.tests.test_watch import deliver, did, tried
from panelwright.orders import lifecycle, problems, settling
from panelwright.support import actions as tickets
from panelwright.support.actions import Letter
from panelwright.support.tests.making import written
from tests.support.people import LINK, Owner, Time, counts, execute, value, values
from tests.support.receiver import Receiver, Say
from tests.support.statements import statements
from tests.support.story import Story


def listen(owner: Owner, *names: str, url: str = "https://hooks.example/own") -> int:
    return int(did(owner, "panel_webhook.add", url=url, names=list(names or PANEL_NAMES)).target or 0)


def told() -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in values("SELECT body FROM events_delivery ORDER BY id")]


def end(order_id: int, *, remains: int = 0) -> None:
    now = clock.now()
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), now)
    changes.apply(settling.end(changes.orders[order_id], "Completed", remains=remains, now=now))
    changes.write()


def trouble(order_id: int, code: str = problems.NO_ROUTE) -> None:
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), clock.now())
    order = changes.orders[order_id]._replace(**problems.problem(code)._asdict())
    changes.apply(settling.Settled(order))
    changes.write()


def test_it_hears_of_every_customer_with_the_number(story: Story, time: Time) -> None:
    own = listen(story.alice)
    order = story.carol.order()
    assert told() == [], "placing tells nothing"
    end(order)
    (message,) = told()
    assert message["type"] == "order.completed"
    assert message["data"] == {
        "order": order.number,
        "service": 1,
        "status": "Completed",
        "charge": "0.90",
        "currency": "USD",
        "start_count": "0",
        "remains": "0",
        "link": LINK,
        "customer": story.carol.number,
    }
    assert values("SELECT endpoint_id FROM events_delivery") == [(own,)]


def test_a_customers_own_is_told_besides_and_without_it(story: Story) -> None:
    with scope(panel=story.alice.panel):
        made = create_endpoint(
            panel_id=story.alice.panel_id, customer_id=story.carol.customer_id, url="https://c.example/", names=NAMES
        )
        assert not isinstance(made, Refusal)
    listen(story.alice, "order.completed")
    listen(story.alice, "order.canceled", url="https://hooks.example/other")
    end(story.carol.order())
    assert [message["data"].get("customer") for message in told()] == [None, story.carol.number]


def test_a_problem_is_told_to_the_panel_alone(story: Story) -> None:
    with scope(panel=story.alice.panel):
        refused = create_endpoint(
            panel_id=story.alice.panel_id,
            customer_id=story.carol.customer_id,
            url="https://c.example/",
            names=["order.problem"],
        )
        assert isinstance(refused, Refusal) and refused.code == "webhook_names"
    listen(story.alice, "order.problem")
    order = story.carol.order()
    trouble(order)
    trouble(order)
    (message,) = told()
    assert message["type"] == "order.problem"
    assert message["data"]["problem"] == "no_route"
    assert message["data"]["text"] == "no provider is set for this service"
    assert message["data"]["customer"] == story.carol.number


def test_tickets_from_opening_to_closing(story: Story, time: Time) -> None:
    listen(story.alice)
    ticket = written(story.carol, "Where is it?", subject="other")
    who: dict[str, Any] = {"panel_id": story.alice.panel_id, "customer_id": story.carol.customer_id}
    with scope(panel=story.alice.panel):
        tickets.reply(**who, ticket_id=ticket, letter=Letter("Hello?"))
    did(story.alice, "ticket.answer", ticket.number, text="It is on its way.")
    did(story.alice, "ticket.close", ticket.number)
    messages = told()
    assert [message["type"] for message in messages] == [
        "ticket.opened",
        "ticket.replied",
        "ticket.answered",
        "ticket.closed",
    ]
    facts = {"ticket": ticket.number, "subject": "other", "title": "Where is it?", "customer": story.carol.number}
    assert messages[0]["data"] == {**facts, "text": "Where is it?"}
    assert messages[1]["data"] == {**facts, "text": "Hello?"}
    assert messages[2]["data"] == {**facts, "text": "It is on its way.", "by": "a test"}
    assert messages[3]["data"] == facts


def test_another_panel_hears_nothing(story: Story) -> None:
    listen(story.rival)
    order = story.carol.order()
    trouble(order)
    end(order)
    written(story.carol, "Where is it?", subject="other")
    assert counts("events_delivery") == (0,)


def test_it_costs_no_statement_where_nobody_listens(story: Story) -> None:
    order, again = story.carol.order(), story.carol.order(link="https://example.com/2")
    with statements() as before:
        end(order)
    listen(story.rival)
    with statements() as after:
        end(again)
    assert len(after.texts) == len(before.texts)
    assert sum("events_endpoint" in text for text in after.texts) == 1


def test_a_secret_is_shown_once_rotated_and_what_was_sent_is_sent_again(
    story: Story, receiver: Receiver, time: Time
) -> None:
    alice = story.alice
    done = did(alice, "panel_webhook.add", url=receiver.url, names=["ticket.opened"])
    secret, target = str(done.shown["secret"]), int(done.target or 0)
    receiver.says(Say(500), Say(204))
    written(story.carol, "Where is it?", subject="other")
    deliver()
    assert receiver.heard[0].signed_with(secret)
    delivery = int(value("SELECT id FROM events_delivery"))
    new = str(did(alice, "panel_webhook.rotate", target).shown["secret"])
    did(alice, "delivery.resend", delivery)
    deliver()
    assert receiver.heard[1].id == receiver.heard[0].id
    assert receiver.heard[1].signed_with(secret) and receiver.heard[1].signed_with(new)
    assert value("SELECT COUNT(*) FROM events_delivery WHERE delivered_at IS NOT NULL") == 1
    time.passes(hours=25)
    did(alice, "delivery.resend", delivery)
    deliver()
    assert not receiver.heard[2].signed_with(secret) and receiver.heard[2].signed_with(new)
    did(alice, "panel_webhook.remove", target)
    gone = tried(alice, "delivery.resend", delivery)
    assert isinstance(gone, Refusal)


def test_a_panel_has_ten_and_none_of_another_ones_is_reached(story: Story) -> None:
    for n in range(10):
        listen(story.alice, "order.problem", url=f"https://hooks.example/{n}")
    full = tried(story.alice, "panel_webhook.add", url="https://hooks.example/11", names=["order.problem"])
    assert isinstance(full, Refusal) and full.code == "webhook_limit"
    mine = int(value("SELECT MIN(id) FROM events_endpoint"))
    for verb in ("turn_off", "remove", "rotate"):
        assert isinstance(tried(story.rival, f"panel_webhook.{verb}", mine), Refusal)
    assert value("SELECT COUNT(*) FROM events_endpoint WHERE enabled AND customer_id = %s", PANELS_OWN) == 10


@pytest.mark.parametrize("url", ["ftp://hooks.example/", "https://hooks.example/#x", "no address", ""])
def test_an_address_is_checked_as_a_customers_is(story: Story, url: str) -> None:
    before = counts("events_endpoint", "staff_trailentry")
    refused = tried(story.alice, "panel_webhook.add", url=url, names=["order.problem"])
    assert isinstance(refused, Refusal) and refused.field == "url"
    assert counts("events_endpoint", "staff_trailentry") == before


def test_one_that_stopped_by_itself_is_told_to_staff(story: Story, receiver: Receiver, time: Time) -> None:
    """Nobody's customer is written to, and the loop goes on."""
    did(story.alice, "panel_webhook.add", url=receiver.url, names=["ticket.opened"])
    did(story.alice, "notice.add_mail", staff=story.bob.id, kinds=["webhook_stopped"])
    receiver.says(Say(410))
    written(story.carol, "Where is it?", subject="other")
    deliver()
    assert values("SELECT enabled, stopped_why FROM events_endpoint") == [(False, "gone")]
    assert counts("events_mail") == (0,)
    from panelwright.notices import actions

    actions.watch()
    assert values("SELECT subject FROM events_mail") == [("Shop: A webhook was turned off: 1",)]
    execute("UPDATE events_mail SET due_at = NULL")


def test_a_payment_from_its_proof_to_its_end(story: Story, time: Time) -> None:
    from panelwright.payments.tests import making

    listen(story.alice)
    method = making.method(story.alice, "Bank")
    first = making.begun(story.carol, method, "20")
    assert told() == [], "one that is only begun tells nothing"
    assert making.submit(story.carol, first, "TX-1") is None
    did(story.alice, "payment.approve", first.number)
    second = making.begun(story.carol, method, "5")
    assert making.submit(story.carol, second, "TX-2") is None
    did(story.alice, "payment.reject", second.number, reason="Nothing came.")
    messages = told()
    assert [message["type"] for message in messages] == [
        "payment.submitted",
        "payment.paid",
        "payment.submitted",
        "payment.rejected",
    ]
    asked = {"method": "Bank", "amount": "20.00", "currency": messages[0]["data"]["currency"]}
    facts = {"payment": first.number, **asked, "customer": story.carol.number}
    assert messages[0]["data"] == {**facts, "state": "pending"}
    paid = {"credited": "20.00", "bonus": "0.00", "credited_currency": "USD"}
    assert messages[1]["data"] == {**facts, "state": "paid", **paid}
    assert messages[3]["data"]["state"] == "failed" and messages[3]["data"]["payment"] == second.number


def test_a_payment_that_waits_is_told_once_until_it_is_decided(story: Story) -> None:
    from panelwright.notices import queries
    from panelwright.notices.rules import NoticeKind
    from panelwright.payments.tests import making

    def waits() -> list[tuple[str, int, str]]:
        with scope(panel=story.alice.panel):
            found = queries.waiting(story.alice.panel_id, [NoticeKind.PAYMENT_WAITS.value])
        return [(one.key, one.number, one.label) for one in found[NoticeKind.PAYMENT_WAITS]]

    payment = making.begun(story.carol, making.method(story.alice, "Bank"), "20")
    assert waits() == []
    assert making.submit(story.carol, payment, "TX-1") is None
    assert waits() == [(f"{payment.number}:pending", payment.number, "Bank")]
    did(story.alice, "payment.approve", payment.number)
    assert waits() == []
