"""The words of orders and what happens to them, in words for people. On the wire they are always English."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.orders.details import Milestone

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
    Milestone.PLACED: gettext_noop("Created"),
    Milestone.CANCEL_REQUESTED: gettext_noop("Cancellation requested"),
    Milestone.CANCEL_REFUSED: gettext_noop("Cancellation refused"),
    Milestone.COMPLETED: gettext_noop("Completed"),
    Milestone.PARTIAL: gettext_noop("Partially delivered; the rest was refunded"),
    Milestone.CANCELED: gettext_noop("Canceled"),
    Milestone.EXPIRED: gettext_noop("Expired"),
    Milestone.PAUSED: gettext_noop("Paused"),
    Milestone.RESUMED: gettext_noop("Resumed"),
    Milestone.REFILL_REQUESTED: gettext_noop("Refill requested"),
    Milestone.REFILL_STARTED: gettext_noop("Refill started"),
    Milestone.REFILL_COMPLETED: gettext_noop("Refill completed"),
    Milestone.REFILL_REJECTED: gettext_noop("Refill rejected"),
    Milestone.REFILL_CANCELED: gettext_noop("Refill canceled"),
}
