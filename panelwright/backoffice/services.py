"""What is sold: the services by category, edited in the table, and the order in which they stand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from panelwright.backoffice import bulk, queries, saved, service_table, words
from panelwright.backoffice.acting import allowed, offered
from panelwright.backoffice.lists import cursor
from panelwright.backoffice.service_table import ROWS_MAX, EditRow, TableForm
from panelwright.catalog.models import Category, Service
from panelwright.catalog.pricing_rules import ROUNDINGS, PriceChange
from panelwright.catalog.types import BY_NAME
from panelwright.core import money
from panelwright.core.refusal import Refusal, Refused
from panelwright.providers import pricing_actions, pricing_declarations, route_queries, service_costs
from panelwright.providers.pricing_actions import NewPrice
from panelwright.staff import registry, values
from panelwright.staff.action import ActionFieldKind, Field
from panelwright.staff.actions import Performed, perform
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.ui import refusals
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import StaffRequest

# Services of a page of those that several providers deliver.
COMPARED_MAX = 20
# Rows of the preview of prices.
PRICES_SHOWN_MAX = 200
_PERCENT = Field("percent", ActionFieldKind.CHANGE, "")


@require_http_methods(["GET", "POST"])
def services(request: StaffRequest) -> HttpResponse:
    """The services that the address asks for, by category; sent, its changed cells are saved row by row."""
    if request.method == "POST" and not is_resumed(request):
        return _sent(request)
    return _shown(request, TableForm() if request.method == "GET" else service_table.read(request.POST))


def _sent(request: StaffRequest) -> HttpResponse:
    form = service_table.read(request.POST)
    if "turn" in request.POST:
        return _turned(request, form)
    if "bulk" in request.POST:
        return _in_bulk(request, form)
    if "prices" in request.POST:
        chosen = {"services": ",".join(map(str, sorted(form.picked)))} if form.picked else {**request.GET.dict()}
        return redirect(f"{reverse('backoffice:prices')}?{urlencode(chosen)}")
    if "adjust" in request.POST:
        return _adjusted(request, form)
    below = _below(request, form)
    if below and not request.POST.get("sure"):
        return _shown(request, form, below=below, status=422)
    done = service_table.store_rows(form, request.actor, request.panel.id)
    if done.saved:
        count = len(done.saved)
        said = ngettext("%(count)s service saved.", "%(count)s services saved.", count) % {"count": count}
        messages.success(request, said)
    if done.whole:
        return redirect(request.get_full_path())
    return _shown(request, form, done=done, status=409 if done.changed_meanwhile else 422)


def _in_bulk(request: StaffRequest, form: TableForm) -> HttpResponse:
    """To the page of an action for the ticked rows, or for all that match."""
    of = named("services")
    verb = request.POST["bulk"]
    chosen = next((one for one in bulk.choices(request, of) if one.action.verb == verb), None)
    if chosen is None:
        return _shown(request, form)
    asked = [(name, text) for name, text in of.listing.of_panel(request.panel.id).asked(request.GET).items() if text]
    rows = [("all", "1")] if request.POST.get("whole") else [("row", str(number)) for number in sorted(form.picked)]
    return redirect(f"{chosen.url}?{urlencode([*asked, *rows])}")


def _below(request: StaffRequest, form: TableForm) -> int:
    """How many of the changed rates are below what the service costs."""
    changed = [number for number in form.typed if "rate" in form.changes(number)]
    rows = service_costs.priced(request.panel, queries.services_of(request.panel.id, changed)) if changed else []
    return sum(service_table.is_below(one, form.typed[one.service.number]["rate"]) for one in rows)


def _turned(request: StaffRequest, form: TableForm) -> HttpResponse:
    """A switch of a row: saved at once. What was typed elsewhere stays; with script only the switch is answered."""
    text, _colon, way = request.POST["turn"].partition(":")
    number = queries.id_of(text) or 0
    on = way == "on"
    action = registry.actions()["service.turn_on" if on else "service.turn_off"]
    came = perform(action, actor=request.actor, panel_id=request.panel.id, target=number, given={})
    ok = isinstance(came, Performed)
    said = refusals.text(came) if isinstance(came, Refusal) else _turned_words(number, on=on)
    found = queries.services_of(request.panel.id, [number])
    if request.headers.get("HX-Request") and found:
        context = {"service": found[0], "said": said, "ok": ok, "undo": ok}
        return render(request, "backoffice/services/turned.html", context)
    (messages.success if ok else messages.error)(request, said)
    return _shown(request, form)


def _turned_words(number: int, *, on: bool) -> str:
    if on:
        return _("Service %(number)s is on sale.") % {"number": number}
    return _("Service %(number)s is off. Orders already placed continue.") % {"number": number}


def _adjusted(request: StaffRequest, form: TableForm) -> HttpResponse:
    """Percent on the rates of the ticked rows: typed into the cells, saved by the next button."""
    beside = Form(request.POST.dict())
    try:
        percent = values.value_of(_PERCENT, request.POST.get("percent", "").strip())
        round_to = int(request.POST.get("round_to", "1"))
    except Refused as refused:
        beside.refuse(refused.refusal)
        return _shown(request, form, beside=beside, status=422)
    except ValueError:
        round_to = 1
    change = PriceChange(percent_e2=percent, round_to_micros=round_to if round_to in ROUNDINGS else 1)
    rows = service_costs.priced(request.panel, queries.services_of(request.panel.id, sorted(form.picked)))
    if not service_table.adjusted(form, rows, change):
        beside.wrong("percent", _("Tick the services first."))
        return _shown(request, form, beside=beside, status=422)
    return _shown(request, form, beside=beside)


def _shown(
    request: StaffRequest,
    form: TableForm,
    *,
    done: service_table.Saved | None = None,
    beside: Form | None = None,
    below: int = 0,
    status: int = 200,
) -> HttpResponse:
    of = named("services")
    listing = of.listing.of_panel(request.panel.id)
    asked = listing.asked(request.GET)
    refused = listing.refused(asked)
    page = queries.NumberedPage([], 1, 1, 0)
    if not refused:
        found = service_costs.listed(of.found(request.panel, asked).rows)
        page = queries.page_of(found, queries.page_number(request.GET.get("page", "")), size=ROWS_MAX)
    rows = service_table.rows_of(service_costs.priced(request.panel, page.rows), request.actor, form)
    if done is not None:
        service_table.note(rows, done)
    context = {
        "list": listing,
        "asked": asked,
        "groups": _groups(rows),
        "page": page,
        "narrowed": any(asked.values()),
        "count": page.total,
        "csv": reverse("backoffice:services_csv") if request.actor.may(Right.EXPORTS) else "",
        "imports": True,
        "prices": request.actor.may(Right.PRICES),
        "bulk": bulk.choices(request, of),
        "menu": next(column for column in listing.columns if column.name == "actions"),
        "views": saved.tabs(request, of, asked, {}),
        "form": beside or Form({"percent": "", "round_to": "1"}),
        "roundings": [(step, money.text(step) if step > 1 else _("No rounding")) for step in ROUNDINGS],
        "below": below,
        "changed": sum(cell.dirty for row in rows for cell in row.cells.values()),
        "conflicts": 0 if done is None else len(done.changed_meanwhile),
        "wrong": 0 if done is None else len(done.errors),
    }
    return render(request, "backoffice/services/table.html", context, status=422 if refused else status)


def _groups(rows: list[EditRow]) -> list[tuple[Category, list[EditRow]]]:
    """The rows under their categories, in their order."""
    groups: list[tuple[Category, list[EditRow]]] = []
    for row in rows:
        if not groups or groups[-1][0].id != row.service.category_id:
            groups.append((row.service.category, []))
        groups[-1][1].append(row)
    return groups


# ---- the order ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def arrange(request: StaffRequest) -> HttpResponse:
    """The order of the categories, and of the services in one of them."""
    chosen = queries.category_of(request.panel.id, request.GET.get("category", ""))
    if request.method == "POST" and not is_resumed(request):
        came = _moved(request)
        if not isinstance(came, Refusal):
            return redirect(request.get_full_path())
        messages.error(request, refusals.text(came))
    categories = queries.categories(request.panel.id)
    found: list[Service] = queries.services_in(request.panel.id, chosen.id) if chosen is not None else []
    context = {
        "categories": categories,
        "chosen": chosen,
        "rows": found[: queries.ARRANGED_MAX],
        "more": len(found) > queries.ARRANGED_MAX,
        "actions": allowed(request, "category.add"),
        "one": allowed(request, "category.set", "category.remove"),
    }
    return render(request, "backoffice/services/arrange.html", context)


def _moved(request: StaffRequest) -> Performed | Refusal:
    """`move` says what goes where: service:12:up, category:3:down, or with `before` and `to` beside it."""
    noun, text, way = [*request.POST.get("move", "").split(":"), "", ""][:3]
    name = f"{noun}.move" if noun in {"service", "category"} else "service.move"
    given: dict[str, Any] = {"direction": way} if way else {}
    if not way:
        given = {"before": queries.id_of(request.POST.get("before", ""))}
        if noun == "service":
            given["category"] = queries.id_of(request.POST.get(f"to-{text}", ""))
        given = {field: value for field, value in given.items() if value is not None}
    target = queries.id_of(text) or 0
    return perform(registry.actions()[name], actor=request.actor, panel_id=request.panel.id, target=target, given=given)


# ---- one service ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def service(request: StaffRequest, target: int) -> HttpResponse:
    """One service: how it is sold, its routes side by side, and what happened to it."""
    found = queries.service_numbered(request.panel.id, target)
    if found is None:
        raise Http404
    if request.method == "POST" and not is_resumed(request):
        _noun, text, way = [*request.POST.get("move", "").split(":"), "", ""][:3]
        came = perform(
            registry.actions()["route.move"],
            actor=request.actor,
            panel_id=request.panel.id,
            target=queries.route_of(request.panel.id, found.id, queries.id_of(text)),
            given={"direction": way},
        )
        if isinstance(came, Refusal):
            messages.error(request, refusals.text(came))
        return redirect("backoffice:service", target)
    routes = route_queries.figures(request.panel, [found])[found.id]
    context = {
        "service": found,
        "routes": routes,
        "leads": next((one.route for one in routes if one.route.in_step), None),
        "log": route_queries.log(request.panel.id, service_id=found.id, before=cursor(request, "before")),
        "actions": offered(request, "service", found),
        "adds": allowed(request, "route.add"),
        "by": words.choice(found.route_by) if found.route_by else _("The order of the list"),
        "flat": BY_NAME[found.type].flat,
    }
    return render(request, "backoffice/services/service.html", context)


@require_safe
def changes(request: StaffRequest) -> HttpResponse:
    """What changed in the catalogue: by providers' lists, by staff, by the guard."""
    page = route_queries.log(request.panel.id, before=cursor(request, "before"))
    return render(request, "backoffice/services/changes.html", {"page": page})


