"""One box for everything: pages, what can be done, and things by their numbers or words. It works without a script.

Each kind of thing is looked for with the right that its list needs, by an index or in a window of the newest rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from panelwright.backoffice import queries
from panelwright.core.lists import whole
from panelwright.panels.models import Panel
from panelwright.staff import registry
from panelwright.staff.rights import Right
from panelwright.ui import pages
from panelwright.ui.request import StaffRequest
from panelwright.ui.status_labels import STATUS

TEXT_MAX = 200
# Of each kind.
SHOWN_MAX = 5


class Hit(NamedTuple):
    """Something that was found. `name` is in no language, `what` says what it is, `state` how it stands."""

    url: str
    icon: str
    name: str
    what: str = ""
    state: str = ""


class Hits(NamedTuple):
    """What was found of one kind, and where all of it stands, if its list can tell."""

    label: str
    hits: list[Hit]
    more: str = ""


@require_safe
def search(request: StaffRequest) -> HttpResponse:
    """Things first where a number was asked for, else pages and actions first."""
    text = " ".join(request.GET.get("q", "")[:TEXT_MAX].split())
    found = list(found_for(request, text)) if text else [Hits(_("Pages"), list(_pages(request, "")))]
    context = {"asked": text, "found": found, "title": _("Search")}
    return render(request, "backoffice/search.html", context)


def found_for(request: StaffRequest, text: str) -> Iterator[Hits]:
    things = [hits for hits in _things(request, text) if hits.hits]
    places = [Hits(_("Pages"), list(_pages(request, text))), Hits(_("Actions"), list(_actions(request, text)))]
    places = [hits for hits in places if hits.hits]
    yield from [*things, *places] if whole(text) is not None else [*places, *things]


def _folded(text: str) -> str:
    return text.casefold()


def _matches(text: str, label: str) -> bool:
    return all(word in _folded(label) for word in _folded(text).split())


def _pages(request: StaffRequest, text: str) -> Iterator[Hit]:
    """Of the menus of the back office, those that the visitor may see."""
    for menu in ("office", "office_orders", "office_services"):
        for entry in pages.menu(request, menu):
            if _matches(text, entry.label):
                yield Hit(entry.url, entry.icon or "grid", entry.label)


def _actions(request: StaffRequest, text: str) -> Iterator[Hit]:
    """What is done to no object that is there already."""
    shown = 0
    for action in registry.actions().values():
        if action.on_target or action.for_operators or not request.actor.may(action.right):
            continue
        label = _(action.label)
        if _matches(text, label) and shown < SHOWN_MAX:
            shown += 1
            yield Hit(reverse(f"backoffice:{action.name.replace('.', '_')}"), "plus", label)


Look = Callable[[Panel, str], list[queries.Thing]]


class _Kind(NamedTuple):
    label: str
    icon: str
    right: Right
    page: str
    look: Look
    # The page of the list, whose search goes on where this one ends.
    all_of: str


_KINDS = (
    _Kind(gettext_noop("Orders"), "list", Right.ORDERS_READ, "order", queries.orders_named, "orders"),
    _Kind(gettext_noop("Tickets"), "chat", Right.SUPPORT, "ticket", queries.tickets_named, "tickets"),
    _Kind(gettext_noop("Customers"), "people", Right.CUSTOMERS_READ, "customer", queries.customers_named, "customers"),
    _Kind(gettext_noop("Services"), "grid", Right.SERVICES, "", queries.services_named, "services"),
)


def _things(request: StaffRequest, text: str) -> Iterator[Hits]:
    for kind in _KINDS:
        if not request.actor.may(kind.right):
            continue
        listed = reverse(f"backoffice:{kind.all_of}")
        hits = []
        for thing in kind.look(request.panel, text)[:SHOWN_MAX]:
            where = (
                reverse(f"backoffice:{kind.page}", args=[thing.number]) if kind.page else f"{listed}?q={thing.number}"
            )
            state = _(STATUS[thing.state]) if thing.state in STATUS else thing.state
            hits.append(Hit(where, kind.icon, str(thing.number), thing.name, state))
        yield Hits(_(kind.label), hits, f"{listed}?{queries.query_of(text)}")
