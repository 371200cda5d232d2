"""Payments at random: paid, told, asked, refunded, approved, expired in any order, and the books are what Stripe has.

Each mutant is the product with one rule broken; the walk must notice it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from panelwright.core.refusal import Refusal
from tests.support.effort import effort, seed
from tests.support.people import Time, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


class Walk:
    """What happens next is drawn; after each step the books are held against the gateway's."""

    def __init__(self, shop: Shop, time: Time, number: int) -> None:
        self.shop, self.time, self.draw = shop, time, random.Random(number)
        self.payments: list[int] = []
        self.links = 0
        self.seen: list[str] = []

    def step(self) -> None:
        act = self.draw.choice(
            [
                self.begin,
                self.pay,
                self.pay,
                self.tell,
                self.tell,
                self.work,
                self.work,
                self.come_back,
                self.refund,
                self.refund_there,
                self.dispute,
                self.decide_dispute,
                self.differ,
                self.expire,
                self.wait,
                self.trouble,
                self.rule,
                self.release,
                self.order,
            ]
        )
        act()

    def act(self, name: str, id_: int | None = None, **given: Any) -> None:
        from panelwright.payments.tests import making
        from panelwright.staff import registry
        from panelwright.staff.actions import perform

        panel = self.shop.alice.panel
        number = None if id_ is None else making.payment(id_).number
        with scope(panel=panel):
            perform(registry.actions()[name], actor=making.BOB, panel_id=panel.id, target=number, given=given)

    def rule(self) -> None:
        """Payments are held from now on, or no more; or money cannot be spent at once."""
        count, hours = self.draw.choice([0, 0, 1, 3]), self.draw.choice([0, 5])
        self.act("payment_rules.set", hold_count=count, hold_hours=self.draw.choice([1, 12]))
        self.shop.set_terms(spend_after_h=hours)

    def release(self) -> None:
        if (id_ := self.some()) is not None:
            self.act(self.draw.choice(["payment.release", "payment.release", "payment.make_spendable"]), id_)

    def order(self) -> None:
        """What is fresh is not spent, whatever has gone back meanwhile."""
        ((balance, fresh),) = values(_ACCOUNT, self.shop.carol.account_id)
        self.links += 1
        link, quantity = f"https://example.com/walk{self.links}", self.draw.choice([10, 5_000])
        placed = self.shop.carol.place(link=link, quantity=quantity)
        ((after, _fresh),) = values(_ACCOUNT, self.shop.carol.account_id)
        if not isinstance(placed, Refusal) and after < balance and after < fresh:
            self.seen.append(f"an order left {after} of {balance}, of which {fresh} could not be spent")

    def some(self) -> int | None:
        return self.draw.choice(self.payments) if self.payments else None

    def begin(self) -> None:
        from panelwright.payments.actions import BegunPayment
        from panelwright.payments.tests import making

        made = making.begin(self.shop.carol, self.shop.method_id, str(self.draw.choice([20, 25, 100])))
        if isinstance(made, BegunPayment):
            self.payments.append(made.payment_id)
            self.shop.browser.post(f"/funds/{made.number}/pay")

    def session(self, id_: int | None) -> Any:
        from panelwright.payments.tests import making

        if id_ is None:
            return None
        reference = making.payment(id_).reference
        return next((one for one in self.shop.stripe.sessions.values() if one.reference == reference), None)

    def pay(self) -> None:
        if (session := self.session(self.some())) is not None:
            self.shop.stripe.pay(session.id)

    def tell(self) -> None:
        if (id_ := self.some()) is not None and self.session(id_) is not None:
            kind = self.draw.choice(["checkout.session.completed", "checkout.session.expired", "charge.refunded"])
            event = self.draw.choice(["", "evt_same"])
            # A body that lies, with a signature that is right: a hint all the same.
            amount = self.draw.choice([{}, {"amount_total": 999_999, "payment_status": "paid"}])
            for _ in range(self.draw.choice([1, 1, 3])):
                assert self.shop.tell(id_, kind, event_id=event, **amount) == 200

    def work(self) -> None:
        self.shop.work()

    def come_back(self) -> None:
        if (id_ := self.some()) is not None:
            ((number,),) = values("SELECT number FROM payments_payment WHERE id = %s", id_)
            self.shop.browser.get(f"/funds/{number}?from=gateway")

    def refund(self) -> None:
        if (id_ := self.some()) is not None:
            self.shop.refund(id_, self.draw.choice(["", "5.00", "0.01", "7.77"]))

    def refund_there(self) -> None:
        session = self.session(self.some())
        if session is not None and session.payment_status == "paid" and session.amount - session.refunded > 300:
            self.shop.stripe.refund_there(session.id, 300)

    def dispute(self) -> None:
        session = self.session(self.some())
        if session is not None and session.payment_status == "paid" and not session.disputes:
            amount = self.draw.choice([0, 300, 1_000])
            made = self.shop.stripe.dispute(session.id, amount, takes=self.draw.choice([True, True, False]))
            self._tell_of(made)

    def decide_dispute(self) -> None:
        session = self.session(self.some())
        if session is not None and session.disputes:
            (one,) = session.disputes
            status = self.draw.choice(["won", "lost", "needs_response"])
            if status == "lost" and sum(each["amount"] for each in one["balance_transactions"]) >= 0:
                self.shop.stripe.withdraw(one)
            self.shop.stripe.close_dispute(one, status)
            self._tell_of(one)

    def _tell_of(self, dispute: dict[str, Any]) -> None:
        """Once, often, or never."""
        for _ in range(self.draw.choice([0, 1, 3])):
            at = int(self.time.now.timestamp())
            body, signature = self.shop.stripe.dispute_event("charge.dispute.updated", dispute, at=at)
            assert self.shop.post(body, signature) == 200

    def differ(self) -> None:
        session = self.session(self.some())
        if session is not None and session.status == "open":
            session.told = self.draw.choice([{"currency": "eur"}, {"amount_total": session.amount - 1}])

    def expire(self) -> None:
        session = self.session(self.some())
        if session is not None and session.status == "open":
            self.shop.stripe.expire(session.id)

    def wait(self) -> None:
        self.time.now += timedelta(minutes=self.draw.choice([1, 5, 60, 600]))

    def trouble(self) -> None:
        setattr(self.shop.stripe, self.draw.choice(["lose_answers", "fail_after"]), 1)

    def settle(self) -> None:
        """Everything that is under way comes to its end."""
        self.shop.stripe.lose_answers = self.shop.stripe.fail_after = 0
        for id_ in self.payments:
            if self.session(id_) is not None:
                self.shop.tell(id_)
        for _ in range(4):
            self.time.now += timedelta(hours=30)
            self.shop.work()

    def faults(self) -> list[str]:
        """What of the books is not what Stripe has."""
        from panelwright.payments import loops

        loops.ripen(50)
        found = [*self.shop.alice.audit(), *self.seen]
        rows = values("SELECT id, number, state, asked_micros FROM payments_payment ORDER BY id")
        for id_, number, state, asked in rows:
            session = self.session(id_)
            paid = session is not None and session.payment_status == "paid"
            got = _sum("deposit", f"P-{number}")
            if got and not (paid and not session.told):
                found.append(f"payment {number} brought money that did not come")
            if got and self.session(id_) is not None and self._is_held(id_):
                found.append(f"payment {number} is held and brought money")
            if got not in (0, asked):
                found.append(f"payment {number} brought {got}")
            if state == "paid" and not got:
                found.append(f"payment {number} is paid and brought nothing")
            if session is not None:
                given = sum(row[0] for row in values(_STANDS, id_))
                if session.refunded * 10_000 > given and not session.told and state in ("refunded", "part_refunded"):
                    # Known at the latest when it is asked again.
                    found += [] if state == "part_refunded" else [f"payment {number}: {session.refunded} went back"]
                if session.refunded > session.amount:
                    found.append(f"payment {number}: more went back than came")
        return found

    def _is_held(self, id_: int) -> bool:
        """By a rule that nobody has overruled; or it went back without having been credited."""
        rows = values("SELECT state, problem_code, paid_at FROM payments_payment WHERE id = %s", id_)
        held = values("SELECT id FROM payments_paymentstep WHERE payment_id = %s AND code = 'held'", id_)
        ((state, code, paid_at),) = rows
        return code == "payment_held" or bool(held and state == "failed" and paid_at is None)

    def final_faults(self) -> list[str]:
        """After `settle` nothing may be missing either."""
        found = self.faults()
        for id_, number, state in values("SELECT id, number, state FROM payments_payment ORDER BY id"):
            session = self.session(id_)
            if session is None:
                continue
            paid = session.payment_status == "paid" and not session.told
            # What a rule holds waits for staff, or has gone back.
            paid = paid and not self._is_held(id_)
            if paid and state not in ("paid", "part_refunded", "refunded", "disputed", "won", "lost"):
                found.append(f"payment {number} was paid and is {state}")
            for one in session.disputes if paid else ():
                gone = sum(each["amount"] for each in one["balance_transactions"]) < 0
                kept = values("SELECT taken, state FROM payments_dispute WHERE payment_id = %s", id_)
                if kept != [(gone, {"won": "won", "lost": "lost"}.get(one["status"], "open"))]:
                    found.append(f"payment {number}: its dispute is {one['status']} and {kept} is kept")
            made = [one for one in self.shop.stripe.refunds if one["payment_intent"] == session.intent]
            asked = values(
                "SELECT id FROM payments_paymentstep WHERE payment_id = %s AND code = 'refund_requested'", id_
            )
            if len(made) > len(asked):
                found.append(f"payment {number}: {len(asked)} refunds were asked for, and {len(made)} made")
            given = sum(row[0] for row in values(_STANDS, id_))
            if paid and session.refunded * 10_000 != given:
                found.append(f"payment {number}: {session.refunded} went back, and {given} were booked")
        return found


