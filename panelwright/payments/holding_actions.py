"""Whether money that came in is held for staff, and from whom a panel takes none.

What is held is at the gateway, and credited to nobody, until staff release the payment or refund it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum

from panelwright.core import clock
from panelwright.core.refusal import NotThere, Refusal, Refused
from panelwright.customers.models import Customer
from panelwright.payments import hold_rules
from panelwright.payments.hold_rules import HELD, Evidence, HoldLimits, PaidBefore, PaidBy
from panelwright.payments.models import HoldRules, Payment, PaymentBlock, PaymentBlockKind, PaymentState
from panelwright.support.rules import clean_title

NOTE_MAX = 200
_SHARES_NAMED = 5


def limits_of(panel_id: int) -> HoldLimits:
    """The panel's rules as they stand."""
    row = HoldRules.objects.filter(panel_id=panel_id).values_list(*HoldLimits._fields).first()
    return HoldLimits() if row is None else HoldLimits(*row)


def line_up(panel_id: int, payment_id: int, limits: HoldLimits) -> None:
    """Two payments of a customer are judged one after the other, or neither would see the other: their row is locked,
    before the payment's.
    """
    if not limits.is_off:
        ids = Payment.objects.filter(panel_id=panel_id, id=payment_id).values("customer_id")
        Customer.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id__in=ids).first()


def why_held(payment: Payment, limits: HoldLimits, by: PaidBy, *, micros: int, now: datetime) -> tuple[Evidence, ...]:
    """Which rules hold a locked payment that would bring so much; none: it may be credited."""
    blocked = block_of(payment.customer, payment.address)
    if limits.is_off and not blocked:
        return ()
    came = Q(paid_at__isnull=False) | Q(state=PaymentState.PROBLEM, problem_code=HELD)
    mine = Payment.objects.filter(came, panel_id=payment.panel_id, customer_id=payment.customer_id)
    mine = mine.exclude(id=payment.id)
    recent = mine.filter(_since(now - timedelta(hours=limits.hours)))
    sums = recent.aggregate(sum=Sum("credit_micros"))
    cards = mine.filter(_since(now - hold_rules.CARDS_WITHIN)).exclude(payer_key="")
    before = PaidBefore(
        signed_up_at=payment.customer.created_at,
        came_ever=mine.filter(paid_at__isnull=False).count(),
        cards=frozenset(cards.values_list("payer_key", flat=True)),
        shares=_shares(payment, by) if limits.shared else (),
        came=recent.count(),
        sum_micros=int(sums["sum"] or 0),
        blocked=blocked,
    )
    return hold_rules.judge(limits, before, by, micros=micros, now=now)


def _since(then: datetime) -> Q:
    return Q(paid_at__gte=then) | Q(paid_at__isnull=True, updated_at__gte=then)


def _shares(payment: Payment, by: PaidBy) -> tuple[int, ...]:
    """The numbers of other customers who have paid with the same card or account."""
    if not by.key:
        return ()
    rows = _paid_with(payment.panel_id, by.key).exclude(customer_id=payment.customer_id)
    found = rows.order_by("customer__number").values_list("customer__number", flat=True).distinct()
    return tuple(found[:_SHARES_NAMED])


def has_paid_so(payment: Payment, customer_id: int) -> bool:
    """Whether another customer has paid with the card or account of this payment, as far as its gateway has told."""
    if not payment.payer_key:
        return False
    rows = _paid_with(payment.panel_id, payment.payer_key).filter(customer_id=customer_id)
    return rows.filter(paid_at__isnull=False).exists()


def _paid_with(panel_id: int, key: str) -> QuerySet[Payment]:
    """The last condition is the index's own: without it SQLite reads all payments of the panel."""
    rows: QuerySet[Payment] = Payment.objects.filter(panel_id=panel_id, payer_key=key).exclude(payer_key="")
    return rows


def note_payer(payment: Payment, by: PaidBy) -> None:
    """Keep who paid, as far as the gateway tells. What it told before stays where it tells nothing now."""
    if by == PaidBy():
        return
    seen = {name: text for name, text in by._asdict().items() if text and name != "key"}
    known = by.key or payment.payer_key, {**payment.payer, **seen}
    if known == (payment.payer_key, payment.payer):
        return
    payment.payer_key, payment.payer = known
    rows = Payment.objects.filter(panel_id=payment.panel_id, id=payment.id)
    rows.update(payer_key=payment.payer_key, payer=payment.payer)


# ---- blocks ------------------------------------------------------------------------------------------------


def block_of(customer: Customer, address: str) -> str:
    """What of the panel's blocks speaks against a payment of this customer, from this network address; empty: nothing.
    One query, however many blocks there are.
    """
    kind = PaymentBlockKind
    found = Q(kind=kind.CUSTOMER, value=str(customer.number))
    found |= Q(kind=kind.ADDRESS, value__in=hold_rules.networks_of(address))
    found |= Q(kind=kind.DOMAIN, value__in=hold_rules.domains_of(customer.user.email))
    rows = PaymentBlock.objects.filter(found, panel_id=customer.panel_id).order_by("kind", "id")
    return str(rows.values_list("value", flat=True).first() or "")


def add_block(*, panel_id: int, kind: str, value: str, note: str = "") -> PaymentBlock:
    """Take no payments from there any more. Refused: bad_block_customer, bad_block_address, bad_block_domain,
    payment_block_there, too_many_payment_blocks, text_too_long.
    """
    form = hold_rules.block_value(PaymentBlockKind(kind), value)
    if isinstance(form, Refusal):
        raise Refused.of(form)
    note = clean_title(note)
    if len(note) > NOTE_MAX:
        raise Refused("text_too_long", "note", limit=NOTE_MAX)
    if kind == PaymentBlockKind.CUSTOMER and not _customers(panel_id, form).exists():
        raise Refused("bad_block_customer", "value")
    if PaymentBlock.objects.filter(panel_id=panel_id).count() >= hold_rules.BLOCKS_MAX:
        raise Refused("too_many_payment_blocks", limit=hold_rules.BLOCKS_MAX)
    row = PaymentBlock(panel_id=panel_id, kind=kind, value=form, note=note, created_at=clock.now())
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Refused("payment_block_there", "value") from None
    return row


def _customers(panel_id: int, number: str) -> QuerySet[Customer]:
    rows: QuerySet[Customer] = Customer.objects.filter(panel_id=panel_id, number=int(number))
    return rows


def remove_block(*, panel_id: int, block_id: int) -> None:
    """Take payments from there again. Refused: no_payment_block."""
    if not PaymentBlock.objects.filter(panel_id=panel_id, id=block_id).delete()[0]:
        raise NotThere("no_payment_block", id=block_id)


def set_rules(*, panel_id: int, **values: Any) -> None:
    """Change when payments are held; what is not given stays. Payments that are held stay so. Refused:
    amount_below_zero.
    """
    for name in ("first_above_micros", "sum_max_micros"):
        if values.get(name, 0) < 0:
            raise Refused("amount_below_zero", name.removesuffix("_micros"))
    HoldRules.objects.get_or_create(panel_id=panel_id)
    if values:
        HoldRules.objects.filter(panel_id=panel_id).update(**values)
