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
    PauseReason.FUNDS: gettext_noop("Not enough funds for the next post."),
    PauseReason.CAP: gettext_noop("Its API key has reached its daily spending limit."),
    PauseReason.KEY: gettext_noop("Its API key was revoked or can no longer place orders."),
    PauseReason.ACCOUNT: gettext_noop("Your account cannot place orders right now."),
    PauseReason.SERVICE: gettext_noop("The service is turned off."),
    PauseReason.PRIVATE: gettext_noop("The service is no longer available to you."),
    PauseReason.RATE: gettext_noop("The service now costs more than the price you agreed to."),
    PauseReason.QUANTITY: gettext_noop("The service is no longer sold in the quantities you chose."),
    PauseReason.PROVIDER: gettext_noop("Delivery was paused."),
}
BY_ITSELF = gettext_noop("Resumes automatically once this is resolved.")
WITHOUT_KEY = gettext_noop("Resume it to continue without that key, or cancel it.")
AT_NEW_PRICE = gettext_noop("Resume it at the new price, or wait: it resumes automatically if the price drops.")
# A subscription that is delivered as a whole.
IS_ENDED = gettext_noop("The provider cannot pause it, so it is being canceled.")
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