@require_safe
def compare(request: StaffRequest) -> HttpResponse:
    """Providers side by side, for each service that more than one of them delivers."""
    number = queries.page_number(request.GET.get("page", ""))
    rows = service_costs.listed(route_queries.shared_services(request.panel.id))
    page = queries.page_of(rows, number, size=COMPARED_MAX)
    groups = route_queries.compared(request.panel, page.rows)
    return render(request, "backoffice/services/compare.html", {"page": page, "groups": groups})


# ---- prices ---------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def prices(request: StaffRequest) -> HttpResponse:
    """New prices for what the address asks for: what would change, and then the change."""
    of = named("services")
    listing = of.listing.of_panel(request.panel.id)
    asked = listing.asked(request.GET)
    picked = [text for text in request.GET.get("services", "")[:2_000].split(",") if text]
    form = Form({"percent": "", "amount": "", "round_to": "1", "margin": "", **request.GET.dict()})
    given = {name: form.text(name) for name in ("percent", "amount", "margin") if form.text(name)}
    step = queries.id_of(form.text("round_to")) or 1
    given["round_to"] = money.text(step if step in ROUNDINGS else 1)
    plan = None
    if {"percent", "amount", "margin"} & set(given):
        plan = _plan(request, form, given, asked, picked)
    if request.method == "POST" and plan is not None and not is_resumed(request):
        done = _repriced(request, form, given, asked, picked)
        if done is not None:
            return done
        plan = _plan(request, form, given, asked, picked)
    changed = sorted((one for one in plan or () if one.changes), key=lambda one: not one.is_below)
    context = {
        "list": listing,
        "asked": asked,
        "picked": picked,
        "form": form,
        "plan": plan,
        "rows": changed[:PRICES_SHOWN_MAX],
        "changed": len(changed),
        "more": max(len(changed) - PRICES_SHOWN_MAX, 0),
        "below": sum(one.is_below for one in plan or ()),
        "total": len(plan or ()),
        "sure": pricing_actions.digest(plan) if plan is not None else "",
        "roundings": [(str(one), money.text(one) if one > 1 else _("No rounding")) for one in ROUNDINGS],
    }
    status = 422 if form.errors else 409 if request.method == "POST" else 200
    return render(request, "backoffice/services/prices.html", context, status=status)


