"""Pages and announcements over the staff API: written, listed, removed, each on its own panel only."""

from __future__ import annotations

import pytest

from tests.staff.site import BAD_KEY, Site
from tests.support.people import values

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = {"slug": "about", "language": "en", "title": "About", "body": "# Hello"}


def test_a_page_is_written_read_and_removed(site: Site) -> None:
    answer = site.post("pages", action="set", **PAGE, in_menu=True, position=4)
    assert answer.status == 200
    page = answer.body["page"]
    assert page.pop("updated_at") is not None
    assert page.pop("version")
    assert page == {**PAGE, "in_menu": True, "position": 4}
    site.post("pages", action="set", **{**PAGE, "language": "ru", "body": "я" * 100_000})
    listed = site.get("pages").body["items"]
    assert [(row["slug"], row["language"], "body" in row) for row in listed] == [
        ("about", "ru", False),
        ("about", "en", False),
    ]
    assert [row["body"][:7] for row in site.get("pages?slug=about").body["items"]] == ["# Hello", "я" * 7]
    assert site.post("pages", action="remove", slug="about", language="ru").body == {"removed": 1}
    assert site.post("pages", action="remove", slug="about").body == {"removed": 1}
    assert values("SELECT COUNT(*) FROM content_page") == [(0,)]
    told = values("SELECT name, facts FROM events_event WHERE name LIKE 'page.%%' ORDER BY id")
    assert [name for name, _ in told] == ["page.changed"] * 2 + ["page.removed"] * 2
    assert all("bob@shop.example" in str(facts) for _, facts in told)


def test_what_was_written_meanwhile_is_not_written_over_unseen(site: Site) -> None:
    meanwhile = "Somebody else changed this meanwhile. Look at it again."
    first = site.post("pages", action="set", **PAGE, version="none").body["page"]["version"]
    again = {"action": "set", **PAGE, "title": "Again"}
    site.refused(409, meanwhile, "POST", "pages", {**again, "version": "none"})
    second = site.post("pages", **again, version=first).body["page"]["version"]
    assert second != first
    site.refused(409, meanwhile, "POST", "pages", {**again, "version": first})
    site.post("pages", action="remove", slug="about")
    site.refused(409, meanwhile, "POST", "pages", {**again, "version": second})


def test_announcements_are_published_listed_and_taken_back(site: Site) -> None:
    made = site.post("announcements", action="publish", title="News", body="We moved.", language="ru")
    assert made.status == 200
    id_ = made.body["announcement"]["id"]
    site.post("announcements", action="publish", title="More", body="x")
    page = site.get("announcements?limit=1").body
    assert [(row["title"], row["language"]) for row in page["items"]] == [("More", "")]
    rest = site.get(f"announcements?before={page['next']}").body
    assert [(row["id"], rest["next"]) for row in rest["items"]] == [(id_, None)]
    assert site.post("announcements", action="remove", id=id_).body == {"removed": 1}
    site.refused(
        404,
        f"Announcement {id_} not found.",
        *("POST", "announcements", {"action": "remove", "id": id_}),
    )


NO_TEXT = ": Remove control characters and characters that are not valid UTF-8."


def test_what_is_wrong_is_refused(site: Site) -> None:
    def wrong(status: int, text: str, path: str, **body: object) -> None:
        site.refused(status, text, "POST", path, body)

    wrong(400, "in_menu: Choose yes or no.", "pages", action="set", **PAGE, in_menu=1)
    wrong(400, "language: Choose one of: en, pt-BR, es, ru.", "pages", action="set", **{**PAGE, "language": "de"})
    half = {**PAGE, "body": "\ud800"}
    wrong(400, f"body{NO_TEXT}", "pages", action="set", **half)
    wrong(
        413, "The request can have at most 1048576 bytes.", "pages", action="set", **{**PAGE, "body": "a" * 1_100_000}
    )
    wrong(404, "Page not found.", "pages", action="remove", slug="terms")
    wrong(400, f"slug{NO_TEXT}", "pages", action="remove", slug="\x00")
    wrong(404, f"Announcement {2**70} not found.", "announcements", action="remove", id=2**70)
    site.refused(401, BAD_KEY, "GET", "pages", key="x" * 40)
    site.refused(405, "Use GET, POST for this address.", "PUT", "pages", {})
    site.refused(400, "Unknown: x. Accepted here: slug.", "GET", "pages?x=1")


def test_another_panel_s_pages_are_not_there(site: Site) -> None:
    site.post("pages", action="set", **PAGE)
    site.refused(
        401,
        BAD_KEY,
        "GET",
        "pages",
        host="rival.example",
    )
    assert values("SELECT COUNT(*) FROM content_page p JOIN panels_panel o ON o.id = p.panel_id WHERE o.slug = 'shop'")
