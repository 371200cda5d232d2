"""Every declared staff action (staff/action.py) as a page: its form, what it moves shown first, then done.

A form is checked, and what would change is found out by doing it and taking it back (`staff.actions.preview`); a second
button does it. So nothing moves money unseen, and no script is needed for that.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from panelwright.backoffice import words
from panelwright.core import limits, money
from panelwright.core.refusal import Refusal
from panelwright.events.webhook_rules import PANEL_NAMES
from panelwright.panels.actions import LANGUAGES
from panelwright.panels.models import RefillStatusKey
from panelwright.staff import registry, trail, undoing, values
from panelwright.staff.action import Action, ActionFieldKind, Field, State
from panelwright.staff.actions import Performed, not_allowed, perform, preview, state_of
from panelwright.staff.lists import reads
from panelwright.staff.rights import Right
from panelwright.ui import links, standing_in
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import PanelRequest, StaffRequest

# The page on which the objects of a noun are looked at, and where its list stands.
ONE = {
    "order": "order",
    "cancel": "order",
    "ticket": "ticket",
    "customer": "customer",
    "provider": "provider",
    "bulk": "bulk_work",
    "staff": "staff_member",
    "service": "service",
    "announcement": "announcement",
    "payment": "payment",
    "panel_webhook": "webhook",
}
ALL = {
    "order": "orders",
    "cancel": "cancels",
    "refill": "refills",
    "ticket": "tickets",
    "saved_reply": "saved_replies",
    "customer": "customers",
    "price_list": "price_lists",
    "provider": "providers",
    "route": "services",
    "held": "held",
    "service": "services",
    "category": "arrange",
    "panel": "settings",
    "domain": "domains",
    "notice": "notices",
    "panel_webhook": "webhooks",
    "delivery": "webhooks",
    "block": "blocks",
    "page": "content",
    "announcement": "announcements",
    "staff": "staff",
    "staff_key": "staff",
    "bulk": "bulk",
    "change": "bulk",
    "payment": "payments",
    "payment_method": "payment_methods",
    "payment_rules": "settings",
    "payment_block": "payment_blocks",
    "voucher": "vouchers",
    "coupon": "coupons",
    "partner": "partners",
    "commission": "commissions",
    "payout": "payouts",
    "affiliates": "settings",
    "trial": "settings",
    "receipts": "settings",
}
_YES_OR_NO = (("", ""), ("yes", gettext_noop("Yes")), ("no", gettext_noop("No")))
# Choices that are in no language, or each in its own.
_NAMES = (LANGUAGES, tuple(RefillStatusKey.values), PANEL_NAMES)
# What says which state of the object the form was made for.
_OF_THE_FORM = frozenset({"version", "seen"})
# Before the id of a change, in the tags of a message that offers to undo it.
UNDO_TAG = "undo-"
# Characters of one result.
SHOWN_MAX = 4_000
# Bytes of a file, where the action says no other number.
FILE_MAX = 64 * 1024


class ActionField(NamedTuple):
    """A field of the form. `type`: of the input; choices are pairs of value and words. `names`: which are names."""

    field: Field
    label: str
    help: str
    type: str
    choices: list[tuple[str, str]]
    optional: bool
    chosen: frozenset[str] = frozenset()
    names: bool = False


@require_http_methods(["GET", "POST"])
def act(request: StaffRequest, name: str, target: int | None = None) -> HttpResponse:
    """The form of an action; sent, what it moves; confirmed, it is done."""
    action = registry.actions()[name]
    if target is not None and target > values.NUMBER_MAX:
        raise Http404
    state = state_of(action, panel_id=request.panel.id, target=target) if target is not None else None
    if target is not None and state is None:
        raise Http404
    if action.noun.single and not action.on_target:
        state = state_of(action, panel_id=request.panel.id, target=request.panel.id)
    form = form_of(request, action, state)
    seen: Performed | Refusal | None = None
    changed, previewed = None, False
    asks = confirmed_first(action)
    # What was kept over a log-in was typed by somebody, perhaps by another: whoever is here now sees it first.
    sent = request.method == "POST" and not is_resumed(request)
    if sent or (asks and request.method != "POST" and not any(field.required for field in action.fields)):
        given = given_by(request, action, form, state)
        actor = replace(request.actor, origin=links.origin(request)) if action.letter else request.actor
        called: dict[str, Any] = {"actor": actor, "panel_id": request.panel.id, "target": target}
        sure = form.raw("sure")
        if sent and not asks:
            seen = perform(action, given=given, **called)
        elif sent and sure:
            # Bound to what was shown: what would move now is that, or it is shown again.
            seen = perform(action, given=given, only_if=lambda done: done.nothing or shown_as(done) == sure, **called)
        else:
            seen, previewed = preview(action, given=given, **called), True
        if isinstance(seen, Performed) and not previewed:
            return _after(request, seen)
        if isinstance(seen, Refusal) and seen.code == "moves_differ":
            changed, seen = seen, preview(action, given=given, **called)
        if isinstance(seen, Refusal):
            refuse(form, action, seen)
    context = {
        "action": action,
        "target": target,
        "fields": [
            field_of(field, form, state, request.panel.id, noun=action.noun.name)
            for field in action.fields
            if field.kind is not ActionFieldKind.OBJECT and field.name not in _names_of_files(action)
        ],
        "form": form,
        "asks": asks,
        "seen": seen if isinstance(seen, Performed) else None,
        "moves": words.moves(seen.before, seen.after, action.noun.name) if isinstance(seen, Performed) else None,
        "sure": shown_as(seen) if isinstance(seen, Performed) else "",
        "changed": changed,
        "back": back_of(request, action, target),
        # An e-mail address is not for everybody who may do something to its owner.
        "named": "" if action.noun.single or not reads(request.actor, action) else _named(state or {}),
        "title": _(action.label),
    }
    status = 409 if changed is not None else form.status if request.method == "POST" else 200
    return render(request, "backoffice/act.html", context, status=status)


def _names_of_files(action: Action) -> set[str]:
    """Fields that nobody fills in: a file brings its name along."""
    return {field.file_name for field in action.fields if field.file_name}


def _named(state: State) -> str:
    return next((str(state[name]) for name in ("name", "email", "host") if state.get(name)), "")


def allowed(request: PanelRequest, *names: str) -> list[Action]:
    """The actions of these names that the visitor may do."""
    known = registry.actions()
    return may_do(request, [known[name] for name in names if name in known])


def may_do(request: PanelRequest, actions: Iterable[Action]) -> list[Action]:
    """Those of them that the visitor may do."""
    actor = request.actor
    return [action for action in actions if actor is not None and not_allowed(action, actor) is None]


def offered(request: PanelRequest, noun: str, about: Any, *, part: str = "") -> list[Action]:
    """What makes sense to be done to an object as it stands, as far as the visitor may."""
    return may_do(request, registry.offered(noun, about, part=part))


def making(request: PanelRequest, *nouns: str) -> list[Action]:
    """What makes objects of these nouns, as far as the visitor may."""
    return may_do(request, registry.making(*nouns))


def confirmed_first(action: Action) -> bool:
    """Whether what it changes is shown before it is done."""
    return action.prepare is None and (action.moves_money or (action.gone and action.on_target))


def shown_as(performed: Performed) -> str:
    """A digest of what is shown before an action is done: which fields change, from what to what.

    Of a balance it is the sum that moves: orders change it all the time, and it is not what is decided on.
    """
    before, after = trail.difference(performed.before, performed.after)
    facts: dict[str, object] = {}
    for name in sorted({*before, *after} - words.INTERNAL):
        old, new = before.get(name), after.get(name)
        if name == "balance" and old is not None and new is not None:
            facts[name] = money.parse(str(new)) - money.parse(str(old))
        else:
            facts[name] = [old, new]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def refuse(form: Form, action: Action, refusal: Refusal) -> None:
    """Beside the field that it names, if the form has one of this name; else above it."""
    named = {field.name for field in action.fields}
    form.refuse(refusal, beside=refusal.field if refusal.field in named else "")


def given_by(request: HttpRequest, action: Action, form: Form, state: State | None) -> dict[str, object]:
    """The fields as `perform` takes them. Left out is what was left empty, and what may be and stands so already:
    where the state shows only a part of it, as of an address with a key, the rest is not lost.
    """
    given: dict[str, object] = {}
    for field in action.fields:
        if field.kind is ActionFieldKind.FILE:
            file = request.FILES.get(field.name)
            if file is not None:
                given[field.name] = file.read(action.body_max or FILE_MAX)
                if field.file_name:
                    given[field.file_name] = str(file.name)[: limits.FILE_NAME_CHARS_MAX]
        elif field.kind is ActionFieldKind.CHOICES:
            if field.name in request.POST or f"{field.name}-shown" in request.POST:
                given[field.name] = [text for text in request.POST.getlist(field.name) if text]
        else:
            text = form.raw(field.name) if field.is_secret else form.raw(field.name).strip()
            as_it_is = not field.required and field.name not in _OF_THE_FORM and text == _held(state, field)
            if text and not as_it_is:
                given[field.name] = values.from_text(field, text)
                if field.kind is ActionFieldKind.WORDS:
                    given[field.name] = [line.strip() for line in text.splitlines() if line.strip()]
            elif field.clears and field.name in request.POST and not text and _held(state, field):
                given[field.name] = ""
    return given


def _held(state: State | None, field: Field) -> str:
    value = (state or {}).get(field.held_as or field.name)
    return "" if value is None else str(_written(value))


def form_of(request: StaffRequest, action: Action, state: State | None) -> Form:
    """What was sent; first what stands in the object, or comes with the address."""
    names = {field.name for field in action.fields}
    secret = [field.name for field in action.fields if field.is_secret]
    if request.method == "POST":
        return Form(request.POST.dict(), secret=secret)
    known: dict[str, Any] = {}
    for field in action.fields:
        value = (state or {}).get(field.held_as or field.name)
        if value is not None and not field.is_secret and field.kind is not ActionFieldKind.FILE:
            known[field.name] = _written(value)
    if action.name in {"customer.credit", "customer.debit"}:
        # A form that is sent twice books once.
        known["reference"] = f"office-{secrets.token_hex(6)}"
    known |= {name: text[:2_000] for name, text in request.GET.items() if name in names and name not in secret}
    return Form(known, secret=secret)


def _written(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else value


def field_of(field: Field, form: Form, state: Mapping[str, Any] | None, panel_id: int, *, noun: str) -> ActionField:
    """`noun`: of the action, whose word a choice has."""
    choices: list[tuple[str, str]] = []
    kind = "text"
    match field.kind:
        case _ if field.offers is not None:
            kind, choices = "choice", [("", ""), *field.offers(panel_id)]
        case ActionFieldKind.LONG_TEXT | ActionFieldKind.WORDS:
            kind = "textarea"
        case ActionFieldKind.YES_NO:
            kind, choices = "choice", [(value, _(text) if text else "") for value, text in _YES_OR_NO]
        case ActionFieldKind.CHOICE:
            kind = "choice"
            # Nothing is chosen unseen: the first of the roles is the owner's.
            first = [] if "" in field.choices else [("", "")]
            choices = [*first, *((value, words.choice(value, noun)) for value in field.choices)]
        case ActionFieldKind.CHOICES:
            kind, choices = "ticks", [(value, words.choice(value, noun)) for value in field.choices]
        case ActionFieldKind.FILE:
            kind = "file"
        case ActionFieldKind.SECRET:
            kind = "password"
        case ActionFieldKind.EMAIL:
            kind = "email"
        case _:
            kind = "hidden" if field.name in _OF_THE_FORM else "text"
    chosen = form.values.get(field.name, "")
    return ActionField(
        field,
        _(field.label),
        _(field.help) if field.help else "",
        kind,
        choices,
        not field.required,
        frozenset(str(chosen).split(",")),
        names=field.offers is not None or field.choices in _NAMES,
    )


def back_of(request: StaffRequest, action: Action, target: int | None) -> str:
    """Where somebody goes on: where the form was opened, else to the object, else to its list."""
    wanted = request.POST.get("back") or request.GET.get("back") or ""
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/admin/")
    if safe and len(wanted) <= 2_000:
        return wanted
    if target is not None and action.noun.name in ONE and not action.gone:
        return reverse(f"backoffice:{ONE[action.noun.name]}", args=[target])
    listed = ALL.get(action.noun.name, "home")
    if listed == "settings" and not request.actor.may(Right.SETTINGS):
        listed = "home"
    return reverse(f"backoffice:{listed}")


def _after(request: StaffRequest, performed: Performed) -> HttpResponse:
    action = performed.action
    if action.name == "customer.sign_in":
        assert performed.target is not None
        then = reverse("storefront:new_order")
        return standing_in.begin(request, own=request.session, customer_id=performed.target, then=then)
    back = back_of(request, action, performed.called if action.noun.name in ONE else None)
    secret = [performed.shown[name] for name in ("key", "secret") if name in performed.shown]
    if secret or (performed.shown and action.prepare is not None):
        # What a provider's list brought, or what is told only now.
        told = [
            (words.field(name), words.value(value, action.noun.name)[:SHOWN_MAX])
            for name, value in performed.shown.items()
        ]
        # Many that are told only now: a line each, to be copied.
        codes = "\n".join(performed.shown.get("codes", ()))
        context = {"title": _(action.label), "secrets": secret, "told": told, "codes": codes, "back": back}
        response = render(request, "backoffice/shown.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response
    if performed.nothing:
        messages.info(request, _("This was already done. Nothing was changed."))
    else:
        done = _("Done: %(action)s.") % {"action": _(action.label)}
        entry = undoing.entry_of(request.panel.id, performed.entry_id) if action.undo is not None else None
        offered = undoing.can_undo(entry, request.actor)
        messages.success(request, done, extra_tags=f"{UNDO_TAG}{performed.entry_id}" if offered else "")
    return redirect(back)
