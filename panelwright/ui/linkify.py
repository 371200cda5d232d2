"""What a person wrote, as HTML: plain text with its line breaks, in which addresses of the web are links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
# What ends a sentence or closes a bracket behind an address does not belong to it.
_BEHIND = ".,;:!?)]}»”’"


def html_of(text: str) -> SafeString:
    """Escaped; http and https addresses become links that pass nothing on. Line breaks stay as they are."""
    parts: list[str | SafeString] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(_BEHIND)
        if not _leads_somewhere(address):
            continue
        parts.append(text[end : match.start()])
        parts.append(format_html('<a href="{}" rel="nofollow noopener ugc">{}</a>', address, address))
        end = match.start() + len(address)
    parts.append(text[end:])
    # Whatever is not one of the links above is escaped here.
    return format_html_join("", "{}", ((part,) for part in parts))


def _leads_somewhere(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and address.isprintable()
    except ValueError:
        return False
