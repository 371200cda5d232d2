"""Trial balances: an amount for who has confirmed their address, once for each network address and browser.

It is spent on orders and goes nowhere else: a payment is refunded by what that payment brought, and by no bonus.
Lock order: the panel's terms, accounts.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from panelwright.core.refusal import Refusal, Refused
from panelwright.core.remote import neighbourhood
from panelwright.customers.models import Customer
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.promotions.models import TrialBalance, TrialTerms

PER_DAY_MAX = 10_000
# Providers give a customer up to so much of IPv6, which is 65 536 networks of the usual size.
_V6_SITE = 48
_log = logging.getLogger(__name__)


def terms_of(panel_id: int) -> TrialTerms:
    """A panel's terms; as they are before anybody has set any, a row that is not stored."""
    found: TrialTerms | None = TrialTerms.objects.filter(panel_id=panel_id).first()
    return found if found is not None else TrialTerms(panel_id=panel_id)


def set_terms(*, panel_id: int, **values: Any) -> None:
    """What is not given stays. The caller has a transaction. Refused: trial_needs_amount."""
    row, _made = TrialTerms.objects.select_for_update(no_key=True).get_or_create(panel_id=panel_id)
    for name, value in values.items():
        setattr(row, name, value)
    if row.amount_micros < 0 or (row.enabled and not row.amount_micros):
        raise Refused("trial_needs_amount", "trial_amount")
    if values:
        row.save(update_fields=list(values))


def reference_of(customer: Customer) -> str:
    """What its transfer is called."""
    return f"trial-{customer.number}"


def grant(*, panel_id: int, customer: Customer, address: str, device: str, now: datetime) -> int:
    """Give a new customer the trial balance, in the transaction that makes the account: micros, 0 where the panel gives
    none, has given so many today, has given one to the address (of IPv6: the /48) or the browser, or where the books
    refuse it.
    """
    terms = TrialTerms.objects.select_for_update(no_key=True).filter(panel_id=panel_id, enabled=True).first()
    if terms is None:
        return 0
    given = TrialBalance.objects.filter(panel_id=panel_id)
    home, browser = _digest(f"address {neighbourhood(address, v6_bits=_V6_SITE)}"), _digest(f"device {device}")
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if given.filter(Q(address_digest=home) | Q(device_digest=browser) | Q(customer=customer)).exists():
        return 0
    if given.filter(at__gte=day, at__lt=day + timedelta(days=1)).count() >= terms.per_day:
        return 0
    micros: int = terms.amount_micros
    try:
        with transaction.atomic():
            given.create(
                panel_id=panel_id,
                customer=customer,
                amount_micros=micros,
                address_digest=home,
                device_digest=browser,
                at=now,
            )
            _post(panel_id, customer, micros, now)
    except Refused:
        # An account is made with it or without it.
        _log.exception("the books refused the trial balance of customer %s", customer.number)
        return 0
    return micros


def _post(panel_id: int, customer: Customer, micros: int, now: datetime) -> None:
    source, code = NamedAccount(AccountKind.BONUS), TransferCode.BONUS
    posted = ledger.post(
        [NewTransfer(panel_id, source, customer.account_id, micros, code, reference_of(customer))], now=now
    )
    if isinstance(posted, Refusal):
        raise Refused.of(posted)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
