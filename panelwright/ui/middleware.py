"""What every page needs around it: the visitor's language, and headers that keep strangers' code out."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Sequence
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from panelwright.core import clock
from panelwright.core.remote import STRICT_TRANSPORT_SECURITY, caller_address
from panelwright.customers.access import staff_actor
from panelwright.customers.host_guests import guest_actor, guest_of
from panelwright.customers.session_actions import note_seen
from panelwright.customers.sessions import lasts_until, session_of
from panelwright.customers.stand_ins import stand_in_of
from panelwright.lane.cpu_affinity import anywhere
from panelwright.panels import hosts
from panelwright.panels.models import Panel
from panelwright.ui import cookies
from panelwright.ui.request import PanelRequest

Responder = Callable[[HttpRequest], HttpResponse]

# Everything that a page shows comes from this host, and nothing is written inside the page: no inline
# script, no inline style, no frame, no plug-in.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


# When a page says that we are busy, this is when to try again.
RETRY_AFTER_S = 5


class AnyProcessorMiddleware:
    """A page's thread is made by the event loop, which may be staying on a processor just then."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        anywhere()
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """Adds the Content-Security-Policy and its neighbours to whatever is answered; cookies of https stay there.

    By https each of our cookies has a name with `__Host-` before it: a browser takes such a one from this host only,
    over https only, so that no neighbour in the domain, and nobody on the way, can slip in a session of their own.
    What comes without it is not ours there.
    """

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        secure = request.is_secure()
        if secure:
            sent = request.COOKIES
            request.COOKIES = {
                name.removeprefix(cookies.HOST_ONLY): sent[name] for name in sent if name.startswith(cookies.HOST_ONLY)
            }
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("X-Frame-Options", "DENY")
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", str(RETRY_AFTER_S))
            # Anybody can keep us busy; Django would write a line for each that is told so.
            response._has_been_logged = True  # type: ignore[attr-defined]
        if secure:
            response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY)
            # Django's own cookies know a setting only, and one process may serve both kinds of address.
            cookies.for_this_host_only(response)
        return response


class PlainTextMiddleware:
    """Texts hold no NUL, which PostgreSQL has no place for. That they are UTF-8 sees asgi.py to."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False):
            return None  # for programs, whose views read what was sent themselves, and refuse in their own words
        try:
            sent = [request.GET, request.POST]
        except UnreadablePostError:
            return HttpResponse(status=400)  # nobody hears it: the client has gone
        for values in sent:
            for name, texts in values.lists():
                if "\0" in name or any(isinstance(text, str) and "\0" in text for text in texts):
                    return HttpResponse(
                        "The request has a character in it that no form can have (NUL).\n",
                        status=400,
                        content_type="text/plain; charset=utf-8",
                    )
        return None


class VisitorMiddleware:
    """Finds out who is logged in. Stands after the middleware that sets `request.panel`."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if hosts.on_host_site(request):
            return self.get_response(request)
        page = cast(PanelRequest, request)
        page.address = caller_address(
            request.META.get("REMOTE_ADDR", ""),
            request.headers.get("X-Forwarded-For", ""),
            settings.TRUSTED_PROXIES,
        )
        now = clock.now()
        token = request.COOKIES.get(cookies.session_name(page.panel), "")
        standing = request.COOKIES.get(cookies.stand_in_name(page.panel), "")
        page.stand_in = stand_in_of(page.panel.id, standing, own_token=token, address=page.address, now=now)
        page.session = page.stand_in.session if page.stand_in else session_of(page.panel.id, token, now=now)
        page.visitor = page.session.user if page.session else None
        page.customer = getattr(page.visitor, "customer", None)
        page.staff = None if page.stand_in else getattr(page.visitor, "staff", None)
        page.host_guest = guest_of(page.session)
        page.actor = None
        if page.staff is not None and page.host_guest is not None:
            page.actor = guest_actor(page.host_guest, page.staff, address=page.address)
        elif page.staff is not None:
            page.actor = staff_actor(page.staff, address=page.address)
        if page.visitor is not None:
            page.visitor.panel = page.panel
        with timezone.override(_zone(page.visitor.timezone if page.visitor else "")):
            response = self.get_response(request)
        if page.stand_in is not None:
            # Also what the Back button would show: who goes back must not find the customer's pages there.
            response.headers["Cache-Control"] = "private, no-store"
        elif page.session is not None and not is_public(response):
            # Logging in or out has set the cookie already.
            name = cookies.session_name(page.panel)
            if name not in response.cookies and note_seen(page.session, address=page.address, now=now):
                until = lasts_until(page.session.created_at, now=now)
                cookies.keep_session(page, response, token, lasts=until - now)
            if not getattr(response, "for_back", False):
                # What is meant for her must not be kept for whoever uses this computer next.
                patch_cache_control(response, private=True, no_store=True)
        known = cookies.stand_in_name(page.panel) in response.cookies
        if standing and page.stand_in is None and not known and not is_public(response):
            cookies.drop_stand_in(page, response)
        return response


def is_public(response: HttpResponse) -> bool:
    """Whether caches keep it for everybody: it brings nobody a cookie."""
    return "public" in response.headers.get("Cache-Control", "")


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    """The visitor's time zone; None (UTC) also where this machine does not know it any more."""
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


class LanguageMiddleware:
    """Answers in the language asked for by `?lang=`, the cookie, the profile or Accept-Language, among those offered.

    Stands after the middleware that sets `request.panel`. `?lang=` is remembered in the cookie.
    """

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if hosts.on_host_site(request):
            return self.get_response(request)
        page = cast(PanelRequest, request)
        page.languages = offered_languages(page.panel)
        asked = match_language(request.GET.get("lang", ""), page.languages)
        page.language = (
            asked
            or match_language(request.COOKIES.get(cookies.LANGUAGE, ""), page.languages)
            or match_language(page.visitor.language if page.visitor else "", page.languages)
            or accepted_language(request.headers.get("Accept-Language", ""), page.languages)
            or page.languages[0]
        )
        with translation.override(page.language):
            response = self.get_response(request)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        response.headers.setdefault("Content-Language", page.language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if asked:
            cookies.keep_language(response, asked)
        return response


def offered_languages(panel: Panel) -> list[str]:
    """The panel's languages that we have texts for, its default first; never empty."""
    ours = {code.lower() for code, _ in settings.LANGUAGES}
    wanted = dict.fromkeys([panel.language, *panel.languages])
    return [code for code in wanted if code.lower() in ours] or [settings.LANGUAGE_CODE]


def match_language(wanted: str, offered: Sequence[str]) -> str | None:
    """The offered language with this code: the same one, else one with the same first part (en-GB: en)."""
    wanted = wanted.lower().replace("_", "-")
    base = wanted.partition("-")[0]
    same = [code for code in offered if code.lower() == wanted]
    alike = [code for code in offered if base and code.lower().partition("-")[0] == base]
    return next(iter(same + alike), None)


def accepted_language(header: str, offered: Sequence[str]) -> str | None:
    """The offered language that an Accept-Language header likes best, or None."""
    for wanted, weight in parse_accept_lang_header(header):
        found = match_language(wanted, offered)
        if wanted == "*" or (found and weight > 0):
            return found
    return None
