"""Letters to many customers: who gets one, and the link that ends them. Pure, but for the keys of the installation."""

from __future__ import annotations

from typing import NamedTuple

from panelwright.core.refusal import Refusal
from panelwright.core.secret import conceal, reveal

# What users switch off by it (emails.OPTIONAL).
NEWS = "news"
SUBJECT_MAX = 150
TEXT_MAX = 20_000
# How many letters of one broadcast are queued in a minute, where nobody says otherwise, and at most.
PER_MINUTE = 60
PER_MINUTE_MAX = 600
_PURPOSE = "unsubscribe"

UNSUBSCRIBED = Refusal("unsubscribed")
SUSPENDED = Refusal("letters_end")
SUSPENDED_PANEL = Refusal("panel_suspended")


class Recipient(NamedTuple):
    """A customer, as far as it matters. `mails_off`: kinds of letters that they do not want, by commas."""

    active: bool
    enabled: bool
    mails_off: str


def left_out(one: Recipient) -> Refusal | None:
    """Why a customer gets no such letter."""
    if NEWS in one.mails_off.split(","):
        return UNSUBSCRIBED
    return None if one.active and one.enabled else SUSPENDED


def token(*, panel_id: int, user_id: int) -> str:
    """For the link in a user's letters. Nobody else can make it, and it says nothing about them."""
    return conceal(f"{panel_id}:{user_id}", purpose=_PURPOSE).rstrip("=")


def user_of(text: str, *, panel_id: int) -> int | None:
    """The user whose token it is, if it is one of this panel's."""
    try:
        panel, _, user = reveal(text + "=" * (-len(text) % 4), purpose=_PURPOSE).partition(":")
    except ValueError:
        return None
    return int(user) if panel == str(panel_id) else None
