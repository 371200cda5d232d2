"""Puts the panel on the request, and keeps every query of the request inside that panel."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotFound
from django_scopes import scope

from panelwright.panels import hosts


class CurrentPanelMiddleware:
    """Sets `request.panel` from the Host header; a host without a panel is answered 404, what is no host 400."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if hosts.on_host_site(request):
            return self.get_response(request)
        address = hosts.split(request.META.get("HTTP_HOST", ""), int(request.META.get("SERVER_PORT") or 0))
        if address == hosts.NOWHERE:
            return HttpResponseBadRequest("The Host header is no host.\n", content_type="text/plain; charset=utf-8")
        panel = hosts.panel_at(address)
        if panel is None:
            return HttpResponseNotFound(
                "No panel answers on this host. Check the address, or add the host to a panel:\n"
                "panelwright createpanel --help\n",
                content_type="text/plain; charset=utf-8",
            )
        request.panel = panel  # type: ignore[attr-defined]
        with scope(panel=panel):
            return self.get_response(request)
