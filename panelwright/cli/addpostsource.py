"""Hear of new posts, for subscriptions: from a feed of a user, or from a webhook that tells of any user."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """examples:
  panelwright addpostsource --panel acme --feed https://anna.example/feed.xml --username anna --every 10
  panelwright addpostsource --panel acme --webhook
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--feed", metavar="URL", help="an RSS, Atom or JSON feed")
    kind.add_argument("--webhook", action="store_true", help="a signed webhook; its secret is shown once")
    parser.add_argument("--username", help="with --feed: whose posts it has, as subscriptions name them")
    parser.add_argument("--every", type=int, metavar="MINUTES", help="with --feed: how often it is read (default 10)")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.panels.models import Domain
    from panelwright.providers.post_actions import add_feed, add_webhook

    panel = setup.panel(args.panel)
    if args.webhook and (args.username or args.every is not None):
        raise Refused("a webhook names the user with each post: leave --username and --every out")
    if args.feed and not args.username:
        raise Refused("say with --username whose posts the feed has")
    with scope(panel=panel):
        if args.webhook:
            source, secret = add_webhook(panel_id=panel.id)
            hosts = [domain.host for domain in Domain.objects.filter(panel=panel).order_by("id")[:1]]
            host = hosts[0] if hosts and hosts[0] != "*" else "the panel's own host"
            print(f"Post source {source.id} is added. Send posts to https://{host}/hooks/posts/{source.id}")
            print(f"Secret, shown only now: {secret}")
            return 0
        try:
            every_min = 10 if args.every is None else args.every
            source = add_feed(panel_id=panel.id, url=args.feed, username=args.username, every_min=every_min)
        except ValueError as error:
            raise Refused(str(error)) from None
    print(f"Post source {source.id} is added: read every {source.every_min} minutes for {source.username}.")
    return 0
