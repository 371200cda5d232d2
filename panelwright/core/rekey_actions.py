"""Sealing everything anew with the first of the installation's keys, while the panels run.

A sealed column is a text column with `sealed` in its name; there is no list of them that one could forget.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models, transaction
from django_scopes import scopes_disabled

from panelwright.core.secret import installation_box

BATCH = 100


class SealedColumn(NamedTuple):
    model: type[models.Model]
    name: str

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self.name}"


class RekeyDone(NamedTuple):
    """Of one column: rows that were sealed anew, and the ids of those that no key opens."""

    column: SealedColumn
    sealed: int
    lost: list[int]


def sealed_columns() -> list[SealedColumn]:
    """Every column that holds what is encrypted, of every model, by table and name."""
    found = [
        SealedColumn(model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.TextField) and "sealed" in field.name
    ]
    return sorted(found, key=str)


def rekey(column: SealedColumn) -> Generator[RekeyDone, None, None]:
    """Seal a column's rows anew, in short transactions; after each of them, how far it has come.

    What is sealed with the first key already is left alone, so that it goes on where it was stopped. A row that
    somebody changes meanwhile keeps what they wrote.
    """
    after, sealed, lost = 0, 0, list[int]()
    while True:
        with scopes_disabled():
            rows = _rows(column, after)
            if not rows:
                return
            with transaction.atomic():
                changed, unknown = _seal(column, rows)
        after, sealed = rows[-1][0], sealed + changed
        lost += unknown
        yield RekeyDone(column, sealed, lost)


def _rows(column: SealedColumn, after: int) -> list[tuple[int, str]]:
    rows = column.model._base_manager.filter(pk__gt=after).exclude(**{column.name: ""}).order_by("pk")
    rows = rows.exclude(**{f"{column.name}__isnull": True})
    return list(rows.values_list("pk", column.name)[:BATCH])


def _seal(column: SealedColumn, rows: list[tuple[int, str]]) -> tuple[int, list[int]]:
    box = installation_box()
    changed, lost = 0, list[int]()
    for pk, before in rows:
        try:
            anew = box.anew(before)
        except ValueError:
            lost.append(pk)
            continue
        if anew is not None:
            same: dict[str, Any] = {"pk": pk, column.name: before}
            changed += column.model._base_manager.filter(**same).update(**{column.name: anew})
    return changed, lost
