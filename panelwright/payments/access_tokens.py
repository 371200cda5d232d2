"""Tokens that gateways give for a while in exchange for an owner's secrets. In memory: each process has its own.

A token that is lost, or was never there, is fetched again; two threads that need one fetch one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.core import clock
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
        self._lock = threading.Lock()
        self._fetching: dict[bytes, threading.Lock] = {}

    def of(self, whose: tuple[str, ...], fetch: Callable[[], NewToken | Trouble]) -> str | Trouble:
        """The token of these secrets, fetched where there is none that still holds."""
        key = _digest(whose)
        with self._lock:
            turn = self._fetching.setdefault(key, threading.Lock())
        with turn:
            kept = self._kept.get(key)
            if kept is not None and kept.until > clock.now():
                return kept.text
            made = fetch()
            if isinstance(made, Trouble):
                return made
            until = clock.now() + timedelta(seconds=max(made.lives_s, 0)) - _EARLY
            with self._lock:
                if len(self._kept) >= _KEPT_MAX:
                    # Whoever needs one of them again fetches it again.
                    self._kept.clear()
                    self._fetching = {key: turn}
                self._kept[key] = _Kept(made.text, until)
            return made.text

    def drop(self, whose: tuple[str, ...], token: str) -> None:
        """The gateway takes this one no more; a newer one stays."""
        key = _digest(whose)
        with self._lock:
            if (kept := self._kept.get(key)) is not None and kept.text == token:
                del self._kept[key]


def _digest(whose: tuple[str, ...]) -> bytes:
    """Secrets are no keys of a dictionary that somebody may print."""
    return hashlib.sha256("\0".join(whose).encode()).digest()
