"""Methods of payment, payments with their stories and files, what gateways tell, and vouchers.

Amounts of a payment are micros of its method's currency; what reaches the balance is micros of the panel's.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value

from panelwright.core import limits
from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import Customer
from panelwright.ledger.models import Account
from panelwright.panels.models import Panel
from panelwright.support.files import FileType

NAME_MAX = 60
CURRENCY_MAX = 8
REFERENCE_MAX = 32
GATEWAY_ID_MAX = 200
PROOF_MAX = limits.PAYMENT_PROOF_CHARS_MAX
REASON_MAX = 500
BACK_MAX = 2_000
ADDRESS_CHARS_MAX = 45
RATE_ONE = 10**12


class PaymentMethod(models.Model):
    """A way to add funds that a panel offers. What it needs beside this, its gateway says (registry.py)."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # The name of the gateway's folder.
    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=NAME_MAX)
    # By language: {"es": {"name": …, "note": …, "instructions": …}}; what a language lacks, the default one has.
    texts = models.JSONField(default=dict)
    # What the gateway asks for, by the names of its fields; secrets as sealed JSON apart from it.
    settings = models.JSONField(default=dict)
    secrets_sealed = models.TextField(default="", blank=True)
    # Real money: a method of a gateway's test mode credits nothing on a panel that is not for tests.
    live = models.BooleanField(default=True)
    currency = models.CharField(max_length=CURRENCY_MAX)
    # What one unit of its currency is worth in the panel's, in 10^-12.
    rate_e12 = models.BigIntegerField(default=RATE_ONE)
    # Another currency may be worth exactly as much, once somebody has said so.
    rate_given = models.BooleanField(default=False, db_default=False)
    min_micros = models.BigIntegerField(default=0)
    # 0: no limit.
    max_micros = models.BigIntegerField(default=0)
    fee_percent_e2 = models.BigIntegerField(default=0)
    fee_fixed_micros = models.BigIntegerField(default=0)
    # Rows of [from this amount in micros, hundredths of a percent]; the highest that is reached counts.
    bonuses = models.JSONField(default=list)
    # For so many hours what came in by it cannot be spent: 0, at once.
    spend_after_h = models.BigIntegerField(default=0, db_default=0)
    position = models.BigIntegerField(default=0)
    enabled = models.BooleanField(default=False)
    # The part of its webhook's address that nobody can guess.
    hook_token = models.CharField(max_length=43)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "name"], name="payment_method_name"),
            models.UniqueConstraint(fields=["panel", "hook_token"], name="payment_method_hook"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(kind=""), name="payment_method_is_named"),
            models.CheckConstraint(
                condition=Q(rate_e12__gt=0, min_micros__gte=0, max_micros__gte=0)
                & Q(fee_percent_e2__gte=0, fee_fixed_micros__gte=0, spend_after_h__gte=0),
                name="payment_method_amounts",
            ),
        ]
        indexes = [models.Index(fields=["panel", "position", "id"], name="payment_method_order")]


class PaymentState(models.TextChoices):
    """Where a payment stands. Which may follow which: rules.NEXT."""

    CREATED = "created"  # the customer has to pay, or to say that they have
    SENT = "sent"  # the gateway has it, and the customer is there
    PENDING = "pending"  # paid as they say: staff or the gateway have to confirm it
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    WON = "won"
    LOST = "lost"
    FAILED = "failed"  # rejected by staff, or refused by the gateway
    EXPIRED = "expired"
    CANCELED = "canceled"
    PROBLEM = "problem"  # what came is not what was asked for: staff decide


# The states in which the money has come in.
SETTLED = (
    PaymentState.PAID,
    PaymentState.PART_REFUNDED,
    PaymentState.REFUNDED,
    PaymentState.DISPUTED,
    PaymentState.WON,
    PaymentState.LOST,
)


