"""What happened, for staff, for webhooks and for whoever has to explain it later."""

from __future__ import annotations

from django.db import models

from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel


class Event(models.Model):
    """One fact. Written in the transaction of what it tells of; never changed.

    `name` is dotted, noun first: order.canceled, order.problem, key.created. `subject_id` is the id
    of the noun; `facts` holds what a reader needs to understand it without other rows.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=60)
    subject_id = models.BigIntegerField(null=True)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        indexes = [
            models.Index(fields=["panel", "name", "id"], name="event_panel_name"),
            models.Index(fields=["panel", "subject_id", "id"], name="event_panel_subject"),
        ]
