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


class Mail(models.Model):
    """An e-mail to be sent, or that was sent: the outbox. Written in the transaction of what it tells of.

    `kind` is a word for lists and choices: confirm, reset, login, ticket, … `text` is plain text.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    kind = models.CharField(max_length=20)
    # When it is sent, or tried again; null: nothing is left to do.
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    sent_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", db_default="", blank=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="mail_queue")]
