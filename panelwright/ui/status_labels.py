"""The words of orders and what happens to them, in words for people. On the wire they are always English."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.orders.details import Happened

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
