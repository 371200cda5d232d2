"""Pages in all their languages, beside each other: written, previewed, and not lost when two write at once."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import everything, execute, values

if TYPE_CHECKING:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.story import Story

# As in the product: a transaction inside another that must be the outermost would raise.
pytestmark = pytest.mark.django_db(transaction=True)

_ROWS = "SELECT slug, language, title, body, in_menu, position FROM content_page ORDER BY slug, language"


@pytest.fixture
def alice(story: Story) -> Browser:
    from panelwright.storefront.tests.browsing import Browser

    execute("UPDATE panels_panel SET languages = %s WHERE slug = 'shop'", '["en", "es"]')
    return Browser(story.alice, story.alice.staff.user)


def form_of(page: str) -> dict[str, str]:
    """What a browser sends back of the form as it is filled in."""
    found = {}
    for name, value in re.findall(r'<input[^>]* name="([\w-]+)"[^>]* value="([^"]*)"', page):
        found[name] = html.unescape(value)
    for name, value in re.findall(r'<textarea[^>]* name="([\w-]+)"[^>]*>\n?(.*?)</textarea>', page, re.S):
        found[name] = html.unescape(value).replace("\n", "\r\n")
    if 'name="in_menu" value="yes" checked' not in page:
        found.pop("in_menu", None)
    return {name: value for name, value in found.items() if name not in {"csrfmiddlewaretoken", "q"}}


def rows() -> list[tuple[Any, ...]]:
    return [(*row[:4], bool(row[4]), row[5]) for row in values(_ROWS)]


def test_a_page_is_written_in_two_languages_at_once(alice: Browser, story: Story) -> None:
    from panelwright.storefront.tests.browsing import Browser

    form = form_of(alice.get("/admin/content/new"))
    assert form["version-en"] == "none" and "title-es" in form and "title-ru" not in form
    typed = {"slug": "rules", "in_menu": "yes", "position": "3", "title-en": "Rules", "body-en": "# Be *kind*\r\n\r\nx"}
    answer = alice.post("/admin/content/new", **{**form, **typed, "title-es": "Reglas", "body-es": "Sé amable"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/content/pages/rules")
    assert rows() == [
        ("rules", "en", "Rules", "# Be *kind*\n\nx", True, 3),
        ("rules", "es", "Reglas", "Sé amable", True, 3),
    ]
    assert "Be <em>kind</em>" in Browser(story.alice).get("/pages/rules")
    listed = alice.get("/admin/content")
    assert "/admin/content/pages/rules" in listed and "Español" in listed and "Standard text" in listed
    # Nothing changed is nothing written.
    before = everything()
    again = form_of(alice.get("/admin/content/pages/rules"))
    assert alice.post("/admin/content/pages/rules", **again).status_code == 302
    assert everything() == before
    # The menu alone is changed, and the texts stay.
    assert alice.post("/admin/content/pages/rules", **{**again, "position": "7"}).status_code == 302
    assert [(row[3], row[5]) for row in rows()] == [("# Be *kind*\n\nx", 7), ("Sé amable", 7)]


def test_a_preview_saves_nothing(alice: Browser) -> None:
    form = form_of(alice.get("/admin/content/new"))
    typed = {**form, "slug": "rules", "title-en": "Rules", "body-en": "*Be* <script>kind</script>"}
    before = everything()
    page = alice.post("/admin/content/new", **typed, preview="1")
    assert page.status_code == 200
    text = page.content.decode()
    assert "<em>Be</em> &lt;script&gt;" in text and 'name="slug" type="text" value="rules"' in text
    part = alice.client.post(
        "/admin/content/new", {**typed, "preview": "en"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert part.startswith('<p class="preview-title">Rules</p>') and "<html" not in part
    assert everything() == before


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(alice: Browser) -> None:
    from panelwright.storefront.tests.browsing import error

    form = form_of(alice.get("/admin/content/new"))
    typed = {**form, "slug": "Not So", "title-en": "Rules", "body-en": "Long text"}
    page = alice.refused("/admin/content/new", **typed)
    assert error(page, "slug").startswith("Use up to 60 lowercase letters") and "Long text" in page
    assert error(alice.refused("/admin/content/new", **{**typed, "slug": "faq"}), "slug").startswith("There is already")
    assert error(alice.refused("/admin/content/new", **{**form, "slug": "x"}), "").startswith("Write a title")
    page = alice.refused("/admin/content/new", **{**typed, "slug": "x", "position": "many"})
    assert error(page, "position") and "Long text" in page
    page = alice.refused("/admin/content/new", **{**typed, "slug": "x", "title-en": ""})
    assert error(page, "title-en").startswith("Enter a title") and "Long text" in page
    page = alice.refused("/admin/content/new", **{**typed, "slug": "x", "body-en": "a" * 100_001})
    assert error(page, "body-en").startswith("Enter a text of 1 to 100000")
    # One language is in order, the other is not: the one is saved, and what is left goes to its address.
    answer = alice.post("/admin/content/new", **{**typed, "slug": "x", "title-es": "Solo"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Saved: English." in page and 'action="/admin/content/pages/x"' in page
    assert error(page, "body-es") and [row[1] for row in rows()] == ["en"]
    assert alice.answer("/admin/content/pages/nothing").status_code == 404


def test_who_saves_later_sees_both_texts(alice: Browser) -> None:
    path = "/admin/content/pages/rules"
    form = form_of(alice.get("/admin/content/new"))
    typed = {"slug": "rules", "title-en": "Rules", "body-en": "One", "title-es": "Reglas", "body-es": "Uno"}
    alice.post("/admin/content/new", **{**form, **typed})
    late = form_of(alice.get(path))
    alice.post(path, **{**form_of(alice.get(path)), "body-en": "Theirs", "body-es": "Suyo"})
    page = alice.refused(path, 409, **{**late, "body-en": "Mine"})
    assert "Somebody else changed this page meanwhile" in page and "<p>Theirs</p>" in page and "Mine" in page
    # What was not touched is theirs.
    again = form_of(page)
    assert (again["body-en"], again["body-es"]) == ("Mine", "Suyo")
    assert alice.post(path, **again).status_code == 302
    assert [row[3] for row in rows()] == ["Mine", "Suyo"]
    # Somebody else removes the page: it is not lost either.
    late = form_of(alice.get(path))
    assert alice.post("/admin/pages/remove", slug="rules").status_code == 302
    page = alice.refused(path, 409, **{**late, "body-en": "Mine again"})
    assert "Somebody else has deleted this text" in page and "Mine again" in page
    assert alice.post(path, **form_of(page)).status_code == 302
    assert [row[1:4] for row in rows()] == [("en", "Rules", "Mine again")]


def test_a_standard_text_is_shown_and_replaced(alice: Browser, story: Story) -> None:
    from panelwright.storefront.tests.browsing import Browser

    page = alice.get("/admin/content/pages/terms")
    assert "Write your own" in page and "<textarea" not in page and "Términos" in page
    form = form_of(alice.get("/admin/content/pages/terms?own=1"))
    assert form["body-en"] and form["body-es"] and "position" not in form
    answer = alice.post("/admin/content/pages/terms", **{**form, "title-en": "House rules", "body-en": "Ours"})
    assert answer.status_code == 302
    assert [row[:3] for row in rows()] == [("terms", "en", "House rules"), ("terms", "es", form["title-es"])]
    assert "House rules" in Browser(story.alice).get("/terms?lang=en")
    # And back.
    assert alice.post("/admin/pages/remove", slug="terms").status_code == 302
    assert "Write your own" in alice.get("/admin/content/pages/terms")
