"""Bring a panel's catalogue in step with a provider's list now, and look at our balance there."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright sync --panel acme --provider north
  panelwright sync --panel acme --provider north --accept     the list is right, whatever it has lost

A worker does it by itself, every hour or as `panelwright setprovider --sync-every` says.
Exit status: 0 done, 1 something is for you to look at.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--provider", required=True, metavar="NAME")
    parser.add_argument(
        "--accept", action="store_true", help="believe a list that is empty, or that has lost most of its services"
    )


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.providers.syncing import sync_one

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        provider = setup.provider(panel, args.provider)
    try:
        came = sync_one(provider.id, lambda row: setup.upstream(provider), accept=args.accept)
    except ValueError as error:
        raise Refused(str(error)) from None
    for event in came.events:
        print(f"{event.name}: {setup.facts_text(event.facts)}")
    if came.problem:
        raise Refused(came.problem)
    print(f"{len(came.events)} changes." if came.events else "Nothing has changed.")
    return 0
