"""Reads about coupons."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from panelwright.core import sql
from panelwright.ledger.models import Transfer, TransferCode
from panelwright.promotions.models import Coupon, CouponUse
from panelwright.promotions.rules import CouponUsage, normal


def usage(
    coupon: Coupon, *, customer_id: int, account_id: int, now: datetime, but: str = "", but_use: int = 0
) -> CouponUsage:
    """How it stands for a customer: a promise counts until it is over. `but`: the reference of a deposit, and
    `but_use` a use, that do not count.
    """
    uses = CouponUse.objects.filter(
        Q(given_micros__gt=0) | Q(given_micros__isnull=True, held_until__gt=now),
        panel_id=coupon.panel_id,
        coupon_id=coupon.id,
    ).exclude(id=but_use)
    return CouponUsage(
        enabled=coupon.enabled,
        begins_at=coupon.begins_at,
        expires_at=coupon.expires_at,
        left=coupon.uses_max - uses.count() if coupon.uses_max else None,
        left_to_customer=coupon.uses_each - uses.filter(customer_id=customer_id).count(),
        first_only=coupon.first_only,
        has_deposits=coupon.first_only and has_deposits(coupon.panel_id, account_id, but),
    )


def has_deposits(panel_id: int, account_id: int, but: str) -> bool:
    """Whether money has come in for a customer, beside the deposit of this reference."""
    rows = Transfer.objects.filter(panel_id=panel_id, credit_account_id=account_id, code=TransferCode.DEPOSIT)
    # The condition of the account's index: without it SQLite reads all deposits of the panel.
    rows = rows.exclude(code=sql.literal("order"))
    return rows.exclude(reference=but).exists()


def use_of(panel_id: int, payment_number: int) -> CouponUse | None:
    """The coupon that was entered for a payment."""
    found: CouponUse | None = (
        CouponUse.objects.filter(panel_id=panel_id, payment_number=payment_number).select_related("coupon").first()
    )
    return found


def has_use(panel_id: int, payment_number: int, code: str) -> bool:
    """Whether this is the coupon that was entered for a payment."""
    uses = CouponUse.objects.filter(panel_id=panel_id, payment_number=payment_number)
    return uses.filter(coupon__code=normal(code)).exists()


def micros_of(use: CouponUse | None) -> int:
    """What it brings, or has brought, before anything of it is withdrawn."""
    if use is None:
        return 0
    return use.promised_micros if use.given_micros is None else use.given_micros
