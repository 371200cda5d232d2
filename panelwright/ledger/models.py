"""The books: every movement of money is a transfer between two accounts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel


class AccountKind(models.TextChoices):
    """What an account stands for. Those of customers and affiliates store a balance; the others are sums."""

    CUSTOMER = "customer"
    DEBT = "debt"  # what a customer owes, one for each who ever did
    EARNINGS = "earnings"  # what an affiliate has earned and was not paid yet
    SALES = "sales"
    FEES = "fees"
    CLEARING = "clearing"  # one for each payment gateway
    BANK = "bank"
    BONUS = "bonus"
    COUPON = "coupon"
    VOUCHER = "voucher"
    ADJUSTMENT = "adjustment"
    COMMISSION = "commission"
    PROVIDER = "provider"  # one for each
    COST = "cost"


# The kinds that store a balance.
STORED = (AccountKind.CUSTOMER, AccountKind.EARNINGS)


class Account(models.Model):
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    # Which one of its kind (codes.NAMED): the gateway of a clearing account; empty where a panel has one only.
    name = models.CharField(max_length=100, default="", blank=True)
    # What the customer has, or the affiliate has earned; null for every other kind.
    balance_micros = models.BigIntegerField(null=True)
    # How low a customer's balance may go: 0, or below where the owner grants credit.
    floor_micros = models.BigIntegerField(default=0, db_default=0)
    # What the customer owes: what has left her debt account and not come back. While it stands she orders nothing.
    owed_micros = models.BigIntegerField(default=0, db_default=0)
    # What of the balance cannot be spent on orders yet: money that has come in lately and may be taken back.
    fresh_micros = models.BigIntegerField(default=0, db_default=0)

    @property
    def available_micros(self) -> int:
        """What orders can spend: the balance without what is fresh, and the credit that is granted. While a debt
        stands: nothing.
        """
        if self.owed_micros:
            return 0
        held = (self.balance_micros or 0) - self.floor_micros
        return max(held - self.fresh_micros, 0) if self.fresh_micros else held

    @property
    def credit_micros(self) -> int:
        """The credit limit."""
        return -self.floor_micros

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "kind", "name"], condition=~Q(kind="customer"), name="account_panel_kind_name"
            ),
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind"),
            models.CheckConstraint(
                # A comparison with null is not false: without the first word a balance could be emptied of its number.
                condition=Q(balance_micros__isnull=False, kind="customer", balance_micros__gte=F("floor_micros"))
                | Q(balance_micros__isnull=False, kind="earnings")
                | (~Q(kind__in=[kind.value for kind in STORED]) & Q(balance_micros=None)),
                name="account_balance",
            ),
            models.CheckConstraint(
                condition=Q(kind="customer", floor_micros__lte=0, owed_micros__gte=0, fresh_micros__gte=0)
                | (~Q(kind="customer") & Q(floor_micros=0, owed_micros=0, fresh_micros=0)),
                name="account_floor",
            ),
            # Money that comes in pays the debt first: nobody has both.
            models.CheckConstraint(condition=Q(owed_micros=0) | Q(balance_micros__lte=0), name="account_debt_first"),
        ]


REFERENCE_CHARS = 128


class TransferCode(models.TextChoices):
    """Why money moved. With the reference it is unique in a panel: nothing moves twice. See codes.py."""

    ORDER = "order"
    REFUND = "refund"
    DEPOSIT = "deposit"
    FEE = "fee"
    BONUS = "bonus"
    COUPON = "coupon"
    VOUCHER = "voucher"
    COMMISSION = "commission"
    PAYOUT = "payout"
    GATEWAY_REFUND = "gateway_refund"
    CHARGEBACK = "chargeback"
    REVERSAL = "reversal"
    DEBT = "debt"
    REPAYMENT = "repayment"
    SETTLEMENT = "settlement"
    COST = "cost"
    ADJUSTMENT = "adjustment"


# The codes of transfers that belong to an order, and say which.
OF_ORDERS = (TransferCode.ORDER, TransferCode.REFUND, TransferCode.COST)
_OF_ORDERS = [code.value for code in OF_ORDERS]


class Transfer(models.Model):
    """`amount_micros` left the debit account and reached the credit account. Never changed, never deleted."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    debit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits", db_index=False)
    credit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits", db_index=False)
    amount_micros = models.BigIntegerField()
    code = models.CharField(max_length=20, choices=TransferCode.choices)
    reference = models.CharField(max_length=REFERENCE_CHARS)
    # The id of the order whose charge or cost this is part of; orders are above the ledger, so it is no foreign key.
    order_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "code", "reference"], name="transfer_once"),
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="transfer_amount"),
            models.CheckConstraint(condition=~Q(debit_account=F("credit_account")), name="transfer_two_accounts"),
            # Orders first: theirs is the insert that counts, and SQLite makes a table of a list before it looks.
            models.CheckConstraint(condition=Q(code="order") | Q(code__in=TransferCode.values), name="transfer_code"),
            models.CheckConstraint(
                condition=Q(code="order", order_id__isnull=False)
                | Q(code__in=_OF_ORDERS, order_id__isnull=False)
                | (~Q(code__in=_OF_ORDERS) & Q(order_id__isnull=True)),
                name="transfer_order",
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "id"], name="transfer_debit"),
            # Orders credit the sales account, which nobody reads row by row: leaving them out makes each
            # order cheaper. A customer's statement asks for credits whose code is not "order".
            models.Index(fields=["credit_account", "id"], condition=~Q(code="order"), name="transfer_credit"),
        ]


class Rollup(models.Model):
    """How far a customer account's transfers have been added up, and its balance there. See statement_actions."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.PROTECT)
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # The last transfer that is in; 0: none.
    transfer_id = models.BigIntegerField(default=0)
    balance_micros = models.BigIntegerField(default=0)
    # When that transfer was made.
    at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")


class Quarter(models.Model):
    """The transfers of a customer account in a quarter of an hour: days of any time zone are made of these."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    starts_at = models.DateTimeField()
    ordered_micros = models.BigIntegerField()
    returned_micros = models.BigIntegerField()
    # The highest transfer in it, and the balance after that one.
    last_id = models.BigIntegerField()
    balance_micros = models.BigIntegerField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "account", "starts_at"], name="quarter_once"),
            models.CheckConstraint(
                condition=Q(ordered_micros__gte=0) & Q(returned_micros__gte=0), name="quarter_amounts"
            ),
        ]
