"""Concurrent commands share one transaction: the busier, the faster.

A Batcher runs at most one batch at a time, on its own thread with its own database connection.
Commands that arrive meanwhile wait and share the next batch. Idle, a command is a batch of one
and waits for nobody; busy, batches grow by themselves.

Stepping aside: an event loop and a batch that both want the interpreter take it from each other
hundreds of times a batch, and each time costs more than the work in between. Where a batch hardly
waits for anything but its commit (SQLite), the loop therefore hands over and waits until the batch
says, by `about_to_wait`, that it is only waiting for the disk now; then the loop goes on. Busy, the
two share a processor (processor.py). On PostgreSQL a batch waits for the network most of the time,
and the loop never steps aside.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from django.db import connections

from panelwright.core import limits
from panelwright.core.processor import Turns
from panelwright.core.sql import PASSING_ERRORS

Command = TypeVar("Command")
Result = TypeVar("Result")

# Takes a command's result, or the exception that stands for it.
Done = Callable[[Any], None]

# A command, who is told, its bytes, and whether it is nobody's. Without an event loop its caller is told in the
# batcher's own thread.
_Waiting = tuple[Command, asyncio.AbstractEventLoop | None, Done, int, bool]

log = logging.getLogger(__name__)
_thread = threading.local()

# Rounds of the event loop, of some microseconds each, in which nothing comes in before a batch starts.
GATHER_ROUNDS = 15
# The part of the queue that is for what is nobody's.
_SHARE = 4
# From this many commands in a batch on, the loop is busy, and shares a processor with the batch.
BUSY_FROM = 8


class Later:
    """The work's result for a command that is to be in the next batch instead: nothing was done for it."""


LATER = Later()


def about_to_wait() -> None:
    """Called by a batch's work when from now on it only waits, for the disk: the event loop may go on."""
    may_go_on = getattr(_thread, "loop_may_go_on", None)
    if may_go_on is not None:
        may_go_on.set()


class Overloaded(Exception):
    """The queue is full, or the database is too busy: nothing was done, the caller may try again."""


class Failed(Exception):
    """A fault of ours. Nothing was done for this command, unless `uncertain`."""

    def __init__(self, message: str, *, uncertain: bool = False) -> None:
        super().__init__(message)
        self.uncertain = uncertain


class CommitUncertain(Exception):
    """Raised by the work when the commit itself failed: it may or may not have been done."""


