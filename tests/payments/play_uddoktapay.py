"""How UddoktaPay and PipraPay are played, see till.py."""

from __future__ import annotations

from typing import Any

from panelwright.sandbox import simulated_uddoktapay
from panelwright.sandbox.simulated_uddoktapay import SimulatedUddoktaPay, WalletInvoice
from tests.payments.till import Play, SentHook


class UddoktaPay(Play):
    kind = "uddoktapay"
    speaks = "uddoktapay"
    header = "rt-uddoktapay-api-key"
    amount = "2000"
    terms = {"currency": "BDT", "rate_e12": 10**10}
    # It has no key for invoices; both lead to our reference.
    made_twice = 2

    def __init__(self) -> None:
        self.double = SimulatedUddoktaPay()

    def entered(self) -> dict[str, Any]:
        return {
            "speaks": self.speaks,
            "mode": "test",
            "url": "https://pay.example",
            "key": simulated_uddoktapay.KEY,
        }

    def of(self, reference: str) -> WalletInvoice:
        """The newest one: what the customer was led to."""
        rows = self.double.invoices.values()
        found: WalletInvoice = [one for one in rows if one.metadata["reference"] == reference][-1]
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.metadata["reference"] == reference for one in self.double.invoices.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).id)

    def back(self, reference: str) -> str:
        return str(self.double.back_query(self.of(reference).id))

    def differ(self, reference: str, what: str) -> None:
        self.pay(reference)
        told: dict[str, dict[str, Any]] = {
            "less": {"amount": "1999.99"},
            "more": {"amount": "2000.01"},
            "currency": {"currency": "USD"},
            "reference": {"metadata": '{"reference": "SOMEBODYELSE"}'},
        }
        self.of(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        more: dict[str, Any] = {"amount": "99999.00", "status": "COMPLETED"} if lie else {}
        return SentHook(*self.double.event(self.of(reference).id, key=secret, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)
        key = right.headers[self.header]

        def headed(name: str, text: str) -> SentHook:
            return right._replace(headers={name: text})

        return [
            SentHook({}, right.body),
            headed(self.header, ""),
            headed(self.header, key[:-1]),
            headed(self.header, key + "0"),
            headed(self.header, key.upper()),
            headed("x-api-key", key),
            headed("authorization", f"Bearer {key}"),
            SentHook({}, right.body, f"{self.header}={key}"),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).id)

    def given_back(self, reference: str) -> list[str]:
        return []

    def expire(self, reference: str) -> None:
        self.double.end(self.of(reference).id, "expired")

    def fail(self, reference: str) -> None:
        self.double.end(self.of(reference).id, "canceled")


class PipraPay(UddoktaPay):
    speaks = "piprapay"
    header = "mhs-piprapay-api-key"

    def back(self, reference: str) -> str:
        return ""


class PipraPay2(PipraPay):
    speaks = "piprapay_2"
    header = "mh-piprapay-api-key"
