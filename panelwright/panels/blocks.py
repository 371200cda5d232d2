"""What may not be ordered for: how texts are brought into one form, and which rule refuses one. Pure.

Rules and what customers send go through the same functions, so that a rule holds however its target
is written: with or without a scheme, "www.", a port, a user in front of the host, percent signs, other
letter cases, full-width letters or characters that nobody sees.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple
from urllib.parse import unquote

from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.core.text import has_marks, normalized

KINDS = ("exact", "domain", "pattern", "word")
HOST_MAX = 253  # characters of a host name

# Characters that nobody sees: they part a word for a program, and not for a reader.
# Between these planes there are none, and each process looks for them at its start.
_PLANES = (*range(0xA0, 0x20000), *range(0xE0000, 0xE1000))
_UNSEEN = frozenset(c for c in map(chr, _PLANES) if unicodedata.category(c) == "Cf") | frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5" + "".join(map(chr, range(0xFE00, 0xFE10)))
)
# Signs that stand for whole words and would make a text many times longer: they part words.
_SIGNS = frozenset(
    c for c in map(chr, range(0x3000, 0xFE00)) if len(unicodedata.normalize("NFKD", c)) > 4 and c.isprintable()
)
_FRONT = re.compile(r"(?:https?:(?!\d)|www\.|[/@\s])+")
_AUTHORITY = re.compile(r"[^/?#]*")
_WORDS = re.compile(r"[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\W_]*)*")
_BAD_IN_RULE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# What nearly everybody sends: a plain host and a path, which needs none of the cases below.
_USUAL = re.compile(r"(?:https?://)?(?:www\.)?(?!www\.)([a-z0-9-]++(?:\.[a-z0-9-]++)++)((?:[/?][a-z0-9/_.~=&?+-]*+)?)")
_NAME = re.compile(r"@?(?!www\.)([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?)")
_PLAIN_NAMES = re.compile(r"[a-z0-9_\n]*+")
_MANY = 100
_DOTS = ".\u3002"
_AT_END = "/?#" + "".join(c for c in map(chr, range(0x3001)) if c.isspace())
# Putting a label of another script into ASCII is slow, so it counts for so many steps.
_IDNA_STEPS = 50
_LABELS = 8
# Looking for a pattern in so many characters is a step.
_PATTERN_STEP_CHARS = 100
# Decoding goes no deeper than this: who encodes more often means to hide something.
_ROUNDS = 4


def fold(text: str) -> str:
    """Compatible forms made one, letter cases too, unseen characters removed. Folding again changes nothing."""
    if text.isascii():
        return text.lower()
    for sign in _SIGNS.intersection(text):
        text = text.replace(sign, " ")
    for _ in range(_ROUNDS):
        before = text
        text = normalized("NFKC", text)
        for unseen in _UNSEEN.intersection(text):
            text = text.replace(unseen, "")
        text = normalized("NFKC", text.casefold())
        if text == before:
            break
    return text


def _grown(text: str, folded: str) -> int:
    """What folding took beyond what it takes for every text, in steps: signs that stand for several letters."""
    return max(len(folded) - len(text), 0)


class Target(NamedTuple):
    """A link or name as it is compared. `hosts` are all that a reader may take for its host."""

    whole: str
    hosts: tuple[str, ...]
    steps: int = 1  # what it took, about: to look at one plain name is one


def target(text: str) -> Target:
    """A link or name in the form that is compared; takes any text. `target(t.whole).whole == t.whole`.

    The work is proportional to the text's length: layers are taken off in one pass, whatever their number.
    """
    if text.isascii():
        lower = text.lower()
        if usual := _USUAL.fullmatch(lower):
            return Target(usual[1] + usual[2].rstrip("/?#"), (usual[1],))
        if name := _NAME.fullmatch(lower):
            return Target(name[1], (name[1],))
    folded = fold(text)
    steps = 5 + len(text) // _FOLDED_STEP_CHARS + _grown(text, folded)
    if has_marks(text):
        steps += 10 + len(text) // 2
    text = folded.strip()
    hosts: dict[str, None] = {}
    if "\\" in text:
        # A browser takes it for a slash, other programs for a letter of the name before an @.
        hosts[_host(_parts(text)[0])] = None
        text = text.replace("\\", "/")
    for round_ in range(2 * _ROUNDS + 1):
        before = text
        host, port, rest = _parts(text)
        if "%" in before and round_ < _ROUNDS:
            host, rest = fold(unquote(host)).replace("\\", "/"), fold(unquote(rest)).replace("\\", "/")
        elif "%" in before:
            host, rest = fold(host.replace("%", "")), fold(rest.replace("%", ""))
        if not host.isascii():
            steps += _IDNA_STEPS * min(host.count(".") + host.count("\u3002"), _LABELS)
        host = _host(host)
        hosts[host] = None
        text = f"{host}{port}{rest}".strip().rstrip(_AT_END)
        if text == before:
            break
    return Target(text, tuple(hosts), steps)


def _parts(text: str) -> tuple[str, str, str]:
    """Host, port with its colon ("" for the usual ones) and the rest; without scheme, www., @ and user.

    As often as they come: each step goes on behind the one before it, so that the text is passed over once.
    """
    at = 0
    while True:
        front = _FRONT.match(text, at)
        at = front.end() if front is not None else at
        authority = _AUTHORITY.match(text, at)
        end = authority.end() if authority is not None else at
        user = text.rfind("@", at, end)
        if user >= 0:
            at = user + 1
            continue
        last = _without_tail(text, at, end)
        if last == at and text.startswith("/", end):
            at = end  # there was no host before this slash, so it stands in front of one
            continue
        colon = text.rfind(":", at, last)
        port = text[colon + 1 : last] if colon >= 0 else ""
        if port.isascii() and port.isdigit():
            while colon > at and (text[colon - 1] in _DOTS or text[colon - 1].isspace()):
                colon -= 1
            return text[at:colon], f":{port}", text[end:]
        return text[at:last], "", text[end:]


def _without_tail(text: str, start: int, end: int) -> int:
    """Where a host ends, without the dots, blanks and usual ports behind it, in any order and number."""
    while end > start:
        if text[end - 1] in _DOTS or text[end - 1] == ":" or text[end - 1].isspace():
            end -= 1
        elif text.endswith(":80", start, end):
            end -= 3
        elif text.endswith(":443", start, end):
            end -= 4
        else:
            break
    return end


def _host(host: str) -> str:
    """A host name in ASCII, without dots at its end; what is no host name stays as it is.

    Of many labels the last ones are enough: a domain is blocked with all below it.
    """
    host = host.replace("\u3002", ".").strip().rstrip(".")
    if host.isascii() or len(host) > HOST_MAX or "." not in host:
        return host
    labels = host.split(".")
    try:
        return ".".join([*labels[:-_LABELS], *map(_ascii, labels[-_LABELS:])])
    except UnicodeError:
        return host


def _top_level(name: str) -> str:
    """A name without dots that is meant as a domain; elsewhere such a one is somebody's name, and stays."""
    try:
        return _ascii(name)
    except UnicodeError:
        return name


