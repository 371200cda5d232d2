"""A request to the pages has a limit, told before anything is kept; the server goes on."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from panelwright.storefront.tests.conftest import Live

LIMIT = 7 * 1024 * 1024


@pytest.fixture
def port(live: Live) -> int:
    port = urlsplit(live.base_url).port
    assert port
    return port


def status_of(port: int, length: str, body: bytes = b"") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest("POST", "/login")
        connection.putheader("Content-Length", length)
        connection.putheader("Content-Type", "application/octet-stream")
        connection.endheaders(body)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_length_over_the_limit_is_refused_before_the_body_is_read(port: int) -> None:
    assert status_of(port, str(LIMIT + 1)) == 413
    assert status_of(port, "9" * 15) == 413
    assert status_of(port, str(LIMIT), b"x" * LIMIT) == 403, "it was read whole; the form has no token"


def test_a_body_without_a_length_is_cut_off(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        head = "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        sock.sendall(head.encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(LIMIT // 0x10000 + 2):
                sock.sendall(chunk)
            sock.sendall(b"0\r\n\r\n")
            answer = sock.recv(1000)
        except ConnectionError:
            answer = b""
    # Django gives up as if the browser had gone away: no page, whatever the server makes of that.
    assert b" 200 " not in answer and b" 403 " not in answer
    assert status_of(port, "0") == 403


def test_what_is_too_large_is_answered_with_a_page(live: Live) -> None:
    """Once more in Russian; the server goes on, and its answer is whole."""
    port = urlsplit(live.base_url).port
    for language, words in (("en", "Too large"), ("ru", "Слишком большой объём")):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest("POST", f"/order/many?lang={language}")
        connection.putheader("Content-Length", str(LIMIT + 1))
        connection.endheaders()
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        assert (answer.status, answer.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
        assert answer.headers["Connection"] == "close"
        assert words in page and page.rstrip().endswith("</html>")
