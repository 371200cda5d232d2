"""Nothing a client can send makes a fault of ours: no 5xx, no traceback, nothing charged that was not acknowledged.

The seed is fixed, so every run sends the same. What is no HTTP at all is answered 400 by the server, or hung up on.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import string
import time
from decimal import Decimal
from typing import Any
from urllib.parse import quote_from_bytes

import pytest

from panelwright.core import limits
from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.wire import API, FORM, JSON, Line, Reply, compact, form, request
from tests.support import signals
from tests.support.proportion import in_proportion, spent_by

SEED = 1999
BATCHES = 12
OF_EACH = 100
ACTIONS = ["add", "add", "add", "add", "status", "refill", "refill_status", "cancel", "services", "balance", "x", ""]
FIELDS = [
    *("service", "link", "quantity", "runs", "interval", "request_id", "keywords", "comments", "usernames", "hashtags"),
    *("hashtag", "username", "media", "min", "max", "posts", "old_posts", "delay", "expiry", "answer_number", "groups"),
    *(
        "country",
        "device",
        "type_of_traffic",
        "google_keyword",
        "referring_url",
        "order",
        "orders",
        "refill",
        "refills",
    ),
]
# Bytes, because that is what a client sends.
VALUES = [
    *(
        b"",
        b"0",
        b"1",
        b"5",
        b"36",
        b"100",
        b"1000",
        b"-1",
        b"1.5",
        b"1e3",
        b"1e309",
        b"NaN",
        b"0x10",
        b"true",
        b"null",
    ),
    *(b"1" + b"0" * 30, b"9" * 4301, b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809"),
    *(
        b"\0",
        b"a\0b",
        b"\x01\x02\x1b[2J",
        b"\x7f\x80\x9f",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc3(",
        b"\xf0\x9f",
        b"\xc0\x80",
    ),
    *("👍🏽👨‍👩‍👧".encode(), "ю".encode() * 700, "\u202e\u2028\ufeff\ufffe".encode(), "İıſKﬁ".encode(), "١٠٠".encode()),
    *(b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk", b"a\r\n\r\n \rb", b"\n" * 50, b",", b"1,2,3", b"Array,Array", b"," * 500),
    *(
        b"1," * 2_000,
        b"%",
        b"%zz",
        b"%s%n%x",
        b"{0.__class__}",
        b"{{7*7}}",
        b"${x}",
        b"' OR 1=1 --",
        b"../../etc/passwd",
    ),
    *(
        b"https://example.com/a",
        b"http://[::1",
        b"http://a:99999/",
        b"javascript:x",
        b"//x",
        b"https://" + b"a" * 5_000,
    ),
    *(b"31/12/2099", b"31/02/2099", b"00/00/0000", b"99/99/9999", b"1/1/1", b"US", b"3", b"30", b"anna", b"x" * 60_000),
]
METHODS = ["POST"] * 12 + ["GET"] * 4 + ["PUT", "DELETE", "PATCH", "OPTIONS"]
NO_HTTP = b"Transfer-Encoding: identity"  # the one header below that no server may take from a client


class Noise:
    """Draws requests of one customer, from the nearly right to the absurd."""

    def __init__(self, who: Reseller, seed: int) -> None:
        self.who = who
        self.draw = random.Random(seed)

    def value(self) -> bytes:
        """Long values are rare: what is sent in all must stay small."""
        value = self.draw.choice(VALUES)
        return value if len(value) < 10_000 or self.draw.random() < 0.05 else value[:50]

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Names and values, some of them twice."""
        draw = self.draw
        key = self.who.key.encode() if draw.random() < 0.95 else self.value()
        found = [(b"key", key), (b"action", draw.choice(ACTIONS).encode())]
        if draw.random() < 0.6:  # an order that could be right, but for what follows
            number, quantity = draw.choice([1, 2, 6, 17, 36, 11]), draw.choice([100, 100, 100, 1, 10**30])
            good = {"service": number, "link": new_link_of(draw), "quantity": quantity}
            found += [(name.encode(), str(value).encode()) for name, value in good.items()]
        for _ in range(draw.choice([0, 1, 1, 2, 3, 6])):
            name = (
                draw.choice(draw.choice([FIELDS, FIELDS[:3]])).encode() if draw.random() < 0.9 else self.value()[:300]
            )
            found.append((name, self.value()))
        if draw.random() < 0.2:
            draw.shuffle(found)
        return found

    def form(self) -> tuple[str, bytes]:
        escape = self.draw.choice([quote_from_bytes, lambda raw: quote_from_bytes(raw, safe=string.punctuation)])
        pairs = [f"{escape(name)}={escape(value)}" for name, value in self.fields()]
        body = self.draw.choice(["&", "&", "&", "&&", ";", "\n"]).join(pairs).encode()
        return FORM, body.replace(b"%", b"%%", 1) if self.draw.random() < 0.1 else body

    def raw_form(self) -> tuple[str, bytes]:
        return FORM, b"&".join(name + b"=" + value for name, value in self.fields())

    def json(self) -> tuple[str, bytes]:
        draw = self.draw
        pairs = []
        for name, value in self.fields():
            text = value.decode("utf-8", "replace")
            choices: list[Any] = [text, text, text, [text, 1, None], {"a": text}, True, None, draw.random() * 10**9]
            written = json.dumps(draw.choice(choices), ensure_ascii=draw.random() < 0.5)
            if value.isdigit() and draw.random() < 0.5:
                written = value.decode()  # a number of any length
            if draw.random() < 0.03:
                written = draw.choice(['"\\ud800"', "NaN", "-Infinity", "1e999", '"\\u0000"', "[" * 900 + "]" * 900])
            pairs.append(json.dumps(name.decode("utf-8", "replace")) + ":" + written)
        return JSON, ("{" + ",".join(pairs) + "}").encode("utf-8", "surrogatepass")

    def multipart(self) -> tuple[str, bytes]:
        draw = self.draw
        edge = draw.choice(["edge", "----x", "a'()+_,-./:=?", "9" * 70])
        body = b""
        for name, value in self.fields():
            filed = draw.choice(
                [b"", b"", b"", b'; filename="f.txt"', b"; filename*=UTF-8''%ff", b"\r\nContent-Type: x"]
            )
            quoted = b'"' + name + b'"' if draw.random() < 0.9 else name
            body += b"--%s\r\nContent-Disposition: form-data; name=%s%s\r\n\r\n%s\r\n" % (
                edge.encode(),
                quoted,
                filed,
                value,
            )
        return f'Content-Type: multipart/form-data; boundary="{edge}"', body + b"--%s--\r\n" % edge.encode()

    def mangled(self) -> tuple[str, bytes]:
        """One of the others with bytes cut out, put in, doubled, or under another label."""
        draw = self.draw
        label, body = draw.choice([self.form, self.json, self.multipart])()
        for _ in range(draw.randint(1, 5)):
            at, cut = draw.randrange(len(body) + 1), draw.randint(0, 40)
            put = draw.choice(
                [b"", draw.randbytes(draw.randint(1, 8)), body[at : at + cut] * 2, b"\0", b'"', b"[" * 50]
            )
            body = body[:at] + put + body[at + cut :]
        labels = [label, label, FORM, JSON, "Content-Type: multipart/form-data", "Content-Type: text/xml", "X-None: 1"]
        labels += [
            "Content-Type: multipart/form-data; boundary=",
            "Content-Type: application/json; charset=utf-16",
            "Content-Type: \xff",
        ]
        return draw.choice(labels), body

    def request(self) -> bytes:
        draw = self.draw
        label, body = draw.choice([self.form, self.raw_form, self.json, self.multipart, self.mangled])()
        target = API + draw.choice(["", "", "/"])
        if draw.random() < 0.15:
            target += "?" + quote_from_bytes(self.form()[1][:3_000], safe="=&%+")
        headers = [label]
        if draw.random() < 0.15:
            headers.append(
                draw.choice(
                    [
                        *(
                            "Idempotency-Key: " + "x" * 200,
                            "Idempotency-Key: \xff\xfe",
                            "If-None-Match: *",
                            "Cookie: a=b",
                        ),
                        *("Accept-Encoding: gzip;;q=x", "X-Forwarded-For: ,,, 1.2.3.4, x", "Content-Encoding: gzip"),
                        *("Origin: null", "Range: bytes=0-1", "Expect: nothing", "Transfer-Encoding: identity"),
                    ]
                )
            )
        return request(draw.choice(METHODS), target, *headers, host=self.who.host, body=body)


