"""The cookies of the pages: who is logged in, which browser this is, which language it reads.

Browsers send cookies to every port of a host, and on one host each panel may have a port of its own: the
name of the session's cookie is the panel's.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from panelwright.content.queries import PUT_AWAY_MAX
from panelwright.customers import sessions
from panelwright.customers.account_actions import CONFIRM_WITHIN
from panelwright.panels.models import Panel
from panelwright.ui.request import PanelRequest

LANGUAGE = "lang"
DEVICE = "device"
HOST_ONLY = "__Host-"
REFERRER_MAX = 24
_YEAR_S = 365 * 24 * 3600


def session_name(panel: Panel) -> str:
    return f"session_{panel.id}"


def keep_session(
    request: PanelRequest, response: HttpResponse, token: str, *, lasts: timedelta = sessions.LASTS
) -> None:
    _set(response, session_name(request.panel), token, int(lasts.total_seconds()))


def drop_session(request: PanelRequest, response: HttpResponse) -> None:
    response.delete_cookie(session_name(request.panel), samesite="Lax")


def stand_in_name(panel: Panel) -> str:
    return f"stand_in_{panel.id}"


def keep_stand_in(request: PanelRequest, response: HttpResponse, token: str, *, lasts: timedelta) -> None:
    _set(response, stand_in_name(request.panel), token, int(lasts.total_seconds()))


def drop_stand_in(request: PanelRequest, response: HttpResponse) -> None:
    response.delete_cookie(stand_in_name(request.panel), samesite="Lax")


def keep_signup(request: PanelRequest, response: HttpResponse, mark: str) -> None:
    """Which letter this browser asked for, while its link works; see `mark_of` in customers/account_actions.py."""
    _set(response, f"signup_{request.panel.id}", mark, int(CONFIRM_WITHIN.total_seconds()))


def signup(request: PanelRequest) -> str:
    return request.COOKIES.get(f"signup_{request.panel.id}", "")


def drop_signup(request: PanelRequest, response: HttpResponse) -> None:
    response.delete_cookie(f"signup_{request.panel.id}", samesite="Lax")


def keep_referrer(request: PanelRequest, response: HttpResponse, code: str, *, lasts: timedelta) -> None:
    """By whose link this browser came last; see ui/referring.py."""
    _set(response, f"ref_{request.panel.id}", code, int(lasts.total_seconds()))


def referrer(request: PanelRequest) -> str:
    return request.COOKIES.get(f"ref_{request.panel.id}", "")[:REFERRER_MAX]


def drop_referrer(request: PanelRequest, response: HttpResponse) -> None:
    response.delete_cookie(f"ref_{request.panel.id}", samesite="Lax")


def keep_language(response: HttpResponse, language: str) -> None:
    _set(response, LANGUAGE, language, _YEAR_S)


def put_away(request: PanelRequest) -> list[int]:
    """The banners that this browser has put away, the latest first."""
    found = request.COOKIES.get(_banners_name(request.panel), "").split(".")[:PUT_AWAY_MAX]
    return [int(text) for text in found if text.isascii() and text.isdigit() and len(text) < 19]


def keep_put_away(request: PanelRequest, response: HttpResponse, banner_id: int) -> None:
    known = [banner_id, *(one for one in put_away(request) if one != banner_id)]
    _set(response, _banners_name(request.panel), ".".join(map(str, known[:PUT_AWAY_MAX])), _YEAR_S)


def _banners_name(panel: Panel) -> str:
    return f"banners_{panel.id}"


def device(request: HttpRequest) -> str:
    """The browser's own token, or a new one that `keep_device` gives it."""
    known = request.COOKIES.get(DEVICE, "")
    return known if len(known) == 43 else sessions.new_token()


def keep_device(response: HttpResponse, token: str) -> None:
    _set(response, DEVICE, token, _YEAR_S)


def for_this_host_only(response: HttpResponse) -> None:
    """Give the cookies the names and the mark that they have by https."""
    plain = list(response.cookies.items())
    response.cookies.clear()
    for name, cookie in plain:
        kept = f"{HOST_ONLY}{name}"
        response.cookies[kept] = cookie.value
        for key, value in cookie.items():
            response.cookies[kept][key] = value
        # The browser refuses the name without these two, and with a domain.
        response.cookies[kept]["secure"], response.cookies[kept]["path"] = True, "/"
        response.cookies[kept]["domain"] = ""


def _set(response: HttpResponse, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(name, value, max_age=max_age_s, httponly=True, samesite="Lax")
