"""Tests that measure time: `make test` runs them one after the other, when nothing else runs.

Marked `alone` is a test that asserts how long something takes, and by itself each that asks whether the others notice
an attack (tests/strangers/conftest.py). Four test processes on two processors let anything wait for a while.
"""

from __future__ import annotations

import pytest

_MEASURING = frozenset({"others"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _MEASURING & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.alone)
