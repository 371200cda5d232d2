"""PayPal as it speaks to whoever sells: tokens, orders, captures, refunds, disputes, and webhooks. In memory.

Played from its public description. A buyer who has agreed has not paid: the seller's capture moves the money, and may
be declined, or wait. A webhook is genuine when it comes back to the byte, with the id of the webhook that it went to.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

CLIENT = "AbSimulatedPayPalClient0123456789"
SECRET = "EbSimulatedPayPalSecret0123456789"
WEBHOOK = "4JH86294D6297924G"


@dataclass
class PayPalOrder:
    """An order with what became of it. Amounts are texts, as they were sent."""

    id: str
    value: str
    currency: str
    custom_id: str
    invoice_id: str
    back_url: str
    status: str = "PAYER_ACTION_REQUIRED"
    # When the buyer has last agreed; empty: never.
    update_time: str = ""
    capture: str = ""
    refunds: list[dict[str, Any]] = field(default_factory=list)
    # What is told of the capture, where a test wants it to be something else.
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def capture_id(self) -> str:
        return f"CAP{self.id}"

    def capture_json(self) -> dict[str, Any]:
        return {
            "id": self.capture_id,
            "status": self.capture,
            "amount": {"currency_code": self.currency, "value": self.value},
            "custom_id": self.custom_id,
            "invoice_id": self.invoice_id,
            "supplementary_data": {"related_ids": {"order_id": self.id}},
            **self.told,
        }

    def as_json(self) -> dict[str, Any]:
        unit: dict[str, Any] = {"custom_id": self.custom_id, "invoice_id": self.invoice_id}
        if self.capture:
            unit["payments"] = {"captures": [self.capture_json()], "refunds": self.refunds}
        times = {"update_time": self.update_time} if self.update_time else {}
        return {"id": self.id, "status": self.status, "purchase_units": [unit], **times}


class SimulatedPayPal(GatewayBase):
    key_header = "paypal-request-id"

    def __init__(self, base_url: str = "") -> None:
        super().__init__(base_url)
        self.orders: dict[str, PayPalOrder] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        # How the next captures end: COMPLETED, PENDING or DECLINED; INSTRUMENT_DECLINED: there is none, and the buyer
        # is to choose another card.
        self.captures_end = "COMPLETED"
        self.refund_status = "COMPLETED"
        self.refuse_refunds = False
        self.refuse_disputes = False
        self.tokens = 0
        self.forget_tokens = False
        # Transmission -> the bytes that were sent.
        self.sent: dict[str, bytes] = {}

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        given = request.headers.get("authorization", "")
        if request.path == "/v1/oauth2/token":
            wanted = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            is_right = given == f"Basic {wanted}" and not self.refuse_keys
            return None if is_right else reply({"error": "invalid_client"}, status=401)
        if self.refuse_keys or given != f"Bearer A21-{self.tokens}":
            return _error("AUTHENTICATION_FAILURE", "Authentication failed", 401)
        if self.forget_tokens:
            self.forget_tokens, self.tokens = False, self.tokens + 1
            return _error("AUTHENTICATION_FAILURE", "Token expired", 401)
        return None

    def is_creating(self, request: Request) -> bool:
        return request.path.startswith("/v2/")

    def serve(self, request: Request) -> SandboxReply:
        parts = request.path.strip("/").split("/")
        if request.path == "/v1/oauth2/token":
            self.tokens += 1
            return reply({"access_token": f"A21-{self.tokens}", "token_type": "Bearer", "expires_in": 32_400})
        if request.method == "GET":
            return self._read(parts, dict(parse_qsl(request.query.decode())))
        given = json_of(request.body)
        if parts[1:] == ["notifications", "verify-webhook-signature"]:
            return self._verify(request.body, given)
        if parts == ["v2", "checkout", "orders"]:
            return self._open(given)
        if parts[:3] == ["v2", "checkout", "orders"] and parts[4:] == ["capture"]:
            return self._capture(parts[3])
        if parts[:3] == ["v2", "payments", "captures"] and parts[4:] == ["refund"]:
            return self._refund(parts[3], given)
        return _error("RESOURCE_NOT_FOUND", "Not found", 404)

    def _read(self, parts: list[str], query: dict[str, str]) -> SandboxReply:
        name = parts[-1]
        if parts[1:3] == ["notifications", "webhooks"]:
            return reply({"id": name}) if name == WEBHOOK else _error("INVALID_RESOURCE_ID", "Not found", 404)
        if parts[1:3] == ["customer", "disputes"]:
            return self._read_disputes(parts[3:], query)
        if parts[1:3] == ["checkout", "orders"] and name in self.orders:
            return reply(self.orders[name].as_json())
        if parts[1:3] == ["payments", "captures"] and (order := self._of_capture(name)) is not None:
            return reply(order.capture_json())
        if parts[1:3] == ["payments", "refunds"]:
            found = [one for order in self.orders.values() for one in order.refunds if one["id"] == name]
            if found:
                return reply(found[0])
        return _error("RESOURCE_NOT_FOUND", "The specified resource does not exist", 404)

    def _read_disputes(self, names: list[str], query: dict[str, str]) -> SandboxReply:
        if self.refuse_disputes:
            return _error("NOT_AUTHORIZED", "No leave to see disputes", 403)
        if names:
            return reply(self.disputes[names[0]])
        wanted = query.get("disputed_transaction_id")
        short = [
            {name: value for name, value in one.items() if name not in ("dispute_outcome", "disputed_transactions")}
            for one in self.disputes.values()
            if one["disputed_transactions"][0]["seller_transaction_id"] == wanted
        ]
        return reply({"items": short})

    def _of_capture(self, id_: str) -> PayPalOrder | None:
        return next((one for one in self.orders.values() if one.capture and one.capture_id == id_), None)

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        unit = given["purchase_units"][0]
        amount = unit["amount"]
        if given.get("intent") != "CAPTURE" or Decimal(amount["value"]) <= 0:
            return _error("UNPROCESSABLE_ENTITY", "The amount must be above zero", 422)
        if any(one.invoice_id == unit["invoice_id"] and one.capture for one in self.orders.values()):
            return _error("UNPROCESSABLE_ENTITY", "Duplicate invoice id", 422)
        context = given["payment_source"]["paypal"]["experience_context"]
        id_ = f"5O{self.next():012d}"
        self.orders[id_] = PayPalOrder(
            id_, amount["value"], amount["currency_code"], unit["custom_id"], unit["invoice_id"], context["return_url"]
        )
        link = {"href": f"{self.base_url}/pay/{id_}", "rel": "payer-action", "method": "GET"}
        return reply({**self.orders[id_].as_json(), "links": [link]})

    def _capture(self, id_: str) -> SandboxReply:
        order = self.orders.get(id_)
        if order is None:
            return _error("RESOURCE_NOT_FOUND", "Not found", 404)
        if order.capture:
            return _error("UNPROCESSABLE_ENTITY", "Order already captured", 422)
        if order.status != "APPROVED":
            return _error("UNPROCESSABLE_ENTITY", "Payer has not yet approved the Order", 422)
        if self.captures_end == "INSTRUMENT_DECLINED":
            order.status = "PAYER_ACTION_REQUIRED"
            return _error("UNPROCESSABLE_ENTITY", "The instrument presented was declined", 422)
        order.status, order.capture = "COMPLETED", self.captures_end
        return reply(order.as_json(), status=201)

    def _refund(self, capture: str, given: dict[str, Any]) -> SandboxReply:
        order = self._of_capture(capture)
        if order is None or self.refuse_refunds or order.capture not in ("COMPLETED", "PARTIALLY_REFUNDED"):
            return _error("UNPROCESSABLE_ENTITY", "The capture cannot be refunded", 422)
        if Decimal(given["amount"]["value"]) > Decimal(order.value) - self.refunded(order):
            return _error("UNPROCESSABLE_ENTITY", "The refund amount must be less than the capture", 422)
        return reply(self._given(order, given["amount"]["value"], given.get("custom_id", "")), status=201)

    def refunded(self, order: PayPalOrder) -> Decimal:
        return sum((Decimal(one["amount"]["value"]) for one in order.refunds if one["status"] != "FAILED"), Decimal(0))

    def _given(self, order: PayPalOrder, value: str, custom_id: str) -> dict[str, Any]:
        made = {
            "id": f"RF{self.next():012d}",
            "status": self.refund_status if custom_id else "COMPLETED",
            "amount": {"currency_code": order.currency, "value": value},
            "custom_id": custom_id,
            "invoice_id": order.invoice_id,
            "links": [{"rel": "up", "href": f"{self.base_url}/v2/payments/captures/{order.capture_id}"}],
        }
        order.refunds.append(made)
        gone = self.refunded(order)
        if gone:
            order.capture = "REFUNDED" if gone == Decimal(order.value) else "PARTIALLY_REFUNDED"
        return made

    def _verify(self, body: bytes, given: dict[str, Any]) -> SandboxReply:
        """By the bytes: what was read and written anew is not what was signed."""
        _, _, rest = body.partition(b'"webhook_event": ')
        raw = rest[:-1]
        is_ours = self.sent.get(str(given.get("transmission_id"))) == raw and given.get("webhook_id") == WEBHOOK
        is_ours = is_ours and given.get("transmission_sig") == _sig(str(given.get("transmission_id")), raw)
        return reply({"verification_status": "SUCCESS" if is_ours else "FAILURE"})

    # ---- what buyers and others do ---------------------------------------------------------------

    def approve(self, id_: str) -> None:
        """The buyer agrees; the money moves when it is captured."""
        self.orders[id_].status = "APPROVED"
        self.orders[id_].update_time = f"2026-11-30T10:{self.next() // 60 % 60:02d}:{self._count % 60:02d}Z"

    def end_capture(self, id_: str, how: str) -> None:
        """A capture that waited is decided: COMPLETED or DECLINED."""
        self.orders[id_].capture = how

    def void(self, id_: str) -> None:
        self.orders[id_].status = "VOIDED"

    def refund_there(self, id_: str, value: str) -> None:
        """In its own pages, without telling the seller's program."""
        self._given(self.orders[id_], value, "")

    def dispute(self, id_: str, *, stage: str = "INQUIRY", value: str = "", outcome: str = "") -> str:
        """A buyer complains, their bank takes the money (CHARGEBACK), or it ends with an outcome. The dispute's id."""
        order, name = self.orders[id_], f"PP-D-{id_}"
        self.disputes[name] = {
            "dispute_id": name,
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "status": "RESOLVED" if outcome else "OPEN",
            "dispute_life_cycle_stage": stage,
            "dispute_amount": {"currency_code": order.currency, "value": value or order.value},
            "disputed_transactions": [{"seller_transaction_id": order.capture_id}],
            "seller_response_due_date": "2026-12-20T00:00:00.000Z",
            **({"dispute_outcome": {"outcome_code": outcome}} if outcome else {}),
        }
        return name

    def event(
        self, kind: str, resource: dict[str, Any], *, event_id: str = "", webhook: str = ""
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook, which has a number that changes when it is written anew."""
        event = {
            "id": event_id or f"WH-{self.next():012d}",
            "event_type": kind,
            "resource_version": "2.0",
            "resource": resource,
        }
        body = json.dumps(event, indent=1).replace('"resource":', '"weight": 1.0,\n "resource":').encode()
        transmission = f"dfb3be50-fd74-11e4-8bf3-{self.next():012d}"
        self.sent[transmission] = body
        return {
            "paypal-transmission-id": transmission,
            "paypal-transmission-time": "2026-11-30T10:00:00Z",
            "paypal-transmission-sig": _sig(transmission, body),
            "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-360caa42",
            "paypal-auth-algo": "SHA256withRSA",
        }, body

    def buyer(self, request: Request) -> SandboxReply:
        order = self.orders.get(request.path.removeprefix("/pay/"))
        if order is None:
            return _error("RESOURCE_NOT_FOUND", "Not found", 404)
        if request.method == "POST":
            self.approve(order.id)
            mark = "&" if "?" in order.back_url else "?"
            return led_back(f"{order.back_url}{mark}token={order.id}&PayerID=SIMULATED")
        return pay_page(f"{order.value} {order.currency}", order.back_url)


def _sig(transmission: str, body: bytes) -> str:
    return base64.b64encode(f"{transmission}|{len(body)}".encode()).decode()


def _error(name: str, text: str, status: int) -> SandboxReply:
    details = [{"issue": name, "description": text}]
    return reply({"name": name, "message": text, "details": details}, status=status)
