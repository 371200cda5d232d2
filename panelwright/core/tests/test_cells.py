"""CSV that spreadsheets open without calculating it, and programs read as it was."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.csv import cell, line
from tests.support.proportion import in_proportion


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
        ("\t=1", "'\t'=1"),
        ("\r=1", "\"'\r'=1\""),
        ("\n=1", "\"'\n'=1\""),
        ("\tplain", "'\tplain"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        (" =1", " '=1"),
        ("\u200b\ufeff=1", "\u200b\ufeff'=1"),
        ("a;=1+1", "a;'=1+1"),
        ("a; =1+1", "a; '=1+1"),
        ("a;;=1", "a;;'=1"),
        ('a;"=1"', '"a;""\'=1"""'),
        ("a;＝1", "a;'＝1"),
        ("-5;@x", "'-5;'@x"),
        ("a\t-1", "a\t'-1"),
        ("a\n+1", '"a\n\'+1"'),
        ("\x00\x01\x7f\x85=1", "\x00\x01\x7f\x85'=1"),
        ("\u061c\u180e\u034f\u3164\ufe0f\u2800\U000e0020=1", "\u061c\u180e\u034f\u3164\ufe0f\u2800\U000e0020'=1"),
        ("a;\x01\u2061@x", "a;\x01\u2061'@x"),
        ("a; b-c; d=e", "a; b-c; d=e"),
        ("https://example.com/?a=1;b=-2", "https://example.com/?a=1;b=-2"),
        ("a,b", '"a,b"'),
        ('say "hi"', '"say ""hi"""'),
        ('=HYPERLINK("https://evil.example","x")', '"\'=HYPERLINK(""https://evil.example"",""x"")"'),
        ("a=b", "a=b"),
        ("-٣", "'-٣"),
    ],
)
def test_cells(value: str | int | None, written: str) -> None:
    assert cell(value) == written


TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("=+-@＝＋－＠;,\t\r\n \"'\u200b\ufeff\u061c\x011a")


@given(st.lists(TEXTS, min_size=2))
def test_what_is_written_is_read_again_and_begins_no_formula(texts: list[str]) -> None:
    written = line(texts)
    (row,) = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert [read.replace("'", "") for read in row] == [text.replace("'", "") for text in texts]
    # Whether the comma ends a cell, or the semicolon, the tab and the line break do.
    for read in [*row, *re.split("[;\t\r\n]", ";".join(row))]:
        begin = read.lstrip(' "\u200b\ufeff\u061c\x01\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029')
        assert begin[:1] not in tuple("=+-@＝＋－＠") or re.fullmatch(r"-[0-9]+(\.[0-9]+)?", begin), (read, written)


def test_a_long_run_of_what_does_not_show_is_read_once() -> None:
    in_proportion(lambda: cell("\t" * 100_000), lambda: cell("\t" * 1_600_000), 100)
