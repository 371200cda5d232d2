"""Mercado Pago as it speaks to whoever sells: Pix, preferences, refunds, chargebacks, and signed webhooks. In memory.

Played from its public description. Its webhooks name a payment and nothing else, and their signature covers ids alone.
What a buyer, a bank or somebody in its dashboard does, the functions at the end say.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, paid_page, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

SECRET = "sandbox0secret0of0the0simulated0mercado0pago"
OWNER = 140_000_001
# The last part of a token is the account that it belongs to.
TOKEN = f"TEST-1000200030004000-113010-0123456789abcdef0123456789abcdef-{OWNER}"
FIRST_ID = 17_014_025_000


@dataclass
class PixOrCard:
    """A payment of a buyer's. Amounts are numbers of the currency, as they were sent."""

    id: int
    amount: float
    currency: str
    reference: str
    live: bool
    kind: str
    status: str = "pending"
    detail: str = "pending_waiting_transfer"
    refunded: float = 0.0
    # What is told, where a test wants it to be something else.
    told: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        shown = {"qr_code": f"00020126580014br.gov.bcb.pix0136{self.id}5204000053039865802BR6304ABCD"}
        return {
            "id": self.id,
            "status": self.status,
            "status_detail": self.detail,
            "transaction_amount": self.amount,
            "transaction_amount_refunded": self.refunded,
            "currency_id": self.currency,
            "external_reference": self.reference,
            "live_mode": self.live,
            "collector_id": OWNER,
            "payment_method_id": self.kind,
            "point_of_interaction": {"transaction_data": shown} if self.kind == "pix" else {},
            **self.told,
        }


@dataclass
class Preference:
    id: str
    amount: float
    currency: str
    reference: str
    live: bool
    back_url: str


