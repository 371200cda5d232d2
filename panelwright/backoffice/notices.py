"""Where staff hear of what waits, and where the panel's own programs hear of what changes."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists
from panelwright.backoffice.acting import offered
from panelwright.core.paging import ListPage
from panelwright.events import lists as event_lists
from panelwright.events import webhook_queries
from panelwright.events.models import Endpoint
from panelwright.notices.staff_lists import own_endpoints
from panelwright.staff.lists import named
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1


@require_safe
def notices(request: StaffRequest) -> HttpResponse:
    """Who is told that something waits, by which way, and of what."""
    return lists.shown(request, named("notices"), title=_("Notices"), icon="send", tabs="office_settings")


@require_safe
def webhooks(request: StaffRequest) -> HttpResponse:
    """The addresses of the panel's own programs."""
    return lists.shown(request, named("webhooks"), title=_("Webhooks"), icon="bolt", tabs="office_settings")


@require_safe
def webhook(request: StaffRequest, target: int) -> HttpResponse:
    """One of them, with what was sent there."""
    row: Endpoint | None = own_endpoints(request.panel.id).rows.filter(id=min(target, ID_MAX)).first()
    if row is None:
        raise Http404
    listing = event_lists.DELIVERIES
    asked = listing.asked(request.GET)
    refused = listing.refused(asked)
    page = ListPage([], None, None)
    if not refused:
        before, after = lists.cursor(request, "before"), lists.cursor(request, "after")
        page = webhook_queries.log(row, failed=asked["show"] == event_lists.FAILED, before=before, after=after)
    context = {
        "endpoint": row,
        "list": listing,
        "asked": asked,
        "page": page,
        "actions": offered(request, "panel_webhook", row),
    }
    return render(request, "backoffice/webhook.html", context, status=422 if refused else 200)
