"""Who delivers, what is sold, and what is blocked: lists with actions."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import queries, words
from panelwright.backoffice.acting import offered
from panelwright.backoffice.lists import cursor, shown
from panelwright.core import clock, money
from panelwright.providers import provider_figures
from panelwright.providers.models import Provider, ProviderKind
from panelwright.providers.provider_figures import DayBalance
from panelwright.providers.sync import hold_actions, holding
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.ui import charts
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1


@require_safe
def providers(request: StaffRequest) -> HttpResponse:
    return shown(request, named("providers"), title=_("Providers"), icon="server")


@require_safe
def provider(request: StaffRequest, target: int) -> HttpResponse:
    """One provider: how it fares, its services here, its latest orders."""
    panel_id = request.panel.id
    found: Provider | None = queries.rows(Provider, panel_id).filter(id=min(target, ID_MAX)).first()
    if found is None:
        raise Http404
    figures = provider_figures.figures(panel_id, found.id)
    rests = found.rest_until is not None and found.rest_until > clock.now()
    routes = named("routes")
    further, back = cursor(request, "before"), cursor(request, "after")
    context = {
        "provider": found,
        "trouble": words.trouble(found),
        "list": routes.listing,
        "page": routes.page(request.panel, {"provider": str(found.id)}, further=further, back=back),
        # An import has its own page, which the page links to.
        "actions": [one for one in offered(request, "provider", found) if one.name != "provider.import"],
        "rests": found.rest_until if rests else None,
        "figures": figures,
        "days": _days(figures.balances),
        "imports": found.kind == ProviderKind.API.value and request.actor.may(Right.SERVICES),
    }
    return render(request, "backoffice/provider.html", context)


def _days(balances: list[DayBalance]) -> list[tuple[charts.Bar, DayBalance]]:
    """The drawing of our balance by days: a bar and what it stands for."""
    points = [charts.Point(f"{one.day}", one.balance_micros, money.text(one.balance_micros)) for one in balances]
    return list(zip(charts.bars(points).bars, balances, strict=True))


@require_safe
def held(request: StaffRequest) -> HttpResponse:
    """What providers' lists say that a person has to look at first."""
    return shown(request, named("held"), title=_("Services on hold"), icon="grid", tabs="office_services")


@require_safe
def blocks(request: StaffRequest) -> HttpResponse:
    return shown(request, named("blocks"), title=_("Blocks"), icon="ban")


def held_words(row: hold_actions.Held) -> str:
    """What would change, in words."""
    old, new = holding.sides({"codes": row.codes, "old": row.old, "new": row.new})
    return "; ".join(f"{words.field(name)}: {words.value(old.get(name))} → {words.value(new[name])}" for name in new)
