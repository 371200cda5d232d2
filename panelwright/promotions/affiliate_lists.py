"""What an affiliate reads of their commissions and payouts, as data. Nobody whom they brought is named."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Listing

COMMISSIONS = Listing(
    name="commissions",
    label=gettext_noop("Commissions"),
    columns=(
        Column("at", ColumnKind.TIME, gettext_noop("Date"), ColumnPlace.FIRST),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="commission_state"),
        Column("credit", ColumnKind.MONEY, gettext_noop("Deposit"), ColumnPlace.LEFT, says=True),
        Column("percent", label=gettext_noop("Percent"), place=ColumnPlace.LEFT, cell="commission_percent", says=True),
        Column("left", ColumnKind.MONEY, gettext_noop("Commission"), ColumnPlace.END),
    ),
    empty=gettext_noop("No commissions yet. You earn one when somebody who signed up by your link adds funds."),
)

PAYOUTS = Listing(
    name="payouts",
    label=gettext_noop("Payouts"),
    columns=(
        Column("name", label=gettext_noop("Payout"), place=ColumnPlace.FIRST, cell="payout_name"),
        Column("way", label=gettext_noop("Goes to"), place=ColumnPlace.MAIN, cell="payout_way"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="payout_state"),
        Column("at", ColumnKind.TIME, gettext_noop("Requested"), ColumnPlace.LEFT),
        Column("amount", ColumnKind.MONEY, gettext_noop("Amount"), ColumnPlace.END),
    ),
    empty=gettext_noop("No payouts yet."),
)
