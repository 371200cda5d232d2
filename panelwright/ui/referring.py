"""Who came by an affiliate's link: any page's address with `?ref=CODE`. The browser keeps the code until sign-up.

Of pages alone: files are kept by caches for everybody, who would all get the cookie, and nobody opens them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse

from panelwright.core import clock
from panelwright.core.sql import PASSING_ERRORS
from panelwright.panels import hosts
from panelwright.promotions import affiliate_actions
from panelwright.promotions.models import PARTNER_CODE_MAX
from panelwright.ui import cookies
from panelwright.ui.pages import Answer, page_of
from panelwright.ui.request import PanelRequest

PARAMETER = "ref"
# In the link of the letter of a sign-up, which may be opened in another browser. It counts no click.
OF_LETTER = "by"


class ReferralMiddleware:
    """Stands behind the middleware that finds the panel and the visitor, and makes pages of errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if PARAMETER in request.GET and request.method == "GET" and not hosts.on_host_site(request):
            _follow(cast(PanelRequest, request), response)
        return response


def _follow(request: PanelRequest, response: HttpResponse) -> None:
    """Keep the code of a visitor whom nobody knows. A page is shown whatever becomes of it."""
    if request.visitor is not None or response.status_code not in (200, 304):
        return
    found_page = page_of(request)
    if found_page is None or found_page[1].answers is not Answer.PAGE:
        return
    try:
        found = affiliate_actions.follow_link(
            panel=request.panel,
            code=request.GET[PARAMETER],
            known=cookies.referrer(request),
            address=request.address,
            now=clock.now(),
        )
    except PASSING_ERRORS:
        return
    if found is not None:
        cookies.keep_referrer(request, response, found.code, lasts=found.lasts)


def code_of(request: PanelRequest) -> str:
    """By whose link the visitor came, as the browser or the letter's link has it; empty: by nobody's."""
    return (request.GET.get(OF_LETTER) or cookies.referrer(request))[: 2 * PARTNER_CODE_MAX]


def with_code(request: PanelRequest, link: str) -> str:
    """The link of a letter, with the code that the browser has kept."""
    code = cookies.referrer(request)
    return f"{link}?{OF_LETTER}={code}" if code.isascii() and code.isalnum() else link
