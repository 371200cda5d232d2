"""What happened, for staff, for webhooks and for whoever has to explain it later."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

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


ENDPOINTS_MAX = 10  # of one customer, and of a panel's own
URL_MAX = 500
# In the place of the customer: the endpoint is the panel's own, and hears of all its customers.
PANELS_OWN = 0


class EndpointKind(models.TextChoices):
    """How a message goes there: signed, to an address; or by a bot of the panel into a chat of Telegram."""

    WEBHOOK = "webhook"
    TELEGRAM = "telegram"


class Endpoint(models.Model):
    """Where a customer's program wants to hear of her orders, or the panel's of all (PANELS_OWN). Customers are above
    events in the import order, so she is a plain number here.

    `names` are the events that it hears of. A deleted one stays for its log, without its secret. Of Telegram, `url`
    names the chat, and the secret is the bot's token.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    customer_id = models.BigIntegerField()
    kind = models.CharField(
        max_length=8,
        choices=EndpointKind.choices,
        default=EndpointKind.WEBHOOK,
        db_default=EndpointKind.WEBHOOK.value,
    )
    # One of the customer's places: so the database keeps the limit.
    slot = models.PositiveSmallIntegerField()
    url = models.CharField(max_length=URL_MAX)
    description = models.CharField(max_length=100, default="", blank=True)
    names = models.JSONField(default=list)
    sealed_secret = models.TextField()
    # The secret before the last rotation: it signs, too, until then.
    old_sealed_secret = models.TextField(default="", blank=True)
    old_until = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    # Why it was switched off by itself: "gone", "failing"; empty when the customer did it.
    stopped_why = models.CharField(max_length=10, default="", blank=True)
    # Since when no delivery has succeeded; null: the last one did, or none was tried.
    failing_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "customer_id", "slot"], condition=Q(deleted_at__isnull=True), name="endpoint_slot"
            ),
            models.UniqueConstraint(
                fields=["panel", "customer_id", "url"], condition=Q(deleted_at__isnull=True), name="endpoint_url"
            ),
            models.CheckConstraint(condition=Q(slot__gte=1, slot__lte=ENDPOINTS_MAX), name="endpoint_slots"),
            models.CheckConstraint(condition=Q(deleted_at__isnull=True) | Q(enabled=False), name="endpoint_deleted"),
            models.CheckConstraint(condition=~Q(url=""), name="endpoint_has_url"),
            models.CheckConstraint(condition=Q(kind__in=EndpointKind.values), name="endpoint_kind"),
            models.CheckConstraint(
                condition=Q(kind=EndpointKind.WEBHOOK) | Q(customer_id=PANELS_OWN), name="endpoint_chat_is_panels"
            ),
        ]
        indexes = [models.Index(fields=["panel", "customer_id", "id"], name="endpoint_owner")]


class Delivery(models.Model):
    """A message to an endpoint: written in the transaction of what it tells of, sent by a loop afterwards.

    `message_id` and `body` are the same at each attempt, so that a receiver knows what it had already.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=40)
    # The number of the order that it tells of; null: a test.
    order_number = models.BigIntegerField(null=True)
    message_id = models.CharField(max_length=40)
    body = models.TextField()
    # When it is sent or tried again; null: nothing is left to do. If it was not delivered then, it was given up.
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    delivered_at = models.DateTimeField(null=True)
    # Of the last attempt: the status code of the answer, its beginning, how long it took, what went wrong.
    tried_at = models.DateTimeField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=500, default="", db_default="", blank=True)
    duration_ms = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=300, default="", db_default="", blank=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "endpoint", "message_id"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(due_at__isnull=True), name="delivery_delivered"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], condition=Q(due_at__isnull=False), name="delivery_queue"),
            models.Index(fields=["endpoint", "id"], name="delivery_log"),
            # What a person looks for in the log.
            models.Index(
                fields=["endpoint", "id"],
                condition=Q(delivered_at__isnull=True, attempts__gt=0),
                name="delivery_failed",
            ),
        ]


class Mail(models.Model):
    """An e-mail to be sent, or that was sent: the outbox. Written in the transaction of what it tells of.

    `kind` is a word for lists and choices: confirm, reset, login, ticket, … `text` is plain text, `html` the same for
    who reads that. `unsubscribe`: of a letter to many, the address that ends them; empty: it is to one.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(default="", db_default="", blank=True)
    unsubscribe = models.CharField(max_length=500, default="", db_default="", blank=True)
    kind = models.CharField(max_length=20)
    # When it is sent or tried again. Null: nothing is left to do; if it was not sent then, it never will be.
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    sent_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", db_default="", blank=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            # A link that logs in is not left behind.
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(text="", html="", unsubscribe="", due_at__isnull=True),
                name="mail_sent_is_forgotten",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="mail_queue"),
            # What could not be sent, for good.
            models.Index(
                fields=["panel", "id"], condition=Q(sent_at__isnull=True, due_at__isnull=True), name="mail_given_up"
            ),
        ]
