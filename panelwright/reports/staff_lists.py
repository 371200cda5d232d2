"""The list of all refunds of a panel, declared: what the refunds of reports add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.core import spans
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.core.spans import Span
from panelwright.ledger.models import Account, AccountKind, Transfer
from panelwright.orders.queries import numbers_of
from panelwright.panels.models import Panel
from panelwright.reports import queries
from panelwright.staff.lists import StaffList
from panelwright.staff.rights import Right


class RefundRow(NamedTuple):
    """A transfer, with the number of the order that it belongs to."""

    transfer: Transfer
    order: int | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transfer, name)


def _posted_in(panel: Panel, span: Span) -> Narrowing:
    """By the clock of the panel's time zone, as reports count. Ids rise with time, give or take a few."""
    since, until = span.bounds(panel.timezone)
    low, high = queries.transfers_between(since, until)
    within = Q(id__gt=low) & Q(id__lt=high)
    return Narrowing(between=within, sought=Q(created_at__gte=since) & Q(created_at__lt=until))


REFUNDS = Listing(
    name="refunds",
    label=gettext_noop("Refunds"),
    scope=ListScope.PANEL,
    columns=(
        Column("created_at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.FIRST),
        Column("order", ColumnKind.ID, gettext_noop("Order"), ColumnPlace.MAIN, cell="refund", empty=True),
        Column(
            "amount", ColumnKind.MONEY, gettext_noop("Amount"), ColumnPlace.END, value=lambda row: row.amount_micros
        ),
    ),
    filters=(Filter("span", gettext_noop("Period"), hidden=True, read=spans.read, where=_posted_in),),
    empty=gettext_noop("No refunds yet. What is given back for orders will be listed here."),
    none_match=gettext_noop("No refunds match your filters."),
)


def _refunds(panel: Panel) -> Found:
    """What leaves the account of sales is refunds alone, and an index has its debits in the order of their ids."""
    sales = Account.objects.filter(panel_id=panel.id, kind=AccountKind.SALES, name="").values("id")[:1]
    rows: QuerySet[Transfer] = Transfer.objects.filter(panel_id=panel.id, debit_account_id=sales)
    return Found(rows)


def _numbered(panel: Panel, rows: Sequence[Transfer]) -> list[RefundRow]:
    numbers = numbers_of(panel.id, [row.order_id for row in rows if row.order_id is not None])
    return [RefundRow(row, numbers.get(row.order_id or 0)) for row in rows]


LISTS = (StaffList(REFUNDS, "", Right.ORDERS_READ, _refunds, _numbered, one=False),)
