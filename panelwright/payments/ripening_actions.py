"""Money that could not be spent can be, from now on: its hours are over, or staff trust it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from panelwright.core.refusal import InvalidState
from panelwright.payments.fresh_actions import set_row
from panelwright.payments.models import FreshMoney
from panelwright.payments.settling_actions import lock, lock_for, tell
from panelwright.staff.actor import Actor


def ripen(*, panel_id: int, payment_id: int, now: datetime) -> bool:
    """The hours are over; False where somebody was faster."""
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        rows = FreshMoney.objects.filter(panel_id=panel_id, payment_id=payment_id, ripens_at__lte=now)
        row: FreshMoney | None = None if payment is None else rows.first()
        if row is None:
            return False
        set_row(row, 0)
        return True


def release(actor: Actor, *, panel_id: int, payment_id: int, now: datetime) -> None:
    """Staff trust the money: it can be spent now. The caller has a transaction. Refused: no_payment,
    own_payment, not_fresh.
    """
    payment = lock_for(actor, panel_id, payment_id)
    row = FreshMoney.objects.filter(panel_id=panel_id, payment_id=payment_id).first()
    if row is None:
        raise InvalidState("not_fresh")
    set_row(row, 0)
    tell(payment, "ripe", by=actor.name, now=now)