class SimulatedMercadoPago(GatewayBase):
    key_header = "x-idempotency-key"

    def __init__(self, base_url: str = "", *, secret: str = SECRET) -> None:
        super().__init__(base_url)
        self.secret = secret
        self.payments: dict[int, PixOrCard] = {}
        self.preferences: dict[str, Preference] = {}
        self.refunds: list[dict[str, Any]] = []
        self.chargebacks: dict[int, int] = {}
        self.refund_status = "approved"
        self.refuse_refunds = False
        self.currency = "BRL"

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.refuse_keys or not token.startswith(("TEST-", "APP_USR-")):
            return _error("invalid access token", 401)
        return None

    def once(self, request: Request) -> str:
        # Each call makes a new preference, whatever key it has.
        return super().once(request) if request.path.startswith("/v1/") else ""

    def serve(self, request: Request) -> SandboxReply:
        live = request.headers["authorization"].startswith("Bearer APP_USR-")
        parts = request.path.strip("/").split("/")
        if request.method == "GET":
            return self._read(parts, dict(parse_qsl(request.query.decode())))
        if request.method != "POST" or (not request.headers.get(self.key_header) and parts[0] == "v1"):
            return _error("Header X-Idempotency-Key can't be null", 400)
        given = json_of(request.body)
        if parts == ["v1", "payments"]:
            return self._pix(given, live=live)
        if parts == ["checkout", "preferences"]:
            return self._prefer(given, live=live)
        if parts[:2] == ["v1", "payments"] and parts[3:] == ["refunds"]:
            return self._refund(int(parts[2]), given)
        return _error("not found", 404)

    def _read(self, parts: list[str], query: dict[str, str]) -> SandboxReply:
        if parts == ["users", "me"]:
            return reply({"id": OWNER, "site_id": "MLB"})
        if parts == ["v1", "payments", "search"]:
            reference = query.get("external_reference")
            # It looks for the words, and finds more than was meant.
            found = [one for one in self.payments.values() if str(reference) in one.reference]
            if (status := query.get("status")) is not None:
                found = [one for one in found if one.status == status]
            # They are kept in the order in which they were made; what it is not asked to sort comes like that.
            if query.get("sort") == "date_created" and query.get("criteria") == "desc":
                found.reverse()
            start, most = int(query.get("offset", 0)), min(int(query.get("limit", 30)), 50)
            paging = {"total": len(found), "limit": most, "offset": start}
            return reply({"results": [one.as_json() for one in found[start : start + most]], "paging": paging})
        if parts[:2] == ["v1", "chargebacks"] and int(parts[2]) in self.chargebacks:
            return reply({"id": parts[2], "payments": [self.chargebacks[int(parts[2])]]})
        payment = self.payments.get(int(parts[2])) if parts[:2] == ["v1", "payments"] and parts[2].isdigit() else None
        if payment is None:
            return _error("not found", 404)
        if len(parts) == 5:
            found_refund = next((one for one in self.refunds if str(one["id"]) == parts[4]), None)
            return reply(found_refund) if found_refund is not None else _error("not found", 404)
        return reply(payment.as_json())

    def _pix(self, given: dict[str, Any], *, live: bool) -> SandboxReply:
        amount = given.get("transaction_amount")
        if given.get("payment_method_id") != "pix" or not isinstance(amount, (int, float)) or amount <= 0:
            return _error("Invalid transaction_amount", 400)
        if "@" not in str((given.get("payer") or {}).get("email")):
            return _error("payer.email must be a valid email", 400)
        made = self._made(amount, str(given.get("external_reference") or ""), kind="pix", live=live)
        told = made.as_json()
        told["point_of_interaction"]["transaction_data"]["ticket_url"] = f"{self.base_url}/pay/{made.id}"
        return reply(told, status=201)

    def _prefer(self, given: dict[str, Any], *, live: bool) -> SandboxReply:
        items = given.get("items")
        if not isinstance(items, list) or len(items) != 1 or items[0].get("quantity") != 1:
            return _error("items needed", 400)
        id_ = f"{OWNER}-{self.next():08d}-pref"
        self.preferences[id_] = Preference(
            id_,
            items[0]["unit_price"],
            items[0]["currency_id"],
            str(given.get("external_reference") or ""),
            live,
            given.get("back_urls", {}).get("success", ""),
        )
        return reply({"id": id_, "init_point": f"{self.base_url}/pay/{id_}"}, status=201)

    def _refund(self, id_: int, given: dict[str, Any]) -> SandboxReply:
        payment, amount = self.payments.get(id_), given.get("amount")
        if payment is None or self.refuse_refunds or payment.status not in ("approved", "in_mediation"):
            return _error("Payment cannot be refunded", 400)
        if not isinstance(amount, (int, float)) or not 0 < amount <= round(payment.amount - payment.refunded, 2):
            return _error("The amount is greater than what is left of the payment", 400)
        if self.refund_status != "rejected":
            self.refund_there(id_, amount)
        made = {"id": self.next(), "payment_id": id_, "amount": amount, "status": self.refund_status}
        self.refunds.append(made)
        return reply(made, status=201)

    def _made(self, amount: float, reference: str, *, kind: str, live: bool, currency: str = "") -> PixOrCard:
        made = PixOrCard(FIRST_ID + self.next(), amount, currency or self.currency, reference, live, kind)
        self.payments[made.id] = made
        return made

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, id_: int) -> None:
        self._to(id_, "approved", "accredited")

    def pay_preference(self, id_: str, *, status: str = "approved") -> PixOrCard:
        """A buyer pays on its page, by a card; more than once, where they like."""
        one = self.preferences[id_]
        made = self._made(one.amount, one.reference, kind="visa", live=one.live, currency=one.currency)
        self._to(made.id, status, "accredited" if status == "approved" else "cc_rejected_other_reason")
        return made

    def expire(self, id_: int) -> None:
        self._to(id_, "cancelled", "expired")

    def reject(self, id_: int) -> None:
        self._to(id_, "rejected", "rejected_by_bank")

    def refund_there(self, id_: int, amount: float) -> None:
        """In its own dashboard, without telling the seller's program."""
        payment = self.payments[id_]
        payment.refunded = round(payment.refunded + amount, 2)
        if payment.refunded >= payment.amount:
            self._to(id_, "refunded", "refunded")
        else:
            payment.detail = "partially_refunded"

    def claim(self, id_: int) -> None:
        """The buyer complains there; the money stays where it is."""
        self._to(id_, "in_mediation", "pending")

    def charge_back(self, id_: int, how: str = "in_process") -> int:
        """The card's bank takes it: `in_process`, then `settled` or `reimbursed`. The chargeback's id."""
        self._to(id_, "charged_back", how)
        case = 230_000_000 + id_ % 1_000_000
        self.chargebacks[case] = id_
        return case

    def _to(self, id_: int, status: str, detail: str) -> None:
        payment = self.payments[id_]
        payment.status, payment.detail = status, detail

    def event(
        self, id_: int | str, *, at_ms: int, kind: str = "payment", event_id: int = 0, secret: str = "", **data: Any
    ) -> tuple[str, dict[str, str], bytes]:
        """Query, headers and body of a webhook about a payment, or a chargeback; `data` is more of its body."""
        body = {
            "action": "payment.updated",
            "api_version": "v1",
            "data": {"id": str(id_), **data},
            "date_created": "2026-11-30T10:00:00Z",
            "id": event_id or 114_000_000_000 + self.next(),
            "live_mode": False,
            "type": kind,
            "user_id": OWNER,
        }
        request_id = f"2066ca19-c6f1-498a-be75-{self.next():012d}"
        headers = {"x-request-id": request_id, "x-signature": self.signature(str(id_), request_id, at_ms, secret)}
        return f"data.id={id_}&type={kind}", headers, json.dumps(body).encode()

    def signature(self, id_: str, request_id: str, at_ms: int | str, secret: str = "") -> str:
        signed = f"id:{id_};request-id:{request_id};ts:{at_ms};"
        digest = hmac.new((secret or self.secret).encode(), signed.encode(), hashlib.sha256).hexdigest()
        return f"ts={at_ms},v1={digest}"

    def buyer(self, request: Request) -> SandboxReply:
        id_ = request.path.removeprefix("/pay/")
        if id_.isdigit() and int(id_) in self.payments:
            payment = self.payments[int(id_)]
            if request.method == "POST":
                self.pay(payment.id)
                return paid_page()
            return pay_page(f"{payment.amount:.2f} {payment.currency}", "")
        one = self.preferences.get(id_)
        if one is None:
            return _error("not found", 404)
        if request.method == "POST":
            self.pay_preference(id_)
            return led_back(one.back_url)
        return pay_page(f"{one.amount:.2f} {one.currency}", one.back_url)


def _error(text: str, status: int) -> SandboxReply:
    return reply({"message": text, "status": status}, status=status)
