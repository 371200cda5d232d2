"""What takes the fast path is what the server's own parser reads, and nothing odd takes it."""

from __future__ import annotations

from typing import Any

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from panelwright.api import protocol
from panelwright.core import limits
from panelwright.lane import fast_path

HEAD = b"POST /api/v2 HTTP/1.1\r\nHost: shop.example\r\n"


def request(*lines: bytes, body: bytes = b"key=k&action=balance", start: bytes = b"POST /api/v2 HTTP/1.1") -> bytes:
    given_ = [start, b"Host: shop.example", b"Content-Length: %d" % len(body), *lines]
    return b"\r\n".join(given_) + b"\r\n\r\n" + body


def test_a_plain_request_is_read_whole() -> None:
    lines = (b"content-type:  application/x-www-form-urlencoded ", b"IDEMPOTENCY-KEY: a", b"X-Forwarded-For: 1.2.3.4")
    head = fast_path.RequestHead(
        "shop.example", b"application/x-www-form-urlencoded", b"1.2.3.4", "a", b"", b"", b"", 20
    )
    assert fast_path.read(request(*lines, b"Connection: keep-alive", b"User-Agent: x: y")) == fast_path.PlainRequest(
        b"POST", b"", head, b"key=k&action=balance"
    )
    assert fast_path.read(request(start=b"POST /api/v2/ HTTP/1.1")) is not None


def test_a_plain_get_is_read_too() -> None:
    lines = (b"Host: a", b'If-None-Match: "x"', b"Accept-Encoding: gzip, deflate")
    data = b"\r\n".join((b"GET /api/v2?key=k%20&action=services HTTP/1.1", *lines)) + b"\r\n\r\n"
    head = fast_path.RequestHead("a", b"", b"", "", b"", b'"x"', b"gzip, deflate", 0)
    assert fast_path.read(data) == fast_path.PlainRequest(b"GET", b"key=k%20&action=services", head, b"")
    read = fast_path.read(request(start=b"GET /api/v2/?key=k HTTP/1.1"))
    assert read is not None
    assert (read.query, read.body) == (b"key=k", b"key=k&action=balance")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        request()[:-1],
        request() + b"x",
        request() * 2,
        request(start=b"HEAD /api/v2 HTTP/1.1"),
        request(start=b"GET /api/v2 HTTP/1.0"),
        request(start=b"GET /api/v2?a=b#c HTTP/1.1"),
        request(start=b"GET /api/v2?a=b c HTTP/1.1"),
        request(start=b"GET /api/v2?a=\xe9 HTTP/1.1"),
        request(start=b'GET /api/v2?a="b" HTTP/1.1'),
        request(start=b"GET /api/v2?" + b"a" * 2049 + b" HTTP/1.1"),
        request(b"If-None-Match: a", b"If-None-Match: b"),
        request(b"X-Forwarded-Proto: http", b"X-Forwarded-Proto: https"),
        request(start=b"POST /api/v2 HTTP/1.0"),
        request(start=b"POST /api/v22 HTTP/1.1"),
        request(start=b"POST http://shop.example/api/v2 HTTP/1.1"),
        request(b"Connection: close"),
        request(b"Connection: keep-alive, Upgrade"),
        request(b"Transfer-Encoding: chunked"),
        request(b"Expect: 100-continue"),
        request(b"Upgrade: h2c"),
        request(b"Host: other.example"),
        request(b"Content-Length: 20"),
        request(b"Content-Type: a", b"content-type: b"),
        request(b" folded: value"),
        request(b"no colon"),
        request(b"space : before"),
        request(b"nul: \x00"),
        request(b"cr: a\rb"),
        *(request(b"control: a%cb" % code) for code in (1, 7, 8, 11, 12, 14, 27, 31, 127)),
        request(b"Idempotency-Key: a\x1bb"),
        request(*(b"X-%d: y" % n for n in range(limits.HEAD_LINES_MAX - 1))),
        request(b"X: " + b"y" * limits.HEAD_BYTES_MAX),
        request(b"Cookie: " + b"y" * (limits.COOKIE_BYTES_MAX + 1)),
        request(*(b"Cookie: " + b"y" * 5000 for _ in range(2))),
        request(b": no name"),
        request().replace(b"Host: shop.example\r\n", b""),
        request().replace(b"Host: shop.example", b"Host:"),
        request().replace(b"Content-Length: 20", b"Content-Length: +20"),
        request().replace(b"Content-Length: 20", b"Content-Length: 0x14"),
        request().replace(b"Content-Length: 20\r\n", b""),
        request().replace(b"\r\n", b"\n"),
        request(body=b"x" * (fast_path.BODY_MAX + 1)),
    ],
    ids=lambda data: repr(data[:200]),
)
def test_everything_else_goes_through_asgi(data: bytes) -> None:
    assert fast_path.read(data) is None


