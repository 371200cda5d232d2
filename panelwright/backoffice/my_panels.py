"""The panels of one person beside each other, and the way from one to the next (customers/panel_links.py)."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from panelwright.core import clock, limits
from panelwright.core.lists import count_text
from panelwright.core.refusal import Refusal
from panelwright.customers import panel_link_actions, panel_links
from panelwright.customers.access import staff_actor
from panelwright.customers.login_actions import Visitor
from panelwright.customers.models import Staff
from panelwright.panels.models import Panel
from panelwright.reports import side_by_side
from panelwright.reports.side_by_side import ProviderThere
from panelwright.staff.rights import Right
from panelwright.ui import cookies, links
from panelwright.ui.forms import Form
from panelwright.ui.pages import Answer, SitePage, Who
from panelwright.ui.request import StaffRequest


class PanelLine(NamedTuple):
    """A panel of hers. What her account there has no right to see is None."""

    panel: Panel
    email: str
    here: bool
    today: int | None
    month: int | None
    revenue_micros: int | None
    problems: str | None
    tickets: str | None
    providers: str | None


class SharedProvider(NamedTuple):
    """A provider that several panels of hers have, by the host of its address; with each of them how it fares there."""

    host: str
    there: list[tuple[Panel, ProviderThere]]


@never_cache
@require_http_methods(["GET", "POST"])
def panels(request: StaffRequest) -> HttpResponse:
    """All of hers, and a form that links one more."""
    if request.host_guest is not None:
        return render(request, "ui/host_guest_only.html", status=403)
    form = Form.sent(request)
    if request.method == "POST":
        found = panel_link_actions.link(
            own=request.staff,
            current=form.raw("current")[: limits.PASSWORD_CHARS_MAX + 1],
            host=form.text("host")[:300],
            email=form.text("email")[:300],
            password=form.raw("password")[: limits.PASSWORD_CHARS_MAX + 1],
            code=form.raw("code")[:50],
            visitor=_visitor(request),
        )
        if not isinstance(found, Refusal):
            messages.success(request, _("Panel linked: %(panel)s.") % {"panel": found.name})
            return redirect("backoffice:my_panels")
        form.refuse(found)
    return _shown(request, form)


def _shown(request: StaffRequest, form: Form) -> HttpResponse:
    accounts = panel_links.accounts_of(request.staff)
    mine = [accounts.own, *accounts.others]
    lines = _lines(mine, request.panel.id)
    context = {"lines": lines, "linked": len(lines) > 1, "form": form, "shared": _shared(mine)}
    return render(request, "backoffice/my_panels.html", context, status=form.status)


def _shared(accounts: list[Staff]) -> list[SharedProvider]:
    """Of the panels where her account may see providers."""
    may = [staff.panel for staff in accounts if staff_actor(staff, address="").may(Right.PROVIDERS)]
    by_id = {panel.id: panel for panel in may}
    found = side_by_side.shared_providers(list(by_id))
    return [SharedProvider(host, [(by_id[row.panel_id], row) for row in rows]) for host, rows in found.items()]


def _lines(accounts: list[Staff], here: int) -> list[PanelLine]:
    figures = side_by_side.figures([staff.panel for staff in accounts], clock.now())
    lines = []
    for staff in accounts:
        may = staff_actor(staff, address="").may
        of = figures[staff.panel_id]
        reads, money = may(Right.ORDERS_READ), may(Right.REPORTS)
        lines.append(
            PanelLine(
                staff.panel,
                staff.user.email,
                staff.panel_id == here,
                of.today if reads else None,
                of.month if reads else None,
                of.revenue_micros if money else None,
                count_text(of.problems) if reads else None,
                count_text(of.tickets) if may(Right.SUPPORT) else None,
                count_text(of.providers) if may(Right.PROVIDERS) else None,
            )
        )
    return lines


def _visitor(request: StaffRequest) -> Visitor:
    return Visitor(request.address, request.headers.get("User-Agent", ""), cookies.device(request))


@require_POST
def unlink(request: StaffRequest, target: int) -> HttpResponse:
    """The account here, which is the panel's that is shown: from no other one is it done."""
    if request.host_guest is not None:
        return render(request, "ui/host_guest_only.html", status=403)
    if target != request.panel.id:
        raise Http404
    panel_link_actions.unlink(request.staff, address=request.address)
    messages.success(request, _("This account is no longer linked."))
    return redirect("backoffice:my_panels")


@never_cache
@require_POST
def switch(request: StaffRequest, target: int) -> HttpResponse:
    """A page with the link to the other panel's own host: a form may not lead to another one."""
    if request.host_guest is not None:
        return render(request, "ui/host_guest_only.html", status=403)
    found: tuple[Panel, str] | Refusal = panel_link_actions.make_ticket(
        session=request.session, own=request.staff, panel_id=target, address=request.address
    )
    start = "" if isinstance(found, Refusal) else links.origin_of(request, found[0])
    if isinstance(found, Refusal) or not start:
        form = Form()
        form.refuse(found if isinstance(found, Refusal) else Refusal("panel_without_host"), beside="")
        return _shown(request, form)
    panel, token = found
    return render(request, "backoffice/switch.html", {"to": panel, "link": f"{start}/panel-enter/{token}"})


PAGES = (
    SitePage(
        "my_panels",
        "admin/my-panels",
        panels,
        Who.STAFF,
    ),
    SitePage(
        "my_panels_unlink",
        "admin/my-panels/<int:target>/unlink",
        unlink,
        Who.STAFF,
        Answer.ACTION,
        under="my_panels",
        samples=("/admin/my-panels/{panel}/unlink",),
    ),
    SitePage(
        "my_panels_switch",
        "admin/my-panels/<int:target>/switch",
        switch,
        Who.STAFF,
        Answer.ACTION,
        under="my_panels",
        samples=("/admin/my-panels/{panel}/switch",),
    ),
)
