"""Reads about affiliates: a panel's terms, partners, and what each has earned."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from panelwright.core import sql
from panelwright.core.paging import Found
from panelwright.customers.models import Device, LoginHow, LoginRecord, Session
from panelwright.promotions import affiliate_rules
from panelwright.promotions.affiliate_rules import PartnerMoney
from panelwright.promotions.models import (
    AffiliateTerms,
    Commission,
    CommissionState,
    Partner,
    PartnerClicks,
    Payout,
    PayoutState,
    Referral,
)

# Log-ins of somebody in another's place say nothing about where that one is.
_OWN = (LoginHow.PASSWORD, LoginHow.SIGN_UP, LoginHow.INVITATION)
# The last condition is the index's own: without it SQLite reads all accounts of the panel.
_STANDS = sql.Query(
    "SELECT balance_micros FROM ledger_account WHERE panel_id = ? AND kind = 'earnings' AND name = ?"
    " AND NOT (kind = 'customer')"
)


def terms_of(panel_id: int) -> AffiliateTerms:
    """A panel's terms; as they are before anybody has set any, a row that is not stored."""
    found: AffiliateTerms | None = AffiliateTerms.objects.filter(panel_id=panel_id).first()
    return found if found is not None else AffiliateTerms(panel_id=panel_id)


def partner_of(panel_id: int, customer_id: int) -> Partner | None:
    found: Partner | None = Partner.objects.filter(panel_id=panel_id, customer_id=customer_id).first()
    return found


def percent_e2(partner: Partner | None, terms: AffiliateTerms) -> int:
    """What a partner gets: the own percentage, else everybody's."""
    return terms.percent_e2 if partner is None or partner.percent_e2 is None else partner.percent_e2


def account_name(partner: Partner) -> str:
    """What the account of a partner's earnings is called: the customer comes with the row."""
    return str(partner.customer.account_id)


def money_of(partner: Partner, *, now: datetime) -> PartnerMoney:
    """What stands, is held and was asked for. Read in one transaction with the partner's row locked, it stays so."""
    stands = _STANDS.rows(connection, partner.panel_id, account_name(partner))
    held = Commission.objects.filter(
        panel_id=partner.panel_id, partner_id=partner.id, state=CommissionState.EARNED, held_until__gt=now
    ).aggregate(sum=Sum(F("earned_micros") - F("withdrawn_micros")))["sum"]
    asked = Payout.objects.filter(
        panel_id=partner.panel_id, partner_id=partner.id, state=PayoutState.REQUESTED
    ).aggregate(sum=Sum("amount_micros"))["sum"]
    return PartnerMoney(int(stands[0][0]) if stands else 0, int(held or 0), int(asked or 0))


class PartnerNumbers(NamedTuple):
    """What a partner's page says beside what stands."""

    clicks: int
    signups: int
    paid_micros: int


def numbers_of(partner: Partner) -> PartnerNumbers:
    mine = {"panel_id": partner.panel_id, "partner_id": partner.id}
    clicks = PartnerClicks.objects.filter(**mine).aggregate(sum=Sum("clicks"))["sum"]
    paid = Payout.objects.filter(**mine, state=PayoutState.PAID).aggregate(sum=Sum("amount_micros"))["sum"]
    return PartnerNumbers(int(clicks or 0), Referral.objects.filter(**mine).count(), int(paid or 0))


def commissions(partner: Partner) -> Found:
    """What a partner earned, of payments of customers whose names nobody tells."""
    every = Commission.objects.filter(panel_id=partner.panel_id, partner_id=partner.id)
    return Found(every.exclude(state=CommissionState.DECLINED))


def payouts(partner: Partner, *, most: int) -> list[Payout]:
    """The latest ones."""
    rows = Payout.objects.filter(panel_id=partner.panel_id, partner_id=partner.id).select_related("partner")
    return list(rows.order_by("-id")[:most])


def waiting_payouts(panel_id: int) -> QuerySet[Payout]:
    """Those that staff have to send or reject."""
    rows: QuerySet[Payout] = Payout.objects.filter(panel_id=panel_id, state=PayoutState.REQUESTED).order_by("id")
    return rows


def refused_commissions(panel_id: int) -> QuerySet[Commission]:
    """Those of which staff have to decide whether they are earned."""
    rows: QuerySet[Commission] = Commission.objects.filter(panel_id=panel_id, state=CommissionState.REFUSED)
    return rows.order_by("id")


def evidence(panel_id: int, *, partner_user_id: int, user_id: int, payer: bool) -> list[str]:
    """What says that two users are one person: browsers and addresses with which both have logged in, and `payer`, that
    both have paid with one card or account.
    """
    theirs = Device.objects.filter(panel_id=panel_id, user_id=partner_user_id).values("digest")
    device = Device.objects.filter(panel_id=panel_id, user_id=user_id, digest__in=theirs).exists()
    found = {one: _addresses(panel_id, one) for one in (partner_user_id, user_id)}
    return affiliate_rules.same_person(
        device=device, payer=payer, partner_addresses=found[partner_user_id], addresses=found[user_id]
    )


def _addresses(panel_id: int, user_id: int) -> set[str]:
    logins = LoginRecord.objects.filter(panel_id=panel_id, user_id=user_id, how__in=[one.value for one in _OWN])
    sessions = Session.objects.filter(
        Q(parent__isnull=True, host_session_id__isnull=True), panel_id=panel_id, user_id=user_id
    )
    most = affiliate_rules.ADDRESSES_MAX
    rows = (logins, sessions)
    return {address for one in rows for address in one.order_by("-id").values_list("address", flat=True)[:most]}
