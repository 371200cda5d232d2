"""Tell a panel of a new post of a user: every open subscription to that user orders for it."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright post --panel acme --username anna --link https://example.com/anna/posts/17
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--username", required=True, help="as it stands in the subscription")
    parser.add_argument("--link", required=True, help="address of the post")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.orders.schedule_actions import open_subscriptions, record_post

    panel = setup.panel(args.panel)
    subscriptions = open_subscriptions(panel.id, args.username)
    if not subscriptions:
        raise Refused(f"{panel.slug} has no open subscription to {args.username!r}")
    new = 0
    for subscription_id in subscriptions:
        try:
            new += record_post(panel_id=panel.id, subscription_id=subscription_id, link=args.link)
        except ValueError as error:
            raise Refused(str(error)) from None
    print(f"{new} of {len(subscriptions)} subscriptions had not been told of this post before.")
    return 0
