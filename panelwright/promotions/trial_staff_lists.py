"""The list of trial balances for staff, declared."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope, whole
from panelwright.core.paging import Found, Narrowing
from panelwright.customers.staff_lists import with_email
from panelwright.panels.models import Panel
from panelwright.promotions.models import TrialBalance
from panelwright.staff.lists import StaffList
from panelwright.staff.rights import Right


def _searched(panel: Panel, text: str) -> Narrowing:
    """A customer's number, or the beginning of an address."""
    number = whole(text)
    found = Q(customer__number=number) if number is not None else Q(customer_id__in=with_email(panel.id, text))
    return Narrowing(sought=found)


TRIALS = Listing(
    name="trials",
    label=gettext_noop("Trial balances"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column(
            "customer_number",
            ColumnKind.NUMBER,
            gettext_noop("Customer ID"),
            ColumnPlace.FIRST,
            value="customer.number",
            cell="affiliate_customer_number",
        ),
        Column(
            "customer",
            label=gettext_noop("Customer"),
            place=ColumnPlace.MAIN,
            value="customer.user.email",
            cell="affiliate_customer",
        ),
        Column("at", ColumnKind.TIME, gettext_noop("Given"), ColumnPlace.LEFT),
        Column("amount", ColumnKind.MONEY, gettext_noop("Amount"), ColumnPlace.END),
    ),
    filters=(Filter("q", gettext_noop("Search"), hint=gettext_noop("Email or ID of the customer"), where=_searched),),
    empty=gettext_noop("No trial balances yet. Turn them on in the settings, and new customers get one."),
    none_match=gettext_noop("No trial balances match your filters."),
)


def _trials(panel: Panel) -> Found:
    every = TrialBalance.objects.filter(panel_id=panel.id)
    return Found(every.select_related("customer__user"), every, moment="at")


LISTS = (StaffList(TRIALS, "", Right.PAYMENTS, _trials, one=False),)
