"""What an answer repeats of what it was sent is no word of the provider's: it is taken out before the answer is read.

Pure. Else a customer decided by a link such as https://example.com/not-enough-funds what an answer means, for all
orders of a provider.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

# Shorter ones stand in many words by chance.
_LETTERS_MIN = 4
# So much of a value, from its beginning, is a repeat, too, when the answer breaks off in it.
_CUT_WORDS_MIN = 3
_LOOKED_AT = 2_000
# Places of an answer that are compared with what was sent; links come before comments, which may be many.
_TRIES_MAX = 20_000

_WORD = re.compile(r"[^\W_]+")
_SCHEME = re.compile(r"^\s*(\w+:)?(//)?(www\.)?", re.IGNORECASE)
# What is ours, or one of few words.
_NO_ECHOES = frozenset({"key", "action", "service", "quantity", "runs", "interval", "min", "max", "posts", "delay"})


def strangers_words(params: Mapping[str, str]) -> tuple[str, ...]:
    """What customers wrote of the parameters of a request, and its request_id."""
    return tuple(value for name, value in params.items() if name not in _NO_ECHOES and value)


def without_echoes(text: str, sent: Iterable[str]) -> str:
    """The text without what it repeats of `sent`: whole values, their lines, and the parts of links."""
    if not sent:
        return text
    text = html.unescape(text[:_LOOKED_AT])
    text = unquote(text) if "%" in text else text
    spans = [found.span() for found in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in spans]
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word, []).append(at)
    echoed: set[int] = set()
    tries = 0
    for piece in dict.fromkeys(_pieces(sent)):
        first = _WORD.search(piece)
        found_at = places.get(first[0].casefold(), ()) if first is not None else ()
        tries += len(found_at)
        if tries > _TRIES_MAX:
            break
        own = [found[0].casefold() for found in _WORD.finditer(piece)] if found_at else []
        for at in found_at:
            echoed.update(range(at, at + _repeated(words, at, own)))
    kept, before = [], 0
    for at in sorted(echoed):
        kept.append(text[before : spans[at][0]])
        before = spans[at][1]
    return "".join([*kept, text[before:]])


def _repeated(words: list[str], at: int, own: list[str]) -> int:
    """How many words from `at` on repeat `own`, what was sent; 0 where that is none of it, or too little."""
    if sum(map(len, own)) < _LETTERS_MIN:
        return 0
    same = 0
    while same < len(own) and at + same < len(words) and words[at + same] == own[same]:
        same += 1
    if same == len(own) or same >= _CUT_WORDS_MIN:
        # The word in which it was cut is part of it.
        cut = same < len(own) and at + same < len(words) and own[same].startswith(words[at + same])
        return same + cut
    return 0


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
