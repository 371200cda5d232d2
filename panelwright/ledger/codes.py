"""Why money moves, as data: each code, the accounts that it may stand between, and what its customer reads.

The rule that posts (rules.py), the statement, its CSV, the audit, the reference page and the tests all read this table.
Money leaves the debit account and reaches the credit account; what an account holds is what reached it less what left.
So income and what we owe others is above zero, expenses and what others hold for us below.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop

from panelwright.ledger.models import AccountKind, TransferCode


class Shortfall(StrEnum):
    """What happens where the debit account holds less than is to leave it."""

    REFUSED = "refused"  # nothing moves; an account without a balance has no such end
    OWN = "own"  # the same, and credit that is granted counts for nothing: it was lent for orders
    DEBT = "debt"  # what is there is taken, the rest becomes a debt
    BELOW = "below"  # the balance goes below its floor, and later money fills it up


@dataclass(frozen=True, slots=True)
class Movement:
    """One way that money moves. `reference`: what names it, once for each code in a panel.

    `words`: what the customer reads on the statement; empty where no customer's account is part of it. `told`: she
    reads the reference, too.
    """

    code: TransferCode
    debit: AccountKind
    credit: AccountKind
    reference: str
    words: str = ""
    short: Shortfall = Shortfall.REFUSED
    told: bool = True

    @property
    def may_stand_with_debt(self) -> bool:
        """Whether a debt may be recorded or paid beside it, with a reference made of its code and its own."""
        lends = self.short is Shortfall.DEBT or self.credit is AccountKind.CUSTOMER
        return lends and self.code not in (TransferCode.DEBT, TransferCode.REPAYMENT)

    @property
    def seen(self) -> bool:
        """Whether it stands on a customer's statement."""
        return AccountKind.CUSTOMER in (self.debit, self.credit)


_CODE, _ACCOUNT = TransferCode, AccountKind
_ORDER, _PAYMENT, _GIVEN_BACK = "the order's number", "the payment", "the refund or dispute that takes it back"

