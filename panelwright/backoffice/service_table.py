"""The services edited in a table: what was typed into its cells, what of it changes, and saving that row by row.

A row carries what its form showed (`seen`): a cell is changed where it differs from that, and a row that somebody else
has changed meanwhile is not saved but shown with both values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from panelwright.catalog import pricing_rules
from panelwright.catalog.declarations import stated
from panelwright.catalog.models import Service
from panelwright.catalog.pricing_rules import PriceChange
from panelwright.catalog.types import BY_NAME
from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.providers.service_costs import PricedService
from panelwright.staff import registry, values
from panelwright.staff.actions import Performed, perform
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.ui import refusals

CELLS = ("name", "rate", "min", "max", "step")
# Rows of a page; a form has seven fields a row.
ROWS_MAX = 50
# Characters of a cell.
TYPED_MAX = 300


@dataclass(slots=True)
class EditCell:
    """A cell as it is shown. `was`: what stands in the service now; `typed`: in the field; `fixed`: not editable."""

    name: str
    was: str
    typed: str
    fixed: bool = False
    error: str = ""
    below: bool = False

    @property
    def dirty(self) -> bool:
        return not self.fixed and not same(self.name, self.typed, self.was)


@dataclass(slots=True)
class EditRow:
    """A service with its cells. `seen`: what the cells are compared with when the form comes back, as JSON."""

    priced: PricedService
    cells: dict[str, EditCell]
    seen: str
    changed_meanwhile: bool = False
    picked: bool = False

    @property
    def service(self) -> Service:
        return self.priced.service

    @property
    def dirty(self) -> bool:
        return any(cell.dirty for cell in self.cells.values())


@dataclass(slots=True)
class TableForm:
    """What came with the form: by number what was typed and what was seen, and which rows were ticked."""

    typed: dict[int, dict[str, str]] = field(default_factory=dict)
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)
    picked: set[int] = field(default_factory=set)

    def changes(self, number: int) -> dict[str, str]:
        """The cells that were changed, as typed."""
        seen = self.seen.get(number, {})
        typed = self.typed.get(number, {})
        return {name: text for name, text in typed.items() if name in seen and not same(name, text, str(seen[name]))}


def same(name: str, typed: str, was: str) -> bool:
    """Whether a cell holds what was there, however it is written."""
    if typed == was:
        return True
    try:
        if name == "rate":
            return money.parse(typed) == money.parse(was)
        return name != "name" and int(typed) == int(was)
    except ValueError:
        return False


def read(sent: QueryDict) -> TableForm:
    """What a form brings, as far as it makes sense."""
    form = TableForm()
    for text in sent.getlist("row")[:ROWS_MAX]:
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            continue
        number = int(text)
        form.typed[number] = {
            name: str(sent[f"{name}-{number}"]).strip()[:TYPED_MAX] for name in CELLS if f"{name}-{number}" in sent
        }
        form.seen[number] = _seen(sent.get(f"seen-{number}", ""))
    form.picked = {int(text) for text in sent.getlist("pick") if text.isascii() and text.isdigit()} & set(form.typed)
    return form


def _seen(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text[:2_000])
    except ValueError:
        return {}
    known = {"name": str, "rate": str, "min": int, "max": int, "step": int}
    if not isinstance(found, dict) or any(not isinstance(found.get(name), kind) for name, kind in known.items()):
        return {}
    return {name: found[name] for name in known}


def rows_of(priced: Iterable[PricedService], actor: Actor, form: TableForm | None = None) -> list[EditRow]:
    """The rows as they are shown, with what was typed where a form has come."""
    return [_row(one, actor, form or TableForm()) for one in priced]


def _row(priced: PricedService, actor: Actor, form: TableForm) -> EditRow:
    service = priced.service
    now = {name: value for name, value in stated(service).items() if name in CELLS}
    changed = form.changes(service.number)
    cells = {}
    for name in CELLS:
        was = str(now[name])
        fixed = _is_fixed(priced, name, actor)
        cells[name] = EditCell(name, was, was if fixed else changed.get(name, was), fixed)
    cells["rate"].below = is_below(priced, cells["rate"].typed)
    return EditRow(priced, cells, json.dumps(now, ensure_ascii=False), picked=service.number in form.picked)


def _is_fixed(priced: PricedService, name: str, actor: Actor) -> bool:
    """Whether a cell is for reading: it needs another right, or says nothing of this type of service."""
    if name == "rate":
        return not actor.may(Right.PRICES)
    return name in {"min", "max", "step"} and BY_NAME[priced.service.type].flat


def is_below(priced: PricedService, typed: str) -> bool:
    """Whether a rate as typed is below what the service costs."""
    cost = priced.cost.cost_micros
    try:
        return cost is not None and money.parse(typed) < cost
    except ValueError:
        return False


def adjusted(form: TableForm, priced: Iterable[PricedService], change: PriceChange) -> int:
    """Type the rates of the ticked rows anew, by the change; nothing is saved. Answers how many."""
    done = 0
    for one in priced:
        number = one.service.number
        if number not in form.picked or "rate" not in form.typed.get(number, {}):
            continue
        try:
            rate = money.parse(form.typed[number]["rate"])
        except ValueError:
            continue
        new = pricing_rules.new_rate(rate_micros=rate, cost_micros=one.cost.cost_micros, change=change)
        form.typed[number]["rate"] = money.text(new)
        done += 1
    return done


@dataclass(slots=True)
class Saved:
    """What came of saving: numbers of the rows that were saved, of those that somebody else has changed, and errors
    by number and cell."""

    saved: list[int] = field(default_factory=list)
    changed_meanwhile: set[int] = field(default_factory=set)
    errors: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return not self.changed_meanwhile and not self.errors


def store_rows(form: TableForm, actor: Actor, panel_id: int) -> Saved:
    """Save each changed row in transactions of its own, with its trail."""
    done = Saved()
    for number in form.typed:
        changed = form.changes(number)
        if not changed:
            continue
        seen = dict(form.seen[number])
        refused = None
        for name, fields in (("service.set", [n for n in CELLS if n != "rate"]), ("service.set_rate", ["rate"])):
            given = _given(name, {key: changed[key] for key in fields if key in changed})
            if refused is None and given:
                came = perform(
                    registry.actions()[name],
                    actor=actor,
                    panel_id=panel_id,
                    target=number,
                    given={**given, "seen": seen},
                )
                if isinstance(came, Performed):
                    seen |= {key: came.stands[key] for key in CELLS}
                else:
                    refused = came
        _note(done, number, changed, refused)
        if refused is not None:
            # What of the row is saved already is not shown as changed again.
            form.seen[number] = seen
    return done


def _given(name: str, typed: Mapping[str, str]) -> dict[str, object]:
    fields = {one.name: one for one in registry.actions()[name].fields}
    return {key: values.from_text(fields[key], text) for key, text in typed.items()}


def _note(done: Saved, number: int, changed: Mapping[str, str], refused: Refusal | None) -> None:
    if refused is None:
        done.saved.append(number)
    elif refused.code == "changed_meanwhile":
        done.changed_meanwhile.add(number)
    else:
        cell = refused.field if refused.field in changed else next(iter(changed))
        done.errors[number] = {cell: refusals.text(refused)}


def note(rows: Iterable[EditRow], done: Saved) -> None:
    """Write beside the rows what kept them from being saved."""
    for row in rows:
        number = row.service.number
        row.changed_meanwhile = number in done.changed_meanwhile
        for name, text in done.errors.get(number, {}).items():
            row.cells[name].error = text
        if row.changed_meanwhile and not row.dirty:
            row.cells["name"].error = _("Somebody else has changed this service.")
