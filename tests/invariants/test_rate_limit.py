"""A key's limit over HTTP: to the request within a process, and over all processes as soon as they have shared
what they counted, which they do once a second. One key's flood costs no other key anything."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from tests.support import books
from tests.support.crowd import Reply, ask
from tests.support.processes import Launcher, free_ports
from tests.support.selling import ROUND, Buyer, open_shop

LIMIT = 30
MINUTE_S = 60
SHARED_MAX_S = 60.0
RUNS_MAX = 3


class Minute:
    """Requests of one minute; a test that ran over its end is to be run again."""

    def __init__(self) -> None:
        self.number = int(time.time()) // MINUTE_S

    @property
    def over(self) -> bool:
        return int(time.time()) // MINUTE_S != self.number


def within_one_minute(test: Callable[[Minute, int], None]) -> None:
    """Run it until it began and ended in the same minute, at most three times; it is told which run it is."""
    for attempt in range(RUNS_MAX):
        minute = Minute()
        try:
            test(minute, attempt)
        except AssertionError:
            if not minute.over:
                raise
        if not minute.over:
            return
    pytest.fail(f"{RUNS_MAX} runs, and none within a minute")


def balance(port: int, buyer: Buyer) -> Reply:
    return ask(port, {"key": buyer.key, "action": "balance"})


def allowed(port: int, buyer: Buyer, tries: int) -> int:
    """How many of `tries` requests in a row go through; the others must be refused as the limit says."""
    replies = [balance(port, buyer) for _ in range(tries)]
    for reply in replies:
        assert_told(reply)
    return sum(reply.status == 200 for reply in replies)


def assert_told(reply: Reply) -> None:
    """The standard headers, and a refusal that a client takes for a passing one."""
    if reply.status == 200:
        return
    assert reply.status == 429
    assert reply.value == {"error": "Rate limit exceeded, please retry later"}
    wait_s = int(reply.headers["retry-after"])
    assert 1 <= wait_s <= MINUTE_S
    assert reply.headers["ratelimit-policy"] == f'"key";q={LIMIT};w=60'
    shown = re.fullmatch(r'"key";r=0;t=(\d+)', reply.headers["ratelimit"])
    assert shown
    assert int(shown[1]) == wait_s


def counted(buyer: Buyer, minute: Minute) -> int:
    """What all processes have written down for the key."""
    return books.number(
        "SELECT COALESCE(SUM(requests), 0) FROM customers_keyuse WHERE key_id = %s AND minute = %s",
        buyer.key_id,
        minute.number,
    )


def wait_until_shared(buyer: Buyer, minute: Minute, count: int) -> None:
    """A process has written down that many, over all."""
    deadline = time.monotonic() + SHARED_MAX_S
    while counted(buyer, minute) < count:
        assert time.monotonic() < deadline, f"{counted(buyer, minute)} of {count} requests are shared"
        assert not minute.over
        time.sleep(0.02)


@pytest.fixture
def serve(launch: Launcher) -> Callable[[int], None]:
    """Start a web process of its own on a port."""

    def start(port: int) -> None:
        launch.start("serve", "--no-worker", "--port", str(port)).wait_for_http(f"http://127.0.0.1:{port}/")

    return start


def test_a_limit_is_kept_to_the_request_and_is_each_keys_own(serve: Callable[[int], None]) -> None:
    port = free_ports(1)
    buyers = open_shop(balances=["15.00", "15.00"] * RUNS_MAX, ports=[port], per_minute_max=LIMIT).buyers
    serve(port)

    def run(minute: Minute, attempt: int) -> None:
        flooder, other = buyers[2 * attempt : 2 * attempt + 2]
        # The first request of a key that the process has not met is not counted: it is how the key is met.
        assert balance(port, flooder).status == 200
        assert allowed(port, flooder, LIMIT + 10) == LIMIT
        # Nothing else goes through either, and it costs nothing.
        order = {"key": flooder.key, "action": "add", "service": ROUND, "link": "https://example.com/1"}
        assert_told(reply := ask(port, {**order, "quantity": "1000"}))
        assert reply.status == 429
        assert books.orders() == 0
        replies = [balance(port, other) for _ in range(11)]
        assert [reply.value for reply in replies] == [{"balance": "15.00", "currency": "USD"}] * 11
        left = [reply.headers.get("ratelimit", "").partition(";t=")[0] for reply in replies]
        assert left == ["", *(f'"key";r={LIMIT - n}' for n in range(1, 11))]
        wait_until_shared(flooder, minute, LIMIT)
        wait_until_shared(other, minute, 10)
        assert (counted(flooder, minute), counted(other, minute)) == (LIMIT, 10)

    within_one_minute(run)


def test_a_limit_holds_over_web_processes(serve: Callable[[int], None]) -> None:
    """Two web processes on one database, each on a port of its own, so that we know whom we ask."""
    one = free_ports(2)
    two = one + 1
    buyers = open_shop(balances=["15.00"] * RUNS_MAX, ports=[one, two], per_minute_max=LIMIT).buyers
    for port in (one, two):
        serve(port)

    def run(minute: Minute, attempt: int) -> None:
        buyer = buyers[attempt]
        # Each process meets the key with a request that is not counted.
        for port in (one, two):
            assert balance(port, buyer).status == 200
        assert allowed(one, buyer, 20) == 20
        wait_until_shared(buyer, minute, 20)
        # The other one hears of it with its own next count. A second one proves that it has understood the first.
        for more in (1, 2):
            assert allowed(two, buyer, 1) == 1
            wait_until_shared(buyer, minute, 20 + more)
        assert allowed(two, buyer, LIMIT) == LIMIT - 22
        wait_until_shared(buyer, minute, LIMIT)
        # The first one has heard nothing since: what it lets through now is the slack, until its next count.
        slack = 0
        for _ in range(2):
            slack += allowed(one, buyer, 1)
            wait_until_shared(buyer, minute, LIMIT + slack)
        assert allowed(one, buyer, 10) == 0
        assert allowed(two, buyer, 10) == 0
        assert counted(buyer, minute) == LIMIT + slack

    within_one_minute(run)
