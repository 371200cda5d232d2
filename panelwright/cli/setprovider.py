"""Change a provider's settings. What is not named stays as it is; without any, they are shown."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from panelwright.cli import setup
from panelwright.cli.secret_options import add_address, add_secret

EXAMPLE = """example:
  panelwright provider show --panel acme --provider north
  panelwright provider set north --panel acme --per-minute 300 --currency USD --low-balance 50
  echo "$NEW_KEY" | panelwright provider set north --panel acme --key -
  panelwright provider set north --panel acme --sync-every 30
  panelwright provider set north --panel acme --rise-max 3 --fall-max 0.25
  panelwright provider set north --panel acme --no-enabled
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--provider", required=True, metavar="NAME")
    add_address(parser, "--url", help="address of its API")
    add_secret(parser, "--key", help="our API key there")
    parser.add_argument("--currency", type=str.upper, metavar="CODE", help="of its rates and our balance there")
    parser.add_argument("--per-minute", type=int, metavar="N", help="requests a minute that it allows; 0: no limit")
    parser.add_argument("--low-balance", type=setup.amount, metavar="AMOUNT", help="say so when our balance is below")
    parser.add_argument("--sync-every", type=int, metavar="MINUTES", help="look at its list so often; 0: not by itself")
    parser.add_argument(
        "--currency-told-wrongly",
        action="store_true",
        help="it tells another currency with our balance, and counts in the one that is set all the same",
    )
    parser.add_argument(
        "--rise-max", type=times, metavar="TIMES", help="a rate above so many times what it was is held (2); 0: none is"
    )
    parser.add_argument(
        "--fall-max", type=times, metavar="TIMES", help="a rate below so many times what it was is held (0.5); 0: none"
    )
    onoff = parser.add_mutually_exclusive_group()
    onoff.add_argument("--enable", action="store_true", help="send it orders")
    onoff.add_argument("--disable", action="store_true", help="send it no more orders; those that it has are followed")


def times(text: str) -> int:
    """Hundredths of a factor such as 2.5."""
    try:
        value = Decimal(text) * 100
    except InvalidOperation:
        value = Decimal(-1)
    if not 0 <= value <= 100_000 or value != int(value):
        raise argparse.ArgumentTypeError(f"{text!r}: write a number from 0 to 1000 with up to two decimals")
    return int(value)


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.core import money, said
    from panelwright.providers.sync import sync_problems

    panel = setup.panel(args.panel)
    given = {
        "url": args.url,
        "key": args.key,
        "currency": args.currency,
        "per_minute": args.per_minute,
        "low_balance": None if args.low_balance is None else money.text(args.low_balance),
        "sync_every": args.sync_every,
        "rise_max": None if args.rise_max is None else f"{args.rise_max / 100:.2f}",
        "fall_max": None if args.fall_max is None else f"{args.fall_max / 100:.2f}",
        "currency_told_wrongly": args.currency_told_wrongly or None,
        "enabled": True if args.enable else False if args.disable else None,
    }
    with scope(panel=panel):
        provider = setup.provider(panel, args.provider)
        if any(value is not None for value in given.values()):
            setup.perform("provider.set", panel=panel, target=provider.id, given=given)
            provider.refresh_from_db()
    sync_problem = sync_problems.of(provider)
    balance = "not known" if provider.balance_micros is None else money.text(provider.balance_micros)
    for name, value in (
        ("address", provider.url),
        ("enabled", "yes" if provider.enabled else "no"),
        ("currency", provider.currency or f"{panel.currency}, as the panel"),
        ("currency told", provider.told_currency or "no currency"),
        ("rates are held", f"{above(provider.rise_max_e2)}, {below(provider.fall_max_e2)}"),
        ("requests a minute", provider.per_minute_max or "no limit"),
        ("balance there", balance),
        ("looked at every", f"{provider.sync_every_min} minutes" if provider.sync_due_at else "never by itself"),
        ("problem", said.words(provider.problem) or sync_problem or "none"),
    ):
        print(f"{name:<18} {value}")
    return 0


def above(rise_max_e2: int | None) -> str:
    return "not for rising" if rise_max_e2 is None else f"above {rise_max_e2 / 100:g} times what it was"


def below(fall_max_e2: int | None) -> str:
    return "not for falling" if fall_max_e2 is None else f"below {fall_max_e2 / 100:g} times"
