"""The loop that issues receipts for what has come in, and credit notes for what has gone back."""

from __future__ import annotations

import logging

from django_scopes import scope, scopes_disabled

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.receipts import actions, queries

logger = logging.getLogger("panelwright.receipts")

BATCH = 50
PANELS_MAX = 10_000
IDLE_S = 5.0


def look(limit: int) -> int:
    """One round over all panels that issue receipts. How many were issued."""
    with scopes_disabled():
        panels = queries.issuing(PANELS_MAX)
    done = 0
    for panel_id in panels:
        try:
            with scope(panel=panel_id):
                done += actions.issue_due(panel_id, limit)
        except Exception:
            # What one panel's receipts run into keeps no other panel's back.
            logger.exception("receipts of panel %s", panel_id)
    return done


def loops() -> AppLoops:
    return AppLoops((LoopSpec("receipts", lambda: look(BATCH), idle_s=IDLE_S),))
