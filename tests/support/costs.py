"""Which files of tests take the processor's time: `--costs 20` lists the most expensive ones at the end.

What counts is the time of the test's process and of those that it started and that have ended: a server that a module
shares counts for the test that ends it, and so does the browser that all of them share.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

_PROPERTY = "processor_s"
# What was spent when the last report was made.
_SO_FAR = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--costs", type=int, metavar="N", help="list the N files that took most of the processor's time")


def _spent() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    now = _spent()
    report.user_properties.append((_PROPERTY, now - item.config.stash.get(_SO_FAR, now)))
    item.config.stash[_SO_FAR] = now
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    most = config.getoption("costs")
    if not most:
        return
    spent: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _PROPERTY:
                    spent[report.nodeid.partition("::")[0]] += value
    terminalreporter.section(f"processor time: {sum(spent.values()):.0f} s in all")
    for file, seconds in spent.most_common(most):
        terminalreporter.write_line(f"{seconds:7.1f} s  {file}")
