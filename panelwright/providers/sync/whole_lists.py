"""Whether a provider's list is believed as a whole, and what of it nobody can read. Pure."""

from __future__ import annotations

from collections.abc import Collection

from panelwright.orders.problems import NONE, Problem, problem
from panelwright.providers.sync import sync_problems
from panelwright.providers.wire.outcomes import STEP_UNREAD, Offers

# A list that lost more than this part of what we have from it is for a person to look at.
LOST_MAX = 0.5
# Rows that cannot be read, of which a problem keeps so many.
ROWS_KEPT = 20


def lost(offers: Offers, known: Collection[str]) -> set[str]:
    """Which of the provider's services that are known here stand in its list no more. One that cannot be read is not
    lost."""
    return set(known) - {offer.service for offer in offers} - {row.service for row in offers.left_out}


def cannot_be(offers: Offers, known: Collection[str]) -> Problem:
    """Why a list is not believed, where these services of its provider are known; NONE when it is."""
    if not known:
        return NONE
    if offers.is_empty:
        return problem(sync_problems.LIST_EMPTY)
    gone = len(lost(offers, known))
    if gone > LOST_MAX * len(known):
        return problem(sync_problems.LIST_LOST, lost=gone, of=len(known))
    return NONE


def unread(offers: Offers, ours: Collection[str]) -> Problem:
    """What a person has to look at, because it stands in the list and cannot be read; NONE where nothing does.

    `ours`: the provider's services that deliver one of the panel's.
    """
    readable = {offer.service for offer in offers}
    rows = [[row.service, row.why] for row in offers.left_out if row.service in ours and row.service not in readable]
    steps = [offer.service for offer in offers if offer.step == STEP_UNREAD and offer.service in ours]
    if not rows and not steps:
        return NONE
    return problem(sync_problems.ROWS_UNREAD, rows=rows[:ROWS_KEPT], steps=steps[:ROWS_KEPT])
