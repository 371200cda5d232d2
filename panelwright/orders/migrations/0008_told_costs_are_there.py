"""A cost that the provider told is there: without a number the constraint before let it pass."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_problems_and_costs")]

    operations = [
        migrations.RemoveConstraint("order", "order_cost"),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                condition=Q(cost_micros__isnull=False, cost_micros__gte=0)
                | Q(cost_micros__isnull=True, cost_told=False),
                name="order_cost",
            ),
        ),
    ]
