"""The list of receipts and credit notes for staff, declared."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found, Narrowing, of_days
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.panels.models import Panel
from panelwright.receipts.models import Receipt, ReceiptKind
from panelwright.staff.lists import StaffList
from panelwright.staff.rights import Right


def _searched(panel: Panel, text: str) -> Narrowing:
    """A number as it is written, or the beginning of an address."""
    if "@" in text:
        ids = with_email(panel.id, text)
        found = Q(customer_id__in=ids)
        return Narrowing(served=found, few=3) if len(ids) <= 1 else Narrowing(sought=found)
    return Narrowing(sought=Q(number__icontains=text.strip()))


RECEIPTS = Listing(
    name="receipts",
    label=gettext_noop("Receipts"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("number", label=gettext_noop("Number"), place=ColumnPlace.FIRST, cell="receipt_number"),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.MARK, cell="receipt_kind"),
        Column(
            "customer",
            label=gettext_noop("Customer"),
            place=ColumnPlace.MAIN,
            value="customer.user.email",
            cell="receipt_customer",
        ),
        Column("payment", ColumnKind.NUMBER, value="payment.number"),
        Column("issued_at", ColumnKind.TIME, gettext_noop("Issued"), ColumnPlace.LEFT),
        Column("currency"),
        # Of the payment's currency, each row its own.
        Column(
            "amount",
            label=gettext_noop("Amount"),
            place=ColumnPlace.END,
            value=lambda row: money.text(row.amount_micros),
            cell="receipt_amount",
        ),
        Column(
            "tax",
            label=gettext_noop("Tax"),
            place=ColumnPlace.END,
            value=lambda row: money.text(row.tax_micros),
            says=True,
        ),
        Column("tax_name"),
        Column("tax_percent", value=lambda row: f"{row.tax_percent_e2 / 100:.2f}"),
    ),
    filters=(
        Filter(
            "kind",
            gettext_noop("Kind"),
            (
                ("", gettext_noop("All")),
                (ReceiptKind.RECEIPT.value, gettext_noop("Receipts")),
                (ReceiptKind.CREDIT_NOTE.value, gettext_noop("Credit notes")),
            ),
            chips=True,
            where=lambda panel, kind: Narrowing(sought=Q(kind=kind)),
        ),
        Filter(
            "q",
            gettext_noop("Search receipts"),
            hint=gettext_noop("Number of the receipt, email"),
            where=_searched,
        ),
        Filter(
            "since",
            gettext_noop("From day"),
            kind=FilterKind.DAY,
            where=lambda panel, day: Narrowing(sought=of_days("issued_at", day, None)),
        ),
        Filter(
            "until",
            gettext_noop("To day"),
            kind=FilterKind.DAY,
            where=lambda panel, day: Narrowing(sought=of_days("issued_at", None, day)),
        ),
        Filter(
            "customer",
            gettext_noop("Customer"),
            kind=FilterKind.NUMBER,
            hidden=True,
            where=lambda panel, number: Narrowing(served=Q(customer_id=customer_id(panel.id, number) or 0), few=2),
        ),
    ),
    empty=gettext_noop("No receipts yet. Once you issue them, each payment gets one."),
    none_match=gettext_noop("No receipts match your filters."),
)


def _receipts(panel: Panel) -> Found:
    every: QuerySet[Receipt] = Receipt.objects.filter(panel_id=panel.id)
    return Found(every.select_related("customer__user", "payment"), moment="issued_at")


LISTS = (StaffList(RECEIPTS, "", Right.PAYMENTS, _receipts, one=False),)
