"""Busy threads that take turns share a processor for a moment; nothing else is ever kept in one place."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from panelwright.lane import cpu_affinity
from panelwright.lane.batcher import BUSY_FROM, Batcher
from panelwright.lane.cpu_affinity import ALLOWED, CpuSharing

WAIT_MAX_S = 60.0
# On a machine with one processor there is nothing to choose.
ONE = 1 if ALLOWED else 0


def mine() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


@pytest.fixture(autouse=True)
def afterwards_anywhere() -> Iterator[None]:
    yield
    cpu_affinity.anywhere()
    assert mine() == ALLOWED


def elsewhere(do: Callable[[], object]) -> None:
    thread = threading.Thread(target=do)
    thread.start()
    thread.join(WAIT_MAX_S)
    assert not thread.is_alive()


def test_the_loop_stays_the_other_thread_follows_and_both_leave() -> None:
    turns = CpuSharing(stay_s=0.05)
    seen: list[tuple[int | None, set[int]]] = []

    async def go() -> None:
        turns.stay(asyncio.get_running_loop())
        here = mine()
        assert len(here) == ONE
        turns.stay(asyncio.get_running_loop())
        assert mine() == here

        def follow() -> None:
            seen.append((turns.follow(None), mine()))
            left.wait(WAIT_MAX_S)
            seen.append((turns.follow(seen[0][0]), mine()))

        left = threading.Event()
        other = threading.Thread(target=follow)
        other.start()
        deadline = time.monotonic() + WAIT_MAX_S
        while (mine() != ALLOWED or turns.processor is not None) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        assert mine() == ALLOWED
        left.set()
        other.join(WAIT_MAX_S)
        if len(ALLOWED) > 1:
            assert {seen[0][0]} == seen[0][1] == here
        assert seen[1] == (None, set(ALLOWED))

    asyncio.run(go())


def test_a_thread_of_a_loop_that_stays_goes_anywhere() -> None:
    turns = CpuSharing()
    seen: list[set[int]] = []

    def go_anywhere() -> None:
        seen.append(mine())
        cpu_affinity.anywhere()
        seen.append(mine())

    async def go() -> None:
        turns.stay(asyncio.get_running_loop())
        elsewhere(go_anywhere)

    asyncio.run(go())
    assert len(seen[0]) == ONE
    assert seen[1] == ALLOWED


def test_where_the_system_refuses_everybody_stays_free(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not in this sandbox")

    monkeypatch.setattr(cpu_affinity, "ALLOWED", frozenset({0, 1}))
    monkeypatch.setattr(os, "sched_setaffinity", refuse, raising=False)
    turns = CpuSharing()

    async def go() -> None:
        turns.stay(asyncio.get_running_loop())

    asyncio.run(go())
    assert turns.processor is None
    assert turns.follow(None) is None
    cpu_affinity.anywhere()


@pytest.mark.parametrize(("commands", "together"), [(1, False), (BUSY_FROM, True)])
def test_only_batches_that_are_busy_share_a_processor(commands: int, together: bool) -> None:
    seen: list[set[int]] = []

    def work(batch: Sequence[str]) -> list[str]:
        seen.append(mine())
        return list(batch)

    batcher: Batcher[str, str] = Batcher("test", work, owner_of=str, step_aside_s=1.0, sharing=CpuSharing())

    async def go() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(3):
            await asyncio.gather(*[batcher.submit("a", loop) for _ in range(commands)])

    try:
        asyncio.run(go())
    finally:
        batcher.stop()
    # What a batch is like is known from the one before it.
    assert seen[0] == ALLOWED
    assert [len(there) for there in seen[1:]] == [ONE if together else len(ALLOWED)] * 2
