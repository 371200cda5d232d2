"""Addresses for links that leave the page. Where the Host header may not be believed, the panel's own name stands."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest
from django.urls import reverse
from django_scopes import scope

from panelwright.panels import hosts
from panelwright.panels.models import Domain, Panel
from panelwright.ui.request import PanelRequest
from panelwright.ui.seldom import Seldom

DOMAINS_MAX = 100

log = logging.getLogger(__name__)

_warning = Seldom()

# From the name of an address and its arguments to the whole address.
LinkTo = Callable[..., str]


def keys_link(request: PanelRequest) -> str:
    """Where a customer revokes her API keys, for letters; empty when the panel knows no safe address of itself."""
    link_to = letter_links(request)
    return "" if link_to is None else link_to("storefront:keys")


def _warn(panel: Panel) -> None:
    if not _warning.due(panel.id):
        return
    log.warning(
        "panel %s answers on any host and has no name of its own: no letters with links are sent to who comes by a"
        " strange one. Name one: panelwright adddomain --panel %s --domain HOST",
        panel.slug,
        panel.slug,
    )


def letter_links(request: PanelRequest) -> LinkTo | None:
    """Makes the links of letters; None when the panel does not know where it can be reached (panels/hosts.py)."""
    start = origin(request)
    return (lambda name, *arguments: start + reverse(name, args=arguments)) if start else None


def origin_of(request: HttpRequest, panel: Panel) -> str:
    """Where another panel can be reached, by the first host that it names; empty when there is no safe address. Scheme
    and port are those of the page that is shown, where the panel says nothing else.

    One that answers on any host of a port is reached by loopback, by somebody who sits at this machine and where this
    process listens on the port: on another one somebody else may.
    """
    with scope(panel=panel):
        rows = list(Domain.objects.filter(panel_id=panel.id, confirmed=True).order_by("id")[:DOMAINS_MAX])
    row = next((one for one in rows if one.host != "*"), None)
    if row is None:
        came_to = request.META.get("SERVER_NAME", "")
        port = next((one.port for one in rows if hosts.is_served(one.port)), 0)
        if not port or not hosts.is_here(request.META.get("HTTP_HOST", ""), came_to):
            return ""
        return f"{request.scheme}://{f'[{came_to}]' if ':' in came_to else came_to}:{port}"
    port = row.port or hosts.split(request.META.get("HTTP_HOST", ""), 0)[1]
    return f"{request.scheme}://{row.host}:{port}" if port else f"{request.scheme}://{row.host}"


def origin(request: PanelRequest) -> str:
    """Where the panel can be reached, as "https://shop.example"; empty when it does not know."""
    rows = Domain.objects.filter(panel_id=request.panel.id, confirmed=True).order_by("id").values_list("host", "port")
    domains = [(str(host), int(port)) for host, port in rows[:DOMAINS_MAX]]
    asked = hosts.split(request.META.get("HTTP_HOST", ""), int(request.META.get("SERVER_PORT") or 0))
    own = hosts.own_address(domains, asked, came_to=request.META.get("SERVER_NAME", ""))
    if own is None:
        _warn(request.panel)
        return ""
    host, port = own
    return f"{request.scheme}://{host}:{port}" if port else f"{request.scheme}://{host}"
