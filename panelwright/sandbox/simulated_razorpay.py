"""Razorpay as it speaks to whoever sells: payment links, refunds, disputes, and signed webhooks. In memory.

Played from its public description. Of a reference there is one link, and a second one is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

KEY_ID, KEY_SECRET = "rzp_test_ofTheSimulated1", "secretOfTheSimulatedRazorpay"
SECRET = "sandbox-secret-of-the-webhook"


@dataclass
class PaymentLink:
    """Amounts are whole numbers of the smallest unit."""

    id: str
    amount: int
    currency: str
    reference_id: str
    notes: dict[str, str]
    back_url: str
    expire_by: int
    status: str = "created"
    amount_paid: int = 0
    refunded: int = 0
    disputed: bool = False
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def payment_id(self) -> str:
        return self.id.replace("plink_", "pay_")

    def as_json(self, base_url: str) -> dict[str, Any]:
        paid = [{"payment_id": f"{self.payment_id}F", "status": "failed", "amount": self.amount}]
        paid += [{"payment_id": self.payment_id, "status": "captured", "amount": self.amount_paid}]
        return {
            "id": self.id,
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "currency": self.currency,
            "reference_id": self.reference_id,
            "status": self.status,
            "short_url": f"{base_url}/pay/{self.id}",
            "expire_by": self.expire_by,
            "notes": self.notes,
            "payments": paid if self.amount_paid else None,
            **self.told,
        }

    def payment_json(self) -> dict[str, Any]:
        return {
            "id": self.payment_id,
            "amount": self.amount_paid,
            "currency": self.currency,
            "status": "refunded" if self.refunded == self.amount_paid else "captured",
            "amount_refunded": self.refunded,
            "notes": self.notes,
            "disputed": self.disputed,
        }


class SimulatedRazorpay(GatewayBase):
    key_header = "x-refund-idempotency"

    def __init__(self, base_url: str = "", *, secret: str = SECRET) -> None:
        super().__init__(base_url)
        self.secret = secret
        self.links: dict[str, PaymentLink] = {}
        self.refunds: list[dict[str, Any]] = []
        self.disputes: dict[str, dict[str, Any]] = {}
        self.refund_status = "processed"
        self.refuse_refunds = False

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        wanted = "Basic " + base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
        if self.refuse_keys or request.headers.get("authorization") != wanted:
            return _error("Authentication failed", 401)
        return None

    def serve(self, request: Request) -> SandboxReply:
        parts, given = request.path.strip("/").split("/")[1:], json_of(request.body)
        if request.method == "POST":
            if parts == ["payment_links"]:
                return self._open(given)
            if parts[:1] == ["payments"] and parts[2:] == ["refund"]:
                return self._refund(parts[1], given)
            return _error("The requested URL was not found on the server.", 400)
        if parts == ["payment_links"]:
            wanted = parse_qs(request.query.decode()).get("reference_id")
            found = [one for one in self.links.values() if not wanted or one.reference_id in wanted]
            return reply({"payment_links": [one.as_json(self.base_url) for one in reversed(found)]})
        if parts == ["disputes"]:
            return reply({"entity": "collection", "items": list(self.disputes.values())})
        if parts[0] == "payment_links" and parts[1] in self.links:
            return reply(self.links[parts[1]].as_json(self.base_url))
        if parts[0] == "refunds" and (one := next((one for one in self.refunds if one["id"] == parts[1]), None)):
            return reply(one)
        link = self._of_payment(parts[1]) if parts[0] == "payments" else None
        if link is None:
            return _error("The id provided does not exist", 400)
        if parts[2:] == ["refunds"]:
            return reply({"items": [one for one in self.refunds if one["payment_id"] == link.payment_id]})
        return reply(link.payment_json())

    def _of_payment(self, id_: str) -> PaymentLink | None:
        return next((one for one in self.links.values() if one.amount_paid and one.payment_id == id_), None)

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        if any(one.reference_id == given["reference_id"] for one in self.links.values()):
            return _error("Payment link with given reference_id already exists", 400)
        if not isinstance(given["amount"], int) or given["amount"] < 100:
            return _error("amount must be at least 100", 400)
        id_ = f"plink_{self.next():014d}"
        self.links[id_] = PaymentLink(
            id_,
            given["amount"],
            given["currency"],
            given["reference_id"],
            given["notes"],
            given["callback_url"],
            given["expire_by"],
        )
        return reply(self.links[id_].as_json(self.base_url))

    def _refund(self, id_: str, given: dict[str, Any]) -> SandboxReply:
        link = self._of_payment(id_)
        if link is None or self.refuse_refunds:
            return _error("The payment cannot be refunded", 400)
        if not 0 < given["amount"] <= link.amount_paid - link.refunded:
            return _error("The refund amount provided is greater than amount captured", 400)
        if self.refund_status != "failed":
            link.refunded += given["amount"]
        made = {
            "id": f"rfnd_{self.next():014d}",
            "payment_id": id_,
            "amount": given["amount"],
            "status": self.refund_status,
            "notes": given.get("notes", {}),
        }
        self.refunds.append(made)
        return reply(made)

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, id_: str) -> None:
        link = self.links[id_]
        link.status, link.amount_paid = "paid", link.amount

    def end(self, id_: str, status: str) -> None:
        self.links[id_].status = status

    def refund_there(self, id_: str, amount: int) -> None:
        self.links[id_].refunded += amount

    def dispute(self, id_: str, *, status: str = "open", phase: str = "retrieval") -> None:
        link = self.links[id_]
        link.disputed = True
        name = f"disp_{link.payment_id.removeprefix('pay_')}"
        self.disputes[name] = {
            "id": name,
            "payment_id": link.payment_id,
            "amount": link.amount_paid,
            "currency": link.currency,
            "status": status,
            "phase": phase,
            "reason_code": "goods_or_services_not_received",
            "respond_by": 1_797_000_000,
        }

    def event(
        self, kind: str, id_: str, *, event_id: str = "", secret: str = "", **changed: Any
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook about a link, or about its payment alone; `changed` is what a forger writes."""
        link = self.links[id_]
        payload: dict[str, Any] = {}
        if kind.startswith("payment_link."):
            payload["payment_link"] = {"entity": {**link.as_json(self.base_url), **changed}}
        elif kind.startswith("refund."):
            payload["refund"] = {"entity": {"payment_id": link.payment_id, **changed}}
        else:
            payload["dispute"] = {"entity": {"payment_id": link.payment_id, **changed}}
        body = json.dumps({"entity": "event", "event": kind, "payload": payload}).encode()
        headers = {
            "x-razorpay-signature": self.signature(body, secret=secret),
            "x-razorpay-event-id": event_id or f"evt{self.next():011d}",
        }
        return headers, body

    def signature(self, body: bytes, *, secret: str = "") -> str:
        return hmac.new((secret or self.secret).encode(), body, hashlib.sha256).hexdigest()

    def buyer(self, request: Request) -> SandboxReply:
        link = self.links.get(request.path.removeprefix("/pay/"))
        if link is None:
            return _error("The id provided does not exist", 400)
        if request.method == "POST":
            self.pay(link.id)
            return led_back(link.back_url)
        return pay_page(f"{link.amount} {link.currency}", link.back_url)


def _error(text: str, status: int) -> SandboxReply:
    return reply({"error": {"code": "BAD_REQUEST_ERROR", "description": text}}, status=status)
