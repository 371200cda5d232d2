"""Tell a panel of a new post of a user: every open subscription to that user orders for it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """example:
  panelwright post report --panel acme --username anna --link https://example.com/anna/posts/17
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--username", required=True, help="as in the subscription; case and a leading @ do not matter")
    parser.add_argument("--link", required=True, help="address of the post")
    parser.add_argument("--published-at", metavar="TIME", help="ISO 8601, UTC without a zone; default: not known")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.providers.posts.feeds import moment

    published_at = moment(args.published_at)
    if published_at is None and args.published_at is not None:
        published_at = _at_the_end_of_time(args.published_at)
    if args.published_at is not None and published_at is None:
        raise CommandRefused(f"{args.published_at!r} is no time; write it as 2026-05-04T12:00:00Z")
    panel = setup.panel(args.panel)
    given = {
        "username": args.username,
        "link": args.link,
        "published_at": None if published_at is None else published_at.isoformat(),
    }
    with scope(panel=panel):
        told = setup.perform("post.report", panel=panel, given=given).shown
    print(f"{told['new']} of {told['subscriptions']} subscriptions had not been told of this post before.")
    return 0


def _at_the_end_of_time(text: str) -> datetime | None:
    """A time of the year 1 or 9999 that is in another year in UTC: the zone is left out. None when it is none."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        return None
