"""YooKassa as it speaks to whoever sells: payments, what is held, refunds, and webhooks. In memory.

Played from its public description. Its webhooks are signed by nobody. A key that is sent again gives the first answer,
and may not stand for something else.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

SHOP, KEY = "506751", "test_ofTheSimulatedYooKassa0123456789abcdef"


@dataclass
class YooPayment:
    """Amounts are of the payment's currency. `told`: what is said where a test wants it to be something else."""

    id: str
    amount: Decimal
    currency: str
    description: str
    metadata: dict[str, str]
    return_url: str
    receipt: dict[str, Any] | None
    status: str = "pending"
    reason: str = ""
    refunded: Decimal = Decimal(0)
    told: dict[str, Any] = field(default_factory=dict)

    def money(self, amount: Decimal) -> dict[str, str]:
        return {"value": f"{amount:.2f}", "currency": self.currency}

    def as_json(self, base_url: str) -> dict[str, Any]:
        ended = {"party": "yoo_money", "reason": self.reason}
        return {
            "id": self.id,
            "status": self.status,
            "paid": self.status in ("waiting_for_capture", "succeeded"),
            "amount": self.money(self.amount),
            "refunded_amount": self.money(self.refunded),
            "confirmation": {"type": "redirect", "confirmation_url": f"{base_url}/pay/{self.id}"},
            "description": self.description,
            "metadata": self.metadata,
            "recipient": {"account_id": SHOP, "gateway_id": "100700"},
            "test": True,
            **({"cancellation_details": ended} if self.reason else {}),
            **self.told,
        }


