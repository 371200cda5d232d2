"""What may not be ordered for: how texts are brought into one form, and which rule refuses one. Pure.

Rules and what customers send go through the same functions, so that a rule holds however its target
is written: with or without a scheme, "www.", a port, a user in front of the host, percent signs, other
letter cases, full-width letters or characters that nobody sees.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

KINDS = ("exact", "domain", "pattern", "word")
TEXT_MAX = 500  # characters of a rule, as it is compared
RULES_MAX = 10_000  # of a panel, and of the host
HOST_MAX = 253  # characters of a host name

# Characters that nobody sees: they part a word for a program, and not for a reader.
_UNSEEN = "".join(chr(c) for c in range(0xA0, sys.maxunicode) if unicodedata.category(chr(c)) == "Cf")
_UNSEEN_CLASS = re.compile(f"[{re.escape(_UNSEEN)}\u034f\u115f\u1160\u17b4\u17b5\ufe00-\ufe0f]")
_FRONT = re.compile(r"(?:https?:(?!\d)|www\.|[/@\s])+")
_AUTHORITY = re.compile(r"[^/?#]*")
_WORDS = re.compile(r"[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\W_]*)*")
_BAD_IN_RULE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# What nearly everybody sends: a plain host and a path, which needs none of the cases below.
_USUAL = re.compile(r"(?:https?://)?(?:www\.)?(?!www\.)([a-z0-9-]+(?:\.[a-z0-9-]+)+)((?:[/?][a-z0-9/_.~=&?+-]*)?)")
# Decoding goes no deeper than this: who encodes more often means to hide something.
_ROUNDS = 4


def fold(text: str) -> str:
    """Compatible forms made one, letter cases too, unseen characters removed. Folding again changes nothing."""
    if text.isascii():
        return text.lower()
    for _ in range(_ROUNDS):
        before = text
        seen = _UNSEEN_CLASS.sub("", unicodedata.normalize("NFKC", text))
        text = unicodedata.normalize("NFKC", seen.casefold())
        if text == before:
            break
    return text


class Target(NamedTuple):
    """A link or name as it is compared. `hosts` are all that a reader may take for its host."""

    whole: str
    hosts: tuple[str, ...]


def target(text: str) -> Target:
    """A link or name in the form that is compared; takes any text. `target(t.whole).whole == t.whole`.

    The work is bounded by the text's length: each round but the first few makes it shorter.
    """
    usual = _USUAL.fullmatch(text.lower()) if text.isascii() else None
    if usual is not None:
        return Target(usual[1] + usual[2].rstrip("/?#"), (usual[1],))
    text = fold(text).strip()
    hosts: dict[str, None] = {}
    if "\\" in text:
        # A browser takes it for a slash, other programs for a letter of the name before an @.
        hosts[_parts(text)[0]] = None
        text = text.replace("\\", "/")
    decode = True
    for round_ in range(len(text) + _ROUNDS):
        before = text
        host, port, rest = _parts(text)
        if decode and "%" in before:
            host, rest = fold(unquote(host)).replace("\\", "/"), fold(unquote(rest)).replace("\\", "/")
            decode = round_ < _ROUNDS
            if not decode:
                host, rest = fold(host.replace("%", "")), fold(rest.replace("%", ""))
        host = _host(host)
        hosts[host] = None
        text = f"{host}{port}{rest}".strip().rstrip("/?#").rstrip()
        if text == before:
            break
    return Target(text, tuple(hosts))


def _parts(text: str) -> tuple[str, str, str]:
    """Host, port with its colon ("" for the usual ones) and the rest; without scheme, www., @ and user."""
    front = _FRONT.match(text)
    start = front.end() if front is not None else 0
    match = _AUTHORITY.match(text, start)
    end = match.end() if match is not None else start
    host = text[start:end].rpartition("@")[2]
    name, colon, port = host.rpartition(":")
    if not colon or not (port == "" or (port.isascii() and port.isdigit())):
        return host, "", text[end:]
    return name, "" if port in ("", "80", "443") else f":{port}", text[end:]


def _host(host: str) -> str:
    """A host name in ASCII, without dots at its end; what is no host name stays as it is."""
    host = host.replace("\u3002", ".").strip().rstrip(".")
    if host.isascii() or len(host) > HOST_MAX:
        return host
    try:
        return ".".join(
            label if label.isascii() else label.encode("idna").decode("ascii").lower() for label in host.split(".")
        )
    except UnicodeError:
        return host


def words(text: str) -> list[str]:
    """The words of a text, folded: letters and digits of any script; everything else parts them."""
    return _WORDS.findall(fold(text))


def normal(kind: str, text: str) -> str:
    """A rule's text as it is kept and compared. Raises ValueError with what is wrong with it."""
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}: write {', '.join(KINDS)}")
    if len(text) > 4 * TEXT_MAX:
        raise ValueError(f"the text is longer than {TEXT_MAX} characters")
    if kind == "word":
        made = " ".join(words(text))
    elif kind == "domain":
        whole = target(text.strip().removeprefix("*.")).whole
        made = _parts(whole)[0]
        if whole and (made != whole or any(c.isspace() for c in made) or len(made) > HOST_MAX):
            raise ValueError(f"{text!r} is no domain; write one like evil.example, without a path")
    else:
        made = target(text).whole
        if kind == "pattern":
            made = re.sub(r"\*+", "*", made)
            if not made.strip("*"):
                raise ValueError("a pattern of stars alone would refuse every order")
    if _BAD_IN_RULE.search(made):
        raise ValueError(f"{text!r} holds control characters")
    if not made:
        raise ValueError(f"nothing is left of {text!r} to compare with")
    if len(made) > TEXT_MAX:
        raise ValueError(f"the text is longer than {TEXT_MAX} characters")
    return made


