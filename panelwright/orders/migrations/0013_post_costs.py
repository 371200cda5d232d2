"""What orders cost is posted from now on (orders/costs.py): here is what those that exist have cost so far."""

from django.db import migrations

# In a migration of its own: PostgreSQL alters no table that has rows whose foreign keys are not checked yet.
_EARNED = (
    "CASE WHEN o.kind = 'drip-feed' THEN 0 ELSE o.past_cost_micros + CASE WHEN o.upstream_id IS NOT NULL"
    " OR o.ended_at IS NOT NULL THEN COALESCE(o.cost_micros, 0) ELSE 0 END END"
)
_PROVIDER = "COALESCE(CAST(o.provider_id AS TEXT), '')"
_POST = (
    "INSERT INTO ledger_account (panel_id, kind, name, floor_micros, owed_micros)"
    f" SELECT DISTINCT o.panel_id, 'cost', '', 0, 0 FROM orders_order o WHERE {_EARNED} > 0 ON CONFLICT DO NOTHING",
    "INSERT INTO ledger_account (panel_id, kind, name, floor_micros, owed_micros)"
    f" SELECT DISTINCT o.panel_id, 'provider', {_PROVIDER}, 0, 0 FROM orders_order o WHERE {_EARNED} > 0"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros, code, reference,"
    f" order_id, created_at) SELECT o.panel_id, c.id, p.id, {_EARNED}, 'cost', CAST(o.id AS TEXT) || '.1', o.id,"
    " COALESCE(o.ended_at, o.created_at) FROM orders_order o"
    " JOIN ledger_account c ON c.panel_id = o.panel_id AND c.kind = 'cost' AND c.name = ''"
    f" JOIN ledger_account p ON p.panel_id = o.panel_id AND p.kind = 'provider' AND p.name = {_PROVIDER}"
    f" WHERE {_EARNED} > 0 ORDER BY o.id",
    f"UPDATE orders_order AS o SET cost_postings = 1 WHERE {_EARNED} > 0",
)


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_books")]

    operations = [migrations.RunSQL(list(_POST), "DELETE FROM ledger_transfer WHERE code = 'cost'")]
