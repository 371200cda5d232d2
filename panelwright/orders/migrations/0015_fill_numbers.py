"""What is there keeps its id as its number, a thousand rows at a time; each panel goes on above its highest one."""

from typing import Any

from django.db import migrations

BATCH = 1_000
FIRST = 1001

_KEYS = (("orders_order", "id"), ("orders_schedule", "order_id"), ("orders_refill", "id"))
_NOUNS = (("order", "orders_order"), ("refill", "orders_refill"))


def fill(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for table, key in _KEYS:
            # By the key: what is filled is not looked at again.
            last = 0
            while True:
                cursor.execute(
                    f"SELECT MAX(k) FROM (SELECT {key} AS k FROM {table}"  # noqa: S608 - names from above
                    f" WHERE {key} > %s ORDER BY {key} LIMIT %s) AS batch",
                    [last, BATCH],
                )
                (found,) = cursor.fetchone()
                if found is None:
                    break
                cursor.execute(
                    f"UPDATE {table} SET number = {key}"  # noqa: S608
                    f" WHERE {key} > %s AND {key} <= %s AND number IS NULL",
                    [last, found],
                )
                last = found
        for noun, table in _NOUNS:
            cursor.execute(
                "INSERT INTO panels_numbering (panel_id, noun, next_number)"  # noqa: S608
                f" SELECT panel_id, %s, CASE WHEN MAX(number) < %s THEN %s ELSE MAX(number) + 1 END FROM {table}"
                " GROUP BY panel_id ON CONFLICT (panel_id, noun) DO UPDATE SET next_number = excluded.next_number"
                " WHERE panels_numbering.next_number < excluded.next_number",
                [noun, FIRST, FIRST],
            )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0014_numbers"), ("panels", "0005_numbering")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
