"""The words of orders and what happens to them, in words for people. On the wire they are always English."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.orders.details import Happened
from panelwright.orders.models import PauseReason

STATUS = {
    "Pending": gettext_noop("Pending"),
    "Processing": gettext_noop("Processing"),
    "In progress": gettext_noop("In progress"),
    "Completed": gettext_noop("Completed"),
    "Partial": gettext_noop("Partial"),
    "Canceled": gettext_noop("Canceled"),
    "Active": gettext_noop("Active"),
    "Paused": gettext_noop("Paused"),
    "Expired": gettext_noop("Expired"),
    "Rejected": gettext_noop("Rejected"),
}
# Why a subscription pauses, and what comes of it.
PAUSED_FOR = {
    "": gettext_noop("Paused: not enough funds. Resumes automatically after you add funds."),
    PauseReason.FUNDS: gettext_noop("Your balance does not pay for the next post."),
    PauseReason.CAP: gettext_noop("The API key that it was placed with has spent its limit of the day."),
    PauseReason.KEY: gettext_noop("The API key that it was placed with was revoked, or may no longer order."),
    PauseReason.ACCOUNT: gettext_noop("Your account may not order at the moment."),
    PauseReason.SERVICE: gettext_noop("The service is switched off."),
    PauseReason.PRIVATE: gettext_noop("The service is no longer offered to you."),
    PauseReason.RATE: gettext_noop("The service costs more now than you agreed to."),
    PauseReason.PROVIDER: gettext_noop("The delivery has been paused."),
}
BY_ITSELF = gettext_noop("It goes on by itself when that is over.")
WITHOUT_KEY = gettext_noop("Resume it to let it go on without that key, or cancel it.")
AT_NEW_PRICE = gettext_noop("Resume it at the new price, or wait: it goes on by itself when the price falls.")
# A subscription that is delivered as a whole.
IS_ENDED = gettext_noop("It cannot wait where it is delivered, so it is being canceled.")
HAPPENED = {
    Happened.PLACED: gettext_noop("Created"),
    Happened.CANCEL_REQUESTED: gettext_noop("Cancellation requested"),
    Happened.CANCEL_REFUSED: gettext_noop("Cancellation refused"),
    Happened.COMPLETED: gettext_noop("Completed"),
    Happened.PARTIAL: gettext_noop("Partially delivered; the rest was refunded"),
    Happened.CANCELED: gettext_noop("Canceled"),
    Happened.EXPIRED: gettext_noop("Expired"),
    Happened.PAUSED: gettext_noop("Paused"),
    Happened.RESUMED: gettext_noop("Resumed"),
    Happened.REFILL_REQUESTED: gettext_noop("Refill requested"),
    Happened.REFILL_STARTED: gettext_noop("Refill started"),
    Happened.REFILL_COMPLETED: gettext_noop("Refill completed"),
    Happened.REFILL_REJECTED: gettext_noop("Refill rejected"),
    Happened.REFILL_CANCELED: gettext_noop("Refill canceled"),
}
