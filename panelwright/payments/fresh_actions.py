"""Money that cannot be spent yet, because it may be taken back: the hours that a method asks for.

What cannot be spent is a number on the customer's account (`fresh_micros`), which placing orders subtracts as it reads
the balance; it looks at no row of these. Lock order: the payment, then the account.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from panelwright.ledger import actions as ledger
from panelwright.ledger.models import Transfer, TransferCode
from panelwright.payments.hold_rules import fresh_left
from panelwright.payments.models import FreshMoney, Payment
from panelwright.promotions.queries import micros_of, use_of

_BROUGHT = (TransferCode.DEPOSIT.value, TransferCode.BONUS.value, TransferCode.COUPON.value)


def hold_back(payment: Payment, name: str, *, now: datetime) -> None:
    """What a payment has just brought to the balance by transfers of this name, less what paid a debt, cannot be spent
    for the hours of its method. The caller has a transaction that holds the payment and the account.
    """
    hours = payment.method.spend_after_h
    if not hours:
        return
    account_id = payment.customer.account_id
    rows = Transfer.objects.filter(panel_id=payment.panel_id)
    came = _sum(rows.filter(code__in=_BROUGHT, reference=name), "credit_account_id", account_id)
    # How the ledger calls what pays a debt beside each of them.
    beside = [f"{code}:{name}" for code in _BROUGHT]
    gone = _sum(rows.filter(code=TransferCode.REPAYMENT, reference__in=beside), "debit_account_id", account_id)
    micros = came - gone
    if micros > 0:
        FreshMoney.objects.create(
            panel_id=payment.panel_id,
            payment=payment,
            account_id=account_id,
            micros=micros,
            ripens_at=now + timedelta(hours=hours),
        )
        ledger.add_fresh(panel_id=payment.panel_id, account_id=account_id, micros=micros)


def _sum(rows: QuerySet[Transfer], side: str, account_id: int) -> int:
    """Of a handful of rows. The account is no condition: by its index all of the customer's transfers would be read."""
    return sum(micros for id_, micros in rows.values_list(side, "amount_micros") if id_ == account_id)


def follow(payment: Payment, *, left_micros: int) -> None:
    """Some of a locked payment has gone back: what of it cannot be spent is less by as much. What comes back later, a
    dispute that was won, can be spent at once.
    """
    row = FreshMoney.objects.filter(panel_id=payment.panel_id, payment_id=payment.id).first()
    if row is None:
        return
    brought = payment.arrives_micros + micros_of(use_of(payment.panel_id, payment.number))
    received = payment.received_micros or 0
    micros = fresh_left(micros=row.micros, brought_micros=brought, left_micros=left_micros, received_micros=received)
    set_row(row, micros)


def set_row(row: FreshMoney, micros: int) -> None:
    """The payment is locked, and nobody else changes its row."""
    mine = FreshMoney.objects.filter(panel_id=row.panel_id, id=row.id)
    if micros == row.micros:
        return
    if micros:
        mine.update(micros=micros)
    else:
        mine.delete()
    ledger.add_fresh(panel_id=row.panel_id, account_id=row.account_id, micros=micros - row.micros)
