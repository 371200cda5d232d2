"""The batcher's states: the table by itself, and the batcher in every order of what its two threads do."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from panelwright.lane.batcher import LATER, Batcher, CommitUncertain, Failed, NextBatch, Overloaded
from panelwright.lane.states import STOPPING, TABLE, BatcherEvent, BatcherState, Effect

S, E = BatcherState, BatcherEvent
# What cannot happen: a command that is taken while it stops, a batch that ends when none runs, the end of counting
# that nobody began.
IMPOSSIBLE = {
    *((state, E.QUEUED) for state in STOPPING),
    *((state, event) for state in (S.IDLE, S.GATHERING, S.STOPPED) for event in (E.DONE_MORE, E.DONE_EMPTY)),
    *((state, E.GATHERED) for state in (S.IDLE, S.RUNNING)),
}


def test_every_event_in_every_state_is_in_the_table_or_impossible() -> None:
    assert {(state, event) for state in S for event in E} == TABLE.keys() | IMPOSSIBLE
    assert TABLE.keys().isdisjoint(IMPOSSIBLE)


@pytest.mark.parametrize(("state", "event"), TABLE, ids=lambda one: one.name)
def test_a_batch_begins_when_none_runs_and_the_end_is_the_end(state: BatcherState, event: BatcherEvent) -> None:
    after, effect = TABLE[state, event]
    # A batch runs in these states alone, so the one that begins is the only one.
    if effect is Effect.RUN:
        assert after in {S.RUNNING, S.DRAINING}
        assert state not in {S.RUNNING, S.DRAINING} or event in {E.DONE_MORE, E.DONE_EMPTY}
    assert (effect is Effect.GATHER) == (after is S.GATHERING and state is not S.GATHERING)
    assert (effect is Effect.END) == (after is S.STOPPED and state is not S.STOPPED)
    if state in STOPPING:
        assert after in STOPPING
    if state is S.STOPPED:
        assert after is S.STOPPED


class Loop:
    """An event loop that does one thing at a time, when it is told to."""

    def __init__(self) -> None:
        self.due: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self.closed = False

    def call_soon(self, do: Callable[..., None], *arguments: Any) -> None:
        self.due.append((do, arguments))

    def call_soon_threadsafe(self, do: Callable[..., None], *arguments: Any) -> None:
        if self.closed:
            raise RuntimeError("Event loop is closed")
        self.call_soon(do, *arguments)

    def one(self) -> None:
        do, arguments = self.due.popleft()
        do(*arguments)


class Thread:
    """The batcher's thread, which goes on when it is told to."""

    def __init__(self, **_: object) -> None:
        pass

    def start(self) -> None:
        pass

    def join(self) -> None:
        pass


