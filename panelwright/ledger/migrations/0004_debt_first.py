from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_money_in"),
        ("panels", "0004_lists_of_a_panel"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("owed_micros", 0), ("balance_micros__lte", 0), _connector="OR"),
                name="account_debt_first",
            ),
        ),
    ]
