"""Announcements: published, previewed, changed, withdrawn, and shown as banners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import everything, value, values

if TYPE_CHECKING:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.story import Story

# As in the product: a transaction inside another that must be the outermost would raise.
pytestmark = pytest.mark.django_db(transaction=True)

NEW, LIST = "/admin/content/announcements/new", "/admin/content/announcements"
NEWS: dict[str, Any] = {"title": "News", "body": "We *moved*.", "language": "", "banner": ""}


@pytest.fixture
def alice(story: Story) -> Browser:
    from panelwright.storefront.tests.browsing import Browser

    return Browser(story.alice, story.alice.staff.user)


def published(alice: Browser, **changed: Any) -> str:
    """The address of one that is."""
    answer = alice.post(NEW, **{**NEWS, **changed})
    assert answer.status_code == 302, answer.content
    path: str = answer.headers["Location"]
    return path


def test_one_is_published_changed_withdrawn_and_deleted(alice: Browser, story: Story) -> None:
    from panelwright.storefront.tests.browsing import Browser

    customer = Browser(story.alice, story.carol.customer.user)
    path = published(alice)
    assert "We <em>moved</em>." in customer.get("/news/announcements")
    assert path in alice.get(LIST) and "Published" in alice.get(LIST)
    number = path.rsplit("/", 1)[1]
    assert alice.post(path, **{**NEWS, "title": "Moved", "version": "1"}).status_code == 302
    assert "Moved" in customer.get("/news/announcements")
    assert f"/admin/announcements/{number}/withdraw" in alice.get(path)
    assert alice.post(f"/admin/announcements/{number}/withdraw").headers["Location"] == path
    assert "Moved" not in customer.get("/news/announcements")
    assert "Withdrawn" in alice.get(f"{LIST}?show=withdrawn") and "Moved" not in alice.get(f"{LIST}?show=published")
    assert alice.post(f"/admin/announcements/{number}/restore").status_code == 302
    assert "Moved" in customer.get("/news/announcements")
    assert alice.answer("/admin/announcements.csv").status_code == 200
    sure = alice.post(f"/admin/announcements/{number}/remove").content.decode()
    assert 'name="sure"' in sure
    told = values("SELECT name FROM events_event WHERE name LIKE 'announcement.%%' ORDER BY id")
    assert [name for (name,) in told] == [
        "announcement.published",
        "announcement.changed",
        "announcement.withdrawn",
        "announcement.restored",
    ]


def test_a_preview_saves_nothing_and_what_is_wrong_is_said(alice: Browser) -> None:
    from panelwright.storefront.tests.browsing import error

    before = everything()
    page = alice.post(NEW, **NEWS, preview="1")
    assert page.status_code == 200 and "We <em>moved</em>." in page.content.decode()
    part = alice.client.post(NEW, {**NEWS, "preview": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<p class="preview-title">News</p>') and "<html" not in part
    assert everything() == before
    page = alice.refused(NEW, **{**NEWS, "title": ""})
    assert error(page, "title").startswith("Enter a title") and "We *moved*." in page
    assert error(alice.refused(NEW, **{**NEWS, "body": "a" * 20_001}), "body").startswith("Enter a text of 1 to 20000")
    banner = {**NEWS, "banner": "info"}
    assert error(alice.refused(NEW, **banner, banner_from="soon"), "banner_from").startswith("Enter a date and time")
    assert error(alice.refused(NEW, **banner, banner_until="0001-01-01T00:00"), "banner_until")
    span = {"banner_from": "2030-05-02T10:00", "banner_until": "2030-05-02T09:00"}
    assert error(alice.refused(NEW, **banner, **span), "banner_until").startswith("The banner ends before it begins")
    assert alice.answer(f"{LIST}/{2**62}").status_code == 404


def test_who_saves_later_sees_both_texts(alice: Browser) -> None:
    from panelwright.storefront.tests.browsing import hidden

    path = published(alice)
    assert alice.post(path, **{**NEWS, "body": "Theirs", "version": "1"}).status_code == 302
    page = alice.refused(path, 409, **{**NEWS, "body": "Mine", "version": "1"})
    assert "<p>Theirs</p>" in page and "Mine" in page and hidden(page, "version") == "2"
    assert alice.post(path, **{**NEWS, "body": "Mine", "version": "2"}).status_code == 302
    assert value("SELECT body FROM content_announcement") == "Mine"


def test_the_times_of_a_banner_are_the_visitors(alice: Browser) -> None:
    from panelwright.storefront.tests.browsing import hidden
    from tests.support.people import execute

    execute("UPDATE customers_user SET timezone = 'America/Sao_Paulo'")
    path = published(alice, banner="warning", banner_from="2030-05-04T09:00", banner_until="2030-05-05T09:00")
    assert str(value("SELECT banner_from FROM content_announcement")).startswith("2030-05-04 12:00")
    page = alice.get(path)
    assert 'value="2030-05-04T09:00"' in page
    # No banner, no times.
    assert alice.post(path, **{**NEWS, "version": hidden(page, "version"), "banner_from": "2030-05-04T09:00"})
    assert values("SELECT banner, banner_from, banner_until FROM content_announcement") == [("", None, None)]
