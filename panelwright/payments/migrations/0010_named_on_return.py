from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0009_surplus_and_unlisted"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="named_on_return",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
