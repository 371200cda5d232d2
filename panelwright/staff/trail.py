"""What the audit trail keeps of a change, and how it is read. Reads go inside the panel's scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from panelwright.core.web_addresses import without_secrets
from panelwright.staff.action import Action, ActionFieldKind, State
from panelwright.staff.models import TrailEntry
from panelwright.staff.shapes import ANYTHING, MOMENT, NUMBER, TEXT, Shape, fields, maybe

# Of a long text the beginning is kept, and how long it was.
TEXT_KEPT = 1_000
PAGE_MAX = 200
SECRET = "(secret)"


def difference(before: State, after: State) -> tuple[State, State]:
    """The fields that differ, as they were and as they are; of what is new or gone all of them.

    Of a field that maps names to values, as the rates of a price list, it is the values that differ.
    """
    if not before or not after:
        return _kept(before), _kept(after)
    old, new = _differing(before, after)
    for name in [name for name in old if isinstance(old[name], Mapping) and isinstance(new.get(name), Mapping)]:
        old[name], new[name] = _differing(old[name], new[name])
    return _kept(old), _kept(new)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[State, State]:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed if name in after},
    )


def kept_of(action: Action, given: Mapping[str, object]) -> dict[str, Any]:
    """What the actor filled in, without secrets and without the bytes of files."""
    kept: dict[str, Any] = {}
    for field in action.fields:
        if field.name in given:
            value = given[field.name]
            if field.is_secret:
                value = SECRET
            elif field.kind is ActionFieldKind.FILE:
                value = f"({len(value) if isinstance(value, (bytes, str)) else 0} bytes)"
            elif field.kind is ActionFieldKind.URL:
                value = without_secrets(str(value))
            kept[field.name] = _short(value)
    return kept


def _kept(state: State) -> State:
    return {name: _short(value) for name, value in state.items()}


def kept(value: object) -> object:
    """A value of a state as the trail keeps it."""
    return _short(value)


def _short(value: object) -> object:
    if isinstance(value, str) and len(value) > TEXT_KEPT:
        return f"{value[:TEXT_KEPT]}… ({len(value)} characters)"
    if isinstance(value, Mapping) and len(value) > TEXT_KEPT // 10:
        return {**dict(list(value.items())[: TEXT_KEPT // 10]), "…": f"({len(value)} items)"}
    if isinstance(value, (list, tuple)) and len(value) > TEXT_KEPT // 10:
        return [*value[: TEXT_KEPT // 10], f"… ({len(value)} items)"]
    return value


class TrailFilters(NamedTuple):
    """Which part of the trail; what is None or empty narrows nothing. `since` and `until` are moments, until excluded.

    `object_id` goes with `object_kind`, which may be several between commas: an order and its cancel have one number.
    """

    actor_id: int | None = None
    actor_kind: str = ""
    action: str = ""
    object_kind: str = ""
    object_id: int | None = None
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None


ALL = TrailFilters()


class TrailPage(NamedTuple):
    """Entries, the newest first; `next` is the `before` of the page that follows, None on the last one."""

    items: list[TrailEntry]
    next: int | None


def entries(panel_id: int, filters: TrailFilters = ALL, *, before: int | None = None, limit: int = 50) -> TrailPage:
    """One page of what staff did on the panel."""
    limit = max(1, min(limit, PAGE_MAX))
    rows: QuerySet[TrailEntry] = TrailEntry.objects.filter(panel_id=panel_id)
    exact = {
        "actor_id": filters.actor_id,
        "actor_kind": filters.actor_kind or None,
        "action": filters.action or None,
        "object_kind__in": filters.object_kind.split(",") if filters.object_kind else None,
        "object_id": filters.object_id,
        "address": filters.address or None,
        "at__gte": filters.since,
        "at__lt": filters.until,
        "id__lt": before,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    found = list(rows.order_by("-id")[: limit + 1])
    return TrailPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def facts_of(entry: TrailEntry) -> dict[str, Any]:
    """An entry as plain JSON values."""
    return {
        "id": entry.id,
        "at": entry.at.isoformat(timespec="seconds"),
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "name": entry.actor_name},
        "address": entry.address,
        "action": entry.action,
        "object": {"kind": entry.object_kind, "id": entry.object_id},
        "given": entry.given,
        "before": entry.before,
        "after": entry.after,
    }


SHAPE: Shape = fields(
    {
        "id": NUMBER,
        "at": MOMENT,
        "actor": fields({"kind": TEXT, "id": maybe(NUMBER), "name": TEXT}),
        "address": TEXT,
        "action": TEXT,
        "object": fields({"kind": TEXT, "id": maybe(NUMBER)}),
        "given": ANYTHING,
        "before": ANYTHING,
        "after": ANYTHING,
    }
)
