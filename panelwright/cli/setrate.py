"""Set an exchange rate: what one unit of a provider's currency is worth in a panel's."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright setrate --from USD --to BRL --rate 5.43                 the host's, for every panel
  panelwright setrate --from USD --to BRL --rate 5.50 --panel acme    one panel's own, which stands before it
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
    from contextlib import nullcontext

    from django_scopes import scope

    from panelwright.providers.sync_actions import set_exchange_rate

    panel = setup.panel(args.panel) if args.panel else None
    with scope(panel=panel) if panel else nullcontext():
        try:
            set_exchange_rate(
                currency=args.currency,
                target=args.target,
                rate_e12=args.rate,
                panel_id=panel.id if panel else None,
            )
        except ValueError as error:
            raise Refused(str(error)) from None
    whose = f"for {panel.slug}" if panel else "for every panel that has no rate of its own"
    print(f"1 {args.currency} is worth {Decimal(args.rate).scaleb(-12).normalize():f} {args.target} {whose}.")
    return 0
