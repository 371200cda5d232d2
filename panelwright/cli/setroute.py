"""Show the routes of a service in the order in which they are tried, and change one of them."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """example:
  panelwright route list --panel acme --service 1
  panelwright route change --panel acme --service 1 --route 2 --first
  panelwright route change --panel acme --service 1 --route 2 --rate 0.85 --min 100 --max 5000
  panelwright route change --panel acme --service 1 --route 3 --disable

Routes are numbered as they are shown. Rates are in the provider's currency.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--service", type=int, required=True, metavar="NUMBER", help="number of the panel's service")
    parser.add_argument("--route", type=int, metavar="N", help="the route to change")
    parser.add_argument("--first", action="store_true", help="try it before all others")
    parser.add_argument("--rate", type=setup.amount, help="what the provider takes, in its currency")
    parser.add_argument("--min", type=setup.number, metavar="QUANTITY")
    parser.add_argument("--max", type=setup.number, metavar="QUANTITY")
    parser.add_argument("--step", type=setup.number, metavar="QUANTITY", help="it takes multiples of it")
    onoff = parser.add_mutually_exclusive_group()
    onoff.add_argument("--enable", action="store_true")
    onoff.add_argument("--disable", action="store_true", help="no order takes it")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.catalog.models import Service
    from panelwright.core import money
    from panelwright.providers.routing.route_actions import routes_of

    changes = {
        "enabled": True if args.enable else False if args.disable else None,
        "rate": None if args.rate is None else money.text(args.rate),
        "min": args.min,
        "max": args.max,
        "step": args.step,
    }
    panel = setup.panel(args.panel)
    with scope(panel=panel):
        service = Service.objects.filter(panel=panel, number=args.service).first()
        if service is None:
            raise CommandRefused(f"{panel.slug} has no service {args.service}")
        routes = routes_of(panel_id=panel.id, service_id=service.id)
        if args.route is not None:
            if not 1 <= args.route <= len(routes):
                raise CommandRefused(f"service {args.service} has {len(routes)} routes; there is no route {args.route}")
            route = routes[args.route - 1]
            setup.perform("route.set", panel=panel, target=route.id, given={**changes, "first": args.first or None})
            routes = routes_of(panel_id=panel.id, service_id=service.id)
        elif args.first or any(value is not None for value in changes.values()):
            raise CommandRefused("say which route with --route; without any change they are shown")
    for number, route in enumerate(routes, 1):
        rate = "rate not known" if route.rate_micros is None else f"rate {money.text(route.rate_micros)}"
        limits = f"{'?' if route.min is None else route.min} to {'?' if route.max is None else route.max}"
        notes = [
            *([f"in steps of {route.step}"] if (route.step or 1) > 1 else []),
            *([] if route.enabled else ["disabled"]),
            *([] if route.provider.enabled else ["its provider is disabled"]),
            *([] if route.available else ["not in its list"]),
            *([f"held: {', '.join(route.held['codes'])}"] if route.held else []),
            *(["the service follows it"] if route.in_step else []),
        ]
        told = f", {', '.join(notes)}" if notes else ""
        there = f" service {route.upstream_service}" if route.upstream_service else ""
        print(f"{number}  {route.provider.name}{there}: {rate}, {limits}{told}")
    if not routes:
        print(f"Service {args.service} has no route: add one with `panelwright addroute`.")
    return 0
