"""Commands that arrive together share a batch; one bad command, caller or owner spoils nothing for the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import OperationalError

from panelwright.lane.batcher import LATER, Batcher, CommitUncertain, Failed, Overloaded

WAIT_MAX_S = 60.0
Make = Callable[..., "Batcher[str, str]"]


class Work:
    """Keeps each batch that it was given, and holds the first one until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.started = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, commands: Sequence[str]) -> list[str]:
        self.batches.append(list(commands))
        self.started.set()
        assert self.go_on.wait(WAIT_MAX_S)
        return [command.upper() for command in commands]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Batcher[str, str]] = []

    def new(work: Callable[[Sequence[str]], Sequence[str]], **options: Any) -> Batcher[str, str]:
        made.append(Batcher("test", work, owner_of=lambda command: command[0], **options))
        return made[-1]

    yield new
    for batcher in made:
        batcher.stop()


async def _while_busy(batcher: Batcher[str, str], work: Work, commands: Sequence[str]) -> list[str | BaseException]:
    """Submit "a0", and the commands while the batch of "a0" is under way; the results of the commands."""
    loop = asyncio.get_running_loop()
    first = batcher.submit("a0", loop)
    await loop.run_in_executor(None, work.started.wait, WAIT_MAX_S)
    rest = [batcher.submit(command, loop) for command in commands]
    work.go_on.set()
    assert await first == "A0"
    return await asyncio.gather(*rest, return_exceptions=True)


async def _one(batcher: Batcher[str, str], command: str) -> str:
    return await batcher.submit(command, asyncio.get_running_loop())


OPTIONS: list[dict[str, Any]] = [{}, {"step_aside_s": 0.01}]


@pytest.mark.parametrize("options", OPTIONS)
def test_what_arrives_meanwhile_shares_the_next_batch(make: Make, options: dict[str, Any]) -> None:
    work = Work()
    batcher = make(work, **options)
    assert asyncio.run(_while_busy(batcher, work, ["b1", "c2", "d3"])) == ["B1", "C2", "D3"]
    assert work.batches == [["a0"], ["b1", "c2", "d3"]]


@pytest.mark.parametrize("options", OPTIONS)
def test_a_flood_of_one_owner_leaves_room_for_another(make: Make, options: dict[str, Any]) -> None:
    work = Work()
    batcher = make(work, batch_max=4, **options)
    flood = [f"f{i}" for i in range(9)]
    results = asyncio.run(_while_busy(batcher, work, [*flood, "c0", "c1"]))
    assert results == [command.upper() for command in [*flood, "c0", "c1"]]
    assert work.batches[:2] == [["a0"], ["f0", "c0", "f1", "c1"]]
    # Nobody's commands change places with each other.
    done = [command for batch in work.batches for command in batch]
    assert [command for command in done if command[0] == "f"] == flood
    assert all(len(batch) <= 4 for batch in work.batches)


@pytest.mark.parametrize("options", OPTIONS)
def test_large_commands_do_not_share_a_batch(make: Make, options: dict[str, Any]) -> None:
    """256 bodies of a megabyte would be one transaction of a minute; small ones wait for one of them at most."""
    work = Work()
    batcher = make(work, size_of=len, batch_bytes_max=8, **options)
    large = [f"{owner}{number}{'x' * 20}" for owner in "def" for number in range(3)]
    small = ["b1", "c1", "b2", "c2", "b3"]
    results = asyncio.run(_while_busy(batcher, work, [*large, *small]))
    assert results == [command.upper() for command in [*large, *small]]
    # Eight bytes beside the first one, and owners take turns.
    assert [[command[:2] for command in batch] for batch in work.batches] == [
        ["a0"],
        ["d0", "b1", "c1", "b2", "c2"],
        ["e0", "b3"],
        *(["f0"], ["d1"], ["e1"], ["f1"], ["d2"], ["e2"], ["f2"]),
    ]


