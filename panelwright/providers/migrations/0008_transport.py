from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0007_held_stops"),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="transport",
            field=models.CharField(db_default="panel_v2", default="panel_v2", max_length=40),
        ),
    ]
