"""How Paystack is played, see till.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from panelwright.sandbox import simulated_paystack
from panelwright.sandbox.simulated_paystack import SimulatedPaystack, Transaction
from tests.payments.till import Play, SentHook


class Paystack(Play):
    kind = "paystack"
    amount = "20000"
    terms = {"currency": "NGN", "rate_e12": 10**9}
    # After a lost answer its page is not told again; both lead to our reference.
    made_twice = 2

    def __init__(self) -> None:
        self.double = SimulatedPaystack()

    def entered(self) -> dict[str, Any]:
        return {"key": simulated_paystack.KEY}

    def tries(self, reference: str) -> list[Transaction]:
        rows = self.double.transactions.values()
        return [one for one in rows if one.metadata["reference"] == reference]

    def of(self, reference: str) -> Transaction:
        """The last try, whose page the customer has."""
        return self.tries(reference)[-1]

    def is_there(self, reference: str) -> int:
        return len(self.tries(reference))

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).reference)

    def differ(self, reference: str, what: str) -> None:
        self.pay(reference)
        told: dict[str, dict[str, Any]] = {
            "less": {"amount": 1_999_999},
            "more": {"amount": 2_000_001},
            "currency": {"currency": "GHS"},
            "reference": {"reference": "SOMEBODYELSE"},
            "mode": {"domain": "live"},
        }
        self.of(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        more: dict[str, Any] = {"amount": 9_999_900, "status": "success"} if lie else {}
        return SentHook(*self.double.event("charge.success", self.of(reference).reference, key=secret, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)
        stamp = right.headers["x-paystack-signature"]

        def signed(text: str) -> SentHook:
            return right._replace(headers={"x-paystack-signature": text})

        return [
            SentHook({}, right.body),
            signed(""),
            signed(stamp[:-1]),
            signed(stamp.upper()),
            signed(stamp[:64]),
            signed(self.double.signature(right.body, key="sk_test_ofSomebodyElse0123")),
            right._replace(body=right.body + b" "),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).reference, int(Decimal(amount) * 100))

    def given_back(self, reference: str) -> list[str]:
        rows = [one for one in self.double.refunds if "-refund-" in one["merchant_note"]]
        return [f"{one['amount'] / 100:.2f}" for one in rows]

    def dispute(self, reference: str, how: str) -> None:
        ends = {"won": "declined", "lost": "merchant-accepted"}
        name = self.of(reference).reference
        self.double.dispute(name, taken=how in ("taken", "lost"), resolution=ends.get(how, ""))
