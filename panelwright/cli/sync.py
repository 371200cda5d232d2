"""Bring a panel's catalogue in step with a provider's list now, and look at our balance there."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.importservices import left_out
from panelwright.cli.main import CommandRefused

EXAMPLE = """example:
  panelwright provider sync north --panel acme
  panelwright provider sync-preview --panel acme --provider north    what it would change, and which rows it leaves out
  panelwright provider sync north --panel acme --accept     the list is right, whatever it has lost

A worker does it by itself, every hour or as `panelwright provider set --sync-every` says.
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

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        provider = setup.provider(panel, args.provider)
    if args.dry_run:
        from panelwright.providers.sync.syncing import sync_one

        try:
            came = sync_one(provider.id, lambda row: setup.upstream(provider), accept=args.accept, dry_run=True)
        except ValueError as error:
            raise CommandRefused(str(error)) from None
        events, problem = [(event.name, event.facts) for event in came.events], came.problem
        rows, left = came.left_out, 0
    else:
        rows = []
        with scope(panel=panel):
            shown = setup.perform(
                "provider.sync", panel=panel, target=provider.id, given={"accept": args.accept or None}
            ).shown
            events, problem = [(event["event"], event["facts"]) for event in shown["changes"]], shown["problem"]
            left = shown["left"]
    for name, facts in events:
        print(f"{name}: {setup.facts_text(facts)}")
    for row in rows:
        print(left_out(row))
    if problem:
        raise CommandRefused(problem)
    would = " would be made" if args.dry_run else ""
    print(f"{len(events)} changes{would}." if events else "Nothing has changed.")
    if left:
        print(f"{left} more services follow: a worker brings them in step now.")
    held = sum(name == "route.held" for name, _ in events)
    if held:
        raise CommandRefused(f"{held} services wait for you: `panelwright held list --panel {panel.slug}`")
    return 0
