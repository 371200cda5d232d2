"""How YooKassa is played, see till.py."""

from __future__ import annotations

import json
from typing import Any

from panelwright.sandbox import simulated_yookassa
from panelwright.sandbox.simulated_yookassa import SimulatedYooKassa, YooPayment
from tests.payments.till import Play, SentHook


class YooKassa(Play):
    kind = "yookassa"
    amount = "2000"
    terms = {"currency": "RUB", "rate_e12": 10**10}

    def __init__(self) -> None:
        self.double = SimulatedYooKassa()

    def entered(self) -> dict[str, Any]:
        return {"shop_id": simulated_yookassa.SHOP, "key": simulated_yookassa.KEY}

    def of(self, reference: str) -> YooPayment:
        rows = self.double.payments.values()
        found: YooPayment = next(one for one in rows if one.metadata.get("reference") == reference)
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.metadata.get("reference") == reference for one in self.double.payments.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).id)

    def differ(self, reference: str, what: str) -> None:
        self.pay(reference)
        told: dict[str, dict[str, Any]] = {
            "less": {"amount": {"value": "1999.99", "currency": "RUB"}},
            "more": {"amount": {"value": "2000.01", "currency": "RUB"}},
            "currency": {"amount": {"value": "2000.00", "currency": "KZT"}},
            "reference": {"metadata": {"reference": "SOMEBODYELSE"}},
            "mode": {"test": False},
            "account": {"recipient": {"account_id": "506752"}},
        }
        self.of(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        more: dict[str, Any] = {}
        if lie:
            more = {"amount": {"value": "99999.00", "currency": "RUB"}, "metadata": {"reference": "X" * 24}}
            more |= {"status": "succeeded", "paid": True, "test": False}
        return SentHook({}, self.double.event("payment.succeeded", self.of(reference).id, **more))

    def forged(self, reference: str) -> list[SentHook]:
        """What it knows nothing of. A hint about what it knows is all that there is, whoever gives it."""
        id_ = self.of(reference).id

        def told(**changed: Any) -> SentHook:
            right = {"type": "notification", "event": "payment.succeeded", "object": {"id": id_}}
            return SentHook({}, json.dumps({**right, **changed}).encode())

        return [
            told(object={"id": id_[:-1] + "f"}),
            told(object={"id": f"{id_}/capture"}),
            told(object={"id": [id_]}),
            told(object={}),
            told(object=None),
            told(type="order"),
            told(event="payout.succeeded"),
            told(event="refund.succeeded"),
            told(event="refund.succeeded", object={"id": id_, "payment_id": "22e12f66-000f-5000-8000-ffffffffffff"}),
            told(event=["payment.succeeded"]),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).id, amount)

    def given_back(self, reference: str) -> list[str]:
        return [one["amount"]["value"] for one in self.double.refunds if "-refund-" in one["description"]]

    def expire(self, reference: str) -> None:
        self.double.cancel(self.of(reference).id, "expired_on_confirmation")

    def fail(self, reference: str) -> None:
        self.double.cancel(self.of(reference).id, "insufficient_funds")
