"""Schedules and refills learn whose they are, a thousand at a time, while the panel is in use."""

from typing import Any

from django.db import migrations

BATCH = 1_000

_FILLS = (
    "UPDATE orders_schedule SET customer_id = (SELECT o.customer_id FROM orders_order o WHERE o.id = order_id)"
    " WHERE order_id IN (SELECT order_id FROM orders_schedule WHERE customer_id IS NULL LIMIT %s)",
    "UPDATE orders_refill SET customer_id = (SELECT o.customer_id FROM orders_order o WHERE o.id = order_id)"
    " WHERE id IN (SELECT id FROM orders_refill WHERE customer_id IS NULL LIMIT %s)",
)


def fill(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in _FILLS:
            cursor.execute(statement, [BATCH])
            while cursor.rowcount == BATCH:
                cursor.execute(statement, [BATCH])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0003_lists")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
