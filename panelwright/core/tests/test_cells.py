"""CSV that spreadsheets open without calculating it, and programs read as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.cells import cell, line


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (0, "0"),
        (-5, "-5"),
        ("-1.50", "-1.50"),
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1+1", "'-1+1"),
        ("-", "'-"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        ("\n=1", '"\'\n=1"'),
        ("a,b", '"a,b"'),
        ('say "hi"', '"say ""hi"""'),
        ('=HYPERLINK("https://evil.example","x")', '"\'=HYPERLINK(""https://evil.example"",""x"")"'),
        ("a=b", "a=b"),
        ("-٣", "'-٣"),
    ],
)
def test_cells(value: str | int | None, written: str) -> None:
    assert cell(value) == written


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2))
def test_what_is_written_is_read_again(texts: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(line(texts), newline=""), strict=True)
    assert [read.removeprefix("'") for read in row] == [text.removeprefix("'") for text in texts]
    assert not any(read[:1] in "=+@\t\r\n" for read in row if read)
