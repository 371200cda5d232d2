"""Letters of staff: not too many to addresses that nobody has confirmed, none of a suspended panel, none behind an
unsubscribing, and none that is too long to be kept."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.bulk.test_broadcasts import LETTER, customers, every_slice, send, told

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.staff.cases import World
    from tests.support.mail_server import MailServer
    from tests.support.people import Time

pytestmark = pytest.mark.django_db


def proven(one: Any) -> None:
    from tests.support.people import execute

    execute("UPDATE customers_user SET email_unproven = %s WHERE id = %s", False, one.customer.user_id)


def refused(world: World, action: str, target: int, given: dict[str, Any]) -> str:
    """The refusal's code; empty: it was done."""
    return str(getattr(world.tried(action, target, given), "code", ""))


def test_addresses_that_nobody_confirmed_get_so_many_a_day(world: World, time: Time, settings: Settings) -> None:
    from panelwright.staff.bulk import Foreseen
    from tests.bulk.working import again, foreseen

    settings.UNPROVEN_LETTERS_OF_PANEL = 3
    made = customers(world, 5)
    proven(made[4])
    seen = foreseen(world.alice, "customer.broadcast", on="customers", **LETTER)
    assert isinstance(seen, Foreseen)
    assert (seen.todo, {code: one.count for code, one in seen.skipped.items()}) == (4, {"letters_unproven": 2})
    work = send(world)
    every_slice(time)
    done = again(world.alice, work)
    assert (done.done, done.skipped, done.failed) == (4, 2, 0)
    assert len(told()) == 4 and made[4].customer.user.email in told()
    # A letter to one counts, too; and the next day is another.
    assert refused(world, "customer.mail", made[0].number, {"subject": "Hi", "text": "You"}) == "letters_unproven"
    time.passes(days=1)
    world.do("customer.mail", made[0].number, subject="Hi", text="You")


def test_all_panels_share_the_installations(world: World, time: Time, settings: Settings) -> None:
    from tests.bulk.working import again, started

    settings.UNPROVEN_LETTERS = 2
    customers(world, 1)
    send(world)
    every_slice(time)
    assert len(told()) == 2
    rival = world.story.rival
    work = started(rival, "customer.broadcast", on="customers", **LETTER)
    every_slice(time)
    assert (again(rival, work).done, again(rival, work).skipped) == (0, 1)
    assert len(told()) == 2


def test_whoever_opened_a_letter_is_not_counted(world: World, settings: Settings) -> None:
    from panelwright.core import clock
    from panelwright.customers import account_actions
    from panelwright.customers.models import LetterKind
    from tests.support.people import value

    settings.UNPROVEN_LETTERS_OF_PANEL = 0
    carol = world.carol
    given = {"subject": "Hi", "text": "You"}
    assert refused(world, "customer.mail", carol.number, given) == "letters_unproven"
    assert refused(world, "customer.send_password_letter", carol.number, {}) == "letters_unproven"
    user = carol.customer.user
    with scope(panel=world.alice.panel):
        token = account_actions.new_letter(
            world.alice.panel_id,
            LetterKind.RESET,
            user=user,
            email=user.email,
            within=account_actions.RESET_WITHIN,
            now=clock.now(),
        )
        account_actions.reset_password(panel=world.alice.panel, token=token, password="another horse 7")
    assert not value("SELECT email_unproven FROM customers_user WHERE id = %s", user.id)
    world.do("customer.mail", carol.number, **given)


def test_an_answer_stands_in_its_ticket_when_its_letter_is_one_too_many(world: World, settings: Settings) -> None:
    from tests.support.people import value

    settings.UNPROVEN_LETTERS_OF_PANEL = 0
    ticket = world.ticket()
    world.do("ticket.answer", ticket, text="It is on its way.")
    assert value("SELECT COUNT(*) FROM events_mail WHERE kind = 'ticket'") == 0
    assert value("SELECT COUNT(*) FROM support_message WHERE text = 'It is on its way.'") == 1


def test_a_suspended_panel_sends_no_more_of_them(world: World, mail_server: MailServer, time: Time) -> None:
    from panelwright.core import clock
    from panelwright.events.mail import queue_mail
    from panelwright.events.mail_loop import send_mails
    from tests.bulk.working import again, foreseen, one_slice
    from tests.support.people import value

    customers(world, 9)
    work = send(world)
    one_slice()
    assert len(told()) == 5
    queue_mail(panel_id=world.alice.panel_id, to="x@y.example", subject="R", text="l", kind="reset", now=clock.now())
    world.do("panel.suspend", None, reason="Complaints.")
    time.passes(minutes=1)
    one_slice()
    done = again(world.alice, work)
    assert (done.state, done.stop_code, done.done) == ("stopped", "panel_suspended", 5)
    assert send_mails() == 6
    assert [one.to for one in mail_server.taken] == ["x@y.example"], "what was queued stays behind, log-ins go on"
    assert value("SELECT COUNT(*) FROM events_mail WHERE due_at IS NOT NULL") == 0
    seen = foreseen(world.alice, "customer.broadcast", on="customers", **LETTER)
    assert getattr(seen, "code", "") == "panel_suspended"
    assert refused(world, "customer.broadcast", world.carol.number, LETTER) == "panel_suspended"


def test_a_text_of_signs_that_grow_is_sent_and_one_too_long_is_refused_before(world: World, time: Time) -> None:
    from tests.bulk.working import again, foreseen
    from tests.support.people import value

    customers(world, 0)
    work = send(world, text="&" * 20_000)
    every_slice(time)
    assert (again(world.alice, work).done, again(world.alice, work).failed) == (1, 0)
    assert value("SELECT LENGTH(html) FROM events_mail WHERE kind = 'news'") > 100_000
    table = "|a" * 40 + "\n" + "|-" * 40 + "\n" + ("|" * 40 + "\n") * 480
    assert len(table) <= 20_000
    seen = foreseen(world.alice, "customer.broadcast", on="customers", **{**LETTER, "text": table})
    assert getattr(seen, "code", "") == "letter_too_long"
    assert refused(world, "customer.broadcast", world.carol.number, {**LETTER, "text": table}) == "letter_too_long"


@pytest.mark.django_db(transaction=True)
def test_who_unsubscribes_while_a_letter_is_queued_gets_none(world: World) -> None:
    from django.db import connection, transaction

    from panelwright.customers import broadcast_actions

    user = world.carol.customer.user
    queued, go_on = threading.Event(), threading.Event()

    def one_letter() -> None:
        try:
            with scope(panel=world.alice.panel), transaction.atomic():
                broadcast_actions.send(
                    customer=world.carol.customer,
                    subject="New",
                    text="News",
                    link="https://shop.example/unsubscribe/x",
                    origin="",
                )
                queued.set()
                go_on.wait(20)
        finally:
            connection.close()

    def leave() -> None:
        try:
            with scope(panel=world.alice.panel):
                broadcast_actions.unsubscribe(panel_id=world.alice.panel_id, user_id=user.id)
        finally:
            connection.close()

    writer, reader = threading.Thread(target=one_letter), threading.Thread(target=leave)
    writer.start()
    assert queued.wait(20)
    reader.start()
    # Either it waits for the letter, or it is done before and has missed it.
    reader.join(1)
    go_on.set()
    writer.join(30)
    reader.join(30)
    assert told() == []
