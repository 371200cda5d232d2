"""Pages for what goes wrong around a view: each says what is wrong, that nothing was changed, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core.sql import PASSING_ERRORS
from panelwright.panels import hosts
from panelwright.ui import kept
from panelwright.ui.pages import Answer, page_of
from panelwright.ui.request import PanelRequest

Responder = Callable[[HttpRequest], HttpResponse]

_WORDS = {
    400: (
        gettext_noop("The request could not be read"),
        gettext_noop("It has a character in it that no form can have. Nothing was changed."),
    ),
    405: (
        gettext_noop("This page cannot be opened like this"),
        gettext_noop("It only takes what a form sends. Nothing was changed."),
    ),
    413: (
        gettext_noop("Too large"),
        gettext_noop(
            "What you sent is larger than this page takes. Nothing was changed."
            " Go back and send less, or smaller files."
        ),
    ),
    429: (gettext_noop("Too many requests"), gettext_noop("Wait a moment, then try again. Nothing was changed.")),
    503: (gettext_noop("The panel is busy"), gettext_noop("Nothing was changed. Try again in a moment.")),
}
# Set by asgi.py on a request whose body it did not let through.
TOO_LARGE = "panelwright.too_large"
# Of these the same request may well be taken a moment later.
_PASSING = frozenset({429, 503})


class ErrorPageMiddleware:
    """Gives an answer that is an error without a page of its own one, in the visitor's language and without a query.

    Stands behind the middleware that finds the panel, the visitor and the language.
    """

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if hosts.on_host_site(request):
            # Its middleware has plain answers.
            return self.get_response(request)
        if getattr(request, "scope", {}).get(TOO_LARGE):
            return _page(request, HttpResponse(status=413))
        response = self.get_response(request)
        bare = not response.headers.get("Content-Type", "").startswith("text/html") or not response.content
        if response.status_code in _WORDS and not response.streaming and bare and _is_for_people(request):
            return _page(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The database was busy, or away for a moment. What a view did in a transaction is undone."""
        passing = isinstance(exception, PASSING_ERRORS) and not hosts.on_host_site(request)
        return _page(request, HttpResponse(status=503)) if passing else None


def _is_for_people(request: HttpRequest) -> bool:
    found = page_of(cast(PanelRequest, request))
    return found is not None and found[1].answers not in {Answer.PROGRAM, Answer.FILE} and not _is_part(request)


def _is_part(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _page(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    head, text = _WORDS[answer.status_code]
    again = answer.status_code in _PASSING
    brought = kept.typed(request) if again and kept.from_our_own_page(request) else kept.NOTHING
    back, words = (request.get_full_path(), _("Try again")) if again else (_back(request), _("Go back"))
    context = {"head": _(head), "text": _(text), "brought": brought, "back": back, "back_words": words}
    page = render(request, "ui/error.html", context, status=answer.status_code)
    for name in ("Allow", "Retry-After"):
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page


def _back(request: HttpRequest) -> str:
    """The page that the request's address belongs to, else where the visitor begins."""
    found = page_of(cast(PanelRequest, request))
    if found is not None:
        site, page = found
        for name in site.trail(page)[1:]:
            try:
                return reverse(f"{site.name}:{name}")
            except NoReverseMatch:
                continue
    return "/"
