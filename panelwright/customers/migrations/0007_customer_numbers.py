"""Customers have their panel's own numbers; those that are there keep their ids as numbers."""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Max, Q

FIRST = 1001


def fill(apps: Any, schema_editor: Any) -> None:
    customers = apps.get_model("customers", "Customer").objects
    customers.update(number=F("id"))
    numbering = apps.get_model("panels", "Numbering").objects
    for panel_id, highest in customers.order_by().values_list("panel_id").annotate(highest=Max("number")):
        numbering.create(panel_id=panel_id, noun="customer", next_number=max(FIRST, highest + 1))


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_lists_of_a_panel"), ("panels", "0005_numbering")]

    operations = [
        migrations.AddField("customer", "number", models.BigIntegerField(null=True)),
        # The unique number is the index of the panel.
        migrations.RemoveIndex("customer", "customer_panel"),
        migrations.RemoveIndex("customer", "customer_suspended"),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("customer", "number", models.BigIntegerField()),
        migrations.AddConstraint(
            "customer", models.UniqueConstraint(fields=("panel", "number"), name="customer_number")
        ),
        migrations.AddIndex(
            "customer",
            models.Index(fields=["panel", "number"], condition=Q(enabled=False), name="customer_suspended"),
        ),
    ]
