"""Importing a provider's services: its list with search and ticks, what an import would make of it, and the import."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from panelwright.backoffice import queries
from panelwright.core import money, said
from panelwright.core.refusal import Refusal, Refused
from panelwright.providers.models import Provider
from panelwright.providers.sync import import_rules, kept_list_actions, sync_actions
from panelwright.providers.sync.import_rules import Chosen, SyncPlan, ToSell
from panelwright.providers.sync.kept_list_actions import KeptOffers
from panelwright.providers.sync.sync_rules import Markup
from panelwright.providers.wire.outcomes import LeftOut, ServiceOffer
from panelwright.staff import registry, values
from panelwright.staff.action import Action
from panelwright.staff.actions import Performed, perform
from panelwright.ui import refusals
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import StaffRequest

PAGE = 100
# Rows of the preview that are shown, of each part.
SHOWN_MAX = 200
# Reasons for which rows are left out.
REASONS_MAX = 50
# Categories of a provider that can be given other names here.
CATEGORIES_MAX = 200
_MARKUP = ("markup", "fixed", "round_to")


class OfferRow(NamedTuple):
    """A row of the list. `why`: why it cannot be imported, as import_rules says it; empty: it can."""

    offer: ServiceOffer
    why: str
    picked: bool

    @property
    def why_words(self) -> str:
        return said.words(self.why, _)

    @property
    def is_here(self) -> bool:
        return self.why == import_rules.HERE


class CategoryRow(NamedTuple):
    """A category of the provider's, and its name here. `field`: of the form."""

    field: str
    theirs: str
    ours: str


@require_http_methods(["GET", "POST"])
def importing(request: StaffRequest) -> HttpResponse:
    """Choose a provider; then what of its list is sold here, at which markup; then look at it; then import."""
    provider = queries.provider_of(request.panel.id, queries.id_of(request.GET.get("provider", "")))
    if request.GET.get("provider") and provider is None:
        raise Http404
    if provider is None:
        context = {"providers": queries.api_providers(request.panel.id)}
        return render(request, "backoffice/importing/choose.html", context)
    kept = kept_list_actions.kept(panel_id=request.panel.id, provider_id=provider.id)
    if request.method == "POST" and not is_resumed(request):
        if "read" in request.POST:
            return _read(request, provider)
        if kept is not None and "back" not in request.POST:
            return _imported(request, provider, kept) if "import" in request.POST else _preview(request, provider, kept)
    return _list(request, provider, kept, _form(request))


def _read(request: StaffRequest, provider: Provider) -> HttpResponse:
    """Ask the provider for its list, and keep it for the next pages."""
    came = _perform(request, "provider.read_list", provider, {})
    if isinstance(came, Refusal):
        messages.error(request, refusals.text(came))
    return redirect(f"{reverse('backoffice:importing')}?provider={provider.id}")


def _perform(request: StaffRequest, name: str, provider: Provider, given: dict[str, object]) -> Performed | Refusal:
    return perform(
        registry.actions()[name], actor=request.actor, panel_id=request.panel.id, target=provider.id, given=given
    )


def _form(request: HttpRequest) -> Form:
    if request.method == "POST":
        return Form(request.POST.dict())
    return Form({"markup": "20", "fixed": "0", "round_to": "0.01"})


def _list(
    request: StaffRequest, provider: Provider, kept: KeptOffers | None, form: Form, *, status: int = 200
) -> HttpResponse:
    q, category = request.GET.get("q", "").strip()[:200], request.GET.get("category", "")[:200]
    new = request.GET.get("show", "") == "new"
    context: dict[str, Any] = {"provider": provider, "kept": kept, "form": form, "q": q, "category": category}
    if kept is not None:
        known = sync_actions.known_services(provider)
        picked = set(request.POST.getlist("pick"))
        chosen = Chosen(category=category, search=q)
        rows = [
            OfferRow(offer, why, offer.service in picked)
            for offer in kept.offers
            if chosen.wants(offer)
            and not (why := import_rules.HERE if offer.service in known else import_rules.unsaleable(offer)) * new
        ]
        page = _page(rows, queries.page_number(request.GET.get("page", "")))
        categories = Counter(offer.category for offer in kept.offers)
        context |= {
            "page": page,
            "new": new,
            "categories": sorted(categories.items()),
            "currency": provider.currency or request.panel.currency,
            "importable": sum(not row.why for row in rows),
        }
    return render(request, "backoffice/importing/list.html", context, status=status)


