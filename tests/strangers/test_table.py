"""The table of limits, its page, and that code goes by it."""

from __future__ import annotations

from panelwright.core import limits
from tests.limits import PAGE, text


def test_the_page_prints_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == text()


def test_each_row_is_the_constant_of_its_name() -> None:
    assert [row.name for row in limits.TABLE if getattr(limits, row.name, None) != row.value] == []
    assert len({row.name for row in limits.TABLE}) == len(limits.TABLE)
