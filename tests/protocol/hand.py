"""A hand inside the served panel: brings orders and refills to their ends, and looks into the books.

A process of its own on the panel's database, because the tests' own Django is on another. It reads a
JSON object a line and answers one: `python -m tests.protocol.hand`. Ends go through the product's own
settling, with the clock set to when they are to have happened.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any


def open_panel(*, preset: str, slug: str, port: int, email: str, micros: int) -> dict[str, Any]:
    """What createpanel, createcustomer, credit and createkey do, one after the other."""
    from panelwright.catalog.panel_actions import build_panel
    from panelwright.core import clock
    from panelwright.customers.actions import create_customer, create_key
    from panelwright.ledger.actions import credit_customer
    from panelwright.ledger.models import TransferCode
    from panelwright.panels import presets

    panel = build_panel(presets.load(preset), slug=slug, domains=[("*", port)])
    customer = create_customer(panel_id=panel.id, email=email, password="correct horse")
    credit_customer(
        panel_id=panel.id,
        account_id=customer.account_id,
        amount_micros=micros,
        code=TransferCode.ADJUSTMENT,
        reference="for the tests",
        now=clock.now(),
    )
    return {"key": create_key(customer=customer)[1]}


def prepare() -> dict[str, Any]:
    """Every service can be refilled and cancelled: the tests ask for both of each type. And a number names an order
    here without its panel."""
    from panelwright.catalog.models import Service
    from panelwright.panels import numbers
    from panelwright.panels.actions import catalog_changed
    from panelwright.panels.models import Noun, Panel

    for panel in Panel.objects.all():
        for noun in Noun:
            numbers.raise_next(panel.id, noun, panel.id * 10**6 + 1)
        Service.objects.filter(panel=panel).update(refill=True, refill_days=30, cancel=True)
        Panel.objects.filter(id=panel.id).update(per_minute_max=None)
        catalog_changed(panel.id)
    return {}


def service(*, panel: str, type_name: str) -> dict[str, Any]:
    from panelwright.catalog.models import Service

    rows = Service.objects.filter(panel__slug=panel, type=type_name, unique_link=False)
    return {"number": rows.order_by("-drip_feed", "number").values_list("number", flat=True)[0]}


def end(
    *, order: int, status: str, remains: int = 0, start_count: int | None = None, days: float = 2
) -> dict[str, Any]:
    """End an order as a provider's report would have, `days` ago."""
    from django.db import transaction

    from panelwright.core import clock
    from panelwright.orders import lifecycle, settling
    from panelwright.orders.models import Order

    id_ = Order.objects.get(number=order).id
    now = clock.now() - timedelta(days=days)
    with transaction.atomic():
        changes = lifecycle.OrderChanges(lifecycle.lock([id_]), now)
        changes.apply(settling.settle(changes.orders[id_], settling.Report(status, start_count, remains), now))
        changes.write()
    return {}


def refill(*, refill: int, status: str) -> dict[str, Any]:
    """Bring a refill to a word, as a provider's report would have."""
    from panelwright.core import clock
    from panelwright.orders.models import Refill
    from panelwright.orders.status import REFILL_ENDED

    ended = status in REFILL_ENDED
    changed = Refill.objects.filter(number=refill).update(
        status=status,
        state="done" if ended else "passed on",
        due_at=None,
        ended_at=clock.now() if ended else None,
    )
    return {"changed": changed}


def balance(*, panel: str, email: str) -> dict[str, Any]:
    from panelwright.customers.models import Customer

    return {"micros": Customer.objects.get(panel__slug=panel, user__email=email).account.balance_micros}


def faults() -> dict[str, Any]:
    """What the audit of all panels finds wrong."""
    from panelwright.orders.audit import audit
    from panelwright.panels.models import Panel

    return {"faults": [fault for panel in Panel.objects.all() for fault in audit(panel.id).faults]}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "panelwright.settings"
    import django

    django.setup()
    from django_scopes import scopes_disabled

    can = {f.__name__: f for f in (open_panel, prepare, service, end, refill, balance, faults)}
    for line in sys.stdin:
        asked = json.loads(line)
        with scopes_disabled():
            answer = can[asked.pop("do")](**asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
