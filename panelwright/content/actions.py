"""Writes of pages and announcements. Each records who did it. What is wrong is raised as ValueError."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from panelwright.content.models import NOT_WRITTEN, TITLE_MAX, Announcement, BannerKind, Page
from panelwright.core import clock, limits
from panelwright.core.refusal import Refused
from panelwright.events.actions import NewEvent, record
from panelwright.panels.actions import LANGUAGES
from panelwright.panels.models import Panel

# Over all languages of a panel.
PAGES_MAX = 400
POSITION_MAX = 10_000
# Of a banner's span: whatever the zone, the databases hold what is between.
_YEARS = (2000, 2999)

# NUL, and halves of a character that JSON can bring.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def set_page(
    *,
    panel_id: int,
    slug: str,
    language: str,
    title: str,
    body: str,
    by: str,
    in_menu: bool | None = None,
    position: int | None = None,
    version: str | None = None,
) -> Page:
    """Write a page in one language, anew or in place of what is there; what is None stays, or is no, or 0.

    `version`: refused as changed_meanwhile where the page has another one.
    """
    check_slug(slug)
    if language not in LANGUAGES:
        raise Refused("not_a_choice", "language", choices=", ".join(LANGUAGES))
    title, body = _checked(title, body, limits.PAGE_CHARS_MAX)
    if position is not None and not 0 <= position <= POSITION_MAX:
        raise Refused("number_out_of_range", "position", least=0, most=POSITION_MAX)
    menu = {name: value for name, value in (("in_menu", in_menu), ("position", position)) if value is not None}
    now = clock.now()
    with transaction.atomic():
        # Who writes pages waits here for whoever else does: the count below stays true.
        Panel.objects.select_for_update(no_key=True).get(id=panel_id)
        pages = Page.objects.filter(panel_id=panel_id)
        found = pages.filter(slug=slug, language=language).first()
        if version is not None and version != (NOT_WRITTEN if found is None else found.version):
            raise Refused("changed_meanwhile")
        if found is not None and now <= found.updated_at:
            # However coarse the clock is, each writing is another version.
            now = found.updated_at + timedelta(microseconds=1)
        page, made = pages.update_or_create(
            panel_id=panel_id,
            slug=slug,
            language=language,
            defaults={"title": title, "body": body, "updated_at": now, **menu},
        )
        if made and pages.count() > PAGES_MAX:
            raise Refused("too_many_pages", limit=PAGES_MAX)
        facts = {"slug": slug, "language": language, "title": title, "by": by}
        record([NewEvent(panel_id, "page.changed", page.id, facts)], now=now)
    written: Page = page
    return written


def remove_page(*, panel_id: int, slug: str, by: str, language: str = "") -> int:
    """Remove a page in one language, or (language empty) in all. Answers how many went, which may be 0."""
    check_slug(slug)
    if language and language not in LANGUAGES:
        raise Refused("not_a_choice", "language", choices=", ".join(LANGUAGES))
    now = clock.now()
    with transaction.atomic():
        rows = Page.objects.select_for_update().filter(panel_id=panel_id, slug=slug)
        gone = list((rows.filter(language=language) if language else rows).order_by("id"))
        Page.objects.filter(panel_id=panel_id, id__in=[page.id for page in gone]).delete()
        record(
            [
                NewEvent(panel_id, "page.removed", page.id, {"slug": slug, "language": page.language, "by": by})
                for page in gone
            ],
            now=now,
        )
    return len(gone)


class Banner(NamedTuple):
    """Where an announcement stands over the pages where customers order. None: from now on, and without end."""

    kind: str = BannerKind.NONE.value
    since: datetime | None = None
    until: datetime | None = None


def announce(
    *, panel_id: int, title: str, body: str, by: str, language: str = "", banner: Banner | None = None
) -> Announcement:
    """Tell the panel's customers something: all of them, or those who read one language."""
    _check_readers(language)
    title, body = _checked(title, body, limits.ANNOUNCEMENT_CHARS_MAX)
    now = clock.now()
    with transaction.atomic():
        row: Announcement = Announcement.objects.create(
            panel_id=panel_id,
            title=title,
            body=body,
            language=language,
            published_at=now,
            by=by[:200],
            **_banner_fields(banner or Banner()),
        )
        facts = {"title": title, "language": language, "by": by}
        record([NewEvent(panel_id, "announcement.published", row.id, facts)], now=now)
    return row


