"""Blocked targets and words: one form for every way of writing, and which rule refuses what."""

from __future__ import annotations

import sys
import tracemalloc
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from panelwright.core import limits
from panelwright.panels import blocks
from panelwright.panels.blocks import BlockRule, compiled, fits, fold, normal, target, words
from tests.support.proportion import in_proportion

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).filter(lambda label: label not in {"www", "xn"})
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
# Pieces of addresses in any order: what makes a parser stumble.
STUMBLING = (
    *("http://", "https:", "//", "www.", "@", "/", "\\", "?", "#", ":", ":80", ".", "%", "%2", "%25", "%2f", "%40"),
    *(
        "%77ww.",
        "a",
        "evil.example",
        "ПРИМЕР.рф",
        "\u200b",
        "ß",
        "İ",
        "\u212a",
        "%ef%bc%85",
        "۰",
        "。",
        " ",
        "x",
        "[::1]",
    ),
)
PIECES = st.lists(st.sampled_from(STUMBLING), max_size=14).map("".join)
ANY = st.one_of(st.text(max_size=80), PIECES)


def rules(*pairs: tuple[str, str]) -> blocks.Rules:
    return compiled(BlockRule(i, kind, normal(kind, text), False) for i, (kind, text) in enumerate(pairs, 1))


def hit(rule: BlockRule | None) -> int:
    """The rule's id, 0 for none."""
    return rule.id if rule is not None else 0


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("https://t.me/Somebody/", "t.me/somebody"),
        ("T.ME/somebody", "t.me/somebody"),
        ("http://www.t.me:80/somebody", "t.me/somebody"),
        ("https://t.me.:443/somebody?", "t.me/somebody"),
        ("//t.me/somebody", "t.me/somebody"),
        ("https://anna:secret@t.me/somebody", "t.me/somebody"),
        ("https://%74.me/s%6Fmebody", "t.me/somebody"),
        ("https://t.me/some%2562ody", "t.me/somebody"),
        ("https://t.me/some\u200bbody", "t.me/somebody"),
        ("https://\uff54.me/somebody", "t.me/somebody"),
        ("https://t.me:8443/somebody", "t.me:8443/somebody"),
        ("https://Пример.рф/Путь", "xn--e1afmkfd.xn--p1ai/путь"),
        ("https://пример。рф/%D0%9F%D1%83%D1%82%D1%8C", "xn--e1afmkfd.xn--p1ai/путь"),
        ("@Anna", "anna"),
        ("https://www.www.t.me", "t.me"),
        ("http://[::1]:80/x", "[::1]/x"),
        ("", ""),
    ],
)
def test_a_target_has_one_form(written: str, whole: str) -> None:
    assert target(written).whole == whole


@given(ANY)
@example("u@http://u@http://x")
@example("%25" * 20 + "41")
def test_normalising_again_changes_nothing(text: str) -> None:
    whole = target(text).whole
    assert target(whole).whole == whole
    assert fold(fold(text)) == fold(text)
    assert words(" ".join(words(text))) == words(text)


@given(st.sampled_from(blocks.KINDS), ANY)
def test_a_rule_is_kept_as_it_is_compared(kind: str, text: str) -> None:
    try:
        kept = normal(kind, text)
    except ValueError:
        return
    assert normal(kind, kept) == kept
    assert 0 < len(kept) <= limits.RULE_CHARS_MAX


@given(
    st.sampled_from(["", "http://", "https://", "HTTPS://", "//", "https://user:pw@", "https://good.example@"]),
    HOST,
    st.sampled_from(["", ".", ":443", ".:8080"]),
    st.sampled_from(["", "/", "/x", "?a=evil.example", "#evil.example", "/@evil.example", "\\x"]),
    HOST,
    st.booleans(),
)
def test_a_domain_is_blocked_with_all_below_it(
    front: str, host: str, after: str, rest: str, domain: str, upper: bool
) -> None:
    link = front + (host.upper() if upper else host) + after + rest
    ends_so = host == domain or host.endswith("." + domain)
    assert hit(rules(("domain", domain)).target(link)) == int(ends_so)
    below = front + "a." + domain + after + rest
    assert hit(rules(("domain", domain)).target(below)) == 1


