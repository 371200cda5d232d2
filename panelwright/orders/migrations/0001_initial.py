import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("customers", "0001_initial"),
        ("panels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("plain", "Plain"),
                            ("drip-feed", "Drip Feed"),
                            ("run", "Run"),
                            ("subscription", "Subscription"),
                            ("post", "Post"),
                        ],
                        default="plain",
                        max_length=12,
                    ),
                ),
                ("link", models.TextField()),
                ("quantity", models.BigIntegerField()),
                ("fields", models.TextField(blank=True, default="")),
                ("rate_micros", models.BigIntegerField()),
                ("booked_micros", models.BigIntegerField()),
                ("charge_micros", models.BigIntegerField()),
                ("status", models.CharField(max_length=12)),
                ("start_count", models.BigIntegerField(null=True)),
                ("remains", models.BigIntegerField()),
                (
                    "job",
                    models.CharField(
                        choices=[
                            ("forward", "Forward"),
                            ("sending", "Sending"),
                            ("poll", "Poll"),
                            ("schedule", "Schedule"),
                        ],
                        max_length=10,
                        null=True,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("problem", models.TextField(blank=True, db_default="", default="")),
                ("provider_id", models.BigIntegerField(null=True)),
                ("route_id", models.BigIntegerField(null=True)),
                ("upstream_id", models.CharField(max_length=100, null=True)),
                ("request_id", models.CharField(max_length=100, null=True)),
                ("request_digest", models.CharField(max_length=64, null=True)),
                ("open_link", models.CharField(max_length=64, null=True)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="customers.customer"
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="customers.apikey"
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="orders.order"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="catalog.service"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("job__isnull", False)),
                        fields=["job", "provider_id", "due_at"],
                        name="order_queue",
                    ),
                    models.Index(fields=["customer", "id"], name="order_customer"),
                    models.Index(
                        condition=models.Q(("parent__isnull", False)), fields=["parent", "id"], name="order_parent"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("request_id__isnull", False)),
                        fields=("panel", "customer", "request_id"),
                        name="order_request_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("open_link__isnull", False)),
                        fields=("panel", "customer", "service", "open_link"),
                        name="order_open_link_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("upstream_id__isnull", False)),
                        fields=("panel", "provider_id", "upstream_id"),
                        name="order_upstream_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("charge_micros__gte", 0), ("charge_micros__lte", models.F("booked_micros"))
                        ),
                        name="order_charge",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quantity__gte", 0), ("remains__gte", 0), ("remains__lte", models.F("quantity"))
                        ),
                        name="order_remains",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("kind", "subscription"), _negated=True),
                                (
                                    "status__in",
                                    ["Pending", "Processing", "In progress", "Completed", "Partial", "Canceled"],
                                ),
                            ),
                            models.Q(
                                ("kind", "subscription"),
                                ("status__in", ["Active", "Paused", "Completed", "Expired", "Canceled"]),
                            ),
                            _connector="OR",
                        ),
                        name="order_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["plain", "drip-feed", "run", "subscription", "post"])),
                        name="order_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["run", "post"]), ("parent__isnull", False)),
                            models.Q(models.Q(("kind__in", ["run", "post"]), _negated=True), ("parent__isnull", True)),
                            _connector="OR",
                        ),
                        name="order_kind_parent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            models.Q(("job__isnull", True), ("open_link__isnull", True)),
                            _connector="OR",
                        ),
                        name="order_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("due_at__isnull", True), ("job__isnull", True)),
                            models.Q(("due_at__isnull", False), ("job__isnull", False)),
                            _connector="OR",
                        ),
                        name="order_job_due",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cancel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("passed on", "Passed On"),
                            ("done", "Done"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("provider_id", models.BigIntegerField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("answer", models.TextField(blank=True, db_default="", default="")),
                ("created_at", models.DateTimeField()),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cancel", to="orders.order"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["state", "provider_id", "due_at"],
                        name="cancel_queue",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sending", "passed on", "done"])),
                        name="cancel_state",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("link", models.TextField()),
                ("due_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "order",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="post", to="orders.order"
                    ),
                ),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="orders.order"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("panel", "subscription", "link"), name="post_once")],
            },
        ),
        migrations.CreateModel(
            name="Refill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("Pending", "Pending"),
                            ("In progress", "In Progress"),
                            ("Completed", "Completed"),
                            ("Rejected", "Rejected"),
                            ("Canceled", "Canceled"),
                        ],
                        default="Pending",
                        max_length=11,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("passed on", "Passed On"),
                            ("done", "Done"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("provider_id", models.BigIntegerField(null=True)),
                ("upstream_id", models.CharField(max_length=100, null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("problem", models.TextField(blank=True, db_default="", default="")),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refills", to="orders.order"
                    ),
                ),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["state", "provider_id", "due_at"],
                        name="refill_queue",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("panel", "order"),
                        name="refill_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["Pending", "In progress", "Completed", "Rejected", "Canceled"])
                        ),
                        name="refill_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sending", "passed on", "done"])),
                        name="refill_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("runs", models.PositiveIntegerField(default=0)),
                ("run_quantity", models.BigIntegerField(default=0)),
                ("interval_min", models.PositiveIntegerField(default=0)),
                ("runs_started", models.PositiveIntegerField(db_default=0, default=0)),
                ("runs_done", models.PositiveIntegerField(db_default=0, default=0)),
                ("undelivered", models.BigIntegerField(db_default=0, default=0)),
                ("username", models.TextField(blank=True, default="")),
                ("min", models.BigIntegerField(default=0)),
                ("max", models.BigIntegerField(default=0)),
                ("delay_min", models.PositiveIntegerField(default=0)),
                ("posts", models.PositiveIntegerField(null=True)),
                ("old_posts", models.PositiveIntegerField(default=0)),
                ("posts_done", models.PositiveIntegerField(db_default=0, default=0)),
                ("expires_on", models.DateField(null=True)),
                ("seed", models.BigIntegerField(default=0)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("runs_done__lte", models.F("runs_started")), ("runs_started__lte", models.F("runs"))
                        ),
                        name="schedule_runs",
                    )
                ],
            },
        ),
    ]
