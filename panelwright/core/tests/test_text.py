"""What nobody sees is cut off at the ends of a text, and stays within."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.text import has_invisible, normalized, trim, without_invisible
from tests.support.proportion import in_proportion

CHARS = [
    *(0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF),
    *range(0xFFF9, 0xFFFC),
]
# Format characters with a look of their own: signs over Arabic numbers, the end of a verse, a Syriac abbreviation.
SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}
PIECES = st.lists(st.sampled_from([*map(chr, CHARS), " ", "\t", "\n", "\u00a0", "\u2028", "a", "b", "é", "\udc80"]))


@pytest.mark.parametrize("char", [chr(code) for code in CHARS])
def test_each_of_them_is_cut_off_and_stays_within(char: str) -> None:
    assert trim(f" {char}{char} a{char}b\u00a0{char}\n") == f"a{char}b"
    assert has_invisible(f"a{char}b")
    assert without_invisible(f"{char}a{char}b") == "ab"


def test_of_format_characters_none_is_left_out() -> None:
    formats = {code for code in range(0x10000) if unicodedata.category(chr(code)) == "Cf"}
    # U+2065 is kept free for one more.
    assert {*CHARS} - {0x2065} == formats - SEEN


@pytest.mark.parametrize(
    "char", "é\u200a\u2010\u2029\u202f\u205f\u2070\ufe0f\ufefe\ufff8\ufffc\u061b\u061d\u180f\u0301"
)
def test_their_neighbours_are_not_invisible(char: str) -> None:
    assert not has_invisible(char)
    assert without_invisible(char) == char


def test_all_white_space_there_is_is_cut_off() -> None:
    every = "".join(char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace())
    assert len(every) > 20
    assert trim(f"{every}a\u200b{every}") == "a"


@given(PIECES)
def test_any_text_is_trimmed_once_for_all(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = trim(text)
    assert trim(found) == found
    assert found in text
    assert found == found.strip()
    assert not has_invisible(found[:1] + found[-1:])
    assert without_invisible(found).split() == without_invisible(text).split()


@pytest.mark.parametrize("run", ["\u0301\u0323", "\uff9e\u0301", "\u0344\u0323", "\u05b0\u05c1"], ids=ascii)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_long_runs_of_marks_are_not_sorted(form: str, run: str) -> None:
    """Unicode's library sorts marks by comparing each with all before it: half a minute for 64,000 of them."""
    few, many = ("e" + run * count + "x" for count in (4_000, 64_000))
    in_proportion(lambda: normalized(form, few), lambda: normalized(form, many), 100)  # type: ignore[arg-type]
    made = normalized(form, many)  # type: ignore[arg-type]
    assert len(made) < 200
    assert made.startswith(unicodedata.normalize(form, "e" + run)[0])  # type: ignore[arg-type]
    assert made.endswith("x")


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_other_texts_are_put_into_unicodes_form(text: str, form: str) -> None:
    assert normalized(form, text) == unicodedata.normalize(form, text)  # type: ignore[arg-type]
    long = "e\u0323\u0301 й " * 100 + text[:20]
    assert normalized(form, long) == unicodedata.normalize(form, long)  # type: ignore[arg-type]