def new_link_of(draw: random.Random) -> str:
    return f"https://example.com/{draw.randrange(10**12)}"


def exchange(line: Line, sent: bytes) -> Reply | None:
    """The answer; None when the server hangs up on what is no HTTP."""
    try:
        return line.exchange(sent)
    except ConnectionError:
        return None


def check(reply: Reply, sent: bytes) -> Any:
    """The value of an answer, which is a proper one whatever was asked."""
    assert reply.status in {200, 304, 413}, (reply, sent[:2_000])
    if reply.status == 304:
        return None
    assert b"\r\nContent-Type: application/json" in reply.head
    body = gzip.decompress(reply.body) if "content-encoding" in reply.headers else reply.body
    value = json.loads(body)
    assert body == compact(value)
    if isinstance(value, dict) and "error" in value and reply.headers.get("x-error-code"):
        assert list(value) == ["error"]
    return value


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_makes_a_fault_of_ours(stand: Stand, batch: int) -> None:
    """And each order that there is was acknowledged, and is paid for."""
    who = stand.neighbour(balance="1000.00")
    noise, line, told = Noise(who, SEED + batch), Line(stand.port), set[int]()
    for _ in range(OF_EACH):
        sent = noise.request()
        reply = exchange(line, sent)
        if reply is None or reply.status == 400:
            assert reply is None or list(json.loads(reply.body)) == ["error"]
            assert NO_HTTP in sent, sent[:500]
            line.close()
            continue
        value = check(reply, sent)
        if isinstance(value, dict) and type(value.get("order")) is int:
            told.add(value["order"])
    line.close()
    orders = stand.inside.orders_of(customer_id=who.customer_id)
    assert told == set(orders)
    assert who.balance() == 1000 - sum(Decimal(who.status(order)["charge"]) for order in orders)


