"""What the new columns say of rows from before: rates that were set, money that gateways have, refunds left alone."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    def rows(name: str) -> Any:
        return apps.get_model("payments", name)._base_manager.using(schema_editor.connection.alias)

    rows("PaymentMethod").exclude(rate_e12=10**12).update(rate_given=True)
    paid = rows("Payment").filter(paid_at__isnull=False).exclude(method__kind="by_hand")
    paid.filter(steps__code="settled", steps__by="").update(at_gateway=True)
    # Of these nobody was asked again.
    rows("Refund").filter(state__in=["requested", "sent"], due_at__isnull=True).update(due_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_disputes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
