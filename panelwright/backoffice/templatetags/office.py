"""Tags of the back office's templates."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from panelwright.backoffice import queries, words
from panelwright.backoffice.acting import ONE, UNDO_TAG, allowed, may_do, offered
from panelwright.backoffice.bulk import STATE_LABELS
from panelwright.backoffice.panel import held_words
from panelwright.backoffice.queries import OFFICE_COUNTS
from panelwright.content.models import Announcement
from panelwright.content.queries import banner_state
from panelwright.core.lists import Column, Filter, count_text
from panelwright.customers.models import User
from panelwright.customers.staff_actions import is_invited
from panelwright.ledger import codes
from panelwright.ledger.statement import StatementEntry
from panelwright.panels.models import Domain
from panelwright.providers.route_queries import LoggedChange
from panelwright.providers.staff_orders import PROBLEM_LABELS
from panelwright.providers.sync.hold_actions import Held
from panelwright.staff import bulk as bulk_of
from panelwright.staff import registry
from panelwright.staff.action import Action
from panelwright.staff.lists import all_lists
from panelwright.staff.models import BulkMiss, BulkState, BulkWork, TrailEntry
from panelwright.staff.rights import Right
from panelwright.ui import pages
from panelwright.ui.forms import Form
from panelwright.ui.refusals import text as refusal_text

register = template.Library()


@register.inclusion_tag("backoffice/entries.html", takes_context=True)
def office_entries(context: Any, name: str = "office") -> dict[str, Any]:
    """The menu with what waits behind its entries, as far as the visitor's rights reach."""
    request = context["request"]
    if not hasattr(request, OFFICE_COUNTS):
        setattr(request, OFFICE_COUNTS, queries.menu_counts(request.panel.id))
    counts = getattr(request, OFFICE_COUNTS)
    return {"entries": [(entry, _capped(counts.get(entry.count, 0))) for entry in pages.menu(request, name)]}


def _capped(count: int) -> str:
    return count_text(count) if count else ""


@register.filter
def invited(user: User) -> bool:
    """Whether a member of staff has not chosen a password yet."""
    return is_invited(user)


@register.filter
def capped(count: int) -> str:
    """A number that was counted up to one more than lists count."""
    return count_text(count)


@register.simple_tag
def action_url(action: Action, target: int | None = None) -> str:
    """Where the form of an action stands."""
    return reverse(f"backoffice:{action.name.replace('.', '_')}", args=[] if target is None else [target])


@register.simple_tag
def banner_of(row: Announcement) -> str:
    """Whether its banner waits, is shown or is over; empty where there is none."""
    return banner_state(row)


@register.filter
def percent(hundredths: int) -> str:
    """A part of a hundred with one decimal, rounded down: 3491 is 34.9%, -450 is −4.5%."""
    tenths = hundredths // 10
    return f"{'−' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}%"


@register.simple_tag
def filter_choices(one: Filter, asked: dict[str, str]) -> list[tuple[str, str, bool, bool]]:
    """Value, words, whether they are a name, and whether it is chosen, of each choice of a list's filter."""
    return [
        (value, text if one.names and value else _(text), bool(one.names and value), value == asked[one.name])
        for value, text in one.choices
    ]


@register.simple_tag
def filter_value(one: Filter, asked: dict[str, str]) -> str:
    """What a filter that is typed is set to."""
    return asked[one.name]


@register.filter
def refusal_reason(reason: str) -> str:
    """Why a provider refused, in a few words."""
    return words.refusal_reason(reason)


@register.filter
def span(seconds: int) -> str:
    """A time span: 3 h 20 min."""
    return words.duration(seconds)


class ChangeLine(NamedTuple):
    """What a change of the catalogue says."""

    title: str
    before: str
    after: str
    by: str


@register.filter
def change_line(row: LoggedChange) -> ChangeLine:
    facts = row.facts
    sides = [words.value(facts[name]) if name in facts else "" for name in ("old", "new")]
    by = str(facts.get("provider") or facts.get("price_list") or facts.get("by") or "")
    return ChangeLine(words.change(row.name), sides[0], sides[1], by)


@register.filter
def held_value(value: Any) -> str:
    return words.value(value)


@register.filter
def may(request: Any, right: str) -> bool:
    """Whether the visitor has a right, as `request|may:"orders.act"`."""
    return request.actor is not None and right in {one.value for one in request.actor.rights}


