"""The parser of requests: strict, in four languages, and safe to feed with anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.support import commands
from panelwright.support.commands import Ask, Wish, parse

REFILL, CANCEL, SPEED_UP = Wish.REFILL, Wish.CANCEL, Wish.SPEED_UP


def asked(text: str) -> list[tuple[Wish, int]]:
    return [(ask.wish, ask.number) for ask in parse(text).asks]


@pytest.mark.parametrize(
    "text",
    [
        "refill 123, 124",
        "refill: 123 124",
        "REFILL 123,124",
        "Refill: #123, #124.",
        "  refill\t123 ;124  ",
        "refill 123,124, 123",
        "refill 123\nrefill 124",
        "refill 123\r\n\r\nrefill: 124",
        "refil 123 124",
        "Reposição: 123, 124",
        "REPOSICAO 123, 124",
        "reposición 123, 124",
        "reponer 123 124",
        "рефилл 123, 124",
        "РЕФИЛ: 123, 124",
        "Докрутка 123 124",
        "refill １２３, １２４",  # full-width digits are the same digits
    ],
)
def test_two_refills(text: str) -> None:
    assert asked(text) == [(REFILL, 123), (REFILL, 124)]
    assert not parse(text).words


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("cancel 125", CANCEL),
        ("cancelar: 125", CANCEL),
        ("Cancelación 125", CANCEL),
        ("cancelamento 125", CANCEL),
        ("Отменить 125", CANCEL),
        ("speed up 125", SPEED_UP),
        ("Speed-Up: 125", SPEED_UP),
        ("SPEEDUP 125", SPEED_UP),
        ("acelerar 125", SPEED_UP),
        ("mais rápido 125", SPEED_UP),
        ("más rápido 125", SPEED_UP),
        ("ускорить 125", SPEED_UP),
    ],
)
def test_the_words_of_four_languages(text: str, wish: Wish) -> None:
    assert asked(text) == [(wish, 125)]


def test_several_wishes_stand_in_the_order_of_the_text_each_once() -> None:
    text = "cancel 5\nrefill 7, 6\nspeed up 5\ncancel 5, 8\n"
    assert asked(text) == [(CANCEL, 5), (REFILL, 7), (REFILL, 6), (SPEED_UP, 5), (CANCEL, 8)]
    assert not parse(text).words


@pytest.mark.parametrize(
    "text",
    [
        "please refill 123",
        "refill 123, it dropped",
        "refill 123 and 124",
        "refill",
        "refill:",
        "123",
        "refill 0",
        "refill 12, 0",
        "refill -5",
        "refill 1.5",
        "refill 1e3",
        "refill ٣",  # other digits are not read
        "refill 1234567890123456789",
        "refill 123 124 cancel 125",
        "refund 123",
        "refill::123",
        "do not cancel 125",
        "speed 5",
    ],
)
def test_whatever_else_is_words(text: str) -> None:
    assert parse(text) == ((), True)


def test_words_and_requests_are_told_apart_line_by_line() -> None:
    parsed = parse("Hello!\n\nrefill 123\n\nThank you")
    assert parsed == ((Ask(REFILL, 123),), True)
    assert parse("") == parse(" \n\t\n") == ((), False)


def test_a_long_line_comes_to_an_end() -> None:
    for text in ("refill" + " " * 5000 + "x", "a " * 2500, "refill " + "1 " * 2400 + "x", "speed-" * 800 + " 1"):
        assert parse(text) == ((), True)


ASKS = st.lists(st.builds(Ask, st.sampled_from(Wish), st.integers(1, 10**18 - 1)), max_size=30)


@given(ASKS)
def test_what_is_picked_is_read_back(asks: list[Ask]) -> None:
    parsed = parse(commands.lines(asks))
    assert not parsed.words
    assert set(parsed.asks) == set(asks)
    assert len(parsed.asks) == len(set(asks))
    for wish in Wish:
        mine = list(dict.fromkeys(a for a in asks if a.wish is wish))
        assert [a for a in parsed.asks if a.wish is wish] == mine


@given(st.text(max_size=300))
def test_any_text_is_read_and_asks_only_for_numbers_that_stand_in_it(text: str) -> None:
    parsed = parse(text)
    assert all(0 < ask.number < 10**18 for ask in parsed.asks)
    assert len(set(parsed.asks)) == len(parsed.asks)
    assert parsed.words or parsed.asks or not text.strip()


@given(ASKS.filter(bool), st.text(alphabet="abcxyz ?!", min_size=1, max_size=20).filter(str.strip))
def test_a_line_with_anything_more_asks_for_nothing(asks: list[Ask], more: str) -> None:
    line = commands.lines(asks[:1])
    assert parse(f"{line} {more}") == ((), True)
    assert parse(f"{line}\n{more}") == ((asks[0],), True)


@given(ASKS.filter(bool), st.sampled_from(["upper", "title", "swapcase"]), st.sampled_from([" ", "\t", "  "]))
def test_case_and_spaces_do_not_matter(asks: list[Ask], case: str, space: str) -> None:
    text = commands.lines(asks)
    assert parse(getattr(text, case)().replace(" ", space)) == parse(text)
