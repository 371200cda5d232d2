"""The panel's settings: shown as they stand, changed by their forms, and seen where they count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def test_settings_stand_on_one_page_and_each_leads_to_its_form(office: Office) -> None:
    import re

    browser = office.browser("owner")
    page = browser.get("/admin/settings")
    for name in ("set_name", "set_languages", "set_timezone", "set_look", "set_guard", "set_api", "set_numbers"):
        assert f"/admin/panel/{name}?back=" in page, name
    assert "/admin/panel/set_staff_factor?back=" in page
    # A manager sees that setting, and cannot change it.
    page = office.browser("manager").get("/admin/settings")
    assert "Two-factor authentication required of staff" in page and "set_staff_factor" not in page
    form = browser.get("/admin/panel/set_name")
    assert re.search(r'name="name" type="text" value="([^"]*)"', form)[1] == office.alice.panel.name  # type: ignore[index]


def test_the_name_is_on_every_page(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser, error

    browser, visitor = office.browser("manager"), Browser(office.alice)
    assert browser.post("/admin/panel/set_name", name="  Shop \n of Alice ").headers["Location"] == "/admin/settings"
    assert "<title>" in visitor.get("/") and "Shop of Alice" in visitor.get("/")
    wrong = browser.refused("/admin/panel/set_name", name="Shop\u202eof Alice")
    assert error(wrong, "name") == "Remove control characters and characters that are not valid UTF-8."
    assert error(browser.refused("/admin/panel/set_name", name=" "), "name") == "This field is required."
    browser.refused("/admin/panel/set_name", name="x" * 101)


def test_languages_are_those_that_were_chosen(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import values

    browser = office.browser("owner")
    sent = {"languages": ["ru", "en"], "languages-shown": "1", "language": "es"}
    assert browser.post("/admin/panel/set_languages", **sent).status_code == 302
    rows = values("SELECT language, languages FROM panels_panel WHERE id = %s", office.alice.panel_id)
    import json

    language, offered = rows[0]
    assert (language, json.loads(offered) if isinstance(offered, str) else offered) == ("es", ["es", "en", "ru"])
    assert 'lang="es"' in Browser(office.alice, **{"accept-language": "pt-BR"}).get("/")
    assert 'lang="ru"' in Browser(office.alice, **{"accept-language": "ru"}).get("/")
    browser.refused("/admin/panel/set_languages", language="tlh")


def test_what_stands_already_changes_nothing(office: Office) -> None:
    from tests.support.people import values

    browser, of = office.browser("owner"), office.alice.panel_id
    read = "SELECT per_minute_max, refill_status_key, guard, guard_percent_e2 FROM panels_panel WHERE id = %s"
    before = values(read, of)
    browser.post("/admin/panel/set_api", per_minute="60000", refill_status_key="status")
    browser.post("/admin/panel/set_guard", rule="pause", margin="0.00")
    assert values(read, of) == before
    browser.post("/admin/panel/set_api", per_minute="0", refill_status_key="refill")
    assert values(read, of) == [(None, "refill", *before[0][2:])]
    page = browser.get("/admin/settings")
    assert "No limit" in page
