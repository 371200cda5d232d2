"""Numbers where they begin: what stood in a database before there were any, and after a process was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

BEFORE = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

WHERE = [("orders", "0013_post_costs"), ("support", "0003_lists_of_a_panel"), ("events", "0004_sent_mail_is_forgotten")]
for app, name in WHERE:
    call_command("migrate", app, name, verbosity=0)
executor = MigrationExecutor(connection)
apps = executor.loader.project_state(WHERE).apps
of = apps.get_model
from django.utils import timezone
now = timezone.now()
for n, (slug, first) in enumerate([("low", 3), ("high", 5_000), ("idle", 0)]):
    panel = of("panels", "Panel").objects.create(slug=slug, name=slug, currency="USD", created_at=now)
    if not first:
        continue
    account = of("ledger", "Account").objects.create(panel=panel, kind="customer", balance_micros=0)
    user = of("customers", "User").objects.create(panel=panel, email=f"{slug}@example.com", password="x")
    customer = of("customers", "Customer").objects.create(panel=panel, user=user, account=account, created_at=now)
    category = of("catalog", "Category").objects.create(panel=panel, name="c", position=1)
    service = of("catalog", "Service").objects.create(
        panel=panel, number=1, category=category, name="s", type="Default", rate_micros=1, min=1, max=10
    )
    for id_ in (first, first + 4):
        order = of("orders", "Order").objects.create(
            id=id_, panel=panel, customer=customer, service=service, kind="drip-feed" if id_ == first else "plain",
            link="https://example.com/", quantity=10, rate_micros=0, booked_micros=0, charge_micros=0,
            status="Completed", remains=0, created_at=now, ended_at=now,
        )
        if id_ == first:
            of("orders", "Schedule").objects.create(
                order=order, panel=panel, customer=customer, runs=2, run_quantity=5, interval_min=1
            )
    of("orders", "Refill").objects.create(
        id=first + 7, panel=panel, order=order, customer=customer, status="Completed", state="done",
        created_at=now, ended_at=now,
    )
    of("support", "Ticket").objects.create(
        id=first + 9, panel=panel, customer=customer, subject="other", title="t", state="answered", words_wait=False,
        created_at=now, updated_at=now,
    )
"""
AFTER = """
import json
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django_scopes import scopes_disabled
from panelwright.orders.audit import audit
from panelwright.orders.models import Order, Refill, Schedule
from panelwright.panels import numbers
from panelwright.panels.models import Noun, Panel
from panelwright.support.models import Ticket
from django.db.models import F
with scopes_disabled():
    told = {}
    for panel in Panel.objects.all():
        nexts = [numbers.next_number(panel.id, noun) for noun in (Noun.ORDER, Noun.REFILL, Noun.TICKET)]
        kept = [
            list(rows.objects.filter(panel=panel).order_by("number").values_list("number", flat=True))
            for rows in (Order, Schedule, Refill, Ticket)
        ]
        told[panel.slug] = [nexts, kept, audit(panel.id).faults]
    others = [rows.objects.exclude(number=F("id")).count() for rows in (Order, Refill, Ticket)]
    others.append(Schedule.objects.exclude(number=F("order_id")).count())
print(json.dumps([told, others]))
"""


def test_what_was_there_keeps_its_id_as_its_number_and_the_next_lies_above(empty_database: str, tmp_path: Path) -> None:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "panelwright.settings",
        "PANELWRIGHT_DATABASE_URL": empty_database,
        "PANELWRIGHT_DATA": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", BEFORE], env=env, check=True)
    after = subprocess.run([sys.executable, "-c", AFTER], env=env, check=True, stdout=subprocess.PIPE)
    told, others = json.loads(after.stdout)
    assert others == [0, 0, 0, 0]
    assert told == {
        # Ids below 1001: numbers begin there all the same.
        "low": [[1001, 1001, 1001], [[3, 7], [3], [10], [12]], []],
        "high": [[5005, 5008, 5010], [[5000, 5004], [5000], [5007], [5009]], []],
        "idle": [[1001, 1001, 1001], [[], [], [], []], []],
    }
