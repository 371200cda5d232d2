"""Who delivers, what is sold, what is blocked, who works here, and who changed what: lists with actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe
from django_scopes import scope

from panelwright.backoffice import lists, queries, words
from panelwright.backoffice.acting import allowed
from panelwright.catalog import names
from panelwright.catalog.models import Service
from panelwright.core.lists import Filter, Listing
from panelwright.customers.models import Staff, StaffKey
from panelwright.panels.models import Block
from panelwright.providers.models import Provider, Route
from panelwright.providers.sync import hold_actions, holding
from panelwright.staff import registry
from panelwright.staff.models import TrailEntry
from panelwright.staff.rights import Right
from panelwright.ui.files import csv_file
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1


def _list(request: StaffRequest, of: Listing, page: Any, *, title: str, icon: str, **more: Any) -> HttpResponse:
    asked = of.asked(request.GET)
    context = {"list": of, "asked": asked, "page": page, "title": title, "icon": icon, "narrowed": any(asked.values())}
    return render(request, "backoffice/list.html", {**context, **more})


@require_safe
def providers(request: StaffRequest) -> HttpResponse:
    rows = queries.rows(Provider, request.panel.id)
    page = lists.page(request, rows)
    actions = allowed(request, "provider.add")
    return _list(request, lists.PROVIDERS, page, title=_("Providers"), icon="server", actions=actions)


@require_safe
def provider(request: StaffRequest, target: int) -> HttpResponse:
    """One provider: how it fares, its services here, its latest orders."""
    panel_id = request.panel.id
    found: Provider | None = queries.rows(Provider, panel_id).filter(id=min(target, ID_MAX)).first()
    if found is None:
        raise Http404
    routes = queries.rows(Route, panel_id).filter(provider=found).select_related("service").order_by("-id")[:50]
    context = {
        "provider": found,
        "routes": routes,
        "actions": allowed(request, "provider.set", "provider.sync", "provider.import"),
        "route_actions": allowed(request, "route.set"),
    }
    return render(request, "backoffice/provider.html", context)


@require_safe
def services(request: StaffRequest) -> HttpResponse:
    """Everything that is or was sold, with what it costs by its first route."""
    asked = lists.SERVICES.asked(request.GET)
    rows = _services(request, asked)
    page = lists.page(request, rows)
    _costs(request.panel.id, request.panel.currency, page.rows)
    actions = allowed(request, "route.add")
    csv = reverse("backoffice:services_csv") if request.actor.may(Right.EXPORTS) else ""
    return _list(
        request,
        lists.SERVICES,
        page,
        title=_("Services"),
        icon="grid",
        actions=actions,
        csv=csv,
        tabs="office_services",
    )


@require_safe
def services_csv(request: StaffRequest) -> HttpResponseBase:
    rows = _services(request, lists.SERVICES.asked(request.GET))

    def pages() -> Any:
        for found in lists.all_pages(rows):
            # A file is written while it is sent: the request's own scope is over by then.
            with scope(panel=request.panel):
                _costs(request.panel.id, request.panel.currency, found)
            yield found

    return csv_file(lists.SERVICES.csv(pages()), name="services")


def _services(request: StaffRequest, asked: dict[str, str]) -> QuerySet[Service]:
    rows: QuerySet[Service] = queries.rows(Service, request.panel.id).select_related("category")
    match asked["state"]:
        case "on":
            rows = rows.filter(enabled=True)
        case "off":
            rows = rows.filter(enabled=False, paused_for="")
        case "paused":
            rows = rows.filter(enabled=False).exclude(paused_for="")
    if asked["q"].strip():
        panel = request.panel
        rows = rows.filter(id__in=names.find(panel_id=panel.id, version=panel.catalog_version, text=asked["q"])[:1_000])
    return rows


def _costs(panel_id: int, currency: str, rows: Sequence[Service]) -> None:
    """Each service's cost by the first route that is in use; None where it is not known."""
    routes = queries.rows(Route, panel_id).filter(service_id__in=[row.id for row in rows], enabled=True)
    first: dict[int, Route] = {}
    for route in routes.select_related("provider").order_by("service_id", "position"):
        first.setdefault(route.service_id, route)
    for row in rows:
        found = first.get(row.id)
        # In another currency it says nothing beside the price.
        same = found is not None and found.provider.currency in {"", currency}
        row.cost = found.rate_micros if found is not None and same else None  # type: ignore[attr-defined]
        row.provider = found.provider.name if found is not None else ""  # type: ignore[attr-defined]


