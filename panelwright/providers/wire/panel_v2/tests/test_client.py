"""The client against real sockets that time out, break, redirect, flood, or close the door."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from panelwright.core import addresses, transport
from panelwright.core.said import words
from panelwright.providers.wire.outcomes import Accepted, Balance, OrderReport, Reason, Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2.client import PanelClient
from panelwright.providers.wire.panel_v2.tests.wild_panel import Request, Wild, hang_up, http, raw, reset, wild_panel
from tests.support.spoken import SpeakingClient

KEY = "k3y-of/ours 0123456789"
ORDER = {"service": "1", "link": "https://example.com/ä?a=1&b=2", "quantity": "100"}


@contextmanager
def upstream(wild: Wild, **options: object) -> Iterator[PanelClient]:
    given = {"url": wild.url, "key": KEY, "allow_private": True, "connect_timeout_s": 2, "read_timeout_s": 2} | options
    client = SpeakingClient(**given)  # type: ignore[arg-type]
    try:
        yield client
    finally:
        client.close()


def echo_quantity(sock: socket.socket, requests: list[Request]) -> bool:
    """Answers an order with its quantity as the id."""
    return http({"order": int(requests[-1].form["quantity"])})(sock, requests)


# ---- what is sent --------------------------------------------------------------------------------


def test_an_order_goes_out_as_one_form() -> None:
    with wild_panel(http({"order": 23501})) as wild, upstream(wild) as client:
        assert client.add(ORDER) == Accepted("23501")
        # A parameter cannot replace the key or the action.
        assert client.add(ORDER | {"key": "other", "action": "balance"}) == Accepted("23501")
    for request in wild.requests:
        assert request.line == "POST /api/v2 HTTP/1.1"
        assert request.form == {"key": KEY, "action": "add", **ORDER}
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.headers["host"] == f"localhost:{wild.port}"
        assert request.headers["user-agent"].startswith("Panelwright/")
    assert len(wild.requests) == 2


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", "POST / HTTP/1.1"),
        ("/", "POST / HTTP/1.1"),
        ("/api/v2/", "POST /api/v2/ HTTP/1.1"),
        ("//api", "POST /api HTTP/1.1"),
        ("/index.php?route=api v2#top", "POST /index.php?route=api%20v2 HTTP/1.1"),
        ("/апи", "POST /%D0%B0%D0%BF%D0%B8 HTTP/1.1"),
    ],
)
def test_the_path_of_the_provider_is_kept(path: str, line: str) -> None:
    with wild_panel(http({"balance": 1})) as wild, upstream(wild, url=f"http://localhost:{wild.port}{path}") as client:
        assert client.balance() == Balance(Decimal(1), "")
    assert [request.line for request in wild.requests] == [line]


def test_one_order_and_many_orders() -> None:
    with wild_panel(http({})) as wild, upstream(wild) as client:
        client.status(["7"])
        client.status(["7", "8", "7"])
        client.refill("7")
        client.refill_status(["5"])
        client.refill_status(["5", "6"])
        client.cancel(["7"])
        client.services()
        assert client.status([]) == {}
        assert client.cancel([]) == {}
    sent = [{name: value for name, value in request.form.items() if name != "key"} for request in wild.requests]
    assert sent == [
        {"action": "status", "order": "7"},
        {"action": "status", "orders": "7,8"},
        {"action": "refill", "order": "7"},
        {"action": "refill_status", "refill": "5"},
        {"action": "refill_status", "refills": "5,6"},
        {"action": "cancel", "orders": "7"},
        {"action": "services"},
    ]


def test_long_lists_go_out_a_hundred_at_a_time() -> None:
    def answer(sock: socket.socket, requests: list[Request]) -> bool:
        form = requests[-1].form
        ids = form.get("orders", form.get("order", "")).split(",")
        if len(requests) == 2:  # one part fails, the others count
            return http(b"<html>", 502)(sock, requests)
        return http({ref: {"status": "Pending", "remains": ref, "charge": "1"} for ref in ids})(sock, requests)

    ids = [str(n) for n in range(1, 202)]
    with wild_panel(answer) as wild, upstream(wild) as client:
        came = client.status(ids)
    assert list(came) == ids
    assert [len(r.form.get("orders", "").split(",")) for r in wild.requests] == [100, 100, 1]
    assert all(isinstance(came[ref], OrderReport) for ref in (*ids[:100], ids[200]))
    assert all(isinstance(came[ref], Unknown) for ref in ids[100:200])


# ---- never sent ----------------------------------------------------------------------------------


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_no_connection_is_a_refusal_as_nothing_was_sent() -> None:
    client = SpeakingClient(url=f"http://127.0.0.1:{_closed_port()}/api/v2", key=KEY, allow_private=True)
    refused = UpstreamRefused(Reason.UNREACHABLE, "no connection: Connection refused")
    assert client.add(ORDER) == refused
    assert client.refill("1") == refused
    assert client.status(["1", "2"]) == {"1": refused, "2": refused}
    assert client.cancel(["1"]) == {"1": refused}
    assert client.services() == refused
    assert client.balance() == refused


def test_an_unknown_name_is_a_refusal() -> None:
    client = SpeakingClient(url="http://panel.invalid/api/v2", key=KEY, allow_private=False)
    came = client.add(ORDER)
    assert isinstance(came, UpstreamRefused)
    assert came.reason is Reason.UNREACHABLE
    assert came.text in ("the name of this host is not known", "the name server did not answer in time")


@pytest.mark.alone
def test_a_name_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: release.wait(10) and [])
    client = SpeakingClient(url="http://panel.example/api/v2", key=KEY, allow_private=True, connect_timeout_s=0.2)
    started = time.monotonic()
    assert client.add(ORDER) == UpstreamRefused(Reason.UNREACHABLE, "the name server did not answer in time")
    assert time.monotonic() - started < 1
    release.set()


def test_a_connection_that_is_not_made_in_time() -> None:
    """A full backlog: the server's system does not answer further connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        time.sleep(0.1)
        client = SpeakingClient(
            url=f"http://127.0.0.1:{port}/", key=KEY, allow_private=True, connect_timeout_s=0.3, read_timeout_s=0.3
        )
        came = client.add(ORDER)
        for sock in waiting:
            sock.close()
    # Where the system has accepted it all the same, the request is out, and its outcome unknown.
    assert came in (
        UpstreamRefused(Reason.UNREACHABLE, "no connection in time"),
        Unknown("no answer within 0.3 s after the request was sent"),
    )