def test_the_noise_is_worth_its_name(stand: Stand) -> None:
    """It reaches what it is meant to reach: orders are taken, and refused for every reason there is."""
    who = stand.neighbour(balance="1000.00")
    noise, line, codes = Noise(who, SEED), Line(stand.port), set[str]()
    for _ in range(400):
        reply = exchange(line, noise.request())
        if reply is not None:
            codes.add(reply.headers.get("x-error-code", "taken" if b'"order"' in reply.body[:9] else str(reply.status)))
    line.close()
    refusals = {"bad_key", "bad_request", "bad_service", "bad_link", "bad_field", "below_min", "above_max", "bad_order"}
    assert codes >= {"taken", *refusals}


# ---- without end -----------------------------------------------------------------------------------


def endless(key: str, *, part: int = 1) -> dict[str, tuple[str, bytes]]:
    """Bodies that go on and on; a `part` of 16 is one of a 16th of the length."""

    def often(piece: bytes, times: int) -> bytes:
        return piece * (times // part)

    def numbered(piece: bytes, times: int, between: bytes) -> bytes:
        return between.join(piece % n for n in range(times // part))

    start, opened = form({"key": key, "action": "add"}), b'{"key":"' + key.encode() + b'","action":"add",'
    parts = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    multipart = "Content-Type: multipart/form-data; boundary="
    lines = start + b"&service=17&link=a&comments="
    return {
        "deep list": (JSON, opened + b'"link":' + often(b"[", 200_000) + often(b"]", 200_000) + b"}"),
        "deep object": (JSON, often(b'{"a":', 120_000) + b"1" + often(b"}", 120_000)),
        "open list": (JSON, often(b"[", 900_000)),
        "long number": (JSON, opened + b'"quantity":' + often(b"9", 900_000) + b"}"),
        "long fraction": (JSON, opened + b'"quantity":0.' + often(b"9", 900_000) + b"}"),
        "long exponent": (JSON, opened + b'"quantity":1e' + often(b"9", 900_000) + b"}"),
        "many keys": (JSON, opened + numbered(b'"a%d":1', 60_000, b",") + b"}"),
        "one key often": (JSON, opened + often(b'"quantity":1,', 60_000) + b'"quantity":1}'),
        "many parameters": (FORM, start + often(b"&a=1", 250_000)),
        "many names": (FORM, numbered(b"a%d=1", 90_000, b"&")),
        "only separators": (FORM, often(b"&=", 500_000)),
        "many ids": (FORM, form({"key": key, "action": "status"}) + b"&orders=" + often(b"1,", 500_000)),
        "many lines": (FORM, lines + often(b"x\n", 500_000)),
        "many blank lines": (FORM, lines + often(b"%0A", 300_000)),
        "escapes": (FORM, start + b"&service=1&quantity=100&link=" + often(b"%41", 300_000)),
        "long line": (FORM, lines + often(b"x", 1_000_000)),
        "nulls": (FORM, often(b"\0", 1_000_000)),
        "many parts": (multipart + "x", often(parts % (b"a", b"1"), 15_000) + b"--x--\r\n"),
        "long part name": (multipart + "x", parts % (often(b"a", 900_000), b"1") + b"--x--\r\n"),
        "unfinished part": (multipart + "x", parts[:50] + often(b"a", 900_000)),
        "boundaries": (multipart + "x", often(b"--x\r\n", 150_000)),
        "long boundary": (multipart + "b" * (8_000 // part), often(b"--b", 300_000)),
        "broken text": (JSON, opened + b'"link":"' + often(b"\xff", 900_000) + b'"}'),
        "surrogates": (JSON, opened + b'"link":"' + often(b"\\ud800", 150_000) + b'"}'),
    }


# What is looked at is our own reading of what was sent, before the database.
@pytest.mark.one_database
@pytest.mark.parametrize("name", endless("", part=1_000))
def test_without_end(stand: Stand, neighbour: Reseller, name: str) -> None:
    """Nothing moves, and the server works in proportion to the length."""
    few, many = (endless(neighbour.key, part=part)[name] for part in (16, 1))
    replies: list[tuple[Reply, bytes]] = []

    def send(label: str, body: bytes) -> None:
        replies.append((neighbour.send("POST", API, label, body=body), body))

    web = signals.children(stand.server.pid, command="web")
    with stand.still():
        in_proportion(lambda: send(*few), lambda: send(*many), 100, clock=lambda: spent_by(web))
    for reply, body in replies:
        assert isinstance(check(reply, body), dict)
    assert neighbour.says("balance")["balance"] == "1000.00"


@pytest.mark.parametrize("length", [20_000, 30_000])
def test_a_long_address(carol: Reseller, length: int) -> None:
    reply = carol.send("GET", f"{API}?key={carol.key}&action=balance&note={'x' * length}")
    assert reply.body == carol.ask("balance").body


def test_an_address_longer_than_a_head_may_be(carol: Reseller) -> None:
    reply = carol.send("GET", f"{API}?key={carol.key}&action=balance&note={'x' * limits.HEAD_BYTES_MAX}")
    assert (reply.status, list(json.loads(reply.body))) == (431, ["error"])


@pytest.mark.parametrize(
    "start", [b"GET /api/v2?", b"GET /api/v2 HTTP/1.1\r\nHost: ", b"GET /api/v2 HTTP/1.1\r\nX-", b"\0"]
)
def test_a_head_that_does_not_end(stand: Stand, carol: Reseller, start: bytes) -> None:
    """It is not collected for ever."""
    with stand.still(), socket.create_connection(("127.0.0.1", stand.port), timeout=60) as line:
        try:
            line.sendall(start)
            for _ in range(40):
                line.sendall(b"x" * 100_000)
            answer = line.recv(65536)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
    assert list(carol.says("balance")) == ["balance", "currency"]


# ---- what is no request ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 100,
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",  # TLS
        b"HELO example.com\r\n\r\n",
        b"POST\r\n\r\n",
        b"POST /api/v2 HTTP/9.9\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /api/v2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        b"POST /api/v2 HTTP/1.1\r\nBad Header\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nHost: a\r\n : b\r\n\r\n",
        b"GET /api/v2?\xff\xfe HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"GET \0 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://[::1/api/v2 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET //api/v2?%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_harms_nobody(stand: Stand, carol: Reseller, sent: bytes) -> None:
    with stand.still(), socket.create_connection(("127.0.0.1", stand.port), timeout=60) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        try:
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        except ConnectionError:
            answer = b""
    assert answer == b"" or int(answer.split(None, 2)[1]) in {200, 400, 404}, answer[:300]
    assert list(carol.says("balance")) == ["balance", "currency"]


def test_a_client_that_goes_away_in_the_middle(stand: Stand, neighbour: Reseller) -> None:
    """What has not arrived whole is no order."""
    fields = {"key": neighbour.key, "action": "add", "service": stand.service(), "link": new_link(), "quantity": 100}
    sent = request("POST", API, FORM, host=neighbour.host, body=form(fields))
    for cut in (10, len(sent) // 2, len(sent) - 1):
        with socket.create_connection(("127.0.0.1", stand.port), timeout=60) as line:
            line.sendall(sent[:cut])
    assert neighbour.says("balance")["balance"] == "1000.00"
    assert stand.inside.orders_of(customer_id=neighbour.customer_id) == []


@pytest.mark.parametrize("size", [1, 7, 40])
@pytest.mark.parametrize(
    "headers", [[], ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"]]
)
def test_a_request_in_small_pieces(stand: Stand, carol: Reseller, size: int, headers: list[str]) -> None:
    sent = request("POST", API, FORM, *headers, host=carol.host, body=form({"key": carol.key, "action": "balance"}))
    with socket.create_connection(("127.0.0.1", stand.port), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(sent), size):
            line.sendall(sent[at : at + size])
            time.sleep(0.001)
        line.settimeout(60)
        # Head and body may come in two pieces, too.
        expected, answer = carol.ask("balance").body, b""
        while not answer.endswith(expected) and (part := line.recv(65536)):
            answer += part
    assert answer.endswith(expected)
