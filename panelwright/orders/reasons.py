"""Why exactly a field of an order was refused, in words (core/refusals.py has them by code).

In English they are the header X-Error-Detail of the API, translated they stand beside the field on the page.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_noop

from panelwright.core import refusals
from panelwright.core.refusal import Refusal

# What a link leads to (catalog/link_kinds.py), and what stands there where it is nothing of them.
LINK_KINDS = {
    "post": gettext_noop("post"),
    "photo": gettext_noop("photo"),
    "video": gettext_noop("video"),
    "short": gettext_noop("short video"),
    "story": gettext_noop("story"),
    "live": gettext_noop("live stream"),
    "clip": gettext_noop("clip"),
    "comment": gettext_noop("comment"),
    "poll": gettext_noop("poll"),
    "profile": gettext_noop("profile"),
    "channel": gettext_noop("channel"),
    "group": gettext_noop("group"),
    "page": gettext_noop("page of a brand or company"),
    "server": gettext_noop("server"),
    "invite": gettext_noop("invite link"),
    "bot": gettext_noop("bot"),
    "board": gettext_noop("board"),
    "event": gettext_noop("event"),
    "track": gettext_noop("track"),
    "album": gettext_noop("album"),
    "playlist": gettext_noop("playlist"),
    "artist": gettext_noop("artist"),
    "podcast": gettext_noop("podcast"),
    "episode": gettext_noop("podcast episode"),
    "other": gettext_noop("another page of the site"),
    "name": gettext_noop("a name, not a link"),
}
EXAMPLE = gettext_noop("Example: %(example)s")


def text(refusal: Refusal, translate: Callable[[str], str] = str) -> str:
    """In English, or as `translate` puts it; empty where nothing more is known than the refusal itself says."""
    said = refusals.of(refusal.why).page if refusal.why in refusals.REFUSALS else ""
    if not said:
        return ""
    facts = dict(refusal.facts)
    if refusal.why == "link_kind":
        facts |= {name: link_kinds(str(facts[name]), translate) for name in ("found", "wanted")}
    words = translate(said) % facts
    return f"{words} {translate(EXAMPLE) % facts}" if "example" in facts else words


def link_kinds(kinds: str, translate: Callable[[str], str] = str) -> str:
    """Kinds of links, parted by commas, in words."""
    return ", ".join(translate(LINK_KINDS.get(kind, kind)) for kind in kinds.split(",") if kind)
