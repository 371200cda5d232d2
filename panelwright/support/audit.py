"""The proof that tickets have the numbers of their panel. Reads only."""

from __future__ import annotations

from panelwright.panels.models import Noun
from panelwright.panels.number_audit import NumberAudit

_NUMBERS = NumberAudit(Noun.TICKET, "support_ticket")


def ticket_faults(panel_id: int, limit: int = 100) -> list[str]:
    """What is wrong with the numbers of a panel's tickets, in words; empty where all is well."""
    return list(_NUMBERS.faults(panel_id, limit))
