"""The inbox: whose tickets are, what staff tell each other in them, and which are locked."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any

import pytest

from panelwright.storefront.tests.reading import text_of
from tests.support.asking import Door
from tests.support.people import value, values

if TYPE_CHECKING:
    from tests.office.office import Office
    from tests.support.people import Known, Time

# A form's action opens the outermost transaction.
pytestmark = pytest.mark.django_db(transaction=True)

# Planted in a note, and looked for in all that a customer is told.
NOTE = "n0te-f0r-staff-alone"
HELPER = "support@staff.example"


def tickets_in(page: str) -> list[int]:
    """The numbers in the inbox, in their order."""
    return [int(number) for number in re.findall(r'class="t-link num" href="/admin/tickets/(\d+)"', page)]


def whose(ticket: Known) -> str | None:
    found: str | None = value(
        "SELECT u.email FROM support_ticket t LEFT JOIN customers_staff s ON s.id = t.assignee_id"
        " LEFT JOIN customers_user u ON u.id = s.user_id WHERE t.id = %s",
        ticket,
    )
    return found


def test_a_ticket_is_taken_given_to_a_colleague_and_released(office: Office) -> None:
    alice, bob = office.browser("owner"), office.browser("support")
    helper = value(
        "SELECT s.id FROM customers_staff s JOIN customers_user u ON u.id = s.user_id WHERE u.email = %s", HELPER
    )
    ticket, other = office.world.ticket(), office.world.ticket()
    address = f"/admin/tickets/{ticket.number}"
    assert whose(ticket) is None
    assert ticket.number in tickets_in(alice.get("/admin/tickets?show=nobody"))
    assert tickets_in(alice.get("/admin/tickets?show=mine")) == []

    assert alice.post(f"{address}/take").headers["Location"] == address
    assert whose(ticket) == "alice@shop.example"
    assert alice.post(f"{address}/take").status_code == 422
    assert tickets_in(alice.get("/admin/tickets?show=mine")) == [ticket.number]
    assert tickets_in(bob.get("/admin/tickets?show=mine")) == []
    nobodys = tickets_in(bob.get("/admin/tickets?show=nobody"))
    assert ticket.number not in nobodys and other.number in nobodys

    assert f'<option value="{helper}"' in alice.get(address)
    assert alice.post(f"{address}/assign", to=str(helper)).status_code == 302
    assert whose(ticket) == HELPER
    assert tickets_in(bob.get("/admin/tickets?show=mine")) == [ticket.number]
    assert HELPER in text_of(bob.get("/admin/tickets?show=all"))

    # Whoever cannot answer tickets gets none, and nobody of another panel does.
    reader, stranger = office.member("read_only").id, office.rival.staff.id
    for wrong in (reader, stranger, 10**12):
        assert alice.post(f"{address}/assign", to=str(wrong)).status_code == 422
    assert whose(ticket) == HELPER

    assert bob.post(f"{address}/release").status_code == 302
    assert whose(ticket) is None
    assert bob.post(f"{address}/release").status_code == 422


def test_an_answer_takes_what_is_nobody_s_and_leaves_a_colleague_s(office: Office) -> None:
    alice, bob = office.browser("owner"), office.browser("support")
    ticket = office.world.ticket()
    assert bob.post(f"/admin/tickets/{ticket.number}/answer", text="We look into it.").status_code == 302
    assert whose(ticket) == HELPER
    assert alice.post(f"/admin/tickets/{ticket.number}/answer", text="It is done.").status_code == 302
    assert whose(ticket) == HELPER
    assert bob.post(f"/admin/tickets/{ticket.number}/close").status_code == 302
    assert tickets_in(bob.get("/admin/tickets?show=mine")) == [], "what is closed is no work of anybody"


def test_the_tabs_count_what_stands_behind_them(office: Office) -> None:
    browser = office.browser("owner")
    for _ in range(3):
        ticket = office.world.ticket()
    browser.get(f"/admin/tickets/{ticket.number}")
    browser.post(f"/admin/tickets/{ticket.number}/take")
    page = browser.get("/admin/tickets")
    chips = dict(re.findall(r'<a class="chip" href="([^"]*)"[^>]*>([^<]*)</a>', page))
    counted = set(chips.values())
    of_panel = "SELECT COUNT(*) FROM support_ticket WHERE panel_id = %s"
    waiting = value(f"{of_panel} AND state = 'pending'", office.alice.panel_id)
    unread = value(f"{of_panel} AND unread_staff", office.alice.panel_id)
    assert waiting == unread + 1
    assert counted == {f"Waiting for us {waiting}", f"Unread {unread}", "Mine 1", f"Unassigned {waiting - 1}", "All"}
    for show, number in (("", waiting), ("unread", unread), ("mine", 1), ("nobody", waiting - 1)):
        assert len(tickets_in(browser.get(f"/admin/tickets?show={show}"))) == number, show


def customer_pages(office: Office, ticket: Known) -> list[str]:
    """Each address that a customer may open and that names only what is there."""
    import panelwright.urls  # noqa: F401
    from panelwright.ui.pages import Who, all_pages

    rows: dict[str, Any] = {**office.rows, "ticket": ticket.number}
    found = []
    for _site, page in all_pages():
        if page.who is not Who.STAFF:
            for sample in page.addresses:
                needed = {name for _text, name, _spec, _conversion in string.Formatter().parse(sample) if name}
                if needed <= set(rows):
                    found.append(sample.format(**rows))
    return found


def listens(office: Office) -> None:
    """Carol has a webhook for all that there is to be told."""
    from django_scopes import scope

    from panelwright.events import webhook_actions
    from panelwright.events.webhook_rules import NAMES

    which = {"panel_id": office.alice.panel_id, "customer_id": office.carol.customer_id}
    with scope(panel=office.alice.panel):
        webhook_actions.create_endpoint(**which, url="https://hooks.example/", names=NAMES, description="")


def test_no_customer_is_told_what_staff_note(office: Office, time: Time) -> None:
    from django.db import connection

    from panelwright.storefront.tests.browsing import Browser
    from panelwright.support.tests.making import reply

    listens(office)
    bob = office.browser("support")
    ticket, order = office.world.speed_up()
    address = f"/admin/tickets/{ticket.number}"
    carol = Browser(office.alice, office.carol.customer.user)
    time.passes(minutes=1)
    # To read it marks it as read.
    carol.get(f"/tickets/{ticket.number}")
    before = carol.get(f"/tickets/{ticket.number}")
    updated = value("SELECT updated_at FROM support_ticket WHERE id = %s", ticket)
    assert bob.post(f"{address}/note", text=f"{NOTE}: see https://north.example/1").status_code == 302
    assert bob.post(f"{address}/take").status_code == 302
    after = carol.get(f"/tickets/{ticket.number}")
    assert text_of(after) == text_of(before)
    assert value("SELECT updated_at FROM support_ticket WHERE id = %s", ticket) == updated

    # All that goes on in it afterwards.
    time.passes(minutes=1)
    assert bob.post(f"{address}/answer", text="We asked them.").status_code == 302
    time.passes(minutes=1)
    reply(office.carol, ticket, "Thank you.")
    assert bob.post(f"{address}/pass_on", order=str(order.number)).status_code == 302
    assert bob.post(f"{address}/close").status_code == 302
    office.world.do("order.done", order)
    assert value("SELECT COUNT(*) FROM events_delivery") > 0
    assert value("SELECT COUNT(*) FROM events_mail WHERE kind = 'ticket'") > 0
    pages = customer_pages(office, ticket)
    assert f"/tickets/{ticket.number}" in pages and len(pages) > 20
    for page in pages:
        answer = carol.answer(page)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        told = body.decode(errors="replace") + str(answer.headers)
        assert NOTE not in told, page
        assert HELPER not in told, page
    door = Door()
    try:
        for call in ({"action": "balance"}, {"action": "services"}, {"action": "status", "order": order.number}):
            assert NOTE not in str(door.ask(office.carol, **call)), call
    finally:
        door.close()
    # Letters, webhooks, messages and events are rows; it stands in two tables, which staff alone read.
    names = connection.introspection.table_names()
    holding = {name for name in names if any(NOTE in str(row) for row in values(f"SELECT * FROM {name}"))}
    assert holding == {"support_ticketnote", "staff_trailentry"}
    # Staff read it, where it was written.
    shown = bob.get(address)
    page = text_of(shown)
    assert page.index(NOTE) < page.index("We asked them.") < page.index("Thank you.")
    assert 'href="https://north.example/1"' in shown
    assert "Internal note" in page


def test_a_note_has_limits_and_says_something(office: Office) -> None:
    from panelwright.core import limits
    from panelwright.support import rules

    browser, ticket = office.browser("support"), office.world.ticket()
    address = f"/admin/tickets/{ticket.number}/note"
    browser.refused(address, text="  ")
    browser.refused(address, text="x" * (limits.TICKET_CHARS_MAX + 1))
    for n in range(rules.NOTES_MAX):
        office.world.do("ticket.note", ticket, text=f"Note {n}")
    assert "200 notes" in browser.refused(address, text="One more")
    browser.get(f"/admin/tickets/{ticket.number}")
    assert len(browser.queries(f"/admin/tickets/{ticket.number}")) <= 15


def test_a_locked_ticket_is_read_and_not_replied_to(office: Office) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.storefront.tests.browsing import Browser
    from panelwright.support.tests.making import reply, state

    bob, carol = office.browser("support"), Browser(office.alice, office.carol.customer.user)
    ticket = office.world.ticket()
    assert bob.post(f"/admin/tickets/{ticket.number}/lock").status_code == 302
    assert "Locked" in text_of(bob.get(f"/admin/tickets/{ticket.number}"))
    page = carol.get(f"/tickets/{ticket.number}")
    assert "This ticket is locked" in text_of(page)
    assert 'name="text"' not in page
    assert "This ticket is locked" in text_of(carol.refused(f"/tickets/{ticket.number}", text="But why?"))
    refused = reply(office.carol, ticket, "But why?")
    assert isinstance(refused, Refusal) and refused.code == "ticket_locked"
    assert bob.post(f"/admin/tickets/{ticket.number}/answer", text="It is as we said.").status_code == 302
    assert "It is as we said." in text_of(carol.get(f"/tickets/{ticket.number}"))
    # Closed, it is not opened again by writing in it; nobody is told that it would be.
    assert carol.post(f"/tickets/{ticket.number}/close").status_code == 302
    assert "Write a message" not in text_of(carol.get(f"/tickets/{ticket.number}"))
    assert isinstance(reply(office.carol, ticket, "Once more"), Refusal)
    assert state(ticket) == "closed"
    assert bob.post(f"/admin/tickets/{ticket.number}/unlock").status_code == 302
    assert not isinstance(reply(office.carol, ticket, "Thanks"), Refusal)


PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00" * 4 + b"IHDR" + b"\x00" * 40 + b"IEND" + b"\x00" * 4


def test_staff_attach_a_file_that_the_customer_can_take(office: Office) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from panelwright.storefront.tests.browsing import Browser

    browser, ticket = office.browser("support"), office.world.ticket()
    address = f"/admin/tickets/{ticket.number}/answer"
    page = browser.get(f"/admin/tickets/{ticket.number}")
    assert 'enctype="multipart/form-data"' in page and 'name="file"' in page
    for name, data, said in (
        ("page.html", b"<p>", "Attach PNG, JPEG or WebP images"),
        ("proof.png", b"no picture", "Attach PNG, JPEG or WebP images"),
        ("proof.png", b"\x89PNG" + b"x" * (2 * 2**20), "Use files of at most 2 MiB."),
    ):
        answer = browser.post(address, text="See this.", file=SimpleUploadedFile(name, data))
        assert answer.status_code == 422 and said in text_of(answer.content.decode()), name
    assert value("SELECT COUNT(*) FROM support_attachment") == 0
    answer = browser.post(address, text="See this.", file=SimpleUploadedFile("../proof.png", PICTURE))
    assert answer.status_code == 302
    (name, size, file_id) = values("SELECT name, size, id FROM support_attachment")[0]
    assert (name, size) == ("proof.png", len(PICTURE))
    carol = Browser(office.alice, office.carol.customer.user)
    assert "proof.png" in carol.get(f"/tickets/{ticket.number}")
    link = re.search(rf'href="(/tickets/{ticket.number}/files/[^"]+)"', carol.get(f"/tickets/{ticket.number}"))
    assert link and b"".join(carol.answer(link[1])) == PICTURE
    assert "(" in str(values("SELECT given FROM staff_trailentry WHERE action = 'ticket.answer'")[0][0])
    assert str(file_id)
    # Her own room is as it was.
    from django_scopes import scope

    from panelwright.core import clock
    from panelwright.support import actions

    with scope(panel=office.alice.panel):
        lately = actions._lately(office.alice.panel_id, office.carol.customer_id, clock.now())
    assert lately.bytes == 0


def test_many_tickets_are_assigned_at_once(office: Office) -> None:
    from panelwright.storefront.tests.browsing import hidden
    from tests.bulk.working import one_slice

    alice = office.browser("owner")
    office.member("support")
    helper = value(
        "SELECT s.id FROM customers_staff s JOIN customers_user u ON u.id = s.user_id WHERE u.email = %s", HELPER
    )
    made = [office.world.ticket() for _ in range(3)]
    rows = "&".join(f"row={value('SELECT number FROM support_ticket WHERE id = %s', int(one))}" for one in made[:2])
    path = f"/admin/tickets/bulk/assign?{rows}"
    page = alice.get(path)
    assert f'<option value="{helper}"' in page
    fields = {"selection": hidden(page, "selection"), "once": hidden(page, "once"), "to": str(helper)}
    page = alice.post(path, **fields).content.decode()
    assert alice.post(path, **fields, sure=hidden(page, "sure")).status_code == 302
    while one_slice():
        pass
    assert [whose(one) for one in made] == [HELPER, HELPER, None]
