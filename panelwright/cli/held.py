"""Show what a provider's list says that a person has to look at, and decide."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

if TYPE_CHECKING:
    from panelwright.providers.sync.hold_actions import Held

EXAMPLE = """example:
  panelwright held list --panel acme
  panelwright held decide --panel acme --service 12 --accept
  panelwright held decide --panel acme --service 12 --reject
  panelwright held decide --panel acme --provider north --only rate_up --all --accept

A rate that jumps, a rate of 0, and a service that has become another one do not count until somebody says so;
meanwhile the service is not sold. What is accepted counts from now on. What is rejected is not asked again.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--provider", metavar="NAME")
    parser.add_argument("--service", type=int, metavar="NUMBER", help="number of the panel's service")
    parser.add_argument("--only", metavar="WHY", help="rate_up, rate_down, free, type or name")
    parser.add_argument("--all", action="store_true", help="decide about all that are shown")
    verdict = parser.add_mutually_exclusive_group()
    verdict.add_argument("--accept", action="store_true", help="the list is right: rate, name and type count")
    verdict.add_argument("--reject", action="store_true", help="leave it off sale, and do not ask again")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.catalog.models import Service
    from panelwright.providers.sync import hold_actions, holding

    panel = setup.panel(args.panel)
    if args.only is not None and args.only not in holding.IN_WORDS:
        raise CommandRefused(f"--only {args.only}: write one of {', '.join(holding.IN_WORDS)}")
    decides = args.accept or args.reject
    if decides and args.service is None and not args.all:
        raise CommandRefused("say which with --service, or --all for everything that is shown")
    with scope(panel=panel):
        provider = None if args.provider is None else setup.provider(panel, args.provider)
        service = None
        if args.service is not None:
            service = Service.objects.filter(panel=panel, number=args.service).first()
            if service is None:
                raise CommandRefused(f"{panel.slug} has no service {args.service}")
        routes = hold_actions.held_routes(
            panel_id=panel.id,
            provider_id=None if provider is None else provider.id,
            service_id=None if service is None else service.id,
        )
        routes = [route for route in routes if args.only is None or args.only in route.codes]
        if not decides:
            show(routes)
            return 0
        if not routes:
            raise CommandRefused("nothing is held there")
        verb = "accept" if args.accept else "reject"
        events = [
            event
            for route in routes
            for event in setup.perform(f"held.{verb}", panel=panel, target=route.route_id).shown["changes"]
        ]
    for event in events:
        print(f"{event['event']}: {setup.facts_text(event['facts'])}")
    return 0


def show(routes: list[Held]) -> None:
    from panelwright.providers.sync import holding

    for route in routes:
        print(f"service {route.service} {route.name[:60]}: {route.provider} {route.theirs}")
        why = "; ".join(f"{holding.IN_WORDS[code]} ({code})" for code in route.codes)
        print(f"  since {route.since:%Y-%m-%d %H:%M}: {why}{', rejected' if route.rejected else ''}")
        old, new = holding.sides({"codes": route.codes, "old": route.old, "new": route.new})
        for key in new:
            print(f"  {key:<5} {old[key] or 'not known'} -> {new[key] or 'not known'}")
    if not routes:
        print("Nothing is held.")
