"""The audit trail, and bulk work."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel
from panelwright.staff.actor import ActorKind

NAME_MAX = 300


class BulkState(models.TextChoices):
    """Stopped is what a person stopped, or whose actor may not do it any more; what was done stays done."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class BulkWork(models.Model):
    """One action done to many objects, one after the other (bulk_actions.py).

    The row is the job: `selection` says to which (lists.Selection, frozen), `position` is the key of the last one that
    was looked at, moved in the transaction of that object's change. `total`: how many were shown to be done when it was
    started; the other counts, and `refund_micros` and `charge_micros`, are what has come of it. `once` is the form's,
    or the program's: the same is not started twice.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    number = models.BigIntegerField()
    once = models.CharField(max_length=64)
    list_name = models.CharField(max_length=40)
    action = models.CharField(max_length=60)
    given = models.JSONField(default=dict)
    selection = models.JSONField(default=dict)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    # Of a program, the staff key that it calls with.
    key_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=NAME_MAX)
    address = models.CharField(max_length=45, default="", blank=True)
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.RUNNING)
    stop_code = models.CharField(max_length=60, default="", blank=True)
    total = models.BigIntegerField()
    done = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    refund_micros = models.BigIntegerField(default=0)
    charge_micros = models.BigIntegerField(default=0)
    position = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "number"], name="bulk_panel_number"),
            models.UniqueConstraint(fields=["panel", "once"], name="bulk_once"),
            models.CheckConstraint(condition=Q(state__in=BulkState.values), name="bulk_state"),
            models.CheckConstraint(
                condition=Q(actor_kind__in=[kind.value for kind in ActorKind]), name="bulk_actor_kind"
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0, done__gte=0, skipped__gte=0, failed__gte=0), name="bulk_counts"
            ),
            # What runs is due at some time; what has ended is not.
            models.CheckConstraint(
                condition=Q(state="running", due_at__isnull=False, ended_at__isnull=True)
                | (~Q(state="running") & Q(due_at__isnull=True, lease_until__isnull=True, ended_at__isnull=False)),
                name="bulk_due",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="bulk_due_at", condition=Q(due_at__isnull=False))]


class BulkMiss(models.Model):
    """An object that a bulk action was not done to, and why: a refusal's code with its facts. `failed`: it was not
    that it was in no state for it."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    work = models.ForeignKey(BulkWork, on_delete=models.CASCADE, db_index=False)
    # As actions call it.
    target = models.BigIntegerField()
    failed = models.BooleanField()
    code = models.CharField(max_length=60)
    field = models.CharField(max_length=40, default="", blank=True)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work", "target"], name="bulk_miss_target"),
            models.CheckConstraint(condition=~Q(code=""), name="bulk_miss_code"),
        ]


class SavedView(models.Model):
    """Filters of a list under a name, as they stand in an address: of whoever made it, or for all staff of the panel.

    `staff_id`: whose it is; null: what an operator made, which is for all.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    list_name = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)
    staff_id = models.BigIntegerField(null=True)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "list_name", "staff_id", "name"], name="saved_view_name"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_named"),
            models.CheckConstraint(condition=Q(staff_id__isnull=False) | Q(shared=True), name="saved_view_of_somebody"),
        ]


class TrailEntry(models.Model):
    """One change by staff: who, what, to which object, before and after. Written in the transaction of the change,
    never changed and never deleted.

    `panel` is null for what the host's operator changes for all panels. `bulk`: the work that it was part of.
    `before` and `after` hold the object's fields
    that differ (of a new or removed object all of them), `given` what the actor filled in; none ever holds a secret.
    """

    panel = models.ForeignKey(Panel, null=True, on_delete=models.PROTECT, db_index=False)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=NAME_MAX)
    address = models.CharField(max_length=45, default="", blank=True)
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField(null=True)
    given = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    bulk = models.ForeignKey(BulkWork, null=True, on_delete=models.PROTECT, db_index=False)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind__in=[kind.value for kind in ActorKind]), name="trail_actor_kind"
            ),
            models.CheckConstraint(condition=~Q(action="") & ~Q(object_kind=""), name="trail_names_action"),
        ]
        indexes = [
            models.Index(fields=["panel", "id"], name="trail_panel"),
            models.Index(fields=["panel", "object_kind", "object_id", "id"], name="trail_object"),
            models.Index(fields=["panel", "actor_id", "id"], name="trail_actor"),
            models.Index(fields=["panel", "action", "id"], name="trail_action"),
            models.Index(fields=["bulk", "id"], name="trail_bulk", condition=Q(bulk__isnull=False)),
            # What operators did, over all panels: few of all entries. Staff and keys have ids, operators none.
            models.Index(fields=["id"], name="trail_of_host", condition=Q(actor_id__isnull=True)),
        ]
