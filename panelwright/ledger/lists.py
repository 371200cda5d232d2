"""The statement as data: what a page, a file and the staff API show of an entry of ledger/statement.py."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing
from panelwright.ledger import codes
from panelwright.ledger.models import TransferCode

# Those that customers look for; the others are rare, and stand where they happened.
_LOOKED_FOR = (
    TransferCode.ORDER,
    TransferCode.REFUND,
    TransferCode.DEPOSIT,
    TransferCode.BONUS,
    TransferCode.ADJUSTMENT,
)
CODE = Filter(
    "code",
    gettext_noop("Transaction type"),
    (("", gettext_noop("All")), *((code.value, codes.SEEN[code.value]) for code in _LOOKED_FOR)),
    chips=True,
)


STATEMENT = Listing(
    name="statement",
    label=gettext_noop("Transactions"),
    columns=(
        Column("at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.FIRST),
        Column("code", label=gettext_noop("Description"), place=ColumnPlace.MAIN, cell="entry"),
        Column("reference"),
        Column("order", ColumnKind.ID),
        Column(
            "amount",
            ColumnKind.MONEY,
            gettext_noop("Amount"),
            ColumnPlace.MARK,
            value="micros",
            cell="entry_amount",
        ),
        Column(
            "balance",
            ColumnKind.MONEY,
            gettext_noop("Balance after"),
            ColumnPlace.END,
            says=True,
        ),
    ),
    filters=(CODE,),
    empty=gettext_noop("No transactions yet."),
    none_match=gettext_noop("No transactions match your filters."),
)
# Of one code the balances between are not known.
OF_CODE = replace(STATEMENT, columns=tuple(column for column in STATEMENT.columns if column.name != "balance"))