@pytest.mark.parametrize(
    "link",
    [
        "evil.example",
        "https://a.evil.example/x",
        "https://good.example@evil.example/",
        "https://good.example%2f@evil.example/",
        "https://good.example\\@evil.example/",
        "https://evil.example\\@good.example/",
        "https://EVIL.example.:8080/x",
        "https://%65vil.example/",
        "https://evil%2eexample/",
        "https://evil。example/",
        "https://ev\u00adil.example",
        "https://ｅｖｉｌ.example",
    ],
)
def test_tricks_do_not_hide_a_host(link: str) -> None:
    assert hit(rules(("domain", "https://www.Evil.example/")).target(link)) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://notevil.example/",
        "https://evil.example.org/",
        "https://good.example/evil.example",
        "https://evil.example@good.example/",
        "https://good.example/?u=https://evil.example/",
        "https://good.example/@evil.example",
        "evil",
    ],
)
def test_other_hosts_stay_open(link: str) -> None:
    assert rules(("domain", "evil.example")).target(link) is None


def test_exact_is_the_whole_target() -> None:
    made = rules(("exact", "https://www.t.me/Somebody/"), ("exact", "@anna"))
    tried = ("t.me/somebody", "t.me/somebody/1", "t.me", "ANNA", "annab", "@anna")
    assert [hit(made.target(t)) for t in tried] == [1, 0, 0, 2, 0, 2]


def test_a_pattern_fits_the_whole_target() -> None:
    made = rules(("pattern", "*/private/*"), ("pattern", "t.me/bad*"), ("pattern", "a*b"), ("pattern", "x*yz*yz"))
    tried = ("https://a.example/private/1", "a.example/private", "t.me/badly", "t.me/ba")
    assert [hit(made.target(t)) for t in tried] == [1, 0, 2, 0]
    assert [hit(made.target(t)) for t in ("ab", "a.b", "abc", "xyz", "xyzyz", "x-yz-yz")] == [3, 3, 0, 0, 4, 4]


def by_table(pattern: str, text: str) -> bool:
    """A glob by the book: a table over all places of the pattern and the text."""
    row = [True] + [False] * len(text)
    for sign in pattern:
        last, row = row, [row[0] and sign == "*"]
        for place, letter in enumerate(text):
            row.append(last[place + 1] or row[place] if sign == "*" else last[place] and sign == letter)
    return row[-1]


@given(st.text("ab*", min_size=1, max_size=10), st.text("ab", max_size=12))
def test_fits_as_a_glob_by_the_book(pattern: str, text: str) -> None:
    assert fits(pattern.split("*"), text) == by_table(pattern, text)


