from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("panels", "0007_staff_factor")]

    operations = [
        migrations.AddField(
            model_name="panel",
            name="timezone",
            field=models.CharField(db_default="UTC", default="UTC", max_length=50),
        ),
    ]
