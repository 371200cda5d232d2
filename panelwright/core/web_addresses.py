"""Addresses that may hold a secret: a password before the host, a token in the path or the query. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

# Letters and digits in a row, of which no word of an address has so many; and of which, when mixed, no version has.
_RUN_MAX = 16
_MIXED_MAX = 8


def without_secrets(url: str) -> str:
    """An address without what may be a password or token in it: user, password, the values of its query, and parts of
    its path that look like one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    place = parts.netloc.rpartition("@")[2]
    # What stands without a name may be a token itself.
    pairs = (one.partition("=") for one in parts.query.split("&") if one)
    query = "&".join(f"{name}=…" if equals else "…" for name, equals, _ in pairs)
    path = "/".join("…" if _like_a_secret(part) else part for part in parts.path.split("/"))
    return urlunsplit((parts.scheme, place, path, query, ""))


def _like_a_secret(part: str) -> bool:
    """Whether a part of a path is no word: long, or letters mixed with digits. Rather one too many than one too few."""
    text = unquote(part)
    runs = re.findall(r"[^\W_]+", text)
    if any(len(run) >= _RUN_MAX or (len(run) >= _MIXED_MAX and _mixed(run)) for run in runs):
        return True
    # Written in 64 letters, with - and _ among them.
    return len(text) >= _RUN_MAX and _mixed(text) and text.lower() != text


def _mixed(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))