def change_announcement(
    *,
    panel_id: int,
    announcement_id: int,
    by: str,
    title: str,
    body: str,
    language: str | None = None,
    banner: Banner | None = None,
    version: int | None = None,
) -> None:
    """Write an announcement anew; what is None stays. Refused where it has another version: changed_meanwhile."""
    _check_readers(language or "")
    title, body = _checked(title, body, limits.ANNOUNCEMENT_CHARS_MAX)
    now = clock.now()
    with transaction.atomic():
        row = _locked(panel_id, announcement_id)
        if version is not None and row.version != version:
            raise Refused("changed_meanwhile")
        changed: dict[str, Any] = {"title": title, "body": body, "version": row.version + 1}
        if language is not None:
            changed["language"] = language
        if banner is not None:
            changed |= _banner_fields(banner)
        Announcement.objects.filter(panel_id=panel_id, id=row.id).update(**changed)
        facts = {"title": title, "by": by}
        record([NewEvent(panel_id, "announcement.changed", row.id, facts)], now=now)


def withdraw_announcement(*, panel_id: int, announcement_id: int, by: str) -> bool:
    """Customers see it no more, and staff can publish it again; False when it is so already."""
    return _turn(panel_id, announcement_id, by, withdrawn=True)


def restore_announcement(*, panel_id: int, announcement_id: int, by: str) -> bool:
    """Publish what was withdrawn, where it stood; False when it is so already."""
    return _turn(panel_id, announcement_id, by, withdrawn=False)


def _turn(panel_id: int, announcement_id: int, by: str, *, withdrawn: bool) -> bool:
    now = clock.now()
    with transaction.atomic():
        row = _locked(panel_id, announcement_id)
        if (row.withdrawn_at is not None) == withdrawn:
            return False
        rows = Announcement.objects.filter(panel_id=panel_id, id=row.id)
        rows.update(withdrawn_at=now if withdrawn else None)
        name = "announcement.withdrawn" if withdrawn else "announcement.restored"
        record([NewEvent(panel_id, name, row.id, {"title": row.title, "by": by})], now=now)
    return True


def _locked(panel_id: int, announcement_id: int) -> Announcement:
    rows = Announcement.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=announcement_id)
    row: Announcement | None = rows.first()
    if row is None:
        raise Refused("no_announcement", id=announcement_id)
    return row


def _banner_fields(banner: Banner) -> dict[str, Any]:
    """As the columns hold it. Raises Refused."""
    if not banner.kind:
        return {"banner": "", "banner_from": None, "banner_until": None}
    for name, at in (("banner_from", banner.since), ("banner_until", banner.until)):
        if at is not None and not _YEARS[0] <= at.year <= _YEARS[1]:
            raise Refused("not_a_moment", name)
    if banner.since is not None and banner.until is not None and banner.until <= banner.since:
        raise Refused("banner_span", "banner_until")
    return {"banner": banner.kind, "banner_from": banner.since, "banner_until": banner.until}


def _check_readers(language: str) -> None:
    if language and language not in LANGUAGES:
        raise Refused("not_a_choice", "language", choices=", ".join(LANGUAGES))


def remove_announcement(*, panel_id: int, announcement_id: int, by: str) -> bool:
    """Take an announcement back; False when there is none."""
    now = clock.now()
    with transaction.atomic():
        row = Announcement.objects.select_for_update().filter(panel_id=panel_id, id=announcement_id).first()
        if row is None:
            return False
        Announcement.objects.filter(panel_id=panel_id, id=row.id).delete()
        facts = {"title": row.title, "by": by}
        record([NewEvent(panel_id, "announcement.removed", row.id, facts)], now=now)
    return True


def check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise Refused("bad_slug", "slug")


def _checked(title: str, body: str, body_max: int) -> tuple[str, str]:
    """Both as they are kept: nothing that PostgreSQL cannot hold, and line breaks of one kind."""
    title = title.strip()
    body = body.replace("\r\n", "\n").strip()
    if not title or len(title) > TITLE_MAX or not title.isprintable():
        raise Refused("bad_title", "title", limit=TITLE_MAX)
    if not body or len(body) > body_max or _UNKEEPABLE.search(body):
        raise Refused("bad_body", "body", limit=body_max)
    return title, body
