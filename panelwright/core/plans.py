"""The statements that a read sends to the database, and how the database runs them: for people and tests to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection

from panelwright.core import sql


class ReadStatement(NamedTuple):
    """A statement with its values, as the driver was given them."""

    text: str
    values: Sequence[Any]

    @property
    def line(self) -> str:
        return " ".join(self.text.split())


@contextmanager
def recorded() -> Iterator[list[ReadStatement]]:
    """What this thread reads in the block, hand-written statements included; complete behind it."""
    seen: list[ReadStatement] = []

    def heard(text: str, values: Sequence[Any]) -> None:
        if text.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(ReadStatement(text, values))

    def passed(execute: Any, text: str, values: Any, many: bool, context: Any) -> Any:
        heard(text, values or ())
        return execute(text, values, many, context)

    with sql.heard_by(heard), connection.execute_wrapper(passed):
        yield seen


def plan(statement: ReadStatement) -> str:
    """How the database would run it, in its own words, a line a step."""
    with connection.cursor() as run:
        if connection.vendor == "postgresql":
            run.execute(f"EXPLAIN {statement.text}", _given(statement))
            return "\n".join(row[0] for row in run.fetchall())
        run.execute(f"EXPLAIN QUERY PLAN {_for_django(statement)}", _given(statement))
        return "\n".join(row[3] for row in run.fetchall())


class PlanStep(NamedTuple):
    """A step that PostgreSQL took: what, on which table if on one, and how many rows it looked at in all."""

    node: str
    table: str
    rows: int


def steps(statement: ReadStatement) -> list[PlanStep]:
    """What PostgreSQL does when it runs it: it does. Of SQLite, which counts no rows, see `plan`."""
    with connection.cursor() as run:
        run.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.text}", _given(statement))
        told = run.fetchone()[0]
    top = json.loads(told) if isinstance(told, str) else told
    return list(_steps(top[0]["Plan"]))


def _steps(node: dict[str, Any]) -> Iterator[PlanStep]:
    removed = sum(number for name, number in node.items() if name.startswith("Rows Removed by"))
    looked = (node["Actual Rows"] + removed) * node["Actual Loops"]
    yield PlanStep(node["Node Type"], node.get("Relation Name", ""), round(looked))
    for below in node.get("Plans", ()):
        yield from _steps(below)


def _given(statement: ReadStatement) -> list[Any]:
    return list(statement.values)


def _for_django(statement: ReadStatement) -> str:
    """Django's cursor on SQLite takes %s where the driver takes ?."""
    if "%s" in statement.text or "?" not in statement.text:
        return statement.text
    return statement.text.replace("%", "%%").replace("?", "%s")
