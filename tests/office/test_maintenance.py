"""A panel that is closed for maintenance: who sees what, in which language, and what goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def closed(office: Office, **texts: str) -> None:
    done = office.browser("owner").post("/admin/panel/set_maintenance", maintenance="yes", **texts)
    assert done.headers["Location"] == "/admin/settings"


def test_visitors_and_customers_read_why_and_nothing_happens(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import everything

    carol, visitor = Browser(office.alice, office.carol.customer.user), Browser(office.alice)
    carol.get("/order")
    closed(office, maintenance_en="Back at <noon>.\nSorry!")
    before = everything()
    for address in ("/", "/services", "/order", "/orders", "/account", "/services.csv", "/signup"):
        for browser in (carol, visitor):
            answer = browser.answer(address)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600"), address
            assert "Back at &lt;noon&gt;.<br>Sorry!" in answer.content.decode(), address
    typed = {"service": "1", "link": "https://example.com/x", "quantity": "100"}
    assert carol.post("/order", **typed).status_code == 503
    assert everything() == before
    assert visitor.answer("/login").status_code == 200
    assert visitor.answer("/admin/").headers["Location"].startswith("/login")
    # The other panel is open.
    assert Browser(office.rival).answer("/").status_code == 200


def test_staff_work_on_and_are_reminded(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser

    bob = office.browser("support")
    reminder = "Closed for maintenance: customers do not see the panel."
    assert reminder not in bob.get("/admin/")
    closed(office)
    assert reminder in bob.get("/admin/") and reminder in bob.get("/")
    assert reminder not in Browser(office.alice).get("/", status=503)
    stranger = Browser(office.alice)
    stranger.log_in("alice@shop.example")
    assert reminder in stranger.get("/admin/")
    office.browser("owner").post("/admin/panel/set_maintenance", maintenance="no")
    assert reminder not in bob.get("/admin/")
    assert Browser(office.alice).answer("/").status_code == 200


def test_the_text_is_in_the_visitor_s_language_else_in_the_panel_s_else_ours(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import execute

    execute('UPDATE panels_panel SET languages = \'["en", "es", "ru"]\' WHERE id = %s', office.alice.panel_id)
    closed(office, maintenance_en="Soon.", maintenance_es="Pronto.")

    def read(language: str) -> str:
        return Browser(office.alice, **{"accept-language": language}).get("/", status=503)

    assert "Pronto." in read("es") and "Soon." in read("ru") and "Soon." in read("en")
    # A box that is emptied empties the text; what is not sent stays.
    closed(office, maintenance_en="")
    assert "Pronto." in read("es") and "We are working on the panel." in read("en")


def test_the_api_goes_on(office: Office) -> None:
    closed(office)
    assert office.carol.order(link="https://example.com/while-closed") is not None


def test_a_text_has_a_limit(office: Office) -> None:
    office.browser("owner").refused("/admin/panel/set_maintenance", maintenance="yes", maintenance_en="x" * 501)
