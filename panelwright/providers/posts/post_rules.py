"""What a feed's entries are to a subscription, and when a feed is read again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from panelwright.orders.post_rules import ReportedPost, is_old
from panelwright.providers.posts.feeds import FeedEntry

RETRY_MIN = timedelta(minutes=1)
RETRY_MAX = timedelta(hours=6)
LEASE = timedelta(minutes=5)
# A subscription is committed a little after the time that it bears: a reading in between did not see it.
SEEN_AFTER = timedelta(minutes=1)


def retry_after(failures: int) -> timedelta:
    """How long to leave a feed alone after so many failures in a row (1 or more)."""
    return min(RETRY_MIN * 2 ** min(failures - 1, 20), RETRY_MAX)


def is_first_read(*, read_at: datetime | None, placed_at: datetime) -> bool:
    """Whether the last reading, at `read_at`, may have come before the subscription."""
    return read_at is None or read_at < placed_at + SEEN_AFTER


def heard(entries: Sequence[FeedEntry], *, placed_at: datetime, first_read: bool) -> list[ReportedPost]:
    """The entries as posts: old ones first, the newest of them ahead; then the new ones, the oldest ahead.

    `first_read`: the feed was not read since the subscription was placed, so that an entry without
    a date may have existed before and counts as old.
    """
    posts = [_post(entry, placed_at=placed_at, first_read=first_read) for entry in entries]
    old = [post for post in posts if is_old(post, placed_at=placed_at)]
    new = [post for post in posts if not is_old(post, placed_at=placed_at)]
    # Sorting is stable: without dates the feed's own order stands, which is the newest first.
    old.sort(key=_date, reverse=True)
    new.reverse()
    new.sort(key=lambda post: post.published_at or datetime.max.replace(tzinfo=UTC))
    return old + new


def _post(entry: FeedEntry, *, placed_at: datetime, first_read: bool) -> ReportedPost:
    if entry.published_at is not None:
        return ReportedPost(entry.link, entry.published_at)
    surely_old = entry.changed_at is not None and entry.changed_at < placed_at
    return ReportedPost(entry.link, None, first_read or surely_old)


def _date(post: ReportedPost) -> datetime:
    return post.published_at or datetime.min.replace(tzinfo=UTC)
