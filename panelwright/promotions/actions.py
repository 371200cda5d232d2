"""Making coupons, and what becomes of one with its payment: promised, given, withdrawn.

Lock order: the payment (its caller's; one that is being made comes after its coupon), the coupon, its use, accounts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import F

from panelwright.core import clock
from panelwright.core.refusal import NotThere, Refusal, Refused
from panelwright.customers import throttle_actions
from panelwright.customers.throttle_actions import Attempt, AttemptLimit
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.promotions import affiliate_actions, queries, rules
from panelwright.promotions.models import Coupon, CouponUse
from panelwright.promotions.rules import BAD_COUPON, CouponTerms

# Wrong codes; a page asks with each that is typed.
TRIES_ACCOUNT = AttemptLimit("coupon account", 30)
TRIES_ADDRESS = AttemptLimit("coupon address", 60, everywhere=True)
_GIVES = NamedAccount(AccountKind.COUPON)


class Entered(NamedTuple):
    """A coupon that somebody has entered: its code, and what it would bring."""

    code: str
    micros: int


class Depositor(NamedTuple):
    """Who pays, as far as a coupon asks."""

    customer_id: int
    account_id: int
    address: str


def make(
    *,
    panel_id: int,
    code: str,
    percent_e2: int = 0,
    amount_micros: int = 0,
    most_micros: int = 0,
    least_micros: int = 0,
    uses: int = 0,
    uses_each: int = 1,
    first_only: bool = False,
    begins_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Coupon:
    """A coupon that can be used at once, or from `begins_at` on. The caller has a transaction.

    Refused: bad_coupon_code, coupon_code_taken, coupon_brings (neither a percentage nor an amount, or both),
    coupon_percent, amount_not_positive, coupon_expiry_past.
    """
    now = clock.now()
    plain = rules.normal(code)
    if plain is None:
        raise Refused("bad_coupon_code", "code")
    if (percent_e2 > 0) == (amount_micros > 0):
        raise Refused("coupon_brings", "percent")
    if not 0 <= percent_e2 <= rules.PERCENT_MAX_E2:
        raise Refused("coupon_percent", "percent", limit=rules.PERCENT_MAX_E2 // 100)
    for field, micros in (("amount", amount_micros), ("most", most_micros), ("least", least_micros)):
        if micros < 0:
            raise Refused("amount_not_positive", field)
    if expires_at is not None and expires_at <= max(now, begins_at or now):
        raise Refused("coupon_expiry_past", "expires_at")
    if Coupon.objects.filter(panel_id=panel_id, code=plain).exists():
        raise Refused("coupon_code_taken", "code")
    made: Coupon = Coupon.objects.create(
        panel_id=panel_id,
        code=plain,
        percent_e2=percent_e2,
        amount_micros=amount_micros,
        most_micros=most_micros,
        least_micros=least_micros,
        uses_max=uses,
        uses_each=uses_each,
        first_only=first_only,
        begins_at=begins_at,
        expires_at=expires_at,
        created_at=now,
    )
    return made


def turn(*, panel_id: int, coupon_id: int, enabled: bool) -> None:
    """Take it out of use, or back into it; what it has promised it keeps. Refused: no_coupon."""
    if not Coupon.objects.filter(panel_id=panel_id, id=coupon_id).update(enabled=enabled):
        raise NotThere("no_coupon", id=coupon_id)


def entered(
    *, panel_id: int, who: Depositor, code: str, credit_micros: int, currency: str, now: datetime | None = None
) -> Entered | Refusal:
    """What a code would bring on top of a deposit; nothing is promised yet.

    Refused: too_often (codes that there are not, counted for the customer and the network address), and as
    `rules.refused`.
    """
    now = now or clock.now()
    coupon = recognize(panel_id=panel_id, customer_id=who.customer_id, address=who.address, code=code, now=now)
    if isinstance(coupon, Refusal):
        return coupon
    return _worth(coupon, who.customer_id, who.account_id, credit_micros, currency, now)


def recognize(*, panel_id: int, customer_id: int, address: str, code: str, now: datetime) -> Coupon | Refusal:
    """The coupon of a code that somebody has typed, outside of any transaction: wherever codes come in, each that there
    is not is counted for the customer and the network address. Refused: too_often, bad_coupon.
    """
    tries: Sequence[Attempt] = [(TRIES_ACCOUNT, str(customer_id)), (TRIES_ADDRESS, address)]
    if (too_often := throttle_actions.count(panel_id, tries, now=now)) is not None:
        return dataclasses.replace(too_often, field="coupon")
    plain = rules.normal(code)
    coupon: Coupon | None = None if plain is None else Coupon.objects.filter(panel_id=panel_id, code=plain).first()
    if coupon is None:
        return BAD_COUPON
    # Who knew it was not guessing.
    throttle_actions.take_back(panel_id, tries, now=now)
    return coupon


def _worth(
    coupon: Coupon, customer_id: int, account_id: int, credit_micros: int, currency: str, now: datetime
) -> Entered | Refusal:
    usage = queries.usage(coupon, customer_id=customer_id, account_id=account_id, now=now)
    terms = terms_of(coupon)
    why = rules.refused(usage, terms, credit_micros, now=now, currency=currency)
    return why if why is not None else Entered(coupon.code, rules.worth(terms, credit_micros))


def terms_of(coupon: Coupon) -> CouponTerms:
    return CouponTerms(coupon.percent_e2, coupon.amount_micros, coupon.most_micros, coupon.least_micros)


def hold(
    *,
    panel_id: int,
    customer_id: int,
    account_id: int,
    agreed: Entered,
    credit_micros: int,
    currency: str,
    now: datetime,
) -> Coupon | Refusal:
    """The coupon, locked in the caller's transaction, if it still brings what the customer was shown.

    Refused: terms_changed, and as `rules.refused`.
    """
    rows = Coupon.objects.select_for_update(no_key=True)
    coupon: Coupon | None = rows.filter(panel_id=panel_id, code=rules.normal(agreed.code)).first()
    if coupon is None:
        return BAD_COUPON
    found = _worth(coupon, customer_id, account_id, credit_micros, currency, now)
    if isinstance(found, Refusal):
        return found
    return coupon if found.micros == agreed.micros else Refusal("terms_changed")


def promise(coupon: Coupon, *, customer_id: int, payment_number: int, micros: int, now: datetime) -> None:
    """Keep a coupon that is held for the payment that is made in the same transaction: none gets one afterwards."""
    CouponUse.objects.create(
        panel_id=coupon.panel_id,
        coupon=coupon,
        customer_id=customer_id,
        payment_number=payment_number,
        promised_micros=micros,
        held_until=now + rules.HELD,
        at=now,
    )


def release(*, panel_id: int, payment_number: int, now: datetime) -> None:
    """A payment is over, and nobody has paid: its use is free for others, and for the customer's next payment. Who pays
    late all the same gets what the coupon still gives then. In the caller's transaction, which holds the payment.
    """
    uses = CouponUse.objects.filter(panel_id=panel_id, payment_number=payment_number, given_micros__isnull=True)
    uses.filter(held_until__gt=now).update(held_until=now)


def give(
    *,
    panel_id: int,
    payment_number: int,
    customer_id: int,
    account_id: int,
    reference: str,
    credit_micros: int,
    now: datetime,
    paid_so_by: Callable[[int], bool] = lambda customer_id: False,
) -> Refusal | None:
    """A payment is settled: what its coupon brings on top, and what whoever brought the customer earns, in the caller's
    transaction. `paid_so_by`: whether a customer has paid with the same card or account. Refused as the ledger does.
    """
    refused = _give_coupon(panel_id, payment_number, account_id, reference, credit_micros, now)
    return refused or affiliate_actions.earn(
        panel_id=panel_id,
        customer_id=customer_id,
        payment_number=payment_number,
        reference=reference,
        credit_micros=credit_micros,
        paid_so_by=paid_so_by,
        now=now,
    )


def _give_coupon(
    panel_id: int, payment_number: int, account_id: int, reference: str, credit_micros: int, now: datetime
) -> Refusal | None:
    """One whose promise is over, or whose payment came late, is given if it can still be used."""
    use = CouponUse.objects.filter(panel_id=panel_id, payment_number=payment_number, given_micros__isnull=True).first()
    if use is None:
        return None
    coupon = Coupon.objects.select_for_update(no_key=True).get(panel_id=panel_id, id=use.coupon_id)
    usage = queries.usage(
        coupon, customer_id=use.customer_id, account_id=account_id, now=now, but=reference, but_use=use.id
    )
    if use.held_until > now:
        # Kept whatever has become of the coupon; that a deposit was the first one was a part of it.
        fits = not (usage.first_only and usage.has_deposits)
    else:
        fits = rules.refused(usage, terms_of(coupon), credit_micros, now=now, currency="") is None
    micros = rules.worth(terms_of(coupon), credit_micros) if fits else 0
    CouponUse.objects.filter(panel_id=panel_id, id=use.id).update(given_micros=micros)
    if not micros:
        return None
    posted = ledger.post([NewTransfer(panel_id, _GIVES, account_id, micros, TransferCode.COUPON, reference)], now=now)
    return posted if isinstance(posted, Refusal) else None


def follow(
    *,
    panel_id: int,
    payment_number: int,
    account_id: int,
    reference: str,
    gone_micros: int,
    received_micros: int,
    now: datetime,
) -> None:
    """So much of a payment has gone back, by refunds and disputes together: the same share of its coupon goes, too, and
    of what it earned a partner.

    Less than before, and that part comes back. What the balance does not hold of a coupon becomes a debt. In the
    caller's transaction, which holds the payment.
    """
    _follow_coupon(panel_id, payment_number, account_id, reference, gone_micros, received_micros, now)
    affiliate_actions.follow_back(
        panel_id=panel_id,
        payment_number=payment_number,
        reference=reference,
        gone_micros=gone_micros,
        received_micros=received_micros,
        now=now,
    )


def _follow_coupon(
    panel_id: int,
    payment_number: int,
    account_id: int,
    reference: str,
    gone_micros: int,
    received_micros: int,
    now: datetime,
) -> None:
    rows = CouponUse.objects.filter(panel_id=panel_id, payment_number=payment_number, given_micros__gt=0)
    use = rows.select_for_update(no_key=True).first()
    if use is None or use.given_micros is None:
        return
    wanted = rules.withdrawn(given_micros=use.given_micros, gone_micros=gone_micros, received_micros=received_micros)
    micros = wanted - use.withdrawn_micros
    if not micros:
        return
    rows.filter(id=use.id).update(withdrawn_micros=wanted, moves=F("moves") + 1)
    name = f"{reference} coupon {use.moves + 1}"
    if micros > 0:
        transfer = NewTransfer(panel_id, account_id, _GIVES, micros, TransferCode.COUPON, name)
    else:
        transfer = NewTransfer(panel_id, _GIVES, account_id, -micros, TransferCode.COUPON, name)
    posted = ledger.post([transfer], now=now)
    if isinstance(posted, Refusal):
        raise Refused.of(posted)
