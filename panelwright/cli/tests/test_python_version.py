"""Which Python is safe, and that a start says so where it is not."""

from __future__ import annotations

import logging
import sys
import tomllib
from pathlib import Path

import pytest
from pip._vendor.packaging.specifiers import SpecifierSet

from panelwright.cli import setup
from tests.support.processes import Launcher, free_port

ROOT = Path(__file__).parents[3]
OLD = [(3, 11, 0), (3, 11, 7), (3, 11, 9), (3, 12, 0), (3, 12, 5)]
SAFE = [(3, 11, 10), (3, 11, 14), (3, 12, 6), (3, 12, 12), (3, 13, 0), (3, 14, 2)]


def test_the_project_names_the_same_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = SpecifierSet(project["requires-python"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for version in OLD:
        assert setup.old_python(version) != ""
        assert ".".join(map(str, version)) not in named
    for version in SAFE:
        assert setup.old_python(version) == ""
        assert ".".join(map(str, version)) in named
    for (major, minor), patch in setup.SAFE_PYTHON.items():
        assert f"{major}.{minor}.{patch}" in readme
        assert f"{major}.{minor}.{patch}" in setup.old_python((3, 11, 7))


def test_it_is_said_as_a_warning(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "old_python", lambda version: f"{version} is old")
    setup.warn()
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{sys.version_info[:3]} is old" in said


def test_a_start_says_so_once(launch: Launcher) -> None:
    server = launch.start("serve", "--port", str(free_port()), "--no-worker")
    server.wait_for_log("Panelwright answers")
    assert server.log().count("has known holes") == (1 if setup.old_python(sys.version_info[:3]) else 0)
