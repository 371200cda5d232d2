"""Writes about receipts: settings, billing details, and issuing, which gives out numbers without gaps.

Money is credited first and alone; a receipt is issued afterwards, by the loop. What goes wrong here never keeps money
from its owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from panelwright.core import clock
from panelwright.core.refusal import Refusal, Refused
from panelwright.core.text import trim
from panelwright.payments import rules as payment_rules
from panelwright.payments.models import SETTLED, Payment, PaymentState
from panelwright.payments.rules import PaymentSum
from panelwright.payments.settling_actions import asked_of
from panelwright.receipts import queries, rules
from panelwright.receipts.models import (
    ADDRESS_MAX,
    NAME_MAX,
    NOTE_MAX,
    TAX_ID_MAX,
    TAX_NAME_MAX,
    BillingDetails,
    Receipt,
    ReceiptCounter,
    ReceiptKind,
    ReceiptSettings,
)
from panelwright.support.rules import clean_text, clean_title

_LINES = {"address": ADDRESS_MAX, "note": NOTE_MAX}
_LINE = {"seller": NAME_MAX, "name": NAME_MAX, "tax_id": TAX_ID_MAX, "tax_name": TAX_NAME_MAX}
# What a transaction that credits a payment may take from its `paid_at` until others see it, with room to spare.
LATE = timedelta(hours=1)


def _cleaned(name: str, value: Any, field: str) -> Any:
    if name in _LINES:
        text, most = clean_text(str(value)).strip(), _LINES[name]
    elif name in _LINE:
        text, most = clean_title(str(value)), _LINE[name]
    elif name == "prefix":
        return trim(str(value))
    else:
        return value
    if len(text) > most:
        raise Refused("text_too_long", field, limit=most)
    return text


def set_receipts(*, panel_id: int, now: datetime, enabled: bool | None = None, **values: Any) -> None:
    """What stands on receipts, and whether any are issued; what is not given stays.

    Turned on, payments get receipts that come in from now on. Refused: text_too_long, receipts_need,
    bad_receipt_prefix, bad_tax_percent, tax_needs_name.
    """
    with transaction.atomic():
        ReceiptSettings.objects.get_or_create(panel_id=panel_id)
        row = ReceiptSettings.objects.select_for_update(no_key=True).get(panel_id=panel_id)
        changed = {name: _cleaned(name, value, f"receipt_{name}") for name, value in values.items()}
        wanted = row.enabled if enabled is None else enabled
        names = ("seller", "address", "prefix", "tax_name", "tax_percent_e2")
        refused = rules.may_set({name: changed.get(name, getattr(row, name)) for name in names}, enabled=wanted)
        if refused is not None:
            raise Refused.of(refused)
        if wanted and not row.enabled:
            changed |= {"since": now, "done_until": now}
        ReceiptSettings.objects.filter(panel_id=panel_id).update(enabled=wanted, **changed)


def set_billing(*, panel_id: int, customer_id: int, name: str, address: str, tax_id: str) -> Refusal | None:
    """What a customer's next receipts say about them. Refused: text_too_long."""
    try:
        values = {
            "name": _cleaned("name", name, "name"),
            "address": _cleaned("address", address, "address"),
            "tax_id": _cleaned("tax_id", tax_id, "tax_id"),
        }
    except Refused as error:
        return error.refusal
    with transaction.atomic():
        BillingDetails.objects.update_or_create(
            customer_id=customer_id, defaults=values, create_defaults={"panel_id": panel_id, **values}
        )
    return None


def issue(*, panel_id: int, payment_id: int, now: datetime) -> Receipt | None:
    """The receipt of a payment: the one there is, or a new one with the next number. None: it gets none.

    None where the panel issues none, or the payment has not come in, or was no real money.
    """
    with transaction.atomic():
        payment = (
            Payment.objects.select_related("customer__user", "method").filter(panel_id=panel_id, id=payment_id).first()
        )
        settings = queries.settings_of(panel_id)
        if payment is None or not payment.live or PaymentState(payment.state) not in SETTLED or not settings.enabled:
            return None
        serial = _Serial.next(settings, ReceiptKind.RECEIPT, now)
        there: Receipt | None = Receipt.objects.filter(
            panel_id=panel_id, payment_id=payment.id, of__isnull=True
        ).first()
        if there is not None:
            return there
        step = payment_rules.step_micros(payment.currency)
        amount = payment.received_micros or 0
        # Staff may have accepted another amount than was asked for, and the fee is then another, too.
        found = payment_rules.accepted(asked_of(payment), amount)
        fee = found.fee_micros if isinstance(found, PaymentSum) else payment.fee_micros
        return serial.issue(
            customer_id=payment.customer_id,
            payment_id=payment.id,
            paid_at=payment.paid_at,
            currency=payment.currency,
            amount_micros=amount,
            fee_micros=fee,
            tax_name=settings.tax_name,
            tax_percent_e2=settings.tax_percent_e2,
            tax_micros=rules.tax_within(amount, settings.tax_percent_e2, step),
            seller={name: getattr(settings, attribute) for name, attribute in _SELLER.items()},
            buyer=_buyer(payment),
            method=payment.method.name,
        )


