"""Reading a feed: RSS, RDF, Atom or JSON Feed, from bytes to entries. Pure; nothing is fetched from here."""

from __future__ import annotations

import io
import json
from calendar import timegm
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from panelwright.orders import fields
from panelwright.orders.post_rules import POSTS_MAX

_JSON_FEED = "https://jsonfeed.org/version/1"


class Entry(NamedTuple):
    """A post in a feed. `published_at` None: it does not say.

    `changed_at`: when it was last changed, where only that is known; it was published no later.
    """

    link: str
    published_at: datetime | None = None
    changed_at: datetime | None = None


def read(body: bytes, *, url: str) -> list[Entry]:
    """Up to POSTS_MAX entries with a good link, in the feed's order. Raises ValueError when it is no whole feed.

    `url` is where it came from: links may be relative to it.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    entries = _json_feed(body, url) if start == b"{" else _xml_feed(body, url)
    return [entry for entry in entries if fields.good_link(entry.link)]


def moment(text: object) -> datetime | None:
    """A time in ISO 8601, aware; without a zone it is UTC. None when it is none."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _json_feed(body: bytes, url: str) -> list[Entry]:
    try:
        feed = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("this is no whole JSON feed") from None
    version, items = (feed.get("version"), feed.get("items")) if isinstance(feed, dict) else (None, None)
    if not isinstance(version, str) or not version.startswith(_JSON_FEED) or not isinstance(items, list):
        raise ValueError("this is JSON, but no JSON Feed of version 1")
    return [
        Entry(_absolute(url, item.get("url")), moment(item.get("date_published")), moment(item.get("date_modified")))
        for item in items[:POSTS_MAX]
        if isinstance(item, dict)
    ]


def _xml_feed(body: bytes, url: str) -> list[Entry]:
    # A stream and never a text: feedparser takes a text for an address or the name of a file.
    try:
        parsed: Any = feedparser.parse(
            io.BytesIO(body), response_headers={"content-location": url}, sanitize_html=False
        )
    except Exception as error:
        # What strangers write is parsed by somebody else's code here: whatever it raises, the feed is at fault.
        raise ValueError(f"the feed cannot be read: {type(error).__name__}") from None
    if not parsed.get("version"):
        raise ValueError("this is no RSS, Atom or JSON feed")
    if isinstance(parsed.get("bozo_exception"), SAXException):
        # Its last link may be cut off, and orders for that would be paid for nothing.
        raise ValueError("the feed is broken: it is not well-formed XML")
    atom = parsed.version.startswith("atom")
    return [_xml_entry(entry, url, atom=atom) for entry in parsed.entries[:POSTS_MAX]]


def _xml_entry(entry: Any, url: str, *, atom: bool) -> Entry:
    published_at, changed_at = _time(entry, "published_parsed"), _time(entry, "updated_parsed")
    if published_at is None and not atom:
        # The one date that an entry of RSS or RDF has besides (dc:date) is that of its publication.
        published_at = changed_at
    return Entry(_absolute(url, entry.get("link")), published_at, changed_at)


def _time(entry: Any, name: str) -> datetime | None:
    # feedparser answers for "published" when asked for an updated that is not there.
    value = dict.get(entry, name)
    try:
        return datetime.fromtimestamp(timegm(value), UTC) if value else None
    except (ValueError, OverflowError, OSError):
        return None


def _absolute(url: str, link: object) -> str:
    try:
        return urljoin(url, link.strip()) if isinstance(link, str) and link.strip() else ""
    except ValueError:
        return ""
