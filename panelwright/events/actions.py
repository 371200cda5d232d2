"""Writing events: always inside the transaction of what they tell of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from panelwright.core import sql


class NewEvent(NamedTuple):
    panel_id: int
    name: str
    subject_id: int | None
    facts: dict[str, Any]


_INSERT = sql.Insert(
    "events_event",
    {"panel_id": "bigint", "name": "text", "subject_id": "bigint", "facts": "jsonb", "created_at": "timestamptz"},
)


def record(events: Iterable[NewEvent], *, now: datetime) -> None:
    """Insert the events. The caller holds the transaction."""
    at = sql.moment(connection, now)
    rows = [(e.panel_id, e.name, e.subject_id, json.dumps(e.facts, ensure_ascii=False), at) for e in events]
    _INSERT.run(connection, rows)
