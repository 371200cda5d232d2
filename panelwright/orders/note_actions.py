"""Notes of staff about an order: what they found out and want to remember. Customers never see them."""

from __future__ import annotations

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.events.actions import NewEvent, record

NOTE_MAX = 2_000


def note(*, panel_id: int, order_id: int, by: str, text: str) -> None:
    """Keep a note about an order, open or ended, as an event of it. Refused: no_text."""
    said = text.strip()
    if not said:
        raise Refused("no_text", "text")
    record([NewEvent(panel_id, "order.note", order_id, {"text": said, "by": by})], now=clock.now())