@pytest.mark.parametrize("options", OPTIONS)
def test_who_cannot_be_told_does_not_keep_others_from_being_told(make: Make, options: dict[str, Any]) -> None:
    work = Work()
    batcher = make(work, **options)
    told: list[Any] = []

    def break_off(result: Any) -> None:
        told.append(result)
        raise OSError("the line is dead")

    async def run() -> list[str | BaseException]:
        loop = asyncio.get_running_loop()
        first = batcher.submit("a0", loop)
        await loop.run_in_executor(None, work.started.wait, WAIT_MAX_S)
        batcher.tell("b1", loop, break_off)
        rest = [batcher.submit(command, loop) for command in ("c2", "d3")]
        work.go_on.set()
        return await asyncio.gather(first, *rest)

    assert asyncio.run(run()) == ["A0", "C2", "D3"]
    assert told == ["B1"]


def test_who_asks_again_shares_a_batch_with_who_has_been_waiting(make: Make) -> None:
    work = Work()
    batcher = make(work)

    async def go_on_asking(name: str, first: Any) -> None:
        assert await first == f"{name}0".upper()
        assert await batcher.submit(f"{name}1", asyncio.get_running_loop()) == f"{name}1".upper()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        first = [batcher.submit(f"{name}0", loop) for name in "ab"]
        callers = [loop.create_task(go_on_asking(name, future)) for name, future in zip("ab", first, strict=True)]
        await loop.run_in_executor(None, work.started.wait, WAIT_MAX_S)
        callers += [loop.create_task(go_on_asking(name, batcher.submit(f"{name}0", loop))) for name in "cd"]
        work.go_on.set()
        await asyncio.gather(*callers)

    asyncio.run(run())
    # While the batch of two was busy two more came; each pair then waits for the other.
    assert [sorted(batch) for batch in work.batches] == [["a0", "b0"], ["a1", "b1", "c0", "d0"], ["c1", "d1"]]


def test_a_full_queue_refuses_at_once(make: Make) -> None:
    work = Work()
    batcher = make(work, queue_max=3)

    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        taken = [batcher.submit("a0", loop)]
        await loop.run_in_executor(None, work.started.wait, WAIT_MAX_S)
        taken += [batcher.submit(command, loop) for command in ("b1", "b2", "b3")]
        with pytest.raises(Overloaded, match="the test queue is full"):
            batcher.submit("b4", loop)
        work.go_on.set()
        results = await asyncio.gather(*taken)
        # There is room again.
        return [*results, await batcher.submit("b5", loop)]

    assert asyncio.run(run()) == ["A0", "B1", "B2", "B3", "B5"]
    assert work.batches == [["a0"], ["b1", "b2", "b3"], ["b5"]]


def test_one_bad_command_does_not_sink_its_neighbours(make: Make) -> None:
    go_on, started = threading.Event(), threading.Event()
    batches: list[list[str]] = []

    def work(commands: Sequence[str]) -> list[str]:
        batches.append(list(commands))
        started.set()
        assert go_on.wait(WAIT_MAX_S)
        if "bad" in commands:
            raise KeyError("bad")
        return [command.upper() for command in commands]

    async def run(batcher: Batcher[str, str]) -> list[str | BaseException]:
        loop = asyncio.get_running_loop()
        first = batcher.submit("a0", loop)
        await loop.run_in_executor(None, started.wait, WAIT_MAX_S)
        rest = [batcher.submit(command, loop) for command in ("b1", "bad", "c2")]
        go_on.set()
        await first
        return await asyncio.gather(*rest, return_exceptions=True)

    good, failed, other = asyncio.run(run(make(work)))
    assert (good, other) == ("B1", "C2")
    assert isinstance(failed, Failed)
    assert not failed.uncertain
    # Together first, then one by one: each batch is a transaction, so nothing was done twice.
    assert batches == [["a0"], ["b1", "bad", "c2"], ["b1"], ["bad"], ["c2"]]


def test_kinds_of_commands_do_not_share_a_transaction(make: Make) -> None:
    batches: list[list[str]] = []
    started, go_on = threading.Event(), threading.Event()

    def work(commands: Sequence[str]) -> list[str]:
        batches.append(list(commands))
        started.set()
        assert go_on.wait(WAIT_MAX_S)
        if commands[0][1] == "x":
            raise CommitUncertain("the connection broke in the commit")
        return [command.upper() for command in commands]

    async def run(batcher: Batcher[str, str]) -> list[str | BaseException]:
        loop = asyncio.get_running_loop()
        first = batcher.submit("a0", loop)
        await loop.run_in_executor(None, started.wait, WAIT_MAX_S)
        rest = [batcher.submit(command, loop) for command in ("bx1", "by1", "cx2", "cy2")]
        go_on.set()
        await first
        return await asyncio.gather(*rest, return_exceptions=True)

    results = asyncio.run(run(make(work, kind_of=lambda command: command[1])))
    assert batches == [["a0"], ["bx1", "cx2"], ["by1", "cy2"]]
    # What nobody knows of one kind says nothing of the other.
    assert (results[1], results[3]) == ("BY1", "CY2")
    assert all(isinstance(result, Failed) and result.uncertain for result in (results[0], results[2]))


