"""The operators' pages: panels, the trail over all of them, and operators themselves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.lists import whole
from panelwright.core.refusal import Refusal
from panelwright.customers import account_actions
from panelwright.host import actions, enter_actions, health, lists, queries, sessions
from panelwright.host.request import OperatorRequest
from panelwright.panels import presets
from panelwright.panels.actions import LANGUAGES
from panelwright.panels.models import Panel
from panelwright.staff.actions import Performed, perform
from panelwright.staff.registry import actions as declared
from panelwright.ui import links
from panelwright.ui.forms import Form


def panel_or_404(slug: str) -> Panel:
    found = queries.panel_of(slug)
    if found is None:
        raise Http404
    return found


def done(
    request: OperatorRequest, name: str, *, panel: Panel | None, given: Mapping[str, object], target: int | None = None
) -> Performed | Refusal:
    """A declared action by the operator; in the panel's scope and trail, or of the whole installation."""
    action = declared()[name]
    if panel is None:
        return perform(action, actor=request.actor, panel_id=None, target=target, given=given)
    with scope(panel=panel):
        return perform(action, actor=request.actor, panel_id=panel.id, target=target, given=given)


@require_safe
def panels(request: OperatorRequest) -> HttpResponse:
    asked = lists.PANELS.asked(request.GET)
    found = queries.panels(asked, further=_cursor(request, "before"), back=_cursor(request, "after"))
    context = {
        "list": lists.PANELS,
        "asked": asked,
        "page": found,
        "narrowed": any(asked.values()),
        "domains": queries.waiting_domains(),
    }
    return render(request, "host/panels.html", context)


def _cursor(request: OperatorRequest, name: str) -> int | None:
    return whole(request.GET.get(name, ""))


@require_http_methods(["GET", "POST"])
def panel_new(request: OperatorRequest) -> HttpResponse:
    """A panel from a preset, with an owner. The password is made up, and shown on the page that answers and never
    again."""
    form = Form.sent(request)
    context: dict[str, Any] = {
        "form": form,
        "presets": [("", _("None: an empty panel")), *((name, name) for name in presets.names())],
        "languages": [(code, code) for code in LANGUAGES],
    }
    if request.method != "POST":
        return render(request, "host/panel_new.html", context)
    email = account_actions.check_email(form.text("owner"))
    if isinstance(email, Refusal) or not form.text("domain"):
        # Before anything is made: a panel without an owner or an address is of no use.
        form.refuse(email if isinstance(email, Refusal) else None, beside="owner")
        form.refuse(None if form.text("domain") else Refusal("bad_host", "domain"))
        return render(request, "host/panel_new.html", context, status=form.status)
    given = {name: form.text(name) for name in ("preset", "slug", "name", "currency", "language") if form.text(name)}
    made = done(request, "panel.create", panel=None, given={**given, "domains": form.text("domain").split()[:20]})
    if isinstance(made, Refusal):
        form.refuse(made, beside="domain" if made.field in {"host", "domains"} else None)
        return render(request, "host/panel_new.html", context, status=form.status)
    panel = panel_or_404(str(made.after["slug"]))
    owner, password = email, secrets.token_urlsafe(12)
    added = done(request, "staff.add", panel=panel, given={"email": owner, "password": password, "role": "owner"})
    refused = added if isinstance(added, Refusal) else None
    context = {"panel": panel, "owner": owner, "password": password, "refused": refused}
    return render(request, "host/panel_made.html", context)


@require_safe
def panel(request: OperatorRequest, slug: str) -> HttpResponse:
    return _panel_page(request, panel_or_404(slug), Form())


def _panel_page(request: OperatorRequest, of: Panel, form: Form) -> HttpResponse:
    now = clock.now()
    context = {
        "panel": of,
        "row": queries.rows_of([of], now=now)[0],
        "storage": queries.storage(of),
        "domains": queries.domains_of(of),
        "owners": queries.owners_of(of),
        "queues": [line for line in health.queue_lines(queries.queues(now), now) if line.panel.id == of.id],
        "list": lists.TRAIL,
        "trail": queries.trail(panel=of).rows[:20],
        "form": form,
    }
    return render(request, "host/panel.html", context, status=form.status)


@require_POST
def panel_suspend(request: OperatorRequest, slug: str) -> HttpResponse:
    of, form = panel_or_404(slug), Form.sent(request)
    found = done(request, "panel.suspend", panel=of, given={"reason": form.text("reason")})
    if isinstance(found, Refusal):
        form.refuse(found)
        return _panel_page(request, of, form)
    messages.success(request, _("Panel suspended."))
    return redirect("host:panel", of.slug)


@require_POST
def panel_resume(request: OperatorRequest, slug: str) -> HttpResponse:
    of, form = panel_or_404(slug), Form.sent(request)
    found = done(request, "panel.resume", panel=of, given={})
    if isinstance(found, Refusal):
        form.refuse(found, beside="")
        return _panel_page(request, of, form)
    messages.success(request, _("Panel resumed."))
    return redirect("host:panel", of.slug)


@require_POST
def domain_confirm(request: OperatorRequest, slug: str, target: int) -> HttpResponse:
    of, form = panel_or_404(slug), Form.sent(request)
    found = done(request, "domain.confirm", panel=of, target=target, given={})
    if isinstance(found, Refusal):
        form.refuse(found, beside="")
        return _panel_page(request, of, form)
    messages.success(request, _("Domain confirmed."))
    return redirect("host:panel", of.slug)


@require_POST
def panel_enter(request: OperatorRequest, slug: str) -> HttpResponse:
    """A page with the link to the panel's own host: a form may not lead to another one (form-action of the policy)."""
    of, form = panel_or_404(slug), Form.sent(request)
    start = links.origin_of(request, of)
    if not start:
        form.refuse(Refusal("panel_without_host"), beside="")
        return _panel_page(request, of, form)
    token = enter_actions.enter(
        request.actor,
        request.operator_session,
        panel=of,
        staff_id=whole(form.text("owner")) or 0,
        reason=form.text("why"),
        money=form.ticked("money"),
    )
    if isinstance(token, Refusal):
        form.refuse(token, beside="why" if token.field == "why" else "")
        return _panel_page(request, of, form)
    return render(request, "host/enter.html", {"panel": of, "link": f"{start}/host-enter/{token}"})


@require_safe
def trail(request: OperatorRequest) -> HttpResponse:
    found = queries.trail(further=_cursor(request, "before"), back=_cursor(request, "after"))
    return render(request, "host/trail.html", {"list": lists.TRAIL, "page": found})


@require_safe
def operators(request: OperatorRequest) -> HttpResponse:
    context = {
        "operators": queries.operators(),
        "sessions": sessions.sessions_of(request.operator.id, now=clock.now()),
        "own": request.operator_session.id,
    }
    return render(request, "host/operators.html", context)


@require_POST
def end_others(request: OperatorRequest) -> HttpResponse:
    """Of the operator's own sessions all but this one."""
    actions.end_sessions(operator_id=request.operator.id, keep_id=request.operator_session.id)
    messages.success(request, _("All other sessions ended."))
    return redirect("host:operators")
