"""The first page, the languages, and what stands around every page."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services, set_enabled
from panelwright.panels import presets
from panelwright.storefront.tests.reading import text_of
from panelwright.ui.middleware import CONTENT_SECURITY_POLICY


def facts(page: str) -> list[str]:
    """What the first page tells: how many services and types, and the currency."""
    return [text_of(fact) for fact in re.findall(r"<dd[^>]*>(.*?)</dd>", page)]


@pytest.mark.parametrize("name", presets.names())
def test_the_first_page_says_which_panel_this_is(open_panel, visit, name: str) -> None:
    open_panel(name)
    preset = presets.load(name)
    response = visit(name).get("/")
    page = response.content.decode()
    assert response.status_code == 200
    assert response.headers["Content-Language"] == preset.language
    assert f'<html lang="{preset.language}" dir="ltr"' in page
    assert f'<h1 translate="no">{preset.name}</h1>' in page
    types = {service.type for service in preset.services}
    assert facts(page) == [str(len(preset.services)), str(len(types)), preset.currency]
    assert 'href="/api"' in page
    assert f"curl -sS 'http://{name}.example/api/v2'" in text_of(page)


def test_only_services_for_everybody_are_counted(open_panel, visit) -> None:
    panel = open_panel("bare")
    hidden = NewService(number=90, category="Services", name="Secret offer", type="Poll", rate_micros=1, private=True)
    with scope(panel=panel):
        add_services(panel.id, [hidden])
        set_enabled(panel_id=panel.id, number=4, enabled=False)
    page = visit("bare").get("/").content.decode()
    assert facts(page) == ["3", "1", "USD"]
    for address in ("/", "/api"):
        page = visit("bare").get(address).content.decode()
        assert "Secret offer" not in page and "Poll" not in page and "Subscriptions</option>" not in page


def test_one_panel_shows_nothing_of_another(open_panel, visit) -> None:
    open_panel("bare")
    open_panel("promobox")
    theirs = {service.name for service in presets.load("promobox").services} | {"PromoBox", "promobox"}
    for address in ("/", "/api", "/nothing"):
        page = visit("bare").get(address).content.decode()
        assert "Bare" in page
        assert [name for name in theirs if name in page] == []


def test_a_panel_that_sells_nothing_yet_has_its_pages(open_panel, visit) -> None:
    open_panel("bare", sells=False)
    assert facts(_page(visit("bare"), "/")) == ["0", "0", "USD"]
    page = _page(visit("bare"), "/api")
    assert "No services are available right now." in page and "<select" not in page


def _page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "shown"),
    [
        ("", "", "", "en"),
        ("", "", "ru", "ru"),
        ("", "", "de-DE, es-MX;q=0.7, ru;q=0.5", "es"),
        ("", "", "pt", "pt-BR"),
        ("", "", "pt-PT", "pt-BR"),
        ("", "", "de, fr", "en"),
        ("", "", "*, ru;q=0.5", "en"),
        ("", "", "ru;q=0", "en"),
        ("", "", "not a language;;;", "en"),
        ("", "es", "ru", "es"),
        ("", "xx", "ru", "ru"),
        ("pt-BR", "es", "ru", "pt-BR"),
        ("PT-br", "", "", "pt-BR"),
        ("pt_BR", "", "", "pt-BR"),
        ("de", "es", "ru", "es"),
        ("../../en", "", "ru", "ru"),
    ],
)
def test_the_language_is_the_first_of_address_cookie_and_browser_that_is_offered(
    open_panel, visit, asked: str, cookie: str, accepted: str, shown: str
) -> None:
    open_panel("everything")
    client = visit("everything")
    if cookie:
        client.cookies["lang"] = cookie
    response = client.get("/", {"lang": asked} if asked else {}, headers={"accept-language": accepted})
    assert response.headers["Content-Language"] == shown
    assert f'<html lang="{shown}"' in response.content.decode()
    assert {"Accept-Language", "Cookie"} <= set(response.headers["Vary"].split(", "))


def test_a_language_once_chosen_is_kept(open_panel, visit) -> None:
    open_panel("everything")
    client = visit("everything")
    chosen = client.get("/?lang=ru").cookies["lang"]
    assert (chosen.value, chosen["httponly"], chosen["samesite"], chosen["secure"]) == ("ru", True, "Lax", "")
    assert client.get("/api").headers["Content-Language"] == "ru"
    assert "lang" not in visit("everything").get("/?lang=de").cookies


def test_a_language_that_the_panel_does_not_offer_is_not_shown(open_panel, visit) -> None:
    open_panel("promobox")
    response = visit("promobox").get("/?lang=en", headers={"accept-language": "en"})
    assert response.headers["Content-Language"] == "ru"
    assert 'class="menu languages"' not in response.content.decode()


def test_the_menu_offers_the_panels_languages_by_their_own_names(open_panel, visit) -> None:
    open_panel("bare", languages=("en", "ru"))
    page = _page(visit("bare"), "/")
    # Beside the links, and in the menu of a narrow screen.
    assert re.findall(r'href="\?lang=([\w-]+)"', page) == ["en", "ru", "en", "ru"]
    assert "Русский" in page and "Español" not in page


def test_a_host_without_a_panel_is_told_so(open_panel, visit) -> None:
    open_panel("bare")
    response = visit("nobody").get("/")
    assert response.status_code == 404
    assert "Bare" not in response.content.decode()
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("host", ["two words", "a/b", "<script>", "x" * 300 + "!", "a:b:c", "\\"])
def test_a_host_that_is_none_stands_on_no_page(open_panel, host: str) -> None:
    open_panel("bare", host="*", port=80)
    response = Client(headers={"host": host}).get("/api")
    assert response.status_code == 400
    assert "YOUR_API_KEY" not in response.content.decode()


def test_an_address_that_leads_nowhere_is_told_in_the_visitors_language(open_panel, visit) -> None:
    open_panel("promobox")
    for address in ("/nothing", "/api/v3", "/static/", "/%00", "/\u044f"):
        response = visit("promobox").get(address)
        assert response.status_code == 404
        assert "Страница не найдена" in response.content.decode()


@pytest.mark.parametrize("address", ["/", "/api", "/nothing", "/static/ui.css", "/static/none.css"])
def test_strangers_code_is_kept_out(open_panel, visit, address: str) -> None:
    open_panel("everything")
    response = visit("everything").get(address)
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; style-src 'self'; script-src 'self'; ")
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ["/", "/api", "/nothing"])
def test_nothing_stands_inside_the_page_that_the_policy_forbids(open_panel, visit, address: str) -> None:
    open_panel("everything")
    page = visit("everything").get(address).content.decode()
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page) == []
    assert re.findall(r"<script(?![^>]* src=)[^>]*>", page) == []
    assert re.findall(r'(?:src|href)="(?!/|#|\?)[^"]*"', page) == []


def test_names_are_texts_and_never_markup(open_panel, visit) -> None:
    panel = open_panel("bare")
    evil = "<script>alert('1')</script>&amp;\"'"
    with scope(panel=panel):
        add_services(
            panel.id, [NewService(number=90, category=evil, name=evil, type="Custom Comments", rate_micros=1, max=9)]
        )
        set_enabled(panel_id=panel.id, number=4, enabled=False)
    panel.name = evil
    panel.save(update_fields=["name"])
    for address in ("/", "/api", "/nothing"):
        page = visit("bare").get(address).content.decode()
        assert "<script>" not in page
        assert evil in text_of(page)


@pytest.mark.parametrize("address", ["/", "/api"])
def test_a_page_asks_the_database_only_a_few_times(
    open_panel, visit, django_assert_max_num_queries, address: str
) -> None:
    open_panel("everything")
    with django_assert_max_num_queries(4):
        visit("everything").get(address)


def test_a_page_that_has_not_changed_is_not_sent_again(open_panel, visit) -> None:
    panel = open_panel("bare")
    client = visit("bare")
    first = client.get("/api", headers={"accept-encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    again = {"accept-encoding": "gzip", "if-none-match": first.headers["ETag"]}
    assert client.get("/api", headers=again).status_code == 304
    with scope(panel=panel):
        set_enabled(panel_id=panel.id, number=4, enabled=False)
    assert client.get("/api", headers=again).status_code == 200


def test_pages_are_only_read(open_panel, visit) -> None:
    open_panel("bare")
    for address in ("/", "/api", "/static/ui.css"):
        head = visit("bare").head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert visit("bare").post(address, {"a": "b"}).status_code == 405
