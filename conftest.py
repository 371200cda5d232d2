"""What every test has: a database of either kind, processes, a browser. See tests/support."""

from __future__ import annotations

pytest_plugins = (
    "tests.support.database",
    "tests.support.processes",
    "tests.support.browser",
    "tests.support.costs",
    "tests.support.skips",
    "tests.support.story",
)
