"""What the tests of payments do over and over. Import this late: it needs Django to be set up."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django_scopes import scope

from panelwright.core import clock, money
from panelwright.core.refusal import Refusal
from panelwright.payments import (
    actions,
    loops,
    method_actions,
    queries,
    settling_actions,
    staff_actions,
    voucher_actions,
    voucher_rules,
)
from panelwright.payments.actions import BegunPayment
from panelwright.payments.models import Payment, PaymentMethod, PaymentState
from panelwright.payments.rules import ReceivedMoney
from panelwright.staff.actor import operator
from panelwright.support.files import Upload
from tests.support.people import Buyer, Known, Owner, values

BOB = operator("bob, by test")


def method(owner: Owner, name: str = "Bank", *, kind: str = "by_hand", proof: str = "nothing", **terms: Any) -> int:
    """A method that is on; `terms` as `method_actions.set_method` takes them. Its id."""
    with scope(panel=owner.panel):
        row = method_actions.add(panel_id=owner.panel_id, kind=kind, name=name)
        method_actions.set_method(panel_id=owner.panel_id, method_id=row.id, **terms)
        method_actions.set_gateway(panel_id=owner.panel_id, method_id=row.id, proof=proof)
        method_actions.turn(panel_id=owner.panel_id, method_id=row.id, enabled=True)
        return int(row.id)


def method_row(method_id: int) -> PaymentMethod:
    ((panel_id,),) = values("SELECT panel_id FROM payments_paymentmethod WHERE id = %s", method_id)
    with scope(panel=panel_id):
        row: PaymentMethod = PaymentMethod.objects.get(id=method_id)
        return row


def begin(buyer: Buyer, method_id: int, amount: str, **how: Any) -> BegunPayment | Refusal:
    with scope(panel=buyer.owner.panel):
        return actions.begin(
            panel_id=buyer.owner.panel_id,
            customer_id=buyer.customer_id,
            method_id=method_id,
            amount_micros=money.parse(amount),
            **how,
        )


def begun(buyer: Buyer, method_id: int, amount: str = "20", **how: Any) -> Known:
    """It must be taken; its id and number."""
    result = begin(buyer, method_id, amount, **how)
    assert isinstance(result, BegunPayment), result
    return Known(result.payment_id, result.number)


def submit(buyer: Buyer, payment_id: int, proof: str = "", *uploads: Upload) -> Refusal | None:
    with scope(panel=buyer.owner.panel):
        return actions.submit(
            panel_id=buyer.owner.panel_id,
            customer_id=buyer.customer_id,
            payment_id=payment_id,
            proof=proof,
            uploads=uploads,
        )


def approve(owner: Owner, payment_id: int, amount: str = "", reference: str = "", actor: Any = BOB) -> None:
    """Raises Refused."""
    with scope(panel=owner.panel), transaction.atomic():
        staff_actions.approve(
            actor,
            panel_id=owner.panel_id,
            payment_id=payment_id,
            amount_micros=money.parse(amount) if amount else None,
            gateway_id=reference,
            now=clock.now(),
        )


def receive(owner: Owner, payment_id: int, *, gateway_id: str = "", **differs: Any) -> PaymentState | Refusal:
    """The gateway tells of the payment what it was made for, but for what `differs`."""
    with scope(panel=owner.panel):
        row = payment(payment_id)
        got = ReceivedMoney(row.asked_micros + row.fee_micros, row.currency, row.reference, row.live)
        return settling_actions.receive(
            panel_id=owner.panel_id,
            payment_id=payment_id,
            got=got._replace(**differs),
            gateway_id=gateway_id,
            now=clock.now(),
        )


def payment(payment_id: int) -> Payment:
    ((panel_id,),) = values("SELECT panel_id FROM payments_payment WHERE id = %s", payment_id)
    with scope(panel=panel_id):
        row: Payment = Payment.objects.get(id=payment_id)
        return row


def state(payment_id: int) -> str:
    return payment(payment_id).state


def story(payment_id: int) -> list[str]:
    row = payment(payment_id)
    with scope(panel=row.panel_id):
        return [step.code for step in queries.steps(row)]


def moved(owner: Owner) -> list[tuple[str, str, str]]:
    """Code, reference and amount of the transfers of payments, in their order."""
    rows = values(
        "SELECT code, reference, amount_micros FROM ledger_transfer WHERE panel_id = %s AND code IN"
        " ('deposit', 'fee', 'bonus', 'voucher', 'repayment') ORDER BY id",
        owner.panel_id,
    )
    return [(code, name, money.text(micros)) for code, name, micros in rows if not name.startswith("first of")]


def vouchers(
    owner: Owner, *, value: str = "5", count: int = 1, uses: int = 1, label: str = "Spring", expires_at: Any = None
) -> list[tuple[int, str]]:
    """Id and code of each."""
    codes = [voucher_rules.new_code() for _ in range(count)]
    with scope(panel=owner.panel):
        made = voucher_actions.make(
            panel_id=owner.panel_id,
            label=label,
            value_micros=money.parse(value),
            codes=codes,
            uses=uses,
            expires_at=expires_at,
        )
    return [(int(row.id), code) for row, code in zip(made, codes, strict=True)]


def redeem(buyer: Buyer, code: str, *, address: str = "198.51.100.7") -> int | Refusal:
    with scope(panel=buyer.owner.panel):
        return voucher_actions.redeem(
            panel_id=buyer.owner.panel_id, customer_id=buyer.customer_id, code=code, address=address
        )


def work(limit: int = 50) -> int:
    """One round of the worker's loop, and all that it begins: how many there were."""
    asking = loops.Asking()
    try:
        return asking.look(limit)
    finally:
        asking.finish(clock.now().timestamp() + 60)
        assert asking.under_way() == 0


def letters(to: str) -> list[tuple[str, str]]:
    """Kind and text of the letters to an address, the oldest first."""
    return values('SELECT kind, text FROM events_mail WHERE "to" = %s ORDER BY id', to)
