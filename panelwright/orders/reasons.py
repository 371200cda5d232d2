"""Why exactly a field of an order was refused: the code that a refusal carries, and the words for it.

In English they are the header X-Error-Detail of the API, translated they stand beside the field on the page.
Marks such as `%(limit)s` are the refusal's facts.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal

TEXTS = {
    "missing": gettext_noop("This field is required."),
    "not_whole": gettext_noop("Use a whole number in digits only, such as 1000."),
    "too_low": gettext_noop("The minimum is %(limit)s."),
    "too_high": gettext_noop("The maximum is %(limit)s."),
    "too_long": gettext_noop("Use at most %(limit)s characters."),
    "long_line": gettext_noop("A line can have at most %(limit)s characters."),
    "too_many_lines": gettext_noop("Use at most %(limit)s lines."),
    "bad_characters": gettext_noop("Remove control characters and characters that are not valid UTF-8."),
    "spaces": gettext_noop("A link cannot contain spaces or line breaks."),
    "invisible": gettext_noop("The site name in the link contains invisible characters. Type it by hand."),
    "bad_scheme": gettext_noop("A link must start with http:// or https://, followed by a site name."),
    "not_listed": gettext_noop("Use one of the listed values."),
    "bad_country": gettext_noop("Use a two-letter country code, such as US, or its English name."),
    "bad_date": gettext_noop("Use a date such as 31/12/2030: day/month/year."),
    "past": gettext_noop("This date is in the past."),
    "below_low": gettext_noop("The maximum cannot be below the minimum."),
    "step": gettext_noop("The quantity must be a multiple of %(step)s."),
    "no_step": gettext_noop("No multiple of %(step)s lies between %(low)s and %(high)s."),
    "link_host": gettext_noop("This service does not take links to %(found)s, only to: %(wanted)s."),
    "link_kind": gettext_noop("Wrong kind of link. Needed: %(wanted)s. This one leads to: %(found)s."),
    "no_drip_feed": gettext_noop("This service has no drip-feed."),
    "no_runs": gettext_noop("Drip-feed needs both runs and interval."),
    "not_accepted": gettext_noop("The panel does not accept orders for this."),
    "other_order": gettext_noop("This request ID was already used for a different order."),
    "bad_request_id": gettext_noop("Use at most 100 printable characters."),
    "not_yes_or_no": gettext_noop("Use 1 or 0."),
}


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
    said = TEXTS.get(refusal.why)
    if said is None:
        return ""
    facts = dict(refusal.facts)
    if refusal.why == "link_kind":
        facts |= {name: link_kinds(str(facts[name]), translate) for name in ("found", "wanted")}
    words = translate(said) % facts
    return f"{words} {translate(EXAMPLE) % facts}" if "example" in facts else words


def link_kinds(kinds: str, translate: Callable[[str], str] = str) -> str:
    """Kinds of links, parted by commas, in words."""
    return ", ".join(translate(LINK_KINDS.get(kind, kind)) for kind in kinds.split(",") if kind)
