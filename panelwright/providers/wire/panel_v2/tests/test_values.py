"""Numbers, ids and JSON out of noise; and any bytes at all."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from panelwright.core.reply import HttpReply, spellings
from panelwright.providers.wire.outcomes import (
    Accepted,
    Balance,
    OrderReport,
    RefillReport,
    ServiceOffer,
    Unknown,
    UpstreamRefused,
)
from panelwright.providers.wire.panel_v2.reading import read_add, read_balance, read_cancel, read_refill, read_services
from panelwright.providers.wire.panel_v2.reports import read_refill_status, read_status
from panelwright.providers.wire.panel_v2.values import (
    MISSING,
    as_count,
    as_decimal,
    as_flag,
    as_money,
    as_ref,
    find_json,
)
from tests.support.effort import effort
from tests.support.proportion import in_proportion


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1.5", "1.5"),
        ("+1.5", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        (7, "7"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234.50", "1234.50"),
        ("1\u00a0234,5", "1234.5"),
        ("1'234.50", "1234.50"),
        # 1.234 or 1234: nobody can tell.
        ("1,234", None),
        ("$1,278", None),
        ("1,278 USD", None),
        ("0,278", "0.278"),
        ("12,34", "12.34"),
        ("1,00,000.5", "100000.5"),
        ("1.234.567", "1234567"),
        ("1e-5", "0.00001"),
        ("$0.5", "0.5"),
        ("0.5 USD", "0.5"),
        ("R$ 1,50", "1.50"),
        ("₽12", "12"),
        ("−5.00", "-5.00"),
        ("–5.00", "-5.00"),
        ("$−5", "-5"),
        ("−$5.00", None),
        ("– 5.00", None),
        ("0.90–1.20", None),
        ("10k", None),
        ("1.2.3", None),
        ("1,2,3", None),
        ("12 34", None),
        ("--5", None),
        ("", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999", None),
        ("9" * 61, None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_money(value: object, number: str | None) -> None:
    assert as_money(value) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("5", 5),
        (-5, -5),
        ("1,234", 1234),
        ("1.234.567", 1234567),
        ("12.00", 12),
        ("1.234", None),
        ("12.5", None),
        ("−5", -5),
        ("−1.234", None),
        ("−2.000", None),
        ("5 pcs", None),
        (10**16, None),
        ("1e30", None),
        (False, None),
        ("", None),
    ],
)
def test_counts(value: object, count: int | None) -> None:
    assert as_count(value) == count


@pytest.mark.parametrize(
    ("value", "ref"),
    [
        (5, "5"),
        (" 5 ", "5"),
        ("API100025", "API100025"),
        ("a" * 99 + "1", "a" * 99 + "1"),
        ("a" * 100 + "1", ""),
        (Decimal("5.0"), "5"),
        (Decimal("5.5"), ""),
        ("0", ""),
        ("000", ""),
        (0, ""),
        (-1, ""),
        ("-1", ""),
        (True, ""),
        (None, ""),
        ("null", ""),
        ("Success", ""),
        ("1 2", ""),
        ("1,2", ""),
        ("1\x00", ""),
        ("1\ud800", ""),
        ("<b>1</b>", ""),
        ([1], ""),
    ],
)
def test_ids(value: object, ref: str) -> None:
    assert as_ref(value) == ref


def test_flags() -> None:
    yes: list[object] = [True, 1, Decimal(1), "1", "true", "TRUE", "yes", "on"]
    no: list[object] = [False, 0, 2, "0", "false", "", None, [], {}, "no"]
    assert all(as_flag(value) for value in yes)
    assert not any(as_flag(value) for value in no)


def test_numbers_that_would_eat_the_machine() -> None:
    body = b'{"a":1e999999999,"b":' + b"9" * 5_000 + b',"c":0e999999999,"d":-1e-999999999,"e":NaN,"f":1.5}'
    found = find_json(HttpReply(200, body))
    assert {name: str(value) for name, value in found.items()} == {
        **dict.fromkeys("abde", "NaN"),
        "c": "0",
        "f": "1.5",
    }
    # They stand there and cannot be read: no number, no id, no yes.
    assert [as_decimal(found["a"]), as_count(found["b"]), as_money(found["d"])] == [None, None, None]
    assert (as_ref(found["e"]), as_flag(found["e"])) == ("", False)


# What stands before, is repeated, stands within, is repeated as often, and stands behind; and how often at most.
SLOW: dict[str, tuple[bytes, bytes, bytes, bytes, bytes, int]] = {
    "lists": (b"", b"[", b"", b"", b"", 1_600_000),
    "objects": (b"", b'{"a":', b"", b"", b"", 480_000),
    "braces": (b"", b"{", b"", b"", b"", 1_600_000),
    "lists that end": (b"", b"[[1],", b"", b"", b"", 480_000),
    "indexes": (b"", b"x[0]", b"", b"", b"", 480_000),
    "tags": (b"", b"<", b"", b"", b"", 1_600_000),
    "tags in an error": (b'{"error":"', b"<", b'"}', b"", b"", 960_000),
    "words in an error": (b'{"error":"', b"a b ", b'"}', b"", b"", 320_000),
    "errors in an error": (b"", b'{"error":', b'"x"', b"}", b"", 896),
    "refills in a refill": (b"", b'{"refill":', b"1", b"}", b"", 896),
    "lists in a service": (b'[{"service":1,"rate":1,"type":', b"[", b"", b"]", b"}]", 896),
}


def _slow(name: str, *, part: int) -> HttpReply:
    before, opening, within, closing, behind, most = SLOW[name]
    count = most // part
    return HttpReply(200, before + opening * count + within + closing * count + behind)


@pytest.mark.parametrize("name", SLOW)
def test_bodies_that_are_made_to_be_slow(name: str) -> None:
    few, many = _slow(name, part=16), _slow(name, part=1)

    def read_all(reply: HttpReply) -> None:
        for read in READERS:
            read(reply)

    in_proportion(lambda: read_all(few), lambda: read_all(many), 100)


def _price_list(length: int) -> HttpReply:
    rows = [
        {"service": n, "name": f"Service <b>{n}</b>", "type": "Default", "rate": "0.90", "min": 1, "max": 10**6,
         "category": "First", "desc": "words and more words " * 40}
        for n in range(1, length + 1)
    ]  # fmt: skip
    return HttpReply(200, json.dumps(rows).encode(), secrets=spellings("a-key-of-ours"))


def test_a_large_price_list_is_read_row_by_row() -> None:
    few, many = _price_list(300), _price_list(4_800)
    in_proportion(lambda: read_services(few), lambda: read_services(many), 60)
    offers = read_services(many)
    assert isinstance(offers, list)
    assert len(offers) == 4_800


# ---- any bytes -----------------------------------------------------------------------------------

IDS = ("1", "2", "API3")
READERS: tuple[Callable[[HttpReply], object], ...] = (
    read_add,
    read_refill,
    read_services,
    read_balance,
    lambda reply: read_cancel(reply, IDS),
    lambda reply: read_cancel(reply, IDS[:1]),
    lambda reply: read_status(reply, IDS),
    lambda reply: read_status(reply, IDS[:1]),
    lambda reply: read_refill_status(reply, IDS),
    lambda reply: read_refill_status(reply, IDS[:1]),
)
OUTCOMES = (Accepted, UpstreamRefused, Unknown, OrderReport, RefillReport, ServiceOffer, Balance)
SECRET = "s3cret-key/of ours"

VOCABULARY = """
    order order_id id orders error errors status message msg data result success service services rate min max name type
    refill refills cancel canceled charge start_count start_counter remains currency balance funds amount posts runs
    1 2 API3 0 true fail Completed Partial Canceled In_progress Bad_link Incorrect_order_ID Empty_Data Unknown
    Not_enough_funds 1,234.50 -5
