"""The public pages of a panel."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from panelwright.catalog.priced_catalogue import shelf_for
from panelwright.catalog.types import BY_SLUG, TYPES
from panelwright.events import webhook_rules
from panelwright.panels.models import Panel
from panelwright.storefront import apidocs, examples
from panelwright.storefront.queries import example_services
from panelwright.ui.request import PanelRequest

CATEGORIES_MAX = 24


@require_safe
@gzip_page
@conditional_page
@cache_control(private=True, no_cache=True)
def home(request: PanelRequest) -> HttpResponse:
    """Which panel this is, and what it sells to everybody."""
    shelf = shelf_for(request.panel)
    context = {
        "description": _(
            "Marketing services for your pages: order in a minute, track delivery live, see exact prices. What is not"
            " delivered is refunded."
        ),
        "types": shelf.types,
        "service_count": len(shelf),
        "categories": shelf.categories[:CATEGORIES_MAX],
        "api_url": _api_url(request),
        "first_call": examples.curl_call(_api_url(request), "balance", []),
    }
    return render(request, "storefront/home.html", context)


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
        "description": _("The API of %(name)s for resellers: place orders, track them and request refills.")
        % {"name": request.panel.name},
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
    return render(request, "storefront/api.html", context)


def _guide(panel: Panel, api_url: str, order: examples.Parameters) -> dict[str, Any]:
    """What a program needs to know beside the calls themselves."""
    return {
        "per_minute": panel.per_minute_max,
        "dry_run": examples.curl_call(api_url, "add", [*order, ("dry_run", "1")]),
        "dry_answer": apidocs.dry_run_answer(panel.currency),
        "list_call": examples.list_call(api_url),
        "webhook_message": apidocs.webhook_message(panel.currency),
        "webhook_events": webhook_rules.NAMES,
        "pause_reasons": apidocs.pause_reasons(),
        "tries": len(webhook_rules.WAITS_S),
        "php_webhook": examples.php_webhook(),
        "python_webhook": examples.python_webhook(),
    }


def _api_url(request: HttpRequest) -> str:
    return request.build_absolute_uri("/api/v2")
