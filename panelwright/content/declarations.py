"""What staff can do with pages and announcements, declared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_noop

from panelwright.content import actions
from panelwright.content.actions import Banner
from panelwright.content.models import Announcement, BannerKind, Page
from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.panels.actions import LANGUAGES
from panelwright.panels.models import Panel
from panelwright.staff.action import (
    Action,
    ActionDone,
    ActionFieldKind,
    Field,
    Noun,
    State,
    by_opposite,
    in_its_place,
)
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import MOMENT, NUMBER, TEXT, YES_NO, Shape, fields, maybe, words

PAGE_ROW: dict[str, Shape] = {
    "slug": TEXT,
    "language": TEXT,
    "title": TEXT,
    "in_menu": YES_NO,
    "position": NUMBER,
    "version": TEXT,
    "updated_at": MOMENT,
}
PAGE_SHAPE = fields({**PAGE_ROW, "body": TEXT})
ANNOUNCEMENT_SHAPE = fields(
    {
        "id": NUMBER,
        "title": TEXT,
        "body": TEXT,
        "language": TEXT,
        "published_at": MOMENT,
        "withdrawn_at": maybe(MOMENT),
        "banner": words(BannerKind.values),
        "banner_from": maybe(MOMENT),
        "banner_until": maybe(MOMENT),
        "version": NUMBER,
        "by": TEXT,
    }
)


def page_row(page: Page) -> dict[str, Any]:
    """A page as the staff API lists it, without its body."""
    return {
        "slug": page.slug,
        "language": page.language,
        "title": page.title,
        "in_menu": page.in_menu,
        "position": page.position,
        "version": page.version,
        "updated_at": _text(page.updated_at),
    }


def announcement_facts(row: Announcement) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "body": row.body,
        "language": row.language,
        "published_at": _text(row.published_at),
        "withdrawn_at": _text(row.withdrawn_at),
        "banner": row.banner,
        "banner_from": _text(row.banner_from),
        "banner_until": _text(row.banner_until),
        "version": row.version,
        "by": row.by,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else str(DjangoJSONEncoder().default(at))


def _page_state(panel_id: int, page_id: int) -> State | None:
    page = Page.objects.filter(panel_id=panel_id, id=page_id).first()
    return None if page is None else {**page_row(page), "body": page.body}


def _announcement_state(panel_id: int, id_: int) -> State | None:
    row = Announcement.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    return None if row is None else announcement_facts(row)


def _announcement_by_id(panel_id: int, text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


PAGE = Noun("page", "pages", gettext_noop("Page"), _page_state, shape=PAGE_SHAPE)
ANNOUNCEMENT = Noun(
    "announcement",
    "announcements",
    gettext_noop("Announcement"),
    _announcement_state,
    shape=ANNOUNCEMENT_SHAPE,
    find=_announcement_by_id,
)


def _set_page(actor: Actor, panel_id: int, _target: None, /, *, slug: str, language: str, **values: Any) -> ActionDone:
    # As set_page locks: what is read here is what it changes.
    Panel.objects.select_for_update(no_key=True).get(id=panel_id)
    before = Page.objects.filter(panel_id=panel_id, slug=slug, language=language).first()
    old = None if before is None else _page_state(panel_id, before.id)
    page = actions.set_page(panel_id=panel_id, slug=slug, language=language, by=actor.name, **values)
    return ActionDone(page.id, before=old or {}, after=_page_state(panel_id, page.id))


def _remove_page(actor: Actor, panel_id: int, _target: None, /, *, slug: str, language: str = "") -> ActionDone:
    rows = Page.objects.filter(panel_id=panel_id, slug=slug).order_by("id")
    old = [page_row(page) for page in rows if language in ("", page.language)]
    removed = actions.remove_page(panel_id=panel_id, slug=slug, language=language, by=actor.name)
    if not removed:
        raise Refused("no_page", "slug")
    return ActionDone(shown={"removed": removed}, before={"slug": slug, "pages": old})


def _publish(actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    return ActionDone(actions.announce(panel_id=panel_id, by=actor.name, **_with_banner(values)).id)


def _change(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
    actions.change_announcement(panel_id=panel_id, announcement_id=target, by=actor.name, **_with_banner(values))


def _with_banner(values: dict[str, Any]) -> dict[str, Any]:
    """What is said of the banner as one: it is written as a whole, or stays."""
    kind = values.pop("banner", None)
    since, until = values.pop("banner_from", None), values.pop("banner_until", None)
    if kind is None and (since is not None or until is not None):
        raise Refused("missing_field", "banner", action="set")
    return values if kind is None else {**values, "banner": Banner(kind, since, until)}


def _withdraw(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    done = actions.withdraw_announcement(panel_id=panel_id, announcement_id=target, by=actor.name)
    return ActionDone(nothing=not done)


def _restore(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    done = actions.restore_announcement(panel_id=panel_id, announcement_id=target, by=actor.name)
    return ActionDone(nothing=not done)


def _remove_announcement(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    actions.remove_announcement(panel_id=panel_id, announcement_id=target, by=actor.name)
    return ActionDone(shown={"removed": 1})


_TITLE = Field("title", ActionFieldKind.TEXT, gettext_noop("Title"), required=True)
_BODY = Field("body", ActionFieldKind.LONG_TEXT, gettext_noop("Text"), required=True, help=gettext_noop("Markdown."))
_READERS = Field("language", ActionFieldKind.TEXT, gettext_noop("Language"), choices=LANGUAGES)
_BANNER = (
    Field(
        "banner",
        ActionFieldKind.CHOICE,
        gettext_noop("Banner"),
        choices=tuple(BannerKind.values),
        help=gettext_noop("Shown over the pages where customers order, and on the home page."),
    ),
    Field(
        "banner_from",
        ActionFieldKind.MOMENT,
        gettext_noop("Banner from"),
        help=gettext_noop("Without a time: at once."),
    ),
    Field(
        "banner_until",
        ActionFieldKind.MOMENT,
        gettext_noop("Banner until"),
        help=gettext_noop("Without a time: until you withdraw it."),
    ),
)
_REMOVED = {"removed": NUMBER}

ACTIONS = (
    Action(
        PAGE,
        "set",
        gettext_noop("Save page"),
        Right.CONTENT,
        _set_page,
        (
            Field(
                "slug",
                ActionFieldKind.TEXT,
                gettext_noop("Address"),
                required=True,
                help=gettext_noop("Lowercase letters, digits and dashes. terms and faq replace the standard texts."),
            ),
            Field("language", ActionFieldKind.TEXT, gettext_noop("Language"), required=True, choices=LANGUAGES),
            _TITLE,
            _BODY,
            Field("in_menu", ActionFieldKind.YES_NO, gettext_noop("Link from every page")),
            Field("position", ActionFieldKind.NUMBER, gettext_noop("Position in the menu")),
            Field(
                "version",
                ActionFieldKind.TEXT,
                gettext_noop("Version"),
                help=gettext_noop(
                    "The version that you have read: refused if the page has changed since. none: not written yet."
                ),
            ),
        ),
        on_target=False,
        body_max=limits.STAFF_PAGE_BYTES_MAX,
    ),
    Action(
        PAGE,
        "remove",
        gettext_noop("Delete page"),
        Right.CONTENT,
        _remove_page,
        (
            Field("slug", ActionFieldKind.TEXT, gettext_noop("Address"), required=True),
            Field("language", ActionFieldKind.TEXT, gettext_noop("Language"), choices=LANGUAGES),
        ),
        on_target=False,
        gone=True,
        shown=_REMOVED,
        body_max=limits.STAFF_PAGE_BYTES_MAX,
    ),
    Action(
        ANNOUNCEMENT,
        "publish",
        gettext_noop("Publish announcement"),
        Right.CONTENT,
        _publish,
        (_TITLE, _BODY, _READERS, *_BANNER),
        on_target=False,
        body_max=limits.STAFF_PAGE_BYTES_MAX,
    ),
    Action(
        ANNOUNCEMENT,
        "set",
        gettext_noop("Save announcement"),
        Right.CONTENT,
        _change,
        (
            _TITLE,
            _BODY,
            _READERS,
            *_BANNER,
            Field("version", ActionFieldKind.NUMBER, gettext_noop("Version")),
        ),
        body_max=limits.STAFF_PAGE_BYTES_MAX,
        offered=in_its_place,
    ),
    Action(
        ANNOUNCEMENT,
        "withdraw",
        gettext_noop("Withdraw announcement"),
        Right.CONTENT,
        _withdraw,
        offered=lambda row: row.withdrawn_at is None,
        undo=by_opposite("restore", "withdrawn_at"),
    ),
    Action(
        ANNOUNCEMENT,
        "restore",
        gettext_noop("Publish again"),
        Right.CONTENT,
        _restore,
        offered=lambda row: row.withdrawn_at is not None,
        undo=by_opposite("withdraw", "withdrawn_at"),
    ),
    Action(
        ANNOUNCEMENT,
        "remove",
        gettext_noop("Delete announcement"),
        Right.CONTENT,
        _remove_announcement,
        gone=True,
        shown=_REMOVED,
        body_max=limits.STAFF_PAGE_BYTES_MAX,
    ),
)
