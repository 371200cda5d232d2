"""Which tests `make test` leaves out on PostgreSQL: those that are given no database, and no other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.database import touches_database


def item(*fixtures: str, marks: tuple[str, ...] = ()) -> pytest.Item:
    found = {name: getattr(pytest.mark, name).mark for name in marks}
    return cast(pytest.Item, SimpleNamespace(fixturenames=fixtures, get_closest_marker=cast(Any, found).get))


@pytest.mark.parametrize("fixture", ["db", "transactional_db", "new_database", "empty_database", "launch"])
def test_a_test_with_a_database_runs_on_both(fixture: str) -> None:
    assert touches_database(item("tmp_path", fixture))


def test_a_test_without_one_runs_once() -> None:
    assert not touches_database(item("tmp_path", "monkeypatch"))


def test_marks_decide_too() -> None:
    assert touches_database(item(marks=("django_db",)))
    assert not touches_database(item("db", marks=("one_database",)))
