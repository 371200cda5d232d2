"""How NOWPayments is played, see till.py."""

from __future__ import annotations

from typing import Any

from panelwright.sandbox import simulated_nowpayments
from panelwright.sandbox.simulated_nowpayments import PaidCoins, SimulatedNowPayments
from tests.payments.till import Play, SentHook


class NowPayments(Play):
    kind = "nowpayments"
    # It has no key for invoices; both lead to our reference.
    made_twice = 2

    def __init__(self) -> None:
        self.double = SimulatedNowPayments()

    def entered(self) -> dict[str, Any]:
        return {
            "mode": "test",
            "key": simulated_nowpayments.KEY,
            "hook_secret": simulated_nowpayments.SECRET,
            "email": simulated_nowpayments.EMAIL,
            "password": simulated_nowpayments.PASSWORD,
        }

    def invoice(self, reference: str) -> str:
        """The newest one: what the customer was led to."""
        return [str(one["id"]) for one in self.double.invoices.values() if one["order_id"] == reference][-1]

    def of(self, reference: str) -> PaidCoins:
        """The payment that was made first; before that, one that waits."""
        invoice = self.invoice(reference)
        found = [one for one in self.double.payments.values() if one.invoice == invoice]
        return found[0] if found else self.double.choose(invoice)

    def is_there(self, reference: str) -> int:
        return sum(one["order_id"] == reference for one in self.double.invoices.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.invoice(reference))

    def differ(self, reference: str, what: str) -> None:
        part = {"less": "0.9995", "more": "1.0005"}.get(what, "1")
        paid = self.double.pay(self.invoice(reference), part)
        told: dict[str, dict[str, Any]] = {
            "currency": {"price_currency": "mxn"},
            "reference": {"order_id": "SOMEBODYELSE"},
        }
        paid.told = told.get(what, {})

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        more: dict[str, Any] = {"price_amount": 99_999, "payment_status": "finished"} if lie else {}
        return SentHook(*self.double.event(self.of(reference).id, secret=secret, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)
        stamp = right.headers["x-nowpayments-sig"]

        def signed(text: str) -> SentHook:
            return right._replace(headers={"x-nowpayments-sig": text})

        return [
            SentHook({}, right.body),
            signed(""),
            signed(stamp[:-1]),
            signed(stamp.upper()),
            self.hook(reference, secret="another+secret+of+somebody"),
            self.hook(reference, secret=simulated_nowpayments.KEY),
            right._replace(body=right.body.replace(b'"price_amount":20', b'"price_amount":21')),
            right._replace(body=right.body.replace(b'"price_amount":20', b'"price_amount":20.0')),
            right._replace(body=right.body[:-1] + b',"price_amount":20}'),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.of(reference).status = "refunded"

    def given_back(self, reference: str) -> list[str]:
        return []

    def expire(self, reference: str) -> None:
        self.double.end(self.invoice(reference), "expired")

    def fail(self, reference: str) -> None:
        self.double.end(self.invoice(reference), "failed")