class Parsed:
    """What the server's parser makes of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.url = self.body = b""
        self.complete = 0
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value.strip(b" \t")))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete += 1


_PIECES = st.sampled_from(
    [
        *(
            b"POST ",
            b"GET ",
            b"/api/v2",
            b"?",
            b"a=b&c=%20",
            b"If-None-Match: x",
            b"Accept-Encoding: gzip",
            b" HTTP/1.1",
            b"\r\n",
            b"\r\n\r\n",
            b"Host: a",
            b"Content-Length: 3",
            b"abc",
            b":",
            b" ",
        ),
        *(b"content-type: x", b"Connection: keep-alive", b"\x00", b"\r", b"\n", b"\xff", b"\t", b"X-Forwarded-For: 1"),
        *(b"\x01", b"\x08", b"\x0b", b"\x1f", b"\x7f", b"\x80", b"x: \x1b[1m"),
        *(
            b"Content-Length: 03",
            b"Content-Length:3",
            b"Idempotency-Key: k",
            b"Transfer-Encoding: chunked",
            b"0\r\n\r\n",
        ),
    ]
)


@given(
    st.lists(_PIECES, max_size=8).map(b"".join),
    st.lists(
        st.sampled_from([b"a", b"a b", b"\xff", b"1", b"\t", b" x ", b"\x7f", b"\x1b", b"a\x01b"])
        | st.binary(max_size=4),
        max_size=3,
    ),
    st.binary(max_size=6),
)
@example(b"", [], b"")
@example(b"", [b"a\x1fb"], b"")
def test_the_server_s_parser_reads_the_same(junk: bytes, values: list[bytes], body: bytes) -> None:
    lines: list[Any] = [b"X-%d:%s" % (n, value) for n, value in enumerate(values)]
    get = b"GET /api/v2?key=k"
    for data in (
        *(junk, HEAD + junk, request(*lines, body=body), request(*lines, junk, body=body)),
        *(get + junk + HEAD[12:] + b"\r\n" + body, get + b" HTTP/1.1\r\nHost: a\r\n" + junk),
    ):
        read = fast_path.read(data)
        if read is None:
            continue
        parsed = Parsed(data)
        assert parsed.complete == 1
        url = httptools.parse_url(parsed.url)
        assert url.path in {b"/api/v2", b"/api/v2/"}
        assert (url.query or b"") == read.query
        assert parsed.parser.get_method() == read.method
        assert parsed.body == read.body
        names = [name for name, _ in parsed.headers]
        headers = dict(parsed.headers)
        assert names.count(b"host") == 1
        assert headers[b"host"].decode("latin-1") == read.head.host
        assert headers.get(b"content-type", b"") == read.head.content_type
        assert headers.get(b"x-forwarded-for", b"") == read.head.forwarded
        assert headers.get(b"idempotency-key", b"").decode("latin-1").strip() == read.head.idempotency
        assert headers.get(b"if-none-match", b"") == read.head.if_none_match
        assert headers.get(b"accept-encoding", b"") == read.head.accept_encoding
        assert parsed.parser.should_keep_alive()


def test_a_long_head_is_read_as_a_short_one_is() -> None:
    lines = [b"X-%d: %s" % (n, b"y" * 100) for n in range(20)]
    for _ in range(2):
        read = fast_path.read(request(*lines, b"Idempotency-Key:  k "))
        assert read is not None
        assert (read.head.host, read.head.idempotency, read.body) == ("shop.example", "k", b"key=k&action=balance")
        assert fast_path.read(request(*lines, b"Host: other.example")) is None


def test_an_answer_s_bytes() -> None:
    for _ in range(2):
        assert fast_path.answer(503, [(b"date", b"today")], [(b"Retry-After", b"1")], b"{}") == (
            b"HTTP/1.1 503 Service Unavailable\r\ndate: today\r\nContent-Type: application/json\r\n"
            b"content-length: 2\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
            b"retry-after: 1\r\n\r\n{}"
        )
    assert b"\r\ncontent-length: 3\r\n" in fast_path.answer(503, [], [], b"{ }")


def test_what_the_server_refuses_by_itself_has_the_words_of_the_api() -> None:
    assert {code: error for code, error, _ in fast_path.REFUSED.values()}.items() <= protocol.TEXTS.items()
    assert fast_path.refused(503, [(b"date", b"today")]) == (
        b"HTTP/1.1 503 Service Unavailable\r\ndate: today\r\nContent-Type: application/json\r\ncontent-length: 61\r\n"
        b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nx-error-code: overloaded\r\nretry-after: 1\r\n"
        b'connection: close\r\n\r\n{"error":"The panel is temporarily overloaded, please retry"}'
    )
    assert fast_path.refused(431, [], as_text=True).endswith(
        b"content-length: 37\r\n\r\nThe head of the request is too large."
    )


def test_heads_of_plain_answers_follow_the_date() -> None:
    heads = fast_path.AnswerHeads()
    today, tomorrow = [(b"date", b"today")], [(b"date", b"tomorrow")]
    for server in (today, today, tomorrow, today):
        for length in (2, 3, 2):
            assert heads.plain(server, length) == fast_path.head(200, server, [], length)
    for length in range(3 * fast_path._HEADS_MAX):
        heads.plain(today, length)
    assert len(heads._plain) <= fast_path._HEADS_MAX + 1
