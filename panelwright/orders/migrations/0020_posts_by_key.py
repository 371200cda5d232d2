"""A post is known by the digest of its link in one spelling; posts that were told of twice keep their orders."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import Q

from panelwright.orders import same_link

BATCH = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    post = apps.get_model("orders", "Post")._base_manager.using(schema_editor.connection.alias)
    subscription = 0
    seen: set[str] = set()
    last = (0, 0)
    while True:
        after = Q(subscription_id__gt=last[0]) | Q(subscription_id=last[0], id__gt=last[1])
        rows = list(post.filter(after).order_by("subscription_id", "id").only("id", "subscription_id", "link")[:BATCH])
        if not rows:
            return
        for row in rows:
            if row.subscription_id != subscription:
                subscription, seen = row.subscription_id, set()
            key = same_link.digest(row.link)
            row.link_key = None if key in seen else key
            seen.add(key)
        post.bulk_update(rows, ["link_key"], batch_size=200)
        last = (rows[-1].subscription_id, rows[-1].id)


class Migration(migrations.Migration):
    dependencies = [("orders", "0019_schedules_and_refills")]

    operations = [
        migrations.AddField("post", "link_key", models.CharField(max_length=64, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            "post",
            models.UniqueConstraint(
                condition=Q(link_key__isnull=False),
                fields=["panel", "subscription", "link_key"],
                name="post_key_once",
            ),
        ),
    ]
