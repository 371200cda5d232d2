"""A loop does what there is to do, survives a fault, and ends when it is asked to."""

from __future__ import annotations

import logging
import threading

import pytest

from panelwright.core import loop
from panelwright.core.loop import Loop

END_MAX_S = 60.0


def test_while_there_is_work_a_loop_does_not_wait() -> None:
    left, done = [5], threading.Event()

    def tick() -> int:
        if left[0] == 0:
            done.set()
            return 0
        left[0] -= 1
        return 1

    # With a wait between the rounds this would take minutes.
    busy = Loop("busy", tick, idle_s=60.0)
    busy.start()
    assert done.wait(END_MAX_S)
    busy.ask_to_stop()
    assert busy.join(END_MAX_S)


def test_a_round_that_fails_is_logged_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop, "AFTER_FAULT_S", 0.01)
    rounds, again = [0], threading.Event()

    def tick() -> int:
        rounds[0] += 1
        if rounds[0] == 1:
            raise RuntimeError("the provider's row is odd")
        again.set()
        return 0

    with caplog.at_level(logging.ERROR, logger="panelwright.core.loop"):
        tried = Loop("tried", tick)
        tried.start()
        assert again.wait(END_MAX_S)
        tried.ask_to_stop()
        assert tried.join(END_MAX_S)
    assert [record.getMessage() for record in caplog.records] == ["loop tried: a round failed and is tried again"]


def test_a_round_under_way_is_ended_before_the_loop_is() -> None:
    started, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def tick() -> int:
        started.set()
        assert go_on.wait(END_MAX_S)
        ended.set()
        return 1

    slow = Loop("slow", tick)
    slow.start()
    assert started.wait(END_MAX_S)
    slow.ask_to_stop()
    assert not slow.join(0.05)
    go_on.set()
    assert slow.join(END_MAX_S)
    assert ended.is_set()
