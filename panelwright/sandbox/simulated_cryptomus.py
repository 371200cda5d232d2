"""Cryptomus, and Heleket, as they speak to whoever sells: invoices, and webhooks with a signature inside. In memory.

Played from their public description. Their JSON is PHP's: slashes have backslashes, letters beyond ASCII have none.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

MERCHANT = "8b03432e-385b-4670-8d06-064591096795"
KEY = "sandboxKeyOfTheSimulatedCryptomus0123456789"
# What a unit of the invoice's currency is in coins.
COINS = Decimal("0.00002")


@dataclass
class CoinInvoice:
    uuid: str
    amount: str
    currency: str
    order_id: str
    back_url: str
    status: str = "check"
    came: Decimal = Decimal(0)
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def coins(self) -> Decimal:
        return Decimal(self.amount) * COINS

    def as_json(self, base_url: str) -> dict[str, Any]:
        return {
            "uuid": self.uuid,
            "order_id": self.order_id,
            "amount": self.amount,
            "currency": self.currency,
            "payer_amount": f"{self.coins:f}",
            "payer_currency": "BTC",
            "payment_amount": f"{self.came:f}" if self.came else None,
            "status": self.status,
            "url": f"{base_url}/pay/{self.uuid}",
            "expired_at": 1_796_040_000,
            "is_final": self.status in ("paid", "paid_over", "wrong_amount", "cancel", "fail"),
            **self.told,
        }


class SimulatedCryptomus(GatewayBase):
    def __init__(self, base_url: str = "") -> None:
        super().__init__(base_url)
        self.invoices: dict[str, CoinInvoice] = {}

    def refusal(self, request: Request) -> SandboxReply | None:
        is_signed = request.headers.get("sign") == self.signature(request.body)
        if self.refuse_keys or request.headers.get("merchant") != MERCHANT or not is_signed:
            return reply({"state": 1, "message": "Unauthorized"}, status=401)
        return None

    def is_creating(self, request: Request) -> bool:
        return request.path == "/v1/payment"

    def serve(self, request: Request) -> SandboxReply:
        given = json_of(request.body)
        if request.path == "/v1/payment/services":
            return reply({"state": 0, "result": [{"network": "btc"}]})
        found = next((one for one in self.invoices.values() if one.order_id == given.get("order_id")), None)
        if request.path == "/v1/payment":
            if found is None:
                found = self._open(given)
            return reply({"state": 0, "result": found.as_json(self.base_url)})
        if request.path == "/v1/payment/info" and found is not None:
            return reply({"state": 0, "result": found.as_json(self.base_url)})
        return reply({"state": 1, "message": "Payment was not found"}, status=404)

    def _open(self, given: dict[str, Any]) -> CoinInvoice:
        uuid = f"26109ba0-b05b-4ee0-93d1-{self.next():012d}"
        self.invoices[uuid] = CoinInvoice(
            uuid, given["amount"], given["currency"], given["order_id"], given.get("url_return", "")
        )
        return self.invoices[uuid]

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, uuid: str, part: str = "1") -> None:
        """So much of the coins that were asked for comes; a part of them is final once the time is over."""
        invoice = self.invoices[uuid]
        invoice.came += invoice.coins * Decimal(part)
        whole = invoice.came.compare(invoice.coins)
        invoice.status = {-1: "wrong_amount_waiting", 0: "paid", 1: "paid_over"}[int(whole)]

    def seen(self, uuid: str) -> None:
        self.invoices[uuid].status = "confirm_check"

    def expire(self, uuid: str) -> None:
        invoice = self.invoices[uuid]
        invoice.status = "wrong_amount" if invoice.came else "cancel"

    def fail(self, uuid: str) -> None:
        self.invoices[uuid].status = "fail"

    def refund_there(self, uuid: str) -> None:
        """In the dashboard, which gives back all of it."""
        self.invoices[uuid].status = "refund_paid"

    def event(self, uuid: str, *, key: str = "", **changed: Any) -> bytes:
        """The body of a webhook; `changed` is what a forger writes into it."""
        told = {"type": "payment", **self.invoices[uuid].as_json(self.base_url), "txid": None, "note": "ñ", **changed}
        body = self.php(told)
        return body[:-1] + b',"sign":"' + self.signature(body, key=key).encode() + b'"}'

    def php(self, value: object) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/").encode()

    def signature(self, body: bytes, *, key: str = "") -> str:
        signed = base64.standard_b64encode(body).decode() + (key or KEY)
        return hashlib.new("md5", signed.encode(), usedforsecurity=False).hexdigest()

    def buyer(self, request: Request) -> SandboxReply:
        invoice = self.invoices.get(request.path.removeprefix("/pay/"))
        if invoice is None:
            return reply({"state": 1, "message": "not found"}, status=404)
        if request.method == "POST":
            self.pay(invoice.uuid)
            return led_back(invoice.back_url)
        return pay_page(f"{invoice.amount} {invoice.currency}", invoice.back_url)