class SimulatedYooKassa(GatewayBase):
    key_header = "idempotence-key"

    def __init__(self, base_url: str = "") -> None:
        super().__init__(base_url)
        self.payments: dict[str, YooPayment] = {}
        self.refunds: list[dict[str, Any]] = []
        self.refund_status = "succeeded"
        self.refuse_refunds = False
        # Whether what a buyer pays is held until the seller takes it.
        self.holds = False

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        wanted = "Basic " + base64.standard_b64encode(f"{SHOP}:{KEY}".encode()).decode()
        if self.refuse_keys or request.headers.get("authorization") != wanted:
            return _error("Error in shopId or secret key", 401, "invalid_credentials")
        if request.method == "POST" and not request.headers.get(self.key_header):
            return _error("Idempotence key is required", 400, "invalid_request")
        return None

    def key_clash(self, kept: SandboxReply) -> SandboxReply:
        return _error("Idempotence key duplicated", 400, "invalid_request")

    def serve(self, request: Request) -> SandboxReply:
        parts, given = request.path.strip("/").split("/")[1:], json_of(request.body)
        if parts == ["me"]:
            return reply({"account_id": SHOP, "status": "enabled", "test": True})
        if request.method == "POST":
            return self._write(parts, given)
        if parts == ["refunds"]:
            wanted = parse_qs(request.query.decode()).get("payment_id")
            rows = [one for one in self.refunds if not wanted or one["payment_id"] in wanted]
            return reply({"type": "list", "items": rows[::-1]})
        if parts[0] == "refunds" and (row := next((one for one in self.refunds if one["id"] == parts[1]), None)):
            return reply(row)
        if parts[0] == "payments" and len(parts) == 2 and parts[1] in self.payments:
            return reply(self.payments[parts[1]].as_json(self.base_url))
        return _error("Object doesn't exist", 404, "not_found")

    def _write(self, parts: list[str], given: dict[str, Any]) -> SandboxReply:
        if parts == ["payments"]:
            return self._open(given)
        if parts == ["refunds"]:
            return self._refund(given)
        payment = self.payments.get(parts[1]) if parts[:1] == ["payments"] and len(parts) == 3 else None
        if payment is None:
            return _error("Object doesn't exist", 404, "not_found")
        if payment.status != "waiting_for_capture":
            return _error("Incorrect payment status", 400, "invalid_request")
        if parts[2] == "capture":
            payment.status = "succeeded"
        else:
            payment.status, payment.reason = "canceled", "canceled_by_merchant"
        return reply(payment.as_json(self.base_url))

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        amount, description = Decimal(given["amount"]["value"]), given["description"]
        if amount <= 0 or len(description) > 128 or given["confirmation"]["type"] != "redirect":
            return _error("Invalid request parameter", 400, "invalid_request")
        if (receipt := given.get("receipt")) is not None and not _adds_up(receipt, amount):
            return _error("Receipt sum does not match the amount", 400, "invalid_request")
        id_ = f"22e12f66-000f-5000-8000-{self.next():012x}"
        self.payments[id_] = YooPayment(
            id_,
            amount,
            given["amount"]["currency"],
            description,
            given["metadata"],
            given["confirmation"]["return_url"],
            receipt,
        )
        return reply(self.payments[id_].as_json(self.base_url))

    def _refund(self, given: dict[str, Any]) -> SandboxReply:
        payment, amount = self.payments.get(given["payment_id"]), Decimal(given["amount"]["value"])
        if payment is None or payment.status != "succeeded" or self.refuse_refunds:
            return _error("Payment cannot be refunded", 400, "invalid_request")
        if not 0 < amount <= payment.amount - payment.refunded:
            return _error("Refund amount is greater than what is left", 400, "invalid_request")
        receipt = given.get("receipt")
        is_part = amount != payment.amount
        if payment.receipt is not None and is_part and (receipt is None or not _adds_up(receipt, amount)):
            return _error("Receipt is missing or illegal", 400, "invalid_request")
        return reply(self._made(payment, amount, self.refund_status, given.get("description", ""), receipt))

    def _made(
        self, payment: YooPayment, amount: Decimal, status: str, note: str, receipt: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        made = {
            "id": f"216749da-0016-50be-b000-{self.next():012x}",
            "payment_id": payment.id,
            "status": status,
            "amount": payment.money(amount),
            "description": note,
            "had_receipt": receipt is not None,
        }
        if status == "succeeded":
            payment.refunded += amount
        self.refunds.append(made)
        return made

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, id_: str) -> None:
        self.payments[id_].status = "waiting_for_capture" if self.holds else "succeeded"

    def cancel(self, id_: str, reason: str) -> None:
        payment = self.payments[id_]
        payment.status, payment.reason = "canceled", reason

    def refund_there(self, id_: str, amount: str) -> None:
        """In the dashboard, with a description of its own."""
        self._made(self.payments[id_], Decimal(amount), "succeeded", "Returned by the owner")

    def end_refund(self, id_: str, status: str) -> None:
        one = next(one for one in self.refunds if one["id"] == id_)
        one["status"] = status
        if status == "succeeded":
            self.payments[one["payment_id"]].refunded += Decimal(one["amount"]["value"])

    def event(self, kind: str, id_: str, **changed: Any) -> bytes:
        """The body of a webhook about a payment, or the last refund of it; `changed` is what a forger writes."""
        if kind.startswith("refund."):
            thing = next(one for one in reversed(self.refunds) if one["payment_id"] == id_)
        else:
            thing = self.payments[id_].as_json(self.base_url)
        return json.dumps({"type": "notification", "event": kind, "object": {**thing, **changed}}).encode()

    def buyer(self, request: Request) -> SandboxReply:
        payment = self.payments.get(request.path.removeprefix("/pay/"))
        if payment is None:
            return _error("Object doesn't exist", 404, "not_found")
        if request.method == "POST":
            self.pay(payment.id)
            return led_back(payment.return_url)
        return pay_page(f"{payment.amount:.2f} {payment.currency}", payment.return_url)


def _adds_up(receipt: dict[str, Any], amount: Decimal) -> bool:
    """Whether a receipt is one: to somebody, of rows with a rate, over just this amount."""
    rows = receipt["items"]
    known = all(one["vat_code"] in range(1, 13) and 0 < len(one["description"]) <= 128 for one in rows)
    total = sum(Decimal(one["amount"]["value"]) * Decimal(one["quantity"]) for one in rows)
    return known and "@" in receipt["customer"]["email"] and total == amount


def _error(text: str, status: int, code: str) -> SandboxReply:
    return reply({"type": "error", "id": "ab5a11cd", "code": code, "description": text}, status=status)
