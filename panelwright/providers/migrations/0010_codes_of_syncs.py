"""What is wrong with a provider's list becomes a code with facts."""

import json
from typing import Any

from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    """The next round finds the code; until then the words of before stand as a fact."""
    providers = apps.get_model("providers", "Provider")._base_manager
    for row in providers.exclude(sync_problem="").order_by("id").iterator():
        facts = json.dumps({"said": row.sync_problem[:1000]}, ensure_ascii=False)
        providers.filter(id=row.id).update(sync_problem_code="noted", sync_problem_facts=facts)


class Migration(migrations.Migration):
    dependencies = [("providers", "0009_lists_of_a_panel")]

    operations = [
        migrations.AddField(
            "provider", "sync_problem_code", models.CharField(max_length=40, default="", db_default="", blank=True)
        ),
        migrations.AddField("provider", "sync_problem_facts", models.TextField(default="", db_default="", blank=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveField("provider", "sync_problem"),
    ]