@require_safe
def held(request: StaffRequest) -> HttpResponse:
    """What providers' lists say that a person has to look at first."""
    found = [row for row in hold_actions.held_routes(panel_id=request.panel.id)[:500] if not row.rejected]
    page = lists.ListPage(found, None, None)
    return _list(request, lists.HELD, page, title=_("Services on hold"), icon="grid", tabs="office_services")


@require_safe
def blocks(request: StaffRequest) -> HttpResponse:
    asked = lists.BLOCKS.asked(request.GET)
    rows: QuerySet[Block] = queries.rows(Block, request.panel.id)
    if asked["kind"]:
        rows = rows.filter(kind=asked["kind"])
    if asked["q"].strip():
        rows = rows.filter(text__icontains=asked["q"].strip())
    actions = allowed(request, "block.import", "block.add")
    page = lists.page(request, rows)
    return _list(request, lists.BLOCKS, page, title=_("Blocks"), icon="ban", actions=actions)


@require_safe
def staff(request: StaffRequest) -> HttpResponse:
    """Who works here, with roles and keys."""
    rows = queries.rows(Staff, request.panel.id).select_related("user")
    keys = queries.rows(StaffKey, request.panel.id).filter(revoked_at=None).select_related("staff__user")
    context = {
        "list": lists.STAFF,
        "page": lists.page(request, rows),
        "actions": allowed(request, "staff_key.add", "staff.add"),
        "keys": keys.order_by("-id")[:50],
        "key_actions": allowed(request, "staff_key.revoke"),
    }
    return render(request, "backoffice/staff.html", context)


@require_safe
def trail(request: StaffRequest) -> HttpResponse:
    """Every change by staff, the newest first."""
    of = _trail(request)
    page = lists.page(request, _entries(request, of))
    csv = reverse("backoffice:trail_csv") if request.actor.may(Right.EXPORTS) else ""
    return _list(request, of, page, title=_("Audit trail"), icon="clock", csv=csv)


@require_safe
def trail_csv(request: StaffRequest) -> HttpResponseBase:
    of = _trail(request)
    return csv_file(of.csv(lists.all_pages(_entries(request, of))), name="trail")


def _trail(request: StaffRequest) -> Listing:
    """With the filters that the panel's staff and the declared actions make."""
    people = queries.rows(Staff, request.panel.id).select_related("user").order_by("user__email")[:200]
    who = [(str(row.id), row.user.email) for row in people]
    actions = [(name, f"{_(action.noun.label)}: {_(action.label)}") for name, action in registry.actions().items()]
    filters = (
        Filter("who", gettext_noop("Who"), (("", gettext_noop("Everybody")), *who), names=True),
        Filter("action", gettext_noop("Change"), (("", gettext_noop("All changes")), *actions), names=True),
        Filter("on", gettext_noop("Date"), hint=gettext_noop("Date, such as 2030-12-31")),
        Filter("address", gettext_noop("Address"), hidden=True),
    )
    return replace(lists.TRAIL, filters=filters)


def _entries(request: StaffRequest, of: Listing) -> QuerySet[TrailEntry]:
    asked = of.asked(request.GET)
    rows: QuerySet[TrailEntry] = queries.rows(TrailEntry, request.panel.id)
    if asked["who"]:
        rows = rows.filter(actor_id=int(asked["who"]))
    if asked["action"]:
        rows = rows.filter(action=asked["action"])
    if asked["address"]:
        rows = rows.filter(address=asked["address"])
    try:
        day = datetime.strptime(asked["on"].strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return rows
    return rows.filter(at__gte=day, at__lt=day + timedelta(days=1))


def held_words(row: hold_actions.Held) -> str:
    """What would change, in words."""
    old, new = holding.sides({"codes": row.codes, "old": row.old, "new": row.new})
    return "; ".join(f"{words.field(name)}: {words.value(old.get(name))} → {words.value(new[name])}" for name in new)
