"""What each test costs: `pytest --costs=FILE` writes a line of JSON a test, `python -m tests.costs FILE...` adds up.

(Without `=` pytest takes a file that is there already for tests, and looks for its settings beside it.)

Processor time of this process and of the processes that it has started and waited for, so that the numbers mean
the same on a busy machine. What a shared server or browser spends meanwhile belongs to no test.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Generator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--costs", metavar="FILE", help="write what each test costs in seconds, a line of JSON a test")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    place = item.config.getoption("costs")
    if not place:
        return (yield)
    began, before = time.monotonic(), _processor_s()
    done = yield
    told = {
        "test": item.nodeid,
        "cpu_s": round(_processor_s() - before, 3),
        "wall_s": round(time.monotonic() - began, 3),
    }
    with Path(place).open("a") as file:
        file.write(json.dumps(told) + "\n")
    return done


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
