"""The words of orders, refills and subscriptions, and the moves between them that are allowed."""

from __future__ import annotations

from django.db import models


class OrderStatus(models.TextChoices):
    """The exact words of the wire. Clients read any other spelling as pending for ever."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    PARTIAL = "Partial"
    CANCELED = "Canceled"


class SubscriptionStatus(models.TextChoices):
    ACTIVE = "Active"
    PAUSED = "Paused"
    COMPLETED = "Completed"
    EXPIRED = "Expired"
    CANCELED = "Canceled"


class RefillStatus(models.TextChoices):
    PENDING = "Pending"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    REJECTED = "Rejected"
    CANCELED = "Canceled"


ENDED = frozenset({"Completed", "Partial", "Canceled", "Expired"})
OPEN_ORDER = frozenset({"Pending", "Processing", "In progress"})
REFILL_ENDED = frozenset({"Completed", "Rejected", "Canceled"})

# How far an order has come: an upstream that goes back to Pending does not take ours back.
PROGRESS = {"Pending": 0, "Processing": 1, "In progress": 2}