_ASKED = "SELECT id FROM payments_paymentstep WHERE payment_id = %s AND code = 'refund_requested'"
_STANDS = "SELECT amount_micros FROM payments_refund WHERE payment_id = %s AND state IN ('requested', 'sent', 'done')"


_ACCOUNT = "SELECT balance_micros, fresh_micros FROM ledger_account WHERE id = %s"


def _sum(code: str, reference: str) -> int:
    rows = values(
        "SELECT amount_micros FROM ledger_transfer WHERE code = %s AND reference LIKE %s", code, reference + "%"
    )
    return sum(row[0] for row in rows if row)


def walked(shop: Shop, time: Time, number: int, steps: int) -> list[str]:
    """What was wrong first; empty where nothing was."""
    walk = Walk(shop, time, number)
    for n in range(steps):
        walk.step()
        if n % 20 == 19 and (found := walk.faults()):
            return found
    walk.settle()
    return walk.final_faults()


def test_the_books_are_what_the_gateway_has(shop: Shop, time: Time) -> None:
    assert walked(shop, time, seed(11), effort(150, proving=3_000)) == []


Break = Callable[[pytest.MonkeyPatch], None]


def _credit_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time that it is told, under a name of its own."""
    from panelwright.payments import rules, settling_actions

    names = iter(range(10_000))
    monkeypatch.setattr(rules, "UNPAID", frozenset(rules.NEXT))
    monkeypatch.setattr(settling_actions, "move", lambda *_given, **_values: True)
    monkeypatch.setattr(settling_actions, "reference_of", lambda one: f"P-{one.number} {next(names)}")


def _forget_the_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.payments import rules

    judge = rules.judge
    monkeypatch.setattr(rules, "judge", lambda asked, got: judge(asked, got._replace(currency=asked.currency)))


def _trust_any_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.payments import rules

    judge = rules.judge
    monkeypatch.setattr(rules, "judge", lambda asked, got: judge(asked, got._replace(amount_micros=asked.gross_micros)))


def _trust_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an event says is paid is taken for paid."""
    from panelwright.core import clock
    from panelwright.payments import asking_actions, settling_actions
    from panelwright.payments.models import Payment
    from panelwright.payments.rules import ReceivedMoney

    hear = asking_actions.hear

    def trusting(**given: Any) -> bool:
        row = Payment.objects.filter(panel_id=given["method"].panel_id, reference=given["event"].reference).first()
        if row is not None and b'"paid"' in given["body"]:
            got = ReceivedMoney(row.asked_micros + row.fee_micros, row.currency, row.reference, row.live)
            settling_actions.receive(
                panel_id=row.panel_id, payment_id=row.id, got=got, gateway_id=row.gateway_id or "", now=clock.now()
            )
        return hear(**given)

    monkeypatch.setattr(asking_actions, "hear", trusting)


