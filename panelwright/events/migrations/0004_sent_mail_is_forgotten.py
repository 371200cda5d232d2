"""The text of an e-mail may hold a link that logs in: it goes with the sending."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("events", "0003_webhooks")]

    operations = [
        migrations.RunSQL(
            "UPDATE events_mail SET text = '', due_at = NULL WHERE sent_at IS NOT NULL", migrations.RunSQL.noop
        ),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(text="", due_at__isnull=True), name="mail_sent_is_forgotten"
            ),
        ),
    ]
