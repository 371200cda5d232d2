import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0002_mail"),
        ("panels", "0002_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer_id", models.BigIntegerField()),
                ("slot", models.PositiveSmallIntegerField()),
                ("url", models.CharField(max_length=500)),
                ("description", models.CharField(blank=True, default="", max_length=100)),
                ("names", models.JSONField(default=list)),
                ("sealed_secret", models.TextField()),
                ("old_sealed_secret", models.TextField(blank=True, default="")),
                ("old_until", models.DateTimeField(null=True)),
                ("enabled", models.BooleanField(default=True)),
                ("stopped_why", models.CharField(blank=True, default="", max_length=10)),
                ("failing_since", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at__isnull", True)),
                        fields=("panel", "customer_id", "slot"),
                        name="endpoint_slot",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at__isnull", True)),
                        fields=("panel", "customer_id", "url"),
                        name="endpoint_url",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slot__gte", 1), ("slot__lte", 10)), name="endpoint_slots"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deleted_at__isnull", True), ("enabled", False), _connector="OR"),
                        name="endpoint_deleted",
                    ),
                    models.CheckConstraint(condition=models.Q(("url", ""), _negated=True), name="endpoint_has_url"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("order_id", models.BigIntegerField(null=True)),
                ("message_id", models.CharField(max_length=40)),
                ("body", models.TextField()),
                ("due_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("status_code", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("duration_ms", models.PositiveIntegerField(null=True)),
                ("problem", models.CharField(blank=True, db_default="", default="", max_length=300)),
                ("created_at", models.DateTimeField()),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="events.endpoint"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["endpoint", "due_at"],
                        name="delivery_queue",
                    ),
                    models.Index(fields=["endpoint", "id"], name="delivery_log"),
                    models.Index(
                        condition=models.Q(("attempts__gt", 0), ("delivered_at__isnull", True)),
                        fields=["endpoint", "id"],
                        name="delivery_failed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "endpoint", "message_id"), name="delivery_once"),
                    models.CheckConstraint(
                        condition=models.Q(("delivered_at__isnull", True), ("due_at__isnull", True), _connector="OR"),
                        name="delivery_delivered",
                    ),
                ],
            },
        ),
    ]
