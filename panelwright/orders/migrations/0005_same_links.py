"""Open orders remember their link in the form in which links are compared now.

Where two open orders of one service turn out to be for the same link, the older one holds it; the other keeps the
digest that it has. A thousand at a time, while the panel is in use.
"""

from typing import Any

from django.db import IntegrityError, migrations

from panelwright.orders import same_link

BATCH = 1_000

_OPEN = "SELECT id, link, open_link FROM orders_order WHERE open_link IS NOT NULL AND id > %s ORDER BY id LIMIT %s"
_SET = (
    "UPDATE orders_order SET open_link = %s WHERE id = %s AND open_link = %s AND NOT EXISTS (SELECT 1"
    " FROM orders_order o WHERE o.panel_id = orders_order.panel_id AND o.customer_id = orders_order.customer_id"
    " AND o.service_id = orders_order.service_id AND o.open_link = %s)"
)


def compare_anew(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(_OPEN, [last, BATCH])
            rows = cursor.fetchall()
            for id_, link, before in rows:
                now = same_link.digest(link)
                if now != before:
                    try:
                        cursor.execute(_SET, [now, id_, before, now])
                    except IntegrityError:
                        continue  # placed meanwhile
            if len(rows) < BATCH:
                return
            last = rows[-1][0]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0004_fill_customers")]

    operations = [migrations.RunPython(compare_anew, migrations.RunPython.noop)]
