"""Lists as data: what a declaration makes of a row, of a request, and of pages of rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, day
from panelwright.core.refusal import Refused


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
    assert asked(q="a\x00b\u200b") == {"state": False, "q": "ab"}
    assert len(asked(q="x" * 10**5)["q"]) == 200


NUMBER, DAY = Filter("n", "N", kind=FilterKind.NUMBER), Filter("d", "D", kind=FilterKind.DAY)
WORD = Filter("w", "W", (("", "All"), ("open", "Open")))


def test_a_filter_reads_what_its_kind_says() -> None:
    assert [NUMBER.value(text) for text in ("", "7", " 7 ", "9" * 18)] == [None, 7, 7, 10**18 - 1]
    assert [DAY.value(text) for text in ("", "2026-05-04", " 2026-05-04 ")] == [None, *[date(2026, 5, 4)] * 2]
    assert Filter("q", "Q").value("  two words ") == "two words"


@pytest.mark.parametrize(
    ("of", "text", "code"),
    [
        *((NUMBER, text, "number_out_of_range") for text in ("-7", "٧", "x", "1.0", "9" * 19)),
        *((DAY, text, "not_a_day") for text in ("2026-13-01", "x", "31.12.2030", "9999-12-31", "2" * 5_000)),
        (WORD, "closed", "not_a_choice"),
        (Filter("q", "Q"), "a\x00b", "unstorable_text"),
        (Filter("q", "Q"), "x" * 201, "text_too_long"),
    ],
)
def test_a_filter_refuses_what_is_none_and_names_itself(of: Filter, text: str, code: str) -> None:
    refusal = of.refused(text)
    assert refusal is not None
    assert (refusal.code, refusal.field) == (code, of.name)
    with pytest.raises(Refused):
        of.value(text)
    listing = Listing(name="things", label="Things", columns=(), filters=(Filter("other", "O"), of))
    assert listing.refused({of.name: text}) == refusal
    assert listing.refused({of.name: ""}) is None


@given(text=st.text(max_size=30))
def test_a_value_is_taken_or_refused_and_never_narrows_by_nothing(text: str) -> None:
    for of in (NUMBER, DAY, WORD, Filter("q", "Q")):
        if of.refused(text) is None:
            assert not text.strip() or of.value(text) is not None
        asked = of.asked(text)
        if of.choices or of.kind is FilterKind.TEXT:
            assert of.refused(asked) is None


def test_a_panel_s_own_choices_stand_behind_the_declared_ones() -> None:
    of = Listing(
        name="things",
        label="Things",
        columns=(),
        filters=(
            Filter("who", "Who", (("", "All"),), kind=FilterKind.NUMBER, offers=lambda panel: [(str(panel), "Ann")]),
        ),
    )
    assert of.of_panel(7).filters[0].choices == (("", "All"), ("7", "Ann"))
    assert of.of_panel(7).asked({"who": "7"}) == {"who": "7"}
    assert of.of_panel(8).asked({"who": "7"}) == {"who": ""}
    assert of.read({"who": "7"}) == {"who": 7}


def test_times_are_written_in_utc() -> None:
    assert LIST.item(ROW._replace(at=AT.astimezone(UTC)))["at"] == LIST.item(ROW)["at"]


def test_the_last_day_that_there_is_ends_no_list() -> None:
    """A day is a span up to the next one: there is none behind the last, and a page of it was answered with a 500."""
    assert day("9999-12-30") == date(9999, 12, 30)
    assert [day(text) for text in ("9999-12-31", "10000-01-01", "2030-02-30", "x" * 40)] == [None] * 4
