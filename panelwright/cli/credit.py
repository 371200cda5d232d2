"""Add money to a customer's balance, as a transfer from the panel's adjustment account."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright customer credit carol@example.com --panel acme --amount 25.00 --reference invoice-17

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

    from panelwright.core import money

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        customer = setup.customer(panel, args.customer)
        given = {"amount": args.amount, "reference": args.reference}
        booked = setup.perform("customer.credit", panel=panel, target=customer.number, given=given).shown["booked"]
        customer.account.refresh_from_db()
    if not booked:
        print(f"{args.reference} was booked before; nothing moved.")
    print(f"{customer.user.email} has {money.text(customer.account.balance_micros or 0)} {panel.currency}.")
    return 0