def _ascii(label: str) -> str:
    return label if label.isascii() else label.encode("idna").decode("ascii").lower()


def words(text: str) -> list[str]:
    """The words of a text, folded: letters and digits of any script; everything else parts them."""
    return _WORDS.findall(fold(text))


def normal(kind: str, text: str) -> str:
    """A rule's text as it is kept and compared. Raises ValueError with what is wrong with it."""
    if kind not in KINDS:
        raise Refused("not_a_choice", "kind", choices=", ".join(KINDS))
    if len(text) > 4 * limits.RULE_CHARS_MAX:
        raise Refused("text_too_long", "text", limit=limits.RULE_CHARS_MAX)
    if kind == "word":
        found = words(text)
        if len(found) > limits.PHRASE_WORDS_MAX:
            raise Refused("too_many_words", "text", limit=limits.PHRASE_WORDS_MAX)
        made = " ".join(found)
    elif kind == "domain":
        whole = target(text.strip().removeprefix("*.")).whole
        made = _parts(whole)[0]
        if not made.isascii() and made == whole:
            whole = made = _top_level(made) if "." not in made else made
        if whole and (made != whole or any(c.isspace() for c in made) or len(made) > HOST_MAX):
            raise Refused("bad_domain", "text")
    else:
        made = target(text).whole
        if kind == "pattern":
            made = re.sub(r"\*+", "*", made)
            if not made.strip("*"):
                raise Refused("pattern_of_stars", "text")
            if made.count("*") > limits.PATTERN_STARS_MAX:
                raise Refused("too_many_stars", "text", limit=limits.PATTERN_STARS_MAX)
    if _BAD_IN_RULE.search(made):
        raise Refused("unstorable_text", "text")
    if not made:
        raise Refused("nothing_to_block", "text")
    if len(made) > limits.RULE_CHARS_MAX:
        raise Refused("text_too_long", "text", limit=limits.RULE_CHARS_MAX)
    return made


