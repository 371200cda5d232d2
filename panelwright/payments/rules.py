"""Decisions about payments: what one costs and brings, which state follows which, and whether what came in is what
was asked for. Pure: they refuse and never raise.

Amounts are micros of the method's currency, but for `credit_micros` and `bonus_micros`, which are of the panel's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from panelwright.core import limits, money
from panelwright.core.refusal import Refusal
from panelwright.payments.models import GATEWAY_ID_MAX, RATE_ONE, DisputeState, PaymentState

# Of a panel.
METHODS_MAX = 40
BONUSES_MAX = 10
PERCENT_MAX_E2 = 100_00
PRESETS = (10, 25, 50, 100, 250)

# Currencies without a smaller unit, and those whose unit has a thousand parts. The others have a hundred; what is no
# currency of a state is counted to the micro.
_WHOLE = frozenset(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "MGA"]) | frozenset(
    ["PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THOUSANDTHS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# Coins with names as short as those of the currencies of states.
_COINS = frozenset(["ADA", "BCH", "BNB", "BTC", "DAI", "DOT", "ETC", "ETH", "LTC"]) | frozenset(
    ["SOL", "TON", "TRX", "XBT", "XLM", "XMR", "XRP", "ZEC"]
)
# Blanks, and what stands in no column: controls, formats, marks upon nothing.
_UNSEEN = frozenset("ZCM")
_CURRENCY = re.compile(r"[A-Z][A-Z0-9]{2,7}", re.ASCII)


class BonusRow(NamedTuple):
    """From this amount on a payment brings so many hundredths of a percent on top."""

    from_micros: int
    percent_e2: int


class Terms(NamedTuple):
    """What a method asks and gives. `rate_e12`: what one unit of its currency is worth in the panel's, in 10^-12.

    `max_micros`: 0 is no limit. Of a payment it is what stood when the customer agreed. `step_micros`: the smallest
    amount that its gateway takes; 0: the currency's own.
    """

    currency: str
    rate_e12: int = RATE_ONE
    min_micros: int = 0
    max_micros: int = 0
    fee_percent_e2: int = 0
    fee_fixed_micros: int = 0
    bonuses: tuple[BonusRow, ...] = ()
    step_micros: int = 0

    @property
    def step(self) -> int:
        return self.step_micros or step_micros(self.currency)


class PaymentSum(NamedTuple):
    """What is paid and what arrives. `bonus_e2`: hundredths of a percent, from the row that counts."""

    asked_micros: int
    fee_micros: int
    credit_micros: int
    bonus_micros: int
    bonus_e2: int = 0

    @property
    def paid_micros(self) -> int:
        return self.asked_micros + self.fee_micros

    @property
    def arrives_micros(self) -> int:
        return self.credit_micros + self.bonus_micros


def is_currency(code: str) -> bool:
    """Three to eight capital letters and digits: currencies of states, and coins."""
    return _CURRENCY.fullmatch(code) is not None


def step_micros(currency: str) -> int:
    """The smallest amount that can be paid."""
    if currency in _WHOLE:
        return money.MICROS
    if currency in _THOUSANDTHS:
        return money.MICROS // 1000
    return money.MICROS // 100 if len(currency) == 3 and currency not in _COINS else 1


def rows_of(kept: Sequence[Sequence[int]]) -> tuple[BonusRow, ...]:
    """Rows of bonuses as a column of JSON holds them."""
    return tuple(BonusRow(int(row[0]), int(row[1])) for row in kept)


def read_bonuses(text: str) -> list[list[int]] | Refusal:
    """Rows of "100 5, 250 7.5": from an amount on, a percentage. What is wrong with the text, else the rows."""
    found: dict[int, int] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;\n]", text))):
        match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s+(\d{1,3})(?:\.(\d{1,2}))?\s*%?", part, re.ASCII)
        if match is None:
            return Refusal("bad_bonus_row", "bonuses", facts=(("row", part[:40]),))
        percent_e2 = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))
        if percent_e2 > PERCENT_MAX_E2:
            return Refusal("bad_bonus_row", "bonuses", facts=(("row", part[:40]),))
        found[money.parse(match[1])] = percent_e2
    if len(found) > BONUSES_MAX:
        return Refusal("too_many_bonus_rows", "bonuses", BONUSES_MAX)
    return [list(row) for row in sorted(found.items())]


def bonuses_text(rows: Sequence[BonusRow]) -> str:
    """The rows as they are typed."""
    return ", ".join(f"{_plain(money.text(row.from_micros))} {_percent(row.percent_e2)}" for row in rows)


def _plain(amount: str) -> str:
    return amount.removesuffix(".00")


def _percent(percent_e2: int) -> str:
    return f"{percent_e2 // 100}.{percent_e2 % 100:02d}".rstrip("0").rstrip(".")


def read_amount(text: str) -> int | None:
    """Micros of an amount as people type it: 12.50, 12,5, 1 000. None for what may mean two things, or nothing."""
    text = "".join(text.split()) if len(text) <= limits.PAYMENT_AMOUNT_CHARS_MAX else ""
    if re.fullmatch(r"\d+,\d{1,2}", text, re.ASCII):
        text = text.replace(",", ".")
    try:
        micros = money.parse(text)
    except ValueError:
        return None
    return micros if micros > 0 else None


def asked_for(terms: Terms, need_micros: int) -> int:
    """The least that a customer can pay so that so much arrives, without a bonus: by its unit, and not below the
    minimum.
    """
    step = terms.step
    asked = -(-need_micros * 10**12 // terms.rate_e12)
    return max(-(-asked // step) * step, terms.min_micros, step)


def bonus_e2(bonuses: Sequence[BonusRow], asked_micros: int) -> int:
    """The percentage of the highest row that the amount reaches."""
    reached = [row for row in bonuses if asked_micros >= row.from_micros]
    return max(reached, default=BonusRow(0, 0)).percent_e2


def quote(terms: Terms, asked_micros: int) -> PaymentSum | Refusal:
    """What an amount costs and brings. Refused: payment_decimals, payment_below, payment_above."""
    step = terms.step
    if asked_micros % step:
        return Refusal("payment_decimals", "amount", facts=(("step", money.text(step)), ("currency", terms.currency)))
    least = max(terms.min_micros, step)
    if asked_micros < least:
        return _bound("payment_below", least, terms)
    most = terms.max_micros or money.AMOUNT_MAX_MICROS
    if asked_micros > most:
        return _bound("payment_above", most, terms)
    fee = money.fee(
        amount_micros=asked_micros,
        percent_e2=terms.fee_percent_e2,
        fixed_micros=terms.fee_fixed_micros,
        step_micros=step,
    )
    return _sum(asked_micros, fee, rate_e12=terms.rate_e12, bonuses=terms.bonuses) or _bound(
        "payment_below", least, terms
    )


def _bound(code: str, micros: int, terms: Terms) -> Refusal:
    return Refusal(code, "amount", facts=(("amount", money.text(micros)), ("currency", terms.currency)))


def _sum(asked: int, fee: int, *, rate_e12: int, bonuses: Sequence[BonusRow]) -> PaymentSum | None:
    """None: so little that nothing would arrive, or more than a balance can hold."""
    credit = money.credited(micros=asked, rate_e12=rate_e12)
    if not 0 < credit <= money.AMOUNT_MAX_MICROS:
        return None
    percent = bonus_e2(bonuses, asked)
    return PaymentSum(asked, fee, credit, money.part_of(micros=credit, percent_e2=percent), percent)


def agreed_text(found: PaymentSum) -> str:
    """What a form keeps of the sum that it showed."""
    return "/".join(map(str, found))


def read_agreed(text: str) -> PaymentSum | None:
    """The sum that a form showed; None for what no form of ours holds."""
    parts = text.split("/")
    if len(parts) != len(PaymentSum._fields) or not all(re.fullmatch(r"\d{1,18}", part, re.ASCII) for part in parts):
        return None
    return PaymentSum(*map(int, parts))


class AskedPayment(NamedTuple):
    """What a payment was made for."""

    reference: str
    currency: str
    asked_micros: int
    fee_micros: int
    rate_e12: int
    bonuses: tuple[BonusRow, ...]
    live: bool

    @property
    def gross_micros(self) -> int:
        return self.asked_micros + self.fee_micros


class ReceivedMoney(NamedTuple):
    """What came in, as a gateway tells when it is asked: all that was paid, the fee of the customer included.

    `plain`: at once, and as it was asked. What came in parts or in other coins is worth about so much: staff decide,
    even where it seems to be the amount that was asked for.
    """

    amount_micros: int
    currency: str
    reference: str
    live: bool
    plain: bool = True


def judge(asked: AskedPayment, got: ReceivedMoney) -> PaymentSum | Refusal:
    """What is credited; else why a person has to decide: received_….

    Equality to the smallest unit: a tolerance would be taken by somebody.
    """
    if got.live != asked.live:
        return Refusal("received_in_test_mode")
    if got.reference != asked.reference:
        return Refusal("received_for_another", facts=(("reference", got.reference[:40]),))
    facts = (("amount", money.text(got.amount_micros)), ("currency", got.currency[:CURRENCY_SHOWN]))
    if got.currency != asked.currency:
        return Refusal("received_other_currency", facts=facts)
    if got.amount_micros != asked.gross_micros:
        return Refusal("received_other_amount", facts=facts)
    if not got.plain:
        return Refusal("received_in_parts", facts=facts)
    whole = _sum(asked.asked_micros, asked.fee_micros, rate_e12=asked.rate_e12, bonuses=asked.bonuses)
    return whole if whole is not None else Refusal("received_other_amount", facts=facts)


CURRENCY_SHOWN = 8


def accepted(asked: AskedPayment, amount_micros: int) -> PaymentSum | Refusal:
    """What is credited for another amount that staff accept: the fee has the same share of it."""
    if amount_micros == asked.gross_micros:
        whole = _sum(asked.asked_micros, asked.fee_micros, rate_e12=asked.rate_e12, bonuses=asked.bonuses)
    else:
        kept = money.share(micros=max(amount_micros, 0), part=asked.asked_micros, whole=asked.gross_micros)
        whole = _sum(kept, amount_micros - kept, rate_e12=asked.rate_e12, bonuses=asked.bonuses)
    if whole is None or amount_micros <= 0:
        return Refusal("amount_not_positive", "amount")
    return whole


class RefundShare(NamedTuple):
    """What of a payment was booked, or a part of that, in the panel's currency."""

    credit_micros: int
    bonus_micros: int
    fee_micros: int


