"""The audit trail."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel
from panelwright.staff.actor import ActorKind

NAME_MAX = 300


class TrailEntry(models.Model):
    """One change by staff: who, what, to which object, before and after. Written in the transaction of the change,
    never changed and never deleted.

    `panel` is null for what the host's operator changes for all panels. `before` and `after` hold the object's fields
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
        ]
