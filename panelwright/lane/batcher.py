"""Concurrent commands share one transaction: the busier, the faster.

A Batcher runs at most one batch at a time, on its own thread with its own database connection.
Commands that arrive meanwhile wait and share the next batch. Idle, a command is a batch of one
and waits for nobody; busy, batches grow by themselves. What follows on what is the table in states.py.

Stepping aside: an event loop and a batch that both want the interpreter take it from each other
hundreds of times a batch, and each time costs more than the work in between. Where a batch hardly
waits for anything but its commit (SQLite), the loop therefore hands over and waits until the batch
says, by `about_to_wait`, that it is only waiting for the disk now; then the loop goes on. Busy, the
two share a processor (cpu_affinity.py). On PostgreSQL a batch waits for the network most of the time,
and the loop never steps aside.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connections

from panelwright.core import limits
from panelwright.core.sql import PASSING_ERRORS
from panelwright.lane.cpu_affinity import CpuSharing
from panelwright.lane.states import STOPPING, TABLE, BatcherEvent, BatcherState, Effect

Command = TypeVar("Command")
Result = TypeVar("Result")

# Takes a command's result, or the exception that stands for it.
Done = Callable[[Any], None]

# A command, who is told, its bytes, and whether it is nobody's.
_Waiting = tuple[Command, Done, int, bool]

log = logging.getLogger(__name__)
_thread = threading.local()

# Rounds of the event loop, of some microseconds each, in which nothing comes in before a batch starts.
GATHER_ROUNDS = 15
# The part of the queue that is for what is nobody's.
_SHARE = 4
# From this many commands in a batch on, the loop is busy, and shares a processor with the batch.
BUSY_FROM = 8


class NextBatch:
    """The work's result for a command that is to be in the next batch instead: nothing was done for it."""


