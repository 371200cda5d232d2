"""When two links are one: the form in which a service that takes one open order a link compares them. Pure.

The same post shared from an app and copied from a browser differs in scheme, case of the host, `www.`, an empty
query or fragment, a last slash, invisible characters and tracking parameters. Everything else counts, the case
of a path above all. An order keeps its link as it was given; only the digest of this form is kept beside it.
"""

from __future__ import annotations

import hashlib
import re

from panelwright.core.text import without_invisible

_PARTS = re.compile(r"((?:https?:)?//)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL | re.ASCII)
_TRACKING = frozenset({"igsh", "igshid", "fbclid", "gclid"})
# Where `si` says who shared a video; elsewhere it may say what is shown.
_VIDEO_HOSTS = (
    *("youtube.com", "youtu.be", "youtube-nocookie.com", "vimeo.com", "dailymotion.com", "dai.ly"),
    *("twitch.tv", "tiktok.com", "rumble.com", "rutube.ru"),
)


def normal(link: str) -> str:
    """The form in which links are compared; the same for a link and its normal form. Any text has one."""
    parts = _PARTS.fullmatch(without_invisible(link).strip())
    assert parts is not None  # it matches every text
    start, place, path, query, fragment = parts.groups()
    user, at, host = place.rpartition("@")
    # Without a scheme it is an address when it looks like one, else a name, whose case may count.
    of_host = bool(start) or ("." in host and not place.startswith("@"))
    if of_host:
        host = host.lower()
        begin = 0
        while host.startswith("www.", begin) and host.find(".", begin + 4) >= 0:
            begin += 4
        host = host[begin:]
        place = user + at + host
    fragment = (fragment or "").strip()
    kept = [pair for pair in (query or "").split("&") if pair.strip() and not _tracks(pair, host)]
    # What ends the text has no blanks at its end, as the whole link had none: they may be seen now that others went.
    if not fragment and kept:
        kept[-1] = kept[-1].rstrip()
    elif not fragment:
        path = path[: _end(path)]
        place = place if path else place.rstrip()
    return "".join(
        (
            "https://" if of_host else "",
            place,
            path.rstrip("/"),
            "?" + "&".join(kept) if kept else "",
            "#" + fragment if fragment else "",
        )
    )


def _end(path: str) -> int:
    """Where the slashes and blanks begin that a path ends with."""
    end = len(path)
    while end and (path[end - 1] == "/" or path[end - 1].isspace()):
        end -= 1
    return end


def _tracks(pair: str, host: str) -> bool:
    """Whether a part of a query says where the link was copied, and nothing of what it leads to."""
    name = pair.partition("=")[0].lower()
    if name in _TRACKING or name.startswith("utm_"):
        return True
    return name == "si" and any(host == one or host.endswith("." + one) for one in _VIDEO_HOSTS)


def digest(link: str) -> str:
    return hashlib.sha256(normal(link).encode("utf-8", "replace")).hexdigest()
