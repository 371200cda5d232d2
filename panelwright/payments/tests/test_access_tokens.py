"""Tokens of gateways: who waits for another one's fetch takes no page's place, and shares what comes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from panelwright.core import clock
from panelwright.core.gate import Gate, aside
from panelwright.payments import access_tokens
from panelwright.payments.access_tokens import AccessTokens, NewToken
from panelwright.payments.gateway import Trouble

_WHOSE = ("https://gateway", "client", "secret")
_DOWN = Trouble("gateway_unreachable")
_AT_ONCE = 6


class _Fetch:
    """A fetch that takes until it is let go, and steps aside meanwhile, as calls over the network do."""

    def __init__(self, made: NewToken | Trouble | Exception) -> None:
        self.made, self.count = made, 0
        self.begun, self.goes_on = threading.Event(), threading.Event()

    def __call__(self) -> NewToken | Trouble:
        self.count += 1
        self.begun.set()
        with aside():
            assert self.goes_on.wait(30)
        if isinstance(self.made, Exception):
            raise self.made
        return self.made


def test_pages_that_wait_for_one_fetch_leave_their_places_to_others() -> None:
    tokens, fetch = AccessTokens(), _Fetch(NewToken("token", 3_600))
    told: list[str | Trouble] = []

    async def run() -> None:
        gate = Gate(2, 400)

        async def pays(n: int) -> None:
            async with gate.through(str(n)):
                told.append(await asyncio.to_thread(tokens.of, _WHOSE, fetch))

        async def another_page() -> None:
            await asyncio.to_thread(fetch.begun.wait, 10)
            # Behind all that pay: it comes in although none of them has its token.
            async with gate.through("another"):
                assert told == []
                fetch.goes_on.set()

        try:
            await asyncio.wait_for(asyncio.gather(*(pays(n) for n in range(_AT_ONCE)), another_page()), 10)
        finally:
            fetch.goes_on.set()

    asyncio.run(run())
    assert told == ["token"] * _AT_ONCE and fetch.count == 1


@pytest.mark.parametrize("made", [_DOWN, RuntimeError("a fault of ours")])
def test_who_waits_shares_the_failure_and_the_next_one_tries_again(
    made: Trouble | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, fetch, waiting = AccessTokens(), _Fetch(made), threading.Semaphore(0)

    @contextmanager
    def seen() -> Iterator[None]:
        waiting.release()
        yield

    monkeypatch.setattr(access_tokens, "aside", seen)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        asked = [threads.submit(tokens.of, _WHOSE, fetch) for _ in range(_AT_ONCE)]
        try:
            assert all(waiting.acquire(timeout=10) for _ in range(_AT_ONCE - 1))
        finally:
            fetch.goes_on.set()
        told = [one.exception(10) or one.result() for one in asked]
    assert told == [made] * _AT_ONCE and fetch.count == 1
    assert tokens.of(_WHOSE, lambda: NewToken("token", 3_600)) == "token"


def test_secrets_that_never_worked_are_not_remembered() -> None:
    tokens = AccessTokens()
    for n in range(1_000):
        assert tokens.of((str(n),), lambda: _DOWN) == _DOWN
    assert not tokens._fetching and not tokens._kept


def test_a_token_is_renewed_before_it_ends_and_when_it_is_dropped() -> None:
    tokens, at = AccessTokens(), datetime(2026, 11, 30, 12, tzinfo=UTC)
    made = iter("abc")

    def fetch() -> NewToken:
        return NewToken(next(made), 160)

    with clock.at(lambda: at):
        assert [tokens.of(_WHOSE, fetch) for _ in range(2)] == ["a", "a"]
        at = at.replace(minute=1, second=39)
        assert tokens.of(_WHOSE, fetch) == "a"
        at = at.replace(second=40)
        assert tokens.of(_WHOSE, fetch) == "b"
        tokens.drop(_WHOSE, "a")
        assert tokens.of(_WHOSE, fetch) == "b"
        tokens.drop(_WHOSE, "b")
        assert tokens.of(_WHOSE, fetch) == "c"