class Attention(models.TextChoices):
    """Why staff have to look at a payment that is paid."""

    REFUND_UNKNOWN = "refund_unknown"  # nobody knows whether a refund was made
    DISPUTED = "disputed"  # the owner has to answer, at the gateway
    PAID_TWICE = "paid_twice"  # staff had the money by another way, and the gateway has it, too
    UNLISTED = "unlisted"  # of an open dispute the gateway says nothing any more: staff close it
    SURPLUS = "surplus"  # the gateway has more money than was credited


class Payment(models.Model):
    """One payment of one customer by one method. It is credited once, by settling.settle."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # What everybody sees in place of the id: the panel's own, see panels/numbers.py.
    number = models.BigIntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    method = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, db_index=False)
    state = models.CharField(max_length=13, choices=PaymentState.choices)
    # Ours, random: what the gateway and the customer's bank are told.
    reference = models.CharField(max_length=REFERENCE_MAX)
    # The payment's name at the gateway, or what a transfer is called at the bank; one proof is used once.
    gateway_id = models.CharField(max_length=GATEWAY_ID_MAX, null=True)
    # What the address named that the customer came back by, where that is needed: theirs to write, see gateway.Api.
    named_on_return = models.CharField(max_length=GATEWAY_ID_MAX, default="", db_default="", blank=True)
    # Where the customer pays, or what they copy or scan to pay: see gateway.OpenCheckout.
    url = models.TextField(default="", blank=True)
    code = models.TextField(default="", db_default="", blank=True)
    qr = models.TextField(default="", db_default="", blank=True)
    expires_at = models.DateTimeField(null=True)
    live = models.BooleanField(default=True)
    # In the method's currency: what reaches the balance, the fee on top, and what came in (null: nothing yet).
    currency = models.CharField(max_length=CURRENCY_MAX)
    asked_micros = models.BigIntegerField()
    fee_micros = models.BigIntegerField()
    received_micros = models.BigIntegerField(null=True)
    # As it was when the customer agreed: see rules.Terms.
    rate_e12 = models.BigIntegerField()
    bonuses = models.JSONField(default=list)
    # In the panel's currency; of a settled payment, what was booked.
    credit_micros = models.BigIntegerField()
    bonus_micros = models.BigIntegerField()
    # The gateway says that it has the money: what goes back goes back through it.
    at_gateway = models.BooleanField(default=False, db_default=False)
    # Of a problem: its code with facts, and what came in, which staff may accept. Of a paid one the facts hold what the
    # gateway has beside what was credited, and what of that staff have settled: see rules.surplus_of.
    problem_code = models.CharField(max_length=30, default="", blank=True)
    problem_facts = models.JSONField(default=dict)
    # The problem that staff have decided about: told again, it is none any more.
    decided = models.CharField(max_length=REASON_MAX, default="", db_default="", blank=True)
    # What else of it staff have to look at, whatever its state is; empty: nothing.
    attention = models.CharField(max_length=14, choices=Attention.choices, default="", db_default="", blank=True)
    # What the customer wrote as proof, and why staff rejected it.
    proof = models.CharField(max_length=PROOF_MAX, default="", blank=True)
    reason = models.CharField(max_length=REASON_MAX, default="", blank=True)
    # The network address that it was begun from, and who paid as the gateway says: see gateway.FoundPayer. The digest
    # of the card or account stands apart, so that others with the same one are found.
    address = models.CharField(max_length=ADDRESS_CHARS_MAX, default="", db_default="", blank=True)
    payer_key = models.CharField(max_length=64, default="", db_default="", blank=True)
    payer = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # The page that lacked funds.
    back = models.CharField(max_length=BACK_MAX, default="", blank=True)
    # A form that is sent twice makes one payment.
    request_id = models.CharField(max_length=64, null=True)
    # When the loop looks at it next; null: never.
    due_at = models.DateTimeField(null=True)
    attempts = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    @property
    def arrives_micros(self) -> int:
        """What it brings, or has brought, to the balance, in the panel's currency."""
        return self.credit_micros + self.bonus_micros

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "number"], name="payment_number"),
            models.UniqueConstraint(fields=["panel", "reference"], name="payment_reference"),
            models.UniqueConstraint(
                fields=["panel", "method", "gateway_id"],
                condition=Q(gateway_id__isnull=False),
                name="payment_gateway_id",
            ),
            models.UniqueConstraint(
                fields=["panel", "customer", "request_id"],
                condition=Q(request_id__isnull=False),
                name="payment_request_once",
            ),
            models.CheckConstraint(condition=Q(state__in=PaymentState.values), name="payment_state"),
            models.CheckConstraint(
                condition=Q(asked_micros__gt=0, fee_micros__gte=0, rate_e12__gt=0)
                & Q(credit_micros__gte=0, bonus_micros__gte=0)
                & (Q(received_micros__isnull=True) | Q(received_micros__gt=0)),
                name="payment_amounts",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[state.value for state in SETTLED],
                    paid_at__isnull=False,
                    received_micros__isnull=False,
                    credit_micros__gt=0,
                )
                | (~Q(state__in=[state.value for state in SETTLED]) & Q(paid_at__isnull=True)),
                name="payment_paid",
            ),
            models.CheckConstraint(
                condition=Q(state=PaymentState.PROBLEM) | Q(problem_code=""), name="payment_problem"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "number"], name="payment_customer"),
            models.Index(fields=["panel", "state", "number"], name="payment_panel_state"),
            models.Index(fields=["method", "number"], name="payment_method_number"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="payment_queue"),
            # What came in since a moment: receipts are issued for it.
            models.Index(fields=["panel", "paid_at"], condition=Q(paid_at__isnull=False), name="payment_came_in"),
            models.Index(fields=["panel", "attention", "number"], condition=~Q(attention=""), name="payment_attention"),
            models.Index(fields=["panel", "payer_key"], condition=~Q(payer_key=""), name="payment_payer"),
        ]