class Batcher(Generic[Command, Result]):
    """Collects commands and hands them to `work` as batches.

    `work(commands)` answers one result a command, in their order. It runs in a thread of its own
    and must do everything in one transaction, so that an exception means that nothing was done;
    it raises CommitUncertain where that is not known. A result may be LATER, as long as each batch has another one:
    such a command waits for the next batch, behind those of owners who had nothing in this one.
    `owner_of(command)` names whose command it
    is, and None is nobody: when more wait than fit a batch, each owner gets an equal share. Commands of different
    `kind_of(command)` never share a batch's work: what becomes of one kind says nothing of another.
    `size_of(command)`: the bytes that it holds while it waits and is worked on; of all together at most `bytes_max`,
    and a quarter of it, and of the queue, for those that are nobody's: whose owner is None. A batch has at most
    `batch_bytes_max` beside its first command.
    `gathers`: an event loop starts a batch only when for a moment nothing more has come in.
    `step_aside_s` is the longest that it then waits for the batch to reach its commit; 0: not at all.
    `turns`: where the loop stays meanwhile; batchers of one loop share it.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Command]], Sequence[Result | Later]],
        *,
        owner_of: Callable[[Command], Hashable],
        kind_of: Callable[[Command], Hashable] = lambda _: None,
        batch_max: int = 256,
        queue_max: int = 4096,
        size_of: Callable[[Command], int] = lambda _: 0,
        bytes_max: int = limits.QUEUE_BYTES_MAX,
        batch_bytes_max: int = limits.BATCH_BYTES_MAX,
        gathers: bool = False,
        step_aside_s: float = 0.0,
        turns: Turns | None = None,
    ) -> None:
        self.name = name
        self._work = work
        self._owner_of = owner_of
        self._kind_of = kind_of
        self._batch_max = batch_max
        self._queue_max = queue_max
        self._size_of = size_of
        self._bytes_max = bytes_max
        self._batch_bytes_max = batch_bytes_max
        # What came, counted by whoever queues, under the lock, and what is done, counted by our thread: the
        # difference waits.
        self._queueing = threading.Lock()
        self._bytes_came = self._bytes_done = 0
        self._nobodys_came = self._nobodys_done = self._nobodys_bytes_came = self._nobodys_bytes_done = 0
        self._waiting: deque[_Waiting[Command]] = deque()
        self._wake = threading.Event()
        self._gathers = gathers or step_aside_s > 0
        self._step_aside_s = step_aside_s
        self._turns = turns or Turns()
        self._loop_may_go_on = threading.Event()
        self._kick_planned = False
        self._busy = False
        self._put_off = False  # the last batch left commands for the next one
        self._stopping = False
        self._last_size = 1
        self._expected = batch_max  # commands that wait once all who were just told have asked again
        self._thread = threading.Thread(target=self._run, name=f"batcher-{name}", daemon=True)
        self._thread.start()

    def submit(self, command: Command, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Result]:
        """From an event loop: a future of the result. Raises Overloaded at once when the queue is full.

        A caller that goes away does not undo its command: what was queued is done.
        """
        future: asyncio.Future[Result] = loop.create_future()
        self.tell(command, loop, functools.partial(_settle, future))
        return future

    def tell(self, command: Command, loop: asyncio.AbstractEventLoop, done: Done) -> None:
        """As `submit`, without a future: `done` is called in the loop, with the result or an exception."""
        self._queue(command, loop, done)
        if not self._gathers:
            if not self._wake.is_set():
                self._wake.set()
        elif not self._kick_planned and not self._busy:
            # After this round of the loop: what else has arrived by now shares the batch.
            self._kick_planned = True
            loop.call_soon(self._gather, loop, 0, 0)

    def _gather(self, loop: asyncio.AbstractEventLoop, seen: int, quiet: int) -> None:
        """Start a batch once no more commands come in; after a batch of one, at once.

        Who has just been answered asks again within microseconds: waiting for them makes one batch of what
        would be two, and a batch costs as much as dozens of commands. When they are all back, nobody waits on.
        """
        count = len(self._waiting)
        quiet = quiet + 1 if count == seen else 0
        if self._last_size == 1 or quiet > GATHER_ROUNDS or count >= min(self._expected, self._batch_max):
            self._start(loop)
        else:
            loop.call_soon(self._gather, loop, count, quiet)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start a batch and, stepping aside, wait in the event loop's thread until it only waits for the disk."""
        self._kick_planned = False
        if self._busy or not self._waiting:
            return
        self._expected = self._batch_max
        self._loop_may_go_on.clear()
        if self._step_aside_s and self._last_size >= BUSY_FROM:
            self._turns.stay(loop)
        self._wake.set()
        if self._step_aside_s:
            self._loop_may_go_on.wait(self._step_aside_s)

    def call(self, command: Command, timeout_s: float = 60) -> Result:
        """From any other thread: the result. Raises what `submit`'s future would."""
        future: Future[Result] = Future()
        self._queue(command, None, functools.partial(_settle, future))
        if not self._wake.is_set():
            self._wake.set()
        return future.result(timeout_s)

    def stop(self) -> None:
        """Finish what waits, then end the thread and close its connection."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _queue(self, command: Command, loop: asyncio.AbstractEventLoop | None, done: Done) -> None:
        size = self._size_of(command)
        nobodys = self._owner_of(command) is None
        with self._queueing:
            left = self._bytes_max - (self._bytes_came - self._bytes_done)
            if self._stopping or len(self._waiting) >= self._queue_max or size > left:
                raise Overloaded(f"the {self.name} queue is full")
            if nobodys:
                count = self._nobodys_came - self._nobodys_done + 1
                bytes_ = self._nobodys_bytes_came - self._nobodys_bytes_done + size
                if count > self._queue_max // _SHARE or bytes_ > self._bytes_max // _SHARE:
                    raise Overloaded(f"the {self.name} queue has no more room for what is nobody's")
                self._nobodys_came += 1
                self._nobodys_bytes_came += size
            self._bytes_came += size
            self._waiting.append((command, loop, done, size, nobodys))

    def _count_done(self, batch: Sequence[_Waiting[Command]]) -> None:
        self._bytes_done += sum([item[3] for item in batch])
        nobodys = [item[3] for item in batch if item[4]]
        if nobodys:
            self._nobodys_done += len(nobodys)
            self._nobodys_bytes_done += sum(nobodys)

    def _run(self) -> None:
        _thread.loop_may_go_on = self._loop_may_go_on
        stays = None
        while True:
            self._wake.wait()
            self._wake.clear()
            stays = self._turns.follow(stays)
            while self._waiting:
                self._busy = True
                batch = self._take()
                self._last_size = len(batch)
                results = self._results([item[0] for item in batch])
                if LATER in results:
                    batch, results = self._put_back(batch, results)
                self._busy = False
                self._count_done(batch)
                told_a_loop = self._deliver(batch, results)
                self._loop_may_go_on.set()
                if self._gathers and told_a_loop and not self._stopping:
                    # The loop wakes its callers first, and then starts the next batch by itself.
                    break
            if self._stopping and not self._waiting:
                connections.close_all()
                return

    def _take(self) -> list[_Waiting[Command]]:
        """The next batch: everything that waits, or a fair share of each owner's when that is too much."""
        waiting = self._waiting
        count = len(waiting)
        if (
            not self._put_off
            and count <= self._batch_max
            and self._bytes_came - self._bytes_done <= self._batch_bytes_max
        ):
            return [waiting.popleft() for _ in range(count)]
        self._put_off = False
        queues: dict[Hashable, deque[_Waiting[Command]]] = {}
        for _ in range(count):
            item = waiting.popleft()
            queues.setdefault(self._owner_of(item[0]), deque()).append(item)
        batch, served = self._shares(queues)
        # What is left keeps its place before whatever arrived meanwhile, and who got nothing is first.
        left = [item for owner in sorted(queues, key=served.__contains__) for item in queues[owner]]
        waiting.extendleft(reversed(left))
        return batch

    def _put_back(
        self, batch: list[_Waiting[Command]], results: Sequence[Any]
    ) -> tuple[list[_Waiting[Command]], Sequence[Any]]:
        """What is done of a batch, with its results. The rest waits in front; whose owner had nothing done, first."""
        done = [place for place, result in enumerate(results) if result is not LATER]
        if not done:
            return batch, [Overloaded("nothing of a batch could be done")] * len(batch)
        served = {self._owner_of(batch[place][0]) for place in done}
        left = [item for item, result in zip(batch, results, strict=True) if result is LATER]
        left.sort(key=lambda item: self._owner_of(item[0]) in served)
        self._waiting.extendleft(reversed(left))
        self._put_off = True
        return [batch[place] for place in done], [results[place] for place in done]

    def _shares(
        self, queues: dict[Hashable, deque[_Waiting[Command]]]
    ) -> tuple[list[_Waiting[Command]], set[Hashable]]:
        """A batch, taken out of the owners' queues in turns, and the owners that have something in it.

        The first command may be as large as it is. What is too large to go with it waits, and what its owner sent
        after it, until it is the first: small ones never wait for more than one that is large.
        """
        batch: list[_Waiting[Command]] = []
        served: set[Hashable] = set()
        left = self._batch_bytes_max
        turns = deque(queues)
        while turns and len(batch) < self._batch_max:
            owner = turns.popleft()
            size = queues[owner][0][3]
            if batch:
                if size > left:
                    continue
                left -= size
            batch.append(queues[owner].popleft())
            served.add(owner)
            if queues[owner]:
                turns.append(owner)
            else:
                del queues[owner]
        return batch, served

    def _results(self, commands: list[Command]) -> Sequence[Any]:
        """As many as commands, whatever happens: this thread must not end, nor anybody wait for ever."""
        try:
            return self._do_each_kind(commands)
        except BaseException as error:
            log.critical("%s: a batch of %d broke", self.name, len(commands), exc_info=True)
            return [Failed(f"{type(error).__name__}: {error}", uncertain=True)] * len(commands)

    def _do_each_kind(self, commands: list[Command]) -> Sequence[Any]:
        places: dict[Hashable, list[int]] = {}
        for place, command in enumerate(commands):
            places.setdefault(self._kind_of(command), []).append(place)
        if len(places) == 1:
            return self._do(commands)
        results: list[Any] = [None] * len(commands)
        for of_kind in places.values():
            for place, result in zip(of_kind, self._do([commands[place] for place in of_kind]), strict=True):
                results[place] = result
        return results

    def _do(self, commands: list[Command]) -> Sequence[Any]:
        """One result or exception a command. One bad command does not sink its neighbours."""
        try:
            results = self._work(commands)
            if len(results) != len(commands):
                # Done it is; which result is whose, nobody can tell.
                raise CommitUncertain(f"{len(results)} results for {len(commands)} commands")
            return results
        except CommitUncertain as error:
            log.exception("%s: what became of %d commands is not known", self.name, len(commands))
            connections.close_all()
            return [Failed(str(error), uncertain=True)] * len(commands)
        except PASSING_ERRORS as error:
            # Locked, deadlocked, restarted, unreachable: rolled back, so the callers may try again.
            log.warning("%s: the database refused %d commands: %s", self.name, len(commands), error)
            connections.close_all()
            return [Overloaded(str(error))] * len(commands)
        except Exception as error:
            # Whatever state the connection was left in, the next batch gets another one.
            connections.close_all()
            if len(commands) > 1:
                log.warning("%s: a batch of %d failed (%s), running them one by one", self.name, len(commands), error)
                return [self._do([command])[0] for command in commands]
            log.exception("%s: a command failed", self.name)
            return [Failed(f"{type(error).__name__}: {error}")]

    def _settled(self, loop: asyncio.AbstractEventLoop, told: list[tuple[Done, Any]]) -> None:
        """In the event loop: wake the callers, then see to what has been waiting meanwhile."""
        for done, result in told:
            _tell(done, result)
        if self._gathers and not self._busy:
            self._expected = len(told) + len(self._waiting)
            if self._waiting and not self._kick_planned:
                self._kick_planned = True
                loop.call_soon(self._gather, loop, 0, 0)

    def _deliver(self, batch: list[_Waiting[Command]], results: Sequence[Any]) -> bool:
        """Hand the results out. True when an event loop was told, which then sees to what waits."""
        told_a_loop = False
        loops: dict[asyncio.AbstractEventLoop, list[tuple[Done, Any]]] = {}
        for (_, loop, done, _, _), result in zip(batch, results, strict=True):
            if loop is None:
                _tell(done, result)
            else:
                loops.setdefault(loop, []).append((done, result))
        for loop, told in loops.items():
            try:
                loop.call_soon_threadsafe(self._settled, loop, told)
                told_a_loop = True
            except RuntimeError:
                log.info("%s: %d callers went away with their event loop", self.name, len(told))
        return told_a_loop


def _tell(done: Done, result: Any) -> None:
    """One caller's fault is not its neighbours'."""
    try:
        done(result)
    except Exception:
        log.exception("a caller could not be told its result")


def _settle(future: Any, result: Any) -> None:
    if future.cancelled() or future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
