"""A panel that is closed for maintenance, or suspended by its host: who is not staff reads so, on each page but the
log-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from panelwright.panels import hosts
from panelwright.ui import kept
from panelwright.ui.pages import Answer, page_of
from panelwright.ui.request import PanelRequest

# When programs that read pages, such as search engines, are to come again.
RETRY_AFTER_S = 600
# What stays open is for staff: the log-in, and what it needs. Programs go by the panel API, which goes on.
_CLOSED_SITE = "storefront"
_CLOSED = frozenset({"ui:signup", "ui:confirm_signup"})


class MaintenanceMiddleware:
    """Stands behind the middleware that finds the panel, the visitor and the language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        if hosts.on_host_site(request):
            return None
        page = cast(PanelRequest, request)
        closed = page.panel.maintenance or page.panel.suspended_at is not None
        if not closed or page.actor is not None or page.stand_in is not None or not _closes(page):
            return None
        return _closed_page(page)


def _closes(request: PanelRequest) -> bool:
    found = page_of(request)
    if found is None or found[1].answers is Answer.PROGRAM:
        return False
    site, page = found
    return site.name == _CLOSED_SITE or f"{site.name}:{page.name}" in _CLOSED


def _closed_page(request: PanelRequest) -> HttpResponse:
    suspended = request.panel.suspended_at is not None
    # Of a suspended panel its own texts say nothing, and the reason is its owner's to know.
    texts = {} if suspended else request.panel.maintenance_texts or {}
    standard = _("We are working on the panel. Your orders and balance are safe. Try again later.")
    if suspended:
        standard = _("Orders in progress continue. New orders are not accepted. Contact the panel's owner.")
    context = {
        "head": _("This panel is suspended") if suspended else _("Closed for maintenance"),
        "text": texts.get(request.language) or texts.get(request.panel.language) or standard,
        # What was being typed can be sent once the panel is open.
        "brought": kept.typed(request) if kept.from_our_own_page(request) else kept.NOTHING,
        "back": request.get_full_path(),
        "back_words": _("Try again"),
    }
    response = render(request, "ui/error.html", context, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    response.headers["Cache-Control"] = "no-store"
    return response
