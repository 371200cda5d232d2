"""Reading the feeds that are due: claim, fetch with no transaction open, write down."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import close_old_connections, connections

from panelwright.core.transport import Lost, NotSent, Transport
from panelwright.providers import feeds, post_actions
from panelwright.providers.post_actions import Feed, Outcome

log = logging.getLogger(__name__)

FEEDS_AT_ONCE = 4
BODY_MAX = 2 * 1024 * 1024
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml, */*;q=0.1"


def read_feeds() -> int:
    """Read up to FEEDS_AT_ONCE feeds side by side; answers how many."""
    claimed = post_actions.claim_feeds(FEEDS_AT_ONCE)
    if claimed:
        with ThreadPoolExecutor(len(claimed), thread_name_prefix="feed") as pool:
            list(pool.map(_read, claimed))
    return len(claimed)


def _read(feed: Feed) -> None:
    try:
        post_actions.commit_read(feed, fetch(feed, whole=post_actions.wants_all(feed)))
    except Exception:
        log.exception("reading the feed of post source %d failed and is tried again", feed.id)
    finally:
        close_old_connections()
        connections.close_all()


def fetch(feed: Feed, *, whole: bool) -> Outcome:
    """Ask the feed's server. `whole`: also when nothing has changed. Never raises for what a server does."""
    try:
        transport = Transport(
            url=feed.url,
            allow_private=settings.ALLOW_PRIVATE_PROVIDERS,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=READ_TIMEOUT_S,
            max_bytes=BODY_MAX,
            secrets=(),
        )
    except ValueError as error:
        return Outcome(problem=str(error))
    headers = {"Accept": _ACCEPT}
    if feed.etag and not whole:
        headers["If-None-Match"] = feed.etag
    if feed.last_modified and not whole:
        headers["If-Modified-Since"] = feed.last_modified
    try:
        reply = transport.get(headers)
    finally:
        transport.close()
    if isinstance(reply, NotSent | Lost):
        return Outcome(problem=reply.text)
    if reply.status == 304 and not whole:
        return Outcome()
    if reply.status != 200:
        where = f" to {reply.location[:200]}; give that address" if 300 <= reply.status < 400 and reply.location else ""
        return Outcome(problem=f"the server answers {reply.status}{where}", retry_after_s=reply.retry_after_s)
    if reply.broke:
        return Outcome(problem=reply.broke)
    try:
        entries = feeds.read(reply.body, url=feed.url)
    except ValueError as error:
        return Outcome(problem=str(error))
    return Outcome(entries, etag=reply.etag, last_modified=reply.last_modified)
