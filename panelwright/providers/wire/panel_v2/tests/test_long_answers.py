"""What a provider's answer may be at worst: bounded in bytes, values and rows, and read in a time of its length."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from panelwright.core import limits
from panelwright.core.reply import HttpReply
from panelwright.core.said import words
from panelwright.providers.wire.folding import fold
from panelwright.providers.wire.outcomes import Reason, ServiceOffer, Unknown
from panelwright.providers.wire.panel_v2 import error_phrases
from panelwright.providers.wire.panel_v2.reading import read_add, read_balance, read_cancel, read_refill, read_services
from panelwright.providers.wire.panel_v2.reports import read_refill_status, read_status
from panelwright.providers.wire.panel_v2.tests.test_client import ORDER, upstream
from panelwright.providers.wire.panel_v2.tests.wild_panel import http, wild_panel
from tests.support.proportion import in_proportion

IDS = [str(n) for n in range(1, 101)]
ANSWER, LIST = limits.PROVIDER_ANSWER_BYTES_MAX, limits.PROVIDER_LIST_BYTES_MAX
READERS: dict[str, Callable[[HttpReply], Any]] = {
    "add": read_add,
    "refill": read_refill,
    "balance": read_balance,
    "services": read_services,
    "cancel": lambda reply: read_cancel(reply, IDS),
    "status": lambda reply: read_status(reply, IDS),
    "refill_status": lambda reply: read_refill_status(reply, IDS),
}


def filled(before: bytes, piece: bytes, after: bytes, size: int) -> bytes:
    return before + piece * ((size - len(before) - len(after)) // len(piece)) + after


# What stands before, what is repeated, what stands behind.
WORST: dict[str, tuple[bytes, bytes, bytes]] = {
    "nested lists": (b"", b"[", b""),
    "nested objects": (b"", b'{"a":', b""),
    "lists": (b"[[]", b",[]", b"]"),
    "objects": (b"[{}", b",{}", b"]"),
    "rows": (b'[{"service":1,"rate":1}', b',{"service":1,"rate":1}', b"]"),
    "keys": (b'{"a":1', b',"a":1', b"}"),
    "errors": (b'{"errors":{"a":["b"]', b',"a":["b"]', b"}}"),
    "digits": (b'{"order":', b"1", b"}"),
    "a fraction": (b'{"balance":1.', b"1", b"}"),
    "an exponent": (b'{"balance":1e', b"1", b"}"),
    "an id": (b'{"order":"', b"1", b'"}'),
    "a text": (b'{"error":"', b"a ", b'"}'),
    "escapes": (b'{"error":"', b"\\u0041", b'"}'),
    "surrogates": (b'{"error":"', b"\\ud83d", b'"}'),
    "marks": (b'{"error":"', "\u0301\u0323".encode(), b'"}'),
    "tags": (b'[{"service":1,"rate":1,"name":"', b"<", b'"}]'),
    "references": (b'[{"service":1,"rate":1,"name":"', b"&a", b'"}]'),
    "a reference": (b'[{"service":1,"rate":1,"name":"&#', b"1", b';"}]'),
    "a page": (b"<html>", b"[1 ", b""),
    "warnings": (b"Warning: ", b"[0] ", b""),
    "blanks": (b"", b" ", b""),
    "zeros": (b"", b"\0", b""),
    "no UTF-8": (b"", b"\xff", b""),
    "UTF-16": (b"\xff\xfe", b"[\0", b""),
}


@pytest.mark.parametrize("name", WORST)
def test_the_time_is_in_proportion_to_the_length(name: str) -> None:
    for of, read in READERS.items():
        small, large = (HttpReply(200, filled(*WORST[name], size)) for size in (ANSWER // 16, ANSWER))
        in_proportion(lambda: read(small), lambda: read(large), 80, about=of)  # noqa: B023


@pytest.mark.parametrize("name", WORST)
def test_the_longest_list_takes_a_few_times_its_length(name: str) -> None:
    reply = HttpReply(200, filled(*WORST[name], LIST))
    tracemalloc.start()
    try:
        read_services(reply)
        assert tracemalloc.get_traced_memory()[1] < 6 * LIST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "words", ["cancellation " * 70 + "x", "cancel is cancelled " * 45, "successfully request " * 40]
)
def test_words_of_a_cancel_are_read_once(words: str) -> None:
    """A pattern with two ways to read each word took twice as long for each: for ever, with 30 of them."""
    part = words[: len(words) // 16]
    for few, many in (
        ({"order": "1", "cancel": part}, {"order": "1", "cancel": words}),
        ({"canceled": part}, {"canceled": words}),
        ([{"order": "1", "status": part}], [{"order": "1", "status": words}]),
    ):
        small, large = (HttpReply(200, json.dumps(body).encode()) for body in (few, many))
        in_proportion(lambda: read_cancel(small, ["1"]), lambda: read_cancel(large, ["1"]), 100)  # noqa: B023


class Counted:
    """Stands for a pattern, and counts the characters that are held against it."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self.chars = 0

    def search(self, text: str) -> re.Match[str] | None:
        self.chars += len(text)
        return self.pattern.search(text)


