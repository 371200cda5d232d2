"""An order's problem becomes a code with facts, and what an order costs the panel gets its columns."""

import json
from typing import Any

from django.db import migrations, models
from django.db.models import Q

BATCH = 1_000


def _code_of(problem: str) -> str:
    if problem.startswith("outcome unknown, asking again"):
        return "outcome_asked_again"
    return "outcome_unknown" if problem.startswith("outcome unknown") else "noted"


def fill(apps: Any, schema_editor: Any) -> None:
    """What was noted in words becomes a code; its words are kept as a fact."""
    orders = apps.get_model("orders", "Order")._base_manager
    last = 0
    while True:
        rows = list(orders.filter(id__gt=last, ended_at=None).exclude(problem="").order_by("id")[:BATCH])
        for row in rows:
            code = _code_of(row.problem)
            said = {"said": row.problem} if code == "noted" else {"why": row.problem.partition(": ")[2]}
            orders.filter(id=row.id).update(
                problem_code=code, problem_facts=json.dumps(said, ensure_ascii=False), problem_at=row.created_at
            )
        if len(rows) < BATCH:
            return
        last = rows[-1].id


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_standing")]

    operations = [
        migrations.AddField(
            "order", "problem_code", models.CharField(max_length=40, default="", db_default="", blank=True)
        ),
        migrations.AddField("order", "problem_facts", models.TextField(default="", db_default="", blank=True)),
        migrations.AddField("order", "problem_at", models.DateTimeField(null=True)),
        migrations.AddField("order", "chosen_route_id", models.BigIntegerField(null=True)),
        migrations.AddField("order", "sent_anew", models.SmallIntegerField(default=0, db_default=0)),
        migrations.AddField("order", "cost_micros", models.BigIntegerField(null=True)),
        migrations.AddField("order", "cost_rate_e12", models.BigIntegerField(null=True)),
        migrations.AddField("order", "cost_told", models.BooleanField(default=False, db_default=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveField("order", "problem"),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                condition=Q(cost_micros__gte=0) | Q(cost_micros__isnull=True, cost_told=False), name="order_cost"
            ),
        ),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                condition=Q(problem_code="", problem_at__isnull=True)
                | (~Q(problem_code="") & Q(problem_at__isnull=False)),
                name="order_problem_since",
            ),
        ),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["panel", "id"], condition=Q(problem_code__gt="", ended_at__isnull=True), name="order_problem"
            ),
        ),
    ]
