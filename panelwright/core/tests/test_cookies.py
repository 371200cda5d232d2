"""Cookies are read as the library reads them, in one pass."""

from __future__ import annotations

import pytest
from django.http import parse_cookie
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import cookies
from panelwright.core.room import ByteRoom


@given(
    st.lists(st.sampled_from(["a", "b", "=", ";", " ", '"', "\\", "\\1", "\\101", "\\054", "\\377", "é"])).map("".join)
)
def test_they_are_the_library_s(header: str) -> None:
    assert cookies.read(header) == parse_cookie(header)


@pytest.mark.parametrize("inside", ["\\", '\\"', "\\101", "\\1", "a\\"])
def test_a_long_value_is_read_whole(inside: str) -> None:
    """A megabyte: what grows with the square of it would not come to an end here."""
    assert len(cookies.read(f'a="{inside * (1_000_000 // len(inside))}"')["a"]) >= 250_000


def test_of_a_room_each_address_has_a_quarter() -> None:
    room = ByteRoom(100)
    assert room.take(25, "a")
    assert not room.take(1, "a")
    # Who is behind a proxy of ours is nobody in particular.
    assert room.take(70, "")
    assert not room.take(10, "b")
    room.give_back(25, "a")
    assert room.take(20, "b")
    room.give_back(70, "")
    room.give_back(20, "b")
    assert (room.left, room.take(25, "a")) == (100, True)