@pytest.mark.parametrize("of", ["status", "refill_status", "cancel"])
@pytest.mark.parametrize("sign", ["x", "\ufdfa", "\uac00", "\u3300", "refill ", "aB"])
def test_an_answer_has_so_many_refusals_looked_up_and_no_more(
    monkeypatch: pytest.MonkeyPatch, sign: str, of: str
) -> None:
    """U+FDFA becomes eighteen letters: a hundred texts of it took twenty seconds of the processor."""
    counted = [Counted(pattern) for _, _, pattern in error_phrases._CLASSES]
    classes = [(reason, firm, one) for (reason, firm, _), one in zip(error_phrases._CLASSES, counted, strict=True)]
    monkeypatch.setattr(error_phrases, "_CLASSES", classes)
    error_phrases._classified.cache_clear()
    texts = {ref: f"{ref} {(sign * limits.FOLDED_CHARS_MAX)[: limits.FOLDED_CHARS_MAX]}" for ref in IDS}
    came = READERS[of](HttpReply(200, json.dumps({ref: {"error": text} for ref, text in texts.items()}).encode()))
    error_phrases._classified.cache_clear()
    assert set(came) == set(IDS)
    assert 0 < max(one.chars for one in counted) <= limits.REFUSALS_CHARS_MAX


def test_what_is_beyond_is_unknown_and_what_is_repeated_counts_once() -> None:
    long = {ref: {"error": f"Bad service, {ref} " + "x" * limits.FOLDED_CHARS_MAX} for ref in IDS}
    came = list(read_status(HttpReply(200, json.dumps(long).encode()), IDS).values())
    # In each no more than its beginning counts.
    most = limits.REFUSALS_CHARS_MAX // limits.FOLDED_CHARS_MAX
    assert [getattr(one, "reason", None) for one in came[:most]] == [Reason.SERVICE] * most
    assert all(isinstance(one, Unknown) and "Bad service" in one.text for one in came[most:])
    same = {ref: {"error": "Bad service " + "x" * limits.FOLDED_CHARS_MAX} for ref in IDS}
    assert {
        getattr(one, "reason", None) for one in read_status(HttpReply(200, json.dumps(same).encode()), IDS).values()
    } == {Reason.SERVICE}


@pytest.mark.parametrize("sign", ["\ufdfa", "\uac00", "\u1e9e", "\u0390", "\u0301", "\u3300", "&#64938;"])
def test_what_is_folded_does_not_grow(sign: str) -> None:
    assert len(fold(sign * 4 * limits.FOLDED_CHARS_MAX)) <= limits.FOLDED_CHARS_MAX


def test_no_reference_to_a_character_is_too_long() -> None:
    name = f"a&#{'1' * 4_400};b&#{'1' * 4_400}"
    offers = read_services(HttpReply(200, json.dumps([{"service": 1, "rate": 1, "name": name}]).encode()))
    assert isinstance(offers, list)
    assert [offer.name for offer in offers] == ["a\ufffdb\ufffd"]


def rows(count: int, **more: object) -> bytes:
    row = {"name": "Followers", "type": "Default", "category": "Cat", "rate": "0.90", "min": "50", "max": "10000"}
    return json.dumps([{"service": n, **row, **more} for n in range(1, count + 1)], separators=(",", ":")).encode()


def test_a_large_list_is_read_whole_and_one_that_is_larger_is_not() -> None:
    offers = read_services(HttpReply(200, rows(limits.OFFERS_MAX, desc="Some words, and others, and more. " * 10)))
    assert isinstance(offers, list)
    assert len(offers) == limits.OFFERS_MAX
    assert isinstance(offers[-1], ServiceOffer)
    more = read_services(HttpReply(200, rows(limits.OFFERS_MAX + 1)))
    assert isinstance(more, Unknown)
    assert words(more.text) == "the price list has more than 50,000 rows"


def test_too_many_values_are_named() -> None:
    found = read_services(HttpReply(200, filled(*WORST["lists"], LIST)))
    assert isinstance(found, Unknown)
    assert words(found.text) == "HTTP 200 with an answer of too many values"


def test_only_a_list_may_be_long() -> None:
    many = rows(limits.OFFERS_MAX // 2)
    assert ANSWER < len(many) < LIST
    with wild_panel(http(many)) as wild, upstream(wild, read_timeout_s=20) as client:
        offers = client.services()
        assert isinstance(offers, list)
        assert len(offers) == limits.OFFERS_MAX // 2
        cut = f"HTTP 200, the answer is longer than {ANSWER:,} bytes"
        for came in (client.add(ORDER), client.balance(), client.status(["1"])["1"], client.cancel(["1"])["1"]):
            assert isinstance(came, Unknown)
            assert came.text == cut
