"""A file is sent while it is written."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from panelwright.ui.files import csv_file


def test_a_piece_is_sent_before_the_next_is_made() -> None:
    made: list[int] = []
    threads: set[str] = set()

    def lines() -> Iterator[str]:
        for number in range(3):
            made.append(number)
            threads.add(threading.current_thread().name)
            yield f"{number}\r\n"

    async def send() -> list[tuple[bytes, int]]:
        return [(piece, len(made)) async for piece in csv_file(lines(), name="x")]  # type: ignore[attr-defined]

    assert asyncio.run(send()) == [(b"\xef\xbb\xbf0\r\n", 1), (b"1\r\n", 2), (b"2\r\n", 3)]
    assert len(threads) == 1, "all of it on one thread, which has the connection"


def test_it_is_saved_under_its_name() -> None:
    response = csv_file(iter(["a,b\r\n", "1,2\r\n"]), name="orders")
    assert response.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    assert b"".join(response) == b"\xef\xbb\xbfa,b\r\n1,2\r\n"