def refund_share(rest: RefundShare, *, left_micros: int, part_micros: int) -> RefundShare:
    """What goes back of each with a part of the money that is left. `rest`: what of each has not gone back yet.

    The shares of all parts together are what was booked, however it is divided and in whatever order parts come back.
    """
    part = min(part_micros, left_micros)
    if part <= 0:
        return RefundShare(0, 0, 0)
    return RefundShare(*(money.share(micros=max(micros, 0), part=part, whole=left_micros) for micros in rest))


def paid_state(*, received_micros: int, refunded_micros: int, disputes: frozenset[DisputeState]) -> PaymentState:
    """Of a payment that was paid: a dispute that is open or lost says more of it than what was refunded."""
    if DisputeState.OPEN in disputes:
        return S.DISPUTED
    if DisputeState.LOST in disputes:
        return S.LOST
    if refunded_micros:
        return S.REFUNDED if refunded_micros >= received_micros else S.PART_REFUNDED
    return S.WON if DisputeState.WON in disputes else S.PAID


class Surplus(NamedTuple):
    """Money that the gateway has and that was not credited; of it, what staff say they have settled by another way."""

    there_micros: int
    settled_micros: int

    @property
    def open_micros(self) -> int:
        return max(self.there_micros - self.settled_micros, 0)


