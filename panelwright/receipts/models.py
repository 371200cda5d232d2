"""Receipts of payments and credit notes of their refunds, as they were issued, and what stands on them.

A receipt is never changed and never deleted: seller, buyer and tax stand in it as they were on its day. Amounts are
micros of the payment's currency.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import Customer
from panelwright.panels.models import Panel
from panelwright.payments.models import CURRENCY_MAX, Dispute, Payment, Refund

NAME_MAX = 120
ADDRESS_MAX = 400
TAX_ID_MAX = 60
TAX_NAME_MAX = 20
NOTE_MAX = 600
PREFIX_MAX = 8
NUMBER_MAX = 40


class ReceiptKind(models.TextChoices):
    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"


class ReceiptSettings(models.Model):
    """What a panel puts on its receipts, and whether it issues any. No row: it never did."""

    panel = models.OneToOneField(Panel, on_delete=models.PROTECT)
    enabled = models.BooleanField(default=False)
    # Payments that came in before get no receipt.
    since = models.DateTimeField(null=True)
    # All payments that came in before have theirs.
    done_until = models.DateTimeField(null=True)
    seller = models.CharField(max_length=NAME_MAX, default="", blank=True)
    address = models.CharField(max_length=ADDRESS_MAX, default="", blank=True)
    tax_id = models.CharField(max_length=TAX_ID_MAX, default="", blank=True)
    note = models.CharField(max_length=NOTE_MAX, default="", blank=True)
    prefix = models.CharField(max_length=PREFIX_MAX, default="", blank=True)
    # The tax that is within what customers pay: VAT, 20.00 percent.
    tax_name = models.CharField(max_length=TAX_NAME_MAX, default="", blank=True)
    tax_percent_e2 = models.PositiveIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(enabled=False) | (~Q(seller="") & ~Q(address="") & Q(since__isnull=False)),
                name="receipt_settings_complete",
            ),
            models.CheckConstraint(
                condition=Q(tax_percent_e2=0) | (Q(tax_percent_e2__lte=100_00) & ~Q(tax_name="")),
                name="receipt_settings_tax",
            ),
        ]


class ReceiptCounter(models.Model):
    """The last number that a panel has given out in a year, of receipts or of credit notes."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=11, choices=ReceiptKind.choices)
    year = models.PositiveSmallIntegerField()
    last = models.BigIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "kind", "year"], name="receipt_counter_once"),
            models.CheckConstraint(condition=Q(kind__in=ReceiptKind.values), name="receipt_counter_kind"),
        ]


class BillingDetails(models.Model):
    """Whom a customer wants to stand on receipts. Without a row it is the address that they log in with."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="billing")
    name = models.CharField(max_length=NAME_MAX, default="", blank=True)
    address = models.CharField(max_length=ADDRESS_MAX, default="", blank=True)
    tax_id = models.CharField(max_length=TAX_ID_MAX, default="", blank=True)

    objects = ScopedManager(panel="panel")


class Receipt(models.Model):
    """A receipt of a payment, or the credit note of what has gone back of it, by a refund or a lost dispute."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=11, choices=ReceiptKind.choices)
    # Without gaps in a panel's year; `number` is how it is written.
    year = models.PositiveSmallIntegerField()
    serial = models.BigIntegerField()
    number = models.CharField(max_length=NUMBER_MAX)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    # Of a credit note: one of them.
    refund = models.ForeignKey(Refund, null=True, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    dispute = models.ForeignKey(Dispute, null=True, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    # What the credit note takes back.
    of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="notes", db_index=False)
    issued_at = models.DateTimeField()
    # When the money came in, or went back.
    paid_at = models.DateTimeField()
    currency = models.CharField(max_length=CURRENCY_MAX)
    # With fee and tax; both are within it.
    amount_micros = models.BigIntegerField()
    fee_micros = models.BigIntegerField()
    tax_name = models.CharField(max_length=TAX_NAME_MAX, default="", blank=True)
    tax_percent_e2 = models.PositiveIntegerField()
    tax_micros = models.BigIntegerField()
    # {"name", "address", "tax_id", "note"} and {"name", "address", "tax_id", "email"}
    seller = models.JSONField()
    buyer = models.JSONField()
    method = models.CharField(max_length=60)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "kind", "year", "serial"], name="receipt_serial"),
            models.UniqueConstraint(fields=["panel", "number"], name="receipt_number"),
            models.UniqueConstraint(fields=["payment"], condition=Q(of__isnull=True), name="receipt_payment_once"),
            models.UniqueConstraint(fields=["refund"], condition=Q(refund__isnull=False), name="receipt_refund_once"),
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(dispute__isnull=False), name="receipt_dispute_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=ReceiptKind.RECEIPT, refund__isnull=True, dispute__isnull=True, of__isnull=True)
                | Q(kind=ReceiptKind.CREDIT_NOTE, refund__isnull=False, dispute__isnull=True, of__isnull=False)
                | Q(kind=ReceiptKind.CREDIT_NOTE, refund__isnull=True, dispute__isnull=False, of__isnull=False),
                name="receipt_kind",
            ),
            models.CheckConstraint(
                condition=Q(serial__gt=0, amount_micros__gt=0, fee_micros__gte=0, tax_micros__gte=0)
                # One cent of those that went back in parts may be all tax.
                & Q(tax_micros__lte=F("amount_micros"), fee_micros__lte=F("amount_micros")),
                name="receipt_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "id"], name="receipt_customer"),
            models.Index(fields=["panel", "id"], name="receipt_panel"),
            models.Index(fields=["payment", "id"], name="receipt_payment"),
        ]