def test_a_commit_that_may_have_been_done_is_not_done_again(make: Make) -> None:
    batches: list[list[str]] = []

    def work(commands: Sequence[str]) -> list[str]:
        batches.append(list(commands))
        raise CommitUncertain("the connection broke in the commit")

    with pytest.raises(Failed) as failure:
        asyncio.run(_one(make(work), "a1"))
    assert failure.value.uncertain
    assert batches == [["a1"]]


def test_a_database_that_is_too_busy_is_no_refusal(make: Make) -> None:
    batches: list[list[str]] = []

    def work(commands: Sequence[str]) -> list[str]:
        batches.append(list(commands))
        raise OperationalError("could not serialize access")

    with pytest.raises(Overloaded, match="could not serialize access"):
        asyncio.run(_one(make(work), "a1"))
    assert batches == [["a1"]]


def test_a_caller_who_went_away_does_not_undo_his_command(make: Make) -> None:
    work = Work()
    batcher = make(work)

    async def leave() -> None:
        loop = asyncio.get_running_loop()
        gone = batcher.submit("a0", loop)
        await loop.run_in_executor(None, work.started.wait, WAIT_MAX_S)
        gone.cancel()

    asyncio.run(leave())
    work.go_on.set()
    assert asyncio.run(_one(batcher, "b1")) == "B1"
    assert work.batches == [["a0"], ["b1"]]


def test_what_waits_at_the_end_is_still_done() -> None:
    work = Work()
    batcher: Batcher[str, str] = Batcher("last", work, owner_of=lambda command: command)

    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        first = batcher.submit("a0", loop)
        await loop.run_in_executor(None, work.started.wait, WAIT_MAX_S)
        second = batcher.submit("b1", loop)
        work.go_on.set()
        batcher.stop()
        batcher.stop()
        with pytest.raises(Overloaded):
            batcher.submit("c2", loop)
        return [await first, await second]

    assert asyncio.run(run()) == ["A0", "B1"]
    assert work.batches == [["a0"], ["b1"]]


def test_what_gathers_at_the_end_is_still_done() -> None:
    work = Work()
    work.go_on.set()
    batcher: Batcher[str, str] = Batcher("last", work, owner_of=lambda command: command)

    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        waiting = [batcher.submit(command, loop) for command in ("a0", "b1")]
        batcher.stop()
        return await asyncio.gather(*waiting)

    assert asyncio.run(run()) == ["A0", "B1"]
    assert work.batches == [["a0", "b1"]]


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_put_off_waits_for_the_next_batch_and_lets_others_go_first(make: Make, options: dict[str, Any]) -> None:
    work = Work()

    def some(commands: Sequence[str]) -> list[Any]:
        results: list[Any] = work(commands)
        # One of "f" a batch; nothing behind it may be done either.
        costly = next((place for place, command in enumerate(commands) if command[0] == "f"), len(commands))
        return [result if place <= costly else LATER for place, result in enumerate(results)]

    batcher = make(some, bytes_max=1_000, size_of=len, **options)
    sent = ["f0", "f1", "f2", "c0", "c1"]
    assert asyncio.run(_while_busy(batcher, work, sent)) == [command.upper() for command in sent]
    assert work.batches == [["a0"], sent, ["c0", "f1", "c1", "f2"], ["c1", "f2"]]
    assert batcher._bytes_came == batcher._bytes_done == 12


def test_a_batch_that_puts_off_everything_answers(make: Make) -> None:
    batcher = make(lambda commands: [LATER for _ in commands])
    with pytest.raises(Overloaded):
        asyncio.run(_one(batcher, "a0"))
