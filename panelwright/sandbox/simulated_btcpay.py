"""A BTCPay Server as it speaks to whoever sells: invoices, pull payments, and signed webhooks. In memory.

Played from its public description. What is paid is told in the invoice's currency; one that is paid late, in part or
too much says so, and one that has expired does not say whether its coins are confirmed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

KEY = "0123456789abcdef0123456789abcdef01234567"
SECRET = "sandbox-secret-of-the-simulated-btcpay"
STORE = "9CiNzKoANXxmk5ayZngSXrHTiVvvgCrwrpFQd4m2K776"


@dataclass
class Invoice:
    id: str
    amount: str
    currency: str
    metadata: dict[str, Any]
    back_url: str
    status: str = "New"
    more: str = "None"
    # By so many percent it may be paid short, and is settled all the same.
    tolerance: Decimal = Decimal(0)
    # What came, with whether it is confirmed.
    came: list[tuple[Decimal, bool]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)

    def as_json(self, base_url: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "storeId": STORE,
            "amount": self.amount,
            "paidAmount": str(sum((value for value, _ in self.came), Decimal(0))),
            "currency": self.currency,
            "status": self.status,
            "additionalStatus": self.more,
            "metadata": self.metadata,
            "checkoutLink": f"{base_url}/pay/{self.id}",
            "expirationTime": 1_796_036_400,
            **self.told,
        }


class SimulatedBtcPay(GatewayBase):
    def __init__(self, base_url: str = "", *, secret: str = SECRET) -> None:
        super().__init__(base_url)
        self.secret = secret
        self.invoices: dict[str, Invoice] = {}
        self.pulls: dict[str, dict[str, Any]] = {}
        self.payouts: dict[str, list[dict[str, Any]]] = {}
        self.refuse_refunds = False
        # Of the store, in percent; an invoice may say its own.
        self.tolerance = 0

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        if self.refuse_keys or request.headers.get("authorization") != f"token {KEY}":
            return _error("unauthenticated", "Authentication is required for accessing this endpoint", 401)
        return None

    def serve(self, request: Request) -> SandboxReply:
        parts = request.path.strip("/").split("/")
        if parts[:3] == ["api", "v1", "pull-payments"] and parts[4:] == ["payouts"]:
            return reply(self.payouts.get(parts[3], []))
        if parts[:4] != ["api", "v1", "stores", STORE]:
            return _error("store-not-found", "The store was not found", 404)
        rest = parts[4:]
        if request.method == "POST":
            given = json_of(request.body)
            if rest == ["invoices"]:
                return self._open(given)
            if rest[:1] == ["invoices"] and rest[2:] == ["refund"]:
                return self._refund(rest[1], given)
            return _error("not-found", "Not found", 404)
        if rest == ["pull-payments"]:
            return reply(list(self.pulls.values()))
        if rest == ["invoices"]:
            wanted = parse_qs(request.query.decode()).get("orderId")
            found = [one for one in self.invoices.values() if not wanted or one.metadata.get("orderId") in wanted]
            return reply([one.as_json(self.base_url) for one in reversed(found)])
        invoice = self.invoices.get(rest[1]) if rest[:1] == ["invoices"] and len(rest) > 1 else None
        if invoice is None:
            return _error("invoice-not-found", "The invoice was not found", 404)
        if rest[2:] == ["payment-methods"]:
            each = [
                {"value": str(value), "status": "Settled" if sure else "Processing"} for value, sure in invoice.came
            ]
            return reply([{"paymentMethodId": "BTC-CHAIN", "payments": each}])
        return reply(invoice.as_json(self.base_url))

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        if Decimal(str(given.get("amount"))) <= 0:
            return reply([{"path": "amount", "message": "The amount should be 0 or more."}], status=422)
        checkout, id_ = given.get("checkout", {}), f"Inv{self.next():019d}"
        self.invoices[id_] = Invoice(
            id_, given["amount"], given["currency"], given.get("metadata", {}), checkout.get("redirectURL", "")
        )
        self.invoices[id_].tolerance = Decimal(str(checkout.get("paymentTolerance", self.tolerance)))
        return reply(self.invoices[id_].as_json(self.base_url))

    def _refund(self, id_: str, given: dict[str, Any]) -> SandboxReply:
        invoice = self.invoices.get(id_)
        if invoice is None or self.refuse_refunds or invoice.status != "Settled":
            return _error("non-refundable", "Cannot refund this invoice", 422)
        name = f"Pull{self.next():016d}"
        self.pulls[name] = {
            "id": name,
            "name": given["name"],
            "amount": given["customAmount"],
            "currency": given["customCurrency"],
            "archived": False,
            "viewLink": f"{self.base_url}/pay/{name}",
        }
        return reply(self.pulls[name])

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, id_: str, value: str = "", *, confirmed: bool = True) -> None:
        """Coins come, worth so much of the invoice's currency; all of it, where nothing else is said."""
        invoice = self.invoices[id_]
        invoice.came.append((Decimal(value or invoice.amount), confirmed))
        self._settle(invoice)

    def confirm(self, id_: str) -> None:
        invoice = self.invoices[id_]
        invoice.came = [(value, True) for value, _ in invoice.came]
        self._settle(invoice)

    def _settle(self, invoice: Invoice) -> None:
        came, wanted = sum((value for value, _ in invoice.came), Decimal(0)), Decimal(invoice.amount)
        if invoice.status == "Expired":
            invoice.more = "PaidLate" if came >= wanted else "PaidPartial"
        elif came >= wanted * (1 - invoice.tolerance / 100):
            invoice.status = "Settled" if all(sure for _, sure in invoice.came) else "Processing"
            invoice.more = "PaidOver" if came > wanted else "None"

    def expire(self, id_: str) -> None:
        invoice = self.invoices[id_]
        if invoice.status == "New":
            invoice.status, invoice.more = "Expired", "PaidPartial" if invoice.came else "None"

    def invalidate(self, id_: str) -> None:
        self.invoices[id_].status = "Invalid"

    def mark(self, id_: str) -> None:
        """Somebody clicks that it is settled."""
        self.invoices[id_].status, self.invoices[id_].more = "Settled", "Marked"

    def fetch(self, pull: str, value: str, *, state: str = "Completed") -> None:
        """The customer has fetched a part of a refund, or asks for it: AwaitingPayment, InProgress."""
        claim = {"state": state, "originalAmount": value, "originalCurrency": self.pulls[pull]["currency"]}
        self.payouts.setdefault(pull, []).append(claim)

    def take_back(self, pull: str) -> None:
        """The page is archived, finished or not. What nobody has sent of it yet is cancelled."""
        self.pulls[pull]["archived"] = True
        for claim in self.payouts.get(pull, []):
            if claim["state"].startswith("Awaiting"):
                claim["state"] = "Cancelled"

    def event(
        self, kind: str, id_: str, *, delivery: str = "", original: str = "", secret: str = "", **changed: Any
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook; `changed` is what a forger writes into it."""
        delivery = delivery or f"Delivery{self.next():014d}"
        event = {
            "deliveryId": delivery,
            "webhookId": "WebhookOfTheSimulatedStore",
            "originalDeliveryId": original or delivery,
            "isRedelivery": bool(original),
            "type": kind,
            "timestamp": 1_796_036_000,
            "storeId": STORE,
            "invoiceId": id_,
            "metadata": self.invoices[id_].metadata,
            **changed,
        }
        body = json.dumps(event, indent=2).encode()
        return {"btcpay-sig": self.signature(body, secret=secret)}, body

    def signature(self, body: bytes, *, secret: str = "") -> str:
        return "sha256=" + hmac.new((secret or self.secret).encode(), body, hashlib.sha256).hexdigest()

    def buyer(self, request: Request) -> SandboxReply:
        invoice = self.invoices.get(request.path.removeprefix("/pay/"))
        if invoice is None:
            return _error("not-found", "Not found", 404)
        if request.method == "POST":
            self.pay(invoice.id)
            return led_back(invoice.back_url)
        return pay_page(f"{invoice.amount} {invoice.currency}", invoice.back_url)


def _error(code: str, text: str, status: int) -> SandboxReply:
    return reply({"code": code, "message": text}, status=status)
