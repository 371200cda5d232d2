"""The order in which services and categories are listed, and what categories are. Each raises the catalogue version."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from panelwright.catalog.models import Category, Service
from panelwright.core import sql
from panelwright.core.refusal import Refused
from panelwright.core.text import without_invisible
from panelwright.panels.actions import catalog_changed

NAME_MAX = 200
# Pictures that a category may have; ui/icons.py draws them.
ICONS = (
    *("people", "heart", "eye", "chat", "play", "music", "camera", "globe"),
    *("share", "star", "bolt", "news", "send", "poll", "wallet", "person"),
)

_PLACE = sql.Update(
    "catalog_service", {"position": "int", "category_id": "bigint"}, {"panel_id": "bigint", "id": "bigint"}
)
_PLACE_CATEGORY = sql.Update("catalog_category", {"position": "int"}, {"panel_id": "bigint", "id": "bigint"})


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    TOP = "top"
    BOTTOM = "bottom"


def moved(ids: Sequence[int], id_: int, *, direction: Direction | None = None, before: int | None = None) -> list[int]:
    """The ids with one of them elsewhere: a place up or down, to an end, or before another; else at the end."""
    at = ids.index(id_)
    others = [other for other in ids if other != id_]
    match direction:
        case Direction.UP:
            to = max(at - 1, 0)
        case Direction.DOWN:
            to = min(at + 1, len(others))
        case Direction.TOP:
            to = 0
        case _:
            to = others.index(before) if before is not None and direction is None else len(others)
    return [*others[:to], id_, *others[to:]]


def move_service(
    *,
    panel_id: int,
    number: int,
    direction: Direction | None = None,
    category_id: int | None = None,
    before: int | None = None,
) -> None:
    """Give a service another place in its category, or in another one: there at the end, or before the service
    `before`, a number. Refused: no_service, no_category.
    """
    with transaction.atomic():
        # The category rows are the lock of the order inside them.
        categories = {row.id: row for row in _locked_categories(panel_id)}
        service = Service.objects.filter(panel_id=panel_id, number=number).first()
        if service is None:
            raise Refused("no_service", id=number)
        to = service.category_id if category_id is None else category_id
        if to not in categories:
            raise Refused("no_category", "category", id=to)
        rows = Service.objects.select_for_update().filter(panel_id=panel_id, category_id=to)
        listed = list(rows.order_by("position", "number").values_list("id", "number", "position"))
        ids = [row[0] for row in listed]
        if service.id not in ids:
            ids.append(service.id)
        by_number = {row[1]: row[0] for row in listed}
        if before is not None and before not in by_number:
            raise Refused("no_service", "before", id=before)
        other = None if before is None or before == number else by_number[before]
        stays = direction is None and before in {None, number} and to == service.category_id
        after = ids if stays else moved(ids, service.id, direction=direction, before=other)
        was = {row[0]: row[2] for row in listed}
        changed = [
            (position, to, panel_id, id_)
            for position, id_ in enumerate(after)
            if was.get(id_) != position or id_ == service.id
        ]
        _PLACE.run(connection, changed)
        catalog_changed(panel_id)


def _locked_categories(panel_id: int) -> list[Category]:
    rows = Category.objects.select_for_update().filter(panel_id=panel_id)
    return sorted(rows.order_by("id"), key=lambda row: (row.position, row.id))


def add_category(*, panel_id: int, name: str, icon: str = "") -> Category:
    """A new category, the last one. Refused: missing_field, name_taken."""
    last = Category.objects.filter(panel_id=panel_id).aggregate(last=Max("position"))["last"] or 0
    try:
        with transaction.atomic():
            made = Category.objects.create(panel_id=panel_id, name=_named(name), icon=icon, position=last + 1)
    except IntegrityError:
        raise Refused("name_taken", "name", name=name[:100]) from None
    catalog_changed(panel_id)
    return made


def set_category(*, panel_id: int, category_id: int, name: str | None = None, icon: str | None = None) -> None:
    """Change what is given. Refused: no_category, missing_field, name_taken."""
    new: dict[str, Any] = {} if icon is None else {"icon": icon}
    if name is not None:
        new["name"] = _named(name)
    rows = Category.objects.filter(panel_id=panel_id, id=category_id)
    try:
        with transaction.atomic():
            found = rows.update(**new) if new else rows.count()
    except IntegrityError:
        raise Refused("name_taken", "name", name=(name or "")[:100]) from None
    if not found:
        raise Refused("no_category", id=category_id)
    catalog_changed(panel_id)


def move_category(*, panel_id: int, category_id: int, direction: Direction | None, before: int | None = None) -> None:
    """Give a category another place. `before`: the id of the one that it then stands before. Refused: no_category."""
    with transaction.atomic():
        rows = _locked_categories(panel_id)
        ids = [row.id for row in rows]
        if category_id not in ids:
            raise Refused("no_category", id=category_id)
        if before is not None and before not in ids:
            raise Refused("no_category", "before", id=before)
        if before == category_id or (before is None and direction is None):
            return
        was = {row.id: row.position for row in rows}
        after = moved(ids, category_id, direction=direction, before=before)
        places = [(place, panel_id, id_) for place, id_ in enumerate(after, start=1) if was[id_] != place]
        _PLACE_CATEGORY.run(connection, places)
        catalog_changed(panel_id)


def remove_category(*, panel_id: int, category_id: int) -> None:
    """Only an empty one. Refused: no_category, category_not_empty."""
    with transaction.atomic():
        row = Category.objects.select_for_update().filter(panel_id=panel_id, id=category_id).first()
        if row is None:
            raise Refused("no_category", id=category_id)
        if Service.objects.filter(panel_id=panel_id, category=row).exists():
            raise Refused("category_not_empty")
        row.delete()
        catalog_changed(panel_id)


def _named(name: str) -> str:
    text = " ".join(name.split())
    if not without_invisible(text):
        raise Refused("missing_field", "name")
    if len(text) > NAME_MAX:
        raise Refused("text_too_long", "name", limit=NAME_MAX)
    return text
