"""Let a panel answer on one more host."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """example:
  panelwright domain add --panel acme --host panel.example.com

Links in letters lead to the host that the visitor used, if the panel names it, else to the first host that it
names. A panel that names none, only *:PORT, sends letters to visitors of its own machine and network only.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--domain", required=True, metavar="HOST[:PORT]", help="without a port: on every port")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.catalog.declarations import parse_domain

    panel = setup.panel(args.panel)
    try:
        host, port = parse_domain(args.domain)
    except ValueError as error:
        raise CommandRefused(str(error)) from None
    with scope(panel=panel):
        setup.perform("domain.add", panel=panel, given={"host": host, "port": port})
    print(f"{panel.slug} answers on {args.domain}.")
    return 0
