"""httptools: when the parser calls back, and what it refuses."""

from __future__ import annotations

import httptools
import pytest

PIECES = {
    "callbacks": (
        *("on_message_begin", "on_url", "on_header", "on_headers_complete", "on_body", "on_message_complete"),
    ),
    "errors": ("HttpParserError", "HttpParserCallbackError", "HttpParserUpgrade"),
}
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class Listener:
    def __init__(self, *, breaks_at: str = "") -> None:
        self.calls: list[str] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.breaks_at = breaks_at
        self.parser = httptools.HttpRequestParser(self)

    def _note(self, name: str) -> None:
        self.calls.append(name)
        if name == self.breaks_at:
            raise ValueError("too large")

    def on_message_begin(self) -> None:
        self._note("on_message_begin")

    def on_url(self, url: bytes) -> None:
        self._note("on_url")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))
        self._note("on_header")

    def on_headers_complete(self) -> None:
        self._note("on_headers_complete")

    def on_body(self, body: bytes) -> None:
        self._note("on_body")

    def on_message_complete(self) -> None:
        self._note("on_message_complete")


def test_one_message_calls_back_in_this_order() -> None:
    listener = Listener()
    listener.parser.feed_data(b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
    assert tuple(listener.calls) == PIECES["callbacks"]


def test_a_message_begins_with_its_first_byte_and_a_blank_line_begins_none() -> None:
    listener = Listener()
    listener.parser.feed_data(b"\r\n\r\n")
    assert listener.calls == []
    listener.parser.feed_data(b"G")
    assert listener.calls == ["on_message_begin"]


def test_what_stands_behind_chunks_is_told_as_headers() -> None:
    listener = Listener()
    listener.parser.feed_data(CHUNKED + b"0\r\nX: y\r\n\r\n")
    assert listener.headers == [(b"Transfer-Encoding", b"chunked"), (b"X", b"y")]
    assert listener.calls[-1] == "on_message_complete"


def test_a_second_message_in_the_same_data_begins_behind_the_first() -> None:
    listener = Listener()
    listener.parser.feed_data(CHUNKED + b"0\r\n\r\nGET / HTTP/1.1\r\nA: b")
    assert listener.calls.count("on_message_begin") == 2
    assert listener.calls[-1] in {"on_url", "on_header"}


@pytest.mark.parametrize("callback", PIECES["callbacks"])
def test_a_callback_that_raises_ends_the_parsing_with_the_parser_s_error(callback: str) -> None:
    """LaneProtocol refuses a head that is too large by that."""
    assert issubclass(httptools.HttpParserCallbackError, httptools.HttpParserError)
    with pytest.raises(httptools.HttpParserError):
        Listener(breaks_at=callback).parser.feed_data(b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")


def test_another_protocol_is_told_by_an_error_of_its_own() -> None:
    assert not issubclass(httptools.HttpParserUpgrade, httptools.HttpParserError)
    for data in (b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"):
        with pytest.raises(httptools.HttpParserUpgrade):
            Listener().parser.feed_data(data)


@pytest.mark.parametrize("value", [b"a\x00b", b"a\x01b", b"a\x7fb", b"a\rb"])
def test_control_characters_are_refused(value: bytes) -> None:
    """fast_path leaves heads with them to the parser, which must refuse them."""
    with pytest.raises(httptools.HttpParserError):
        Listener().parser.feed_data(b"GET / HTTP/1.1\r\nX: " + value + b"\r\n\r\n")


def test_two_lengths_are_refused() -> None:
    with pytest.raises(httptools.HttpParserError):
        Listener().parser.feed_data(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")
