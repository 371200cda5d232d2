"""What is wrong with a refill, and what came of a cancel, become codes with facts."""

import json
from typing import Any

from django.db import migrations, models

BATCH = 1_000
# The words of before that say what happened; whatever else stands there is somebody's own.
REFILLS = {
    "outcome unknown: the sender stopped in the middle": ("outcome_unknown", "why"),
    "no provider has this order: for staff to do": ("not_at_a_provider", ""),
    "the provider took it and gave no refill id": ("no_refill_id", ""),
}
CANCELS = {
    "accepted": ("cancel_accepted", ""),
    "cancelled before it was sent": ("canceled_unsent", ""),
    "the provider did not answer for this order": ("not_answered", ""),
}


def _of(text: str, known: dict[str, tuple[str, str]]) -> tuple[str, dict[str, str]]:
    if text in known:
        code, fact = known[text]
        return code, {fact: text.partition(": ")[2]} if fact else {}
    for start, code, fact in (
        ("the order has ended: ", "order_has_ended", "status"),
        ("outcome unknown: ", "outcome_unknown", "why"),
        ("the provider does not know its refill ", "refill_not_known", "upstream_id"),
    ):
        if text.startswith(start):
            return code, {fact: text.removeprefix(start)}
    return "noted", {"said": text}


def _fill(rows: Any, text: str, code: str, facts: str, known: dict[str, tuple[str, str]]) -> None:
    last = 0
    while True:
        found = list(rows.filter(id__gt=last).exclude(**{text: ""}).order_by("id")[:BATCH])
        for row in found:
            is_, told = _of(getattr(row, text), known)
            rows.filter(id=row.id).update(**{code: is_, facts: json.dumps(told, ensure_ascii=False) if told else ""})
        if len(found) < BATCH:
            return
        last = found[-1].id


def fill(apps: Any, schema_editor: Any) -> None:
    refills, cancels = (apps.get_model("orders", name)._base_manager for name in ("Refill", "Cancel"))
    _fill(refills, "problem", "problem_code", "problem_facts", REFILLS)
    _fill(cancels, "answer", "answer_code", "answer_facts", CANCELS)


class Migration(migrations.Migration):
    dependencies = [("orders", "0017_lists_of_a_panel")]

    operations = [
        migrations.AddField(
            "refill", "problem_code", models.CharField(max_length=40, default="", db_default="", blank=True)
        ),
        migrations.AddField("refill", "problem_facts", models.TextField(default="", db_default="", blank=True)),
        migrations.AddField(
            "cancel", "answer_code", models.CharField(max_length=40, default="", db_default="", blank=True)
        ),
        migrations.AddField("cancel", "answer_facts", models.TextField(default="", db_default="", blank=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveField("refill", "problem"),
        migrations.RemoveField("cancel", "answer"),
    ]