class Counted(str):
    """Counts what is looked at: letters passed over by `find`, and letters compared at both ends."""

    steps = 0

    def find(self, part: str, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        found = super().find(part, start, end)
        self.steps += (len(self) if found < 0 else found + len(part)) - start + 1
        return found

    def startswith(self, part: str) -> bool:  # type: ignore[override]
        self.steps += len(part)
        return super().startswith(part)

    def endswith(self, part: str) -> bool:  # type: ignore[override]
        self.steps += len(part)
        return super().endswith(part)


@given(st.lists(st.text("ab", max_size=6), min_size=2, max_size=200), st.integers(0, 2000))
@example(["a"] * 250 + ["b"], 2000)
@example(["", *["aaab"] * 120, "b"], 2000)
def test_a_pattern_passes_over_the_text_once(parts: list[str], length: int) -> None:
    text = Counted("a" * length)
    fits(parts, text)
    assert text.steps <= 2 * length + sum(map(len, parts)) + len(parts)


@given(st.lists(st.text("abc.*/", min_size=1, max_size=7), max_size=12), st.text("abc./", max_size=14))
def test_patterns_are_found_as_if_each_were_tried(patterns: list[str], text: str) -> None:
    kept = []
    for pattern in patterns:
        try:
            kept.append(normal("pattern", pattern))
        except ValueError:
            continue
    made = compiled(BlockRule(i, "pattern", pattern, False) for i, pattern in enumerate(kept, 1))
    whole = target(text).whole
    assert hit(made.target(text)) == next((i for i, p in enumerate(kept, 1) if by_table(p, whole)), 0)


@pytest.mark.parametrize(
    ("rule", "text", "blocked"),
    [
        ("плохо", "Это ПЛОХО!", True),
        ("плохо", "неплохо", False),
        ("плохо", "плохой", False),
        ("café", "un cafe\u0301, merci", True),
        ("caf", "café", False),
        ("caf", "cafe\u0301", False),
        ("two words", "these TWO\t\n  words here", True),
        ("two words", "two bad words", False),
        ("bad", "b\u200bad", True),
        ("bad", "#bad", True),
        ("bad", "bad_word", True),
        ("bad", "badly", False),
        ("straße", "STRASSE", True),
        ("bad", "ｂａｄ", True),
        ("a b c", "a b a b c", True),
    ],
)
def test_words_have_borders_in_every_script(rule: str, text: str, blocked: bool) -> None:
    assert hit(rules(("word", rule)).word(text)) == int(blocked)


@given(ANY)
def test_no_text_raises(text: str) -> None:
    made = rules(("domain", "evil.example"), ("exact", "x"), ("pattern", "*zz*"), ("word", "bad"))
    assert hit(made.target(text)) in (0, 1, 2, 3)
    assert hit(made.word(text)) in (0, 4)
    assert hit(made.target("https://evil.example/" + quote(text[:50], errors="replace"))) == 1


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("regex", "x", "exact, domain, pattern, word"),
        ("exact", "https://", "Nothing is left"),
        ("domain", "evil.example/path", "Enter a domain"),
        ("domain", "", "Nothing is left"),
        ("pattern", "https://**", "block every order"),
        ("word", "!?", "Nothing is left"),
        ("exact", "x" * 501, "at most 500"),
        ("word", "x" * 3000, "at most 500"),
        ("exact", "a\x00b", "control characters"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(kind: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        normal(kind, text)


def test_the_first_of_equal_rules_answers() -> None:
    made = compiled([BlockRule(7, "domain", "evil.example", True), BlockRule(1, "domain", "evil.example", False)])
    assert made.target("evil.example") == BlockRule(7, "domain", "evil.example", True)
    assert compiled([]).target("evil.example") is None
    assert unicodedata.normalize("NFKC", fold("Ａ\u200b")) == "a"


def test_no_unseen_character_there_is_parts_a_word() -> None:
    every = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) == "Cf")
    assert len(every) > 100
    assert fold(f"b{every}ad") == "bad"


# ---- what strangers write costs no more than its length --------------------------------------------

# Layers that were once taken off one at a time, each with a copy of all the rest.
LAYERS = (
    *(":80", " :80", ".:80", "\uff0e", "\uff1a\uff18\uff10", "/:80", "/www.:80", "/ ", "@", "@www.", ".", "\u3002:443"),
    *("%25", "%3a80", "%2f", "\\", "://", "?", "#/", "http:", "a.:80/", "x@", "::", "[", "\u0130", "\u200b."),
    *("\u0301\u0323", "\uff9e\u0301", "\u0301\u200d\u0323\u200d", "\ufdfa", "\u326d"),
)


@pytest.mark.parametrize("layer", LAYERS, ids=ascii)
@pytest.mark.parametrize("before", [True, False])
def test_the_cost_of_layers_is_in_proportion_to_their_number(layer: str, before: bool) -> None:
    """20,000 layers took 2.1 s and 656 MB. 16 times as many cost 16 times as much, not 256 times."""
    few, many = (layer * count + "a" if before else "a" + layer * count for count in (1_000, 16_000))
    tracemalloc.start()
    try:
        target(many)
        assert tracemalloc.get_traced_memory()[1] < 200 * len(many.encode())
    finally:
        tracemalloc.stop()
    in_proportion(lambda: target(few), lambda: target(many), 80)
    in_proportion(lambda: words(few), lambda: words(many), 80)


@given(st.lists(st.sampled_from([":80", ":443", ":", " ", ".", "\uff0e", "\u3002", "\uff1a80"]), max_size=30))
def test_whatever_stands_behind_a_host_in_whatever_order_hides_nothing(layers: list[str]) -> None:
    made = rules(("domain", "evil.example"), ("exact", "anna"))
    assert hit(made.target("https://evil.example" + "".join(layers) + "/x")) == 1
    assert hit(made.target("anna" + "".join(layers))) == 2


def test_ten_thousand_lines_against_ten_thousand_targets_are_looked_up() -> None:
    names = [f"user{n}" for n in range(limits.LINES_MAX)]
    few, many = (
        compiled(
            BlockRule(n, kind, text, False)
            for n in range(count)
            for kind, text in (("exact", f"other{n}"), ("domain", f"evil{n}.example"))
        )
        for count in (1, limits.RULES_MAX // 2)
    )
    assert many.first(names) is None
    assert many.first([*names, "https://a.evil7.example/x"]) == BlockRule(7, "domain", "evil7.example", False)
    assert many.first([*names, "@Other7"]) == BlockRule(7, "exact", "other7", False)
    # Compared with each target, it would take thousands of times as long.
    in_proportion(lambda: few.first(names), lambda: many.first(names), 20)


@given(st.lists(st.sampled_from(["exact a1", "domain a2", "pattern a*3", "pattern *4", "exact b.c", "word a5"])), ANY)
@example(["pattern *4"], "x4")
@example(["exact b.c"], "B.C")
def test_many_lines_are_refused_as_each_of_them_is(listed: list[str], odd: str) -> None:
    made = rules(*[(line.split(" ")[0], line.split(" ")[1]) for line in listed])
    plain = [f"n{n}x" for n in range(200)]
    for last in (odd.replace("\n", ""), "A1", "a2", "ax3", "X4", "a5", "n"):
        one = made.target(last)
        assert made.first([*plain, last]) == one
        assert made.first([last, *plain]) == one


@pytest.mark.parametrize(
    ("patterns", "line"),
    [
        ([f"*aaa*{chr(98 + n % 25)}{chr(97 + n // 26)}*" for n in range(600)], "aaa" * 10),
        ([f"*{chr(97 + n % 26)}*{chr(97 + n // 26)}" for n in range(600)], "a"),
        ([*["*a" * (limits.PATTERN_STARS_MAX - 1) + f"*{n}" for n in range(100)]], "a" * 400),
        # Each long text is as many tries as it is hundreds of characters.
        ([f"*aaa*{letter}*" for letter in "bcdefghijklm"], "aaa" * 160),
    ],
)
def test_more_tries_than_anybody_needs_are_not_made(patterns: list[str], line: str) -> None:
    made = rules(*[("pattern", pattern) for pattern in patterns])
    lines = [f"{line}{n}-" for n in range(limits.LINES_MAX)]
    assert made.first(lines) is blocks.TOO_MUCH
    assert made.first(lines[:100]) is None
    # The same over and over is one.
    assert made.first(lines[:100] * 100) is None


def test_signs_that_unfold_to_words_are_not_unfolded_without_end() -> None:
    """A megabyte of them became four, and held every panel's orders for a third of a second."""
    made = rules(("exact", "evil"), ("word", "evil words"))
    for sign in ("\u337f", "\u2177", "\u1f88", "\U0001f110"):
        lines = [sign * 400 + str(n) for n in range(800)]
        grown = len(fold(lines[0])) > len(lines[0])
        assert (made.first(lines) is blocks.TOO_MUCH) == grown, sign
        assert (made.word("\n".join(lines)) is blocks.TOO_MUCH) == grown, sign
        assert made.first(lines[:50]) is None, sign
        assert hit(made.first([*lines[:50], "evil"])) == 1
        assert hit(made.word("\n".join([*lines[:50], "EVIL", "words"]))) == 2, "a phrase goes on in the next line"
    # What is written with other letters is looked through, however much it is.
    long = "\n".join(["Спасибо, очень хорошо! " * 20] * 1_000)
    assert made.word(long) is None
    assert hit(made.word(f"{long}\nevil words")) == 2
    assert made.first([f"https://example.com/имя{n}" for n in range(limits.LINES_MAX)]) is None


def test_hosts_of_other_scripts_are_put_into_ascii_so_often() -> None:
    made = rules(("domain", "пример.рф"))
    lines = ["я." * 20 + f"я{n}.пример.рф" for n in range(limits.LINES_MAX)]
    assert hit(made.first(lines)) == 1, "however many names stand before it"
    assert made.first([line.replace("пример", "другой") for line in lines]) is blocks.TOO_MUCH
    assert made.first([f"юзер{n}" for n in range(limits.LINES_MAX)]) is None, "a name is no host"
    assert hit(rules(("domain", "рф")).first(["https://другой.рф/"])) == 1


def test_phrases_are_followed_word_by_word() -> None:
    phrase = "a " * (limits.PHRASE_WORDS_MAX - 1) + "b"
    made = rules(("word", phrase), ("word", "c d"), ("word", "c"))
    assert hit(made.word("x c d")) in (2, 3)
    assert hit(made.word("a " * 1_000)) == 0
    assert hit(made.word("a " * 1_000 + "b")) == 1
    few, many = "a " * 10_000, "a " * 160_000
    in_proportion(lambda: made.word(few), lambda: made.word(many), 80)


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("word", "a " * (limits.PHRASE_WORDS_MAX + 1), "at most 10 words"),
        ("pattern", "a*" * (limits.PATTERN_STARS_MAX + 1), "at most 10 stars"),
        ("exact", "a" + ":80" * 20_000, "at most 500"),
        ("pattern", "*" * 20_000 + "a", "at most 500"),
    ],
)
def test_rules_that_would_cost_too_much_are_refused(kind: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        normal(kind, text)
