import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Panel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("currency", models.CharField(max_length=3)),
                ("language", models.CharField(default="en", max_length=10)),
                ("languages", models.JSONField(default=list)),
                (
                    "refill_status_key",
                    models.CharField(
                        choices=[("status", "Status"), ("refill", "Refill")], default="status", max_length=6
                    ),
                ),
                ("per_minute_max", models.PositiveIntegerField(default=60000, null=True)),
                ("catalog_version", models.BigIntegerField(default=1)),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("refill_status_key__in", ["status", "refill"])), name="panel_refill_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("host", models.CharField(max_length=253)),
                ("port", models.PositiveIntegerField(default=0)),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="domains", to="panels.panel"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("host", "port"), name="domain_host_port"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("host", "*"), _negated=True), ("port__gt", 0), _connector="OR"),
                        name="domain_star_has_port",
                    ),
                ],
            },
        ),
    ]