def _page(rows: list[OfferRow], number: int) -> queries.NumberedPage:
    pages = max(-(-len(rows) // PAGE), 1)
    number = min(number, pages)
    return queries.NumberedPage(rows[(number - 1) * PAGE : number * PAGE], number, pages, len(rows))


def _preview(request: StaffRequest, provider: Provider, kept: KeptOffers) -> HttpResponse:
    """What would be imported at which price, what is left out and why; nothing is changed."""
    form = Form(request.POST.dict())
    chosen = _chosen(request)
    try:
        markup = _markup(request)
        plan = sync_actions.preview(
            panel=request.panel,
            provider=provider,
            offers=kept.offers,
            chosen=chosen,
            markup=markup,
            free=form.ticked("free"),
        )
    except Refused as refused:
        form.refuse(refused.refusal, beside=refused.refusal.field if refused.refusal.field in _MARKUP else "")
        return _list(request, provider, kept, form, status=422)
    if not plan.sold:
        form.wrong("", _("Nothing to import among what you chose."))
        return _list(request, provider, kept, form, status=422)
    return _shown(request, provider, plan, form, chosen)


def _shown(
    request: StaffRequest, provider: Provider, plan: SyncPlan, form: Form, chosen: Chosen, *, status: int = 200
) -> HttpResponse:
    theirs = list(dict.fromkeys(sold.offer.category for sold in plan.sold))[:CATEGORIES_MAX]
    context = {
        "provider": provider,
        "form": form,
        "sold": [_sold(one) for one in plan.sold[:SHOWN_MAX]],
        "count": len(plan.sold),
        "more": max(len(plan.sold) - SHOWN_MAX, 0),
        "free": sum(one.held is not None for one in plan.sold),
        "left_out": _reasons(plan.left_out),
        "categories": [
            CategoryRow(f"category-{n}", name, request.POST.get(f"category-{n}", name)) for n, name in enumerate(theirs)
        ],
        "ours": queries.categories(request.panel.id),
        "services": sorted(chosen.services),
        "chosen": chosen,
    }
    return render(request, "backoffice/importing/preview.html", context, status=status)


def _sold(one: ToSell) -> dict[str, Any]:
    return {"offer": one.offer, "cost": one.cost_micros, "rate": one.rate_micros, "held": one.held is not None}


class LeftOutReason(NamedTuple):
    """Why rows are left out: in words, how many, and some of them."""

    words: str
    many: int
    rows: list[LeftOut]


def _reasons(left_out: list[LeftOut]) -> list[LeftOutReason]:
    """What a person should know of: not what was not chosen."""
    by_why: dict[str, list[LeftOut]] = {}
    for row in left_out:
        if row.why != import_rules.NOT_CHOSEN:
            by_why.setdefault(said.words(row.why, _), []).append(row)
    found = [LeftOutReason(why, len(rows), rows[:20]) for why, rows in by_why.items()]
    return sorted(found, key=lambda one: -one.many)[:REASONS_MAX]


def _chosen(request: HttpRequest) -> Chosen:
    """The ticked services; with `all`, what the search and the category ask for."""
    if "all" in request.POST or request.POST.get("whole"):
        return Chosen(category=request.GET.get("category", "")[:200], search=request.GET.get("q", "").strip()[:200])
    services = [text[:60] for text in request.POST.getlist("pick")]
    # Nothing ticked is nothing, where a program means everything.
    return Chosen(services=frozenset(services or [""]))


def _fields(action: Action) -> dict[str, Any]:
    return {field.name: field for field in action.fields}


def _given_markup(request: HttpRequest) -> dict[str, object]:
    texts = {name: request.POST.get(name, "").strip() for name in _MARKUP}
    return {name: text for name, text in texts.items() if text}


def _markup(request: HttpRequest) -> Markup:
    """As the action reads it. Refused: not_a_decimal, not_an_amount, bad_rounding."""
    fields = _fields(registry.actions()["provider.import"])
    read = {name: values.value_of(fields[name], text) for name, text in _given_markup(request).items()}
    round_to, fixed = read.get("round_to", 1) or 1, read.get("fixed", 0)
    if round_to < 1 or fixed < 0:
        raise Refused("bad_rounding", "round_to")
    return Markup(read.get("markup", 0), fixed, round_to)


def _imported(request: StaffRequest, provider: Provider, kept: KeptOffers) -> HttpResponse:
    """Import what was looked at, at the rates that the provider has now."""
    chosen = _chosen(request)
    given: dict[str, object] = {**_given_markup(request), "free": bool(request.POST.get("free"))}
    if money_text := given.get("round_to"):
        given = {name: value for name, value in given.items() if name != "round_to"}
        given |= {} if _is_nothing(str(money_text)) else {"round_to": money_text}
    if chosen.services:
        given["services"] = sorted(chosen.services)
    else:
        given |= {name: text for name, text in (("category", chosen.category), ("search", chosen.search)) if text}
    theirs = request.POST.getlist("theirs")[:CATEGORIES_MAX]
    ours = [request.POST.get(f"category-{n}", "").strip()[:200] for n in range(len(theirs))]
    given["categories"] = {a: b for a, b in zip(theirs, ours, strict=True) if b and b != a}
    came = _perform(request, "provider.import", provider, given)
    if isinstance(came, Refusal):
        form = Form(request.POST.dict())
        form.refuse(came, beside="")
        return _list(request, provider, kept, form, status=422)
    count = len(came.shown["imported"])
    done = ngettext("%(count)s service imported.", "%(count)s services imported.", count) % {"count": count}
    messages.success(request, done)
    return redirect(f"{reverse('backoffice:services')}?{urlencode({'provider': provider.id})}")


def _is_nothing(text: str) -> bool:
    try:
        return money.parse(text) == 0
    except ValueError:
        return False
