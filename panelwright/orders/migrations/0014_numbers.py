"""Orders, schedules and refills get their panel's own numbers; first without."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0013_post_costs")]

    operations = [
        migrations.AddField(name, "number", models.BigIntegerField(null=True))
        for name in ("order", "schedule", "refill")
    ]
