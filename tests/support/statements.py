"""The statements that really reach the database, hand-written ones included.

Django's own counting sees only what passes its cursors, and the hot statements pass them by. So the
drivers are asked: SQLite's trace, and the trace of PostgreSQL's wire protocol.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# A line of libpq's trace: time, who (F: we), length, message, and what is in it.
_SENT = re.compile(r'^[^\t]*\tF\t\d+\t(?:Parse\t "[^"]*"|Query\t) "(.*)"', re.MULTILINE)
_FRAME = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET |SELECT set_config)", re.IGNORECASE)


class Statements:
    """`texts` of what ran, without transactions and settings of the connection; complete after the block."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __len__(self) -> int:
        return len(self.texts)

    def _add(self, text: str) -> None:
        if not _FRAME.match(text):
            self.texts.append(text)

    @contextmanager
    def _trace(self, wrapper: BaseDatabaseWrapper) -> Iterator[None]:
        driver: Any = wrapper.connection
        if wrapper.vendor == "sqlite":
            driver.set_trace_callback(self._add)
            try:
                yield
            finally:
                driver.set_trace_callback(None)
            return
        # Without prepared statements each one is sent with its text.
        threshold, driver.prepare_threshold = driver.prepare_threshold, None
        with tempfile.TemporaryFile() as file:
            driver.pgconn.trace(file.fileno())
            try:
                yield
            finally:
                driver.pgconn.untrace()
                driver.prepare_threshold = threshold
                size = os.fstat(file.fileno()).st_size
                for text in _SENT.findall(os.pread(file.fileno(), size, 0).decode()):
                    self._add(text)


@contextmanager
def statements() -> Iterator[Statements]:
    """What runs in the block on this thread's connection, and on every one that is opened meanwhile."""
    connection.ensure_connection()
    seen = Statements()
    with ExitStack() as stack:
        stack.enter_context(seen._trace(connections["default"]))

        def opened(connection: BaseDatabaseWrapper, **_: object) -> None:
            stack.enter_context(seen._trace(connection))

        connection_created.connect(opened)
        stack.callback(connection_created.disconnect, opened)
        yield seen