def _forget_refunds_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.payments import refund_actions

    monkeypatch.setattr(refund_actions, "note_refunded", lambda **_given: None)


def _forget_disputes(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.payments import dispute_actions

    monkeypatch.setattr(dispute_actions, "note", lambda **_given: False)


def _refund_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told again after a lost answer, each time with a key of its own."""
    from panelwright.payments import refund_actions
    from panelwright.payments.gateway import AskedRefund

    names = iter(range(10_000))

    def asked(amount: int, currency: str, key: str, gateway_id: str) -> AskedRefund:
        return AskedRefund(amount, currency, f"{key}-{next(names)}", gateway_id)

    monkeypatch.setattr(refund_actions, "AskedRefund", asked)


def _credit_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays held, and the money is on the balance."""
    from panelwright.ledger import actions as ledger
    from panelwright.payments import rules, settling_actions
    from panelwright.payments.rules import PaymentSum

    hold = settling_actions._hold

    def credit(payment: Any, why: Any, got: Any, gateway_id: str, now: Any) -> bool:
        found = rules.judge(settling_actions.asked_of(payment), got)
        assert isinstance(found, PaymentSum)
        ledger.post(settling_actions._transfers(payment, found), now=now)
        return hold(payment, why, got, gateway_id, now)

    monkeypatch.setattr(settling_actions, "_hold", credit)


def _credit_what_went_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff have refunded what was held, and the next webhook credits it."""
    from panelwright.payments import holding_actions, settling_actions

    monkeypatch.setattr(settling_actions, "_has_gone_back", lambda _payment: False)
    why = holding_actions.why_held

    def once(payment: Any, *given: Any, **named: Any) -> Any:
        return () if payment.state == "failed" else why(payment, *given, **named)

    monkeypatch.setattr(holding_actions, "why_held", once)


def _spend_what_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.core import sql
    from panelwright.orders import store

    both = "CASE WHEN owed_micros = 0 THEN balance_micros - floor_micros ELSE -1 END"
    query = f"SELECT id, {both} FROM ledger_account WHERE id :in_int AND kind = 'customer' ORDER BY id :for_update"
    monkeypatch.setattr(store, "_BALANCES", sql.Query(query))


def _forget_that_it_ripens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row goes, and the account keeps what it said."""
    from panelwright.ledger import actions as ledger

    monkeypatch.setattr(ledger, "add_fresh", lambda **_given: None)


@pytest.mark.parametrize(
    "broken",
    [
        _credit_what_is_held,
        _credit_what_went_back,
        _spend_what_is_fresh,
        _forget_that_it_ripens,
        _credit_twice,
        _forget_the_currency,
        _trust_any_amount,
        _trust_the_body,
        _forget_refunds_there,
        _forget_disputes,
        _refund_twice,
    ],
)
def test_a_broken_rule_is_noticed(broken: Break, shop: Shop, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    assert walked(shop, time, 11, 300) != []
