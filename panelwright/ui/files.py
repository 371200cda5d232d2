"""Tables as files to keep: sent while they are written, so that a page is in memory and not the whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import cast

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from panelwright.core.gate import PAGES


class _Lines(StreamingHttpResponse):
    """Django collects a generator whole before it sends the first byte; this takes a piece at a time.

    The pieces are made on the request's own thread, where its database connection is.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = cast(Iterator[bytes], self.streaming_content)
        step = sync_to_async(lambda: next(pieces, None))
        while True:
            async with PAGES.through("", goes_on=True):
                piece = await step()
            if piece is None:
                return
            yield piece


# Without it spreadsheets take a file for one in the code page of their country, and Cyrillic turns to noise.
BYTE_ORDER_MARK = "\ufeff"


def csv_file(lines: Iterator[str], *, name: str) -> HttpResponseBase:
    """A CSV file that the browser saves as `name`.csv; `lines` come in pieces of any size.

    It is UTF-8 and begins with a byte-order mark.
    """
    return _Lines(
        _marked(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _marked(lines: Iterator[str]) -> Iterator[str]:
    mark = BYTE_ORDER_MARK
    for piece in lines:
        yield mark + piece
        mark = ""