class FreshMoney(models.Model):
    """What of a payment cannot be spent yet: the sum of a customer's rows is `fresh_micros` of their account. The row
    goes when the money is ripe, and shrinks when some of the payment goes back.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="fresh")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    micros = models.BigIntegerField()
    ripens_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(micros__gt=0), name="fresh_money_amount")]
        indexes = [models.Index(fields=["ripens_at"], name="fresh_money_queue")]


class HoldRules(models.Model):
    """When a payment that came in is held for staff. 0 and False: the rule is off. What they mean: hold_rules.judge."""

    panel = models.OneToOneField(Panel, primary_key=True, on_delete=models.PROTECT)
    new_days = models.BigIntegerField(default=0)
    # Of amounts in the panel's currency.
    first_above_micros = models.BigIntegerField(default=0)
    countries = models.BooleanField(default=False)
    cards_max = models.BigIntegerField(default=0)
    shared = models.BooleanField(default=False)
    # More payments than this, or a larger sum, within so many hours.
    count_max = models.BigIntegerField(default=0)
    sum_max_micros = models.BigIntegerField(default=0)
    hours = models.BigIntegerField(default=24)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(new_days__gte=0, first_above_micros__gte=0, cards_max__gte=0)
                & Q(count_max__gte=0, sum_max_micros__gte=0, hours__gte=1),
                name="hold_rules_amounts",
            )
        ]


class PaymentBlockKind(models.TextChoices):
    """What a panel takes no payments from."""

    CUSTOMER = "customer"  # by the customer's number
    ADDRESS = "address"  # a network address, or a network
    DOMAIN = "domain"  # of an e-mail address, with those below it


class PaymentBlock(models.Model):
    """Nobody who matches can begin a payment; what comes in all the same is held."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=8, choices=PaymentBlockKind.choices)
    # In its one form: see hold_rules.block_value.
    value = models.CharField(max_length=253)
    note = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "kind", "value"], name="payment_block_once"),
            models.CheckConstraint(condition=Q(kind__in=PaymentBlockKind.values), name="payment_block_kind"),
            models.CheckConstraint(condition=~Q(value=""), name="payment_block_says_something"),
        ]
        indexes = [models.Index(fields=["panel", "id"], name="payment_block_panel")]


