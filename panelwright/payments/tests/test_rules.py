"""The arithmetic of payments and the table of their states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.payments import rules
from panelwright.payments.models import SETTLED, PaymentState
from panelwright.payments.rules import AskedPayment, BonusRow, PaymentSum, ReceivedMoney, Terms

M = money.MICROS
ROWS = (BonusRow(100 * M, 500), BonusRow(250 * M, 700))
amounts = st.integers(1, 10**9).map(lambda cents: cents * 10_000)
terms = st.builds(
    Terms,
    currency=st.just("USD"),
    min_micros=st.just(0),
    max_micros=st.just(0),
    rate_e12=st.integers(10**8, 10**16),
    fee_percent_e2=st.integers(0, 100_00),
    fee_fixed_micros=st.integers(0, 50 * M),
    bonuses=st.lists(st.builds(BonusRow, st.integers(0, 10**12), st.integers(0, 100_00)), max_size=4).map(tuple),
    step_micros=st.just(0),
)


def asked(**differs: object) -> AskedPayment:
    found = AskedPayment("REF", "USD", 100 * M, 3_200_000, 10**12, ROWS, True)
    return found._replace(**differs)  # type: ignore[arg-type]


def got(**differs: object) -> ReceivedMoney:
    return ReceivedMoney(103_200_000, "USD", "REF", True)._replace(**differs)  # type: ignore[arg-type]


def test_a_payment_of_a_hundred() -> None:
    terms = Terms("BRL", rate_e12=186_915_887_850, fee_percent_e2=290, fee_fixed_micros=300_000, bonuses=ROWS)
    assert rules.quote(terms, 535 * M) == PaymentSum(
        asked_micros=535 * M,
        # 2.9 % are 15.515, and 0.30: up to the cent.
        fee_micros=15_820_000,
        credit_micros=99_999_999,
        # 7 % of what arrives, down to the micro.
        bonus_micros=6_999_999,
        bonus_e2=700,
    )


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("USD", "0.001", "payment_decimals"),
        ("JPY", "100.50", "payment_decimals"),
        ("KWD", "1.0005", "payment_decimals"),
        ("USD", "4.99", "payment_below"),
        ("USD", "500.01", "payment_above"),
    ],
)
def test_what_cannot_be_paid_is_refused_with_the_bound(currency: str, amount: str, code: str) -> None:
    found = rules.quote(Terms(currency, min_micros=5 * M, max_micros=500 * M), money.parse(amount))
    assert isinstance(found, Refusal) and (found.code, found.field) == (code, "amount")


@pytest.mark.parametrize("coin", ["BTC", "ETH", "XMR", "USDT"])
def test_coins_are_paid_to_the_micro(coin: str) -> None:
    terms = Terms(coin, rate_e12=90_000 * 10**12, fee_percent_e2=200)
    # A hundredth of a coin would be a fee of nine hundred.
    assert rules.quote(terms, 1_500) == PaymentSum(1_500, 30, 135 * M, 0)


def test_the_bounds_themselves_can_be_paid() -> None:
    terms = Terms("USD", min_micros=5 * M, max_micros=500 * M)
    assert isinstance(rules.quote(terms, 5 * M), PaymentSum) and isinstance(rules.quote(terms, 500 * M), PaymentSum)


def test_what_would_bring_nothing_is_refused() -> None:
    found = rules.quote(Terms("COIN", rate_e12=1), 10)
    assert isinstance(found, Refusal) and found.code == "payment_below"


@given(terms, amounts)
def test_a_quote_rounds_for_the_panel_and_by_less_than_a_unit(terms: Terms, amount: int) -> None:
    found = rules.quote(terms, amount)
    if isinstance(found, Refusal):
        assert amount * terms.rate_e12 // 10**12 == 0 or amount * terms.rate_e12 // 10**12 > money.AMOUNT_MAX_MICROS
        return
    exact_fee = amount * terms.fee_percent_e2 / 10_000 + terms.fee_fixed_micros
    assert found.fee_micros % 10_000 == 0 and -0.01 <= found.fee_micros - exact_fee <= 10_001
    assert found.credit_micros * 10**12 <= amount * terms.rate_e12 < (found.credit_micros + 1) * 10**12
    assert found.bonus_micros * 10_000 <= found.credit_micros * found.bonus_e2 < (found.bonus_micros + 1) * 10_000
    assert found.bonus_e2 in {0, *(row.percent_e2 for row in terms.bonuses)}


@given(terms, amounts)
def test_the_whole_amount_is_credited_as_it_was_quoted(terms: Terms, amount: int) -> None:
    found = rules.quote(terms, amount)
    if isinstance(found, PaymentSum):
        made = AskedPayment("R", "USD", amount, found.fee_micros, terms.rate_e12, terms.bonuses, True)
        assert rules.accepted(made, found.paid_micros) == found
        assert rules.judge(made, ReceivedMoney(found.paid_micros, "USD", "R", True)) == found


@given(terms, amounts, st.integers(1, 10**15))
def test_another_amount_is_split_as_the_first_one_was(terms: Terms, amount: int, received: int) -> None:
    found = rules.quote(terms, amount)
    if not isinstance(found, PaymentSum):
        return
    made = AskedPayment("R", "USD", amount, found.fee_micros, terms.rate_e12, (), True)
    part = rules.accepted(made, received)
    if isinstance(part, PaymentSum):
        # Nothing comes out of nowhere, and nobody gets more for less.
        assert part.asked_micros + part.fee_micros == received
        assert (part.credit_micros <= found.credit_micros) == (received <= found.paid_micros) or (
            part.credit_micros == found.credit_micros
        )


@given(st.integers(1, 10**14), st.integers(10**9, 10**15), st.integers(0, 10**9))
def test_what_an_order_lacks_arrives(need: int, rate: int, least: int) -> None:
    terms = Terms("USD", rate_e12=rate, min_micros=least)
    wanted = rules.asked_for(terms, need)
    assert wanted % 10_000 == 0 or wanted == least
    assert money.credited(micros=wanted, rate_e12=rate) >= need


@pytest.mark.parametrize(
    ("differs", "code"),
    [
        ({"amount_micros": 103_190_000}, "received_other_amount"),
        ({"amount_micros": 103_210_000}, "received_other_amount"),
        ({"currency": "EUR"}, "received_other_currency"),
        ({"currency": "usd"}, "received_other_currency"),
        ({"reference": "REF2"}, "received_for_another"),
        ({"reference": ""}, "received_for_another"),
        ({"live": False}, "received_in_test_mode"),
    ],
)
def test_what_is_not_exactly_what_was_asked_for_is_for_a_person(differs: dict[str, object], code: str) -> None:
    found = rules.judge(asked(), got(**differs))
    assert isinstance(found, Refusal) and found.code == code


def test_test_money_pays_a_payment_of_the_test_mode() -> None:
    assert isinstance(rules.judge(asked(live=False), got(live=False)), PaymentSum)


def test_nothing_and_less_than_nothing_are_not_accepted() -> None:
    for amount in (0, -1):
        assert rules.accepted(asked(), amount) == Refusal("amount_not_positive", "amount")


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("25", 25 * M),
        ("12.50", 12_500_000),
        ("12,5", 12_500_000),
        ("1 000", 1000 * M),
        ("1,000", None),
        ("1,000.00", None),
        ("0", None),
        ("-5", None),
        ("1e3", None),
        ("", None),
        ("٣", None),
        ("9" * 30, None),
    ],
)
def test_amounts_as_people_type_them(text: str, micros: int | None) -> None:
    assert rules.read_amount(text) == micros


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("100 5, 250 7.5", [[100 * M, 500], [250 * M, 750]]),
        ("250 7%\n100 5 %", [[100 * M, 500], [250 * M, 700]]),
        ("", []),
        ("100", None),
        ("100 101", None),
        ("-1 5", None),
        ("100 5 7", None),
    ],
)
def test_rows_of_bonuses_are_read(text: str, rows: list[list[int]] | None) -> None:
    found = rules.read_bonuses(text)
    assert found == rows if rows is not None else isinstance(found, Refusal)
    if rows:
        assert rules.read_bonuses(rules.bonuses_text(rules.rows_of(rows))) == rows


def test_there_are_not_more_rows_than_a_page_can_show() -> None:
    found = rules.read_bonuses(", ".join(f"{n} 1" for n in range(1, 12)))
    assert isinstance(found, Refusal) and found.code == "too_many_bonus_rows"


@given(st.lists(st.sampled_from(list(PaymentState)), max_size=12))
def test_money_that_came_in_is_never_unpaid_again(wanted: list[PaymentState]) -> None:
    state, was_paid = PaymentState.CREATED, False
    for to in wanted:
        if rules.may_follow(state, to):
            assert not (to is PaymentState.PAID and was_paid), "credited twice"
            state = to
        was_paid = was_paid or state is PaymentState.PAID
        assert (state in SETTLED) == was_paid
        assert (state in rules.UNPAID) != was_paid


def test_whatever_is_unpaid_can_still_be_paid() -> None:
    assert rules.before(PaymentState.PAID) == [state.value for state in PaymentState if state in rules.UNPAID]
    assert set(rules.NEXT) == set(PaymentState)


@given(st.text(max_size=40))
def test_what_a_form_says_that_it_showed_is_read_back_or_nothing(text: str) -> None:
    found = PaymentSum(100, 2, 98, 5, 500)
    assert rules.read_agreed(rules.agreed_text(found)) == found
    assert rules.read_agreed(text) is None or text.count("/") == 4


@pytest.mark.parametrize(
    "written",
    [
        "tx 77",
        " TX77 ",
        "T\u200bX77",
        "TX\u00ad77",
        "\u202eTX77",
        "TX7\u034f7",
        "\uff34\uff3877",
        "TX\u2009\u00a077",
        "TX77\ufe0f",
    ],
)
def test_one_proof_is_one_however_it_is_written(written: str) -> None:
    assert rules.normal_proof(written) == "TX77"


def test_a_proof_of_nothing_that_shows_is_none() -> None:
    assert rules.normal_proof("\u200b\u200c \u2060") == ""
    assert len(rules.normal_proof("\ufdfa" * 200)) == 200
