from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_money_in"),
        ("orders", "0011_past_costs"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="cost_postings",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="order",
            name="refund_rule",
            field=models.SmallIntegerField(db_default=1, default=1),
        ),
    ]
