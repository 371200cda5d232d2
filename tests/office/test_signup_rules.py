"""Whether strangers may sign up, and to what they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def test_where_sign_up_is_closed_nobody_makes_an_account(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser, letters
    from tests.support.people import PASSWORD

    visitor = Browser(office.alice)
    assert 'href="/signup"' in visitor.get("/") and 'href="/signup"' in visitor.get("/login")
    assert office.browser("manager").post("/admin/panel/set_signup", signup_open="no").status_code == 302
    assert 'href="/signup"' not in visitor.get("/") and 'href="/signup"' not in visitor.get("/login")
    assert "takes no new sign-ups" in visitor.get("/signup")
    visitor.refused("/signup", email="new@customer.example", password=PASSWORD)
    assert letters("new@customer.example") == []


def test_terms_are_accepted_first(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser, error, letters
    from tests.support.people import PASSWORD

    visitor, given = Browser(office.alice), {"email": "new@customer.example", "password": PASSWORD}
    assert 'name="terms"' not in visitor.get("/signup")
    office.browser("owner").post("/admin/panel/set_signup", signup_terms="yes")
    assert '<a href="/terms">' in visitor.get("/signup")
    assert error(visitor.refused("/signup", **given), "terms") == "Accept the terms to sign up."
    assert visitor.post("/signup", **given, terms="yes").status_code == 200
    assert len(letters("new@customer.example")) == 1
