"""Reading a feed: RSS, RDF, Atom or JSON Feed, from bytes to entries. Pure; nothing is fetched from here.

Runs in a process of its own for each feed (feed_child.py), so it loads nothing of Django: that takes ten times as long
as to read a feed.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import NamedTuple
from urllib.parse import urljoin

from panelwright.core import limits
from panelwright.core.said import said
from panelwright.providers.posts import feed_markup

_JSON_FEED = "https://jsonfeed.org/version/1"
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# No other codec of Python's: some of them are made for other things, and quadratic.
_ENCODINGS = re.compile(
    r"iso-?8859-?\d{1,2}|latin-?1|(windows-|cp)(125\d|866|874)|koi8-?[ru]|gb2312|gbk|gb18030|big5|shift[_-]jis|euc-(jp|kr)"
)


class FeedEntry(NamedTuple):
    """A post in a feed. `published_at` None: it does not say.

    `changed_at`: when it was last changed, where only that is known; it was published no later.
    """

    link: str
    published_at: datetime | None = None
    changed_at: datetime | None = None


def read(body: bytes, *, url: str) -> list[FeedEntry]:
    """Up to FEED_POSTS_MAX entries in the feed's order, whatever their links. Raises ValueError, with a text of
    core/said.py, when it is no feed.

    `url` is where it came from: links may be relative to it. Time and memory are proportional to the body.
    """
    body = body[: limits.FEED_BYTES_MAX]
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return _json_feed(body, url) if start == b"{" else _xml_feed(body, url)


def moment(text: object) -> datetime | None:
    """A time in ISO 8601, aware; without a zone it is UTC. None when it is none."""
    if not isinstance(text, str) or len(text) > limits.DATE_CHARS_MAX:
        return None
    try:
        return _aware(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _json_feed(body: bytes, url: str) -> list[FeedEntry]:
    if body.count(b",") + body.count(b"[") + body.count(b"{") > limits.FEED_TAGS_MAX:
        raise ValueError(said("feed_values", count=f"{limits.FEED_TAGS_MAX:,}"))
    try:
        # Numbers say nothing to us: they are not worked out, however long they are.
        feed = json.loads(body.decode("utf-8-sig"), parse_int=len, parse_float=len, parse_constant=len)
    except (ValueError, RecursionError):
        raise ValueError(said("feed_json")) from None
    version, items = (feed.get("version"), feed.get("items")) if isinstance(feed, dict) else (None, None)
    if not isinstance(version, str) or not version.startswith(_JSON_FEED) or not isinstance(items, list):
        raise ValueError(said("feed_json_version"))
    return [
        FeedEntry(
            _absolute(url, item.get("url")), moment(item.get("date_published")), moment(item.get("date_modified"))
        )
        for item in items[: limits.FEED_POSTS_MAX]
        if isinstance(item, dict)
    ]


def _xml_feed(body: bytes, url: str) -> list[FeedEntry]:
    posts = feed_markup.posts(_decoded(body))
    return [
        FeedEntry(_absolute(_absolute(url, post.base) or url, post.link), _when(post.published), _when(post.changed))
        for post in islice(posts, limits.FEED_POSTS_MAX)
    ]


def _decoded(body: bytes) -> str:
    """UTF-8 wherever it can be that, whatever is declared; then UTF-16, what is declared, Windows' Latin."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    if body[:4].count(0) == 2:
        return body.decode("utf-16-le" if body[1] == 0 else "utf-16-be", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _DECLARED.match(body[:300])
        name = declared[1].decode("ascii").lower() if declared else ""
        if _ENCODINGS.fullmatch(name):
            try:
                return body.decode(name, "replace")
            except LookupError:
                pass
        # Declared as UTF-8 or as nothing, and broken: addresses are ASCII nearly always.
        return body.decode("utf-8" if name == "utf-8" else "cp1252", "replace")


def _when(text: str) -> datetime | None:
    """A feed's date: RFC 822 with its four-digit or two-digit years, or ISO 8601."""
    if not text or len(text) > limits.DATE_CHARS_MAX:
        return None
    found = moment(text)
    if found is None:
        try:
            found = _aware(parsedate_to_datetime(text))
        except (ValueError, OverflowError, TypeError, IndexError):
            return None
    return found


def _aware(at: datetime) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _absolute(url: str, link: object) -> str:
    try:
        return urljoin(url, link.strip()) if isinstance(link, str) and link.strip() else ""
    except ValueError:
        return ""
