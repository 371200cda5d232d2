"""Vouchers: each use once, never more than there are, and nothing to learn for who guesses."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.payments import voucher_rules
from panelwright.payments.tests.making import moved, redeem, vouchers
from tests.support.people import Buyer, Owner, Time, execute, value, values
from tests.support.threads import together


def code_of(result: int | Refusal) -> str:
    return result.code if isinstance(result, Refusal) else str(result)


def test_a_code_brings_its_value_once(alice: Owner, carol: Buyer) -> None:
    ((_id, code),) = vouchers(alice, value="7.5")
    assert redeem(carol, f"  {code.lower()} ") == 7_500_000
    assert carol.balance() == "107.50"
    assert moved(alice) == [("voucher", f"{code.replace('-', '')[:8]}-1", "7.50")]
    assert code_of(redeem(carol, code)) == "voucher_used"
    assert code_of(redeem(alice.customer("dave"), code)) == "bad_voucher"
    assert carol.balance() == "107.50" and alice.audit() == []


def test_one_of_many_uses_is_for_many_customers_once_each(alice: Owner, carol: Buyer) -> None:
    ((id_, code),) = vouchers(alice, uses=2)
    dave, eve = alice.customer("dave"), alice.customer("eve")
    assert [code_of(redeem(who, code)) for who in (carol, carol, dave, eve)] == [
        "5000000",
        "voucher_used",
        "5000000",
        "bad_voucher",
    ]
    assert (dave.balance(), eve.balance()) == ("5.00", "0.00")
    assert value("SELECT uses_left FROM payments_voucher WHERE id = %s", id_) == 0
    assert alice.audit() == []


def test_whatever_is_wrong_with_a_code_is_answered_alike(
    alice: Owner, carol: Buyer, mallory: Buyer, time: Time
) -> None:
    (off, used, good) = vouchers(alice, count=3)
    (old,) = vouchers(alice, expires_at=time.now.replace(hour=13))
    time.passes(hours=1)
    execute("UPDATE payments_voucher SET enabled = %s WHERE id = %s", False, off[0])
    assert redeem(alice.customer("dave"), used[1]) == 5_000_000
    answers = {
        redeem(carol, code) for code in (off[1], old[1], used[1], voucher_rules.new_code(), "", "x", "A" * 10_000)
    }
    assert answers == {Refusal("bad_voucher", "voucher")}
    # On another panel it is no code.
    assert redeem(mallory, good[1]) == Refusal("bad_voucher", "voucher")
    assert (carol.balance(), mallory.balance()) == ("100.00", "100.00")


def test_until_the_moment_of_its_expiry(alice: Owner, carol: Buyer, time: Time) -> None:
    ((_id, code),) = vouchers(alice, expires_at=time.now.replace(hour=13))
    time.passes(minutes=59, seconds=59)
    assert redeem(carol, code) == 5_000_000


def test_who_guesses_is_slowed_down_and_who_knows_is_not(alice: Owner, carol: Buyer, time: Time) -> None:
    made = vouchers(alice, count=limits.VOUCHER_TRIES_MAX + 3)
    for _id, code in made[:-1]:
        assert redeem(carol, code) == 5_000_000
    for _ in range(limits.VOUCHER_TRIES_MAX):
        assert code_of(redeem(carol, voucher_rules.new_code())) == "bad_voucher"
    balance = carol.balance()
    # Now even a right one.
    assert code_of(redeem(carol, made[-1][1])) == "too_often"
    assert carol.balance() == balance
    time.passes(minutes=16)
    assert redeem(carol, made[-1][1]) == 5_000_000


def test_an_address_that_guesses_as_many_is_slowed_down_too(alice: Owner, time: Time) -> None:
    buyers = [alice.customer(f"g{n}") for n in range(7)]
    said = [code_of(redeem(who, "x", address="203.0.113.5")) for who in buyers for _ in range(9)]
    assert said.count("bad_voucher") == 60 and said[60:] == ["too_often"] * 3
    assert code_of(redeem(buyers[-1], "x", address="203.0.113.6")) == "bad_voucher"


@pytest.mark.django_db(transaction=True)
def test_a_race_of_one_customer_brings_it_once(alice: Owner, carol: Buyer) -> None:
    ((_id, code),) = vouchers(alice, uses=100)
    said = together([lambda: code_of(redeem(carol, code))] * 8)
    assert sorted(said) == ["5000000"] + ["voucher_used"] * 7
    assert carol.balance() == "105.00" and alice.audit() == []


@pytest.mark.django_db(transaction=True)
def test_a_race_of_many_customers_uses_it_as_often_as_it_may_be(alice: Owner) -> None:
    ((id_, code),) = vouchers(alice, uses=3)
    buyers = [alice.customer(f"c{n}") for n in range(8)]
    said = together([partial(redeem, who, code) for who in buyers])
    assert sorted(map(code_of, said)) == ["5000000"] * 3 + ["bad_voucher"] * 5
    assert sorted(values("SELECT n FROM payments_voucheruse")) == [(1,), (2,), (3,)]
    assert value("SELECT uses_left FROM payments_voucher WHERE id = %s", id_) == 0
    assert alice.audit() == []


def test_of_a_code_nothing_but_its_beginning_is_kept(alice: Owner) -> None:
    ((_id, code),) = vouchers(alice)
    plain = code.replace("-", "")
    kept = str(values("SELECT * FROM payments_voucher"))
    assert plain[:8] in kept and plain[8:] not in kept and code not in kept


def test_the_audit_notices_a_use_that_brought_nothing(alice: Owner, carol: Buyer) -> None:
    ((id_, code),) = vouchers(alice, uses=5)
    redeem(carol, code)
    execute("UPDATE payments_voucher SET uses_left = uses_left - 1 WHERE id = %s", id_)
    (fault,) = alice.audit()
    assert fault.startswith(f"voucher {code.replace('-', '')[:8]}… was used 1 times and says 2")


@given(st.text(max_size=80))
def test_nonsense_is_no_code(text: str) -> None:
    found = voucher_rules.normal(text)
    assert found is None or (len(found) == 24 and voucher_rules.normal(found) == found)


def test_codes_as_people_type_them() -> None:
    code = voucher_rules.new_code()
    plain = code.replace("-", "")
    for typed in (code, code.lower(), plain, code.replace("-", " "), code.replace("-", "–"), f"\t{code}\n"):
        assert voucher_rules.normal(typed) == plain
    assert voucher_rules.normal("OIL" + "A" * 21) == "011" + "A" * 21
    assert len({voucher_rules.new_code() for _ in range(1_000)}) == 1_000
