"""Show or change how a service is sold: in which quantities, and for links to what."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """examples:
  panelwright setservice --panel acme --service 1
  panelwright setservice --panel acme --service 1 --step 100
  panelwright setservice --panel acme --service 1 --link-hosts telegram --link-kind post
  panelwright setservice --panel acme --service 1 --link-hosts instagram,tiktok --link-kind post,video
      --link-example https://www.instagram.com/p/C1a2B3c4D5e/
  panelwright setservice --panel acme --service 1 --link-hosts "" --link-kind ""

A step of 1 is none. Hosts are hosts, or sites of the table that `panelwright linkkinds` lists; an empty text takes a
rule back. What is not given stays. It holds from the next order on.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--service", type=int, required=True, metavar="NUMBER")
    parser.add_argument("--step", type=setup.number, metavar="QUANTITY", help="quantities are multiples of it")
    parser.add_argument("--link-hosts", metavar="SITES", help="sites or hosts that a link may lead to, with commas")
    parser.add_argument("--link-kind", metavar="KINDS", help="what a link must lead to, with commas: post,video")
    parser.add_argument("--link-example", metavar="URL", help="a link that fits, for the order form")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.catalog.actions import LinkNeeds, set_terms

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        service = setup.service(panel, args.service)
        link = None
        if any(given is not None for given in (args.link_hosts, args.link_kind, args.link_example)):
            link = LinkNeeds(
                hosts=_listed(args.link_hosts, service.link_hosts),
                kinds=_listed(args.link_kind, service.link_kinds),
                example=service.link_example if args.link_example is None else args.link_example,
            )
        try:
            set_terms(panel_id=panel.id, number=args.service, step=args.step, link=link)
        except ValueError as error:
            raise Refused(str(error)) from None
        service = setup.service(panel, args.service)
    print(f"{service.number}  {service.name}, {service.type}")
    step = f" in steps of {service.step}" if service.step > 1 else ""
    print(f"quantity: {service.min} to {service.max}{step}")
    links_told = [
        f"to {service.link_hosts}" if service.link_hosts else "",
        f"of the kind {service.link_kinds}" if service.link_kinds else "",
        f"such as {service.link_example}" if service.link_example else "",
    ]
    print(f"links: {' '.join(told for told in links_told if told) or 'any'}")
    return 0


def _listed(given: str | None, kept: str) -> list[str]:
    text = kept if given is None else given
    return [part for part in text.split(",") if part.strip()]
