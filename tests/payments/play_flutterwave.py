"""How Flutterwave is played, see till.py."""

from __future__ import annotations

from typing import Any

from panelwright.sandbox import simulated_flutterwave
from panelwright.sandbox.simulated_flutterwave import SimulatedFlutterwave, TriedPayment
from tests.payments.till import Play, SentHook


class Flutterwave(Play):
    kind = "flutterwave"
    amount = "20000"
    terms = {"currency": "NGN", "rate_e12": 10**9}
    # Our reference is no key there; what is paid on either page is found by it.
    made_twice = 2
    takes_at_once = True

    def __init__(self) -> None:
        self.double = SimulatedFlutterwave()

    def entered(self) -> dict[str, Any]:
        return {"key": simulated_flutterwave.KEY, "hook_secret": simulated_flutterwave.SECRET}

    def tries(self, reference: str) -> list[TriedPayment]:
        return [one for one in self.double.transactions.values() if one.tx_ref == reference]

    def of(self, reference: str) -> TriedPayment:
        found = self.tries(reference)
        return next((one for one in found if one.status == "successful"), found[-1])

    def is_there(self, reference: str) -> int:
        return sum(one.tx_ref == reference for one in self.double.pages)

    def pay(self, reference: str) -> None:
        self.double.pay(reference)

    def differ(self, reference: str, what: str) -> None:
        told: dict[str, dict[str, Any]] = {
            "less": {"amount": 19_999.99},
            "more": {"amount": 20_000.01},
            "currency": {"currency": "GHS"},
        }
        self.double.pay(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        if not self.tries(reference):
            self.double.pay(reference, status="failed")
        more: dict[str, Any] = {"amount": 99_999, "charged_amount": 99_999, "status": "successful"} if lie else {}
        return SentHook(*self.double.event(self.of(reference).id, secret=secret, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)

        def headed(**headers: str) -> SentHook:
            return right._replace(headers={name.replace("_", "-"): value for name, value in headers.items()})

        secret, signature = self.double.secret, self.double.signature(right.body)
        return [
            SentHook({}, right.body),
            headed(verif_hash=""),
            headed(verif_hash=secret[:-1]),
            headed(verif_hash=secret.upper()),
            headed(verif_hash="a secret hash of somebody else"),
            headed(flutterwave_signature=signature[:-2]),
            # Whoever has seen the secret in a header can sign; whoever cannot is not helped by showing it.
            headed(verif_hash=secret, flutterwave_signature=self.double.signature(right.body, secret="another")),
            headed(verif_hash=secret, flutterwave_signature=signature)._replace(body=right.body + b" "),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).id, float(amount))

    def given_back(self, reference: str) -> list[str]:
        rows = [one for one in self.double.refunds if "-refund-" in one["comment"]]
        return [f"{one['amount_refunded']:.2f}" for one in rows]

    def dispute(self, reference: str, how: str) -> None:
        status = {"open": "initiated", "taken": "declined"}.get(how, how)
        self.double.charge_back(self.of(reference).id, status)
