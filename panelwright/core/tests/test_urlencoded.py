"""Urlencoded text is read as the standard library reads it, in pieces that hold up nobody."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import urlencoded

PIECES = st.lists(
    st.sampled_from(
        [b"%", b"%4", b"%41", b"%3d", b"%D0%90", b"%D0", b"=", b"&", b"+", b"a", b"\r\n", b"=\n", b"%25", "é".encode()]
    ),
    max_size=40,
)


def as_the_library(text: bytes) -> list[tuple[str, str]]:
    return parse_qsl(text.decode(), keep_blank_values=True, errors="replace")


@given(PIECES)
def test_pairs_are_those_of_the_library(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    assert list(urlencoded.pairs(text, pairs_max=100)) == as_the_library(text)


@given(PIECES, st.integers(1, 5))
def test_no_piece_ends_within_an_escape(pieces: list[bytes], size: int) -> None:
    text = b"a=" + b"".join(pieces).replace(b"&", b"")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(urlencoded, "_PIECE_BYTES", 2 + size)
        assert list(urlencoded.pairs(text, pairs_max=2)) == as_the_library(text)


def test_more_pairs_than_wanted_are_not_read() -> None:
    assert len(list(urlencoded.pairs(b"a&" * 9 + b"a", pairs_max=10))) == 10
    with pytest.raises(ValueError, match="more than 10"):
        list(urlencoded.pairs(b"&" * 10, pairs_max=10))


def test_a_long_value_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    whole = urlencoded.unescape

    def unescape(text: bytes) -> bytes:
        lengths.append(len(text))
        return whole(text)

    monkeypatch.setattr(urlencoded, "unescape", unescape)
    ((_, value),) = urlencoded.pairs(b"a=" + b"%41" * 1_000_000, pairs_max=2)
    assert value == "A" * 1_000_000
    assert max(lengths) <= 32 * 1024 < sum(lengths)
