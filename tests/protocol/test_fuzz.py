"""Nothing that a client can send makes a 5xx or a traceback. The same requests each time, but in `make prove`."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from urllib.parse import quote_from_bytes

from tests.protocol.conftest import Live
from tests.protocol.talk import FORM, Answer, send
from tests.support.effort import effort, seed

SEED = seed(20260)
ROUNDS = effort(600, proving=20_000)
NASTY = [
    "",
    "0",
    "-1",
    "1" + "0" * 30,
    "9" * 5000,
    "1e309",
    "NaN",
    "\x00",
    "a\x00b",
    "😀" * 50,
    "\u202e\ufeff",
    "' OR 1=1 --",
    "%s%s%n",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "Array",
    ",".join(["1"] * 500),
    "," * 300,
    "1," * 150,
    "null",
    "undefined",
    "true",
    "31/02/2099",
    "99/99/9999",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
]
NAMES = [
    *("action", "service", "link", "quantity", "runs", "interval", "order", "orders", "refill", "refills"),
    *(
        "request_id",
        "comments",
        "usernames",
        "username",
        "min",
        "max",
        "delay",
        "posts",
        "expiry",
        "key",
        "x" * 200,
        "",
    ),
]
ACTIONS = ["add", "status", "refill", "refill_status", "cancel", "services", "balance", "nonsense", ""]
TYPES = [
    FORM,
    "application/json",
    "multipart/form-data; boundary=xyz",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 300,
    "text/plain",
    "application/json; charset=utf-16",
    ";;;",
    None,
]


def value(draw: random.Random, live: Live) -> str:
    kind = draw.random()
    if kind < 0.5:
        return draw.choice(NASTY)
    if kind < 0.7:
        return str(draw.randint(0, 200))
    if kind < 0.8:
        return live.api_key
    return "".join(
        chr(draw.choice([draw.randint(0, 0x2FF), draw.randint(0x1F300, 0x1F9FF)])) for _ in range(draw.randint(0, 40))
    )


def a_form(draw: random.Random, live: Live) -> bytes:
    pairs = [b"key=" + live.api_key.encode(), b"action=" + draw.choice(ACTIONS).encode()]
    for _ in range(draw.randint(0, 8)):
        raw = value(draw, live).encode("utf-8", "replace")
        if draw.random() < 0.2:
            raw += bytes(draw.randrange(256) for _ in range(draw.randint(1, 12)))
        text = raw if draw.random() < 0.2 else quote_from_bytes(raw).encode()
        pairs.append(draw.choice(NAMES).encode() + b"=" + text)
    draw.shuffle(pairs)
    return b"&".join(pairs)


def a_json(draw: random.Random, live: Live) -> bytes:
    def anything(depth: int) -> object:
        pick = draw.randrange(8 if depth else 5)
        if pick == 5:
            return [anything(depth - 1) for _ in range(draw.randint(0, 4))]
        if pick >= 6:
            return {draw.choice(NAMES): anything(depth - 1) for _ in range(draw.randint(0, 4))}
        return [value(draw, live), draw.randint(-(10**40), 10**40), draw.random() * 1e300, None, draw.random() < 0.5][
            pick
        ]

    body: dict[str, object] = {"key": live.api_key, "action": draw.choice(ACTIONS)}
    body |= {draw.choice(NAMES): anything(2) for _ in range(draw.randint(0, 8))}
    text = json.dumps(body, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
    if draw.random() < 0.3:
        cut = draw.randrange(len(text))
        text = text[:cut] + bytes([draw.randrange(256)]) + text[cut + draw.randint(0, 3) :]
    return text


def a_multipart(draw: random.Random, live: Live) -> bytes:
    parts = [("key", live.api_key), ("action", draw.choice(ACTIONS))]
    parts += [(draw.choice(NAMES), value(draw, live)) for _ in range(draw.randint(0, 5))]
    body = b"".join(
        b'--xyz\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (n.encode(), b'; filename="f"' if draw.random() < 0.2 else b"", v.encode("utf-8", "replace"))
        for n, v in parts
    )
    body += b"--xyz--\r\n"
    if draw.random() < 0.4:
        cut = draw.randrange(len(body))
        body = (
            body[:cut]
            + bytes(draw.randrange(256) for _ in range(draw.randint(0, 20)))
            + body[cut + draw.randint(0, 20) :]
        )
    return body


def check(answer: Answer) -> None:
    assert answer.status in {200, 304, 413, 429}, (answer.status, answer.body[:300])
    assert answer.headers["content-type"] == "application/json"
    found = answer.json
    if isinstance(found, dict) and "error" in found:
        assert list(found) == ["error"]
        assert isinstance(found["error"], str)


def _log(live: Live) -> str:
    return live.installation.server.log() if live.installation.server else ""


def test_nothing_makes_a_fault_of_ours(live: Live) -> None:
    # Others have asked this server for faults before.
    earlier = len(_log(live))
    draw = random.Random(SEED)
    makers = [a_form, a_json, a_multipart, lambda d, _: bytes(d.randrange(256) for _ in range(d.randint(0, 400)))]
    for _ in range(ROUNDS):
        body = draw.choice(makers)(draw, live)
        query = quote_from_bytes(a_form(draw, live), safe="=&%") if draw.random() < 0.2 else ""
        path = "/api/v2" + draw.choice(["", "/"]) + (f"?{query[:4000]}" if query else "")
        answer = send(
            live, body, method=draw.choice(["POST", "POST", "POST", "GET"]), path=path, content_type=draw.choice(TYPES)
        )
        check(answer)
    log = _log(live)[earlier:]
    assert "Traceback" not in log, log[-3000:]
    assert Decimal(live.call(action="balance")["balance"]) == live.balance()
    assert live.installation.hand.do("faults") == {"faults": []}


def test_depth_size_and_number_without_end(live: Live) -> None:
    key = live.api_key.encode()
    for content_type, body in (
        ("application/json", b'{"key":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        ("application/json", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
        ("application/json", b'{"key":"' + key + b'","action":"add","quantity":' + b"9" * 100_000 + b"}"),
        (FORM, b"&".join(b"a%d=1" % i for i in range(100_000))),
        (FORM, b"=&" * 300_000),
        (FORM, b"key=" + key + b"&action=status&orders=" + b"1," * 300_000),
        (FORM, b"key=" + key + b"&action=add&comments=" + b"x%0A" * 200_000),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 5_000),
        (FORM, b"x" * (1024 * 1024 + 1)),
        (FORM, b"\x00" * 500_000),
    ):
        check(send(live, body, content_type=content_type))
    assert live.call(action="balance")["currency"] == "USD"
