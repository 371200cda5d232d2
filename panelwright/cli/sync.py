"""Bring a panel's catalogue in step with a provider's list now, and look at our balance there."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.importservices import left_out
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright sync --panel acme --provider north
  panelwright sync --panel acme --provider north --dry-run    what it would change, and which rows it leaves out
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
    parser.add_argument("--dry-run", action="store_true", help="change nothing; name the rows that are left out, too")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.providers.syncing import sync_one

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        provider = setup.provider(panel, args.provider)
    try:
        came = sync_one(provider.id, lambda row: setup.upstream(provider), accept=args.accept, dry_run=args.dry_run)
    except ValueError as error:
        raise Refused(str(error)) from None
    for event in came.events:
        print(f"{event.name}: {setup.facts_text(event.facts)}")
    for row in came.left_out if args.dry_run else ():
        print(left_out(row))
    if came.problem:
        raise Refused(came.problem)
    would = " would be made" if args.dry_run else ""
    print(f"{len(came.events)} changes{would}." if came.events else "Nothing has changed.")
    held = sum(event.name == "route.held" for event in came.events)
    if held:
        raise Refused(f"{held} services wait for you: `panelwright held --panel {panel.slug}`")
    return 0
