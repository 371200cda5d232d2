"""Every page of the operators' host against operators, staff, customers, nobody and old sessions; derived from its
registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.host.installation import Installation

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_operator_sees_all_and_nothing_moves_by_looking(installation: Installation) -> None:
    from tests.support.people import everything

    installation.waiting_domain()
    browser = installation.browser()
    before = everything()
    assert len(installation.shown()) >= 7
    for address in installation.shown():
        assert browser.answer(address).status_code == 200, address
    assert everything() == before


def test_actions_take_posts_alone(installation: Installation) -> None:
    from panelwright.ui.pages import Answer

    browser = installation.browser()
    for address, page in installation.pages().items():
        if page.answers is Answer.ACTION:
            assert browser.answer(address).status_code == 405, address


def test_nobody_else_reaches_a_page_or_moves_anything(installation: Installation) -> None:
    """A stranger, staff and customers with the cookies of their panel, an ended session, one that is over, and what
    never was one: each address leads to the log-in, whatever is sent there."""
    from panelwright.storefront.tests.browsing import Browser
    from panelwright.ui.pages import Who
    from tests.host.installation import HostBrowser, unmoved
    from tests.support.people import everything

    installation.waiting_domain()
    ended, over = installation.browser(), installation.browser()
    ended_token, over_token = ended.token, over.token
    ended.post("/logout")
    installation.time.passes(hours=2)
    owner = Browser(installation.alice, installation.alice.staff.user)
    carol = Browser(installation.alice, installation.carol.customer.user)
    browsers = [HostBrowser(), HostBrowser(ended_token), HostBrowser(over_token), HostBrowser("x" * 43)]
    for other in (owner, carol):
        made = HostBrowser(other.token)
        made.client.cookies.update(other.client.cookies)
        browsers.append(made)
    before = everything()
    for browser in browsers:
        for address, page in installation.pages().items():
            if page.who is Who.EVERYBODY:
                continue
            assert browser.answer(address).headers["Location"] == "/login", address
            sent = browser.post(address, reason="x", slug="new", domain="n.example", owner="m@x.example")
            assert sent.headers["Location"] == "/login", address
        assert browser.answer("/login").status_code == 200
    unmoved(before)


def test_a_panel_s_host_has_no_page_of_the_operators(installation: Installation) -> None:
    """Nor does an operator's token open anything there."""
    from panelwright.storefront.tests.browsing import Browser
    from tests.host.installation import HostBrowser

    token = installation.browser().token
    stranger = Browser(installation.alice)
    at_panel = HostBrowser(token, at=installation.alice.host)
    at_panel.client.cookies[f"session_{installation.alice.panel_id}"] = token
    for address in ("/panels", f"/panels/{installation.alice.panel.slug}", "/panels/new", "/operators", "/trail"):
        assert stranger.answer(address).status_code == 404, address
        assert at_panel.answer(address).status_code == 404, address
    assert at_panel.answer("/admin/").headers["Location"].startswith("/login")
    assert "Operators" not in stranger.get("/login")


def test_the_operators_host_has_no_page_of_a_panel(installation: Installation) -> None:
    from tests.host.installation import HostBrowser

    browser = installation.browser()
    for address in ("/admin/", "/order", "/services", "/api/staff/v1/orders", "/signup", "/reset", "/inside", "/logo"):
        assert browser.answer(address).status_code == 404, address
    assert HostBrowser().answer("/nowhere").status_code == 404


def test_without_the_setting_there_is_no_such_site(installation: Installation, settings: Any) -> None:
    token = installation.browser().token
    settings.HOST_SITE = ""
    from tests.host.installation import HostBrowser

    assert HostBrowser(token).answer("/").status_code == 404
    assert HostBrowser(token).answer("/login").status_code == 404


def test_a_form_without_its_token_is_refused(installation: Installation) -> None:
    from django.test import Client

    from tests.host.installation import HOST, unmoved
    from tests.support.people import everything

    token = installation.browser().token
    client = Client(enforce_csrf_checks=True, headers={"host": HOST})
    client.cookies["operator"] = token
    before = everything()
    answer = client.post(f"/panels/{installation.alice.panel.slug}/suspend", {"reason": "forged"})
    assert answer.status_code == 403 and answer.headers["Content-Type"].startswith("text/plain")
    unmoved(before)


def test_every_page_answers_in_few_queries_whatever_the_number_of_panels(installation: Installation) -> None:
    from tests.support.people import Owner

    installation.waiting_domain()
    browser = installation.browser()
    few = {address: browser.queries(address) for address in installation.shown()}
    assert {address: number for address, number in few.items() if number > 15} == {}
    for n in range(6):
        Owner(f"o{n}", slug=f"more{n}", host=f"more{n}.example", currency="USD", rate="1.00")
        installation.waiting_domain()
    assert {address: browser.queries(address) for address in installation.shown()} == few


def test_pages_speak_the_reader_s_language(installation: Installation) -> None:
    browser = installation.browser()
    page = browser.get("/?lang=ru")
    assert '<html lang="ru"' in page and "Панели" in page
    assert '<html lang="ru"' in browser.get("/trail"), "remembered"
