"""Pages in the visitor's language or the next best, announcements, and who wrote what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from panelwright.content import queries
from panelwright.content.actions import announce, remove_announcement, remove_page, set_page
from panelwright.content.markdown import html
from panelwright.content.models import Announcement, Page
from panelwright.content.queries import OURS, announcements, menu, ours, page_for
from panelwright.core import clock
from panelwright.panels.actions import LANGUAGES, create_panel
from panelwright.panels.models import Panel


@pytest.fixture
def shop(db: None) -> Panel:
    return create_panel(slug="shop", name="Shop", currency="USD", domains=[], language="es", languages=LANGUAGES)


@pytest.fixture
def rival(db: None) -> Panel:
    return create_panel(slug="rival", name="Rival", currency="USD", domains=[])


def write(panel: Panel, slug: str = "about", language: str = "en", **changed: Any) -> Page:
    values = {"title": f"{slug} {language}", "body": f"Body {language}", "by": "bob", **changed}
    with scope(panel=panel):
        return set_page(panel_id=panel.id, slug=slug, language=language, **values)


def told(panel: Panel) -> list[tuple[str, dict[str, Any]]]:
    from panelwright.events.models import Event

    with scope(panel=panel):
        return list(Event.objects.filter(panel=panel).order_by("id").values_list("name", "facts"))


def shown(panel: Panel, slug: str, language: str) -> str | None:
    with scope(panel=panel):
        page = page_for(panel, slug, language)
    return None if page is None else page.title


@pytest.mark.parametrize("slug", OURS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_our_texts_are_there_in_every_language(slug: str, language: str) -> None:
    page = ours(slug, language)
    assert (page.slug, page.language, page.updated_at) == (slug, language, None)
    assert page.title
    rendered = html(page.body)
    assert rendered.count("<h2>") == ours(slug, "en").body.count("## ") >= 5
    assert "<h3>" not in rendered
    assert rendered.count("<p>") == html(ours(slug, "en").body).count("<p>")
    if language == "ru":
        assert re.search("[а-я]{4}", page.title + page.body)
    elif language != "en":
        assert page.body != ours(slug, "en").body


def test_a_page_is_shown_in_the_language_of_the_visitor_or_the_panel_or_any(shop: Panel) -> None:
    assert shown(shop, "about", "en") is None
    write(shop, language="ru")
    assert shown(shop, "about", "en") == "about ru"
    write(shop, language="es")
    assert shown(shop, "about", "en") == "about es"
    write(shop, language="en")
    assert [shown(shop, "about", code) for code in ("en", "es", "ru", "pt-BR", "pt-br")] == [
        *("about en", "about es", "about ru", "about es", "about es")
    ]
    write(shop, language="pt-BR")
    assert shown(shop, "about", "pt-br") == "about pt-BR"


def test_the_panel_s_own_terms_stand_before_ours(shop: Panel, rival: Panel) -> None:
    assert shown(shop, "terms", "ru") == "Условия"
    write(shop, "terms", "es", title="Lo nuestro")
    assert shown(shop, "terms", "ru") == "Lo nuestro"
    assert shown(rival, "terms", "ru") == "Условия"
    with scope(panel=shop):
        assert remove_page(panel_id=shop.id, slug="terms", by="bob") == 1
    assert shown(shop, "terms", "es") == "Términos"


def test_the_menu_has_what_staff_put_there_and_ours_last(shop: Panel) -> None:
    write(shop, "hidden")
    write(shop, "second", in_menu=True, position=2)
    write(shop, "first", in_menu=True, position=1)
    write(shop, "first", "es", in_menu=True, position=1)
    write(shop, "faq", "es", title="Ayuda")
    with scope(panel=shop):
        links = [(link.slug, link.title) for link in menu(shop, "en")]
        assert [link.title for link in menu(shop, "es")] == ["first es", "second en", "Términos", "Ayuda"]
    assert links == [("first", "first en"), ("second", "second en"), ("terms", "Terms"), ("faq", "Ayuda")]


def test_a_page_is_changed_in_place_and_it_is_known_by_whom(shop: Panel, rival: Panel) -> None:
    first = write(shop, in_menu=True, position=3)
    again = write(shop, title="  New  ", body="One\r\nTwo\n", by="alice")
    assert again.id == first.id
    with scope(panel=shop):
        row = Page.objects.get(panel=shop)
        assert (row.title, row.body, row.in_menu, row.position) == ("New", "One\nTwo", True, 3)
        assert remove_page(panel_id=shop.id, slug="about", language="es", by="bob") == 0
        assert remove_page(panel_id=shop.id, slug="about", language="en", by="bob") == 1
    facts = {"slug": "about", "language": "en"}
    assert told(shop) == [
        ("page.changed", {**facts, "title": "about en", "by": "bob"}),
        ("page.changed", {**facts, "title": "New", "by": "alice"}),
        ("page.removed", {**facts, "by": "bob"}),
    ]
    assert told(rival) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"slug": "About"}, "lowercase letters"),
        ({"slug": ""}, "lowercase letters"),
        ({"slug": "a" * 61}, "lowercase letters"),
        ({"slug": "../x"}, "lowercase letters"),
        ({"language": "de"}, "Choose one of: en"),
        ({"title": "  "}, "Enter a title"),
        ({"title": "a\nb"}, "Enter a title"),
        ({"title": "a" * 201}, "Enter a title"),
        ({"body": " "}, "Enter a text of 1"),
        ({"body": "a" * 100_001}, "Enter a text of 1"),
        ({"body": "a\x00b"}, "Enter a text of 1"),
        ({"body": json.loads('"\\ud800"')}, "Enter a text of 1"),
        ({"position": -1}, "between 0 and 10000"),
    ],
)
def test_what_is_wrong_is_said_and_not_kept(shop: Panel, change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        write(shop, **{"slug": "about", **change})
    with scope(panel=shop):
        assert Page.objects.count() == 0
    assert told(shop) == []


def test_a_panel_has_so_many_pages(shop: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panelwright.content.actions.PAGES_MAX", 2)
    write(shop, "a")
    write(shop, "b")
    with pytest.raises(ValueError, match="at most 2 pages"):
        write(shop, "c")
    write(shop, "a", title="changed")
    with scope(panel=shop):
        assert [page.title for page in queries.pages(shop.id)] == ["changed", "b en"]


@pytest.mark.parametrize(
    "make",
    [
        lambda panel: Page.objects.create(
            panel=panel, slug="a", language="en", title="a", body="a" * 100_001, updated_at=clock.now()
        ),
        lambda panel: Page.objects.create(panel=panel, slug="a", language="en", body="a", updated_at=clock.now()),
        lambda panel: Announcement.objects.create(
            panel=panel, title="a", body="a" * 20_001, published_at=clock.now(), by=""
        ),
    ],
)
def test_the_database_refuses_it_too(shop: Panel, make: Callable[[Panel], object]) -> None:
    with scope(panel=shop), pytest.raises(IntegrityError), transaction.atomic():
        make(shop)


def test_announcements_reach_the_readers_of_their_language(shop: Panel, rival: Panel) -> None:
    with scope(panel=shop):
        for title, language in (("all", ""), ("russian", "ru"), ("brazilian", "pt-BR")):
            announce(panel_id=shop.id, title=title, body="x", language=language, by="bob")
        assert [row.title for row in announcements(shop.id, "en").items] == ["all"]
        assert [row.title for row in announcements(shop.id, "pt-br").items] == ["brazilian", "all"]
        first = announcements(shop.id, limit=2)
        assert [row.title for row in first.items] == ["brazilian", "russian"]
        second = announcements(shop.id, before=first.next, limit=2)
        assert [(row.title, second.next) for row in second.items] == [("all", None)]
        with pytest.raises(ValueError, match="Choose one of: en"):
            announce(panel_id=shop.id, title="x", body="x", language="de", by="bob")
        gone = first.items[0].id
    with scope(panel=rival):
        assert announcements(rival.id).items == []
        assert remove_announcement(panel_id=rival.id, announcement_id=gone, by="rita") is False
    with scope(panel=shop):
        assert remove_announcement(panel_id=shop.id, announcement_id=gone, by="bob") is True
        assert remove_announcement(panel_id=shop.id, announcement_id=gone, by="bob") is False
    assert [name for name, _ in told(shop)] == ["announcement.published"] * 3 + ["announcement.removed"]
    assert told(shop)[-1][1] == {"title": "brazilian", "by": "bob"}
