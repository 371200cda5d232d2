"""Upstream's refusal texts -> Reason. The texts are in refusal_words, the words for states in states.py."""

from __future__ import annotations

import re
from functools import lru_cache

from panelwright.providers.wire.folding import FOLD_MAX, fold
from panelwright.providers.wire.outcomes import Reason
from panelwright.providers.wire.panel_v2.refusal_words import BREAKDOWN, ORDER, VAGUE, lines

# Groups that keep what they matched take ten times as long, and nobody asks for it.
_KEEPS = re.compile(r"(?<!\\)\((?!\?)")


def _compiled(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_KEEPS.sub('(?:', line)})" for line in lines(name)))


_CLASSES = tuple((row.reason, row.firm, _compiled(row.name)) for row in ORDER)
_BROKE_DOWN = _compiled(BREAKDOWN)
_WENT_WRONG = _compiled(VAGUE)


# Where a word of an untranslated key begins: notEnoughFunds, invalidAPIKey. Not in names, which keep it: YouTube.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def classify(text: str) -> tuple[Reason, bool]:
    """The reason class of a refusal, and whether the text is firm (see refusal_words)."""
    known: tuple[Reason, bool] = (Reason.OTHER, False)
    for folded in looked_up(text):
        if (known := _classified(folded))[0] is not Reason.OTHER:
            break
    return known


def looked_up(text: str) -> tuple[str, ...]:
    """What of a refusal is looked up, in this order: folded, and, where that differs, with its keys taken apart."""
    folded = fold(text)
    # Cut before it is taken apart: it grows by that.
    apart = fold(_CAMEL.sub(" ", text[:FOLD_MAX]))
    return (folded,) if apart == folded else (folded, apart)


@lru_cache(maxsize=2_048)  # of folded texts, which are at most FOLD_MAX long
def _classified(folded: str) -> tuple[Reason, bool]:
    for reason, firm, phrases in _CLASSES:
        if phrases.search(folded):
            return reason, firm
    return Reason.OTHER, False


def tells_of_a_breakdown(text: str) -> bool:
    """True for "Operation timed out", "SQLSTATE[40001]…" and the like.

    "An error occurred" may be one, too; "An error occurred: not enough funds" is none.
    """
    folded = fold(text)
    return _BROKE_DOWN.search(folded) is not None or (_WENT_WRONG.search(folded) is not None and not classify(text)[1])


_REQUEST_ID = re.compile(r"\brequest ?id\b")
# "property request_id should not exist": it takes none, and has no order for it.
_NOT_TAKEN = re.compile(
    r"\b(should|must|may|can) ?not (exist|be (present|set|sent|given))"
    r"|\bnot (be )?(allowed|supported|permitted|expected)"
    r"|\b(unknown|unexpected|unsupported|unrecogni[sz]ed|extra|additional|extraneous)\b"
)
_TAKEN = re.compile(
    r"\b(already|again|another|other|different|differs|used|reused?|twice|duplicated?|conflicts?|same)\b"
)


def refuses_a_known_request_id(text: str) -> bool:
    """Whether a refusal is about a request_id that the provider knows from another request, or may be."""
    folded, *_ = spelt = looked_up(text)
    if not any(map(_REQUEST_ID.search, spelt)):
        return False
    return _TAKEN.search(folded) is not None or _NOT_TAKEN.search(folded) is None
