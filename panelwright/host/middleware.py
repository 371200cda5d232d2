"""The operators' host: a site of its own with its own addresses and log-in, where no panel answers.

Its requests pass the middleware of panels untouched (`hosts.on_host_site`), so that no session, no right and no scope
of a panel can be on them, and none of an operator on a panel's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from panelwright.core import clock
from panelwright.core.remote import caller_address
from panelwright.core.sql import PASSING_ERRORS
from panelwright.host import sessions
from panelwright.host.actions import note_seen
from panelwright.host.operators import actor_of
from panelwright.host.request import HostRequest
from panelwright.panels import hosts
from panelwright.ui import cookies
from panelwright.ui.middleware import accepted_language, match_language

LANGUAGES = [code for code, _name in settings.LANGUAGES]
URLS = "panelwright.host.urls"


class HostSiteMiddleware:
    """Stands before the middleware that finds the panel."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = hosts.split(request.META.get("HTTP_HOST", ""), int(request.META.get("SERVER_PORT") or 0))
        if not hosts.is_host_site(asked[0]):
            return self.get_response(request)
        page = cast(HostRequest, request)
        page.host_site, page.urlconf = True, URLS
        page.address = caller_address(
            request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""), settings.TRUSTED_PROXIES
        )
        now = clock.now()
        page.operator_session = sessions.session_of(request.COOKIES.get(sessions.COOKIE, ""), now=now)
        page.operator = page.operator_session.operator if page.operator_session else None
        page.actor = actor_of(page.operator, address=page.address) if page.operator else None
        page.languages = LANGUAGES
        chosen = match_language(request.GET.get("lang", ""), LANGUAGES)
        page.language = (
            chosen
            or match_language(request.COOKIES.get(cookies.LANGUAGE, ""), LANGUAGES)
            or accepted_language(request.headers.get("Accept-Language", ""), LANGUAGES)
            or LANGUAGES[0]
        )
        with translation.override(page.language):
            response = self.get_response(request)
        if page.operator_session is not None:
            note_seen(page.operator_session, address=page.address, now=now)
        if "public" not in response.headers.get("Cache-Control", ""):
            response.headers["Cache-Control"] = "private, no-store"
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", page.language)
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
            if chosen:
                cookies.keep_language(response, chosen)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The database was busy, or away for a moment. What a view did in a transaction is undone."""
        if not hosts.on_host_site(request) or not isinstance(exception, PASSING_ERRORS):
            return None
        text = _("The panel is busy") + ". " + _("Nothing was changed. Try again in a moment.")
        return HttpResponse(f"{text}\n", status=503, content_type="text/plain; charset=utf-8")
