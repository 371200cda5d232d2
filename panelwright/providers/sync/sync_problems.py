"""What a round of a provider's list found that a person has to look at: codes with facts, and their words.

A row keeps the code and its facts (orders/problems.py makes them so); words are made where somebody reads them, in
English or in the reader's language. Codes of refusals are codes of problems too: what stands against counting a list.
What a provider said itself is a fact, `said`, in its own words. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django.utils.translation import gettext_noop

from panelwright.core import refusals, said
from panelwright.core.refusal import Refusal
from panelwright.orders import problems

LIST_UNREAD = "list_unread"
BALANCE_UNREAD = "balance_unread"
BALANCE_CANNOT_BE = "balance_cannot_be"
LIST_EMPTY = "list_empty"
# Facts: lost, of.
LIST_LOST = "list_lost"
LIST_CANNOT_BE = "list_cannot_be"
# Something in the list that cannot be read; what it was before stays. Facts: rows, pairs of a service and why
# (core/said.py); steps, a list of services.
ROWS_UNREAD = "rows_unread"
# From before there were codes. Facts: said.
NOTED = "noted"

_WORDS = {
    LIST_UNREAD: gettext_noop("The list of services could not be read: %(said)s"),
    BALANCE_UNREAD: gettext_noop("Our balance there could not be read: %(said)s"),
    BALANCE_CANNOT_BE: gettext_noop("The reported balance is not possible: %(said)s"),
    LIST_EMPTY: gettext_noop("The list of services is empty. Look at it, then sync and accept the list."),
    LIST_LOST: gettext_noop(
        "The list has lost %(lost)s of %(of)s services that we have from it. Look at it, then sync and accept the list."
    ),
    LIST_CANNOT_BE: gettext_noop("The list of services is not possible: %(said)s"),
    NOTED: "%(said)s",
}
_ROWS = gettext_noop("Rows of the list cannot be read and stay as they were: service %(services)s.")
_STEPS = gettext_noop("Increments in the list cannot be read and stay as they were: service %(services)s.")
_FOLLOWERS = gettext_noop("Services on sale that follow its rates and keep their prices meanwhile: %(followers)s.")
# So many services are named.
NAMED_MAX = 5


def words(code: str, facts: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """In English, or as `translate` puts it; "" where nothing is wrong. A fact that is not there never raises."""
    if not code:
        return ""
    told = _Told(said.everywhere(facts, translate))
    if code == ROWS_UNREAD:
        rows = [_row(row, translate) for row in facts.get("rows") or ()]
        parts = [(_ROWS, rows), (_STEPS, facts.get("steps"))]
        return " ".join(translate(text) % {"services": _named(list(found))} for text, found in parts if found)
    if code in _WORDS:
        return translate(_WORDS[code]) % told
    text = refusals.page(Refusal(code, facts=tuple(facts.items())), translate)
    return f"{text} {translate(_FOLLOWERS) % told}" if facts.get("followers") else text


class WithSyncProblem(Protocol):
    """A provider's row."""

    sync_problem_code: str
    sync_problem_facts: str


def of(provider: WithSyncProblem, translate: Callable[[str], str] = str) -> str:
    """`words` of what stands on a provider's row."""
    return words(provider.sync_problem_code, problems.facts_of(provider.sync_problem_facts), translate)


def _row(row: Any, translate: Callable[[str], str]) -> str:
    # As a text before there were codes.
    return row if isinstance(row, str) else f"{row[0]} ({said.words(row[1], translate)})"


def _named(services: list[str]) -> str:
    more = len(services) - NAMED_MAX
    return ", ".join(services[:NAMED_MAX]) + (f" (+{more})" if more > 0 else "")


class _Told(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return ""
