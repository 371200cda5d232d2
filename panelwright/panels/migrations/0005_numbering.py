"""How far each panel has given out its numbers."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

_NOUNS = ["order", "refill", "ticket", "payment", "customer"]


class Migration(migrations.Migration):
    dependencies = [("panels", "0004_lists_of_a_panel")]

    operations = [
        migrations.CreateModel(
            name="Numbering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "noun",
                    models.CharField(choices=[(noun, noun.capitalize()) for noun in _NOUNS], max_length=10),
                ),
                ("next_number", models.BigIntegerField()),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to="panels.panel"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "noun"), name="numbering_panel_noun"),
                    models.CheckConstraint(condition=Q(noun__in=_NOUNS), name="numbering_noun"),
                    models.CheckConstraint(condition=Q(next_number__gte=1), name="numbering_next"),
                ]
            },
        ),
    ]