class PaymentStep(models.Model):
    """A line of a payment's story: what happened, as a code with facts. Never changed."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="steps", db_index=False)
    code = models.CharField(max_length=30)
    facts = models.JSONField(default=dict)
    # Who of the staff did it; the customer is not told.
    by = models.CharField(max_length=300, default="", blank=True)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(code=""), name="payment_step_says_something")]
        indexes = [models.Index(fields=["payment", "id"], name="payment_step_payment")]


class PaymentFile(models.Model):
    """A receipt that the customer sent. The bytes are in the database, as those of tickets are."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="files", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=limits.FILE_NAME_CHARS_MAX)
    type = models.CharField(max_length=4, choices=FileType.choices)
    size = models.BigIntegerField()
    data = models.BinaryField()
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(type__in=FileType.values), name="payment_file_type"),
            models.CheckConstraint(
                condition=Q(size__gte=1, size__lte=limits.ATTACHMENT_BYTES_MAX), name="payment_file_size"
            ),
        ]
        indexes = [
            models.Index(fields=["payment", "id"], name="payment_file_payment"),
            models.Index(fields=["customer"], name="payment_file_customer"),
        ]


class Voucher(models.Model):
    """A code that brings an amount to the balance of whoever enters it. Of the code only the SHA-256 digest is stored.

    A plain digest is enough: behind the prefix, which staff see, there are 80 random bits.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # Those that were made together have one name.
    label = models.CharField(max_length=NAME_MAX)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    value_micros = models.BigIntegerField()
    uses_max = models.BigIntegerField()
    # Taken down by the UPDATE that uses it; each customer uses it once.
    uses_left = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    # The user who made it, and may not use it.
    made_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "digest"], name="voucher_digest"),
            models.UniqueConstraint(fields=["panel", "prefix"], name="voucher_prefix"),
            models.CheckConstraint(condition=Q(value_micros__gt=0, uses_max__gt=0), name="voucher_amounts"),
            models.CheckConstraint(
                condition=Q(uses_left__gte=0, uses_left__lte=models.F("uses_max")), name="voucher_uses"
            ),
        ]
        indexes = [models.Index(fields=["panel", "id"], name="voucher_panel")]


class VoucherUse(models.Model):
    """A customer has entered a voucher. `n`: the how manieth use of it, which names the transfer."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    n = models.BigIntegerField()
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "voucher", "n"], name="voucher_use_once"),
            models.UniqueConstraint(fields=["panel", "voucher", "customer"], name="voucher_use_customer"),
            models.CheckConstraint(condition=Q(n__gt=0), name="voucher_use_counts"),
        ]
        indexes = [models.Index(fields=["customer", "id"], name="voucher_use_of_customer")]


