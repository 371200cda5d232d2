from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("panels", "0009_domain_checks")]

    operations = [
        migrations.AddField(
            model_name="panel", name="maintenance", field=models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(model_name="panel", name="maintenance_texts", field=models.JSONField(null=True)),
    ]
