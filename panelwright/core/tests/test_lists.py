"""Lists as data: what a declaration makes of a row, of a request, and of pages of rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing


class Row(NamedTuple):
    id: int
    text: str
    micros: int
    at: datetime | None
    day: date | None
    on: bool


AT = datetime(2026, 5, 4, 14, 30, tzinfo=timezone(timedelta(hours=2)))
ROW = Row(7, "=1+1, or not", 1_432_100, AT, date(2026, 5, 4), True)
LIST = Listing(
    name="things",
    label="Things",
    columns=(
        Column("id", ColumnKind.ID, "Thing", ColumnPlace.FIRST),
        Column("price", ColumnKind.MONEY, "Price", ColumnPlace.END, value=lambda row: row.micros),
        Column("text", label="Text", place=ColumnPlace.MAIN),
        Column("at", ColumnKind.TIME),
        Column("day", ColumnKind.DAY),
        Column("on", ColumnKind.FLAG),
        Column("actions", place=ColumnPlace.ACT, cell="actions", file=False),
    ),
    filters=(
        Filter("state", "State", (("", "All"), ("open", "Open")), read=lambda text: text == "open"),
        Filter("q", "Search"),
    ),
)


def test_a_row_in_json_keeps_its_types_and_is_exact() -> None:
    assert LIST.item(ROW) == {
        "id": 7,
        "price": "1.4321",
        "text": "=1+1, or not",
        "at": "2026-05-04T12:30:00Z",
        "day": "2026-05-04",
        "on": True,
    }
    assert LIST.item(ROW._replace(at=None, day=None, on=False)) == LIST.item(ROW) | {
        "at": None,
        "day": None,
        "on": False,
    }


def test_a_file_has_the_same_columns_and_no_formula() -> None:
    assert list(LIST.csv([[ROW], [], [ROW._replace(id=8, at=None)]])) == [
        "id,price,text,at,day,on\r\n",
        '7,1.4321,"\'=1+1, or not",2026-05-04T12:30:00Z,2026-05-04,1\r\n',
        '8,1.4321,"\'=1+1, or not",,2026-05-04,1\r\n',
    ]
    assert list(LIST.csv([])) == ["id,price,text,at,day,on\r\n"]


def test_the_columns_of_a_page_stand_in_the_order_of_their_places() -> None:
    assert [column.name for column in LIST.shown] == ["id", "text", "price", "actions"]
    assert [column.name for column in LIST.shown if column.number] == ["price"]


def test_what_a_request_asks_for_is_one_of_the_choices_or_a_short_text() -> None:
    def asked(**parameters: Any) -> dict[str, Any]:
        return LIST.read(LIST.asked(parameters))

    assert asked() == {"state": False, "q": ""}
    assert asked(state="open", q="x", other="y") == {"state": True, "q": "x"}
    assert asked(state="nonsense") == {"state": False, "q": ""}
    assert len(asked(q="x" * 10**5)["q"]) == 2000


def test_times_are_written_in_utc() -> None:
    assert LIST.item(ROW._replace(at=AT.astimezone(UTC)))["at"] == LIST.item(ROW)["at"]
