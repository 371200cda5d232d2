"""Coupons, and what each has promised to a payment and given. Amounts are micros of the panel's currency."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from panelwright.core import clock, money
from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import Customer
from panelwright.panels.models import Panel

CODE_MAX = 30


def percent_text(percent_e2: int) -> str:
    """20, 7.5"""
    return f"{percent_e2 // 100}.{percent_e2 % 100:02d}".rstrip("0").rstrip(".")


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
        return f"{percent_text(self.percent_e2)}%"

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


PARTNER_CODE_MAX = 12
COOKIE_DAYS = 30
PAYOUT_TO_MAX = 300
PAYOUT_REFERENCE_MAX = 200
PAYOUT_REASON_MAX = 300


class AffiliateTerms(models.Model):
    """What a panel gives customers for others whom they bring, while `Panel.affiliates` says that it does."""

    panel = models.OneToOneField(Panel, on_delete=models.PROTECT)
    # Hundredths of a percent of what a deposit brings to the balance by itself.
    percent_e2 = models.BigIntegerField(default=5_00)
    # So long a commission waits before it can be paid out.
    hold_days = models.BigIntegerField(default=14)
    least_payout_micros = models.BigIntegerField(default=10_000_000)
    # Partners may also ask for money outside of the panel, which staff send.
    staff_payouts = models.BooleanField(default=False)
    # For which deposits of whom they brought: the first one, or those of so many months; 0: all.
    first_only = models.BooleanField(default=False)
    months = models.BigIntegerField(default=0)
    # So long a visitor is known to have come by a link.
    cookie_days = models.BigIntegerField(default=COOKIE_DAYS)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent_e2__gte=0, percent_e2__lte=100_00, least_payout_micros__gte=0)
                & Q(hold_days__gte=0, hold_days__lte=365, months__gte=0, months__lte=120)
                & Q(cookie_days__gte=1, cookie_days__lte=365),
                name="affiliate_terms_bounds",
            ),
        ]


class Partner(models.Model):
    """A customer who brings others, with the code of the link. What is earned stands in an account of its own."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    customer = models.OneToOneField(Customer, on_delete=models.PROTECT)
    # As rules.normal_code gives it.
    code = models.CharField(max_length=PARTNER_CODE_MAX)
    # Null: what the panel gives everybody.
    percent_e2 = models.BigIntegerField(null=True)
    # Brings nobody, earns nothing and is paid nothing; what was earned stays on the account.
    blocked = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    @property
    def percent(self) -> str:
        """The own percentage as text: 7.5"""
        return percent_text(self.percent_e2 or 0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "code"], name="partner_code"),
            models.CheckConstraint(
                condition=~Q(code="") & (Q(percent_e2__isnull=True) | Q(percent_e2__gte=0, percent_e2__lte=100_00)),
                name="partner_percent",
            ),
        ]
        indexes = [models.Index(fields=["panel", "id"], name="partner_panel")]


class PartnerClicks(models.Model):
    """How many came by a partner's link on a UTC day: each network address once."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    day = models.DateField()
    clicks = models.BigIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "partner", "day"], name="partner_clicks_day"),
            models.CheckConstraint(condition=Q(clicks__gt=0), name="partner_clicks_count"),
        ]


class Referral(models.Model):
    """Who brought a customer. Written when the account is made, and never changed."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    customer = models.OneToOneField(Customer, on_delete=models.PROTECT)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        indexes = [
            models.Index(fields=["partner", "id"], name="referral_partner"),
            models.Index(fields=["panel", "id"], name="referral_panel"),
        ]


class CommissionState(models.TextChoices):
    EARNED = "earned"  # on the partner's account; until `held_until` it is not paid out
    REFUSED = "refused"  # partner and customer look like one person: staff decide
    DECLINED = "declined"  # staff have decided that nothing is earned


