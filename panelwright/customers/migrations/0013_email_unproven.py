from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0012_staff_links")]

    operations = [
        migrations.AddField("user", "email_unproven", models.BooleanField(default=False, db_default=False)),
    ]