class BatcherMachine(RuleBasedStateMachine):
    """Commands, rounds of the loop, turns of the thread and the stop, in any order; the real batcher."""

    @initialize(batch_max=st.integers(1, 4))
    def begin(self, batch_max: int) -> None:
        real, threading.Thread = threading.Thread, Thread  # type: ignore[misc,assignment]
        try:
            self.batcher: Batcher[str, str] = Batcher(
                "test", self.work, owner_of=lambda command: command[0], batch_max=batch_max, queue_max=6
            )
        finally:
            threading.Thread = real  # type: ignore[misc]
        self.loop = Loop()
        self.running = self.ended = False
        self.taken: list[str] = []
        self.worked: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.meanwhile: list[str] = []
        self.fault: Exception | None = None
        self.done_of_a_batch = 9

    def work(self, commands: Sequence[str]) -> list[str | NextBatch]:
        assert not self.running
        self.running = True
        # The loop goes on while the thread is at work.
        for what in self.meanwhile:
            self.do(what)
        self.meanwhile = []
        self.running = False
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        done = commands[: self.done_of_a_batch]
        self.worked.update(done)
        return [*[command.upper() for command in done], *[LATER] * (len(commands) - len(done))]

    def do(self, what: str) -> None:
        if what == "round" and self.loop.due and not self.loop.closed:
            self.loop.one()
        elif what == "stop":
            self.batcher.stop()
        elif what in {"a", "b"}:
            self.ask(what)

    def ask(self, owner: str) -> None:
        command = f"{owner}{len(self.taken)}"

        def done(result: object) -> None:
            assert result == command.upper() or isinstance(result, (Failed, Overloaded))
            self.told[command] += 1

        try:
            self.batcher.tell(command, self.loop, done)  # type: ignore[arg-type]
        except Overloaded:
            assert self.batcher._state in STOPPING or len(self.batcher._waiting) == 6
        else:
            self.taken.append(command)

    @precondition(lambda self: not self.loop.closed)
    @rule(owner=st.sampled_from("ab"))
    def a_command_comes(self, owner: str) -> None:
        self.ask(owner)

    @precondition(lambda self: self.loop.due and not self.loop.closed)
    @rule(rounds=st.integers(1, 20))
    def the_loop_goes_round(self, rounds: int) -> None:
        for _ in range(min(rounds, len(self.loop.due))):
            self.loop.one()

    @precondition(lambda self: self.batcher._wake.is_set())
    @rule(
        meanwhile=st.lists(st.sampled_from(["a", "b", "round", "stop"]), max_size=6),
        fault=st.sampled_from([None, None, None, CommitUncertain("unknown"), ValueError("bad")]),
        done_of_a_batch=st.sampled_from([1, 2, 9]),
    )
    def the_thread_takes_its_turn(
        self, meanwhile: list[str], fault: Exception | None = None, done_of_a_batch: int = 9
    ) -> None:
        assert not self.ended
        self.done_of_a_batch = done_of_a_batch
        self.meanwhile = [] if self.loop.closed else meanwhile
        self.fault = fault
        self.batcher._wake.clear()
        self.ended = not self.batcher._carry_out()

    @rule()
    def it_is_stopped(self) -> None:
        self.batcher.stop()

    @precondition(lambda self: self.batcher._state is not S.GATHERING)
    @rule()
    def the_loop_ends(self) -> None:
        self.loop.closed = True

    @invariant()
    def nothing_waits_that_nobody_sees_to(self) -> None:
        batcher = self.batcher
        if batcher._waiting:
            assert batcher._state in {S.GATHERING, S.RUNNING, S.DRAINING}
        if batcher._state in {S.RUNNING, S.DRAINING}:
            assert batcher._wake.is_set()
        if batcher._state is S.GATHERING:
            assert self.loop.due
        assert batcher._bytes_came >= batcher._bytes_done

    def teardown(self) -> None:
        """Whatever happened: in the end everything that was taken is done and told once, and the thread ends."""
        if not hasattr(self, "batcher"):
            return
        self.batcher.stop()
        while not self.ended:
            assert self.batcher._wake.is_set()
            self.batcher._wake.clear()
            self.ended = not self.batcher._carry_out()
        while self.loop.due and not self.loop.closed:
            self.loop.one()
        assert self.batcher._state is S.STOPPED
        assert not self.batcher._waiting
        assert set(self.worked.values()) <= {1}
        assert self.worked.keys() <= set(self.taken)
        assert set(self.told.values()) <= {1}
        if not self.loop.closed:
            assert set(self.told) == set(self.taken)


TestBatcher = BatcherMachine.TestCase
TestBatcher.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


class Sneaking(deque[Any]):
    """A queue into which one more command comes just after it was found empty."""

    sneak: Callable[[], None] | None = None

    def __len__(self) -> int:
        found = super().__len__()
        if found == 0 and self.sneak is not None:
            sneak, self.sneak = self.sneak, None
            sneak()
        return found


def test_a_command_between_the_look_and_the_change_is_seen_to() -> None:
    machine = BatcherMachine()
    machine.begin(batch_max=4)
    machine.ask("a")
    while not machine.batcher._wake.is_set():
        machine.loop.one()
    waiting = machine.batcher._waiting = Sneaking(machine.batcher._waiting)
    waiting.sneak = lambda: machine.ask("b")
    machine.the_thread_takes_its_turn(meanwhile=[])
    machine.nothing_waits_that_nobody_sees_to()
    assert (machine.batcher._state, len(waiting)) == (S.GATHERING, 1)
    machine.teardown()
    assert machine.told == {"a0": 1, "b1": 1}