class WentBack(NamedTuple):
    """What has gone back of a payment, by a refund or by a dispute."""

    payment_id: int
    amount_micros: int
    refund_id: int | None = None
    dispute_id: int | None = None


def issue_note(*, panel_id: int, back: WentBack, now: datetime) -> Receipt | None:
    """The credit note of what has gone back of a payment with a receipt; its tax is that of the receipt."""
    with transaction.atomic():
        settings = queries.settings_of(panel_id)
        receipt = Receipt.objects.filter(panel_id=panel_id, payment_id=back.payment_id, of__isnull=True).first()
        if receipt is None or not settings.enabled:
            return None
        serial = _Serial.next(settings, ReceiptKind.CREDIT_NOTE, now)
        notes = Receipt.objects.filter(panel_id=panel_id, of_id=receipt.id)
        same = Q(refund_id=back.refund_id) if back.refund_id is not None else Q(dispute_id=back.dispute_id)
        there: Receipt | None = notes.filter(same).first()
        if there is not None:
            return there
        earlier = notes.aggregate(amount=Coalesce(Sum("amount_micros"), 0), tax=Coalesce(Sum("tax_micros"), 0))
        step = payment_rules.step_micros(receipt.currency)
        # Of all notes together, so that those of a payment that went back in parts take back its tax to the cent.
        tax = rules.tax_within(earlier["amount"] + back.amount_micros, receipt.tax_percent_e2, step) - earlier["tax"]
        return serial.issue(
            customer_id=receipt.customer_id,
            payment_id=receipt.payment_id,
            refund_id=back.refund_id,
            dispute_id=back.dispute_id,
            of_id=receipt.id,
            paid_at=now,
            currency=receipt.currency,
            amount_micros=back.amount_micros,
            fee_micros=0,
            tax_name=receipt.tax_name,
            tax_percent_e2=receipt.tax_percent_e2,
            tax_micros=tax,
            seller=receipt.seller,
            buyer=receipt.buyer,
            method=receipt.method,
        )


_SELLER = {"name": "seller", "address": "address", "tax_id": "tax_id", "note": "note"}


def _buyer(payment: Payment) -> Mapping[str, str]:
    details = queries.billing(payment.panel_id, payment.customer_id)
    user = payment.customer.user
    return {
        "name": details.name or user.name,
        "address": details.address,
        "tax_id": details.tax_id,
        "email": user.email,
    }


class _Serial:
    """The next number of a panel's year, its counter locked until the end of the transaction: a number that is not
    used is not gone, because the counter is moved by the same transaction that writes the receipt."""

    def __init__(self, settings: ReceiptSettings, counter: ReceiptCounter, now: datetime) -> None:
        self._settings, self._counter, self._now = settings, counter, now

    @classmethod
    def next(cls, settings: ReceiptSettings, kind: ReceiptKind, now: datetime) -> _Serial:
        panel = settings.panel
        key: dict[str, Any] = {"panel_id": panel.id, "kind": kind.value, "year": rules.year_of(now, panel.timezone)}
        ReceiptCounter.objects.get_or_create(**key)
        return cls(settings, ReceiptCounter.objects.select_for_update(no_key=True).get(**key), now)

    def issue(self, **values: Any) -> Receipt:
        counter = self._counter
        counter.last += 1
        counter.save(update_fields=["last"])
        kind = ReceiptKind(counter.kind)
        return Receipt.objects.create(
            panel_id=counter.panel_id,
            kind=kind.value,
            year=counter.year,
            serial=counter.last,
            number=rules.number_text(self._settings.prefix, kind, counter.year, counter.last),
            issued_at=self._now,
            **values,
        )


def issue_due(panel_id: int, limit: int) -> int:
    """One round for one panel: receipts, then credit notes. How many were issued."""
    now = clock.now()
    settings = queries.settings_of(panel_id)
    if not settings.enabled or settings.since is None or settings.done_until is None:
        return 0
    due = queries.without_receipt(panel_id, since=max(settings.since, settings.done_until - LATE), limit=limit)
    made = sum(issue(panel_id=panel_id, payment_id=id_, now=now) is not None for id_ in due)
    # Whatever was set meanwhile: what has a receipt gets its notes.
    notes = queries.without_note(panel_id, since=now - queries.BACK_WITHIN, limit=limit)
    made += sum(issue_note(panel_id=panel_id, back=WentBack(*back), now=now) is not None for back in notes)
    if len(due) < limit and now - settings.done_until > LATE:
        ReceiptSettings.objects.filter(panel_id=panel_id, enabled=True).update(done_until=now)
    return made
