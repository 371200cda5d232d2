"""The request as the pages see it, after the middleware."""

from __future__ import annotations

from django.http import HttpRequest

from panelwright.panels.models import Panel


class PanelRequest(HttpRequest):
    """`panel` answers on the request's host; `languages` are those it offers and we have, the default first.

    `language` is the one of them that the visitor reads.
    """

    panel: Panel
    languages: list[str]
    language: str
