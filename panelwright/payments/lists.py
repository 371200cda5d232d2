"""The list of a customer's payments, as data."""

from __future__ import annotations

from operator import attrgetter

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Listing

PAYMENTS = Listing(
    name="payments",
    label=gettext_noop("Payments"),
    columns=(
        Column(
            "id", ColumnKind.ID, gettext_noop("Payment"), ColumnPlace.FIRST, value=attrgetter("number"), cell="payment"
        ),
        Column("method", label=gettext_noop("Method"), place=ColumnPlace.MAIN, cell="payment_method"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="payment_state"),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.LEFT),
        Column("currency"),
        Column("asked", ColumnKind.MONEY, value="asked_micros"),
        Column("fee", ColumnKind.MONEY),
        Column(
            "arrives",
            ColumnKind.MONEY,
            gettext_noop("On balance"),
            ColumnPlace.END,
            cell="payment_arrives",
        ),
    ),
    empty=gettext_noop("No payments yet."),
)
