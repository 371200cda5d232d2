"""Running a command in the test's own process."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`said(status, *arguments)`: what a command printed, which must end with this status."""
    from panelwright.cli.main import main

    def run(status: int, *arguments: str) -> str:
        capsys.readouterr()
        came = main(arguments)
        printed = capsys.readouterr()
        assert came == status, printed
        return printed.out if status == 0 else printed.err

    return run
