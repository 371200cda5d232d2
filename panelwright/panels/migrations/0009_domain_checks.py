from django.db import migrations, models
from django.db.models import Q

ARRIVALS = [
    ("", "Unknown"),
    ("arrives", "Arrives"),
    ("no_https", "No Https"),
    ("no_name", "No Name"),
    ("private", "Private"),
    ("certificate", "Certificate"),
    ("no_answer", "No Answer"),
    ("no_connection", "No Connection"),
    ("elsewhere", "Elsewhere"),
]


class Migration(migrations.Migration):
    dependencies = [("panels", "0008_timezone")]

    operations = [
        migrations.AddField(
            model_name="domain", name="confirmed", field=models.BooleanField(db_default=True, default=True)
        ),
        migrations.AddField(
            model_name="domain",
            name="arrives",
            field=models.CharField(blank=True, choices=ARRIVALS, db_default="", default="", max_length=13),
        ),
        migrations.AddField(model_name="domain", name="checked_at", field=models.DateTimeField(null=True)),
        migrations.RemoveConstraint(model_name="domain", name="domain_host_port"),
        migrations.AddConstraint(
            model_name="domain",
            constraint=models.UniqueConstraint(
                condition=Q(("confirmed", True)), fields=("host", "port"), name="domain_answers"
            ),
        ),
        migrations.AddConstraint(
            model_name="domain",
            constraint=models.UniqueConstraint(fields=("panel", "host", "port"), name="domain_panel_host_port"),
        ),
        migrations.AddConstraint(
            model_name="domain",
            constraint=models.CheckConstraint(
                condition=Q(("arrives__in", [value for value, _ in ARRIVALS])), name="domain_arrives"
            ),
        ),
    ]
