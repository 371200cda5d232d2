"""What this installation itself says where a stranger's own words may stand too, such as why a row of a provider's list
is left out: a code with facts, in the shape of a text, so that it stands in the same fields.

`said("row_step", step=100)` is "¦row_step¦step=100": it can be cut anywhere and still be read. `words` puts it in the
reader's language and leaves a stranger's words as they are. They stand behind others, so that they are parts of
sentences. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_noop

_MARK, _INNER = "¦", "‖"
# Characters of a fact: codes stand in columns with other things.
FACT_MAX = 300

WORDS = {
    # -- why a row of a provider's list is left out
    "row_here": gettext_noop("it is here already"),
    "row_not_chosen": gettext_noop("it was not chosen"),
    "row_not_used": gettext_noop("no service here is delivered by it"),
    "row_twice": gettext_noop("its id stands in the list before; that row counts"),
    "row_no_id": gettext_noop("it has no id"),
    "row_no_name": gettext_noop("it has no name"),
    "row_no_rate": gettext_noop("it has no rate"),
    "row_rate_unclear": gettext_noop("its rate %(value)s may be a fraction or thousands"),
    "row_rate_unread": gettext_noop("its rate %(value)s cannot be read"),
    "row_rate_large": gettext_noop("its rate %(value)s is too large"),
    "row_price_large": gettext_noop("its rate is too large"),
    "row_minimum_unread": gettext_noop("its minimum %(value)s cannot be read"),
    "row_maximum_unread": gettext_noop("its maximum %(value)s cannot be read"),
    "row_maximum_low": gettext_noop("its maximum %(most)s is below its minimum %(least)s"),
    "row_currency": gettext_noop("its rate is in %(theirs)s, and the provider's rates are counted in %(ours)s"),
    "row_type": gettext_noop("its type %(type)s is not known here"),
    "row_step_unread": gettext_noop("its increment cannot be read"),
    "row_step": gettext_noop("no multiple of its increment %(step)s lies between %(least)s and %(most)s"),
}


def said(code: str, **facts: object) -> str:
    """A code of WORDS with its facts, as a text. A fact may be a text of this shape itself."""
    assert code in WORDS, code
    return _MARK.join(["", code, *(f"{name}={_fact(value)}" for name, value in facts.items())])


def _fact(value: object) -> str:
    text = " ".join(str(value).split())
    text = text.replace(_INNER, "|").replace(_MARK, _INNER if is_ours(text) else "|")
    return text[:FACT_MAX]


def is_ours(text: str) -> bool:
    """Whether a text is a code with facts, and not somebody's own words."""
    return text.startswith(_MARK) and text[1:].partition(_MARK)[0] in WORDS


def words(text: str, translate: Callable[[str], str] = str) -> str:
    """In English, or as `translate` puts it; a stranger's words as they are. Facts that are not there never raise."""
    if not is_ours(text):
        return text
    code, *parts = text[1:].split(_MARK)
    facts = dict(part.partition("=")[::2] for part in parts)
    told = _Told({name: words(value.replace(_INNER, _MARK), translate) for name, value in facts.items()})
    return translate(WORDS[code]) % told


def everywhere(value: Any, translate: Callable[[str], str] = str) -> Any:
    """`words` of all texts in lists and objects, for answers to programs, which are in English."""
    if isinstance(value, str):
        return words(value, translate)
    if isinstance(value, Mapping):
        return {name: everywhere(one, translate) for name, one in value.items()}
    return [everywhere(one, translate) for one in value] if isinstance(value, list | tuple) else value


class _Told(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""
