"""The others notice when they are harmed, and only then: what all tests in this folder rely on."""

from __future__ import annotations

import time

import pytest

from tests.strangers.others import Others
from tests.support.crowd import ask
from tests.support.signals import held, processes

# What is looked at is how the tests measure.
pytestmark = pytest.mark.one_database


@pytest.mark.alone
def test_nobody_notices_a_plain_customer(others: Others) -> None:
    asked = {"key": others.key, "action": "balance"}
    seen = others.unharmed_by(lambda: ask(others.port, asked))
    assert seen.orders > 20
    assert others.memory_bytes() > 10_000_000
    others.costs_at_most(10, lambda: ask(others.port, asked), lambda: ask(others.port, asked), times=100)
    with pytest.raises(AssertionError):
        others.costs_at_most(0.1, lambda: ask(others.port, asked), lambda: ask(others.port, asked), times=100)


@pytest.mark.alone
@pytest.mark.parametrize(("command", "still_s"), [("web", 0.3), ("worker", 3.0)])
def test_a_process_that_stands_is_noticed(others: Others, command: str, still_s: float) -> None:
    """Each order counts from when it was due, so one long wait is not one late order among many."""

    def stand_still() -> None:
        with held(others.pids(command)):
            time.sleep(still_s)
        time.sleep(0.2)

    seen = others.round_of(stand_still)
    assert not seen.good
    assert (seen.answered_s > 0.1) == (command == "web")
    assert (seen.sent_s > 2.0) == (command == "worker")


@pytest.mark.alone
def test_a_machine_that_lets_everybody_wait_is_told_from_an_attack(others: Others) -> None:
    def stand_still() -> None:
        bystander = [one.pid for one in processes() if "tests.strangers.bystander" in one.command]
        with held([*others.pids("web"), *bystander]):
            time.sleep(0.3)
        time.sleep(0.2)

    seen = others.unharmed_by(stand_still)
    assert seen.stood_s > 0.1
    assert seen.answered_s > 0.1
