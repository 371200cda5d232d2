"""The reads of the staff API that are made from the declared lists (staff/lists.py): each list, each of its objects.

`GET /<list>?<filters>&limit=50` answers `{"items": […], "next": 4711}`; the page that follows is asked for with
`after=4711`, whatever the list's order. `GET /<nouns>/<id>` answers what an action answers about the object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panelwright.api import staff_reading as reading
from panelwright.api.staff import Read, Reading, StaffCall
from panelwright.core.lists import Column, ColumnKind, Filter, FilterKind
from panelwright.core.refusal import Refused
from panelwright.staff import registry
from panelwright.staff.action import Noun
from panelwright.staff.actions import answer_about
from panelwright.staff.lists import StaffList, all_lists
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, MOMENT, NUMBER, TEXT, YES_NO, Shape, fields, listed, maybe, words

LIMIT_MAX = 200
DAY: Shape = {"type": "string", "format": "date"}
_OF_COLUMN: dict[ColumnKind, Shape] = {
    ColumnKind.TEXT: TEXT,
    ColumnKind.ID: NUMBER,
    ColumnKind.NUMBER: NUMBER,
    ColumnKind.MONEY: AMOUNT,
    ColumnKind.TIME: MOMENT,
    ColumnKind.DAY: DAY,
    ColumnKind.STATUS: TEXT,
    ColumnKind.FLAG: YES_NO,
}
_OF_FILTER = {FilterKind.TEXT: TEXT, FilterKind.NUMBER: NUMBER, FilterKind.DAY: DAY}
# Where the code of the noun's name says something else.
NOT_FOUND = {"exchange_rate": "exchange_rate_gone"}
# Who reads the objects whose lists are no declared ones.
_ALSO = {"announcement": Right.CONTENT}


def of_column(column: Column) -> Shape:
    """The shape of its values."""
    shape = _OF_COLUMN[column.kind]
    return maybe(shape) if column.empty else shape


def of_filter(one: Filter) -> Shape:
    """The shape of its parameter."""
    if one.choices and one.offers is None:
        return words(value for value, _ in one.choices if value)
    return _OF_FILTER[one.kind]


def item_shape(of: StaffList) -> Shape:
    return fields({column.name: of_column(column) for column in of.listing.written})


def asked_of(of: StaffList, query: Mapping[str, str]) -> tuple[dict[str, str], int | None, int]:
    """The texts of the filters, the cursor and the size of a request's page. Raises Refused."""
    known = {one.name: one for one in of.listing.filters if not one.inner}
    reading.only(query, {*known, "after", "limit"})
    asked = {name: query.get(name, "") for name in known}
    refusal = of.listing.refused(asked)
    if refusal is not None:
        raise Refused.of(refusal)
    further = reading.number(query["after"], "after") if "after" in query else None
    limit = reading.number(query.get("limit", str(reading.LIMIT)), "limit", least=1, most=LIMIT_MAX)
    return asked, further, limit


def readings() -> Iterator[Reading]:
    """Those of each declared list that programs read, and of each noun's objects."""
    for of in all_lists().values():
        if of.programs:
            about = f"{of.listing.label}, a page at a time"
            shape = fields({"items": listed(item_shape(of)), "next": maybe(NUMBER)})
            params = {one.name: of_filter(one) for one in of.listing.filters if not one.inner} | {
                "after": NUMBER,
                "limit": NUMBER,
            }
            yield Reading(of.name, of.right, about, _list(of), shape, params)
        if of.one:
            yield _one(registry.nouns()[of.noun], of.right)
    for name, right in _ALSO.items():
        yield _one(registry.nouns()[name], right)
    panel = registry.nouns()["panel"]
    yield Reading("panel", Right.SETTINGS, "How the panel is set up", _panel, fields({"panel": panel.shape}))


def _list(of: StaffList) -> Read:
    def read(call: StaffCall) -> dict[str, Any]:
        asked, further, limit = asked_of(of, call.request.GET)
        page = of.page(call.panel, of.asked_by(call.actor, asked), further=further, limit=limit)
        return {"items": [of.listing.item(row) for row in page.rows], "next": page.older}

    return read


def _one(noun: Noun, right: Right | None) -> Reading:
    def read(call: StaffCall, *, id_: int) -> dict[str, Any]:
        reading.only(call.request.GET, set())
        return {name: _there(noun, call.panel_id, id_)}

    name = noun.answers_as or noun.name
    return Reading(f"{noun.plural}/<int:id_>", right, f"{noun.label}, one", read, fields({name: noun.shape}))


def _panel(call: StaffCall) -> dict[str, Any]:
    reading.only(call.request.GET, set())
    return {"panel": _there(registry.nouns()["panel"], call.panel_id, call.panel_id)}


def _there(noun: Noun, panel_id: int, id_: int) -> dict[str, Any]:
    """What actions answer about the object, too. Refused: there is none of this id on the panel."""
    found = answer_about(noun, panel_id=panel_id, target=id_, whole=True)
    if found is None:
        raise Refused(NOT_FOUND.get(noun.name, f"no_{noun.name}"), id=id_)
    return found
