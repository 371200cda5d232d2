"""The writes of post sources: adding them, claiming feeds that are due, and writing down what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import clock, limits, signatures, sql
from panelwright.core.refusal import Refused
from panelwright.core.secret import installation_box
from panelwright.core.transport import split_url
from panelwright.events.actions import NewEvent, record
from panelwright.orders.post_rules import ReportedPost, username_key
from panelwright.orders.schedule_actions import following, record_posts
from panelwright.providers.models import PostSource, SourceKind
from panelwright.providers.posts import post_rules
from panelwright.providers.posts.feeds import FeedEntry

EVERY_MAX_MIN = 24 * 60
URL_MAX = 2000
PROBLEM_MAX = 500

# The queue of all panels, like that of the orders: each row names its panel, and only that is written to.
_DUE = sql.Query(
    "SELECT id, panel_id, username, url, etag, last_modified, read_at, every_min FROM providers_postsource"
    " WHERE due_at <= ? AND enabled AND kind = 'feed' AND (lease_until IS NULL OR lease_until <= ?)"
    " AND NOT panel_id :in_int ORDER BY due_at LIMIT ? :skip_locked"
)
_ANY = sql.Query("SELECT 1 FROM providers_postsource WHERE due_at <= ? AND enabled LIMIT 1")
_CLAIM = sql.Query("UPDATE providers_postsource SET lease_until = ?, due_at = ? WHERE panel_id = ? AND id = ?")
_OURS = sql.Query(
    "SELECT failures, problem FROM providers_postsource WHERE panel_id = ? AND id = ? AND lease_until = ? :for_update"
)
_READ = sql.Query(
    "UPDATE providers_postsource SET due_at = ?, lease_until = NULL, etag = ?, last_modified = ?, read_at = ?,"
    " failures = ?, problem = ? WHERE panel_id = ? AND id = ?"
)


class Feed(NamedTuple):
    """A claimed feed. `claimed_at` is the time before which whatever it holds was published."""

    id: int
    panel_id: int
    username: str
    url: str
    etag: str
    last_modified: str
    read_at: datetime | None
    every_min: int
    claimed_at: datetime
    lease_until: datetime


class FeedOutcome(NamedTuple):
    """What came of reading a feed. `entries` None: it has not changed, or there was a `problem`."""

    entries: Sequence[FeedEntry] | None = None
    problem: str = ""
    etag: str = ""
    last_modified: str = ""
    retry_after_s: int | None = None


def add_feed(*, panel_id: int, url: str, username: str, every_min: int = 10) -> PostSource:
    """Read a feed for the posts of a user. Raises ValueError when something is wrong."""
    try:
        split_url(url)
    except ValueError:
        raise Refused("bad_url", "url") from None
    username = username.strip()
    if not username_key(username) or len(username) > 500:
        raise Refused("bad_feed_username", "username")
    if len(url) > URL_MAX:
        raise Refused("text_too_long", "url", limit=URL_MAX)
    if not 1 <= every_min <= EVERY_MAX_MIN:
        raise Refused("number_out_of_range", "every", least=1, most=EVERY_MAX_MIN)
    with transaction.atomic():
        if PostSource.objects.filter(panel_id=panel_id, kind=SourceKind.FEED, username=username, url=url).exists():
            raise Refused("feed_known", "url", username=username)
        source: PostSource = PostSource.objects.create(
            panel_id=panel_id,
            kind=SourceKind.FEED,
            username=username,
            url=url,
            every_min=every_min,
            due_at=clock.now(),
        )
    return source


def add_webhook(*, panel_id: int) -> tuple[PostSource, str]:
    """Let somebody tell of posts. Answers the source and its secret, which is not shown again."""
    secret = signatures.new_secret()
    source = PostSource.objects.create(
        panel_id=panel_id, kind=SourceKind.WEBHOOK, sealed_secret=installation_box().seal(secret)
    )
    return source, secret


def remove_source(*, panel_id: int, source_id: int) -> bool:
    """What was heard from it stays. False when the panel has no such source."""
    return bool(PostSource.objects.filter(panel_id=panel_id, id=source_id).delete()[0])


def claim_feeds(limit: int, *, reading: Mapping[int, int] | None = None) -> list[Feed]:
    """Up to `limit` feeds that are due, leased to the caller.

    `reading`: how many of each panel the caller reads already; no panel gets more than FEEDS_OF_PANEL_MAX at once.
    """
    taken = Counter(reading or {})
    now = clock.now()
    at = sql.moment(connection, now)
    if not _ANY.rows(connection, at):
        return []
    lease_until = now + post_rules.LEASE
    until = sql.moment(connection, lease_until)
    full = [panel_id for panel_id, count in taken.items() if count >= limits.FEEDS_OF_PANEL_MAX]
    with transaction.atomic(durable=True):
        rows = []
        for row in _DUE.rows(connection, at, at, full, limit):
            if taken[row[1]] < limits.FEEDS_OF_PANEL_MAX:
                taken[row[1]] += 1
                rows.append(row)
        for row in rows:
            # Due again when the lease ends: then its reader has died.
            _CLAIM.run(connection, until, until, row[1], row[0])
    return [Feed._make((*row[:6], sql.aware(row[6]), row[7], now, lease_until)) for row in rows]


def wants_all(feed: Feed) -> bool:
    """Whether a subscription has not seen the feed's entries yet: then "not changed" would be no answer."""
    return any(
        post_rules.is_first_read(read_at=feed.read_at, placed_at=subscription.placed_at)
        for subscription in following(feed.panel_id, feed.username)
    )