@register.filter
def problem_words(code: str) -> str:
    """What is wrong with an order, in a few words."""
    return _(PROBLEM_LABELS.get(code, PROBLEM_LABELS["noted"]))


@register.simple_tag
def form_value(form: Form, name: str) -> Any:
    """What was filled in, for a hidden field."""
    return form.shown(name)


class Offered(NamedTuple):
    """The actions of a row's menu, and what they are done to."""

    target: int
    actions: list[Action]
    # What staff changed of it before; empty where the visitor may not read the trail.
    trail: str = ""


@register.simple_tag(takes_context=True)
def row_actions(context: Any, column: Column, row: Any) -> Offered:
    """What may be done with a row, of what its list offers."""
    target, noun, actions = column.of(row)
    request = context["request"]
    trail = ""
    if request.actor is not None and request.actor.may(Right.STAFF):
        trail = f"{reverse('backoffice:trail')}?noun={noun}&object={target}"
    return Offered(target, may_do(request, actions), trail)


@register.simple_tag(takes_context=True)
def allowed_here(context: Any, *names: str) -> list[Action]:
    """The actions of these names that the visitor may do."""
    return allowed(context["request"], *names)


@register.simple_tag(takes_context=True)
def offered_here(context: Any, noun: str, about: Any) -> list[Action]:
    """What makes sense to be done to an object as it stands, as far as the visitor may."""
    return offered(context["request"], noun, about)


@register.filter
def entry_words(entry: StatementEntry) -> str:
    """Why money moved."""
    return _(codes.words(entry.code, came_in=entry.micros > 0))


_OF_PAYMENT = re.compile(r"P-([0-9]{1,18})(?:[ .].*)?", re.ASCII)


@register.filter
def payment_number(entry: StatementEntry) -> int | None:
    """The payment that an entry is about, by what its reference is called (payments/settling_actions.py)."""
    found = _OF_PAYMENT.fullmatch(entry.reference)
    return int(found[1]) if found else None


@register.filter
def ended(text: str) -> str:
    """A text that others follow: it ends like a sentence."""
    return text if not text or text[-1] in ".!?…" else f"{text}."


@register.simple_tag
def arrival_of(row: Domain) -> words.ArrivalWords:
    """Whether what is sent to a domain arrives, and what to do where it does not."""
    return words.arrival(row)


@register.filter
def host_of(url: str) -> str:
    """An address without what may hold a secret."""
    return urlsplit(url).hostname or ""


@register.filter
def held_changes(row: Held) -> str:
    """What would change in a service that is on hold."""
    return held_words(row)


@register.simple_tag
def undo_of(message: Any) -> int:
    """The change that a message tells of and offers to undo; 0: none."""
    tag = str(message.extra_tags or "")
    number = tag.removeprefix(UNDO_TAG)
    return int(number) if tag.startswith(UNDO_TAG) and number.isdigit() else 0


class BulkLine(NamedTuple):
    """Bulk work in words."""

    action: str
    list: str
    state: str


@register.simple_tag
def bulk_line(row: BulkWork) -> BulkLine:
    action, of = bulk_of.action_of(row), all_lists().get(row.list_name)
    label = _(action.label) if action is not None else row.action
    return BulkLine(
        label, _(of.listing.label) if of is not None else row.list_name, _(STATE_LABELS[BulkState(row.state)])
    )


@register.simple_tag
def bulk_target(row: BulkMiss) -> str:
    """The page of an object that was left out, if it has one."""
    page = ONE.get(row.work.action.partition(".")[0])
    return reverse(f"backoffice:{page}", args=[row.target]) if page else ""


@register.simple_tag
def bulk_why(row: BulkMiss) -> str:
    return refusal_text(bulk_of.refusal_of(row))


class TrailLine(NamedTuple):
    """An entry of the trail: what was done, to what, and what changed. `url`: the object's page, if it has one."""

    title: str
    target: str
    url: str
    changes: list[words.TrailChange]


@register.simple_tag
def trail_line(entry: TrailEntry) -> TrailLine:
    action = registry.actions().get(entry.action)
    noun = registry.nouns().get(entry.object_kind)
    target = f"{_(noun.label) if noun else entry.object_kind} {entry.object_id or ''}".strip()
    page = ONE.get(entry.object_kind)
    url = reverse(f"backoffice:{page}", args=[entry.object_id]) if page and entry.object_id else ""
    title = _(action.label) if action else words.undeclared(entry.action)
    return TrailLine(title, target, url, words.moves(entry.before, entry.after, entry.object_kind).changes[:6])
