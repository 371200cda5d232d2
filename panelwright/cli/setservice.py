"""Show or change how a service is sold: in which quantities, and for links to what."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """examples:
  panelwright service show --panel acme --service 1
  panelwright service set 1 --panel acme --step 100
  panelwright service set 1 --panel acme --link-hosts telegram --link-kinds post
  panelwright service set 1 --panel acme --link-hosts instagram,tiktok --link-kinds post,video
      --link-example https://www.instagram.com/p/C1a2B3c4D5e/
  panelwright service set 1 --panel acme --link-hosts "" --link-kinds ""

A step of 1 is none. Hosts are hosts, or sites of the table that `panelwright link-pattern list` lists; an empty text
takes a rule back. What is not given stays. It holds from the next order on.
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

    panel = setup.panel(args.panel)
    given = {
        "step": args.step,
        "link_hosts": _listed(args.link_hosts),
        "link_kinds": _listed(args.link_kind),
        "link_example": args.link_example,
    }
    with scope(panel=panel):
        setup.service(panel, args.service)
        if any(value is not None for value in given.values()):
            setup.perform("service.set", panel=panel, target=args.service, given=given)
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


def _listed(given: str | None) -> list[str] | None:
    return None if given is None else [part for part in given.split(",") if part.strip()]
