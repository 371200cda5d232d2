"""Announcements: their list, and one of them written, previewed, published and withdrawn."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from panelwright.backoffice import lists
from panelwright.backoffice.acting import offered
from panelwright.backoffice.content import previewed
from panelwright.content import queries
from panelwright.content.models import Announcement, BannerKind
from panelwright.core.refusal import Refusal
from panelwright.staff import registry
from panelwright.staff.actions import perform
from panelwright.staff.lists import named
from panelwright.ui.forms import Form
from panelwright.ui.middleware import offered_languages
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1
_FIELDS = frozenset({"title", "body", "language", "banner", "banner_from", "banner_until"})
_BANNERS = (
    (BannerKind.NONE.value, gettext_noop("No banner")),
    (BannerKind.INFO.value, gettext_noop("Information")),
    (BannerKind.WARNING.value, gettext_noop("Warning")),
)


class AnnouncementText:
    """What of the form is previewed."""

    def __init__(self, form: Form) -> None:
        self.title, self.body = form.text("title"), form.raw("body")

    @property
    def shown(self) -> SafeString:
        return previewed(self.body)


@require_safe
def announcements(request: StaffRequest) -> HttpResponse:
    """What customers were told, the newest first."""
    return lists.shown(
        request,
        named("announcements"),
        template="backoffice/content/announcements.html",
        title=_("Content"),
        icon="news",
    )


@require_http_methods(["GET", "POST"])
def new_announcement(request: StaffRequest) -> HttpResponse:
    """One that is not published yet."""
    return _edit(request, None, 0)


@require_http_methods(["GET", "POST"])
def announcement(request: StaffRequest, target: int) -> HttpResponse:
    """One of them."""
    row = queries.announcement(request.panel.id, min(target, ID_MAX))
    if row is None and request.method != "POST":
        # What somebody was writing while another deleted it is shown once more.
        raise Http404
    return _edit(request, row, target)


def _edit(request: StaffRequest, row: Announcement | None, target: int) -> HttpResponse:
    if request.method != "POST":
        return _shown(request, row, target, Form(_filled(row)))
    form = Form(request.POST.dict())
    if "preview" in request.POST and request.headers.get("HX-Request"):
        return render(request, "backoffice/content/preview.html", {"one": AnnouncementText(form)})
    if "preview" in request.POST or is_resumed(request):
        return _shown(request, row, target, form)
    given = _given(form, target)
    if form.errors:
        return _shown(request, row, target, form, status=422)
    action = registry.actions()["announcement.set" if target else "announcement.publish"]
    came = perform(
        action, actor=request.actor, panel_id=request.panel.id, target=target if target else None, given=given
    )
    if not isinstance(came, Refusal):
        messages.success(request, _("Announcement saved.") if target else _("Announcement published."))
        return redirect("backoffice:announcement", came.target)
    if came.code == "changed_meanwhile":
        theirs = queries.announcement(request.panel.id, target)
        # Saved once more, what was typed is meant to replace it.
        form.values["version"] = theirs.version if theirs is not None else ""
        return _shown(request, theirs, target, form, theirs=theirs, status=409)
    form.refuse(came, beside=came.field if came.field in _FIELDS else "")
    return _shown(request, row, target, form, status=422)


def _filled(row: Announcement | None) -> dict[str, Any]:
    if row is None:
        return {"banner": ""}
    return {
        "title": row.title,
        "body": row.body,
        "language": row.language,
        "banner": row.banner,
        "banner_from": _local(row.banner_from),
        "banner_until": _local(row.banner_until),
        "version": row.version,
    }


def _local(at: datetime | None) -> str:
    """As the field for a date and time holds it, in the visitor's zone."""
    return "" if at is None else f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def _given(form: Form, target: int) -> dict[str, object]:
    """The fields as `perform` takes them; what is no date and time is said in the form."""
    given: dict[str, object] = {
        "title": form.text("title"),
        "body": form.raw("body"),
        "language": form.text("language"),
        "banner": form.text("banner"),
    }
    for name in ("banner_from", "banner_until"):
        text = form.text(name)
        if text and given["banner"]:
            at = _moment(text)
            if at is None:
                form.wrong(name, _("Enter a date and time, such as 2030-12-31 12:00."))
            else:
                given[name] = at.isoformat()
    version = form.text("version")
    if target and version.isascii() and version.isdigit() and len(version) < 10:
        given["version"] = int(version)
    return given


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return timezone.make_aware(at) if at.tzinfo is None else at


def _shown(
    request: StaffRequest,
    row: Announcement | None,
    target: int,
    form: Form,
    *,
    theirs: Announcement | None = None,
    status: int = 200,
) -> HttpResponse:
    own = offered_languages(request.panel)
    kept = form.text("language")
    known = {code for code, _name in settings.LANGUAGES}
    codes = [*own, kept] if kept in known and kept not in own else own
    path = reverse("backoffice:announcement", args=[target]) if target else reverse("backoffice:announcement_new")
    context = {
        "row": row,
        "target": target,
        "action": path,
        "form": form,
        "one": AnnouncementText(form),
        "languages": codes,
        "preview_values": json.dumps({"preview": "1"}),
        "banners": [(value, _(words)) for value, words in _BANNERS],
        "banner_state": queries.banner_state(row) if row is not None else "",
        "theirs": theirs,
        "theirs_shown": previewed(theirs.body) if theirs is not None else "",
        "actions": offered(request, "announcement", row) if row is not None else [],
    }
    return render(request, "backoffice/content/announcement.html", context, status=status)
