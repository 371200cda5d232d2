import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("customers", "0002_delivery"),
        ("orders", "0002_delivery"),
        ("panels", "0002_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "subject",
                    models.CharField(
                        choices=[("order", "Order"), ("payment", "Payment"), ("other", "Other")], max_length=7
                    ),
                ),
                ("title", models.CharField(max_length=150)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("pending", "Pending"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("words_wait", models.BooleanField()),
                ("unread_customer", models.BooleanField(default=False)),
                ("unread_staff", models.BooleanField(default=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("due_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="customers.customer"
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["customer", "updated_at", "id"], name="ticket_customer"),
                    models.Index(fields=["panel", "state", "id"], name="ticket_panel_state"),
                    models.Index(
                        condition=models.Q(("state", "closed"), _negated=True),
                        fields=["customer"],
                        name="ticket_customer_open",
                    ),
                    models.Index(
                        condition=models.Q(("unread_customer", True)),
                        fields=["customer"],
                        name="ticket_customer_unread",
                    ),
                    models.Index(
                        condition=models.Q(("unread_staff", True)), fields=["panel", "id"], name="ticket_staff_unread"
                    ),
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="ticket_queue"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("subject__in", ["order", "payment", "other"])), name="ticket_subject"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "pending", "answered", "closed"])),
                        name="ticket_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("state", "closed")),
                            models.Q(models.Q(("state", "closed"), _negated=True), ("closed_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="ticket_closed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "author",
                    models.CharField(
                        choices=[("customer", "Customer"), ("staff", "Staff"), ("system", "System")], max_length=8
                    ),
                ),
                ("by", models.CharField(blank=True, default="", max_length=300)),
                ("text", models.TextField(blank=True, default="")),
                ("code", models.CharField(blank=True, default="", max_length=10)),
                ("facts", models.JSONField(default=dict)),
                ("request_id", models.CharField(max_length=64, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="customers.customer"
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["ticket", "id"], name="message_ticket"),
                    models.Index(
                        condition=models.Q(("customer__isnull", False)),
                        fields=["customer", "created_at"],
                        name="message_customer_time",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("author__in", ["customer", "staff", "system"])), name="message_author"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author", "system"), ("text", ""), models.Q(("code", ""), _negated=True)),
                            models.Q(
                                models.Q(("author", "system"), _negated=True),
                                ("code", ""),
                                models.Q(("text", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="message_text",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author", "customer"), ("customer__isnull", False)),
                            models.Q(models.Q(("author", "customer"), _negated=True), ("customer__isnull", True)),
                            _connector="OR",
                        ),
                        name="message_customer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("request_id__isnull", False)),
                        fields=("panel", "customer", "request_id"),
                        name="message_request_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TicketRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "wish",
                    models.CharField(
                        choices=[("refill", "Refill"), ("cancel", "Cancel"), ("speed up", "Speed Up")], max_length=8
                    ),
                ),
                ("number", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("accepted", "Accepted"), ("refused", "Refused"), ("done", "Done")], max_length=8
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=30)),
                ("outcome", models.CharField(blank=True, default="", max_length=12)),
                ("passed_on_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="support.message",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ticket_requests",
                        to="orders.order",
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
                (
                    "refill",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="orders.refill"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["ticket", "id"], name="ticket_request_ticket")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("wish__in", ["refill", "cancel", "speed up"])), name="ticket_request_wish"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("outcome", ""), ("reason", ""), ("settled_at__isnull", True), ("state", "accepted")
                            ),
                            models.Q(
                                ("outcome", ""),
                                ("settled_at__isnull", False),
                                ("state", "refused"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            models.Q(
                                ("reason", ""),
                                ("settled_at__isnull", False),
                                ("state", "done"),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="ticket_request_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "refused"), ("order__isnull", False), _connector="OR"),
                        name="ticket_request_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "refused"),
                            ("refill__isnull", False),
                            models.Q(("wish", "refill"), _negated=True),
                            _connector="OR",
                        ),
                        name="ticket_request_refill",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "accepted")),
                        fields=("panel", "order", "wish"),
                        name="ticket_request_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                (
                    "type",
                    models.CharField(
                        choices=[("png", "Png"), ("jpeg", "Jpeg"), ("webp", "Webp"), ("pdf", "Pdf"), ("txt", "Txt")],
                        max_length=4,
                    ),
                ),
                ("size", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="customers.customer")),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attachments", to="support.message"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["png", "jpeg", "webp", "pdf", "txt"])), name="attachment_type"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gte", 1), ("size__lte", 2097152)), name="attachment_size"
                    ),
                ],
            },
        ),
    ]
