"""An HTTP answer of somebody else's server, and clean text out of it.

Pure functions; none of them raises, whatever the bytes.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote, quote_plus

from panelwright.core.said import Said, not_ours

TEXT_MAX = 300
EVIDENCE_MAX = 2_000
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """One HTTP answer: what the readers work on.

    `broke` says why the body is not whole ("" if it is). `secrets` are the spellings of the key that
    must not get into any text. `sent`: what strangers wrote of the request: where the answer repeats it, it says
    nothing by that.
    """

    status: int
    body: bytes
    broke: str = ""
    retry_after_s: int | None = None
    location: str = ""
    # What a feed's server wants to hear of the next time.
    etag: str = ""
    last_modified: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    sent: tuple[str, ...] = field(default=(), repr=False)
    # What its readers keep while they read it, so that nothing is worked out twice, and what it took in all.
    notes: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def clean(self, value: object, limit: int = TEXT_MAX) -> str:
        """Upstream's words as one line without markup, control characters or the key."""
        return clean(value, limit=limit, secrets=self.secrets)

    @property
    def evidence(self) -> str:
        """The start of the answer for a person, markup included, the key taken out."""
        # Cut roughly first, as the whole body may be 32 MiB; then drop the end, where half a key may be.
        longest = max((len(s) for s in self.secrets), default=0)
        rough = self.body[: (EVIDENCE_MAX + longest) * 4]
        text = hide(storable(decode(rough)), self.secrets)
        if len(rough) < len(self.body):
            text = text[: max(0, len(text) - longest)]
        return text[:EVIDENCE_MAX].strip()


def spellings(key: str) -> tuple[str, ...]:
    """The ways an answer may spell the key: as it is, in a URL, in JSON, in HTML. Longest first."""
    if not key:
        return ()
    ways = {key, html.escape(key)}
    for in_url in (quote(key), quote(key, safe=""), quote_plus(key), quote_plus(key, safe="/")):
        ways |= {in_url, re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), in_url)}
    for in_json in (json.dumps(key)[1:-1], json.dumps(key, ensure_ascii=False)[1:-1]):
        ways |= {in_json, in_json.replace("/", "\\/")}
    return tuple(sorted(ways, key=lambda way: (-len(way), way)))


def hide(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def decode(body: bytes) -> str:
    """Text of any bytes: UTF-8 with or without BOM, UTF-16 with one; broken bytes become U+FFFD."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    return body.decode("utf-8-sig", "replace")


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Without what a database or a page chokes on: NUL, other control characters, lone surrogates."""
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


_TAG = re.compile(r"<[^<>]{0,500}>")
# No character has so many digits, and Python refuses to read thousands of them.
_NO_CHARACTER = re.compile(r"&#[0-9]{8,}+;?+")


def clean(value: object, *, limit: int, secrets: tuple[str, ...] = ()) -> str:
    """One line of plain text, at most `limit` characters; "" for what is neither text nor a number.

    What we say ourselves (core/said.py) stays what it is, and nobody else's words become it.
    """
    if isinstance(value, Said):
        return Said(hide(value, secrets)[:limit])
    if not isinstance(value, (str, int, Decimal)):
        return ""
    text = hide(str(value), secrets)[: limit * 20]
    text = html.unescape(_NO_CHARACTER.sub("\ufffd", _TAG.sub(" ", text)))
    # Once more: taking out tags and entities can put the pieces of a key together.
    text = hide(" ".join(storable(text).split()), secrets)
    return not_ours(text[:limit].rstrip())
