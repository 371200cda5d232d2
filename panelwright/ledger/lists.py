"""The statement as data: what a page, a file and the staff API show of an entry of ledger/statement.py."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, Filter, Kind, Listing, Place
from panelwright.ledger.models import Code

WORDS = {
    Code.ORDER.value: gettext_noop("Order"),
    Code.REFUND.value: gettext_noop("Refund"),
    Code.DEPOSIT.value: gettext_noop("Deposit"),
    Code.BONUS.value: gettext_noop("Bonus"),
    Code.ADJUSTMENT.value: gettext_noop("Correction"),
}
CODE = Filter("code", gettext_noop("Transaction type"), (("", gettext_noop("All")), *WORDS.items()), chips=True)


STATEMENT = Listing(
    name="statement",
    label=gettext_noop("Transactions"),
    columns=(
        Column("id", Kind.ID),
        Column("at", Kind.TIME, gettext_noop("Time"), Place.FIRST),
        Column("code", label=gettext_noop("Description"), place=Place.MAIN, cell="entry"),
        Column("reference"),
        Column("order", Kind.ID, value=lambda entry: entry.order_id),
        Column(
            "amount",
            Kind.MONEY,
            gettext_noop("Amount"),
            Place.MARK,
            value=lambda entry: entry.micros,
            cell="entry_amount",
        ),
        Column(
            "balance",
            Kind.MONEY,
            gettext_noop("Balance after"),
            Place.END,
            value=lambda entry: entry.balance_micros,
            says=True,
        ),
    ),
    filters=(CODE,),
    empty=gettext_noop("No transactions yet."),
    none_match=gettext_noop("No transactions match your filters."),
)
# Of one code the balances between are not known.
OF_CODE = replace(STATEMENT, columns=tuple(column for column in STATEMENT.columns if column.name != "balance"))
