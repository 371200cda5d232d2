import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("exact", "Exact"), ("domain", "Domain"), ("pattern", "Pattern"), ("word", "Word")],
                        max_length=7,
                    ),
                ),
                ("text", models.CharField(max_length=500)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="panels.panel")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "kind", "text"), name="block_panel_kind_text"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["exact", "domain", "pattern", "word"]), models.Q(("text", ""), _negated=True)
                        ),
                        name="block_kind_text",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HostBlock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("exact", "Exact"), ("domain", "Domain"), ("pattern", "Pattern"), ("word", "Word")],
                        max_length=7,
                    ),
                ),
                ("text", models.CharField(max_length=500)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "text"), name="host_block_kind_text"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["exact", "domain", "pattern", "word"]), models.Q(("text", ""), _negated=True)
                        ),
                        name="host_block_kind_text_ok",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="panel",
            name="blocks_version",
            field=models.BigIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="panel",
            name="guard",
            field=models.CharField(
                choices=[("pause", "Pause"), ("reprice", "Reprice")], db_default="pause", default="pause", max_length=7
            ),
        ),
        migrations.AddField(
            model_name="panel",
            name="guard_percent_e2",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="panel",
            constraint=models.CheckConstraint(
                condition=models.Q(("guard__in", ["pause", "reprice"])), name="panel_guard"
            ),
        ),
    ]
