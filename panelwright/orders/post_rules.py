"""What a post is to a subscription: whose it is, old or new, and when it is ordered for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

# Of one telling: what a feed or a webhook may bring at once.
POSTS_MAX = 200


class ReportedPost(NamedTuple):
    """A post as it was told of. `published_at` None: not known. `old` None: to be seen from that time."""

    link: str
    published_at: datetime | None = None
    old: bool | None = None


def username_key(username: str) -> str:
    """What two spellings of a user's name have in common: case and one leading @ make no difference.

    The one place that says so; subscriptions, feeds and webhooks are compared by this.
    """
    return username.strip().removeprefix("@").casefold()


def is_old(post: ReportedPost, *, placed_at: datetime) -> bool:
    """Whether it existed before the subscription did. Without a date it is new, unless said otherwise."""
    if post.old is not None:
        return post.old
    return post.published_at is not None and post.published_at < placed_at


def order_at(published_at: datetime | None, *, delay_min: int, now: datetime) -> datetime:
    """When the delay after a post is over: counted from its publication, but never in the past.

    A publication in the future, or an unknown one, counts as now.
    """
    start = now if published_at is None else min(published_at, now)
    return max(start + timedelta(minutes=delay_min), now)


def within(pauses: Sequence[tuple[datetime, datetime]], published_at: datetime | None) -> bool:
    """Whether a post was published during one of the pauses (begin, end). An unknown time is in none."""
    return published_at is not None and any(begin <= published_at < end for begin, end in pauses)
