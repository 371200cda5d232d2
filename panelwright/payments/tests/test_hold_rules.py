"""When a payment is held, and what a block matches: each rule at its edge, and nothing for none of them."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.refusal import Refusal
from panelwright.payments import hold_rules, rules
from panelwright.payments.gateway import paid_by
from panelwright.payments.hold_rules import HoldLimits, PaidBefore, PaidBy
from panelwright.payments.models import PaymentBlockKind, PaymentState

NOW = datetime(2030, 1, 10, 12, tzinfo=UTC)
M = 1_000_000


def why(limits: HoldLimits, by: PaidBy | None = None, *, micros: int = 20 * M, days: int = 100, **before: Any) -> Any:
    found = PaidBefore(NOW - timedelta(days=days), **before)
    judged = hold_rules.judge(limits, found, by or PaidBy(), micros=micros, now=NOW)
    # What is kept is read back as it was.
    assert hold_rules.read_kept(hold_rules.kept(judged)) == judged
    return [(one.rule, dict(one.facts)) for one in judged]


def test_without_rules_nothing_is_held_but_what_is_blocked() -> None:
    by = PaidBy("k", "visa 4242", "US", "RU")
    worst: dict[str, Any] = {"cards": frozenset("abc"), "shares": (7,), "came": 99, "sum_micros": 10**12}
    assert HoldLimits().is_off and not HoldLimits(shared=True).is_off
    assert why(HoldLimits(), by, days=0, micros=10**12, **worst) == []
    assert why(HoldLimits(), blocked="example.com") == [("blocked", {"what": "example.com"})]


def test_each_rule_at_its_edge() -> None:
    assert why(HoldLimits(new_days=7), days=7) == []
    assert why(HoldLimits(new_days=7), days=6) == [("new_customer", {"days": 6, "limit": 7})]
    assert why(HoldLimits(), days=-3) == []
    assert why(HoldLimits(new_days=1), days=-3) == [("new_customer", {"days": 0, "limit": 1})]
    first = HoldLimits(first_above_micros=20 * M)
    assert why(first) == [] and why(first, micros=20 * M + 1, came_ever=1) == []
    assert why(first, micros=21 * M) == [("first_payment", {"amount": "21.00", "limit": "20.00"})]
    country = HoldLimits(countries=True)
    assert why(country, PaidBy("k", "", "US", "US")) == [] == why(country, PaidBy("k", "", "US", ""))
    assert why(country, PaidBy("k", "", "US", "DE")) == [("countries", {"card": "US", "address": "DE"})]
    cards = HoldLimits(cards_max=2)
    assert why(cards, PaidBy("b"), cards=frozenset("ab")) == [] == why(cards, cards=frozenset("abc"))
    assert why(cards, PaidBy("c"), cards=frozenset("ab")) == [("many_cards", {"count": 3, "limit": 2})]
    assert why(HoldLimits(shared=True), shares=(7, 9)) == [("shared_card", {"customers": "7, 9"})]
    count = HoldLimits(count_max=3, hours=6)
    assert why(count, came=2) == []
    assert why(count, came=3) == [("many_payments", {"count": 4, "limit": 3, "hours": 6})]
    sums = HoldLimits(sum_max_micros=50 * M)
    assert why(sums, sum_micros=30 * M) == []
    assert why(sums, sum_micros=30 * M + 1) == [("large_sum", {"amount": "50.000001", "limit": "50.00", "hours": 24})]


_LIMITS = st.builds(
    HoldLimits,
    new_days=st.integers(0, 9),
    first_above_micros=st.integers(0, 30) | st.just(0),
    countries=st.booleans(),
    cards_max=st.integers(0, 3),
    shared=st.booleans(),
    count_max=st.integers(0, 4),
    sum_max_micros=st.integers(0, 60),
)


@given(_LIMITS, st.integers(1, 40), st.integers(0, 9), st.integers(0, 5), st.integers(0, 60))
def test_a_rule_that_is_turned_off_holds_nothing_and_more_money_is_never_held_less(
    limits: HoldLimits, micros: int, days: int, came: int, sum_micros: int
) -> None:
    by = PaidBy("k", "", "US", "DE")
    before: dict[str, Any] = {"came": came, "sum_micros": sum_micros, "shares": (3,), "cards": frozenset("ab")}
    found = {rule for rule, _facts in why(limits, by, micros=micros, days=days, **before)}
    on = {
        "new_customer": limits.new_days,
        "first_payment": limits.first_above_micros,
        "countries": limits.countries,
        "many_cards": limits.cards_max,
        "shared_card": limits.shared,
        "many_payments": limits.count_max,
        "large_sum": limits.sum_max_micros,
    }
    assert found <= {rule for rule, limit in on.items() if limit}
    assert found <= {rule for rule, _facts in why(limits, by, micros=micros + 1, days=days, **before)}


def test_a_block_has_one_form() -> None:
    kind = PaymentBlockKind
    assert hold_rules.block_value(kind.CUSTOMER, " 1042 ") == "1042"
    assert hold_rules.block_value(kind.ADDRESS, "203.0.113.7/24") == "203.0.113.0/24"
    assert hold_rules.block_value(kind.ADDRESS, "203.0.113.7") == "203.0.113.7/32"
    for mapped, plain in (("::ffff:203.0.113.7", "203.0.113.7/32"), ("::ffff:203.0.113.9/120", "203.0.113.0/24")):
        assert hold_rules.block_value(kind.ADDRESS, mapped) == plain
        assert plain in hold_rules.networks_of("::ffff:203.0.113.7")
    refused = hold_rules.block_value(kind.ADDRESS, "::ffff:0.0.0.0/100")
    assert isinstance(refused, Refusal), "a /4 of IPv4"
    assert hold_rules.block_value(kind.ADDRESS, "2001:DB8::1/48") == "2001:db8::/48"
    assert hold_rules.block_value(kind.DOMAIN, "Somebody@Example.COM.") == "example.com"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("customer", "0"),
        ("customer", "carol@example.com"),
        ("customer", "9" * 19),
        ("address", "0.0.0.0/0"),
        ("address", "10.0.0.0/7"),
        ("address", "::/8"),
        ("address", "example.com"),
        ("domain", "com"),
        ("domain", "exa mple.com"),
        ("domain", ("a" * 60 + ".") * 5 + "com"),
    ],
)
def test_what_is_no_block_is_refused(kind: str, text: str) -> None:
    assert hold_rules.block_value(PaymentBlockKind(kind), text) == Refusal(f"bad_block_{kind}", "value")


@given(st.ip_addresses(), st.integers(0, 112))
def test_a_network_matches_what_is_in_it_and_nothing_else(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, up: int
) -> None:
    widest = 8 if address.version == 4 else 16
    length = max(address.max_prefixlen - up, widest)
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    block = hold_rules.block_value(PaymentBlockKind.ADDRESS, str(network))
    inside = network[-1]
    assert block in hold_rules.networks_of(str(inside))
    outside = ipaddress.ip_address(int(address) ^ (1 << (address.max_prefixlen - length)))
    if outside not in network:
        assert block not in hold_rules.networks_of(str(outside))


def test_what_an_address_and_a_domain_belong_to() -> None:
    assert hold_rules.networks_of("unknown") == [] == hold_rules.networks_of("")
    # Told as IPv6, it is the same machine.
    assert hold_rules.networks_of("::ffff:203.0.113.7") == hold_rules.networks_of("203.0.113.7")
    assert hold_rules.domains_of("carol@a.b.example.com") == ["a.b.example.com", "b.example.com", "example.com"]
    assert hold_rules.domains_of("nobody") == [] and len(hold_rules.domains_of("a@" + "x." * 5_000 + "com")) < 10


def test_of_a_card_only_a_digest_is_kept() -> None:
    found = paid_by("stripe", key="fp_1", card="visa 4242" + "x" * 99, country="us", billing_country="Germany")
    assert len(found.key) == 64 and "fp_1" not in found.key and found.card.startswith("visa 4242")
    assert (found.country, found.billing_country, len(found.card)) == ("US", "", 40)
    # The same name at another gateway is another card; without one there is none.
    assert paid_by("paypal", key="fp_1").key != found.key and paid_by("stripe", key=None) == PaidBy()


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 10**9))
def test_what_is_fresh_is_never_more_than_what_is_left(brought: int, received: int, gone: int) -> None:
    left = max(received - gone, 0)
    found = hold_rules.fresh_left(micros=brought, brought_micros=brought, left_micros=left, received_micros=received)
    assert (0 <= found <= brought and (found == brought) == (left == received)) or left < received
    assert left or found == 0


def test_a_held_payment_may_be_released_or_go_back_and_nothing_else() -> None:
    problem, failed, paid = (PaymentState(one) for one in ("problem", "failed", "paid"))
    assert rules.NEXT[problem] == {paid, failed}
    assert rules.may_follow(failed, problem)
