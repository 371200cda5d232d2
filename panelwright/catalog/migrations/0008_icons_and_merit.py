"""Categories have icons, services choose their routes by merit."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_percents_of_price_lists")]

    operations = [
        migrations.AddField("category", "icon", models.CharField(max_length=30, default="", db_default="", blank=True)),
        migrations.AddField(
            "service",
            "route_by",
            models.CharField(
                max_length=7,
                choices=[("", "Order"), ("price", "Price"), ("speed", "Speed"), ("success", "Success")],
                default="",
                db_default="",
                blank=True,
            ),
        ),
        migrations.AddConstraint(
            "service",
            models.CheckConstraint(
                condition=Q(route_by__in=["", "price", "speed", "success"]), name="service_route_by"
            ),
        ),
    ]
