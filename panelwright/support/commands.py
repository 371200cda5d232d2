"""What a customer asks for in a message: `refill 123, 124`, `cancel 125`, `speed up 126`. Pure.

Strict on purpose: a line is a request when it is a known word and numbers, and nothing else. Whatever
is not is words, for a person to read; no order is touched because a number stands near a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from django.db import models

from panelwright.core.text import normalized


class Wish(models.TextChoices):
    REFILL = "refill"
    CANCEL = "cancel"
    SPEED_UP = "speed up"


class Ask(NamedTuple):
    """One wish for the order of one number."""

    wish: Wish
    number: int


class Parsed(NamedTuple):
    """What was asked for, each once, in the order of the text; and whether there are words besides."""

    asks: tuple[Ask, ...]
    words: bool


# In the four languages of the pages. Compared without accents, case and hyphens.
_WORDS = {
    Wish.REFILL: (
        *("refill", "refills", "refil", "reposição", "repor", "recarga", "recargar", "recarregar"),
        *("reposición", "reponer", "rellenar", "рефилл", "рефил", "докрутка", "докрутить", "восстановить"),
        "восстановление",
    ),
    Wish.CANCEL: (
        *("cancel", "cancellation", "cancelar", "cancela", "cancelamento", "cancelación", "anular"),
        *("отмена", "отменить", "отмени", "отмените"),
    ),
    Wish.SPEED_UP: (
        *("speed up", "speedup", "faster", "acelerar", "acelera", "acelere", "más rápido", "mais rápido"),
        *("ускорить", "ускорение", "ускорь", "ускорьте", "быстрее"),
    ),
}
_NUMBER_DIGITS = 18  # every id of the database, and no more than it can hold
_LINE = re.compile(
    # The line was folded: spaces are single ones.
    r"(?P<word>[^\W\d_]+(?:[ -][^\W\d_]+)?) ?:? ?"
    rf"(?P<numbers>#?[0-9]{{1,{_NUMBER_DIGITS}}}(?:(?: ?[,;] ?| )#?[0-9]{{1,{_NUMBER_DIGITS}}})*) ?[.,;]?"
)
_NUMBER = re.compile(r"[0-9]+")


def _fold(text: str) -> str:
    """Without accents, case and double spaces, so that Reposição and REPOSICAO are one word."""
    plain = "".join(c for c in normalized("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


_BY_WORD = {_fold(word).replace("-", " "): wish for wish, words in _WORDS.items() for word in words}


def parse(text: str) -> Parsed:
    """Each line by itself; a line that is no request is words."""
    asks: dict[Ask, None] = {}
    words = False
    for line in text.splitlines():
        found = _parse_line(line)
        if found is None:
            words = words or bool(line.strip())
        else:
            asks.update(dict.fromkeys(found))
    return Parsed(tuple(asks), words)


def _parse_line(line: str) -> list[Ask] | None:
    match = _LINE.fullmatch(_fold(line))
    wish = _BY_WORD.get(match["word"].replace("-", " ")) if match else None
    if match is None or wish is None:
        return None
    numbers = [int(number) for number in _NUMBER.findall(match["numbers"])]
    # There is no order 0: somebody who writes one means something else.
    return [Ask(wish, number) for number in numbers] if all(numbers) else None


def lines(asks: Iterable[Ask]) -> str:
    """The asks as text that `parse` reads back: what is picked from a form stands in the message, too."""
    numbers: dict[Wish, list[int]] = {}
    for ask in asks:
        numbers.setdefault(ask.wish, []).append(ask.number)
    return "\n".join(f"{wish.value}: {', '.join(map(str, listed))}" for wish, listed in numbers.items())
