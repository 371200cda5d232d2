"""Where a panel's staff are told that something waits for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import Staff
from panelwright.events.models import Endpoint
from panelwright.events.webhook_actions import chat_of
from panelwright.panels.models import Panel

# Of one panel.
CHANNELS_MAX = 20
EVERY_MIN_LEAST, EVERY_MIN_MOST = 1, 1_440


class Way(models.TextChoices):
    """How a notice goes to staff."""

    MAIL = "mail"
    TELEGRAM = "telegram"
    WEBHOOK = "webhook"


class CreatedCursor(models.Model):
    """Up to which id of orders a panel's own programs were told that one was created; none: from now on."""

    panel = models.OneToOneField(Panel, primary_key=True, on_delete=models.CASCADE)
    upto = models.BigIntegerField()

    objects = ScopedManager(panel="panel")


class NoticeChannel(models.Model):
    """A member of staff, a chat or an address that hears of what waits, and of which kinds of it.

    The row is the job: at `due_at` a loop looks at the panel. `told` are the keys of what the channel was told of and
    what still waits, by kind (rules.py), written in the transaction that queues the notice: nothing is told twice, and
    nothing is lost. `every_min`: so many minutes lie between two notices; what comes up meanwhile is told in one.
    `origin`: where the panel was reached when the channel was made, for links; empty: not known.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    way = models.CharField(max_length=8, choices=Way.choices)
    # Who gets e-mail.
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, db_index=False)
    # What sends to Telegram or an address.
    endpoint = models.OneToOneField(Endpoint, null=True, on_delete=models.PROTECT)
    kinds = models.JSONField(default=list)
    every_min = models.IntegerField()
    enabled = models.BooleanField(default=True)
    origin = models.CharField(max_length=300, default="", blank=True)
    told = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    def __str__(self) -> str:
        """An e-mail address, a chat, or the address of a program."""
        if self.staff is not None:
            return str(self.staff.user.email)
        return chat_of(self.endpoint.url) if self.endpoint is not None else ""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "staff"], name="notice_staff_once"),
            models.CheckConstraint(condition=Q(way__in=Way.values), name="notice_way"),
            models.CheckConstraint(
                condition=Q(way=Way.MAIL, staff__isnull=False, endpoint__isnull=True)
                | (~Q(way=Way.MAIL) & Q(staff__isnull=True, endpoint__isnull=False)),
                name="notice_goes_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(every_min__gte=EVERY_MIN_LEAST, every_min__lte=EVERY_MIN_MOST), name="notice_every"
            ),
            models.CheckConstraint(
                condition=Q(enabled=True, due_at__isnull=False) | Q(enabled=False, due_at__isnull=True),
                name="notice_due",
            ),
        ]
        indexes = [
            models.Index(fields=["panel", "id"], name="notice_list"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="notice_queue"),
        ]
