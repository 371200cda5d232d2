"""A panel's domains: added, confirmed, checked and removed, and never somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def test_where_several_panels_live_the_operator_confirms(office: Office) -> None:
    from django.test import Client

    from tests.support.people import value

    browser = office.browser("owner")
    assert browser.post("/admin/domains/add", host="new.example").headers["Location"] == "/admin/settings/domains"
    assert "Waiting for the operator" in browser.get("/admin/settings/domains")
    visitor = Client(headers={"host": "new.example"})
    assert visitor.get("/").status_code == 404
    domain = int(value("SELECT id FROM panels_domain WHERE host = 'new.example'"))
    browser.refused(f"/admin/domains/{domain}/check")
    assert browser.answer(f"/admin/domains/{domain}/confirm").status_code == 404
    office.world.do("domain.confirm", domain)
    assert visitor.get("/").status_code == 200
    assert "Waiting for the operator" not in browser.get("/admin/settings/domains")


def test_a_host_of_another_panel_is_refused_and_waiting_takes_it_from_nobody(office: Office) -> None:
    from django_scopes import scope

    from panelwright.core.refusal import Refusal
    from panelwright.panels.actions import add_domain
    from panelwright.storefront.tests.browsing import error
    from tests.support.people import value

    browser = office.browser("owner")
    theirs = value("SELECT host FROM panels_domain WHERE panel_id = %s", office.rival.panel_id)
    wrong = browser.refused("/admin/domains/add", host=theirs)
    assert error(wrong, "host") == "A panel already answers on this host."
    browser.post("/admin/domains/add", host="mallorys.example")
    with scope(panel=office.rival.panel):
        add_domain(panel_id=office.rival.panel_id, host="mallorys.example")
    domain = int(value("SELECT id FROM panels_domain WHERE panel_id = %s AND NOT confirmed", office.alice.panel_id))
    refused = office.world.tried("domain.confirm", domain, {})
    assert isinstance(refused, Refusal) and refused.code == "host_taken"


def test_a_panel_alone_answers_at_once(office: Office) -> None:
    from unittest.mock import patch

    from django.test import Client

    with patch("panelwright.panels.domain_actions.has_neighbours", return_value=False):
        office.browser("manager").post("/admin/domains/add", host="alone.example", port="8443")
    assert Client(headers={"host": "alone.example:8443"}).get("/").status_code == 200


def test_the_last_domain_stays(office: Office) -> None:
    from tests.office.test_acting import confirmed
    from tests.support.people import value, values

    browser = office.browser("owner")
    assert browser.post("/admin/domains/add", host="waits.example").status_code == 302
    rows = values(
        "SELECT id, host FROM panels_domain WHERE panel_id = %s AND confirmed ORDER BY id DESC", office.alice.panel_id
    )
    for domain, _host in rows[:-1]:
        assert confirmed(browser, f"/admin/domains/{domain}/remove").status_code == 302
    last, _host = rows[-1]
    page = browser.refused(f"/admin/domains/{last}/remove", sure="1")
    assert "A panel needs at least one domain." in page
    assert value("SELECT COUNT(*) FROM panels_domain WHERE id = %s", last) == 1


def test_a_check_says_in_words_what_is_wrong(office: Office) -> None:
    from tests.support.people import execute, value

    browser, domain = office.browser("owner"), office.rows["domain"]
    execute("UPDATE panels_domain SET host = 'nowhere.invalid' WHERE id = %s", domain)
    assert browser.post(f"/admin/domains/{domain}/check").headers["Location"] == "/admin/settings/domains"
    assert "No DNS record" in browser.get("/admin/settings/domains")
    assert value("SELECT arrives FROM panels_domain WHERE id = %s", domain) == "no_name"
    assert "No DNS record" in browser.get("/admin/trail")


def test_the_panel_answers_its_own_question_and_no_other(office: Office) -> None:
    from panelwright.panels import arrivals
    from panelwright.storefront.tests.browsing import Browser

    nonce = "0123456789abcdef" * 2
    mine = Browser(office.alice).get(f"{arrivals.PATH}?nonce={nonce}")
    theirs = Browser(office.rival).get(f"{arrivals.PATH}?nonce={nonce}")
    assert mine == arrivals.answer(office.alice.panel_id, nonce) != theirs
    for wrong in ("", "?nonce=", "?nonce=x", f"?nonce={nonce}0"):
        Browser(office.alice).get(f"{arrivals.PATH}{wrong}", status=404)


def test_nobody_is_asked_without_end(office: Office) -> None:
    """A check asks a server that staff have named: not all day."""
    from panelwright.customers import throttle_actions
    from tests.support.people import execute, value

    browser, domain = office.browser("owner"), office.rows["domain"]
    execute("UPDATE panels_domain SET host = 'nowhere.invalid' WHERE id = %s", domain)
    for _ in range(throttle_actions.ASKED.most):
        assert browser.post(f"/admin/domains/{domain}/check").status_code == 302
    execute("UPDATE panels_domain SET arrives = '' WHERE id = %s", domain)
    assert "Too many attempts. Try again in" in browser.refused(f"/admin/domains/{domain}/check")
    assert value("SELECT arrives FROM panels_domain WHERE id = %s", domain) == ""
