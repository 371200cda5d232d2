"""What a webhook's log shows of an order is its number; until now that was its id."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0004_sent_mail_is_forgotten")]

    operations = [migrations.RenameField("delivery", "order_id", "order_number")]
