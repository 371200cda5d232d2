"""Two tickets of a customer become one: what was said, asked and noted stands in the older one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from panelwright.storefront.tests.reading import text_of
from tests.support.people import value, values

if TYPE_CHECKING:
    from tests.office.office import Office

# A form's action opens the outermost transaction.
pytestmark = pytest.mark.django_db(transaction=True)


def test_two_tickets_become_one(office: Office) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.storefront.tests.browsing import Browser
    from panelwright.support.files import Upload
    from panelwright.support.tests.making import reply, requests, said, state, written
    from panelwright.support.tests.test_files import png

    bob, carol = office.browser("support"), Browser(office.alice, office.carol.customer.user)
    older = written(office.carol, "It is slow", subject="other", files=(Upload("first.png", png()),))
    ticket, order = office.world.speed_up()
    assert not isinstance(reply(office.carol, older, "Still slow"), Refusal)
    assert not isinstance(reply(office.carol, ticket, "Here too", files=(Upload("then.png", png()),)), Refusal)
    office.world.do("ticket.note", ticket, text="The same as the other one.")
    office.world.do("ticket.answer", older, text="We look.")
    office.world.do("ticket.close", older)

    address = f"/admin/tickets/{ticket.number}"
    assert f"{address}/merge" in bob.get(address)
    assert not isinstance(reply(office.carol, ticket, "Is anybody there?"), Refusal)
    assert bob.post(f"{address}/merge", into=str(older.number)).status_code == 302
    assert [line for line in said(older) if not line.startswith("system")] == [
        "customer: It is slow",
        f"customer: speed up {order.number}",
        "customer: Still slow",
        "customer: Here too",
        "staff: We look.",
        "customer: Is anybody there?",
    ]
    assert said(ticket) == []
    # What waits in it waits there, and opens it again.
    assert (state(older), state(ticket)) == ("pending", "closed")
    assert (requests(older), requests(ticket)) == ([("speed up", order.number, "accepted", "")], [])
    assert values("SELECT ticket_id FROM support_ticketnote") == [(older,)]
    assert value("SELECT unread_staff FROM support_ticket WHERE id = %s", older)
    assert not value("SELECT unread_staff FROM support_ticket WHERE id = %s", ticket)

    page = carol.get(f"/tickets/{ticket.number}")
    assert "This ticket was merged." in text_of(page) and f'href="/tickets/{older.number}"' in page
    assert 'name="text"' not in page
    refused = reply(office.carol, ticket, "Hello?")
    assert isinstance(refused, Refusal) and (refused.code, refused.facts) == ("ticket_merged", (("id", older.number),))
    page = carol.get(f"/tickets/{older.number}")
    files = re.findall(r'href="(/tickets/\d+/files/[\w-]+)"', page)
    assert len(files) == 2
    for file in files:
        assert carol.answer(file).status_code == 200, file
    # Staff are led there, and what is asked ends there, once.
    page = bob.get(address)
    assert f'href="/admin/tickets/{older.number}"' in page and f"{address}/answer" not in page
    for verb in ("take", "lock", "unlock", "close", "answer", "note"):
        told = bob.post(f"{address}/{verb}", text="Hello")
        assert told.status_code == 422, verb
    office.world.do("ticket.done", older, order=order.number)
    assert requests(older) == [("speed up", order.number, "done", "done")]
    assert said(older)[-1] == f"system: Order {order.number} sped up."


def test_what_does_not_belong_together_stays_apart(office: Office) -> None:
    from panelwright.storefront.tests.browsing import error
    from panelwright.support.tests.making import written

    bob = office.browser("support")
    dave, mallory = office.alice.customer("dave", balance="5.00"), office.mallory
    daves, foreign = written(dave, "Hello", subject="other"), written(mallory, "Hello", subject="other")
    older, newer = office.world.ticket(), office.world.ticket()
    address = f"/admin/tickets/{newer.number}/merge"
    for into, told in (
        (daves.number, "Only tickets of the same customer can be merged."),
        (newer.number, "Merge the newer ticket into the older one."),
        (10**12, "Ticket not found."),
    ):
        assert error(bob.refused(address, into=str(into)), "into") == told, into
    assert error(bob.refused(f"/admin/tickets/{older.number}/merge", into=str(newer.number)), "into")
    if foreign.number not in {daves.number, older.number, newer.number, office.rows["ticket"]}:
        assert error(bob.refused(address, into=str(foreign.number)), "into") == "Ticket not found."
    assert bob.post(address, into=str(older.number)).status_code == 302
    # Neither again, nor into one that is merged itself.
    last = office.world.ticket()
    bob.refused(address, into=str(older.number))
    page = bob.refused(f"/admin/tickets/{last.number}/merge", into=str(newer.number))
    assert f"This ticket was merged into ticket {older.number}." in text_of(page)