class WebhookEvent(models.Model):
    """What a gateway has told us, and that it was really that gateway: a hint, upon which it is asked.

    What has no valid signature is answered and kept nowhere.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    method = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, db_index=False)
    # Ours, where it is about a payment of this method.
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="events", db_index=False)
    # The gateway's id of it; the same one may come again, and changes nothing then.
    event_id = models.CharField(max_length=GATEWAY_ID_MAX, null=True)
    body = models.BinaryField()
    # What the gateway is asked for to learn whose it is, and when; null: nothing is to be learnt any more.
    lookup = models.CharField(max_length=GATEWAY_ID_MAX, default="", db_default="", blank=True)
    due_at = models.DateTimeField(null=True)
    attempts = models.BigIntegerField(default=0, db_default=0)
    received_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "method", "event_id"],
                condition=Q(event_id__isnull=False),
                name="webhook_event_once",
            ),
        ]
        indexes = [
            models.Index(fields=["payment", "id"], condition=Q(payment__isnull=False), name="webhook_event_payment"),
            models.Index(fields=["received_at"], name="webhook_event_age"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="webhook_event_queue"),
        ]


class RefundState(models.TextChoices):
    REQUESTED = "requested"  # the money is off the balance; the gateway has to be told
    SENT = "sent"  # the gateway has it, and has not said that it is done
    UNKNOWN = "unknown"  # nobody knows whether the gateway has it, and it is too late to tell it again
    DONE = "done"
    FAILED = "failed"  # the gateway refused: the money is back on the balance


class Refund(models.Model):
    """A part of a payment that goes back to where it came from. The row is there before anybody is asked."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds", db_index=False)
    # The how manieth of its payment, which names the transfers and is part of the key at the gateway.
    n = models.BigIntegerField()
    state = models.CharField(max_length=9, choices=RefundState.choices)
    # Of what was received, in the method's currency; and what it takes off the balance, in the panel's.
    amount_micros = models.BigIntegerField()
    credit_micros = models.BigIntegerField()
    bonus_micros = models.BigIntegerField()
    fee_micros = models.BigIntegerField()
    gateway_id = models.CharField(max_length=GATEWAY_ID_MAX, default="", blank=True)
    # Where the customer has to fetch it.
    url = models.TextField(default="", db_default="", blank=True)
    said = models.CharField(max_length=REASON_MAX, default="", blank=True)
    due_at = models.DateTimeField(null=True)
    attempts = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "payment", "n"], name="payment_refund_once"),
            models.CheckConstraint(condition=Q(state__in=RefundState.values), name="payment_refund_state"),
            models.CheckConstraint(
                condition=Q(n__gt=0, amount_micros__gt=0)
                & Q(credit_micros__gte=0, bonus_micros__gte=0, fee_micros__gte=0),
                name="payment_refund_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="payment_refund_queue"),
            models.Index(fields=["panel", "created_at"], condition=Q(state="done"), name="payment_refund_done"),
        ]


class DisputeState(models.TextChoices):
    OPEN = "open"
    WON = "won"  # for the panel; or it was closed, and took nothing
    LOST = "lost"


class Dispute(models.Model):
    """The customer's bank, or the gateway, wants money of a payment back. The gateway tells, or staff write it down."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes", db_index=False)
    # The how manieth of its payment, which names the transfers.
    n = models.BigIntegerField()
    state = models.CharField(max_length=4, choices=DisputeState.choices)
    # Its name there; null: staff have written it down.
    gateway_id = models.CharField(max_length=GATEWAY_ID_MAX, null=True)
    # What it is about, of what was received, in the method's currency.
    amount_micros = models.BigIntegerField()
    # Whether the money is off the balance now, and how often it was taken, which names the transfers; what of the
    # payment that is, and what it took, in the panel's currency.
    taken = models.BooleanField(default=False)
    takes = models.BigIntegerField(default=0)
    taken_micros = models.BigIntegerField(default=0)
    credit_micros = models.BigIntegerField(default=0)
    bonus_micros = models.BigIntegerField(default=0)
    fee_micros = models.BigIntegerField(default=0)
    # The gateway's word for why, and until when the owner can answer there.
    reason = models.CharField(max_length=60, default="", blank=True)
    answer_by = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "payment", "n"], name="payment_dispute_once"),
            models.UniqueConstraint(
                fields=["panel", "payment", "gateway_id"],
                condition=Q(gateway_id__isnull=False),
                name="payment_dispute_gateway_id",
            ),
            models.CheckConstraint(condition=Q(state__in=DisputeState.values), name="payment_dispute_state"),
            models.CheckConstraint(
                condition=Q(n__gt=0, amount_micros__gte=0, takes__gte=0, taken_micros__gte=0)
                & Q(credit_micros__gte=0, bonus_micros__gte=0, fee_micros__gte=0),
                name="payment_dispute_amounts",
            ),
            models.CheckConstraint(
                condition=Q(taken=True, takes__gt=0) | Q(taken=False, taken_micros=0, credit_micros=0, bonus_micros=0),
                name="payment_dispute_taken",
            ),
            models.CheckConstraint(
                condition=Q(state=DisputeState.OPEN, closed_at__isnull=True)
                | (~Q(state=DisputeState.OPEN) & Q(closed_at__isnull=False)),
                name="payment_dispute_closed",
            ),
        ]
        # What is open, and what has ended lately.
        indexes = [models.Index(fields=["panel", "closed_at"], name="payment_dispute_ended")]
