"""What the ledger and the orders add up to. Nothing here is the only copy of anything: it can be counted anew."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel
from panelwright.reports.calendar import DEFAULT_ZONE
from panelwright.reports.cuts import Cut, Grain


class ReportProgress(models.Model):
    """How far everything is in the sums, over all panels: one row. Each is the last id that is in; 0: none.

    `version` is raised by whatever changes which panels are counted here, see ReportCalendar.
    """

    order_id = models.BigIntegerField(default=0)
    transfer_id = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)
    customer_id = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="report_progress_one")]


class Anew(models.TextChoices):
    """How far a panel's sums are while they are made anew."""

    NOT = ""
    CLEAR = "clear"  # those of the old time zone are being removed
    COUNT = "count"  # everything is being counted from the beginning


class ReportCalendar(models.Model):
    """The time zone by which a panel's sums are counted, which follows that of the panel; without a row
    DEFAULT_ZONE. The rest is for counting anew.
    """

    panel = models.OneToOneField(Panel, primary_key=True, on_delete=models.CASCADE)
    zone = models.CharField(max_length=50, default=DEFAULT_ZONE)
    anew = models.CharField(max_length=5, choices=Anew.choices, default="", blank=True)
    order_id = models.BigIntegerField(default=0)
    transfer_id = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)
    customer_id = models.BigIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(anew__in=Anew.values), name="report_calendar_anew")]


class ReportSum(models.Model):
    """What a stretch of time adds up to: of everything, or of one service, customer and so on (cuts.py).

    `bucket` is the number of the hour, day, week or month (calendar.py). Written by the loop alone.
    """

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, db_index=False)
    cut = models.SmallIntegerField(choices=[(cut.value, cut.name) for cut in Cut])
    grain = models.SmallIntegerField(choices=[(grain.value, grain.name) for grain in Grain])
    bucket = models.IntegerField()
    key_a = models.BigIntegerField(default=0)
    key_b = models.BigIntegerField(default=0)
    orders = models.BigIntegerField(default=0)
    quantity = models.BigIntegerField(default=0)
    charged_micros = models.BigIntegerField(default=0)
    refunded_micros = models.BigIntegerField(default=0)
    cost_micros = models.BigIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "cut", "grain", "bucket", "key_a", "key_b"], name="report_sum_once"
            ),
            models.CheckConstraint(
                condition=Q(cut__in=[cut.value for cut in Cut], grain__in=[grain.value for grain in Grain]),
                name="report_sum_cut",
            ),
        ]
        indexes = [
            # One service's, customer's or provider's; and of pairs those of the second key.
            models.Index(fields=["panel", "cut", "grain", "key_a", "bucket"], name="report_sum_key_a"),
            models.Index(
                fields=["panel", "cut", "grain", "key_b", "bucket"], condition=Q(key_b__gt=0), name="report_sum_key_b"
            ),
        ]
