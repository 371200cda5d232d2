import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("panels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("subject_id", models.BigIntegerField(null=True)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["panel", "name", "id"], name="event_panel_name"),
                    models.Index(fields=["panel", "subject_id", "id"], name="event_panel_subject"),
                ],
            },
        ),
    ]
