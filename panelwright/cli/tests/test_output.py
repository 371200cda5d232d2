"""What a command writes, when nobody reads it to its end."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import pytest

from panelwright.cli.main import run_with


def test_a_reader_who_has_had_enough_is_no_fault() -> None:
    """As in `panelwright orders --json | head`, which ended in a traceback."""
    program = (
        "import argparse, sys; from panelwright.cli.main import run_with;"
        "sys.exit(run_with(argparse.Namespace(), 'x', lambda _: print('line' * 100_000) or 0))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_another_pipe_that_breaks_is_a_fault() -> None:
    def run(_: argparse.Namespace) -> int:
        read, write = os.pipe()
        os.close(read)
        try:
            os.write(write, b"x")
        finally:
            os.close(write)
        return 0

    with pytest.raises(BrokenPipeError):
        run_with(argparse.Namespace(), "x", run)
