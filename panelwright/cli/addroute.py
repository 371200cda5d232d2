"""Say which provider delivers a service, by which service of its own. The first route is tried first."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """example:
  panelwright route add --panel acme --service 1 --provider north --upstream-service 4711
  panelwright route add --panel acme --service 2 --provider "our people"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--service", type=int, required=True, metavar="NUMBER", help="number of the panel's service")
    parser.add_argument("--provider", required=True, metavar="NAME")
    parser.add_argument(
        "--upstream-service", metavar="ID", help="its id at the provider; the panel's own people need none"
    )
    parser.add_argument(
        "--upstream-type", default="", metavar="TYPE", help="its type there, where the provider's list cannot be read"
    )


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.catalog.models import Service
    from panelwright.providers.models import Provider, ProviderKind, Route

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        service = Service.objects.filter(panel=panel, number=args.service).first()
        if service is None:
            raise CommandRefused(f"{panel.slug} has no service {args.service}")
        provider = Provider.objects.filter(panel=panel, name=args.provider).first()
        if provider is None:
            raise CommandRefused(
                f"{panel.slug} has no provider {args.provider!r}; add it with `panelwright addprovider`"
            )
        by_hand = provider.kind == ProviderKind.MANUAL.value
        if not by_hand and not args.upstream_service:
            raise CommandRefused(f"{provider.name} sells by its own numbers: name its service with --upstream-service")
        given = {
            "service": args.service,
            "provider": args.provider,
            "upstream_service": args.upstream_service,
            "upstream_type": args.upstream_type or None,
        }
        made = setup.perform("route.add", panel=panel, given=given)
        if (
            not by_hand
            and not Route.objects.filter(panel=panel, id=made.target or 0).exclude(upstream_type="").exists()
        ):
            print(
                f"note: {provider.name} does not list its service {args.upstream_service} now: its type is not known."
            )
    there = f", service {args.upstream_service} there" if args.upstream_service else ""
    print(f"Service {args.service} goes to {provider.name}{there}.")
    return 0
