"""What search engines and browsers ask for by themselves."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from django.test import Client

from panelwright.ui.pages import Who, all_pages
from tests.support.people import Owner

pytestmark = pytest.mark.django_db


def test_robots_are_kept_from_what_is_not_for_everybody(alice: Owner) -> None:
    told = Client().get("/robots.txt", headers={"host": alice.host}).content.decode()
    barred = re.findall(r"^Disallow: (.+)$", told, re.MULTILINE)
    assert "/admin" in barred
    for _, page in all_pages():
        path = f"/{page.path.lstrip('^')}"
        held_off = any(path.startswith(one) for one in barred)
        if page.indexed:
            assert not held_off, path
        elif page.who is not Who.EVERYBODY and not path.startswith("/services"):
            assert held_off, path
    assert f"Sitemap: http://{alice.host}/sitemap.xml" in told


def test_the_map_names_each_page_that_may_be_listed_in_each_language(alice: Owner) -> None:
    alice.panel.languages = ["en", "ru"]
    alice.panel.save(update_fields=["languages"])
    response = Client().get("/sitemap.xml", headers={"host": alice.host})
    root = ElementTree.fromstring(response.content)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    found = [one.text for one in root.iter(f"{space}loc")]
    assert {f"http://{alice.host}{path}" for path in ("/", "/services", "/news", "/api", "/terms", "/faq")} <= set(
        found
    )
    assert not any("/account" in (one or "") or "/admin" in (one or "") for one in found)
    assert [one.get("hreflang") for one in root.iter("{http://www.w3.org/1999/xhtml}link")][:2] == ["en", "ru"]
    for address in found:
        path = (address or "").removeprefix(f"http://{alice.host}")
        assert Client().get(path, headers={"host": alice.host}).status_code == 200, path


def test_the_map_is_the_same_whatever_language_somebody_reads(alice: Owner) -> None:
    alice.panel.languages = ["en", "ru"]
    alice.panel.save(update_fields=["languages"])
    found = [Client().get("/sitemap.xml", headers={"host": alice.host, "accept-language": one}) for one in ("en", "ru")]
    assert found[0].content == found[1].content
    assert "Content-Language" not in found[1].headers and not found[1].cookies


def test_a_page_tells_its_address_without_what_narrows_it_and_others_are_not_listed(alice: Owner) -> None:
    page = Client().get("/services?q=x&lang=en", headers={"host": alice.host}).content.decode()
    assert '<link rel="canonical" href="/services">' in page
    assert f'<meta property="og:url" content="http://{alice.host}/services">' in page
    assert '<meta name="description" content="Prices and limits of all services at ' in page
    assert "noindex" not in page
    for path in ("/login", "/signup", "/nowhere"):
        page = Client().get(path, headers={"host": alice.host}).content.decode()
        assert '<meta name="robots" content="noindex">' in page, path
        assert "canonical" not in page


def test_the_icon_and_the_manifest_are_the_panels(alice: Owner) -> None:
    icon = Client().get("/favicon.ico", headers={"host": alice.host})
    assert icon.headers["Content-Type"] == "image/png"
    assert icon.content.startswith(b"\x89PNG")
    told = json.loads(Client().get("/manifest.webmanifest", headers={"host": alice.host}).content)
    assert told["name"] == alice.panel.name
    for one in told["icons"]:
        assert Client().get(one["src"], headers={"host": alice.host}).status_code == 200
    alice.panel.logo_version = "0123456789abcdef"
    alice.panel.save(update_fields=["logo_version"])
    icon = Client().get("/favicon.ico", headers={"host": alice.host})
    assert icon.headers["Location"] == "/logo?v=0123456789abcdef"
