"""The lists of affiliates for staff, declared: partners, whom they brought, what they earned and were paid."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.aggregates import Count
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.customers.staff_lists import with_email
from panelwright.panels.models import Panel
from panelwright.promotions import affiliate_rules
from panelwright.promotions.models import (
    Commission,
    CommissionState,
    Partner,
    PartnerClicks,
    Payout,
    PayoutState,
    Referral,
)
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right

_ALL = ("", gettext_noop("All"))


def _partners_found(panel: Panel, text: str) -> list[int]:
    """Ids of partners by the code, or by the beginning of an address."""
    rows = Partner.objects.filter(panel_id=panel.id)
    code = affiliate_rules.normal_code(text)
    found = rows.filter(code=code) if code is not None else rows.none()
    ids = list(found.values_list("id", flat=True))
    return ids or list(rows.filter(customer_id__in=with_email(panel.id, text)).values_list("id", flat=True))


def _searched_partners(panel: Panel, text: str) -> Narrowing:
    return Narrowing(served=Q(id__in=_partners_found(panel, text)), few=3)


def _of_partners(panel: Panel, text: str) -> Narrowing:
    return Narrowing(sought=Q(partner_id__in=_partners_found(panel, text)))


def _customer(cell: str, path: str) -> Column:
    return Column("customer", label=gettext_noop("Customer"), place=ColumnPlace.MAIN, value=path, cell=cell)


_PARTNER = Column(
    "partner", label=gettext_noop("Affiliate"), place=ColumnPlace.LEFT, value="partner.code", cell="affiliate_partner"
)
_SEARCH = Filter("q", gettext_noop("Search"), hint=gettext_noop("Code or email of the affiliate"), where=_of_partners)

PARTNERS = Listing(
    name="partners",
    label=gettext_noop("Affiliates"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("code", label=gettext_noop("Code"), place=ColumnPlace.FIRST, cell="coupon_code"),
        _customer("affiliate_customer", "customer.user.email"),
        Column("customer_number", ColumnKind.NUMBER, value="customer.number"),
        Column("clicks", ColumnKind.NUMBER, gettext_noop("Clicks"), ColumnPlace.LEFT, says=True),
        Column("signups", ColumnKind.NUMBER, gettext_noop("Sign-ups"), ColumnPlace.LEFT, says=True),
        Column("earned", ColumnKind.MONEY, gettext_noop("Earned"), ColumnPlace.END, says=True),
        Column("paid", ColumnKind.MONEY, gettext_noop("Paid out"), ColumnPlace.END, says=True),
        Column(
            "percent",
            value=lambda row: None if row.percent_e2 is None else f"{row.percent_e2 / 100:.2f}",
            label=gettext_noop("Own commission"),
            place=ColumnPlace.LEFT,
            cell="affiliate_percent",
            says=True,
            empty=True,
        ),
        Column("blocked", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="affiliate_state"),
        Column("created_at", ColumnKind.TIME),
        offers("partner"),
    ),
    filters=(
        Filter(
            "state",
            gettext_noop("State"),
            (_ALL, ("active", gettext_noop("Active")), ("blocked", gettext_noop("Blocked"))),
            chips=True,
            where=lambda panel, state: Narrowing(sought=Q(blocked=state == "blocked")),
        ),
        Filter("q", gettext_noop("Search affiliates"), hint=gettext_noop("Code or email"), where=_searched_partners),
    ),
    empty=gettext_noop("No affiliates yet. Turn the program on, and customers can get their link."),
    none_match=gettext_noop("No affiliates match your filters."),
)


def _sum(rows: Any, what: Any, by: str) -> Coalesce:
    summed = rows.filter(**{by: OuterRef("id")}).order_by().values(by).annotate(sum=what).values("sum")
    return Coalesce(Subquery(summed, output_field=BigIntegerField()), 0)


def _partners(panel: Panel) -> Found:
    every = Partner.objects.filter(panel_id=panel.id)
    earned = Commission.objects.filter(panel_id=panel.id, state=CommissionState.EARNED)
    paid = Payout.objects.filter(panel_id=panel.id, state=PayoutState.PAID)
    signups = Referral.objects.filter(panel_id=panel.id, partner=OuterRef("id")).order_by().values("partner")
    rows = every.select_related("customer__user").annotate(
        clicks=_sum(PartnerClicks.objects.filter(panel_id=panel.id), Sum("clicks"), "partner"),
        signups=Coalesce(Subquery(signups.annotate(count=Count("id")).values("count"), output_field=IntegerField()), 0),
        earned_micros=_sum(earned, Sum(F("earned_micros") - F("withdrawn_micros")), "partner"),
        paid_micros=_sum(paid, Sum("amount_micros"), "partner"),
    )
    return Found(rows, every)


REFERRALS = Listing(
    name="referrals",
    label=gettext_noop("Referrals"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        _customer("affiliate_customer", "customer.user.email"),
        Column(
            "customer_number",
            ColumnKind.NUMBER,
            gettext_noop("Customer ID"),
            ColumnPlace.FIRST,
            value="customer.number",
            cell="affiliate_customer_number",
        ),
        _PARTNER,
        Column("at", ColumnKind.TIME, gettext_noop("Signed up"), ColumnPlace.LEFT),
        Column("deposits", ColumnKind.NUMBER, gettext_noop("Deposits with commission"), ColumnPlace.LEFT, says=True),
        Column("earned", ColumnKind.MONEY, gettext_noop("Commission"), ColumnPlace.END, says=True),
    ),
    filters=(_SEARCH,),
    empty=gettext_noop("Nobody has signed up by an affiliate's link yet."),
    none_match=gettext_noop("No referrals match your filters."),
)


def _referrals(panel: Panel) -> Found:
    every = Referral.objects.filter(panel_id=panel.id)
    earned = Commission.objects.filter(panel_id=panel.id, state=CommissionState.EARNED)
    rows = every.select_related("customer__user", "partner__customer__user").annotate(
        deposits=_sum(earned, Count("id"), "referral"),
        earned_micros=_sum(earned, Sum(F("earned_micros") - F("withdrawn_micros")), "referral"),
    )
    return Found(rows, every, moment="at")


COMMISSIONS = Listing(
    name="commissions",
    label=gettext_noop("Commissions"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column(
            "payment",
            ColumnKind.NUMBER,
            gettext_noop("Payment"),
            ColumnPlace.FIRST,
            value="payment_number",
            cell="commission_payment",
        ),
        _customer("commission_customer", "referral.customer.user.email"),
        _PARTNER,
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="commission_state"),
        Column("at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.LEFT),
        Column("held_until", ColumnKind.TIME),
        # Beneath the customer on the page.
        Column("evidence", value=lambda row: ", ".join(row.evidence)),
        Column("deposit", ColumnKind.MONEY, value="credit_micros"),
        Column("percent", value=lambda row: f"{row.percent_e2 / 100:.2f}"),
        Column("earned", ColumnKind.MONEY, value="earned_micros"),
        Column("withdrawn", ColumnKind.MONEY),
        Column("left", ColumnKind.MONEY, gettext_noop("Commission"), ColumnPlace.END, says=True),
        offers("commission"),
    ),
    filters=(
        Filter(
            "state",
            gettext_noop("State"),
            (
                _ALL,
                ("refused", gettext_noop("To decide")),
                ("earned", gettext_noop("Earned")),
                ("declined", gettext_noop("Declined")),
            ),
            chips=True,
            where=lambda panel, state: (
                Narrowing(served=Q(state=state), few=2, oldest_first=True)
                if state == CommissionState.REFUSED
                else Narrowing(sought=Q(state=state))
            ),
        ),
        _SEARCH,
    ),
    empty=gettext_noop("No commissions yet. One comes with each deposit of a referred customer."),
    none_match=gettext_noop("No commissions match your filters."),
)


def _commissions(panel: Panel) -> Found:
    every = Commission.objects.filter(panel_id=panel.id)
    return Found(every.select_related("referral__customer__user", "partner__customer__user"), every, moment="at")


PAYOUTS = Listing(
    name="payouts",
    label=gettext_noop("Payouts"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("payout", label=gettext_noop("Payout"), place=ColumnPlace.FIRST, value="name", cell="payout_name"),
        _customer("payout_customer", "partner.customer.user.email"),
        Column("customer_number", ColumnKind.NUMBER, value="partner.customer.number"),
        Column("way", label=gettext_noop("Goes to"), place=ColumnPlace.LEFT, cell="payout_way"),
        Column("to"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="payout_state"),
        Column("at", ColumnKind.TIME, gettext_noop("Requested"), ColumnPlace.LEFT),
        Column("closed_at", ColumnKind.TIME, empty=True),
        Column("reference"),
        Column("reason"),
        Column("amount", ColumnKind.MONEY, gettext_noop("Amount"), ColumnPlace.END),
        offers("payout"),
    ),
    filters=(
        Filter(
            "state",
            gettext_noop("State"),
            (
                _ALL,
                ("requested", gettext_noop("Waiting")),
                ("paid", gettext_noop("Paid")),
                ("rejected", gettext_noop("Rejected")),
            ),
            chips=True,
            where=lambda panel, state: (
                Narrowing(served=Q(state=state), few=2, oldest_first=True)
                if state == PayoutState.REQUESTED
                else Narrowing(sought=Q(state=state))
            ),
        ),
        Filter(
            "way",
            gettext_noop("Goes to"),
            (
                _ALL,
                ("balance", gettext_noop("Balance")),
                ("staff", gettext_noop("Outside")),
            ),
            where=lambda panel, way: Narrowing(sought=Q(way=way)),
        ),
        _SEARCH,
    ),
    empty=gettext_noop("No payouts yet."),
    none_match=gettext_noop("No payouts match your filters."),
)


def _payouts(panel: Panel) -> Found:
    every = Payout.objects.filter(panel_id=panel.id)
    return Found(every.select_related("partner__customer__user"), every, moment="at")


LISTS = (
    StaffList(PARTNERS, "partner", Right.PAYMENTS, _partners),
    StaffList(REFERRALS, "", Right.PAYMENTS, _referrals, one=False),
    StaffList(COMMISSIONS, "commission", Right.PAYMENTS, _commissions),
    StaffList(PAYOUTS, "payout", Right.PAYMENTS, _payouts),
)
