"""Bodies: what takes long to read, what never comes whole, and what becomes of half of one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from panelwright.core import limits
from tests.strangers.others import Others
from tests.strangers.wires import FORM, answer, ask, connected, request
from tests.support import selling
from tests.support.crowd import ask as ask_form
from tests.support.people import Buyer, Owner, value

# What is looked at is our own reading of what was sent, before the database.
pytestmark = pytest.mark.one_database

KIB = 1024
JSON = "Content-Type: application/json"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"


def post(port: int, body: bytes, content_type: str = FORM) -> Callable[[], None]:
    def send() -> None:
        assert ask(port, request("POST /api/v2", content_type, body=body)).status == 200

    return send


def part(name: str) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n1\r\n' % name.encode()


SMALL: dict[str, tuple[bytes, str]] = {
    "percent signs": (b"%" * 64_000, FORM),
    "percent signs in a value": (b"a=" + b"%" * 64_000, FORM),
    "escapes": (b"a=" + b"%41" * 21_000, FORM),
    "escapes apart": (b"a=" + b"%41a" * 16_000, FORM),
    "names": (b"&".join(b"%" * 300 for _ in range(200)), FORM),
    "plus": (b"a=" + b"+" * 64_000, FORM),
    "ampersands": (b"&" * 64_000, FORM),
    "equals": (b"=" * 64_000, FORM),
    "equals and percent": (b"a=" + b"=%" * 32_000, FORM),
    "lists": (b"&".join(b"orders[]=%b" % (b"1," * 150) for _ in range(200)), FORM),
    "ids": (b"key=a&action=status&orders=" + b"," * 60_000, FORM),
    "nested": (b'{"a":' + b"[" * 64_000, JSON),
    "nested objects": (b'{"a":' * 12_000, JSON),
    "a number": (b'{"a":' + b"9" * 64_000 + b"}", JSON),
    "keys": (b"{" + b",".join(b'"%d":1' % n for n in range(6_000)) + b"}", JSON),
    "numbers": (b"{" + b",".join(b'"%d":1e99' % n for n in range(5_000)) + b"}", JSON),
    "floats": (b'{"orders":[' + b",".join([b"1e9"] * 15_000) + b"]}", JSON),
    "lists of floats": (
        b"{" + b",".join(b'"%d":[%b]' % (n, b",".join([b"1e9"] * 75)) for n in range(200)) + b"}",
        JSON,
    ),
    "texts": (b'{"orders":[' + b",".join([b'"a"'] * 15_000) + b"]}", JSON),
    "surrogates": (b'{"a":"' + b"\\ud800" * 10_000 + b'"}', JSON),
    "parts": (b"".join(part(f"n{n}") for n in range(1_000)), MULTIPART),
    "lines of a part": (b"--b\r\n" + b"a: b\r\n" * 10_000, MULTIPART),
    "a boundary of nothing": (b"--" * 32_000, "Content-Type: multipart/form-data; boundary="),
    "a long boundary": (b"--b\r\n" * 10_000, "Content-Type: multipart/form-data" + "; a=b" * 5_000),
}
LARGE: dict[str, tuple[bytes, str]] = {
    "percent signs": (b"%" * limits.BODY_BYTES_MAX, FORM),
    "ids": (b"key=a&action=status&orders=" + b"," * 1_000_000, FORM),
    "lists in a list": (b'{"orders":[' + b",".join([b"[]"] * 340_000) + b"]}", JSON),
    "floats": (b'{"orders":[' + b",".join([b"1e5"] * 250_000) + b"]}", JSON),
    "keys": (b"{" + b",".join(b'"%d":1' % n for n in range(99_000)) + b"}", JSON),
    "parts": (b"".join(part(f"n{n}") for n in range(15_000)), MULTIPART),
    "numbers": (b"{" + b",".join(b'"%d":1e99' % n for n in range(80_000)) + b"}", JSON),
    "an object": (b'{"a":{' + b",".join(b'"%d":1e99' % n for n in range(80_000)) + b"}}", JSON),
    "invisible characters": (b"k=" + b"%E2%80%8B" * 110_000, FORM),
    "escapes": (b"a=" + b"%41" * 340_000, FORM),
    "escapes and percent signs": (b"a=" + b"%41%x" * 200_000, FORM),
    "no text": (b"a=%" + b"\xff" * 1_000_000, FORM),
}


def test_a_body_costs_no_more_than_a_few_requests(standing: Others) -> None:
    """64 kB of percent signs held the event loop for 44 ms, as long as two hundred plain requests."""
    plain = post(standing.port, b"key=nobody&action=balance")
    for name, (body, content_type) in SMALL.items():
        standing.costs_at_most(8, plain, post(standing.port, body, content_type), and_s=0.001, times=40, about=name)
    query = request("GET /api/v2?a=" + "%" * 30_000)
    standing.costs_at_most(8, plain, lambda: ask(standing.port, query), and_s=0.001, times=40)


@pytest.mark.alone
def test_bodies_hold_up_nobody(standing: Others) -> None:
    standing.unharmed_by(*(post(standing.port, body, content_type) for body, content_type in SMALL.values()))
    standing.unharmed_by(*(post(standing.port, body, content_type) for body, content_type in LARGE.values()))


@pytest.mark.alone
@pytest.mark.parametrize("name", ["numbers", "invisible characters"])
def test_twenty_senders_of_large_bodies_hold_up_nobody(standing: Others, name: str) -> None:
    """Each was read by a thread of its own, before its key was looked at: twenty held up all orders for 4 s."""
    body, content_type = LARGE[name]
    data = request("POST /api/v2", content_type, body=body)
    stop = threading.Event()
    told: list[int] = []

    def send() -> None:
        while not stop.is_set():
            told.append(ask(standing.port, data).status)

    with ThreadPoolExecutor(20) as senders:
        sending = [senders.submit(send) for _ in range(20)]
        try:
            standing.unharmed_by(partial(time.sleep, 0.5))
        finally:
            stop.set()
        for one in sending:
            one.result()
    # One address has a quarter of the room, so some of them may be told that there is none left.
    assert set(told) <= {200, 503}
    assert told.count(200) >= 20


def order(buyer: Buyer, quantity: int) -> bytes:
    return f"key={buyer.key}&action=add&service=1&link=https://example.com/{quantity}&quantity={quantity}".encode()


def test_half_a_body_is_nothing(others: Others, alice: Owner, carol: Buyer) -> None:
    """A connection that breaks in the middle of quantity=10000 has ordered nothing, and not 100."""
    body = order(carol, 10_000)
    with_a_length = request("POST /api/v2", FORM, body=body, host=alice.host)[:-2]
    chunk = b"%x\r\n%b\r\n" % (len(body) - 2, body[:-2])
    in_chunks = request("POST /api/v2", FORM, "Transfer-Encoding: chunked", host=alice.host) + chunk
    for data in (with_a_length, in_chunks) * 3:
        with connected(others.port) as wire:
            wire.sendall(data[:60])
            time.sleep(0.02)
            wire.sendall(data[60:])
            time.sleep(0.05)
    # What is whole is taken, after all of that.
    assert "order" in json.loads(ask(others.port, request("POST /api/v2", FORM, body=body, host=alice.host)).body)
    time.sleep(0.5)
    assert value("SELECT COUNT(*) FROM orders_order WHERE customer_id = %s", carol.customer_id) == 1
    assert carol.balance() == "91.00"


@pytest.mark.alone
def test_bodies_that_are_being_sent_share_one_room(others: Others) -> None:
    """A hundred bodies of a megabyte, each without its last byte, are not a hundred megabytes; small ones pass."""
    body = b"key=nobody&action=balance&a=" + b"x" * 1_000_000
    data = request("POST /api/v2", FORM, body=body)
    before = others.memory_bytes()
    wires: list[socket.socket] = []
    try:
        for _ in range(100):
            wires.append(socket.create_connection(("127.0.0.1", others.port), timeout=60))
            wires[-1].sendall(data[:-1])
        time.sleep(1)
        assert others.memory_bytes() - before < limits.BODIES_BYTES_MAX
        assert ask_form(others.port, {"key": others.key, "action": "balance"}).status == 200
        others.unharmed_by(partial(time.sleep, 0.5))
        told = []
        for wire in wires:
            wire.sendall(data[-1:])
            told.append(answer(wire))
    finally:
        for wire in wires:
            wire.close()
    statuses = [one.status for one in told]
    # One address has a quarter of the room.
    assert 10 <= statuses.count(200) <= 20
    assert statuses.count(200) + statuses.count(503) == 100
    assert {one.body for one in told if one.status == 503} == {
        b'{"error":"The panel is temporarily overloaded, please retry"}'
    }
    # And it is all there again.
    assert ask(others.port, data).status == 200


@pytest.mark.alone
def test_made_up_keys_leave_room(others: Others) -> None:
    """Each of them with another key: as many customers as nobody has."""
    shop = selling.open_shop(balances=["10.00"], slug="victim")
    assert shop.buyers

    def flood() -> None:
        with connected(others.port) as wire:
            for n in range(300):
                body = b"action=add&service=1&quantity=10&link=https://example.com/%d&key=%d" % (n, n)
                wire.sendall(request("POST /api/v2", FORM, body=body))
            for _ in range(300):
                assert answer(wire).body == b'{"error":"Invalid API key"}'

    others.unharmed_by(flood)


FORMS = {
    "percent signs": b"a=" + b"%" * 3_000_000,
    "escapes": b"a=" + b"%41" * 1_000_000,
    "escapes apart": b"a=" + b"%41a" * 750_000,
    "equals and percent": b"a=" + b"=%" * 1_500_000,
    "many fields": b"&".join(b"a%d=" % n + b"%41a" * 740 for n in range(999)),
    "too many fields": b"&" * 3_000_000,
    "letters of two bytes": b"a=" + b"%D0%90" * 500_000,
}


@pytest.mark.alone
def test_forms_of_pages_hold_up_nobody(standing: Others) -> None:
    """Django's own reading took 1.5 s for three megabytes of percent signs, and let nobody go on for 0.4 s of it."""

    def sent(body: bytes) -> Callable[[], None]:
        def send() -> None:
            assert ask(standing.port, request("POST /login", FORM, body=body)).status in (400, 403)

        return send

    plain = sent(b"a=" + b"x" * 3_000_000)
    for name, body in FORMS.items():
        standing.costs_at_most(10, plain, sent(body), times=3, plain_times=6, about=name)
    standing.unharmed_by(*(sent(body) for body in FORMS.values()))
    query = request("GET /login?a=" + "%" * 30_000)
    small = request("GET /login?a=1")
    standing.costs_at_most(
        2, lambda: ask(standing.port, small), lambda: ask(standing.port, query), and_s=0.005, times=50
    )


@pytest.mark.alone
def test_forms_leave_no_memory_behind(standing: Others) -> None:
    """A hundred of them took a process from 600 MB to 1,600; what is left of some is what all of them leave."""
    body = b"csrfmiddlewaretoken=" + b"a" * 32 + b"&password=x&email=" + b"a@" * 1_500_000
    data = request("POST /login", FORM, "Cookie: csrftoken=" + "a" * 32, body=body)
    plain = request("POST /login", FORM, body=body)

    def send(times: int) -> int:
        for _ in range(times):
            assert ask(standing.port, data).status == 422
            assert ask(standing.port, plain).status == 403
        return standing.memory_bytes()

    some = send(10)
    assert send(20) - some < 20 * len(body)
