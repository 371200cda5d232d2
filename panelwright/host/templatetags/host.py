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
# What is in the trail without an action of its own.
_UNDECLARED = {
    "operator.log_in": gettext_noop("Logged in"),
    "operator.log_out": gettext_noop("Logged out"),
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
    names = list({**entry.before, **entry.after})[:8]
    if not names:
        return [f"{name}: {_text(value)}" for name, value in list(entry.given.items())[:8]]
    return [f"{name}: {_text(entry.before.get(name))} → {_text(entry.after.get(name))}" for name in names]


def _text(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
