"""What was not run, said aloud: at the end of every run, and as a failure where CI=true."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--report-skips", metavar="FILE", help="add a line to FILE for each test that was not run")


def _not_run(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return []
    lines = []
    for report in (*reporter.stats.get("skipped", ()), *reporter.stats.get("xfailed", ())):
        # A skip's reason is (file, line, text).
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "")
        lines.append(f"{config.getoption('db', 'tests')}: {report.nodeid}: {reason.removeprefix('Skipped: ')}")
    return sorted(lines)


def _must_run_all() -> bool:
    return os.environ.get("CI", "").lower() == "true"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    lines = _not_run(session.config)
    path = session.config.getoption("report_skips")
    if path and lines:
        with Path(path).open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
    if lines and _must_run_all() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = _not_run(config)
    if not lines:
        return
    terminalreporter.section("not run" + (", which CI=true does not allow" if _must_run_all() else ""))
    for line in lines:
        terminalreporter.write_line(line)
