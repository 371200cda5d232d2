"""Who delivers, what is sold, what is blocked, who works here, and who changed what: lists with actions."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import queries, words
from panelwright.backoffice.acting import allowed
from panelwright.backoffice.lists import cursor, shown
from panelwright.providers.models import Provider
from panelwright.providers.sync import hold_actions, holding
from panelwright.staff.lists import named
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1


@require_safe
def providers(request: StaffRequest) -> HttpResponse:
    actions = allowed(request, "provider.add")
    return shown(request, named("providers"), title=_("Providers"), icon="server", actions=actions)


@require_safe
def provider(request: StaffRequest, target: int) -> HttpResponse:
    """One provider: how it fares, its services here, its latest orders."""
    panel_id = request.panel.id
    found: Provider | None = queries.rows(Provider, panel_id).filter(id=min(target, ID_MAX)).first()
    if found is None:
        raise Http404
    routes = named("routes")
    further, back = cursor(request, "before"), cursor(request, "after")
    context = {
        "provider": found,
        "sync_problem": words.sync_problem(found),
        "list": routes.listing,
        "page": routes.page(request.panel, {"provider": str(found.id)}, further=further, back=back),
        "actions": allowed(request, "provider.set", "provider.sync", "provider.import"),
    }
    return render(request, "backoffice/provider.html", context)


@require_safe
def services(request: StaffRequest) -> HttpResponse:
    """Everything that is or was sold, with what it costs by its first route."""
    actions = allowed(request, "route.add")
    of = named("services")
    return shown(request, of, title=_("Services"), icon="grid", actions=actions, tabs="office_services")


@require_safe
def held(request: StaffRequest) -> HttpResponse:
    """What providers' lists say that a person has to look at first."""
    return shown(request, named("held"), title=_("Services on hold"), icon="grid", tabs="office_services")


@require_safe
def blocks(request: StaffRequest) -> HttpResponse:
    actions = allowed(request, "block.import", "block.add")
    return shown(request, named("blocks"), title=_("Blocks"), icon="ban", actions=actions)


@require_safe
def staff(request: StaffRequest) -> HttpResponse:
    """Who works here, with roles and keys."""
    keys = named("staff_keys")
    return shown(
        request,
        named("staff"),
        template="backoffice/staff.html",
        actions=allowed(request, "staff_key.add", "staff.add"),
        keys_list=keys.listing,
        keys=keys.page(request.panel, {}).rows,
    )


@require_safe
def trail(request: StaffRequest) -> HttpResponse:
    """Every change by staff, the newest first."""
    return shown(request, named("trail"), title=_("Audit trail"), icon="clock")


def held_words(row: hold_actions.Held) -> str:
    """What would change, in words."""
    old, new = holding.sides({"codes": row.codes, "old": row.old, "new": row.new})
    return "; ".join(f"{words.field(name)}: {words.value(old.get(name))} → {words.value(new[name])}" for name in new)
