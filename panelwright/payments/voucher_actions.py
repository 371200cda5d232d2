"""Making vouchers, and using one: once for each customer, and never more often than it may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from panelwright.core import clock, limits
from panelwright.core.refusal import NotThere, Refusal, Refused
from panelwright.customers import throttle_actions
from panelwright.customers.models import Customer
from panelwright.customers.throttle_actions import AttemptLimit
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.payments import voucher_rules
from panelwright.payments.models import NAME_MAX, Voucher, VoucherUse
from panelwright.support.rules import clean_title

TRIES_ACCOUNT = AttemptLimit("voucher account", limits.VOUCHER_TRIES_MAX)
TRIES_ADDRESS = AttemptLimit("voucher address", 60, everywhere=True)

BAD_VOUCHER = Refusal("bad_voucher", "voucher")


def make(
    *,
    panel_id: int,
    label: str,
    value_micros: int,
    codes: Sequence[str],
    uses: int = 1,
    expires_at: datetime | None = None,
    made_by: int | None = None,
) -> list[Voucher]:
    """A voucher for each of the codes, which are stored nowhere. The caller has a transaction. `made_by`: the user who
    reads the codes, and may use none of them.

    Refused: missing_field, text_too_long, amount_not_positive, voucher_expiry_past.
    """
    now = clock.now()
    label = clean_title(label)
    if not label:
        raise Refused("missing_field", "label", action="make")
    if len(label) > NAME_MAX:
        raise Refused("text_too_long", "label", limit=NAME_MAX)
    if value_micros <= 0:
        raise Refused("amount_not_positive", "value")
    if expires_at is not None and expires_at <= now:
        raise Refused("voucher_expiry_past", "expires_at")
    plain = [code.replace("-", "") for code in codes]
    made = [
        Voucher(
            panel_id=panel_id,
            label=label,
            prefix=voucher_rules.prefix_of(code),
            digest=voucher_rules.digest_of(code),
            value_micros=value_micros,
            uses_max=uses,
            uses_left=uses,
            expires_at=expires_at,
            made_by=made_by,
            created_at=now,
        )
        for code in plain
    ]
    Voucher.objects.bulk_create(made, batch_size=200)
    return list(Voucher.objects.filter(panel_id=panel_id, digest__in=[row.digest for row in made]).order_by("id"))


def turn(*, panel_id: int, voucher_id: int, enabled: bool) -> None:
    """Take it out of use, or back into it. Refused: no_voucher."""
    if not Voucher.objects.filter(panel_id=panel_id, id=voucher_id).update(enabled=enabled):
        raise NotThere("no_voucher", id=voucher_id)


def redeem(*, panel_id: int, customer_id: int, code: str, address: str, now: datetime | None = None) -> int | Refusal:
    """Bring a voucher's value to the customer's balance; the micros that it brought.

    Refused: too_often (counted for the customer and the network address, before the code is looked at), bad_voucher
    for every code that cannot be used, voucher_used for their own second try, own_voucher, no_customer.
    """
    now = now or clock.now()
    tries = [(TRIES_ACCOUNT, str(customer_id)), (TRIES_ADDRESS, address)]
    if (refused := throttle_actions.count(panel_id, tries, now=now)) is not None:
        return refused
    plain = voucher_rules.normal(code)
    if plain is None:
        return BAD_VOUCHER
    try:
        with transaction.atomic(durable=True):
            brought = _use(panel_id, customer_id, voucher_rules.digest_of(plain), now)
    except Refused as error:
        return error.refusal
    except IntegrityError:
        return Refusal("voucher_used", "voucher")
    # Who knew it was not guessing.
    throttle_actions.take_back(panel_id, tries, now=now)
    return brought


def _use(panel_id: int, customer_id: int, digest: str, now: datetime) -> int:
    """Lock order: the customer, the voucher, accounts. Refused, and the transaction is taken back."""
    rows = Customer.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=customer_id, enabled=True)
    customer = rows.first()
    if customer is None:
        raise Refused("no_customer")
    usable = Voucher.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), panel_id=panel_id, enabled=True)
    found = Voucher.objects.filter(panel_id=panel_id, digest=digest).first()
    if found is None:
        raise Refused.of(BAD_VOUCHER)
    if found.made_by is not None and found.made_by == customer.user_id:
        raise Refused("own_voucher", "voucher")
    if VoucherUse.objects.filter(panel_id=panel_id, voucher=found, customer=customer).exists():
        raise Refused("voucher_used", "voucher")
    if not usable.filter(id=found.id, uses_left__gt=0).update(uses_left=F("uses_left") - 1):
        raise Refused.of(BAD_VOUCHER)
    # The UPDATE holds the row: nobody else has this number.
    left = Voucher.objects.filter(panel_id=panel_id, id=found.id).values_list("uses_left", flat=True).get()
    use = VoucherUse.objects.create(
        panel_id=panel_id, voucher=found, customer=customer, n=found.uses_max - left, at=now
    )
    transfer = NewTransfer(
        panel_id,
        NamedAccount(AccountKind.VOUCHER),
        customer.account_id,
        found.value_micros,
        TransferCode.VOUCHER,
        f"{found.prefix}-{use.n}",
    )
    posted = ledger.post([transfer], now=now)
    if isinstance(posted, Refusal):
        raise Refused.of(posted)
    return int(found.value_micros)
