from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0013_email_unproven")]

    operations = [
        migrations.AddField("hostticket", "host_until", models.DateTimeField(null=True)),
    ]
