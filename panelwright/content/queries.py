"""Reads of pages and announcements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.db.models import Q

from panelwright.content.models import Announcement, Page
from panelwright.core import clock
from panelwright.panels.actions import LANGUAGES
from panelwright.panels.models import Panel

# Pages that every panel has: until staff write their own, these texts stand there.
OURS = ("terms", "faq")
MENU_MAX = 12
ANNOUNCEMENTS_MAX = 100
# Over one page.
BANNERS_MAX = 3
# That a browser remembers to have put away.
PUT_AWAY_MAX = 30
_TEXTS = Path(__file__).with_name("texts")
_FALLBACK = "en"


class PageText(NamedTuple):
    """A page as a visitor reads it. `language` is that of the text; `updated_at` None: it came with us."""

    slug: str
    language: str
    title: str
    body: str
    updated_at: datetime | None


class PageLink(NamedTuple):
    slug: str
    title: str
    language: str  # of the title


class PageSummary(NamedTuple):
    """A page in all its languages, as staff list it. `updated_at` None: the text that comes with us."""

    slug: str
    title: str
    languages: tuple[str, ...]
    in_menu: bool
    position: int
    updated_at: datetime | None

    @property
    def is_ours(self) -> bool:
        return self.updated_at is None


class Announcements(NamedTuple):
    """The newest first. `next`: the `before` of the page that follows, None on the last one."""

    items: list[Announcement]
    next: int | None


def page_for(panel: Panel, slug: str, language: str) -> PageText | None:
    """The page in the visitor's language, else in the panel's, else in any; `terms` and `faq` are always there.

    A text of the panel's own stands before ours, whatever its language: it is what the panel says.
    """
    rows = list(Page.objects.filter(panel=panel, slug=slug)[: len(LANGUAGES)])
    if rows:
        row = _best(rows, language, panel.language)
        return PageText(slug, row.language, row.title, row.body, row.updated_at)
    return ours(slug, language) if slug in OURS else None


def ours(slug: str, language: str) -> PageText:
    """The text that comes with us, in this language or in English."""
    known = {code.lower(): code for code in LANGUAGES}
    title, body = _text(slug, known.get(language.lower(), _FALLBACK))
    return PageText(slug, known.get(language.lower(), _FALLBACK), title, body, None)


@cache
def _text(slug: str, language: str) -> tuple[str, str]:
    """Title and body: the file's first line is `# title`."""
    first, _, rest = (_TEXTS / f"{slug}.{language}.md").read_text(encoding="utf-8").partition("\n")
    return first.removeprefix("# ").strip(), rest.strip()


def menu(panel: Panel, language: str) -> list[PageLink]:
    """The pages that every page links to, `terms` and `faq` last. One query, without the bodies."""
    rows = Page.objects.filter(panel=panel).filter(Q(in_menu=True) | Q(slug__in=OURS)).defer("body")
    by_slug: dict[str, list[Page]] = {}
    for row in rows.order_by("position", "slug")[: (MENU_MAX + len(OURS)) * len(LANGUAGES)]:
        by_slug.setdefault(row.slug, []).append(row)
    free = [slug for slug in by_slug if slug not in OURS][:MENU_MAX]
    links = []
    for slug in (*free, *OURS):
        text = _best(by_slug[slug], language, panel.language) if slug in by_slug else ours(slug, language)
        links.append(PageLink(slug, text.title, text.language))
    return links


def pages(panel_id: int) -> list[Page]:
    """All pages for staff, without their bodies: PAGES_MAX at most."""
    return list(Page.objects.filter(panel_id=panel_id).defer("body").order_by("position", "slug", "language"))


def summaries(panel: Panel, language: str) -> list[PageSummary]:
    """Every page by its address: those that are always there first, then as they stand in the menu. One query."""
    by_slug: dict[str, list[Page]] = {}
    for row in pages(panel.id):
        by_slug.setdefault(row.slug, []).append(row)
    return [
        _summary(panel, slug, language, by_slug.get(slug, []))
        for slug in (*OURS, *(slug for slug in by_slug if slug not in OURS))
    ]


def _summary(panel: Panel, slug: str, language: str, rows: Sequence[Page]) -> PageSummary:
    if not rows:
        return PageSummary(slug, ours(slug, language).title, (), True, 0, None)
    return PageSummary(
        slug,
        _best(rows, language, panel.language).title,
        tuple(row.language for row in rows),
        slug in OURS or any(row.in_menu for row in rows),
        min(row.position for row in rows),
        max(row.updated_at for row in rows),
    )


def pages_of(panel_id: int, slug: str) -> list[Page]:
    """One page in all its languages, with the bodies."""
    return list(Page.objects.filter(panel_id=panel_id, slug=slug).order_by("language"))


def announcements(
    panel_id: int, language: str | None = None, *, before: int | None = None, limit: int = 20
) -> Announcements:
    """For the readers of a language, or (None, for staff) all, with those that are withdrawn."""
    limit = max(1, min(limit, ANNOUNCEMENTS_MAX))
    rows = Announcement.objects.filter(panel_id=panel_id)
    if language is not None:
        rows = rows.filter(_read_in(language), withdrawn_at=None)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: limit + 1])
    return Announcements(found[:limit], found[limit - 1].id if len(found) > limit else None)


def banners(panel_id: int, language: str, *, but: Collection[int] = ()) -> list[Announcement]:
    """What stands over the pages where customers order, the newest first, without the texts; `but`: put away."""
    shown = standing_now(clock.now()) & _read_in(language)
    rows = Announcement.objects.filter(shown, panel_id=panel_id, withdrawn_at=None).exclude(banner="")
    found = rows.defer("body").order_by("-id")[: BANNERS_MAX + PUT_AWAY_MAX]
    return [row for row in found if row.id not in but][:BANNERS_MAX]


def standing_now(now: datetime) -> Q:
    """Banners whose time it is."""
    begun = Q(banner_from__isnull=True) | Q(banner_from__lte=now)
    return begun & (Q(banner_until__isnull=True) | Q(banner_until__gt=now))


def banner_state(row: Announcement) -> str:
    """Of an announcement that is a banner: waits, shown or over; empty where it is none, or is withdrawn."""
    now = clock.now()
    if not row.banner or row.withdrawn_at is not None:
        return ""
    if row.banner_until is not None and row.banner_until <= now:
        return "over"
    return "waits" if row.banner_from is not None and row.banner_from > now else "shown"


def announcement(panel_id: int, announcement_id: int) -> Announcement | None:
    """One of them, for staff."""
    found: Announcement | None = Announcement.objects.filter(panel_id=panel_id, id=announcement_id).first()
    return found


def _read_in(language: str) -> Q:
    return Q(language="") | Q(language__iexact=language)


def _best(rows: Sequence[Page], *languages: str) -> Page:
    by_language = {row.language.lower(): row for row in rows}
    wanted: Iterable[str] = (*(language.lower() for language in languages), *sorted(by_language))
    return next(by_language[language] for language in wanted if language in by_language)
