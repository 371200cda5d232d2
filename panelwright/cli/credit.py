"""Add money to a customer's balance, as a transfer from the panel's adjustment account."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright credit --panel acme --customer carol@example.com --amount 25.00 --reference invoice-17

The same reference is booked once, however often the command is run.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--customer", required=True, metavar="EMAIL")
    parser.add_argument("--amount", required=True, help="in the panel's currency, like 25.00")
    parser.add_argument("--reference", required=True, help="what it is for; unique in the panel")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.core import clock, money
    from panelwright.ledger.actions import credit_customer
    from panelwright.ledger.models import Code

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        customer = setup.customer(panel, args.customer)
        try:
            booked = credit_customer(
                panel_id=panel.id,
                account_id=customer.account_id,
                amount_micros=money.parse(args.amount),
                code=Code.ADJUSTMENT,
                reference=args.reference,
                now=clock.now(),
            )
        except ValueError as error:
            raise Refused(str(error)) from None
        customer.account.refresh_from_db()
    if not booked:
        print(f"{args.reference} was booked before; nothing moved.")
    print(f"{customer.user.email} has {money.text(customer.account.balance_micros or 0)} {panel.currency}.")
    return 0