def _plan(
    request: StaffRequest, form: Form, given: dict[str, str], asked: dict[str, str], picked: list[str]
) -> list[NewPrice] | None:
    """None where the form cannot be read, and says why."""
    read, unread = {}, False
    for field in pricing_declarations.CHANGE_FIELDS:
        if field.name in given:
            try:
                read[field.name] = values.value_of(field, given[field.name])
            except Refused as refused:
                form.refuse(refused.refusal)
                unread = True
    if unread:
        return None
    numbers = pricing_declarations.numbers_of(request.panel, picked, asked)
    if len(numbers) > pricing_actions.SERVICES_MAX:
        form.refuse(Refusal("selection_too_large", facts=(("limit", pricing_actions.SERVICES_MAX),)))
        return None
    change = PriceChange(
        read.get("percent", 0), read.get("amount", 0), read.get("round_to", 1) or 1, read.get("margin")
    )
    return pricing_actions.planned(request.panel, queries.services_of(request.panel.id, numbers), change)


def _repriced(
    request: StaffRequest, form: Form, given: dict[str, str], asked: dict[str, str], picked: list[str]
) -> HttpResponse | None:
    """Done as it was shown; None where it would be something else by now, or was refused."""
    sure = request.POST.get("sure", "")
    selection: dict[str, object] = (
        {"services": picked} if picked else {name: text for name, text in asked.items() if text}
    )
    came = perform(
        registry.actions()["service.reprice"],
        actor=request.actor,
        panel_id=request.panel.id,
        given={**selection, **given},
        only_if=lambda done: done.shown["digest"] == sure,
    )
    if isinstance(came, Refusal):
        form.refuse(came, beside="")
        return None
    count = int(came.shown["changed"])
    said = ngettext("%(count)s price changed.", "%(count)s prices changed.", count) % {"count": count}
    messages.success(request, said)
    # There it can be undone.
    return redirect("backoffice:bulk_work", came.shown["bulk"])
