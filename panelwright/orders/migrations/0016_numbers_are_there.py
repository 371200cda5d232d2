"""Every order has its number, and what people page through stands in the order of the numbers.

What came in without a number since 0015, because that was stopped in the middle or a process of before still ran, gets
its id as its number here, as all before it.
"""

import importlib

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

_INDEXES = {
    "order": [
        models.Index(fields=["customer", "number"], name="order_customer"),
        models.Index(fields=["parent", "number"], condition=Q(parent__isnull=False), name="order_parent"),
        models.Index(
            fields=["customer", "status", "number"],
            condition=Q(status__in=["Partial", "Canceled"]),
            name="order_customer_short",
        ),
        models.Index(
            fields=["panel", "number"], condition=Q(problem_code__gt="", ended_at__isnull=True), name="order_problem"
        ),
    ],
    "schedule": [models.Index(fields=["customer", "number"], name="schedule_customer")],
    "refill": [models.Index(fields=["customer", "number"], name="refill_customer")],
}


_fill = importlib.import_module("panelwright.orders.migrations.0015_fill_numbers").fill


class Migration(migrations.Migration):
    dependencies = [("orders", "0015_fill_numbers")]

    operations = [
        migrations.RunPython(_fill, migrations.RunPython.noop),
        *(migrations.RemoveIndex(model, index.name) for model, indexes in _INDEXES.items() for index in indexes),
        *(migrations.AlterField(model, "number", models.BigIntegerField()) for model in _INDEXES),
        migrations.AddConstraint("order", models.UniqueConstraint(fields=("panel", "number"), name="order_number")),
        migrations.AddConstraint("refill", models.UniqueConstraint(fields=("panel", "number"), name="refill_number")),
        migrations.AlterField(
            "refill",
            "panel",
            models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
        ),
        *(migrations.AddIndex(model, index) for model, indexes in _INDEXES.items() for index in indexes),
        migrations.AddIndex(
            "order", models.Index(fields=["panel", "number"], condition=Q(job="manual"), name="order_manual")
        ),
        migrations.AddIndex(
            "refill",
            models.Index(fields=["panel", "number"], condition=Q(ended_at__isnull=True), name="refill_open"),
        ),
    ]
