"""Add a provider to a panel: another panel with the same API, or the panel's own people.

The key of an upstream panel is stored encrypted. What goes to the panel's own people waits in a queue:
`panelwright queue` and `panelwright work`.
"""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.secret_options import add_address, add_secret

EXAMPLE = """example:
  echo "$UPSTREAM_KEY" | panelwright provider add --panel acme --name north --url https://north.example/api/v2 --key -
  panelwright provider add --panel acme --kind manual --name "our people"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--name", required=True)
    parser.add_argument("--manual", action="store_true", help="the panel's own people: no address and no key")
    add_address(parser, "--url", help="address of its API")
    parser.add_argument("--transport", metavar="NAME", help="what its address speaks; panel_v2 unless given")
    add_secret(parser, "--key", help="our API key there")
    parser.add_argument(
        "--knows-request-id",
        action="store_true",
        help="a repeat of an order with its request_id gives the first order (another Panelwright does)",
    )
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace) -> int:
    if args.manual and (args.url or args.key or args.transport or args.knows_request_id):
        args.wrong_usage("--manual takes a name and nothing else: the panel's own people have no address and no key")
    if not args.manual and not (args.url and args.key):
        args.wrong_usage("an upstream panel needs --url and --key; the panel's own people are added with --manual")
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    given = {
        "name": args.name,
        "kind": "manual" if args.manual else "api",
        "url": args.url,
        "key": args.key,
        "transport": args.transport,
        "knows_request_id": args.knows_request_id or None,
    }
    with scope(panel=panel):
        provider = setup.perform("provider.add", panel=panel, given=given)
    name = provider.after["name"]
    print(f"Provider {provider.target} {name} is added. Say what it delivers with `panelwright route add`.")
    return 0
