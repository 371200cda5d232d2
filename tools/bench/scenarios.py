"""What the benchmark asks for: the requests of each scenario, and how a right answer to them looks."""

from __future__ import annotations

import gzip
import http.client
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from panelwright.cli.main import CommandRefused
from tools.bench.load import ANSWER_MAX_S, FORM, Load
from tools.bench.panel import SEED, order_params

# Different requests of a scenario, sent in turn: enough that no answer is the one before.
VARIETY = 1_000
IDS = 100


@dataclass(frozen=True)
class Scenario:
    load: Load
    is_right: Callable[[bytes], bool]
    # Requests whose answers are all looked at before anything is measured.
    checked: int = 1_000


def scenarios(made: dict[str, Any], *, port: int) -> list[Scenario]:
    """The scenarios, in the order in which they are run. `made` is what tools.bench.panel told."""
    draw = random.Random(SEED)
    key, ids = made["key"], made["orders"]
    old = [_form(key, "status", order=draw.choice(ids)) for _ in range(VARIETY)]
    many = [_form(key, "status", orders=",".join(map(str, draw.sample(ids, IDS)))) for _ in range(VARIETY // 10)]
    whole = _form(key, "services")
    count = made["service_count"]
    path = f"/api/v2?{whole}"
    again = {"If-None-Match": _etag(path, port=port)}
    return [
        Scenario(add_load(made), _is_order, checked=2_000),
        Scenario(Load("status_1", old), lambda body: set(_object(body)) == _FIVE),
        Scenario(Load("status_100", many), _are_standings),
        Scenario(Load("balance", [_form(key, "balance")]), lambda body: set(_object(body)) == {"balance", "currency"}),
        Scenario(Load("services", [whole]), lambda body: len(json.loads(body)) == count, checked=256),
        Scenario(
            Load("services_gzip", [whole], headers={**FORM, "Accept-Encoding": "gzip"}),
            lambda body: len(json.loads(gzip.decompress(body))) == count,
            checked=256,
        ),
        Scenario(Load("services_304", [path], "GET", headers=again, expected=304), lambda body: body == b""),
    ]


def add_load(made: dict[str, Any]) -> Load:
    """Orders of different services, quantities and links, all of one customer."""
    draw = random.Random(SEED)
    lines = []
    for number in range(VARIETY):
        service, low = draw.choice(made["services"])
        lines.append(_form(made["key"], "add", **order_params(service, low * draw.randint(1, 20), f"new/{number}")))
    return Load("add", lines)


def empty_load(made: dict[str, Any]) -> Load:
    """The same requests as those of `add`, for the server that answers them with nothing."""
    return replace(add_load(made), name="empty answer")


def probe(scenario: Scenario, *, port: int) -> int:
    """Ask once and look at the whole answer; its size in bytes. Raises Refused when it is not right."""
    load = scenario.load
    status, _, body = _ask(load, port=port)
    if status != load.expected or not scenario.is_right(body):
        raise CommandRefused(f"{load.name}: a wrong answer, {status} {body[:200]!r}")
    return len(body)


_FIVE = {"charge", "start_count", "status", "remains", "currency"}


def _object(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    return found if isinstance(found, dict) else {}


def _is_order(body: bytes) -> bool:
    return isinstance(_object(body).get("order"), int)


def _are_standings(body: bytes) -> bool:
    found = _object(body)
    return len(found) == IDS and all(set(one) == _FIVE for one in found.values())


def _form(key: str, action: str, **params: object) -> str:
    return urlencode({"key": key, "action": action, **params})


def _etag(path: str, *, port: int) -> str:
    _, headers, _ = _ask(Load("services", [path], "GET"), port=port)
    return headers["ETag"] or ""


def _ask(load: Load, *, port: int) -> tuple[int, Any, bytes]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_MAX_S)
    try:
        post = load.method == "POST"
        client.request(load.method, load.path if post else load.lines[0], load.lines[0] if post else None, load.headers)
        answer = client.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        client.close()
