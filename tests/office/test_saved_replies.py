"""Saved replies: kept by staff for each other, put into an answer with the ticket's own values."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from panelwright.storefront.tests.browsing import error, hidden
from panelwright.storefront.tests.reading import text_of
from tests.support.people import execute, values

if TYPE_CHECKING:
    from tests.office.office import Office
    from tests.support.people import Known

# A form's action opens the outermost transaction.
pytestmark = pytest.mark.django_db(transaction=True)


def typed(page: str) -> str:
    """What stands in the form of an answer."""
    found = re.search(r'<textarea[^>]*name="text"[^>]*>\n?(.*?)</textarea>', page, re.S)
    assert found
    return html.unescape(found[1])


def inserted(browser: Any, ticket: Known, saved: object, **fields: str) -> str:
    """The page of a ticket with a saved reply in its form."""
    answer = browser.post(f"/admin/tickets/{ticket.number}", saved=str(saved), **fields)
    assert answer.status_code == 200
    page: str = answer.content.decode()
    return page


def test_staff_keep_them_for_each_other(office: Office) -> None:
    bob, alice = office.browser("support"), office.browser("owner")
    execute("DELETE FROM support_savedreply")
    assert "No saved replies yet." in bob.get("/admin/saved-replies")
    given = {"name": "Started", "text": "Order {{order}} is {{ status }}."}
    assert bob.post("/admin/saved_replies/add", **given).headers["Location"] == "/admin/saved-replies"
    assert "Started" in alice.get("/admin/saved-replies")
    ((id_,),) = values("SELECT id FROM support_savedreply")

    assert "Another saved reply" in text_of(bob.refused("/admin/saved_replies/add", **given))
    wrong = {"name": "Wrong", "text": "Hello {{custommer}}"}
    told = error(bob.refused("/admin/saved_replies/add", **wrong), "text")
    assert told.startswith("There is no field {{custommer}}. Use one of: customer, email,")
    bob.refused("/admin/saved_replies/add", name="Empty", text=" ")
    bob.refused("/admin/saved_replies/add", name=" ", text="Hello")
    bob.refused("/admin/saved_replies/add", name="Long", text="x" * 5_001)
    bob.refused(f"/admin/saved_replies/{id_}/set", name="Started", text="{{nonsense}}")

    assert alice.post(f"/admin/saved_replies/{id_}/set", name="Begun", text="It has begun.").status_code == 302
    assert values("SELECT name, text FROM support_savedreply") == [("Begun", "It has begun.")]
    # To delete it is shown first.
    seen = alice.get(f"/admin/saved_replies/{id_}/remove")
    assert alice.post(f"/admin/saved_replies/{id_}/remove", sure=hidden(seen, "sure")).status_code == 302
    assert values("SELECT name FROM support_savedreply") == []


def test_a_panel_has_room_for_so_many(office: Office) -> None:
    from panelwright.support import rules

    for n in range(rules.SAVED_REPLIES_MAX - 1):
        office.world.do("saved_reply.add", name=f"Reply {n}", text="Hello.")
    browser = office.browser("support")
    assert "200 saved replies" in text_of(browser.refused("/admin/saved_replies/add", name="More", text="Hello."))
    browser.get(f"/admin/tickets/{office.rows['ticket']}")
    assert len(browser.queries(f"/admin/tickets/{office.rows['ticket']}")) <= 15


def test_one_is_put_behind_what_was_typed_with_the_ticket_s_values(office: Office) -> None:
    from tests.support.people import everything

    browser = office.browser("owner")
    ticket, order = office.world.speed_up()
    text = (
        "Hello {{customer}}, order {{order}} of {{service}} is {{status}}. You have {{balance}}. {{ticket}} {{panel}}"
    )
    saved = office.world.do("saved_reply.add", name="All", text=text).target
    page = browser.get(f"/admin/tickets/{ticket.number}")
    assert f'<option value="{saved}">All</option>' in page
    before, version = everything(), hidden(page, "version")
    page = inserted(browser, ticket, saved, text="Good morning.", version=version)
    assert everything() == before, "only the form is filled in"
    balance = values("SELECT balance_micros FROM ledger_account WHERE id = %s", office.carol.account_id)[0][0]
    name, panel = office.carol.customer.user.name or "carol@customer.example", office.alice.panel.name
    assert typed(page) == (
        f"Good morning.\n\nHello {name}, order {order.number} of Followers is In progress."
        f" You have {balance / 1_000_000:.2f} USD. {ticket.number} {panel}"
    )
    assert hidden(page, "version") == version
    # What is none leaves the form as it was.
    for none in ("", "999999999", "x"):
        assert typed(inserted(browser, ticket, none, text="Good morning.", version=version)) == "Good morning."


def test_what_is_not_known_or_not_theirs_to_read_is_left_for_the_writer(office: Office) -> None:
    from django_scopes import scope

    from panelwright.customers.models import Staff
    from panelwright.support.tests.making import reply, written

    browser = office.browser("support")
    saved = office.world.do("saved_reply.add", name="All", text="{{order}} {{status}} {{balance}}").target
    ticket = office.world.ticket()
    assert typed(inserted(browser, ticket, saved)).startswith("{{order}} {{status}} ")
    # Several orders have no one status.
    first, second = office.world.queued(), office.world.queued()
    named = written(office.carol, f"What of {second.number} and {first.number}, and 999999999?", subject="other")
    text = typed(inserted(browser, named, saved))
    assert text.startswith(f"{first.number}, {second.number} {{{{status}}}} ")
    reply(office.carol, named, "Please")
    with scope(panel=office.alice.panel):
        Staff.objects.filter(user__email="support@staff.example").update(role="custom", rights=["support"])
    assert typed(inserted(browser, named, saved)) == "{{order}} {{status}} {{balance}}"


def test_a_status_is_said_in_the_customer_s_language(office: Office) -> None:
    ticket, _order = office.world.speed_up()
    saved = office.world.do("saved_reply.add", name="Status", text="{{status}}").target
    execute("UPDATE customers_user SET language = 'es' WHERE id = %s", office.carol.customer.user_id)
    assert typed(inserted(office.browser("owner"), ticket, saved)) == "En progreso"


def test_another_panel_s_are_not_there(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser

    rita = Browser(office.rival, office.rival.staff.user)
    saved = office.world.do("saved_reply.add", name="Ours alone", text="Ours").target
    assert "Ours alone" not in rita.get("/admin/saved-replies")
    assert rita.answer(f"/admin/saved_replies/{saved}/set").status_code == 404
