"""Set an exchange rate: what one unit of a provider's currency is worth in a panel's."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright host-exchange-rate set --from USD --to BRL --rate 5.43       the host's, for every panel
  panelwright exchange-rate set --panel acme --from USD --to BRL --rate 5.50    one panel's own, which stands before it
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="currency", required=True, metavar="CODE", type=str.upper)
    parser.add_argument("--to", dest="target", required=True, metavar="CODE", type=str.upper)
    parser.add_argument("--rate", required=True, type=_rate_e12, metavar="NUMBER", help="with up to 12 decimals")
    parser.add_argument("--panel", metavar="SLUG")


def _rate_e12(text: str) -> int:
    try:
        value = Decimal(text).scaleb(12)
        if not 0 < value < 10**18 or value != int(value):
            raise InvalidOperation
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number above zero with up to 12 decimals") from None
    return int(value)


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel) if args.panel else None
    given = {"from": args.currency, "to": args.target, "rate": f"{Decimal(args.rate).scaleb(-12):f}"}
    if panel is None:
        setup.perform("host_exchange_rate.set", panel=None, given=given)
    else:
        with scope(panel=panel):
            setup.perform("exchange_rate.set", panel=panel, given=given)
    whose = f"for {panel.slug}" if panel else "for every panel that has no rate of its own"
    print(f"1 {args.currency} is worth {Decimal(args.rate).scaleb(-12).normalize():f} {args.target} {whose}.")
    return 0
