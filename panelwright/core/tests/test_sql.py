"""The hand-written statements mean the same on both databases."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from panelwright.core import sql

AT = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)

# Any table would do; core knows none of them by import.
Panel = apps.get_model("panels", "Panel")

_BY_SLUG = sql.Query("SELECT slug, name FROM panels_panel WHERE slug :in_text ORDER BY slug :for_update")
_BY_ID = sql.Query("SELECT id FROM panels_panel WHERE id :in_int ORDER BY id")
_EVENTS = sql.Insert(
    "events_event",
    {"panel_id": "bigint", "name": "text", "subject_id": "bigint", "facts": "jsonb", "created_at": "timestamptz"},
)
_NAMES = sql.Query("SELECT DISTINCT name FROM events_event WHERE panel_id = ? AND name :in_text")
_FORGET = sql.Query("DELETE FROM events_event WHERE panel_id = ?")
ODD = ["NULL", "null", "{}", '"', "\\", '\\"', "a,b", " ", "\n\r\t", "{a,\\\\b}", "%s", "ы", "\U0001f600"]
_READ = sql.Query("SELECT name, subject_id, created_at FROM events_event WHERE panel_id = ? ORDER BY id")


@pytest.fixture
def panels(db: None) -> list[Any]:
    return [Panel.objects.create(slug=slug, name=slug.upper(), currency="USD") for slug in ("one", "two", "three")]


_READ_IDS = sql.Query("SELECT id FROM events_event WHERE name = ? ORDER BY id")


def _insert_named(panel: Any, name: str, subject: int) -> None:
    with transaction.atomic():
        _EVENTS.run(connection, [(panel.id, name, subject, "{}", sql.moment(connection, AT))])


def _insert(panel: Any, count: int) -> None:
    rows = [(panel.id, f"e.{i}", i or None, "{}", sql.moment(connection, AT)) for i in range(count)]
    with transaction.atomic():
        _EVENTS.run(connection, rows)


def test_a_list_goes_in_as_one_value(panels: list[Any]) -> None:
    with transaction.atomic():
        assert _BY_SLUG.rows(connection, ["two", "one", "it's"]) == [("one", "ONE"), ("two", "TWO")]
        assert _BY_SLUG.rows(connection, []) == []
        ids = [panel.id for panel in panels]
        assert _BY_ID.rows(connection, [ids[2], ids[0], 2**62]) == [(ids[0],), (ids[2],)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 63, 64, 65, 149])
def test_any_number_of_rows_is_inserted_once_and_in_order(panels: list[Any], count: int) -> None:
    _insert(panels[0], count)
    rows = _READ.rows(connection, panels[0].id)
    assert [(name, subject) for name, subject, _ in rows] == [(f"e.{i}", i or None) for i in range(count)]
    assert {sql.aware(at) for _, _, at in rows} <= {AT}


def test_a_time_is_the_same_moment_when_it_is_read_again(panels: list[Any]) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with transaction.atomic():
        _EVENTS.run(connection, [(panels[0].id, "e", 1, "{}", sql.moment(connection, elsewhere))])
    ((_, _, at),) = _READ.rows(connection, panels[0].id)
    assert sql.aware(at) == AT
    assert sql.aware(None) is None
    assert sql.moment(connection, None) is None


def test_an_update_says_how_many_rows_it_changed(panels: list[Any]) -> None:
    raise_version = sql.Update(
        "panels_panel", {"catalog_version +": "bigint", "name": "text"}, {"id": "bigint"}, also="enabled"
    )
    Panel.objects.filter(id=panels[2].id).update(enabled=False)
    rows = [(5, "A", panels[0].id), (7, "B", panels[1].id), (9, "C", panels[2].id), (9, "D", 2**40)]
    # The count is right where the driver does not wait for answers, too.
    with sql.together(connection), transaction.atomic():
        assert raise_version.count(connection, rows) == 2
        assert raise_version.count(connection, []) == 0
    found = Panel.objects.order_by("id").values_list("catalog_version", "name")
    assert list(found) == [(6, "A"), (8, "B"), (1, "THREE")]


def test_ids_are_given_once_even_after_their_row_is_gone(panels: list[Any]) -> None:
    with transaction.atomic():
        _insert(panels[0], 3)
        last = max(row[0] for row in _ids())
        connection.cursor().execute("DELETE FROM events_event WHERE id = %s", [last])
        ids = list(sql.next_ids(connection, "events_event", 2))
        assert ids == sorted(ids)
        assert min(ids) > last
        assert list(sql.next_ids(connection, "events_event", 0)) == []


def _ids() -> list[tuple[int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM events_event")
        return list(cursor.fetchall())


_HALF = sql.Query("SELECT name, 1 / ? FROM panels_panel WHERE slug = 'one'")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("transact", [False, True])
def test_a_statement_behind_a_failed_one_is_as_good_as_before(transact: bool) -> None:
    """The driver prepares a statement that came often: at whichever run that is, the one before it may fail."""
    panel = Panel.objects.create(slug="one", name="ONE", currency="USD")
    text = f"SELECT slug FROM panels_panel WHERE id = ? AND {int(transact)} < 2"
    named = sql.Query(text)
    for _ in range(12):
        assert named.rows(connection, panel.id) == [("one",)]
        if connection.vendor == "postgresql":
            with pytest.raises(sql.ERRORS), sql.together(connection):
                with transaction.atomic() if transact else nullcontext():
                    _HALF.run(connection, 0)
                    named.run(connection, panel.id)
    assert named.rows(connection, panel.id) == [("one",)]


@pytest.mark.django_db(transaction=True)
def test_hot_statements_are_prepared_on_postgresql() -> None:
    for _ in range(8):
        _BY_ID.rows(connection, [1])
    if connection.vendor == "postgresql":
        with connection.cursor() as run:
            run.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM panels_panel%'")
            assert run.fetchone()[0] >= 1


def test_a_text_with_a_percent_sign_is_not_a_placeholder(panels: list[Any]) -> None:
    like = sql.Query("SELECT slug FROM panels_panel WHERE slug LIKE 't%' AND id >= ? ORDER BY slug")
    assert like.rows(connection, 0) == [("three",), ("two",)]


@pytest.mark.parametrize("upward", [True, False])
def test_a_range_of_keys_ends_before_both_places(panels: list[Any], upward: bool) -> None:
    """Whatever each database is told: rows of this name only, and neither of the two ids."""
    for n in range(6):
        _insert_named(panels[n % 2], "mine", n)
        _insert_named(panels[n % 2], "other", n)
    near = sql.IndexRange("name, panel_id, id", "?; (SELECT id FROM panels_panel WHERE slug = ?); ?")
    query = sql.Query(
        f"SELECT subject_id FROM events_event WHERE :near ORDER BY {near.order(upward=upward)} LIMIT ?", near=near
    )
    ids = [row[0] for row in _READ_IDS.rows(connection, "mine")]

    def found(low: int, high: int, limit: int = 9) -> list[int]:
        return [row[0] for row in query.rows(connection, "mine", "one", low, "mine", "one", high, limit)]

    def turned(*subjects: int) -> list[int]:
        return sorted(subjects, reverse=not upward)

    # Of panel one are the subjects 0, 2 and 4.
    assert found(0, 2**62) == turned(0, 2, 4)
    assert found(ids[0], 2**62) == turned(2, 4)
    assert found(0, ids[4]) == turned(0, 2)
    assert found(ids[0], ids[4]) == [2]
    assert found(0, 2**62, 1) == turned(0, 2, 4)[:1]
    assert query.rows(connection, "mine", "nobody", 0, "mine", "nobody", 2**62, 9) == []


class ValuesTest(TestCase):
    """Values that mean something in the text of an array come back as they went in."""

    texts = st.lists(
        st.none()
        | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)  # the column's
        | st.sampled_from(ODD)
    )

    @given(texts)
    def test_any_text_is_stored_as_it_is(self, texts: list[str | None]) -> None:
        panel = Panel.objects.create(slug="odd", name="Odd", currency="USD")
        try:
            rows = [(panel.id, "e", i, "{}", sql.moment(connection, AT)) for i in range(len(texts))]
            rows = [(panel_id, text or "", *rest) for (panel_id, _, *rest), text in zip(rows, texts, strict=True)]
            with transaction.atomic():
                _EVENTS.run(connection, rows)
                assert [row[0] for row in _READ.rows(connection, panel.id)] == [text or "" for text in texts]
                found = _NAMES.rows(connection, panel.id, [text for text in texts if text is not None])
                assert {row[0] for row in found} == {text for text in texts if text is not None}
        finally:
            with transaction.atomic():
                _FORGET.run(connection, panel.id)
            panel.delete()