class BlockRule(NamedTuple):
    """A row of Block, or (of_host) of HostBlock. `text` is as `normal` made it."""

    id: int
    kind: str
    text: str
    of_host: bool


def fits(parts: list[str], text: str) -> bool:
    """Whether a glob, split at its stars, fits the whole text.

    Each part is looked for once, behind the one before it, so the text is passed over once.
    """
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return text == first
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in parts[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


_GRAM = 3  # characters


@dataclass(slots=True)
class Phrases:
    """What may follow the words so far. `rule`: they are a phrase by themselves."""

    rule: BlockRule | None = None
    after: dict[str, Phrases] = field(default_factory=dict)


# Stands for a rule where it would have taken too long to find one.
TOO_MUCH = BlockRule(0, "pattern", "", False)


@dataclass(slots=True)
class Steps:
    """What looking at many texts, one after the other, took in all."""

    used: int = 0


# Characters of a text that are folded, or looked for among words, in about the time of a step.
_STEP_CHARS = 8
# Of what is more than plain letters.
_FOLDED_STEP_CHARS = 3


@dataclass(slots=True)
class Rules:
    """What a panel refuses, the host's rules included, ready to be asked."""

    exact: dict[str, BlockRule] = field(default_factory=dict)
    domains: dict[str, BlockRule] = field(default_factory=dict)
    # Patterns by three characters that the target must hold; those without any are tried on every target.
    grams: dict[str, list[tuple[list[str], BlockRule]]] = field(default_factory=dict)
    short: list[tuple[list[str], BlockRule]] = field(default_factory=list)
    # What it takes to try the patterns under a gram, and the short ones (""), by their stars.
    weights: dict[str, int] = field(default_factory=dict)
    # Word by word: where a phrase may go on, and, where it may end, its rule.
    phrases: dict[str, Phrases] = field(default_factory=dict)
    size: int = 0

    @property
    def of_targets(self) -> bool:
        return bool(self.exact or self.domains or self.grams or self.short)

    def target(self, text: str, steps: Steps | None = None) -> BlockRule | None:
        """The rule that refuses a link or name."""
        return self.first([text], steps)

    def first(self, lines: Iterable[str], steps: Steps | None = None) -> BlockRule | None:
        """The rule that refuses the first of many links or names, or TOO_MUCH. What it took is added to `steps`."""
        if not self.of_targets:
            return None
        lines = list(dict.fromkeys(lines))
        if steps is not None:
            steps.used += sum(map(len, lines)) // _STEP_CHARS
        if len(lines) > _MANY and self._surely_none(lines, steps):
            return None
        rule, took = self._first(lines)
        if steps is not None:
            steps.used += took
        return rule

    def _first(self, lines: list[str]) -> tuple[BlockRule | None, int]:
        """The rule and what it took to find it, in steps, of which a pattern of many stars takes several."""
        exact, domains, patterns = self.exact, self.domains, bool(self.grams or self.short)
        left, took = limits.BLOCK_STEPS_MAX, 0
        for line in lines:
            whole, hosts, steps = target(line)
            left -= steps
            if left < 0:
                return TOO_MUCH, took
            took += steps
            if domains:
                for host in hosts:
                    rule = self._domain(host)
                    if rule is not None:
                        return rule, took
            rule = exact.get(whole)
            if rule is None and patterns:
                tried, weight = self._patterns(whole)
                times = 1 + len(whole) // _PATTERN_STEP_CHARS
                left -= len(tried) * times
                if left < 0:
                    return TOO_MUCH, took
                took += weight * times
                # The oldest of those that fit, whatever the order of a set.
                found = [rule for parts, rule in tried if fits(parts, whole)]
                rule = min(found, key=lambda rule: (not rule.of_host, rule.id)) if found else None
            if rule is not None:
                return rule, took
        return None, took

    def _surely_none(self, lines: list[str], steps: Steps | None) -> bool:
        """Whether they are plain names that no rule refuses, found out for all of them together."""
        text = "\n".join(lines).lower()
        if not text.isascii() or not _PLAIN_NAMES.fullmatch(text):
            return False
        names = text.split("\n")
        if not (self.exact.keys().isdisjoint(names) and self.domains.keys().isdisjoint(names)):
            return False
        patterns = [*self.short, *chain.from_iterable(self.grams.values())]
        if len(patterns) > _MANY:
            return False
        if steps is not None:
            steps.used += sum(self.weights.values()) * (len(text) // _PATTERN_STEP_CHARS)
        return not any(all(part in text for part in parts) for parts, _ in patterns)

    def _domain(self, host: str) -> BlockRule | None:
        # The host itself and every host that it is below of.
        rest = host[-HOST_MAX:] if len(host) > HOST_MAX else host
        while True:
            rule = self.domains.get(rest)
            if rule is not None:
                return rule
            _, dot, rest = rest.partition(".")
            if not dot:
                return None

    def _patterns(self, whole: str) -> tuple[list[tuple[list[str], BlockRule]], int]:
        """The patterns that may fit a target, and what trying them takes in a text of few characters."""
        weights = self.weights
        if not self.grams:
            return self.short, weights.get("", 0)
        held = self.grams.keys() & {whole[i : i + _GRAM] for i in range(len(whole) - _GRAM + 1)}
        tried = [one for gram in held for one in self.grams[gram]]
        return tried + self.short, weights.get("", 0) + sum(weights[gram] for gram in held)

    def word(self, text: str, steps: Steps | None = None) -> BlockRule | None:
        """The rule that refuses a text for one of its words or phrases. What it took is added to `steps`."""
        if not self.phrases:
            return None
        if steps is not None:
            steps.used += len(text) // (_STEP_CHARS if text.isascii() else _FOLDED_STEP_CHARS)
        found: list[str] = []
        left = limits.BLOCK_STEPS_MAX
        # Line by line, so that it is seen early how much longer a text becomes; no word goes on in the next line.
        for line in [text] if text.isascii() else text.split("\n"):
            folded = fold(line)
            left -= _grown(line, folded)
            if left < 0:
                return TOO_MUCH
            found += _WORDS.findall(folded)
        if self.phrases.keys().isdisjoint(found):
            return None
        for place, word in enumerate(found):
            phrase = self.phrases.get(word)
            while phrase is not None:
                if phrase.rule is not None:
                    return phrase.rule
                place += 1
                phrase = phrase.after.get(found[place]) if place < len(found) else None
        return None


def compiled(rules: Iterable[BlockRule]) -> Rules:
    """Rules ready to be asked. Where two are alike the first one answers."""
    made = Rules()
    for rule in rules:
        made.size += 1
        if rule.kind == "exact":
            made.exact.setdefault(rule.text, rule)
        elif rule.kind == "domain":
            made.domains.setdefault(rule.text, rule)
        elif rule.kind == "word":
            first, *others = rule.text.split(" ")
            phrase = made.phrases.setdefault(first, Phrases())
            for word in others:
                phrase = phrase.after.setdefault(word, Phrases())
            phrase.rule = phrase.rule or rule
        else:
            _add_pattern(made, rule)
    return made


def _add_pattern(made: Rules, rule: BlockRule) -> None:
    parts = rule.text.split("*")
    grams = [part[i : i + _GRAM] for part in parts for i in range(len(part) - _GRAM + 1)]
    weight = max(1, len(parts) // 2)
    if not grams:
        made.short.append((parts, rule))
        made.weights[""] = made.weights.get("", 0) + weight
        return
    # The one that fewest patterns are filed under, so that a usual ending gathers few.
    rarest = min(grams, key=lambda gram: len(made.grams.get(gram, ())))
    made.grams.setdefault(rarest, []).append((parts, rule))
    made.weights[rarest] = made.weights.get(rarest, 0) + weight
