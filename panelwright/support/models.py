"""Tickets: what customers write to a panel's staff, and what they ask there of their orders.

The row is the job here, too: a ticket with requests that are followed has a `due_at`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core import limits
from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import Customer, Staff
from panelwright.orders.models import Order, Refill
from panelwright.panels.models import Panel
from panelwright.support.commands import Wish
from panelwright.support.files import FileType

TITLE_MAX = 150
REPLY_NAME_MAX = 100


class Subject(models.TextChoices):
    ORDER = "order"
    PAYMENT = "payment"
    OTHER = "other"


class TicketState(models.TextChoices):
    """Whose turn it is."""

    OPEN = "open"  # nobody's: what was asked for is under way and followed
    PENDING = "pending"  # the staff's
    ANSWERED = "answered"  # the customer's
    CLOSED = "closed"


class Ticket(models.Model):
    """A conversation between one customer and the panel's staff."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # What everybody outside sees in place of the id: the panel's own, see panels/numbers.py.
    number = models.BigIntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    subject = models.CharField(max_length=7, choices=Subject.choices)
    title = models.CharField(max_length=TITLE_MAX)
    state = models.CharField(max_length=8, choices=TicketState.choices)
    # The customer wrote something that a person has to answer.
    words_wait = models.BooleanField()
    unread_customer = models.BooleanField(default=False)
    unread_staff = models.BooleanField(default=True)
    # Who of the staff works on it; null: nobody yet. No customer is told.
    assignee = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, db_index=False)
    # The customer reads it and writes no more in it.
    locked = models.BooleanField(default=False, db_default=False)
    # What was said in it stands in that one.
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False)
    # Raised by every change, so that nobody answers or marks as read what she has not seen.
    version = models.PositiveIntegerField(default=1)
    # When its requests are looked at next; null: none is followed.
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "number"], name="ticket_number"),
            models.CheckConstraint(condition=Q(subject__in=Subject.values), name="ticket_subject"),
            models.CheckConstraint(condition=Q(state__in=TicketState.values), name="ticket_state"),
            models.CheckConstraint(
                condition=Q(state=TicketState.CLOSED, closed_at__isnull=False)
                | (~Q(state=TicketState.CLOSED) & Q(closed_at__isnull=True)),
                name="ticket_closed",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(state=TicketState.CLOSED, locked=True), name="ticket_merged"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "updated_at", "number"], name="ticket_customer"),
            models.Index(fields=["panel", "state", "number"], name="ticket_panel_state"),
            models.Index(fields=["customer"], condition=~Q(state=TicketState.CLOSED), name="ticket_customer_open"),
            models.Index(fields=["customer"], condition=Q(unread_customer=True), name="ticket_customer_unread"),
            models.Index(fields=["panel", "number"], condition=Q(unread_staff=True), name="ticket_staff_unread"),
            models.Index(
                fields=["panel", "assignee", "number"], condition=Q(closed_at__isnull=True), name="ticket_assignee"
            ),
            # PostgreSQL would sort what it finds for a null in the one above.
            models.Index(
                fields=["panel", "number"],
                condition=Q(closed_at__isnull=True, assignee__isnull=True),
                name="ticket_of_nobody",
            ),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="ticket_queue"),
        ]


class Author(models.TextChoices):
    CUSTOMER = "customer"
    STAFF = "staff"
    SYSTEM = "system"


