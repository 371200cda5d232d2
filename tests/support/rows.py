"""The rows of an installation that runs, past the product: for what only time or an accident does."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg


class Rows:
    """`run` writes and reads them, each call a transaction of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.kind = urlsplit(url).scheme

    def moment(self, at: datetime) -> Any:
        """A time as this database keeps it."""
        if self.kind == "postgresql":
            return at
        return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement, `?` for a value, and commit; its rows."""
        if self.kind == "postgresql":
            with psycopg.connect(self.url) as server:
                cursor = server.execute(statement.replace("?", "%s"), values)
                return cursor.fetchall() if cursor.description else []
        file = sqlite3.connect(unquote(urlsplit(self.url).path), timeout=30)
        try:
            with file:
                return file.execute(statement, values).fetchall()
        finally:
            file.close()
