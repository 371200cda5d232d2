from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("providers", "0013_kept_accepted")]

    operations = [
        migrations.AddField(
            model_name="route",
            name="past_rates",
            field=models.JSONField(null=True),
        ),
    ]