class Message(models.Model):
    """One message of a ticket. Never changed.

    A person's is `text`. The system's is `code` and `facts`, so that everybody reads it in her own
    language (see texts.py).
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages", db_index=False)
    author = models.CharField(max_length=8, choices=Author.choices)
    # Set on the customer's own messages: what she wrote lately is counted.
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, db_index=False)
    # Who of the staff wrote it; the customer is not told.
    by = models.CharField(max_length=300, default="", blank=True)
    text = models.TextField(default="", blank=True)
    code = models.CharField(max_length=10, default="", blank=True)
    facts = models.JSONField(default=dict)
    # A form that is sent twice writes once.
    request_id = models.CharField(max_length=64, null=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(author__in=Author.values), name="message_author"),
            models.CheckConstraint(
                condition=(Q(author=Author.SYSTEM, text="") & ~Q(code=""))
                | (~Q(author=Author.SYSTEM) & Q(code="") & ~Q(text="")),
                name="message_text",
            ),
            models.CheckConstraint(
                condition=Q(author=Author.CUSTOMER, customer__isnull=False)
                | (~Q(author=Author.CUSTOMER) & Q(customer__isnull=True)),
                name="message_customer",
            ),
            models.UniqueConstraint(
                fields=["panel", "customer", "request_id"],
                condition=Q(request_id__isnull=False),
                name="message_request_once",
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "id"], name="message_ticket"),
            models.Index(
                fields=["customer", "created_at"], condition=Q(customer__isnull=False), name="message_customer_time"
            ),
        ]


class TicketNote(models.Model):
    """What staff write down in a ticket, for each other. Never changed.

    A table of its own and no kind of message, so that nothing that reads a conversation for its customer finds one.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="notes", db_index=False)
    by = models.CharField(max_length=300)
    text = models.TextField()
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="ticket_note_says_something")]
        indexes = [models.Index(fields=["ticket", "id"], name="ticket_note_ticket")]


class Attachment(models.Model):
    """A file beside a message of a customer or of staff, until its ticket has been closed for rules.FILES_KEPT.

    The bytes are in the database: one backup, any number of hosts.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attachments")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    name = models.CharField(max_length=limits.FILE_NAME_CHARS_MAX)
    type = models.CharField(max_length=4, choices=FileType.choices)
    size = models.PositiveIntegerField()
    data = models.BinaryField()
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(type__in=FileType.values), name="attachment_type"),
            models.CheckConstraint(
                condition=Q(size__gte=1, size__lte=limits.ATTACHMENT_BYTES_MAX), name="attachment_size"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="attachment_age")]


class SavedReply(models.Model):
    """A text that staff of the panel answer with again and again; what it has for fields: reply_fields.py."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    name = models.CharField(max_length=REPLY_NAME_MAX)
    text = models.TextField()
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "name"], name="saved_reply_name"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(text=""), name="saved_reply_says_something"),
        ]


class TicketRequestState(models.TextChoices):
    ACCEPTED = "accepted"  # asked for, and followed until it is done
    REFUSED = "refused"  # at once; `reason` is the refusal's code
    DONE = "done"  # it is over; `outcome` says how


class TicketRequest(models.Model):
    """One wish for one order: what was asked for in a message, and what became of it."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="requests", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="requests", db_index=False)
    wish = models.CharField(max_length=8, choices=Wish.choices)
    # The number that the customer wrote; `order` is null when she has no order of this number.
    number = models.BigIntegerField()
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="ticket_requests")
    refill = models.ForeignKey(Refill, null=True, on_delete=models.PROTECT, db_index=False)
    state = models.CharField(max_length=8, choices=TicketRequestState.choices)
    reason = models.CharField(max_length=30, default="", blank=True)
    outcome = models.CharField(max_length=12, default="", blank=True)
    # Staff have passed a speed-up on to whoever delivers the order.
    passed_on_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wish__in=Wish.values), name="ticket_request_wish"),
            models.CheckConstraint(
                condition=Q(state=TicketRequestState.ACCEPTED, reason="", outcome="", settled_at__isnull=True)
                | (Q(state=TicketRequestState.REFUSED, outcome="", settled_at__isnull=False) & ~Q(reason=""))
                | (Q(state=TicketRequestState.DONE, reason="", settled_at__isnull=False) & ~Q(outcome="")),
                name="ticket_request_state",
            ),
            models.CheckConstraint(
                condition=Q(state=TicketRequestState.REFUSED) | Q(order__isnull=False), name="ticket_request_order"
            ),
            models.CheckConstraint(
                condition=Q(state=TicketRequestState.REFUSED) | Q(refill__isnull=False) | ~Q(wish=Wish.REFILL),
                name="ticket_request_refill",
            ),
            # What is being followed is followed once.
            models.UniqueConstraint(
                fields=["panel", "order", "wish"],
                condition=Q(state=TicketRequestState.ACCEPTED),
                name="ticket_request_once",
            ),
        ]
        indexes = [models.Index(fields=["ticket", "id"], name="ticket_request_ticket")]
