"""One standing sandbox whose clock only moves when a test moves it; every test has a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from panelwright.sandbox.tests.harness import Caller, Sandbox

_KEYS = tuple(f"key-{n}" for n in range(400))
_next_key = count()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    standing = Sandbox(tmp_path_factory.mktemp("sandbox"), keys=_KEYS, options=("--speed", "0"))
    standing.start()
    yield standing
    standing.kill()


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    """A caller with nothing ordered yet and the opening balance of 1000000.00."""
    return sandbox.caller(_KEYS[next(_next_key)])


@pytest.fixture
def other(sandbox: Sandbox) -> Caller:
    """Another caller of the same sandbox."""
    return sandbox.caller(_KEYS[next(_next_key)])


@pytest.fixture
def set_faults(sandbox: Sandbox) -> Iterator[Callable[..., None]]:
    """`set_faults({"fault": "reset"})` for the time of the test."""
    yield sandbox.set_faults
    sandbox.set_faults()


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox for one test, not started yet."""
    alone = Sandbox(tmp_path, keys=("key",))
    yield alone
    if alone.process is not None:
        alone.kill()
