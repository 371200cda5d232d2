"""Affiliates at random: sign-ups, deposits, refunds, disputes, payouts and decisions in any order, and each partner has
what the payments of those they brought say.

Each mutant is the product with one rule broken; the walk must notice it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.effort import effort, seed
from tests.support.people import Owner, Time, value, values

if TYPE_CHECKING:
    from tests.support.people import Buyer, Known

pytestmark = pytest.mark.django_db(transaction=True)

PERCENT_E2 = 7_77
HELD = timedelta(days=10)


class Walk:
    """What happens next is drawn. The walk keeps its own books of what each payment should have earned."""

    def __init__(self, alice: Owner, time: Time, number: int) -> None:
        from panelwright.payments.tests import making, partners

        self.alice, self.time, self.draw = alice, time, random.Random(number)
        # At such a rate a deposit is no whole number of cents.
        self.bank = making.method(
            alice, fee_percent_e2=290, bonuses="50 5", currency="BRL", rate_e12=173_913_043_478, max_micros=10**9
        )
        partners.program(alice, percent_e2=PERCENT_E2, hold_days=10, least_payout_micros=1, staff_payouts=True)
        self.owners = [alice.customer(f"partner{n}", balance="500") for n in range(2)]
        self.links = [partners.partner(one) for one in self.owners]
        self.brought: dict[int, Any] = {}  # id of a customer -> partner
        self.buyers: list[Buyer] = []
        self.alone: set[int] = set()  # customers who are not their partner
        self.paid: list[tuple[Known, Buyer]] = []
        self.settled_at: dict[int, datetime] = {}
        self.wrong: list[str] = []

    def step(self) -> None:
        money = [self.join, self.deposit, self.deposit, self.refund, self.refund, self.dispute, self.end_dispute]
        payouts = [self.move, self.ask, self.close, self.decide]
        self.draw.choice([*money, *payouts, self.wait, self.wait, self.settle_again])()

    def join(self) -> None:
        from panelwright.payments.tests import partners
        from panelwright.payments.tests.test_affiliates import same_browser

        if len(self.buyers) >= 8:
            return
        n = self.draw.randrange(2)
        buyer = self.alice.customer(f"buyer{len(self.buyers)}", balance="500")
        self.buyers.append(buyer)
        partners.brings(self.links[n], buyer)
        self.brought[buyer.customer_id] = self.links[n]
        if self.draw.random() < 0.3:
            same_browser(self.owners[n], buyer)
        else:
            self.alone.add(buyer.customer_id)

    def deposit(self) -> None:
        from panelwright.payments.tests.making import approve, begun

        if self.buyers:
            buyer = self.draw.choice(self.buyers)
            made = begun(buyer, self.bank, self.draw.choice(["20", "33.33", "50", "0.01"]))
            approve(self.alice, made)
            self.paid.append((made, buyer))
            self.settled_at[made] = self.time.now

    def settle_again(self) -> None:
        """The same money is told of once more."""
        from panelwright.core.refusal import Refused
        from panelwright.payments.tests.making import approve

        if self.paid:
            with pytest.raises(Refused):
                approve(self.alice, self.draw.choice(self.paid)[0])

    def refund(self) -> None:
        from panelwright.core.refusal import Refused
        from panelwright.payments.tests.test_coupons import refund

        if self.paid:
            try:
                refund(self.alice, self.draw.choice(self.paid)[0], self.draw.choice(["", "0.01", "3.33", "7.00"]))
            except Refused:
                pass

    def dispute(self) -> None:
        from panelwright.payments import dispute_actions

        self._on_dispute(dispute_actions.record)

    def end_dispute(self) -> None:
        from panelwright.payments import dispute_actions

        self._on_dispute(dispute_actions.close, won=self.draw.random() < 0.5)

    def _on_dispute(self, do: Callable[..., None], **given: Any) -> None:
        from django.db import transaction
        from django_scopes import scope

        from panelwright.core import clock
        from panelwright.core.refusal import Refused
        from panelwright.payments.tests.making import BOB

        if self.paid:
            id_ = self.draw.choice(self.paid)[0]
            try:
                with scope(panel=self.alice.panel), transaction.atomic():
                    do(BOB, panel_id=self.alice.panel_id, payment_id=id_, now=clock.now(), **given)
            except Refused:
                pass

    def wait(self) -> None:
        self.time.passes(days=self.draw.choice([1, 4, 10]))

    def move(self) -> None:
        name = self.draw.choice(["same", ""])
        link = self.draw.choice(self.links)
        for _ in range(2):
            self._pay_out(link, request_id=f"{name}{len(self.paid)}" if name else "")

    def ask(self) -> None:
        self._pay_out(self.draw.choice(self.links), self.draw.choice(["0.5", "2"]), to="wallet")

    def _pay_out(self, link: Any, *given: Any, **more: Any) -> None:
        """No more than what is held no longer, and was neither paid nor asked for."""
        from panelwright.payments.tests import partners
        from panelwright.promotions.models import Payout

        held = sum(
            self._due(made, buyer)
            for made, buyer in self.paid
            if self.brought[buyer.customer_id] is link and self.time.now < self.settled_at[made] + HELD
        )
        free = int(value(_STANDS, str(link.customer.account_id))) - held - int(value(_ASKED, link.id))
        before = value("SELECT COUNT(*) FROM promotions_payout")
        made = partners.pay_out(link, *given, **more)
        new = value("SELECT COUNT(*) FROM promotions_payout") - before
        if isinstance(made, Payout) and new and made.amount_micros > free:
            self.wrong.append(f"{link.code} was promised {made.amount_micros} of {free}")

    def close(self) -> None:
        from panelwright.core.refusal import Refused
        from panelwright.payments.tests import partners

        rows = values("SELECT id FROM promotions_payout ORDER BY id")
        if rows:
            end = self.draw.choice([partners.approve_payout, partners.reject_payout])
            try:
                end(self.alice, self.draw.choice(rows)[0])
            except Refused:
                pass

    def decide(self) -> None:
        from panelwright.core.refusal import Refused
        from panelwright.payments.tests import partners

        rows = values("SELECT id FROM promotions_commission ORDER BY id")
        if rows:
            try:
                partners.decide(self.alice, self.draw.choice(rows)[0], earned=False)
            except Refused:
                pass

    def faults(self) -> list[str]:
        """What of the books is not what the payments say."""
        found = [*self.wrong, *self.alice.audit()]
        for link in self.links:
            due = sum(self._due(made, buyer) for made, buyer in self.paid if self.brought[buyer.customer_id] is link)
            got = int(value(_GOT, f"{link.code}-%") or 0)
            stands = int(value(_STANDS, str(link.customer.account_id)))
            if stands + got != due:
                found.append(f"{link.code} has {stands} and got {got}, and is due {due}")
        return found

    def _due(self, made: Known, buyer: Buyer) -> int:
        """By exact arithmetic, from what came in and went back."""
        if buyer.customer_id not in self.alone:
            return 0
        ((credit, received),) = values(_PAID, made)
        gone = int(value(_GONE, made, made) or 0)
        exact = Fraction(credit * PERCENT_E2, 10_000)
        earned = int(exact) + (exact - int(exact) > Fraction(1, 2))
        return earned - earned * gone // received


_PAID = "SELECT credit_micros, received_micros FROM payments_payment WHERE id = %s"
_ASKED = "SELECT COALESCE(SUM(amount_micros), 0) FROM promotions_payout WHERE partner_id = %s AND state = 'requested'"
_GOT = "SELECT SUM(amount_micros) FROM ledger_transfer WHERE code = 'payout' AND reference LIKE %s"
_STANDS = "SELECT COALESCE(SUM(balance_micros), 0) FROM ledger_account WHERE kind = 'earnings' AND name = %s"
_GONE = (
    "SELECT (SELECT COALESCE(SUM(amount_micros), 0) FROM payments_refund WHERE payment_id = %s AND state <> 'failed')"
    " + (SELECT COALESCE(SUM(taken_micros), 0) FROM payments_dispute WHERE payment_id = %s AND taken)"
)


def walked(alice: Owner, time: Time, number: int, steps: int) -> list[str]:
    """What was wrong first; empty where nothing was."""
    walk = Walk(alice, time, number)
    for n in range(steps):
        walk.step()
        if n % 10 == 9 and (found := walk.faults()):
            return found
    return walk.faults()


def test_partners_have_what_payments_say(alice: Owner, time: Time) -> None:
    assert walked(alice, time, seed(5), effort(150, proving=3_000)) == []


Break = Callable[[pytest.MonkeyPatch], None]


def _keep_it_on_a_refund(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.promotions import affiliate_actions

    monkeypatch.setattr(affiliate_actions, "follow_back", lambda **_given: None)


def _earn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once more under another name."""
    from panelwright.promotions import affiliate_actions

    post = affiliate_actions._post

    def twice(row: Any, micros: int, name: str, now: Any) -> Any:
        return post(row, micros, name, now) or (post(row, micros, f"{name} again", now) if micros > 0 else None)

    monkeypatch.setattr(affiliate_actions, "_post", twice)