class Rule(NamedTuple):
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
class Rules:
    """What a panel refuses, the host's rules included, ready to be asked."""

    exact: dict[str, Rule] = field(default_factory=dict)
    domains: dict[str, Rule] = field(default_factory=dict)
    # Patterns by three characters that the target must hold; those without any are tried on every target.
    grams: dict[str, list[tuple[list[str], Rule]]] = field(default_factory=dict)
    short: list[tuple[list[str], Rule]] = field(default_factory=list)
    # First word -> number of words -> phrase.
    phrases: dict[str, dict[int, dict[str, Rule]]] = field(default_factory=dict)
    size: int = 0

    @property
    def of_targets(self) -> bool:
        return bool(self.exact or self.domains or self.grams or self.short)

    def target(self, text: str) -> Rule | None:
        """The rule that refuses a link or name."""
        if not self.of_targets:
            return None
        whole, hosts = target(text)
        if self.domains:
            for host in hosts:
                rule = self._domain(host)
                if rule is not None:
                    return rule
        return self.exact.get(whole) or self._pattern(whole)

    def _domain(self, host: str) -> Rule | None:
        # The host itself and every host that it is below of.
        rest = host[-HOST_MAX:] if len(host) > HOST_MAX else host
        while True:
            rule = self.domains.get(rest)
            if rule is not None:
                return rule
            _, dot, rest = rest.partition(".")
            if not dot:
                return None

    def _pattern(self, whole: str) -> Rule | None:
        tried = self.short
        if self.grams:
            held = {whole[i : i + _GRAM] for i in range(len(whole) - _GRAM + 1)}
            tried = [one for gram in held for one in self.grams.get(gram, ())] + self.short
        # The oldest of those that fit, whatever the order of a set.
        found = [rule for parts, rule in tried if fits(parts, whole)]
        return min(found, key=lambda rule: (not rule.of_host, rule.id)) if found else None

    def word(self, text: str) -> Rule | None:
        """The rule that refuses a text for one of its words or phrases."""
        if not self.phrases:
            return None
        found = words(text)
        if self.phrases.keys().isdisjoint(found):
            return None
        for place, word in enumerate(found):
            for length, known in self.phrases.get(word, {}).items():
                rule = known.get(" ".join(found[place : place + length]))
                if rule is not None:
                    return rule
        return None


def compiled(rules: Iterable[Rule]) -> Rules:
    """Rules ready to be asked. Where two are alike the first one answers."""
    made = Rules()
    for rule in rules:
        made.size += 1
        if rule.kind == "exact":
            made.exact.setdefault(rule.text, rule)
        elif rule.kind == "domain":
            made.domains.setdefault(rule.text, rule)
        elif rule.kind == "word":
            phrase = rule.text.split(" ")
            by_length = made.phrases.setdefault(phrase[0], {})
            by_length.setdefault(len(phrase), {}).setdefault(rule.text, rule)
        else:
            _add_pattern(made, rule)
    return made


def _add_pattern(made: Rules, rule: Rule) -> None:
    parts = rule.text.split("*")
    grams = [part[i : i + _GRAM] for part in parts for i in range(len(part) - _GRAM + 1)]
    if not grams:
        made.short.append((parts, rule))
        return
    # The one that fewest patterns are filed under, so that a usual ending gathers few.
    rarest = min(grams, key=lambda gram: len(made.grams.get(gram, ())))
    made.grams.setdefault(rarest, []).append((parts, rule))
