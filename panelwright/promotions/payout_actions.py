"""Paying partners: to their balance at once, or by staff, who are asked. The partner's row is locked, then accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from panelwright.core import sql
from panelwright.core.refusal import InvalidState, NotThere, Refusal, Refused
from panelwright.customers.own import refuse_own
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.promotions import affiliate_queries, affiliate_rules
from panelwright.promotions.affiliate_actions import OWN
from panelwright.promotions.models import (
    PAYOUT_REASON_MAX,
    PAYOUT_REFERENCE_MAX,
    PAYOUT_TO_MAX,
    Partner,
    Payout,
    PayoutState,
    PayoutWay,
)
from panelwright.staff.actor import Actor

# What staff have sent left something that stands for all they send from.
_SENT = NamedAccount(AccountKind.CLEARING, "payouts")
# Both accounts that a payout may move, as the ledger locks them: what is read after it stays so. The second is found by
# its partial index, whose condition SQLite has to see.
_LOCK = sql.Query(
    "SELECT id FROM ledger_account WHERE id IN (SELECT id FROM ledger_account WHERE panel_id = ? AND id = ? UNION ALL"
    " SELECT id FROM ledger_account WHERE panel_id = ? AND kind = 'earnings' AND name = ? AND NOT (kind = 'customer'))"
    " ORDER BY id :for_no_key_update"
)


def pay_out(
    *,
    panel_id: int,
    customer_id: int,
    way: PayoutWay,
    amount_micros: int | None = None,
    to: str = "",
    request_id: str,
    now: datetime,
) -> Payout | Refusal:
    """Move what a partner can have to their balance, all of it or an amount, or ask staff to send it.

    The same `request_id` again answers the same payout. Refused: no_partner, partner_blocked,
    payouts_to_balance_only, payout_to_missing, text_too_long, payout_requested, payout_above, payout_below,
    amount_not_positive.
    """
    try:
        with transaction.atomic():
            return _paid_out(panel_id, customer_id, way, amount_micros, to, request_id, now)
    except Refused as refused:
        return refused.refusal


def _paid_out(
    panel_id: int, customer_id: int, way: PayoutWay, wanted_micros: int | None, to: str, request_id: str, now: datetime
) -> Payout | Refusal:
    partner = _locked(panel_id, customer_id=customer_id)
    if partner is None:
        return Refusal("no_partner")
    mine = Payout.objects.filter(panel_id=panel_id, partner_id=partner.id)
    before: Payout | None = mine.filter(request_id=request_id).first()
    if before is not None:
        return before
    terms = affiliate_queries.terms_of(panel_id)
    by_staff = way is PayoutWay.STAFF
    to = " ".join(to.split())
    if by_staff and not terms.staff_payouts:
        return Refusal("payouts_to_balance_only")
    if by_staff and not to:
        return Refusal("payout_to_missing", "to")
    if len(to) > PAYOUT_TO_MAX:
        return Refusal("text_too_long", "to", PAYOUT_TO_MAX)
    if by_staff and mine.filter(state=PayoutState.REQUESTED).exists():
        return Refusal("payout_requested")
    _lock_accounts(partner)
    stands = affiliate_queries.money_of(partner, now=now)
    amount = stands.available_micros if wanted_micros is None else wanted_micros
    refused = affiliate_rules.payout_refused(
        stands,
        amount_micros=amount,
        least_micros=terms.least_payout_micros,
        blocked=partner.blocked,
        currency=partner.panel.currency,
    )
    if refused is not None:
        return refused
    row: Payout = Payout.objects.create(
        panel_id=panel_id,
        partner=partner,
        n=mine.count() + 1,
        way=way,
        state=PayoutState.REQUESTED if by_staff else PayoutState.PAID,
        amount_micros=amount,
        to=to,
        request_id=request_id,
        at=now,
        closed_at=None if by_staff else now,
    )
    if not by_staff:
        _post(row, partner.customer.account_id, now)
    return row


def _locked(panel_id: int, **which: Any) -> Partner | None:
    rows = Partner.objects.select_for_update(no_key=True, of=("self",)).filter(panel_id=panel_id, **which)
    found: Partner | None = rows.select_related("customer", "panel").first()
    return found


def _lock_accounts(partner: Partner) -> None:
    account_id, name = partner.customer.account_id, affiliate_queries.account_name(partner)
    _LOCK.rows(connection, partner.panel_id, account_id, partner.panel_id, name)


def _post(row: Payout, to: int | NamedAccount, now: datetime) -> None:
    earnings = NamedAccount(AccountKind.EARNINGS, affiliate_queries.account_name(row.partner))
    transfer = NewTransfer(row.panel_id, earnings, to, row.amount_micros, TransferCode.PAYOUT, row.name)
    posted = ledger.post([transfer], now=now)
    if isinstance(posted, Refusal):
        raise Refused.of(posted)


def approve(actor: Actor, *, panel_id: int, payout_id: int, reference: str, now: datetime) -> None:
    """Staff have sent it, and it is called so where they did. The caller has a transaction. Refused: no_payout,
    own_affiliate_money, payout_closed, text_too_long.

    The money is gone, so it is booked whatever has become of the partner meanwhile: what commission was taken back of
    leaves their account below zero.
    """
    row = _requested(actor, panel_id, payout_id)
    if len(reference) > PAYOUT_REFERENCE_MAX:
        raise Refused("text_too_long", "reference", limit=PAYOUT_REFERENCE_MAX)
    _close(row, PayoutState.PAID, now, reference=reference)
    _post(row, _SENT, now)


def reject(actor: Actor, *, panel_id: int, payout_id: int, reason: str, now: datetime) -> None:
    """Nothing is sent, and what was asked for is available again; the partner reads why. The caller has a transaction.
    Refused: no_payout, own_affiliate_money, payout_closed, text_too_long.
    """
    row = _requested(actor, panel_id, payout_id)
    if len(reason) > PAYOUT_REASON_MAX:
        raise Refused("text_too_long", "reason", limit=PAYOUT_REASON_MAX)
    _close(row, PayoutState.REJECTED, now, reason=reason)


def _requested(actor: Actor, panel_id: int, payout_id: int) -> Payout:
    """The payout, with its partner locked first."""
    rows = Payout.objects.filter(panel_id=panel_id, id=payout_id)
    partner_id = rows.values_list("partner_id", flat=True).first()
    partner = None if partner_id is None else _locked(panel_id, id=partner_id)
    row: Payout | None = None if partner is None else rows.first()
    if row is None or partner is None:
        raise NotThere("no_payout", id=payout_id)
    refuse_own(actor, panel_id, partner.customer.user_id, code=OWN)
    if row.state != PayoutState.REQUESTED:
        raise InvalidState("payout_closed")
    row.partner = partner
    return row


def _close(row: Payout, state: PayoutState, now: datetime, **values: Any) -> None:
    waiting = Payout.objects.filter(panel_id=row.panel_id, id=row.id, state=PayoutState.REQUESTED)
    if not waiting.update(state=state, closed_at=now, **values):
        raise InvalidState("payout_closed")