# ---- the request may have been read ------------------------------------------------------------------


def test_a_time_out_after_the_request_was_read() -> None:
    def silent(sock: socket.socket, requests: list[Request]) -> bool:
        time.sleep(0.6)
        return False

    with wild_panel(silent) as wild, upstream(wild, read_timeout_s=0.2) as client:
        assert client.add(ORDER) == Unknown("no answer within 0.2 s after the request was sent")
    assert len(wild.requests) == 1


def test_a_time_out_before_the_request_was_read() -> None:
    """We cannot see the difference, so neither may we claim one."""

    def silent(sock: socket.socket, requests: list[Request]) -> bool:
        time.sleep(0.6)
        return False

    with wild_panel(silent, read=False) as wild, upstream(wild, read_timeout_s=0.2) as client:
        assert client.add(ORDER) == Unknown("no answer within 0.2 s after the request was sent")
    assert wild.connections == 1


@pytest.mark.parametrize("behaviour", [hang_up, reset], ids=["close", "reset"])
def test_a_connection_that_breaks_after_the_request(behaviour: object) -> None:
    with wild_panel(behaviour) as wild, upstream(wild) as client:  # type: ignore[arg-type]
        came = client.add(ORDER)
        assert isinstance(came, Unknown)
        assert came.text.startswith("the connection broke after the request was sent: ")
        assert len(wild.requests) == 1
        # So with refill and cancel: they change something, and are never repeated.
        assert isinstance(client.refill("1"), Unknown)
        assert isinstance(client.cancel(["1"])["1"], Unknown)
        assert len(wild.requests) == 3
        # What only reads is asked once more.
        assert isinstance(client.balance(), Unknown)
        assert len(wild.requests) == 5


def test_an_answer_that_breaks_off() -> None:
    behaviour = http(b'{"order":2350', length=5_000, keep=False)
    with wild_panel(behaviour) as wild, upstream(wild) as client:
        came = client.add(ORDER)
    assert isinstance(came, Unknown)
    assert came.text.startswith("HTTP 200, the answer broke off: ")
    assert came.evidence == '{"order":2350'
    assert len(wild.requests) == 1


