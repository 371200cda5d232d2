"""The public pages of a panel."""

from __future__ import annotations

import logging
from typing import Any, cast
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from panelwright.catalog.shelf import shelf_for
from panelwright.catalog.types import BY_SLUG, TYPES
from panelwright.events import webhook_rules
from panelwright.panels.models import Panel, PanelLogo
from panelwright.web import apidocs, examples
from panelwright.web.assets import all_assets
from panelwright.web.queries import example_services
from panelwright.web.request import PanelRequest
from panelwright.web.seldom import Seldom

CATEGORIES_MAX = 24
ASSET_MAX_AGE_S = 365 * 24 * 3600

log = logging.getLogger("panelwright")
_warning = Seldom()


@require_safe
@gzip_page
@conditional_page
@cache_control(private=True, no_cache=True)
def home(request: PanelRequest) -> HttpResponse:
    """Which panel this is, and what it sells to everybody."""
    shelf = shelf_for(request.panel)
    context = {
        "types": shelf.types,
        "service_count": len(shelf),
        "categories": shelf.categories[:CATEGORIES_MAX],
        "api_url": _api_url(request),
        "first_call": examples.curl_call(_api_url(request), "balance", []),
    }
    return render(request, "web/home.html", context)


@require_safe
@gzip_page
@conditional_page
@cache_control(private=True, no_cache=True)
def api(request: PanelRequest) -> HttpResponse:
    """The API documentation; `?type=<slug>` narrows `add` to one service type."""
    services = example_services(request.panel.id)
    kinds = [kind for kind in TYPES if kind.name in services]
    api_url = _api_url(request)
    asked = BY_SLUG.get(request.GET.get("type", ""))
    first = kinds[0] if kinds else apidocs.DEFAULT
    context = {
        "api_url": api_url,
        "actions": apidocs.actions(request.panel, list(services.values())),
        "types": [apidocs.service_type(kind, api_url=api_url, service=services.get(kind.name)) for kind in kinds],
        "chosen": asked if asked in kinds else first,
        "only_chosen": asked in kinds,
        "add_answer": apidocs.ADD_ANSWER,
        "error_answer": apidocs.ERROR_ANSWER,
        "refusals": apidocs.refusals(kinds),
        "words": apidocs.words(),
        "retry": examples.curl_call(
            api_url,
            "add",
            [*examples.add_parameters(first, services.get(first.name)), ("request_id", "my-order-1001")],
        ),
        "programs": examples.programs(api_url, first, services.get(first.name)),
        **_guide(request.panel, api_url, examples.add_parameters(first, services.get(first.name))),
    }
    return render(request, "web/api.html", context)


def _guide(panel: Panel, api_url: str, order: examples.Parameters) -> dict[str, Any]:
    """What a program needs to know beside the calls themselves."""
    return {
        "per_minute": panel.per_minute_max,
        "dry_run": examples.curl_call(api_url, "add", [*order, ("dry_run", "1")]),
        "dry_answer": apidocs.dry_run_answer(panel.currency),
        "list_call": examples.list_call(api_url),
        "webhook_message": apidocs.webhook_message(panel.currency),
        "webhook_events": webhook_rules.NAMES,
        "tries": len(webhook_rules.WAITS_S),
        "php_webhook": examples.php_webhook(),
        "python_webhook": examples.python_webhook(),
    }


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A static file. Asked for with its version it may be kept for ever, without it must be asked for again."""
    found = all_assets().get(name)
    if found is None:
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    # Weak: the gzipped and the plain bytes are one version.
    etag = f'W/"{found.version}"'
    response: HttpResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(found.gzipped, content_type=found.content_type)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(found.body, content_type=found.content_type)
    forever = request.GET.get("v") == found.version
    response.headers["Cache-Control"] = f"public, max-age={ASSET_MAX_AGE_S}, immutable" if forever else "no-cache"
    response.headers["ETag"] = etag
    response.headers["Vary"] = "Accept-Encoding"
    return response


@require_safe
def theme(request: PanelRequest) -> HttpResponse:
    """The panel's own colour: all others are made of its hue (pages.css)."""
    hue = request.panel.hue
    response = HttpResponse("" if hue is None else f":root {{ --hue: {hue}; }}\n", content_type="text/css")
    response.headers["Cache-Control"] = f"private, max-age={ASSET_MAX_AGE_S}"
    return response


@require_safe
def logo(request: PanelRequest) -> HttpResponse:
    """The panel's logo; its address changes with it."""
    found = PanelLogo.objects.filter(panel_id=request.panel.id).first()
    if found is None:
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    response = HttpResponse(bytes(found.body), content_type=found.content_type)
    response.headers["Cache-Control"] = f"public, max-age={ASSET_MAX_AGE_S}, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return render(request, "web/not_found.html", status=404)


# A host and a port, and what stands before them.
_ORIGIN_MAX = 300


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a form that was not sent from our own page, or from one that was open for too long.

    Or from a page of ours behind a TLS proxy that the settings do not name: then it will never go through.
    """
    try:
        origin = urlsplit(request.headers.get("Origin", "")[:_ORIGIN_MAX])
    except ValueError:
        return render(request, "web/forged.html", {"proxy": False}, status=403)
    proxy = origin.scheme == "https" and not request.is_secure() and origin.netloc == request.get_host()
    if proxy and _warning.due(cast(PanelRequest, request).panel.id):
        log.warning(
            "A form of https://%s was refused: it came by plain HTTP from %s. When that is your TLS proxy, name it in"
            " PANELWRIGHT_TRUSTED_PROXIES, and let it send X-Forwarded-Proto.",
            origin.netloc,
            request.META.get("REMOTE_ADDR"),
        )
    return render(request, "web/forged.html", {"proxy": proxy}, status=403)


def _api_url(request: HttpRequest) -> str:
    return request.build_absolute_uri("/api/v2")
