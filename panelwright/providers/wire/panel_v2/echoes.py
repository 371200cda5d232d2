"""What an answer repeats of what it was sent is no word of the provider's: it is taken out before the answer is read.

Pure. Else a customer decided by a link such as https://example.com/not-enough-funds what an answer means, for all
orders of a provider.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from urllib.parse import unquote

from panelwright.core import limits

# Shorter ones stand in many words by chance.
_LETTERS_MIN = 4
# So much of a value, from its beginning, is a repeat, too, when the answer breaks off in it.
_CUT_WORDS_MIN = 3
_LOOKED_AT = 2_000

_WORD = re.compile(r"[^\W_]+")
_SCHEME = re.compile(r"^\s*(\w+:)?(//)?(www\.)?", re.IGNORECASE)
# What is ours, or one of few words.
_NO_ECHOES = frozenset({"key", "action", "service", "quantity", "runs", "interval", "min", "max", "posts", "delay"})


def strangers_words(params: Mapping[str, str]) -> tuple[str, ...]:
    """What customers wrote of the parameters of a request, and its request_id."""
    return tuple(value for name, value in params.items() if name not in _NO_ECHOES and value)


def without_echoes(text: str, sent: Iterable[str]) -> str | None:
    """The text without what it repeats of `sent`: whole values, their lines, and the parts of links.

    None where telling them apart takes more than ECHO_STEPS_MAX: any word of it may be a stranger's then.
    """
    if not sent:
        return text
    text = html.unescape(text[:_LOOKED_AT])
    text = unquote(text) if "%" in text else text
    spans = [found.span() for found in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in spans]
    # Of the pieces those whose beginnings stand in it, word by word: many comments begin alike, and then it is read
    # once for all of them.
    begun = {tuple(words[at : at + n]) for at in range(len(words)) for n in range(1, _CUT_WORDS_MIN + 1)}
    sought = _Words()
    left = limits.ECHO_STEPS_MAX
    for piece in dict.fromkeys(_pieces(sent)):
        if tuple(_words_of(piece, _CUT_WORDS_MIN)) not in begun:
            continue
        # One more than there are, so that it is seen where the answer breaks off.
        own = _words_of(piece, len(words) + 1)
        left -= len(own)
        if left < 0:
            return None
        if sum(map(len, own)) >= _LETTERS_MIN:
            _add(sought, own)
    echoed: set[int] = set()
    for at in range(len(words)):
        repeated, steps = _repeated(words, at, sought)
        left -= steps + repeated
        if left < 0:
            return None
        echoed.update(range(at, at + repeated))
    kept, before = [], 0
    for at in sorted(echoed):
        kept.append(text[before : spans[at][0]])
        before = spans[at][1]
    return "".join([*kept, text[before:]])


class _Words(dict[str, "_Words"]):
    """What may follow the words so far. `whole`: they are a piece by themselves."""

    whole = False


def _words_of(piece: str, count: int) -> list[str]:
    return [found[0].casefold() for found in islice(_WORD.finditer(piece), count)]


def _add(sought: _Words, own: list[str]) -> None:
    for word in own:
        sought = sought.setdefault(word, _Words())
    sought.whole = True


def _repeated(words: list[str], at: int, sought: _Words) -> tuple[int, int]:
    """How many words from `at` on repeat a piece that was sent, and how many were compared."""
    found = 0
    for same, word in enumerate(islice(words, at, None)):
        if word not in sought:
            if same < _CUT_WORDS_MIN:
                return found, same + 1
            # The word in which it was cut is part of it.
            return found + any(own.startswith(word) for own in sought), same + 1 + len(sought)
        sought = sought[word]
        if sought.whole or same + 1 >= _CUT_WORDS_MIN:
            found = same + 1
    return found, len(words) - at


def _pieces(sent: Iterable[str]) -> Iterator[str]:
    for value in sent:
        value = unquote(value) if "%" in value else value
        yield value
        yield from value.splitlines() if "\n" in value else ()
        for word in value[:_LOOKED_AT].split():
            if "/" in word:
                yield from _parts(word)


def _parts(link: str) -> Iterator[str]:
    """What panels repeat of a link: without its scheme, its query, or the name at its end alone."""
    bare = _SCHEME.sub("", link)
    yield bare
    path, _, query = bare.partition("?")
    yield path
    yield from re.split(r"[&#]", query)
    names = [name for name in path.split("/")[1:] if name]
    for name in names:
        # One word alone may stand in the provider's own: "video" of tiktok.com/@carol/video/7.
        if name is names[-1] or len(_WORD.findall(name)) > 1:
            yield name
