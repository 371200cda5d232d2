"""The lock files: every package pinned and hashed, and the two in step with each other."""

from __future__ import annotations

import re

import pytest

from tests.style.files import text_of

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ ;]+)( ; [^\\]+)?( \\)?")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def pins(lock: str) -> dict[str, str]:
    """Name and version of each package; fails on a line that is no pin, hash or comment, or a pin without a hash."""
    found: dict[str, str] = {}
    hashes: dict[str, int] = {}
    name = ""
    for line in text_of(lock).splitlines():
        if match := PIN.fullmatch(line):
            name = match["name"]
            found[name] = match["version"]
            hashes[name] = 0
        elif HASH.fullmatch(line):
            hashes[name] += 1
        else:
            assert line.lstrip().startswith("#"), f"{lock}: {line!r}"
    assert [name for name, count in hashes.items() if count == 0] == []
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_hashed(lock: str) -> None:
    assert {"django", "setuptools"} <= set(pins(lock))


def test_tests_run_with_the_versions_that_production_gets() -> None:
    production, development = (pins(lock) for lock in LOCKS)
    assert {name: development.get(name) for name in production} == production