def commit_read(feed: Feed, outcome: FeedOutcome) -> int:
    """Tell the subscriptions what was read, then write down that it was. Answers how many posts were new.

    Dying between the two is harmless: posts that were told of are known.
    """
    told = 0
    for subscription in following(feed.panel_id, feed.username) if outcome.entries else []:
        if subscription.placed_at >= feed.claimed_at:
            continue  # the feed is older than it; the next reading is its first
        first = post_rules.is_first_read(read_at=feed.read_at, placed_at=subscription.placed_at)
        posts = post_rules.heard(outcome.entries or [], placed_at=subscription.placed_at, first_read=first)
        told += len(_tell(feed.panel_id, subscription.id, posts))
    now = clock.now()
    with transaction.atomic(durable=True):
        ours = _OURS.rows(connection, feed.panel_id, feed.id, sql.moment(connection, feed.lease_until))
        if ours:
            _write(feed, outcome, failures=ours[0][0], before=ours[0][1], now=now)
    return told


def _write(feed: Feed, outcome: FeedOutcome, *, failures: int, before: str, now: datetime) -> None:
    problem = outcome.problem.replace("\x00", "")[:PROBLEM_MAX]
    failures = min(failures + 1, 1000) if problem else 0
    wait = post_rules.retry_after(failures) if problem else timedelta(minutes=feed.every_min)
    wait = max(wait, min(timedelta(seconds=outcome.retry_after_s or 0), post_rules.RETRY_MAX))
    # After a 304 or a failure, what the server said with the last whole answer stands.
    kept = outcome if outcome.entries is not None else feed
    _READ.run(
        connection,
        sql.moment(connection, now + wait),
        kept.etag if len(kept.etag) <= 300 else "",
        kept.last_modified if len(kept.last_modified) <= 100 else "",
        sql.moment(connection, feed.read_at if problem else feed.claimed_at),
        failures,
        problem,
        feed.panel_id,
        feed.id,
    )
    if bool(problem) != bool(before):
        name = "post_source.problem" if problem else "post_source.recovered"
        facts = {"username": feed.username, "problem": problem or before}
        record([NewEvent(feed.panel_id, name, feed.id, facts)], now=now)


def hear(*, panel_id: int, username: str, posts: Sequence[ReportedPost]) -> int:
    """Tell every open subscription to a user of posts. Answers how many of them one had not known."""
    new: set[str] = set()
    for subscription in following(panel_id, username):
        new.update(_tell(panel_id, subscription.id, posts))
    return len(new)


def _tell(panel_id: int, subscription_id: int, posts: Sequence[ReportedPost]) -> list[str]:
    try:
        return record_posts(panel_id=panel_id, subscription_id=subscription_id, posts=posts)
    except ValueError:
        return []  # it has ended since it was looked up; the links were checked before