def test_an_answer_that_is_reset_in_the_middle() -> None:
    def behave(sock: socket.socket, requests: list[Request]) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b'{"error":"Bad')
        time.sleep(0.1)
        return reset(sock, requests)

    with wild_panel(behave) as wild, upstream(wild) as client:
        came = client.add(ORDER)
    assert isinstance(came, Unknown)
    assert came.text.startswith("HTTP 200, the answer broke off: ")
    assert len(wild.requests) == 1


def test_a_wrong_length_with_a_whole_answer() -> None:
    behaviour = http({"order": 23501}, length=5_000, keep=False)
    with wild_panel(behaviour) as wild, upstream(wild) as client:
        assert client.add(ORDER) == Accepted("23501")


@pytest.mark.alone
@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_slow_drip_does_not_outlast_the_time_for_the_whole_answer(where: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n"

    def drip(sock: socket.socket, requests: list[Request]) -> bool:
        sock.sendall(head if where == "headers" else head + b"\r\n")
        for _ in range(100):
            sock.sendall(b"X-A: b\r\n" if where == "headers" else b'{"order":23501')
            time.sleep(0.05)
        return False

    with wild_panel(drip) as wild, upstream(wild, read_timeout_s=0.4) as client:
        started = time.monotonic()
        came = client.add(ORDER)
        assert time.monotonic() - started < 1.5
    assert isinstance(came, Unknown)
    assert "within 0.4 s" in came.text


@pytest.mark.alone
def test_a_late_byte_does_not_start_the_time_again() -> None:
    def behave(sock: socket.socket, requests: list[Request]) -> bool:
        time.sleep(0.45)
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        time.sleep(1)
        return False

    with wild_panel(behave) as wild, upstream(wild, read_timeout_s=0.5) as client:
        started = time.monotonic()
        assert client.add(ORDER) == Unknown("no answer within 0.5 s after the request was sent")
        assert time.monotonic() - started < 0.8


def test_a_flood_is_cut() -> None:
    sent = []

    def flood(sock: socket.socket, requests: list[Request]) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1_000):
            sent.append(sock.send(b"x" * 100_000))
        return False

    with wild_panel(flood) as wild, upstream(wild, max_bytes=200_000) as client:
        came = client.add(ORDER)
    assert came == Unknown("HTTP 200, the answer is longer than 200,000 bytes", "x" * 2_000)
    assert sum(sent) < 50_000_000


def test_a_compressed_flood_is_cut() -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    assert len(bomb) < 100_000
    behaviour = http(bomb, headers="Content-Encoding: gzip\r\n")
    with wild_panel(behaviour) as wild, upstream(wild, max_bytes=200_000) as client:
        came = client.services()
        assert isinstance(came, Unknown)
        assert came.text == "HTTP 200, the answer is longer than 200,000 bytes"


def test_a_compressed_answer_is_read() -> None:
    behaviour = http(gzip.compress(b'{"order":7}'), headers="Content-Encoding: gzip\r\n")
    with wild_panel(behaviour) as wild, upstream(wild) as client:
        assert client.add(ORDER) == Accepted("7")
        assert client.add(ORDER) == Accepted("7")
    assert wild.connections == 1


def test_a_chunked_answer_is_read() -> None:
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"orde\r\n5\r\nr":7}\r\n'
    with wild_panel(raw(chunked + b"0\r\n\r\n")) as wild, upstream(wild) as client:
        assert client.add(ORDER) == Accepted("7")
    with wild_panel(raw(chunked[:-9])) as wild, upstream(wild) as client:
        assert isinstance(client.add(ORDER), Unknown)
    # An answer until the connection closes, as of HTTP/1.0.
    with wild_panel(raw(b'HTTP/1.0 200 OK\r\n\r\n{"order":7}')) as wild, upstream(wild) as client:
        assert client.add(ORDER) == Accepted("7")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x, y\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n{}",
        b"HTTP/1.1 200 " + b"z" * 100_000,
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=range(12),
)
def test_no_http_at_all_is_unknown(data: bytes) -> None:
    with wild_panel(raw(data)) as wild, upstream(wild, read_timeout_s=1) as client:
        assert isinstance(client.add(ORDER), Unknown)
        assert isinstance(client.status(["1"])["1"], Unknown)