class Commission(models.Model):
    """What a partner earned, or did not, by a payment of somebody they brought. Amounts: micros of the panel's."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, db_index=False)
    # The payment's number, which is the panel's own.
    payment_number = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=CommissionState.choices)
    # What the deposit brought to the balance, and the terms of that day.
    credit_micros = models.BigIntegerField()
    percent_e2 = models.BigIntegerField()
    earned_micros = models.BigIntegerField()
    held_until = models.DateTimeField()
    # What of it went back with the payment, and by how many transfers; of what is not earned it is reckoned as well.
    withdrawn_micros = models.BigIntegerField(default=0)
    moves = models.BigIntegerField(default=0)
    # Why it was refused: ["device", "address 203.0.113.9"]. Kept whatever staff decide.
    evidence = models.JSONField(default=list)
    at = models.DateTimeField()

    @property
    def left_micros(self) -> int:
        """What of it still stands."""
        return self.earned_micros - self.withdrawn_micros

    @property
    def percent(self) -> str:
        """As text: 7.5"""
        return percent_text(self.percent_e2)

    @property
    def told_evidence(self) -> list[tuple[str, str]]:
        """Each piece as its kind and its address."""
        return [(kind, address) for kind, _blank, address in (one.partition(" ") for one in self.evidence)]

    @property
    def is_held(self) -> bool:
        """Whether it cannot be paid out yet."""
        return self.held_until > clock.now()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "payment_number"], name="commission_payment"),
            models.CheckConstraint(condition=Q(state__in=CommissionState.values), name="commission_state"),
            models.CheckConstraint(
                condition=Q(credit_micros__gt=0, percent_e2__gt=0, earned_micros__gt=0, moves__gte=0)
                & Q(withdrawn_micros__gte=0, withdrawn_micros__lte=F("earned_micros")),
                name="commission_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "id"], name="commission_partner"),
            models.Index(fields=["referral"], name="commission_referral"),
            models.Index(fields=["panel", "id"], name="commission_panel"),
            models.Index(fields=["panel", "state", "id"], condition=Q(state="refused"), name="commission_refused"),
        ]


class PayoutWay(models.TextChoices):
    BALANCE = "balance"  # to the partner's own balance, at once
    STAFF = "staff"  # staff send it, and write down how


class PayoutState(models.TextChoices):
    REQUESTED = "requested"
    PAID = "paid"
    REJECTED = "rejected"


class Payout(models.Model):
    """What a partner was paid, or asks for. Its transfer is called by the partner's code and `n`."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    # The how manieth of its partner.
    n = models.BigIntegerField()
    way = models.CharField(max_length=7, choices=PayoutWay.choices)
    state = models.CharField(max_length=9, choices=PayoutState.choices)
    amount_micros = models.BigIntegerField()
    # Where the partner wants it, what staff have called it there, and why it was rejected.
    to = models.CharField(max_length=PAYOUT_TO_MAX, default="", blank=True)
    reference = models.CharField(max_length=PAYOUT_REFERENCE_MAX, default="", blank=True)
    reason = models.CharField(max_length=PAYOUT_REASON_MAX, default="", blank=True)
    # A form that is sent twice makes one payout.
    request_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    @property
    def name(self) -> str:
        """What it is called on the statement."""
        return f"{self.partner.code}-{self.n}"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "partner", "n"], name="payout_once"),
            models.UniqueConstraint(fields=["panel", "partner", "request_id"], name="payout_request_once"),
            models.UniqueConstraint(
                fields=["panel", "partner"], condition=Q(state="requested"), name="payout_one_requested"
            ),
            models.CheckConstraint(
                condition=Q(way__in=PayoutWay.values, state__in=PayoutState.values, amount_micros__gt=0, n__gt=0),
                name="payout_values",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", way="staff", closed_at__isnull=True)
                | (~Q(state="requested") & Q(closed_at__isnull=False)),
                name="payout_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["panel", "id"], name="payout_panel"),
            models.Index(fields=["panel", "state", "id"], condition=Q(state="requested"), name="payout_waiting"),
        ]


class TrialTerms(models.Model):
    """What a panel gives new customers to try it, and to how many a day. No row: it never gave anything."""

    panel = models.OneToOneField(Panel, on_delete=models.PROTECT)
    enabled = models.BooleanField(default=False)
    amount_micros = models.BigIntegerField(default=0)
    per_day = models.BigIntegerField(default=20)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_micros__gte=0, per_day__gt=0) & (Q(enabled=False) | Q(amount_micros__gt=0)),
                name="trial_terms_bounds",
            ),
        ]


class TrialBalance(models.Model):
    """What a new customer was given: once for each network address and each browser of a panel, kept as digests."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    customer = models.OneToOneField(Customer, on_delete=models.PROTECT)
    amount_micros = models.BigIntegerField()
    address_digest = models.CharField(max_length=64)
    device_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "address_digest"], name="trial_address_once"),
            models.UniqueConstraint(fields=["panel", "device_digest"], name="trial_device_once"),
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="trial_amount"),
        ]
        indexes = [
            models.Index(fields=["panel", "id"], name="trial_panel"),
            # How many there were today.
            models.Index(fields=["panel", "at"], name="trial_day"),
        ]