LATER = NextBatch()


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
    """Collects commands of an event loop and hands them to `work` as batches.

    `work(commands)` answers one result a command, in their order. It runs in a thread of its own
    and must do everything in one transaction, so that an exception means that nothing was done;
    it raises CommitUncertain where that is not known. A result may be LATER, as long as each batch has another one:
    such a command waits for the next batch, behind those of owners who had nothing in this one.
    `owner_of(command)` names whose command it is, and None is nobody: when more wait than fit a batch, each owner
    gets an equal share. Commands of different `kind_of(command)` never share a batch's work: what becomes of one
    kind says nothing of another.
    `size_of(command)`: the bytes that it holds while it waits and is worked on; of all together at most `bytes_max`,
    and a quarter of it, and of the queue, for those that are nobody's: whose owner is None. A batch has at most
    `batch_bytes_max` beside its first command.
    `step_aside_s` is the longest that the event loop waits for the batch to reach its commit; 0: not at all.
    `sharing`: where the loop stays meanwhile; batchers of one loop share it. None: anywhere.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Command]], Sequence[Result | NextBatch]],
        *,
        owner_of: Callable[[Command], Hashable],
        kind_of: Callable[[Command], Hashable] = lambda _: None,
        batch_max: int = 256,
        queue_max: int = 4096,
        size_of: Callable[[Command], int] = lambda _: 0,
        bytes_max: int = limits.QUEUE_BYTES_MAX,
        batch_bytes_max: int = limits.BATCH_BYTES_MAX,
        step_aside_s: float = 0.0,
        sharing: CpuSharing | None = None,
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
        self._step_aside_s = step_aside_s
        self._sharing = sharing
        # Changed by `_on` alone, which either thread may call.
        self._state = BatcherState.IDLE
        self._changing = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Waiting[Command]] = deque()
        # What came, counted by the event loop, and what is done, counted by our thread: the difference waits or runs.
        self._bytes_came = self._bytes_done = 0
        self._nobodys_came = self._nobodys_done = self._nobodys_bytes_came = self._nobodys_bytes_done = 0
        self._put_off = False  # the last batch left commands for the next one
        self._last_size = 1
        self._expected = batch_max  # commands that wait once all who were just told have asked again
        self._wake = threading.Event()
        self._loop_may_go_on = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"batcher-{name}", daemon=True)
        self._thread.start()

    # ---- in the event loop's thread ----------------------------------------------------------------

    def submit(self, command: Command, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Result]:
        """A future of the result. Raises Overloaded at once when the queue is full.

        A caller that goes away does not undo its command: what was queued is done.
        """
        future: asyncio.Future[Result] = loop.create_future()
        self.tell(command, loop, functools.partial(_settle, future))
        return future

    def tell(self, command: Command, loop: asyncio.AbstractEventLoop, done: Done) -> None:
        """As `submit`, without a future: `done` is called in the loop, with the result or an exception."""
        size = self._size_of(command)
        waiting = self._waiting
        if (
            len(waiting) >= self._queue_max
            or size > self._bytes_max - (self._bytes_came - self._bytes_done)
            or self._state in STOPPING
        ):
            raise Overloaded(f"the {self.name} queue is full")
        nobodys = self._owner_of(command) is None
        if nobodys:
            self._count_nobodys(size)
        self._bytes_came += size
        self._loop = loop
        waiting.append((command, done, size, nobodys))
        if self._state is BatcherState.IDLE and self._on(BatcherEvent.QUEUED) is Effect.GATHER:
            # After this round of the loop: what else has arrived by now shares the batch.
            loop.call_soon(self._gather, loop, 0, 0)

    def _count_nobodys(self, size: int) -> None:
        count = self._nobodys_came - self._nobodys_done + 1
        bytes_ = self._nobodys_bytes_came - self._nobodys_bytes_done + size
        if count > self._queue_max // _SHARE or bytes_ > self._bytes_max // _SHARE:
            raise Overloaded(f"the {self.name} queue has no more room for what is nobody's")
        self._nobodys_came += 1
        self._nobodys_bytes_came += size

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
        if self._on(BatcherEvent.GATHERED) is not Effect.RUN:
            return
        self._expected = self._batch_max
        self._loop_may_go_on.clear()
        if self._sharing is not None and self._last_size >= BUSY_FROM:
            self._sharing.stay(loop)
        self._wake.set()
        if self._step_aside_s:
            self._loop_may_go_on.wait(self._step_aside_s)

    def _settled(
        self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Command]], results: Sequence[Any], gathers: bool
    ) -> None:
        """Wake the callers, then see to what has been waiting meanwhile."""
        for item, result in zip(batch, results, strict=True):
            try:
                item[1](result)
            except Exception:
                # One caller's fault is not its neighbours'.
                log.exception("a caller could not be told its result")
        self._expected = len(batch) + len(self._waiting)
        if gathers:
            loop.call_soon(self._gather, loop, 0, 0)

    def stop(self) -> None:
        """Finish what waits, then end the thread and close its connection."""
        if self._on(BatcherEvent.STOP) is not Effect.NONE:
            self._wake.set()
        self._thread.join()

    # ---- in either thread --------------------------------------------------------------------------

    def _on(self, event: BatcherEvent) -> Effect:
        with self._changing:
            self._state, effect = TABLE[self._state, event]
        return effect

    # ---- in the batcher's thread -------------------------------------------------------------------

    def _run(self) -> None:
        _thread.loop_may_go_on = self._loop_may_go_on
        stays = None
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._sharing is not None:
                stays = self._sharing.follow(stays)
            if not self._carry_out():
                connections.close_all()
                return

    def _carry_out(self) -> bool:
        """What the thread does when it is woken; False: it ends."""
        if self._state is BatcherState.STOPPED:
            return False
        while True:
            batch = self._take()
            self._last_size = len(batch)
            results = self._results([item[0] for item in batch])
            if LATER in results:
                batch, results = self._put_back(batch, results)
            self._count_done(batch)
            effect = self._batch_done()
            if not self._deliver(batch, results, gathers=effect is Effect.GATHER) and effect is Effect.GATHER:
                # The event loop that should count has ended.
                effect = self._on(BatcherEvent.GATHERED)
            self._loop_may_go_on.set()
            if effect is not Effect.RUN:
                return effect is not Effect.END

    def _batch_done(self) -> Effect:
        with self._changing:
            event = BatcherEvent.DONE_MORE if self._waiting else BatcherEvent.DONE_EMPTY
            self._state, effect = TABLE[self._state, event]
            if self._waiting and self._state is BatcherState.IDLE:
                # Queued between the look and the change, by a caller that saw a batch running.
                self._state, effect = TABLE[self._state, BatcherEvent.QUEUED]
        return effect

    def _deliver(self, batch: Sequence[_Waiting[Command]], results: Sequence[Any], *, gathers: bool) -> bool:
        """Let the event loop tell the callers. False when it has ended: then they are gone, too."""
        loop = self._loop
        assert loop is not None
        try:
            loop.call_soon_threadsafe(self._settled, loop, batch, results, gathers)
        except RuntimeError:
            log.info("%s: %d callers went away with their event loop", self.name, len(batch))
            return False
        return True

    def _count_done(self, batch: Sequence[_Waiting[Command]]) -> None:
        self._bytes_done += sum([item[2] for item in batch])
        nobodys = [item[2] for item in batch if item[3]]
        if nobodys:
            self._nobodys_done += len(nobodys)
            self._nobodys_bytes_done += sum(nobodys)

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
            size = queues[owner][0][2]
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


def _settle(future: Any, result: Any) -> None:
    if future.cancelled() or future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