MOVEMENTS = (
    Movement(_CODE.ORDER, _ACCOUNT.CUSTOMER, _ACCOUNT.SALES, _ORDER, gettext_noop("Order")),
    Movement(
        _CODE.REFUND,
        _ACCOUNT.SALES,
        _ACCOUNT.CUSTOMER,
        "the number of the order, or of the run, that was not delivered in full",
        gettext_noop("Refund"),
    ),
    Movement(_CODE.DEPOSIT, _ACCOUNT.CLEARING, _ACCOUNT.CUSTOMER, _PAYMENT, gettext_noop("Deposit")),
    # What a customer pays on top of the deposit, and what the gateway keeps.
    Movement(_CODE.FEE, _ACCOUNT.CLEARING, _ACCOUNT.FEES, _PAYMENT),
    Movement(_CODE.FEE, _ACCOUNT.FEES, _ACCOUNT.CLEARING, "the refund that takes it back, or the settlement"),
    Movement(_CODE.BONUS, _ACCOUNT.BONUS, _ACCOUNT.CUSTOMER, _PAYMENT, gettext_noop("Bonus")),
    Movement(
        _CODE.BONUS,
        _ACCOUNT.CUSTOMER,
        _ACCOUNT.BONUS,
        _GIVEN_BACK,
        gettext_noop("Bonus withdrawn"),
        Shortfall.DEBT,
    ),
    Movement(_CODE.COUPON, _ACCOUNT.COUPON, _ACCOUNT.CUSTOMER, _PAYMENT, gettext_noop("Coupon")),
    Movement(
        _CODE.COUPON,
        _ACCOUNT.CUSTOMER,
        _ACCOUNT.COUPON,
        _GIVEN_BACK,
        gettext_noop("Coupon withdrawn"),
        Shortfall.DEBT,
    ),
    Movement(
        _CODE.VOUCHER,
        _ACCOUNT.VOUCHER,
        _ACCOUNT.CUSTOMER,
        "the use of the voucher",
        gettext_noop("Voucher"),
    ),
    Movement(_CODE.COMMISSION, _ACCOUNT.COMMISSION, _ACCOUNT.EARNINGS, _PAYMENT),
    Movement(
        _CODE.COMMISSION,
        _ACCOUNT.EARNINGS,
        _ACCOUNT.COMMISSION,
        _GIVEN_BACK,
        short=Shortfall.BELOW,
    ),
    Movement(
        _CODE.PAYOUT,
        _ACCOUNT.EARNINGS,
        _ACCOUNT.CUSTOMER,
        "the payout",
        gettext_noop("Affiliate payout"),
    ),
    # Staff have sent it already.
    Movement(_CODE.PAYOUT, _ACCOUNT.EARNINGS, _ACCOUNT.CLEARING, "the payout", short=Shortfall.BELOW),
    Movement(
        _CODE.GATEWAY_REFUND,
        _ACCOUNT.CUSTOMER,
        _ACCOUNT.CLEARING,
        "the refund of the payment",
        gettext_noop("Payment refunded"),
        Shortfall.OWN,
    ),
    Movement(
        _CODE.CHARGEBACK,
        _ACCOUNT.CUSTOMER,
        _ACCOUNT.CLEARING,
        "the dispute",
        gettext_noop("Chargeback"),
        Shortfall.DEBT,
    ),
    Movement(
        _CODE.REVERSAL,
        _ACCOUNT.CLEARING,
        _ACCOUNT.CUSTOMER,
        "the dispute that was won",
        gettext_noop("Chargeback reversed"),
    ),
    Movement(
        _CODE.DEBT,
        _ACCOUNT.DEBT,
        _ACCOUNT.CUSTOMER,
        "code and reference of what could not be taken",
        gettext_noop("Recorded as debt"),
        # It stands beside what it was lent for, or what paid it: code and reference of that are no words for people.
        told=False,
    ),
    Movement(
        _CODE.REPAYMENT,
        _ACCOUNT.CUSTOMER,
        _ACCOUNT.DEBT,
        "code and reference of the money that paid it",
        gettext_noop("Debt repayment"),
        told=False,
    ),
    Movement(_CODE.SETTLEMENT, _ACCOUNT.BANK, _ACCOUNT.CLEARING, "the gateway's settlement"),
    Movement(_CODE.COST, _ACCOUNT.COST, _ACCOUNT.PROVIDER, "the order's number and one that counts on"),
    Movement(_CODE.COST, _ACCOUNT.PROVIDER, _ACCOUNT.COST, "the order's number and one that counts on"),
    Movement(
        _CODE.ADJUSTMENT,
        _ACCOUNT.ADJUSTMENT,
        _ACCOUNT.CUSTOMER,
        "given by staff",
        gettext_noop("Correction"),
    ),
    Movement(
        _CODE.ADJUSTMENT,
        _ACCOUNT.CUSTOMER,
        _ACCOUNT.ADJUSTMENT,
        "given by staff",
        gettext_noop("Correction"),
    ),
)

_BETWEEN = {(each.code, each.debit, each.credit): each for each in MOVEMENTS}
# Kinds of which there is one account for each customer, affiliate, gateway or provider, by its name.
NAMED = {
    AccountKind.CLEARING: "the gateway",
    AccountKind.EARNINGS: "the id of the affiliate's customer account",
    AccountKind.DEBT: "the id of the customer account",
    AccountKind.PROVIDER: "the provider's id",
}


def movement(code: TransferCode, debit: AccountKind, credit: AccountKind) -> Movement:
    """The row of the table. LookupError where money never moves so: a fault of ours, not of who asked."""
    found = _BETWEEN.get((code, debit, credit))
    if found is None:
        raise LookupError(f"{code.value} never moves money from {debit.value} to {credit.value}")
    return found


def on_statement(code: TransferCode) -> tuple[Movement, ...]:
    """The movements of a code that customers see."""
    return tuple(each for each in MOVEMENTS if each.code is code and each.seen)


# The codes whose references customers do not read.
UNTOLD = frozenset(each.code.value for each in MOVEMENTS if not each.told)
# The codes that stand on customers' statements, in the order of the table, with what a filter calls them.
SEEN = {code.value: on_statement(code)[0].words for code in dict.fromkeys(m.code for m in MOVEMENTS if m.seen)}


def words(code: str, *, came_in: bool) -> str:
    """What the customer reads of a transfer that reached, or left, her account."""
    side = AccountKind.CUSTOMER
    for each in on_statement(TransferCode(code)):
        if (each.credit if came_in else each.debit) is side:
            return each.words
    # No transfer stands so; were there one, its customer still reads what it is.
    return SEEN[code]
