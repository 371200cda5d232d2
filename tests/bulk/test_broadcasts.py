"""Letters to many customers: to nobody twice, to nobody who does not want them, at the pace that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

if TYPE_CHECKING:
    from tests.staff.cases import World
    from tests.support.mail_server import MailServer
    from tests.support.people import Time

pytestmark = pytest.mark.django_db

LETTER: dict[str, Any] = {"subject": "New prices", "text": "We have **new** [services](/services).\n\n- one\n- two"}


def customers(world: World, count: int) -> list[Any]:
    from panelwright.core import clock
    from tests.support.people import execute

    made = [world.alice.customer(f"c{n}") for n in range(count)]
    # What is made after a list was frozen is not part of it, and the database's clock is not the test's.
    execute("UPDATE customers_customer SET created_at = %s", clock.now())
    return made


def told() -> list[str]:
    from tests.support.people import values

    return [row[0] for row in values("SELECT \"to\" FROM events_mail WHERE kind = 'news' ORDER BY id")]


def send(world: World, **given: Any) -> Any:
    from tests.bulk.working import started

    return started(world.alice, "customer.broadcast", on="customers", **{**LETTER, **given})


def every_slice(time: Time) -> list[int]:
    from tests.bulk.working import one_slice

    did = []
    for _ in range(100):
        did.append(one_slice())
        if not did[-1]:
            break
        time.passes(minutes=1)
    return did


def test_who_does_not_want_it_or_is_suspended_is_shown_and_left_out(world: World, time: Time) -> None:
    from panelwright.staff.bulk import Foreseen
    from tests.bulk.working import again, foreseen
    from tests.support.people import execute, values

    first, second, third = customers(world, 3)
    execute("UPDATE customers_user SET mails_off = 'login,news' WHERE id = %s", first.customer.user_id)
    world.do("customer.suspend", second.number)
    seen = foreseen(world.alice, "customer.broadcast", on="customers", **LETTER)
    assert isinstance(seen, Foreseen)
    assert (seen.count, seen.todo) == (4, 2)
    assert {code: one.count for code, one in seen.skipped.items()} == {"unsubscribed": 1, "letters_end": 1}
    assert told() == []
    work = send(world)
    every_slice(time)
    done = again(world.alice, work)
    assert (done.state, done.done, done.skipped, done.failed) == ("done", 2, 2, 0)
    assert sorted(told()) == sorted([world.carol.customer.user.email, third.customer.user.email])
    assert sorted(values("SELECT code FROM staff_bulkmiss")) == [("letters_end",), ("unsubscribed",)]


def test_the_letter_with_its_headers_and_both_texts(world: World, mail_server: MailServer, time: Time) -> None:
    from panelwright.events.mail_loop import send_mails
    from tests.support.people import values

    customers(world, 0)
    send(world)
    every_slice(time)
    assert send_mails() == 1
    (taken,) = mail_server.taken
    message = taken.message
    assert message["Subject"] == "Shop: New prices"
    address = message["List-Unsubscribe"].strip(" <>")
    assert address.startswith("https://shop.example/unsubscribe/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = message.iter_parts()
    text = plain.get_content().replace("\r\n", "\n")
    assert text.startswith("We have **new** [services](/services).\n")
    assert text.endswith(f"\n-- \nYou get this email as a customer of Shop.\nUnsubscribe: {address}\n")
    page = html.get_content().replace("\r\n", "\n")
    assert '<p>We have <strong>new</strong> <a href="https://shop.example/services">services</a>.</p>' in page
    assert f'<a href="{address}">Unsubscribe</a>' in page
    # Nothing of it is left behind.
    assert values("SELECT text, html, unsubscribe, sent_at IS NOT NULL FROM events_mail WHERE kind = 'news'") == [
        ("", "", "", True)
    ]


def test_other_letters_say_nothing_of_it_and_go_first(world: World, mail_server: MailServer, time: Time) -> None:
    from panelwright.core import clock
    from panelwright.events.mail import queue_mail
    from panelwright.events.mail_loop import send_mails

    customers(world, 15)
    send(world, per_minute=600)
    every_slice(time)
    queue_mail(
        panel_id=world.alice.panel_id, to="x@y.example", subject="Reset", text="link", kind="reset", now=clock.now()
    )
    assert send_mails() == 10
    assert "x@y.example" in [taken.to for taken in mail_server.taken]
    (reset,) = [taken for taken in mail_server.taken if taken.to == "x@y.example"]
    assert reset.message["List-Unsubscribe"] is None
    assert not reset.message.is_multipart()


def test_it_takes_its_time(world: World, time: Time) -> None:
    from tests.bulk.working import again, one_slice

    customers(world, 29)
    work = send(world, per_minute=60)
    assert one_slice() == 5
    assert one_slice() == 0, "five a slice, twelve slices a minute"
    time.passes(seconds=5)
    assert one_slice() == 5
    assert again(world.alice, work).done == 10
    time.passes(minutes=10)
    assert (one_slice(), one_slice()) == (5, 0), "what was missed is not made up for at once"


def test_it_is_stopped_in_the_middle(world: World, time: Time) -> None:
    from tests.bulk.working import again, one_slice

    customers(world, 19)
    work = send(world)
    one_slice()
    world.do("bulk.stop", work.number)
    assert set(every_slice(time)) == {0}
    assert len(told()) == 5
    assert again(world.alice, work).state == "stopped"


def test_whoever_is_killed_sends_nobody_two(world: World, time: Time) -> None:
    from tests.bulk.working import again, one_slice
    from tests.simulator.killed import Killed, dies_after

    everybody = [world.carol, *customers(world, 3)]
    work = send(world, per_minute=600)
    deaths, writes = 0, 0
    while again(world.alice, work).state == "running":
        try:
            with dies_after(writes):
                one_slice()
        except Killed:
            deaths += 1
        writes = writes + 1 if deaths < 25 else 1_000
        time.passes(seconds=21)
    assert deaths >= 4
    assert sorted(told()) == sorted(one.customer.user.email for one in everybody)
    assert again(world.alice, work).done == 4


def test_the_link_needs_no_log_in_and_only_a_press_ends_letters(world: World, time: Time) -> None:
    from django.test import Client

    from panelwright.customers import broadcasts
    from tests.support.people import everything, value

    carol = world.carol.customer.user
    token = broadcasts.token(panel_id=world.alice.panel_id, user_id=carol.id)
    reader = Client(headers={"host": world.alice.host}, enforce_csrf_checks=True)
    page = reader.get(f"/unsubscribe/{token}")
    assert page.status_code == 200 and "Stop getting news and offers from Shop?" in page.content.decode()
    assert value("SELECT mails_off FROM customers_user WHERE id = %s", carol.id) == ""
    # As a mail program sends it.
    done = reader.post(f"/unsubscribe/{token}", {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200 and "You are unsubscribed" in done.content.decode()
    assert value("SELECT mails_off FROM customers_user WHERE id = %s", carol.id) == "news"
    before = everything()
    assert reader.post(f"/unsubscribe/{token}").status_code == 200
    assert everything() == before, "the second press changes nothing"
    for wrong in (token[:-1], token[::-1], "x", "x" * 3_000, "%C3%A9" * 30):
        assert reader.post(f"/unsubscribe/{wrong}").status_code == 404
    elsewhere = Client(headers={"host": world.story.rival.host})
    assert elsewhere.post(f"/unsubscribe/{token}").status_code == 404
    assert everything() == before


@pytest.mark.parametrize("how", ["the link", "her account", "the link, after her address has changed"])
def test_what_was_queued_is_not_sent_to_who_wants_none_any_more(
    world: World, mail_server: MailServer, time: Time, how: str
) -> None:
    from panelwright.core import clock
    from panelwright.customers import broadcast_actions, emails
    from panelwright.events.mail import queue_mail
    from panelwright.events.mail_loop import send_mails
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import execute

    carol = world.carol.customer.user
    (other,) = customers(world, 1)
    send(world)
    every_slice(time)
    queue_mail(panel_id=world.alice.panel_id, to=carol.email, subject="A", text="B", kind="ticket", now=clock.now())
    assert sorted(told()) == sorted([carol.email, other.customer.user.email])
    if how == "her account":
        wanted = [kind for kind in emails.OPTIONAL if kind != "news"]
        Browser(world.alice, carol).client.post("/account/mails", {"wanted": wanted})
    else:
        if "address" in how:
            execute("UPDATE customers_user SET email = 'new@customer.example' WHERE id = %s", carol.id)
        with scope(panel=world.alice.panel):
            broadcast_actions.unsubscribe(panel_id=world.alice.panel_id, user_id=carol.id)
    assert told() == [other.customer.user.email]
    assert send_mails() == 2, "and what is about her ticket arrives"
    assert sorted((one.to, one.message["Subject"]) for one in mail_server.taken) == sorted(
        [(carol.email, "A"), (other.customer.user.email, "Shop: New prices")]
    )


def test_tokens_are_each_users_own(world: World) -> None:
    from panelwright.customers import broadcasts

    tokens = {broadcasts.token(panel_id=1, user_id=n) for n in range(200)}
    assert len(tokens) == 200
    assert all(broadcasts.user_of(one, panel_id=1) is not None for one in tokens)
    assert all(broadcasts.user_of(one, panel_id=11) is None for one in tokens)
    assert broadcasts.user_of(broadcasts.token(panel_id=1, user_id=1), panel_id=1) == 1


def test_who_unsubscribed_may_change_their_mind_on_their_account(world: World, time: Time) -> None:
    from panelwright.customers import broadcast_actions, emails
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import value

    user = world.carol.customer.user
    with scope(panel=world.alice.panel):
        broadcast_actions.unsubscribe(panel_id=world.alice.panel_id, user_id=user.id)
    browser = Browser(world.alice, user)
    assert "News and offers" in browser.get("/account/mails")
    browser.client.post("/account/mails", {"wanted": list(emails.OPTIONAL)})
    assert value("SELECT mails_off FROM customers_user WHERE id = %s", user.id) == ""


def test_the_page_shows_how_it_reads_and_who_gets_it(world: World, time: Time) -> None:
    from panelwright.storefront.tests.browsing import Browser, hidden
    from tests.support.people import execute

    (first,) = customers(world, 1)
    execute("UPDATE customers_user SET mails_off = 'news' WHERE id = %s", first.customer.user_id)
    browser = Browser(world.alice, world.alice.staff.user)
    path = "/admin/customers/bulk/broadcast?all=1"
    page = browser.get(path)
    fields = {**LETTER, "selection": hidden(page, "selection"), "once": hidden(page, "once")}
    page = browser.post(path, **fields).content.decode()
    assert "We have <strong>new</strong>" in page
    assert "The customer unsubscribed from news and offers." in page
    assert told() == []
    answer = browser.post(path, **fields, sure=hidden(page, "sure"))
    assert answer.status_code == 302
    every_slice(time)
    assert told() == [world.carol.customer.user.email]
