"""The demonstration's customers: a program that places an order now and then, as resellers do.

They are other people than the customer of demo.json, whose balance they leave alone.
"""

from __future__ import annotations

import argparse
import random
import signal
import threading

from panelwright.cli import setup
from panelwright.cli.processes import stop_with_parent

EVERY_S = (4.0, 15.0)
OPENING_BALANCE = 5_000


def configure(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    setup.django()
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    stop_with_parent()
    customers = _customers()
    draw = random.Random()
    while customers and not stop.wait(draw.uniform(*EVERY_S)):
        _order(*draw.choice(customers), draw)
    return 0


def _customers() -> list[tuple[int, str]]:
    """(customer id, preset) of one lively customer a panel, made when it is missing."""
    import secrets

    from django_scopes import scope

    from panelwright.core import clock, money
    from panelwright.customers.actions import create_customer
    from panelwright.customers.models import Customer
    from panelwright.ledger.actions import credit_customer
    from panelwright.ledger.models import TransferCode
    from panelwright.panels.models import Panel
    from panelwright.panels.presets import names

    found = []
    for panel in Panel.objects.filter(slug__in=names()):
        email = f"dora@{panel.slug}.example"
        with scope(panel=panel):
            customer = Customer.objects.filter(panel=panel, user__email=email).first()
            if customer is None:
                password = secrets.token_urlsafe(12)
                customer = create_customer(panel_id=panel.id, email=email, password=password)
            credit_customer(
                panel_id=panel.id,
                account_id=customer.account_id,
                amount_micros=OPENING_BALANCE * money.MICROS,
                code=TransferCode.BONUS,
                reference="demo-dora",
                now=clock.now(),
            )
            found.append((customer.id, panel.slug))
    return found


def _order(customer_id: int, preset: str, draw: random.Random) -> None:
    from panelwright.catalog.types import BY_NAME
    from panelwright.cli.demo_history import order_params
    from panelwright.customers.access import Caller
    from panelwright.orders.actions import place_orders
    from panelwright.orders.rules import PlaceOrder
    from panelwright.panels.presets import load

    sold = [s for s in load(preset).services if not BY_NAME[s.type].subscription]
    service = draw.choice(sold)
    params = order_params(service, draw)
    if service.drip_feed and draw.random() < 0.2:
        params |= {"runs": "3", "interval": "1"}
    # Refused without funds, as for anybody: then this customer just watches.
    place_orders([PlaceOrder(Caller(customer_id=customer_id), params)])
