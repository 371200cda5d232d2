"""Roles with rights. Staff and keys of before may do what they could do."""

from typing import Any

from django.db import migrations, models

# What the staff API offered, to whoever had a key.
_BEFORE = ["orders.read", "orders.act", "orders.refund", "customers.read", "support", "content"]


def keep_what_they_could_do(apps: Any, schema_editor: Any) -> None:
    apps.get_model("customers", "Staff").objects.filter(role="staff").update(role="orders", rights=["content"])
    apps.get_model("customers", "StaffKey").objects.update(rights=_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_address_attempts"), ("panels", "0003_look")]

    operations = [
        migrations.RemoveConstraint(model_name="staff", name="staff_role"),
        migrations.AddField(model_name="staff", name="rights", field=models.JSONField(default=list)),
        migrations.AddField(model_name="staffkey", name="rights", field=models.JSONField(default=list)),
        migrations.AlterField(model_name="staff", name="role", field=models.CharField(max_length=9)),
        migrations.RunPython(keep_what_they_could_do, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="staff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["owner", "manager", "orders", "support", "finance", "read_only", "custom"])
                ),
                name="staff_role",
            ),
        ),
    ]
