"""Hashing passwords: slow and hungry for memory on purpose, so only so many at once.

All that hash go through here: log-in, sign-up, reset, change, the commands. Two threads of a process do it, so that
the memory of many log-ins at once is that of two; who does not get a turn soon is told that we are busy.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import NamedTuple, TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher, make_password, verify_password

from panelwright.core import limits
from panelwright.core.gate import aside
from panelwright.core.refusal import Refusal
from panelwright.lane.cpu_affinity import anywhere

BUSY = Refusal("busy")

T = TypeVar("T")


class OwaspArgon2(Argon2PasswordHasher):
    """Argon2id as OWASP advises. What was hashed with other parameters is hashed anew at the next log-in."""

    memory_cost = limits.PASSWORD_HASH_KIB
    time_cost = 2
    parallelism = 1


class PasswordVerdict(NamedTuple):
    """`anew`: the hash to keep from now on, where the kept one was made with other parameters; else empty."""

    right: bool
    anew: str = ""


def hashed(password: str) -> str | Refusal:
    """The hash to keep. Refusal: busy."""
    return _in_turn(functools.partial(make_password, password))


def check(password: str, kept: str) -> PasswordVerdict | Refusal:
    """Whether a password is the one of a hash. Refusal: busy."""
    return _in_turn(functools.partial(_check, password, kept))


def pretend(password: str) -> Refusal | None:
    """Take as long as a check, for an address that has no account. Refusal: busy."""
    made = hashed(password)
    return made if isinstance(made, Refusal) else None


def hashed_at_leisure(password: str) -> str:
    """The hash to keep, however long others take: for commands."""
    with aside():
        return _pool().submit(make_password, password).result()


def no_room() -> bool:
    """Whether who asks now is told that we are busy: to be looked at before anything is written down."""
    if not _waiting.acquire(blocking=False):
        return True
    _waiting.release()
    return False


def _check(password: str, kept: str) -> PasswordVerdict:
    right, outdated = verify_password(password, kept)
    return PasswordVerdict(right, make_password(password) if right and outdated else "")


_waiting = threading.BoundedSemaphore(limits.PASSWORD_HASHES_AT_ONCE + limits.PASSWORD_HASHES_WAITING_MAX)


@functools.cache
def _pool() -> ThreadPoolExecutor:
    """Threads of their own: each keeps the memory that it once took, so there must not be many that take it."""
    return ThreadPoolExecutor(limits.PASSWORD_HASHES_AT_ONCE, thread_name_prefix="password", initializer=anywhere)


def _in_turn(work: Callable[[], T]) -> T | Refusal:
    if not _waiting.acquire(blocking=False):
        return BUSY
    try:
        future: Future[T] = _pool().submit(work)
        with aside():
            try:
                return future.result(limits.PASSWORD_HASH_WAIT_S)
            except TooLate:
                # One that has begun is soon done.
                return BUSY if future.cancel() else future.result()
    finally:
        _waiting.release()
