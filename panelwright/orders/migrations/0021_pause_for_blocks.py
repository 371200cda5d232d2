"""A subscription pauses while its user is blocked."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0020_posts_by_key")]

    operations = [
        migrations.AlterField(
            "schedule",
            "pause_reason",
            models.CharField(
                blank=True,
                choices=[
                    ("funds", "Funds"),
                    ("cap", "Cap"),
                    ("key", "Key"),
                    ("account", "Account"),
                    ("service", "Service"),
                    ("private", "Private"),
                    ("rate", "Rate"),
                    ("quantity", "Quantity"),
                    ("blocked", "Blocked"),
                    ("provider", "Provider"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint("schedule", "schedule_pause_reason"),
        migrations.AddConstraint(
            "schedule",
            models.CheckConstraint(
                condition=Q(
                    pause_reason__in=[
                        "",
                        "funds",
                        "cap",
                        "key",
                        "account",
                        "service",
                        "private",
                        "rate",
                        "quantity",
                        "blocked",
                        "provider",
                    ]
                ),
                name="schedule_pause_reason",
            ),
        ),
    ]