def surplus_of(facts: Mapping[str, Any]) -> Surplus:
    """As a payment that is paid keeps it in its facts: how it was when the gateway was asked last."""
    return Surplus(int(facts.get("surplus_micros", 0)), int(facts.get("settled_micros", 0)))


def fee_in_panel(found: PaymentSum, rate_e12: int) -> int:
    """The fee in the panel's currency, as the books hold it."""
    return money.credited(micros=found.fee_micros, rate_e12=rate_e12)


S = PaymentState
UNPAID = frozenset({S.CREATED, S.SENT, S.PENDING, S.FAILED, S.EXPIRED, S.CANCELED, S.PROBLEM})
# What may still be waited for.
OPEN = frozenset({S.CREATED, S.SENT, S.PENDING, S.PROBLEM})
# What nobody waits for any more.
OVER = UNPAID - OPEN
_PAID = frozenset({S.PAID, S.PART_REFUNDED, S.REFUNDED, S.DISPUTED, S.WON, S.LOST})
# Which state may follow which. From whatever is unpaid a late success may come, and nothing unpaid follows a paid one.
NEXT: Mapping[PaymentState, frozenset[PaymentState]] = {
    S.CREATED: frozenset({S.SENT, S.PENDING, S.PAID, S.FAILED, S.EXPIRED, S.CANCELED, S.PROBLEM}),
    S.SENT: frozenset({S.PENDING, S.PAID, S.FAILED, S.EXPIRED, S.CANCELED, S.PROBLEM}),
    S.PENDING: frozenset({S.PAID, S.FAILED, S.EXPIRED, S.CANCELED, S.PROBLEM}),
    S.FAILED: frozenset({S.PAID, S.PROBLEM}),
    S.EXPIRED: frozenset({S.PENDING, S.PAID, S.PROBLEM}),
    S.CANCELED: frozenset({S.PAID, S.PROBLEM}),
    S.PROBLEM: frozenset({S.PAID, S.FAILED}),
    # Which of these it is the rows of refunds and disputes say (paid_state); none of them is credited again.
    **{state: _PAID - {state, S.PAID} for state in sorted(_PAID)},
}


def may_follow(before: PaymentState, after: PaymentState) -> bool:
    return after in NEXT[before]


def before(after: PaymentState) -> list[str]:
    """The states from which this one may be reached: the guard of the UPDATE."""
    return [state.value for state, following in NEXT.items() if after in following]


def may_be_proven(state: PaymentState) -> bool:
    """Whether the customer can say that they have paid by hand: not once it is over, for its rate is of another day."""
    return state is not S.EXPIRED and may_follow(state, S.PENDING)


def normal_proof(text: str) -> str:
    """A bank's or a chain's name of a transfer, so that one proof is one: no blanks, no case, one form of each letter,
    and nothing that does not show.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    shown = [letter for letter in plain if unicodedata.category(letter)[0] not in _UNSEEN]
    return "".join(shown)[:GATEWAY_ID_MAX]


def may_begin(*, open_: int, today: int) -> Refusal | None:
    """Whether a customer may make one more payment."""
    if open_ >= limits.PAYMENTS_OPEN_MAX:
        return Refusal("too_many_payments", "", limits.PAYMENTS_OPEN_MAX)
    if today >= limits.PAYMENTS_A_DAY_MAX:
        return Refusal("too_many_today", "", limits.PAYMENTS_A_DAY_MAX)
    return None
