"""Tags of the back office's templates."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from panelwright.backoffice import queries, words
from panelwright.backoffice.acting import ONE, allowed
from panelwright.backoffice.panel import held_words
from panelwright.backoffice.queries import OFFICE_COUNTS
from panelwright.core.lists import Column, count_text
from panelwright.ledger import codes
from panelwright.ledger.statement import StatementEntry
from panelwright.providers.staff_orders import PROBLEM_LABELS
from panelwright.providers.sync.hold_actions import Held
from panelwright.staff import registry
from panelwright.staff.action import Action
from panelwright.staff.models import TrailEntry
from panelwright.ui import pages
from panelwright.ui.forms import Form

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


@register.simple_tag
def action_url(action: Action, target: int | None = None) -> str:
    """Where the form of an action stands."""
    return reverse(f"backoffice:{action.name.replace('.', '_')}", args=[] if target is None else [target])


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


@register.simple_tag(takes_context=True)
def row_actions(context: Any, column: Column, row: Any) -> Offered:
    """What may be done with a row, of what its list offers."""
    target, names = column.of(row)
    return Offered(target, allowed(context["request"], *names))


@register.simple_tag(takes_context=True)
def allowed_here(context: Any, *names: str) -> list[Action]:
    """The actions of these names that the visitor may do."""
    return allowed(context["request"], *names)


@register.filter
def entry_words(entry: StatementEntry) -> str:
    """Why money moved."""
    return _(codes.words(entry.code, came_in=entry.micros > 0))


@register.filter
def host_of(url: str) -> str:
    """An address without what may hold a secret."""
    return urlsplit(url).hostname or ""


@register.filter
def held_changes(row: Held) -> str:
    """What would change in a service that is on hold."""
    return held_words(row)


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
    title = _(action.label) if action else entry.action
    return TrailLine(title, target, url, words.moves(entry.before, entry.after).changes[:6])