# ---- answers -------------------------------------------------------------------------------------


def test_http_statuses() -> None:
    page = b"<html><title>500</title></html>"
    with wild_panel(http(page, 500)) as wild, upstream(wild) as client:
        assert client.add(ORDER) == Unknown("HTTP 500 with a page instead of JSON", page.decode())
    with wild_panel(http({"error": "Rate limit"}, 429, "Retry-After: 17\r\n")) as wild, upstream(wild) as client:
        assert client.add(ORDER) == UpstreamRefused(Reason.LIMIT, "Rate limit", 17)
        assert client.status(["1"]) == {"1": UpstreamRefused(Reason.LIMIT, "Rate limit", 17)}
    with wild_panel(http({"error": {"link": ["Bad link"]}}, 422)) as wild, upstream(wild) as client:
        assert client.add(ORDER) == UpstreamRefused(Reason.LINK, "link: Bad link")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with wild_panel(http({"order": 1})) as other:
        behaviour = http(b"", status, f"Location: {other.url}\r\n")
        with wild_panel(behaviour) as wild, upstream(wild) as client:
            came = client.add(ORDER)
            assert came == UpstreamRefused(Reason.OTHER, f"redirected to {other.url}; enter that address")
            assert isinstance(client.balance(), UpstreamRefused)
    assert other.connections <= 1  # the server's own wake-up call at its end
    assert other.requests == []
    assert len(wild.requests) == 2


# ---- kept connections ----------------------------------------------------------------------------


def test_a_connection_is_used_again() -> None:
    with wild_panel(http({"order": 7})) as wild, upstream(wild) as client:
        for _ in range(5):
            assert client.add(ORDER) == Accepted("7")
        assert {request.connection for request in wild.requests} == {1}


def test_a_kept_connection_that_was_closed_costs_no_order() -> None:
    """The server says nothing of closing, and closes: the next order takes a new connection, once."""
    closed = threading.Event()

    def answer_and_close(sock: socket.socket, requests: list[Request]) -> bool:
        http({"order": len(requests)})(sock, requests)
        closed.set()
        return False

    with wild_panel(answer_and_close) as wild, upstream(wild) as client:
        for n in (1, 2, 3):
            closed.clear()
            assert client.add(ORDER) == Accepted(str(n))
            assert closed.wait(60)
            time.sleep(0.3)
        assert [request.connection for request in wild.requests] == [1, 2, 3]


@pytest.mark.parametrize("end", [hang_up, reset], ids=["close", "reset"])
def test_a_kept_connection_that_closes_on_the_second_order_is_no_second_try(end: object) -> None:
    """The worst moment: the order was read, then the door closes. One request, and nobody knows."""

    def behave(sock: socket.socket, requests: list[Request]) -> bool:
        return http({"order": 1})(sock, requests) if len(requests) == 1 else end(sock, requests)  # type: ignore[operator]

    with wild_panel(behave) as wild, upstream(wild) as client:
        assert client.add(ORDER) == Accepted("1")
        assert isinstance(client.add(ORDER | {"quantity": "2"}), Unknown)
        time.sleep(0.1)
    assert [request.form["quantity"] for request in wild.requests] == ["100", "2"]
    assert {request.connection for request in wild.requests} == {1}


def test_a_connection_that_was_idle_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE_MAX_S", 0.1)
    with wild_panel(http({"order": 7})) as wild, upstream(wild) as client:
        client.add(ORDER)
        client.add(ORDER)
        time.sleep(0.2)
        assert client.add(ORDER) == Accepted("7")
    assert [request.connection for request in wild.requests] == [1, 1, 2]


def test_a_late_answer_is_not_taken_for_the_next_order() -> None:
    def slow_first(sock: socket.socket, requests: list[Request]) -> bool:
        number = len(requests)
        if number == 1:
            time.sleep(0.5)
        return http({"order": number})(sock, requests)

    with wild_panel(slow_first) as wild, upstream(wild, read_timeout_s=0.25) as client:
        assert isinstance(client.add(ORDER), Unknown)
        time.sleep(0.4)
        assert client.add(ORDER) == Accepted("2")


