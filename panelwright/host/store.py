"""Statements over all panels, each row with its panel."""

from __future__ import annotations

from panelwright.core import sql

# Queues are read once for all panels: as many of the oldest rows that are due as are looked at.
LOOKED_AT = 20_000
DUE = sql.Query(
    "SELECT t.panel_id, t.job, COUNT(*), MIN(t.due_at) FROM (SELECT panel_id, job, due_at FROM orders_order"
    f" WHERE job :in_text AND due_at <= ? ORDER BY due_at LIMIT {LOOKED_AT}) t GROUP BY t.panel_id, t.job"
)
WEBHOOKS = sql.Query(
    "SELECT t.panel_id, COUNT(*), MIN(t.due_at) FROM (SELECT panel_id, due_at FROM events_delivery"
    f" WHERE due_at <= ? ORDER BY due_at LIMIT {LOOKED_AT}) t GROUP BY t.panel_id"
)
SIZE = {
    "postgresql": sql.Query("SELECT pg_database_size(current_database())"),
    "sqlite": sql.Query("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"),
}
SERVER = {
    "postgresql": sql.Query("SELECT current_setting('server_version')"),
    "sqlite": sql.Query("SELECT sqlite_version()"),
}
MAIL = sql.Query(
    "SELECT t.panel_id, COUNT(*), MIN(t.due_at) FROM (SELECT panel_id, due_at FROM events_mail"
    f" WHERE due_at <= ? ORDER BY due_at LIMIT {LOOKED_AT}) t GROUP BY t.panel_id"
)
