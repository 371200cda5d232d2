from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("panels", "0010_maintenance")]

    operations = [
        migrations.AddField(
            model_name="panel", name="signup_open", field=models.BooleanField(db_default=True, default=True)
        ),
        migrations.AddField(
            model_name="panel", name="signup_terms", field=models.BooleanField(db_default=False, default=False)
        ),
    ]
