import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("panels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("customer", "Customer"),
                            ("sales", "Sales"),
                            ("clearing", "Clearing"),
                            ("bonus", "Bonus"),
                            ("adjustment", "Adjustment"),
                            ("commission", "Commission"),
                            ("provider", "Provider"),
                            ("cost", "Cost"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=100)),
                ("balance_micros", models.BigIntegerField(null=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "customer"), _negated=True),
                        fields=("panel", "kind", "name"),
                        name="account_panel_kind_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "customer",
                                    "sales",
                                    "clearing",
                                    "bonus",
                                    "adjustment",
                                    "commission",
                                    "provider",
                                    "cost",
                                ],
                            )
                        ),
                        name="account_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("balance_micros__gte", 0), ("balance_micros__isnull", False), ("kind", "customer")
                            ),
                            models.Q(models.Q(("kind", "customer"), _negated=True), ("balance_micros", None)),
                            _connector="OR",
                        ),
                        name="account_balance",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_micros", models.BigIntegerField()),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("order", "Order"),
                            ("refund", "Refund"),
                            ("deposit", "Deposit"),
                            ("adjustment", "Adjustment"),
                            ("bonus", "Bonus"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reference", models.CharField(max_length=100)),
                ("order_id", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "credit_account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="ledger.account",
                    ),
                ),
                (
                    "debit_account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debits",
                        to="ledger.account",
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="panels.panel"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["debit_account", "id"], name="transfer_debit"),
                    models.Index(
                        condition=models.Q(("code", "order"), _negated=True),
                        fields=["credit_account", "id"],
                        name="transfer_credit",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "code", "reference"), name="transfer_once"),
                    models.CheckConstraint(condition=models.Q(("amount_micros__gt", 0)), name="transfer_amount"),
                    models.CheckConstraint(
                        condition=models.Q(("debit_account", models.F("credit_account")), _negated=True),
                        name="transfer_two_accounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code__in", ["order", "refund", "deposit", "adjustment", "bonus"])),
                        name="transfer_code",
                    ),
                ],
            },
        ),
    ]
