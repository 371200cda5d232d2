"""Reading the feeds that are due: claim, fetch with no transaction open, write down."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.conf import settings
from django.db import close_old_connections, connections

from panelwright.core import limits
from panelwright.core.loop import IDLE_S, let_go
from panelwright.core.said import said
from panelwright.core.transport import NoResponse, NotSent, Transport
from panelwright.orders import fields
from panelwright.providers.posts import feed_child, post_actions
from panelwright.providers.posts.feeds import FeedEntry
from panelwright.providers.posts.post_actions import Feed, FeedOutcome

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml, */*;q=0.1"
# What has been fetched is read one at a time, in a child: sending orders has the other processor.
_READING = threading.Lock()


class Feeds:
    """`read` is the round of a loop. A slow feed holds up only itself, the feeds of one panel only that panel's."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(limits.FEEDS_AT_ONCE_MAX, thread_name_prefix="feed")
        self._on_the_way: dict[Future[None], int] = {}

    def read(self) -> int:
        """Begin with what is due, as far as there is room, and wait a moment for what ends. Answers on how many."""
        room = limits.FEEDS_AT_ONCE_MAX - len(self._on_the_way)
        claimed = post_actions.claim_feeds(room, reading=Counter(self._on_the_way.values())) if room else []
        for feed in claimed:
            self._on_the_way[self._readers.submit(_read, feed)] = feed.panel_id
        if not self._on_the_way:
            return 0
        let_go()
        done, _ = wait(self._on_the_way, IDLE_S, return_when=FIRST_COMPLETED)
        for future in done:
            del self._on_the_way[future]
        # Neither: all that is due waits for servers, and the loop waits a little too.
        return len(done) + len(claimed)

    def on_the_way(self) -> int:
        return len(self._on_the_way)

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)


def _read(feed: Feed) -> None:
    try:
        whole = post_actions.wants_all(feed)
        let_go()
        post_actions.commit_read(feed, fetch(feed, whole=whole))
    except Exception:
        log.exception("reading the feed of post source %d failed and is tried again", feed.id)
    finally:
        close_old_connections()
        connections.close_all()


def good(entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Those whose link a provider can look up."""
    return [entry for entry in entries if fields.good_link(entry.link)]


def fetch(feed: Feed, *, whole: bool) -> FeedOutcome:
    """Ask the feed's server. `whole`: also when nothing has changed. Never raises for what a server does."""
    try:
        transport = Transport(
            url=feed.url,
            allow_private=settings.ALLOW_PRIVATE_PROVIDERS,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=limits.FEED_SECONDS_MAX,
            max_bytes=limits.FEED_BYTES_MAX,
            secrets=(),
        )
    except ValueError as error:
        return FeedOutcome(problem=str(error))
    headers = {"Accept": _ACCEPT}
    if feed.etag and not whole:
        headers["If-None-Match"] = feed.etag
    if feed.last_modified and not whole:
        headers["If-Modified-Since"] = feed.last_modified
    try:
        reply = transport.get(headers)
    finally:
        transport.close()
    if isinstance(reply, NotSent | NoResponse):
        return FeedOutcome(problem=reply.text)
    if reply.status == 304 and not whole:
        return FeedOutcome()
    if reply.status != 200:
        moved = 300 <= reply.status < 400 and reply.location
        told = said("feed_moved" if moved else "feed_status", status=reply.status, url=reply.location[:200])
        return FeedOutcome(problem=told, retry_after_s=reply.retry_after_s)
    if reply.broke:
        return FeedOutcome(problem=reply.broke)
    try:
        with _READING:
            entries = good(feed_child.read(reply.body, url=feed.url))
    except ValueError as error:
        return FeedOutcome(problem=str(error))
    return FeedOutcome(entries, etag=reply.etag, last_modified=reply.last_modified)