"""
WORDS = st.sampled_from(VOCABULARY.split()).map(lambda word: word.replace("_", " ") if word[0].isupper() else word)
TEXTS = WORDS | st.text(max_size=12) | st.just(f"x{SECRET}y")
SCALARS = st.none() | st.booleans() | st.integers(-3, 10**18) | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=12
)
NOISE = st.sampled_from([b"", b"\xef\xbb\xbf", b"<br />\n<b>Warning</b>: [0] {x} in <b>a</b>", b"<html>", b"  "])
STATUSES = st.sampled_from([200, 201, 204, 302, 303, 401, 404, 422, 429, 500, 503])
BROKE = st.sampled_from(["", "the answer broke off: Connection reset by peer"])


def _texts(outcome: object) -> Iterator[str]:
    """Every text inside an outcome, and a check of the types on the way."""
    if isinstance(outcome, dict):
        for part in outcome.values():
            yield from _texts(part)
    elif isinstance(outcome, (list, tuple)):
        for part in outcome:
            yield from _texts(part)
    elif isinstance(outcome, str):
        yield outcome
    elif dataclasses.is_dataclass(outcome):
        assert isinstance(outcome, OUTCOMES)
        for field in dataclasses.fields(outcome):
            yield from _texts(getattr(outcome, field.name))
    else:
        assert outcome is None or isinstance(outcome, (bool, int, Decimal, Enum))


def _check(reply: HttpReply) -> None:
    for read in READERS:
        outcome: Any = read(reply)
        for text in _texts(outcome):
            text.encode()  # no lone surrogates
            assert "\x00" not in text
            assert SECRET not in text
            assert len(text) <= 5_000
        asked = [outcome] if not isinstance(outcome, dict) else list(outcome.values())
        for one in asked:
            if isinstance(one, UpstreamRefused):
                assert 0 < len(one.text) <= 300
            elif isinstance(one, Unknown):
                assert 0 < len(one.text) <= 300
                assert len(one.evidence) <= 2_000
            elif isinstance(one, Accepted):
                assert one.ref == "" or as_ref(one.ref) == one.ref
            elif isinstance(one, OrderReport):
                assert (one.remains or 0) >= 0
                assert (one.charge or 0) >= 0
        if isinstance(outcome, dict):
            assert set(outcome) in (set(IDS), set(IDS[:1]))
        if read is read_add and isinstance(outcome, Accepted):
            assert outcome.ref
            assert 200 <= reply.status < 300


@settings(max_examples=effort(150, proving=3000))
@given(body=st.binary(max_size=200), status=STATUSES, broke=BROKE)
def test_any_bytes_give_an_outcome(body: bytes, status: int, broke: str) -> None:
    _check(HttpReply(status, body, broke, secrets=spellings(SECRET)))


@settings(max_examples=effort(400, proving=8000))
@given(value=VALUES, before=NOISE, after=NOISE, status=STATUSES, broke=BROKE, cut=st.integers(0, 40))
# Found by `make prove`: words of which nothing is left for a person to read.
@example(value={"status": "\x1b"}, before=b"", after=b"", status=200, broke="", cut=0)
def test_any_json_gives_an_outcome(
    value: object, before: bytes, after: bytes, status: int, broke: str, cut: int
) -> None:
    body = json.dumps(value).encode()
    _check(
        HttpReply(status, before + body[: len(body) - cut if broke else None] + after, broke, secrets=spellings(SECRET))
    )


@settings(max_examples=effort(200, proving=4000))
@given(value=st.dictionaries(st.sampled_from(["order", "order_id", "id"]), SCALARS, min_size=1, max_size=1))
def test_a_cut_answer_never_gives_another_id(value: dict[str, object]) -> None:
    """Whatever prefix of an answer arrives, it is the same id or none."""
    body = json.dumps(value).encode()
    whole = read_add(HttpReply(200, body))
    for end in range(len(body)):
        cut = read_add(HttpReply(200, body[:end], "the answer broke off"))
        assert isinstance(cut, Unknown)
        without_notice = read_add(HttpReply(200, body[:end]))
        assert not isinstance(without_notice, Accepted) or without_notice == whole


def test_nothing_in_nothing() -> None:
    assert find_json(HttpReply(200, b"")) is MISSING
    assert find_json(HttpReply(200, b"\xef\xbb\xbf")) is MISSING
