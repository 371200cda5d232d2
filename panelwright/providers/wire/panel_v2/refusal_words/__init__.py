"""Upstream's refusal texts, one list a language: class -> lines, each line a pattern of folded text.

To add a text, write a line into its class, folded (lower case, no accents, no punctuation: providers/wire/folding.py).
A line is a regular expression, found anywhere in the text; after a `|` at its end it goes on in the next. A test
makes texts from every line and reads them: each has to come out in the class of its line, so none is misspelt
and none is hidden behind another class.

The classes are tried in the order of ORDER, over all languages: "Refill is disabled for this service" is about the
refill, "active order with this link" about the order.

A text is in a class for what it says, not for a word that it mentions: "this link" stands in sentences about an open
order, which are waited for, and a bad link is final, so that a line of it says that the link is bad. Of the same reason
"account suspended" is neither our key nor the target: it says not whose. What nobody can tell is in no list.

Firm: a sentence that only a panel says which has read the request and refused it. Only these are a refusal of
`add` when the HTTP status is 5xx: a loose "Service unavailable" may there come from a proxy in front of a panel
that took the order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from panelwright.providers.wire.outcomes import Reason
from panelwright.providers.wire.panel_v2.refusal_words import (
    ar,
    de,
    en,
    es,
    fa,
    fr,
    hi,
    hinglish,
    id,
    it,
    ja,
    ko,
    nl,
    pl,
    pt,
    ro,
    ru,
    th,
    tr,
    vi,
    zh,
)

Lines = Mapping[str, str]


class Class(NamedTuple):
    """`name` is the key in the languages' lists."""

    name: str
    reason: Reason
    firm: bool


ORDER = (
    Class("funds", Reason.FUNDS, True),
    Class("key", Reason.KEY, True),
    Class("disabled", Reason.DISABLED, True),
    Class("duplicate", Reason.DUPLICATE, True),
    Class("not_found", Reason.NOT_FOUND, True),
    Class("limit", Reason.LIMIT, True),
    Class("quantity", Reason.QUANTITY, True),
    Class("service", Reason.SERVICE, True),
    Class("service_loose", Reason.SERVICE, False),
    Class("link", Reason.LINK, True),
    Class("limit_loose", Reason.LIMIT, False),
)
# Not a class of refusals: an error that tells of a breakdown, which may have struck after the order was taken.
BREAKDOWN = "breakdown"
# The same of errors that say no more than that something went wrong: what a firm sentence beside them says counts.
VAGUE = "vague"

LANGUAGES: Mapping[str, Lines] = {
    "en": en.LINES,
    "ru": ru.LINES,
    "pt": pt.LINES,
    "es": es.LINES,
    "tr": tr.LINES,
    "fr": fr.LINES,
    "de": de.LINES,
    "it": it.LINES,
    "ar": ar.LINES,
    "hi": hi.LINES,
    "zh": zh.LINES,
    "vi": vi.LINES,
    "id": id.LINES,
    "pl": pl.LINES,
    "ko": ko.LINES,
    "ja": ja.LINES,
    "hi-Latn": hinglish.LINES,
    "th": th.LINES,
    "fa": fa.LINES,
    "nl": nl.LINES,
    "ro": ro.LINES,
}


def lines(name: str) -> list[str]:
    """The lines of a class, of all languages."""
    return [line for words in LANGUAGES.values() for line in lines_of(words, name)]


def lines_of(words: Lines, name: str) -> list[str]:
    whole = re.sub(r"\|\n\s*", "|", words.get(name, ""))
    return [line for row in whole.splitlines() if (line := row.strip())]
