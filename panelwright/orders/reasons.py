"""Why exactly a field of an order was refused: the code that a refusal carries, and the words for it.

In English they are the header X-Error-Detail of the API, translated they stand beside the field on the page.
Marks such as `%(limit)s` are the refusal's facts.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal

TEXTS = {
    "missing": gettext_noop("This field is required."),
    "not_whole": gettext_noop("Use a whole number in digits only, such as 1000."),
    "too_low": gettext_noop("The minimum is %(limit)s."),
    "too_high": gettext_noop("The maximum is %(limit)s."),
    "too_long": gettext_noop("Use at most %(limit)s characters."),
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
    "no_drip_feed": gettext_noop("This service has no drip-feed."),
    "no_runs": gettext_noop("Drip-feed needs both runs and interval."),
    "not_accepted": gettext_noop("The panel does not accept orders for this."),
    "other_order": gettext_noop("This request ID was already used for a different order."),
    "bad_request_id": gettext_noop("Use at most 100 printable characters."),
    "not_yes_or_no": gettext_noop("Use 1 or 0."),
}


def text(refusal: Refusal) -> str:
    """In English; empty where nothing more is known than the refusal itself says."""
    return filled(TEXTS.get(refusal.why, ""), refusal)


def filled(text: str, refusal: Refusal) -> str:
    """One of the texts above, translated or not, with the refusal's facts in it."""
    return text % dict(refusal.facts) if text else ""
