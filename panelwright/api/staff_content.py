"""The part of the staff API for free pages and announcements."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from panelwright.api import staff_reading as reading
from panelwright.api.staff import Call, staff_only
from panelwright.content import actions, queries
from panelwright.content.models import Announcement, Page
from panelwright.core import limits
from panelwright.core.refusal import NotThere

_PAGES: dict[str, tuple[reading.Fields, reading.Fields]] = {
    "set": ({"slug": str, "language": str, "title": str, "body": str}, {"in_menu": bool, "position": int}),
    "remove": ({"slug": str}, {"language": str}),
}
_ANNOUNCEMENTS: dict[str, tuple[reading.Fields, reading.Fields]] = {
    "publish": ({"title": str, "body": str}, {"language": str}),
    "remove": ({"id": int}, {}),
}


@csrf_exempt
def pages(request: HttpRequest) -> HttpResponse:
    """GET: all pages, without their bodies, or those of `slug` with them. POST: write or remove one."""
    return read_pages(request) if request.method == "GET" else change_page(request)


@staff_only("GET")
def read_pages(call: Call) -> dict[str, Any]:
    slug = reading.slug_of(call.request.GET)
    if not slug:
        return {"items": [_page(row) for row in queries.pages(call.panel_id)]}
    return {"items": [{**_page(row), "body": row.body} for row in queries.pages_of(call.panel_id, slug)]}


@staff_only("POST")
def change_page(call: Call) -> dict[str, Any]:
    action, fields = reading.action_of(call.request, _PAGES, body_max=limits.STAFF_PAGE_BYTES_MAX)
    if action == "set":
        row = actions.set_page(panel_id=call.panel_id, by=call.by, **fields)
        return {"page": {**_page(row), "body": row.body}}
    removed = actions.remove_page(panel_id=call.panel_id, by=call.by, **fields)
    if not removed:
        raise NotThere("this panel has no such page of its own")
    return {"removed": removed}


@csrf_exempt
def announcements(request: HttpRequest) -> HttpResponse:
    """GET: one page of them, the newest first. POST: publish one, or take one back."""
    return read_announcements(request) if request.method == "GET" else change_announcements(request)


@staff_only("GET")
def read_announcements(call: Call) -> dict[str, Any]:
    before, limit = reading.before_and_limit_of(call.request.GET, most=queries.ANNOUNCEMENTS_MAX)
    page = queries.announcements(call.panel_id, before=before, limit=limit)
    return {"items": [_announcement(row) for row in page.items], "next": page.next}


@staff_only("POST")
def change_announcements(call: Call) -> dict[str, Any]:
    action, fields = reading.action_of(call.request, _ANNOUNCEMENTS, body_max=limits.STAFF_PAGE_BYTES_MAX)
    if action == "publish":
        return {"announcement": _announcement(actions.announce(panel_id=call.panel_id, by=call.by, **fields))}
    id_ = fields["id"]
    there = 0 < id_ <= reading.NUMBER_MAX and actions.remove_announcement(
        panel_id=call.panel_id, announcement_id=id_, by=call.by
    )
    if not there:
        raise NotThere(f"there is no announcement {id_} on this panel")
    return {"removed": 1}


def _page(row: Page) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "language": row.language,
        "title": row.title,
        "in_menu": row.in_menu,
        "position": row.position,
        "updated_at": row.updated_at,
    }


def _announcement(row: Announcement) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "body": row.body,
        "language": row.language,
        "published_at": row.published_at,
        "by": row.by,
    }
