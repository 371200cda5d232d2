"""Coupons, and what each has promised to a payment and given. Amounts are micros of the panel's currency."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from panelwright.core import money
from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import Customer
from panelwright.panels.models import Panel

CODE_MAX = 30


class Coupon(models.Model):
    """A code that brings something on top of a deposit. Its terms never change: a promise of it can be kept as made."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # In capitals, as rules.normal gives it.
    code = models.CharField(max_length=CODE_MAX)
    # Either hundredths of a percent of what reaches the balance, or an amount.
    percent_e2 = models.BigIntegerField(default=0)
    amount_micros = models.BigIntegerField(default=0)
    # The most that a percentage brings, and the least deposit; 0: no limit.
    most_micros = models.BigIntegerField(default=0)
    least_micros = models.BigIntegerField(default=0)
    # Of all customers together, 0: no limit; and of each.
    uses_max = models.BigIntegerField(default=0)
    uses_each = models.BigIntegerField(default=1)
    first_only = models.BooleanField(default=False)
    begins_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    @property
    def brings(self) -> str:
        """As text: 10%, or an amount in the panel's currency."""
        if self.amount_micros:
            return money.text(self.amount_micros)
        return f"{self.percent_e2 // 100}.{self.percent_e2 % 100:02d}".rstrip("0").rstrip(".") + "%"

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "code"], name="coupon_code"),
            models.CheckConstraint(
                condition=~Q(code="")
                & (Q(percent_e2__gt=0, amount_micros=0) | Q(percent_e2=0, amount_micros__gt=0))
                & Q(most_micros__gte=0, least_micros__gte=0, uses_max__gte=0, uses_each__gt=0),
                name="coupon_terms",
            ),
        ]
        indexes = [models.Index(fields=["panel", "id"], name="coupon_panel")]


class CouponUse(models.Model):
    """A coupon that was entered for a payment: promised until `held_until`, given when the payment is settled."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    # The payment's number, which is the panel's own.
    payment_number = models.BigIntegerField()
    promised_micros = models.BigIntegerField()
    held_until = models.DateTimeField()
    # Null: the payment is not settled. What of it has been withdrawn again, by so many transfers.
    given_micros = models.BigIntegerField(null=True)
    withdrawn_micros = models.BigIntegerField(default=0)
    moves = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "payment_number"], name="coupon_use_payment"),
            models.CheckConstraint(
                condition=Q(promised_micros__gt=0, withdrawn_micros__gte=0, moves__gte=0)
                & (
                    Q(given_micros__isnull=True, withdrawn_micros=0)
                    | Q(given_micros__gte=0, withdrawn_micros__lte=F("given_micros"))
                ),
                name="coupon_use_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["coupon", "customer"], name="coupon_use_coupon"),
            models.Index(fields=["customer"], name="coupon_use_customer"),
        ]
