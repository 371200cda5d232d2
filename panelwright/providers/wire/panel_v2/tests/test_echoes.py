"""An answer that repeats what the customer wrote says nothing by it."""

from __future__ import annotations

from typing import Any

import pytest

from panelwright.core import limits
from panelwright.providers.wire.outcomes import Accepted, Reason, Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2 import echoes, refusals
from panelwright.providers.wire.panel_v2.echoes import _repeated, strangers_words, without_echoes
from panelwright.providers.wire.panel_v2.error_phrases import classify, refuses_a_known_request_id
from panelwright.providers.wire.panel_v2.reading import read_add
from panelwright.providers.wire.panel_v2.tests.test_reading import reply

ENDS = [
    "not-enough-funds",
    "notEnoughFunds",
    "rate-limit",
    "active.order",
    "invalid_api_key",
    "timeout",
    "?request_id=1",
    "p/7/?a=1&request_id=1",
    "duplicate",
    "p/%D0%BD%D0%B5%D0%B4%D0%BE%D1%81%D1%82%D0%B0%D1%82%D0%BE%D1%87%D0%BD%D0%BE-%D1%81%D1%80%D0%B5%D0%B4%D1%81%D1%82%D0%B2",
    "a-" * 300 + "not-enough-funds",
]
SAID = [
    "Invalid link: {}",
    "The link {} is not valid",
    "<b>Invalid</b> link &quot;{}&quot;!",
    "Wrong link ({})",
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("said", SAID)
def test_a_link_that_is_repeated_does_not_decide(end: str, said: str) -> None:
    link = f"https://www.instagram.com/{end}"
    for echo in (link, link.upper(), link.removeprefix("https://"), link.removeprefix("https://www."), link[:200]):
        for status in (200, 500):
            came = read_add(reply({"error": said.format(echo)}, status, sent=(link,)))
            assert isinstance(came, UpstreamRefused), echo
            assert (came.reason, came.known_request_id) == (Reason.LINK, False), echo


@pytest.mark.parametrize(
    ("sent", "said", "reason"),
    [
        ("insufficient.balance", "Username insufficient.balance does not exist", Reason.LINK),
        ("@server_error", "Username @server_error not found", Reason.LINK),
        ("nice\nnot enough funds\nbest", "Bad link or comment: not enough funds", Reason.LINK),
        ("https://t.me/not_enough_funds", "Username not_enough_funds is invalid", Reason.LINK),
        # Of the provider's own words nothing is lost.
        ("https://www.tiktok.com/@carol/video/7", "Video was deleted", Reason.LINK),
        ("https://www.instagram.com/p/a/", "Not enough funds on balance", Reason.FUNDS),
        ("https://example.com/a", "The link must start with https://", Reason.LINK),
        ("abc", "abc: Bad link", Reason.LINK),
    ],
)
def test_what_else_was_sent_does_not_decide(sent: str, said: str, reason: Reason) -> None:
    assert read_add(reply({"error": said}, sent=(sent,))) == UpstreamRefused(reason, said)


def test_the_whole_text_is_kept_for_a_person() -> None:
    link = "https://example.com/not-enough-funds"
    assert read_add(reply({"error": f"Bad link {link}"}, sent=(link,))) == UpstreamRefused(
        Reason.LINK, f"Bad link {link}"
    )


def test_what_is_ours_is_no_echo() -> None:
    params = {"service": "7", "quantity": "100", "link": "https://example.com/a", "comments": "", "username": "carol"}
    assert strangers_words(params) == ("https://example.com/a", "carol")
    assert without_echoes("Bad link", ()) == "Bad link"


def test_many_comments_and_long_words_are_compared_in_no_time() -> None:
    said = "not enough funds " * 100
    for sent in ("\n".join(f"not enough comment number {n}" for n in range(10_000)), "a." * 1_000, "not/" * 1_000):
        own = without_echoes(said, (sent,))
        assert own is not None
        assert classify(own)[0] is Reason.FUNDS


LINES_OF = {
    "long lines": "\n".join("a " * 990 + f"b{n}" for n in range(200)),
    "links in lines": "\n".join("a/" * 4_995 + str(n) for n in range(50)),
    "one line": "a/" * 250_000,
    "many lines": "\n".join("ab/" * 16 + str(n) for n in range(9_000)),
}


@pytest.mark.parametrize("lines", LINES_OF.values(), ids=LINES_OF)
@pytest.mark.parametrize("said", ["a " * 999, "a/" * 999, "ab " * 666, None])
def test_comparing_is_bounded_by_words_not_by_places(
    monkeypatch: pytest.MonkeyPatch, lines: str, said: str | None
) -> None:
    """Each of the places was compared with a thousand words: a refusal took seconds, and each text was read twice."""
    compared = reads = 0

    def counting(words: list[str], at: int, sought: Any) -> tuple[int, int]:
        nonlocal compared
        found, steps = _repeated(words, at, sought)
        compared += steps
        return found, steps

    def reading(text: str, sent: tuple[str, ...]) -> str | None:
        nonlocal reads
        reads += 1
        return without_echoes(text, sent)

    monkeypatch.setattr(echoes, "_repeated", counting)
    monkeypatch.setattr(refusals, "without_echoes", reading)
    text = f"Incorrect comments: {lines}" if said is None else said
    came = read_add(reply({"error": text}, sent=("https://example.com/a", lines)))
    assert (reads, compared < limits.ECHO_STEPS_MAX + 3_000) == (1, True)
    # Whatever it was: no order is taken for refused by words that a customer may have written.
    assert getattr(came, "reason", Reason.OTHER) is Reason.OTHER
    assert not isinstance(came, Accepted)


def test_what_cannot_be_compared_decides_nothing() -> None:
    lines = "\n".join("a " * 990 + f"b{n}" for n in range(200)) + "\nnot enough funds"
    came = read_add(reply({"error": "Bad comments: not enough funds " + "a " * 950}, sent=(lines,)))
    assert isinstance(came, Unknown)
    too_many = refusals.refused(reply({}, sent=(lines,)), "not enough funds " + "a " * 950)
    assert (too_many.reason, too_many.known_request_id) == (Reason.OTHER, True)


def test_many_comments_that_begin_alike_are_all_taken_out() -> None:
    comments = "\n".join(f"Not enough funds {n}" for n in range(5_000))
    came = read_add(reply({"error": f"Invalid comments: {comments}"}, sent=("https://example.com/a", comments)))
    assert isinstance(came, UpstreamRefused)
    assert came.reason is Reason.OTHER


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("request_id was used for another order", True),
        ("This request_id is already in use", True),
        ("requestId conflict", True),
        ("Wrong request_id", True),
        ("request_id: not allowed to be used again", True),
        ("property request_id should not exist", False),
        ("Unknown parameter: request_id", False),
        ("request_id is not allowed", False),
        ("Bad link", False),
    ],
)
def test_a_request_id_that_is_known_there_is_told_from_one_that_is_not_taken(text: str, known: bool) -> None:
    assert refuses_a_known_request_id(text) is known
