"""Take the second factor off a customer's account: her phone and her recovery codes are lost.

Make sure first who asks: whoever has her password logs in with it alone afterwards. She is told by e-mail, and
an event is kept.
"""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright customer reset-second-factor carol@example.com --panel acme
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--customer", required=True, metavar="EMAIL")
    parser.add_argument("--off", action="store_true", required=True, help="switch it off; only she can switch it on")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        customer = setup.customer(panel, args.customer)
        setup.perform("customer.reset_second_factor", panel=panel, target=customer.number)
    print("The second factor is off.")
    return 0
