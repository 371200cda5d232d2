"""Every line of the word lists is read by the whole reader: what is made from a line has to come out in its class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from panelwright.core.reply import HttpReply
from panelwright.providers.wire.folding import fold
from panelwright.providers.wire.outcomes import RefillReport
from panelwright.providers.wire.panel_v2.error_phrases import classify, tells_of_a_breakdown
from panelwright.providers.wire.panel_v2.reading import read_add
from panelwright.providers.wire.panel_v2.refusal_words import BREAKDOWN, LANGUAGES, ORDER, VAGUE, Class, lines_of
from panelwright.providers.wire.panel_v2.reports import read_refill_status, read_status
from panelwright.providers.wire.panel_v2.states import ORDER_STATES, REFILL_STATES, order_status, refill_status, spelled
from panelwright.providers.wire.panel_v2.tests.test_reading import reply
from tests.support.effort import effort

# How many texts are made of a line at most, and at least once each of its alternatives has been in one.
TRIES = 400
TRIES_MIN = effort(40, proving=TRIES)


class Maker:
    """Texts that a pattern matches; `used` are the alternatives that went into the last one."""

    def __init__(self, pattern: str) -> None:
        self.parsed = re._parser.parse(pattern)  # type: ignore[attr-defined]
        self.random = Random(pattern)
        self.alternatives: set[tuple[int, int]] = set()
        self.used: set[tuple[int, int]] = set()

    def text(self) -> str:
        self.used = set()
        return " ".join("".join(self._made(self.parsed)).split())

    def _made(self, parsed: Any) -> Iterator[str]:
        for kind, value in parsed:
            yield from self._piece(str(kind), value)

    def _piece(self, kind: str, value: Any) -> Iterator[str]:
        match kind:
            case "LITERAL":
                yield chr(value)
            case "ANY":
                yield self.random.choice(" z")
            case "IN":
                yield self._one_of(value)
            case "BRANCH":
                choices = value[1]
                self.alternatives |= {(id(choices), i) for i in range(len(choices))}
                i = self.random.randrange(len(choices))
                self.used.add((id(choices), i))
                yield from self._made(choices[i])
            case "SUBPATTERN":
                yield from self._made(value[3])
            case "MAX_REPEAT":
                low, high, inner = value
                for _ in range(self.random.randint(low, min(int(high), low + 2))):
                    yield from self._made(inner)
            case "AT" | "ASSERT_NOT":
                pass
            case _:
                raise AssertionError(f"a line with {kind} cannot be proven: write it without, or teach this test")

    def _one_of(self, choices: Any) -> str:
        kind, value = self.random.choice(choices)
        if str(kind) == "LITERAL":
            return chr(value)
        return {"CATEGORY_DIGIT": "7", "CATEGORY_WORD": "z"}[str(value)]


def _rows() -> list[tuple[str, Class | None, str]]:
    rows: list[tuple[str, Class | None, str]] = []
    for language, words in LANGUAGES.items():
        assert {BREAKDOWN, VAGUE} <= set(words), f"{language} knows no breakdowns"
        assert set(words) <= {BREAKDOWN, VAGUE, *(row.name for row in ORDER)}, (
            f"{language} has a class that nobody reads"
        )
        for row in ORDER:
            rows += [(language, row, line) for line in lines_of(words, row.name)]
        rows += [(language, None, line) for name in (BREAKDOWN, VAGUE) for line in lines_of(words, name)]
    return rows


ROWS = _rows()


@pytest.mark.parametrize(
    ("row", "line"),
    [row[1:] for row in ROWS],
    ids=[f"{lang}-{row.name if row else BREAKDOWN}" for lang, row, _ in ROWS],
)
def test_each_line_matches_itself_and_no_other_class_takes_it(row: Class | None, line: str) -> None:
    made = Maker(line)
    proven: set[tuple[int, int]] = set()
    for count in range(TRIES):
        if count >= TRIES_MIN and proven == made.alternatives:
            break
        text = made.text()
        if not re.search(line, text):
            continue  # words that ran together, or an exception of the line itself
        assert fold(text) == text, "folding makes another word of it, so it could never be found"
        if row is None:
            assert tells_of_a_breakdown(text), text
        else:
            assert classify(text) == (row.reason, row.firm), text
        proven |= made.used
    assert proven or not made.alternatives, "nothing was made that it matches"
    assert made.alternatives == proven, "an alternative that never matches"


def test_what_is_made_goes_through_the_whole_reader() -> None:
    for _, row, line in ROWS:
        if row is None:
            continue
        made = Maker(line)
        text = next(text for _ in range(TRIES) if re.search(line, text := made.text()))
        if tells_of_a_breakdown(text):
            continue
        for body in ({"error": text.upper()}, {"status": "fail", "message": f"<p>{text}!</p>"}, {"errors": [text]}):
            outcome = read_add(reply(body))
            # Turkish has two letters i; shouted, one of them is the other.
            assert getattr(outcome, "reason", outcome) is row.reason, (text, outcome)


def test_no_line_stands_twice() -> None:
    lines = [(row.name if row else BREAKDOWN, line) for _, row, line in ROWS]
    assert sorted(lines) == sorted(set(lines))


@pytest.mark.parametrize("table", [ORDER_STATES, REFILL_STATES], ids=["orders", "refills"])
def test_each_word_for_a_state_is_read_as_the_one_that_it_stands_for(table: dict[str, str]) -> None:
    words = [(word, ours) for ours, row in table.items() for word in row.split()]
    assert len(spelled(table)) == len(words), "a word stands twice"
    read = order_status if table is ORDER_STATES else refill_status
    for word, ours in words:
        for way in (word, word.upper(), f" {word}. ", f"<span class='label'>{word}</span>", f"order.status.{word}"):
            assert read(way) == ours, (way, ours)
        assert read(f"Status: {word}") == ours


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("IN_PROGRESS", "In progress"),
        ("in-progress", "In progress"),
        ("In&nbsp;Progress", "In progress"),
        ("In\u00a0Progress", "In progress"),
        ("<b>Partially_Completed</b>", "Partial"),
        ("order-status.partially-completed", "Partial"),
        ("ORDER_STATUS_COMPLETED", "Completed"),
        ("Order Completed", "Completed"),
        ("Completed ✅", "Completed"),
        ("C\u200bompleted", "Completed"),
        ("Complèted", "Completed"),
        ("Ｃｏｍｐｌｅｔｅｄ", "Completed"),
        ("Canceled & Refunded", "Canceled"),
        ("Canceled and refunded", "Canceled"),
        ("Отменён", "Canceled"),
        ("ОТМЕНЁН", "Canceled"),
        ("В ОБРАБОТКЕ", "Processing"),
        ("В_работе", "In progress"),
        ("Частично выполнен", "Partial"),
        ("İPTAL EDİLDİ", "Canceled"),
        ("İşleniyor", "Processing"),
        ("Kısmen tamamlandı", "Partial"),
        ("Em execução", "In progress"),
        ("Concluída", "Completed"),
        ("مُكتمل", "Completed"),
        ("ملغاة", "Canceled"),
        ("قيد التنفيذ", "In progress"),
        ("पूर्ण", "Completed"),
        ("प्रगति में", "In progress"),
        ("已完成", "Completed"),
        ("处理中", "Processing"),
        ("Đang xử lý", "Processing"),
        ("Hoàn thành", "Completed"),
        ("Đã hủy", "Canceled"),
        ("Dibatalkan", "Canceled"),
        ("เสร็จสิ้น", "Completed"),
        ("Not completed", None),
        ("Incomplete", None),
        ("not.completed", None),
        ("cancel.rejected", None),
        ("refund.rejected", None),
        ("request:refund", None),
        ("Not/Canceled", None),
        ("payment.completed", None),
        ("Completed/Partial", None),
        ("refill.rejected", None),
        ("Refill rejected", None),
        ("api.order-status.completed", "Completed"),
        ("orderStatus.canceled", "Canceled"),
        ("Canceled by provider", "Canceled"),
        ("Cancelled - refunded", "Canceled"),
        ("完了", "Completed"),
        ("完了しました", "Completed"),
        ("완료", "Completed"),
        ("キャンセル", "Canceled"),
        ("취소됨", "Canceled"),
        ("Voltooid", "Completed"),
        # It may have been delivered, or paid back.
        ("Completed (refunded)", None),
        ("Canceled by", None),
        ("Error", None),
        ("Closed", None),
        ("", None),
        ("-", None),
    ],
)
def test_words_for_states_as_they_are_written(said: str, ours: str | None) -> None:
    assert order_status(said) == ours
    came = read_status(reply({"1": {"status": said, "remains": "5", "charge": "1"}}), ["1"])["1"]
    assert getattr(came, "status", "none") == ours or said == ""


def test_a_refill_s_word_is_read_in_any_dress() -> None:
    for said in ("Completed", "COMPLETED", "tasks.status.completed", "<i>Completed</i>", "Refill completed", "已完成"):
        came = read_refill_status(reply({"refill": 1, "status": said}), ["1"])["1"]
        assert isinstance(came, RefillReport)
        assert came.status == "Completed", said


def test_the_worst_text_is_read_in_no_time() -> None:
    """Every line is tried on the longest text that is looked at; what grows faster than the text would take minutes."""
    for unit in ("order ", "not ", "quantity ", "заказ ", "link is ", "a", "<a ", "&amp;", "\u0301"):
        body = HttpReply(status=200, body=b"")
        assert body.clean(unit) is not None
        classify(unit * 100_000)
