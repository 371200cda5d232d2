"""Tokens that gateways give for a while in exchange for an owner's secrets. In memory: each process has its own.

A token that is lost, or was never there, is fetched again; threads that need one at the same time fetch one, and share
what comes of it, a failure too. Who waits for another thread's fetch gives up its place at the gate (core/gate.py):
the one that fetches needs a place to go on.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.core import clock
from panelwright.core.gate import aside
from panelwright.payments.gateway import Trouble

# It is renewed before the gateway's clock and ours can differ about its end.
_EARLY = timedelta(seconds=60)
_KEPT_MAX = 500


class NewToken(NamedTuple):
    text: str
    lives_s: int


class _Kept(NamedTuple):
    text: str
    until: datetime


class AccessTokens:
    """The tokens of one kind of gateway, by what they were given for: address, client and secret together."""

    def __init__(self) -> None:
        self._kept: dict[bytes, _Kept] = {}
        # Held for a moment only, never while anything is waited for.
        self._lock = threading.Lock()
        self._fetching: dict[bytes, Future[str | Trouble]] = {}

    def of(self, whose: tuple[str, ...], fetch: Callable[[], NewToken | Trouble]) -> str | Trouble:
        """The token of these secrets, fetched where there is none that still holds."""
        key = _digest(whose)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.until > clock.now():
                return kept.text
            others = self._fetching.get(key)
            if others is None:
                mine: Future[str | Trouble] = Future()
                self._fetching[key] = mine
        if others is not None:
            with aside():
                return others.result()
        try:
            made = fetch()
        except BaseException as error:
            self._fetched(key)
            mine.set_exception(error)
            raise
        self._fetched(key, made)
        told = made if isinstance(made, Trouble) else made.text
        mine.set_result(told)
        return told

    def _fetched(self, key: bytes, made: NewToken | Trouble | None = None) -> None:
        with self._lock:
            del self._fetching[key]
            if isinstance(made, NewToken):
                if len(self._kept) >= _KEPT_MAX:
                    # Whoever needs one of them again fetches it again.
                    self._kept.clear()
                self._kept[key] = _Kept(made.text, clock.now() + timedelta(seconds=max(made.lives_s, 0)) - _EARLY)

    def drop(self, whose: tuple[str, ...], token: str) -> None:
        """The gateway takes this one no more; a newer one stays."""
        key = _digest(whose)
        with self._lock:
            if (kept := self._kept.get(key)) is not None and kept.text == token:
                del self._kept[key]


def _digest(whose: tuple[str, ...]) -> bytes:
    """Secrets are no keys of a dictionary that somebody may print."""
    return hashlib.sha256("\0".join(whose).encode()).digest()
