"""The states of a batcher, as a table: what follows on what, and what has to be done. Pure.

Two threads bring events: the event loop that queues commands and starts batches, and the batcher's own, which
carries them out. Whatever their order, at most one batch runs, and nothing waits that nobody sees to.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class BatcherState(Enum):
    # Enum's own is written in Python, and the table is looked into a few times a batch.
    __hash__ = object.__hash__

    IDLE = "nothing waits, nothing runs"
    GATHERING = "commands wait for others that are about to come; the event loop counts"
    RUNNING = "a batch is carried out; what comes waits for the next one"
    DRAINING = "stopping: batch after batch is carried out until nothing waits; nothing more is taken"
    STOPPED = "nothing waits, nothing runs, and the thread has ended or is about to"


class BatcherEvent(Enum):
    __hash__ = object.__hash__

    QUEUED = "a command was put into the queue"
    GATHERED = "for a moment no more commands came"
    DONE_MORE = "a batch is done, and commands wait"
    DONE_EMPTY = "a batch is done, and nothing waits"
    STOP = "the process is leaving"


class Effect(Enum):
    """What whoever brought the event has to do."""

    NONE = "nothing"
    GATHER = "let the event loop count until no more commands come, then bring GATHERED"
    RUN = "let the thread carry out a batch, then bring DONE"
    END = "let the thread end"


class Transition(NamedTuple):
    state: BatcherState
    effect: Effect = Effect.NONE


_S, _E = BatcherState, BatcherEvent

TABLE: dict[tuple[BatcherState, BatcherEvent], Transition] = {
    (_S.IDLE, _E.QUEUED): Transition(_S.GATHERING, Effect.GATHER),
    (_S.IDLE, _E.STOP): Transition(_S.STOPPED, Effect.END),
    # More commands change nothing: the loop is counting.
    (_S.GATHERING, _E.QUEUED): Transition(_S.GATHERING),
    (_S.GATHERING, _E.GATHERED): Transition(_S.RUNNING, Effect.RUN),
    (_S.GATHERING, _E.STOP): Transition(_S.DRAINING, Effect.RUN),
    (_S.RUNNING, _E.QUEUED): Transition(_S.RUNNING),
    (_S.RUNNING, _E.DONE_MORE): Transition(_S.GATHERING, Effect.GATHER),
    (_S.RUNNING, _E.DONE_EMPTY): Transition(_S.IDLE),
    # The thread is at work, and sees to the rest by itself.
    (_S.RUNNING, _E.STOP): Transition(_S.DRAINING),
    (_S.DRAINING, _E.DONE_MORE): Transition(_S.DRAINING, Effect.RUN),
    (_S.DRAINING, _E.DONE_EMPTY): Transition(_S.STOPPED, Effect.END),
    # The loop was counting when the stop came.
    (_S.DRAINING, _E.GATHERED): Transition(_S.DRAINING),
    (_S.STOPPED, _E.GATHERED): Transition(_S.STOPPED),
    # Stopped twice is stopped.
    (_S.DRAINING, _E.STOP): Transition(_S.DRAINING),
    (_S.STOPPED, _E.STOP): Transition(_S.STOPPED),
}
# Everything else is a fault of the batcher, and raises KeyError: a command that is taken while it stops, a batch that
# ends when none ran, and the end of counting that nobody began.

# What takes no more commands.
STOPPING = frozenset({_S.DRAINING, _S.STOPPED})
