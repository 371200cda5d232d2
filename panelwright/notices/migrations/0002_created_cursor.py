from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_notices"), ("panels", "0012_suspended")]

    operations = [
        migrations.CreateModel(
            name="CreatedCursor",
            fields=[
                (
                    "panel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="panels.panel",
                    ),
                ),
                ("upto", models.BigIntegerField()),
            ],
        ),
    ]
