"""The registry of pages: who may see one, which menu it is found in, and where somebody begins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import get_resolver
from django.utils import translation

from panelwright.customers.access import staff_actor
from panelwright.staff.rights import Right
from panelwright.storefront.pages import SITE
from panelwright.storefront.tests.browsing import Browser
from panelwright.ui import auth, pages
from panelwright.ui.pages import Answer, SitePage, Who
from tests.support.people import Buyer, Owner, Time


def view(request: Any) -> HttpResponse:
    return HttpResponse("seen")


def asking(**who: Any) -> Any:
    request = RequestFactory().get("/staff/page")
    values = {
        "visitor": None,
        "customer": None,
        "staff": None,
        "actor": None,
        "host_guest": None,
        "panel": SimpleNamespace(staff_factor_required=False),
        "language": "en",
        "languages": ["en"],
    }
    for name, value in (values | who).items():
        setattr(request, name, value)
    return request


STAFF_PAGE = SitePage("secret", "staff/page", view, Who.STAFF, right=Right.REPORTS)


@pytest.mark.parametrize(
    ("role", "single", "may"),
    [
        ("owner", [], True),
        ("finance", [], True),
        ("support", [], False),
        ("support", ["reports"], True),
        ("custom", [], False),
        ("no role", [], False),
    ],
)
def test_a_page_of_staff_is_for_those_with_its_right(role: str, single: list[str], may: bool) -> None:
    staff: Any = SimpleNamespace(id=1, role=role, rights=single, user=SimpleNamespace(email="bob@shop.example"))
    request = asking(visitor=object(), staff=staff, actor=staff_actor(staff, address=""))
    assert pages.may_see(request, STAFF_PAGE) is may
    if may:
        answer = auth.staff_only(STAFF_PAGE)(request)
        assert isinstance(answer, HttpResponse) and answer.content == b"seen"


def test_only_a_page_of_staff_names_a_right() -> None:
    with pytest.raises(ValueError, match="right"):
        SitePage("open", "page", view, Who.CUSTOMERS, right=Right.REPORTS)


def test_who_is_not_logged_in_goes_to_the_log_in_first(alice: Owner, time: Time) -> None:
    for page in SITE.pages:
        if page.who is not Who.EVERYBODY and "<" not in page.path and page.answers is not Answer.PART:
            answer = Browser(alice).answer(f"/{page.path}")
            assert answer.status_code == 302, page.name
            assert answer.headers["Location"].startswith("/login"), page.name


def test_every_page_belongs_to_a_page_that_there_is() -> None:
    for page in SITE.pages:
        trail = SITE.trail(page)
        assert trail[0] == page.name
        assert len(trail) == len(set(trail)), "it is under itself"


def test_the_menu_marks_the_page_that_the_shown_one_is_under(alice: Owner, carol: Buyer, time: Time) -> None:
    browser = Browser(alice, carol.customer.user)
    order = carol.order()
    for path, current in (
        (f"/orders/{order.number}", ["Orders", "Orders"]),
        ("/account/security/on", ["Account", "Security", "Account"]),
        ("/order/many", ["Mass order", "Mass order", "Mass order"]),
    ):
        page = browser.get(path)
        marked = [part.partition("</a>")[0] for part in page.split(' aria-current="page"')[1:]]
        names = [part.rpartition("<span>")[2].partition("</span>")[0].rpartition(">")[2] for part in marked]
        assert sorted(names) == sorted(current), path


def test_staff_see_no_page_of_customers_in_their_menus() -> None:
    assert get_resolver().url_patterns, "loads the sites"
    staff: Any = SimpleNamespace(id=1, role="owner", rights=[], user=SimpleNamespace(email="alice@shop.example"))
    request = asking(visitor=object(), staff=staff, actor=staff_actor(staff, address=""))
    request.resolver_match = None
    with translation.override("en"):
        assert [entry.page.name for entry in pages.menu(request, "main")] == ["services", "news"]
        assert [entry.page.name for entry in pages.menu(request, "own")] == ["home", "api", "account"]
