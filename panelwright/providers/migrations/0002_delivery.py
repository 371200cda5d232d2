import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("panels", "0002_delivery"),
        ("providers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("target", models.CharField(max_length=3)),
                ("rate_e12", models.BigIntegerField()),
                ("changed_at", models.DateTimeField(auto_now=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="panels.panel")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "currency", "target"), name="exchange_rate_once"),
                    models.CheckConstraint(condition=models.Q(("rate_e12__gt", 0)), name="exchange_rate_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="HostExchangeRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("target", models.CharField(max_length=3)),
                ("rate_e12", models.BigIntegerField()),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("currency", "target"), name="host_exchange_rate_once"),
                    models.CheckConstraint(condition=models.Q(("rate_e12__gt", 0)), name="host_exchange_rate_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PostSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("webhook", "Webhook"), ("feed", "Feed")], max_length=7)),
                ("username", models.CharField(blank=True, default="", max_length=500)),
                ("url", models.URLField(blank=True, default="", max_length=2000)),
                ("sealed_secret", models.TextField(blank=True, default="")),
                ("enabled", models.BooleanField(default=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("every_min", models.PositiveIntegerField(default=10)),
                ("lease_until", models.DateTimeField(null=True)),
                ("etag", models.CharField(blank=True, default="", max_length=300)),
                ("last_modified", models.CharField(blank=True, default="", max_length=100)),
                ("read_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="post_source_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "feed"),
                                models.Q(("url", ""), _negated=True),
                                models.Q(("username", ""), _negated=True),
                            ),
                            models.Q(
                                ("kind", "webhook"),
                                ("url", ""),
                                ("username", ""),
                                models.Q(("sealed_secret", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="post_source_kind",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "feed")),
                        fields=("panel", "username", "url"),
                        name="post_source_feed_once",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="route",
            name="route_upstream_service",
        ),
        migrations.AddField(
            model_name="provider",
            name="balance_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="provider",
            name="balance_is_low",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="provider",
            name="balance_micros",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="provider",
            name="currency",
            field=models.CharField(blank=True, db_default="", default="", max_length=3),
        ),
        migrations.AddField(
            model_name="provider",
            name="failures",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="provider",
            name="kind",
            field=models.CharField(
                choices=[("api", "Api"), ("manual", "Manual")], db_default="api", default="api", max_length=6
            ),
        ),
        migrations.AddField(
            model_name="provider",
            name="low_balance_micros",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="provider",
            name="per_minute_max",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="provider",
            name="spoken_for_us",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="provider",
            name="sync_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="provider",
            name="sync_every_min",
            field=models.PositiveIntegerField(db_default=60, default=60),
        ),
        migrations.AddField(
            model_name="provider",
            name="sync_problem",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="provider",
            name="synced_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="route",
            name="available",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="route",
            name="in_step",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="route",
            name="markup_fixed_micros",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="route",
            name="markup_percent_e2",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="route",
            name="max",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="route",
            name="min",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="route",
            name="rate_micros",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="route",
            name="round_to_micros",
            field=models.BigIntegerField(db_default=1, default=1),
        ),
        migrations.AlterField(
            model_name="provider",
            name="sealed_key",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="provider",
            name="url",
            field=models.URLField(blank=True, max_length=500),
        ),
        migrations.AlterField(
            model_name="route",
            name="upstream_service",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddIndex(
            model_name="provider",
            index=models.Index(
                condition=models.Q(("sync_due_at__isnull", False)), fields=["sync_due_at"], name="provider_sync"
            ),
        ),
        migrations.AddConstraint(
            model_name="provider",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["api", "manual"])), name="provider_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="provider",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "manual"),
                    models.Q(models.Q(("url", ""), _negated=True), models.Q(("sealed_key", ""), _negated=True)),
                    _connector="OR",
                ),
                name="provider_address_and_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="provider",
            constraint=models.CheckConstraint(
                condition=models.Q(("per_minute_max", None), ("per_minute_max__gt", 0), _connector="OR"),
                name="provider_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.UniqueConstraint(
                condition=models.Q(("in_step", True)), fields=("panel", "service"), name="route_one_in_step"
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_micros", None), ("rate_micros__gte", 0), _connector="OR"), name="route_rate"
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("min", None),
                    ("max", None),
                    models.Q(("min__gte", 0), ("max__gte", models.F("min"))),
                    _connector="OR",
                ),
                name="route_min_max",
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.CheckConstraint(
                condition=models.Q(("markup_fixed_micros__gte", 0), ("round_to_micros__gte", 1)), name="route_markup"
            ),
        ),
    ]
