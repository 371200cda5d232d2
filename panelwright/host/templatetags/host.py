"""Tags of the operators' templates."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.panels.models import BlockKind
from panelwright.staff import registry
from panelwright.staff.models import TrailEntry
from panelwright.staff.panel_lists import BLOCK_KINDS
from panelwright.ui import pages

register = template.Library()
# Of an entry; a panel's own trail has them all.
LINES_MAX = 5
# What is in the trail without an action of its own.
_UNDECLARED = {
    "operator.log_in": gettext_noop("Logged in"),
    "operator.log_out": gettext_noop("Logged out"),
    "operator.wrong_password": gettext_noop("Failed log-in: wrong password"),
    "operator.wrong_code": gettext_noop("Failed log-in: right password, wrong code"),
    "host.enter": gettext_noop("Signed in as the owner"),
    "host.left": gettext_noop("Stopped being signed in as the owner"),
}


@register.inclusion_tag("host/entries.html", takes_context=True)
def host_entries(context: Any) -> dict[str, Any]:
    """The links of the operators' menu."""
    return {"entries": pages.menu_of("host", context["request"])}


@register.simple_tag
def change_label(entry: TrailEntry) -> str:
    """What an entry of the trail says was done."""
    action = registry.actions().get(entry.action)
    label = action.label if action is not None else _UNDECLARED.get(entry.action)
    return _(label) if label else str(entry.action)


@register.simple_tag
def block_kind(kind: str) -> str:
    return _(BLOCK_KINDS[BlockKind(kind)])


@register.filter
def change_lines(entry: TrailEntry) -> list[str]:
    """The fields that differ, as they were and are, by their names in the trail; where none do, what was given."""
    names = [name for name in {**entry.before, **entry.after} if _told(entry, name)][:LINES_MAX]
    if not names:
        return [f"{name}: {_text(value)}" for name, value in list(entry.given.items())[:LINES_MAX]]
    return [f"{name}: {_text(entry.before.get(name))} → {_text(entry.after.get(name))}" for name in names]


def _told(entry: TrailEntry, name: str) -> bool:
    """Of what is new or gone, what it has none of says nothing."""
    return any(side.get(name) not in (None, "") for side in (entry.before, entry.after))


def _text(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