def _count_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.promotions import affiliate_queries

    monkeypatch.setattr(affiliate_queries, "evidence", lambda *_given, **_more: [])


def _round_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.promotions import affiliate_rules

    def up(*, credit_micros: int, percent_e2: int) -> int:
        return -(-credit_micros * percent_e2 // 10_000)

    monkeypatch.setattr(affiliate_rules, "commission", up)


def _pay_what_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payout leaves the row, and no transfer."""
    from panelwright.promotions import payout_actions

    monkeypatch.setattr(payout_actions, "_post", lambda *_given: None)


def _hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.promotions.affiliate_rules import PartnerMoney

    monkeypatch.setattr(
        PartnerMoney, "available_micros", property(lambda one: max(one.earned_micros - one.asked_micros, 0))
    )


def _forget_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.promotions.affiliate_rules import PartnerMoney

    monkeypatch.setattr(
        PartnerMoney, "available_micros", property(lambda one: max(one.earned_micros - one.held_micros, 0))
    )


@pytest.mark.parametrize(
    "broken",
    [
        _keep_it_on_a_refund,
        _earn_twice,
        _count_themselves,
        _round_up,
        _pay_what_is_taken,
        _hold_nothing,
        _forget_what_is_asked_for,
    ],
)
def test_a_broken_rule_is_noticed(broken: Break, alice: Owner, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    assert walked(alice, time, 5, 300) != []