def test_threads_share_one_client() -> None:
    """Each thread gets the answer to its own order, over a handful of connections."""
    came: dict[int, list[object]] = {}

    def orders(client: PanelClient, thread: int) -> None:
        came[thread] = [client.add(ORDER | {"quantity": f"{thread}{n:02}"}) for n in range(10)]

    with wild_panel(echo_quantity, by_connection=True) as wild, upstream(wild) as client:
        threads = [threading.Thread(target=orders, args=(client, thread)) for thread in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wild.connections <= 8
    assert came == {thread: [Accepted(f"{thread}{n:02}") for n in range(10)] for thread in range(1, 9)}
    assert len(wild.requests) == 80


# ---- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "[::1]"])
def test_private_addresses_are_refused(host: str) -> None:
    with wild_panel(http({"order": 1})) as wild:
        client = SpeakingClient(url=f"http://{host}:{wild.port}/api/v2", key=KEY, allow_private=False)
        came = client.add(ORDER)
        assert isinstance(came, UpstreamRefused)
        assert came.reason is Reason.UNREACHABLE
        assert "127.0.0.1" not in came.text
        assert wild.connections == 0


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with wild_panel(http({"order": 1})) as wild:
        both = [
            (socket.AF_INET, ("93.184.215.14", wild.port)),
            (socket.AF_INET, ("127.0.0.1", wild.port)),
        ]
        monkeypatch.setattr(addresses, "lookup", lambda host, port, *, timeout_s: both)
        client = SpeakingClient(url=f"http://panel.example:{wild.port}/", key=KEY, allow_private=False)
        came = client.add(ORDER)
        assert came == UpstreamRefused(
            Reason.UNREACHABLE, "this host is not on the public internet, which is not allowed here"
        )
        assert wild.connections == 0


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once for a connection; Host keeps the name."""
    asked = []

    def lookup(host: str, port: int, *, timeout_s: float) -> addresses.Found:
        asked.append(host)
        return [(socket.AF_INET, ("127.0.0.1", port))]

    monkeypatch.setattr(addresses, "lookup", lookup)
    with wild_panel(http({"order": 1})) as wild:
        with upstream(wild, url=f"http://panel.example:{wild.port}/api/v2") as client, monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", None)  # a second look-up of any kind would fail
            assert client.add(ORDER) == Accepted("1")
        assert asked == ["panel.example"]
        assert wild.requests[0].headers["host"] == f"panel.example:{wild.port}"


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = _closed_port()
    with wild_panel(http({"order": 1})) as wild:
        found = [(socket.AF_INET, ("127.0.0.1", closed)), (socket.AF_INET, ("127.0.0.1", wild.port))]
        monkeypatch.setattr(addresses, "lookup", lambda host, port, *, timeout_s: found)
        with upstream(wild) as client:
            assert client.add(ORDER) == Accepted("1")
        assert len(wild.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "panel.example/api/v2",
        "ftp://panel.example/",
        "file:///etc/passwd",
        "http://",
        "http:///api",
        "http://user:k3y@panel.example/",
        "http://panel.example:99999/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "gopher://127.0.0.1:6379/_x",
        "http://pa nel.example/",
    ],
)
def test_urls_that_are_not_taken(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        SpeakingClient(url=url, key=KEY, allow_private=True)
    assert "URL" in words(str(caught.value))
    assert "k3y" not in str(caught.value)


# ---- the key -------------------------------------------------------------------------------------


def test_the_key_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"<html>debug: key={KEY}&action=add".encode()
    seen = []
    behaviours = [
        http(echo, 500),
        http({"error": f"Invalid API key {KEY}"}),
        http({"balance": f"x{KEY}", "status": KEY}),
        http(b"", 302, f"Location: /login?key={KEY.replace(' ', '+')}\r\n"),
        hang_up,
        raw(echo),
        raw(b"HTTP/1.1 200 OK\r\n" + echo + b"\r\n\r\n"),
    ]
    for behaviour in behaviours:
        with wild_panel(behaviour) as wild, upstream(wild, read_timeout_s=1) as client:
            seen += [client.add(ORDER), client.status(["1"]), client.balance(), client.services(), client]
            seen += [vars(client)["_transport"]]
    text = repr(seen) + caplog.text
    assert "k3y-of" not in text
    assert "0123456789" not in text
