import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("panels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Provider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("url", models.URLField(max_length=500)),
                ("sealed_key", models.TextField()),
                ("knows_request_id", models.BooleanField(default=False)),
                ("enabled", models.BooleanField(default=True)),
                ("problem", models.TextField(blank=True, default="")),
                ("rest_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("panel", "name"), name="provider_panel_name")],
            },
        ),
        migrations.CreateModel(
            name="Route",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("upstream_service", models.CharField(max_length=60)),
                ("position", models.PositiveIntegerField(default=0)),
                ("enabled", models.BooleanField(default=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="routes", to="providers.provider"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="routes", to="catalog.service"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("panel", "service", "position"), name="route_panel_service_position"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("upstream_service", ""), _negated=True), name="route_upstream_service"
                    ),
                ],
            },
        ),
    ]
