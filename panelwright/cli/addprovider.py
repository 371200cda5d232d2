"""Add an upstream provider to a panel: another panel with the same API. Its key is stored encrypted."""

from __future__ import annotations

import argparse
import sys

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  echo "$UPSTREAM_KEY" | panelwright addprovider --panel acme --name north --url https://north.example/api/v2 --key -
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--name", required=True)
    parser.add_argument("--url", required=True, help="address of its API")
    parser.add_argument("--key", required=True, help="our API key there; - reads it from standard input")
    parser.add_argument(
        "--knows-request-id",
        action="store_true",
        help="a repeat of an order with its request_id gives the first order (another Panelwright does)",
    )


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django.db import IntegrityError
    from django_scopes import scope

    from panelwright.providers.actions import add_provider

    panel = setup.panel(args.panel)
    key = sys.stdin.readline().strip() if args.key == "-" else args.key
    with scope(panel=panel):
        try:
            provider = add_provider(
                panel_id=panel.id, name=args.name, url=args.url, key=key, knows_request_id=args.knows_request_id
            )
        except ValueError as error:
            raise Refused(str(error)) from None
        except IntegrityError:
            raise Refused(f"{panel.slug} has a provider {args.name!r} already") from None
    print(f"Provider {provider.id} {provider.name} is added. Say what it delivers with `panelwright addroute`.")
    return 0
