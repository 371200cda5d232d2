from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_statement"),
        ("panels", "0004_lists_of_a_panel"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="account",
            name="account_kind",
        ),
        migrations.RemoveConstraint(
            model_name="account",
            name="account_balance",
        ),
        migrations.RemoveConstraint(
            model_name="transfer",
            name="transfer_code",
        ),
        migrations.AddField(
            model_name="account",
            name="floor_micros",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="account",
            name="owed_micros",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.CharField(
                choices=[
                    ("customer", "Customer"),
                    ("debt", "Debt"),
                    ("earnings", "Earnings"),
                    ("sales", "Sales"),
                    ("fees", "Fees"),
                    ("clearing", "Clearing"),
                    ("bank", "Bank"),
                    ("bonus", "Bonus"),
                    ("coupon", "Coupon"),
                    ("voucher", "Voucher"),
                    ("adjustment", "Adjustment"),
                    ("commission", "Commission"),
                    ("provider", "Provider"),
                    ("cost", "Cost"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="code",
            field=models.CharField(
                choices=[
                    ("order", "Order"),
                    ("refund", "Refund"),
                    ("deposit", "Deposit"),
                    ("fee", "Fee"),
                    ("bonus", "Bonus"),
                    ("coupon", "Coupon"),
                    ("voucher", "Voucher"),
                    ("commission", "Commission"),
                    ("payout", "Payout"),
                    ("gateway_refund", "Gateway Refund"),
                    ("chargeback", "Chargeback"),
                    ("reversal", "Reversal"),
                    ("debt", "Debt"),
                    ("repayment", "Repayment"),
                    ("settlement", "Settlement"),
                    ("cost", "Cost"),
                    ("adjustment", "Adjustment"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="reference",
            field=models.CharField(max_length=128),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "customer",
                            "debt",
                            "earnings",
                            "sales",
                            "fees",
                            "clearing",
                            "bank",
                            "bonus",
                            "coupon",
                            "voucher",
                            "adjustment",
                            "commission",
                            "provider",
                            "cost",
                        ],
                    )
                ),
                name="account_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("balance_micros__gte", models.F("floor_micros")),
                        ("balance_micros__isnull", False),
                        ("kind", "customer"),
                    ),
                    models.Q(("balance_micros__isnull", False), ("kind", "earnings")),
                    models.Q(models.Q(("kind__in", ["customer", "earnings"]), _negated=True), ("balance_micros", None)),
                    _connector="OR",
                ),
                name="account_balance",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("floor_micros__lte", 0), ("kind", "customer"), ("owed_micros__gte", 0)),
                    models.Q(models.Q(("kind", "customer"), _negated=True), ("floor_micros", 0), ("owed_micros", 0)),
                    _connector="OR",
                ),
                name="account_floor",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("code", "order"),
                    (
                        "code__in",
                        [
                            "order",
                            "refund",
                            "deposit",
                            "fee",
                            "bonus",
                            "coupon",
                            "voucher",
                            "commission",
                            "payout",
                            "gateway_refund",
                            "chargeback",
                            "reversal",
                            "debt",
                            "repayment",
                            "settlement",
                            "cost",
                            "adjustment",
                        ],
                    ),
                    _connector="OR",
                ),
                name="transfer_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", "order"), ("order_id__isnull", False)),
                    models.Q(("code__in", ["order", "refund", "cost"]), ("order_id__isnull", False)),
                    models.Q(
                        models.Q(("code__in", ["order", "refund", "cost"]), _negated=True), ("order_id__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="transfer_order",
            ),
        ),
    ]
