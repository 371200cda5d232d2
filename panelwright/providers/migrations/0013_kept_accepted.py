from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("providers", "0012_merits_and_lists")]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="kept_accepted",
            field=models.BigIntegerField(null=True),
        ),
    ]
