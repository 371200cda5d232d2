"""Tickets have their panel's own numbers; those that are there keep their ids as numbers."""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Max, Q

FIRST = 1001
_INDEXES = [
    models.Index(fields=["customer", "updated_at", "number"], name="ticket_customer"),
    models.Index(fields=["panel", "state", "number"], name="ticket_panel_state"),
    models.Index(fields=["panel", "number"], condition=Q(unread_staff=True), name="ticket_staff_unread"),
]


def fill(apps: Any, schema_editor: Any) -> None:
    tickets = apps.get_model("support", "Ticket").objects
    tickets.update(number=F("id"))
    numbering = apps.get_model("panels", "Numbering").objects
    for panel_id, highest in tickets.order_by().values_list("panel_id").annotate(highest=Max("number")):
        numbering.create(panel_id=panel_id, noun="ticket", next_number=max(FIRST, highest + 1))


class Migration(migrations.Migration):
    dependencies = [("support", "0003_lists_of_a_panel"), ("panels", "0005_numbering")]

    operations = [
        migrations.AddField("ticket", "number", models.BigIntegerField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        *(migrations.RemoveIndex("ticket", index.name) for index in _INDEXES),
        # The unique number is its index.
        migrations.RemoveIndex("ticket", "ticket_panel"),
        migrations.AlterField("ticket", "number", models.BigIntegerField()),
        migrations.AddConstraint("ticket", models.UniqueConstraint(fields=("panel", "number"), name="ticket_number")),
        *(migrations.AddIndex("ticket", index) for index in _INDEXES),
    ]
