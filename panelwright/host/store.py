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
# How many orders each panel has, as near as the numbers tell that it has given out: no table is counted.
ORDERS = sql.Query(
    "SELECT p.id, (SELECT MIN(o.number) FROM orders_order o WHERE o.panel_id = p.id),"
    " (SELECT MAX(o.number) FROM orders_order o WHERE o.panel_id = p.id) FROM panels_panel p"
)
# Files are looked through for a panel's, the newest of all panels first.
FILES_LOOKED_AT = 100_000
FILES = sql.Query(
    " UNION ALL ".join(
        "SELECT COUNT(*), COALESCE(SUM(t.size), 0) FROM (SELECT panel_id, size FROM"
        f" {table} ORDER BY id DESC LIMIT {FILES_LOOKED_AT}) t WHERE t.panel_id = ?"
        for table in ("support_attachment", "payments_paymentfile")
    )
)
