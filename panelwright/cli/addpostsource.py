"""Hear of new posts, for subscriptions: from a feed of a user, or from a webhook that tells of any user."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused
from panelwright.cli.secret_options import add_address_to

EXAMPLE = """examples:
  panelwright post-source add-feed --panel acme --url https://anna.example/feed.xml --username anna --every 10
  panelwright post-source add-feed --panel acme --url-file feed-with-token.txt --username anna
  panelwright post-source add-webhook --panel acme
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    kind = parser.add_mutually_exclusive_group(required=True)
    add_address_to(kind, "--feed", dest="feed", help="an RSS, Atom or JSON feed")
    kind.add_argument("--webhook", action="store_true", help="a signed webhook; its secret is shown once")
    parser.add_argument("--username", help="with --feed: whose posts it has, as subscriptions name them")
    parser.add_argument("--every", type=int, metavar="MINUTES", help="with --feed: how often it is read (default 10)")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.panels.models import Domain

    panel = setup.panel(args.panel)
    if args.webhook and (args.username or args.every is not None):
        raise CommandRefused("a webhook names the user with each post: leave --username and --every out")
    if args.feed and not args.username:
        raise CommandRefused("say with --username whose posts the feed has")
    with scope(panel=panel):
        if args.webhook:
            done = setup.perform("post_source.add_webhook", panel=panel)
            hosts = [domain.host for domain in Domain.objects.filter(panel=panel, confirmed=True).order_by("id")[:1]]
            host = hosts[0] if hosts and hosts[0] != "*" else "the panel's own host"
            print(f"Post source {done.target} is added. Send posts to https://{host}/hooks/posts/{done.target}")
            print(f"Secret, shown only now: {done.shown['secret']}")
            return 0
        given = {"url": args.feed, "username": args.username, "every": args.every}
        done = setup.perform("post_source.add_feed", panel=panel, given=given)
    every_min, username = done.after["every_min"], done.after["username"]
    print(f"Post source {done.target} is added: read every {every_min} minutes for {username}.")
    return 0
