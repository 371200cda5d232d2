"""Flutterwave as it speaks to whoever sells: pages, transactions, refunds, chargebacks, and webhooks. In memory.

Played from its public description, version 3. A reference is no key: of one there are as many pages and transactions as
somebody makes. Webhooks show a secret, and prove nothing of their body; those that are signed do.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

KEY = "FLWSECK_TEST-0123456789abcdef0123456789abcdef-X"
SECRET = "sandbox-secret-hash-of-flutterwave"
FIRST_ID = 4_975_000
PAGE = 10


@dataclass
class PaymentPage:
    code: str
    tx_ref: str
    amount: float
    currency: str
    back_url: str


@dataclass
class TriedPayment:
    """A transaction: one try of a buyer's. Amounts are numbers of the currency. `told`: what is said otherwise."""

    id: int
    tx_ref: str
    amount: float
    currency: str
    status: str
    told: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "tx_ref": self.tx_ref,
            "flw_ref": f"FLW-MOCK-{self.id}",
            "amount": self.amount,
            "currency": self.currency,
            # The buyer may bear the fee, which is none of ours.
            "charged_amount": round(self.amount * 1.014, 2),
            "status": self.status,
            "account_id": 118_468,
            **self.told,
        }


class SimulatedFlutterwave(GatewayBase):
    def __init__(self, base_url: str = "", *, secret: str = SECRET) -> None:
        super().__init__(base_url)
        self.secret = secret
        self.pages: list[PaymentPage] = []
        self.transactions: dict[int, TriedPayment] = {}
        self.refunds: list[dict[str, Any]] = []
        self.chargebacks: list[dict[str, Any]] = []
        self.refund_status = "completed"
        self.refuse_refunds = False
        self.refuse_chargebacks = False
        # The list of transactions has not those that were just made; it has those of every status.
        self.list_is_behind = False
        self.lists_all = False

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        if self.refuse_keys or request.headers.get("authorization") != f"Bearer {KEY}":
            return _error("Invalid authorization key", 401)
        return None

    def serve(self, request: Request) -> SandboxReply:
        parts, given = request.path.strip("/").split("/")[1:], json_of(request.body)
        query = {name: values[0] for name, values in parse_qs(request.query.decode()).items()}
        if request.method == "POST":
            if parts == ["payments"]:
                return self._open(given)
            if parts[:1] == ["transactions"] and parts[2:] == ["refund"]:
                return self._refund(int(parts[1]), given)
            return _error("Cannot POST", 404)
        if parts == ["balances"]:
            return _said([{"currency": "NGN", "available_balance": 1234.5}])
        if parts == ["transactions", "verify_by_reference"]:
            found = [one for one in self.transactions.values() if one.tx_ref == query["tx_ref"]]
            return _said(found[-1].as_json()) if found else _error("No transaction was found for this id", 400)
        if parts == ["transactions"]:
            rows = [one.as_json() for one in self.transactions.values() if query["tx_ref"] in one.tx_ref]
            rows = [one for one in rows if self.lists_all or one["status"] == query.get("status", one["status"])]
            return _paged([] if self.list_is_behind else rows[::-1], query)
        if parts[:1] == ["transactions"] and parts[2:] == ["verify"]:
            one = self.transactions.get(int(parts[1]))
            return _said(one.as_json()) if one else _error("No transaction was found for this id", 400)
        if parts == ["refunds"]:
            return _paged([row for row in self.refunds if str(row["transaction_id"]) == query["id"]][::-1], query)
        if parts[:1] == ["refunds"]:
            row = next((row for row in self.refunds if str(row["id"]) == parts[1]), None)
            return _said(row) if row else _error("Refund not found", 404)
        if parts == ["chargebacks"] and self.refuse_chargebacks:
            return _error("You are not permitted to see chargebacks", 403)
        if parts == ["chargebacks"]:
            return _paged([row for row in self.chargebacks if row["flw_ref"] == query["flw_ref"]][::-1], query)
        return _error("Cannot GET", 404)

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        amount = given["amount"]
        if not isinstance(amount, (int, float)) or amount <= 0 or "@" not in given["customer"]["email"]:
            return _error("amount is required", 400)
        code = f"{self.next():020x}"
        self.pages.append(PaymentPage(code, given["tx_ref"], amount, given["currency"], given["redirect_url"]))
        return _said({"link": f"{self.base_url}/pay/{code}"})

    def _refund(self, id_: int, given: dict[str, Any]) -> SandboxReply:
        one = self.transactions.get(id_)
        if one is None or one.status != "successful" or self.refuse_refunds:
            return _error("Transaction cannot be refunded", 400)
        gone = sum(row["amount_refunded"] for row in self.refunds if row["transaction_id"] == id_)
        if not 0 < given["amount"] <= round(one.amount - gone, 2):
            return _error("Refund amount is greater than what is left of the transaction", 400)
        return _said(self._made(id_, given["amount"], self.refund_status, given.get("comments", "")))

    def _made(self, id_: int, amount: float, status: str, comment: str) -> dict[str, Any]:
        made = {
            "id": 75_000 + self.next(),
            "transaction_id": id_,
            "flw_ref": f"FLW-MOCK-{id_}",
            "amount_refunded": amount,
            "status": status,
            "comment": comment,
        }
        self.refunds.append(made)
        return made

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, tx_ref: str, *, status: str = "successful") -> TriedPayment:
        """A try on the newest page of this reference; more than one, where they like."""
        page = next(one for one in reversed(self.pages) if one.tx_ref == tx_ref)
        made = TriedPayment(FIRST_ID + self.next(), tx_ref, page.amount, page.currency, status)
        self.transactions[made.id] = made
        return made

    def refund_there(self, id_: int, amount: float, *, status: str = "completed-mpgs") -> None:
        """In the dashboard, with a comment of its own."""
        self._made(id_, amount, status, "Returned by the owner")

    def charge_back(self, id_: int, status: str = "initiated", *, stage: str = "new") -> None:
        """A stage of a chargeback is a row, which changes its status."""
        one = self.transactions[id_]
        row = next((row for row in self.chargebacks if (row["transaction_id"], row["stage"]) == (id_, stage)), None)
        if row is None:
            row = {"id": 1_390 + self.next(), "transaction_id": id_, "stage": stage, "tx_ref": one.tx_ref}
            self.chargebacks.append(row)
        row |= {
            "amount": one.amount,
            "flw_ref": f"FLW-MOCK-{id_}",
            "status": status,
            "comment": "Product/service not received",
            "due_date": "2026-12-05T15:59:59.000Z",
        }

    def event(self, id_: int, kind: str = "charge.completed", *, secret: str = "", **changed: Any) -> tuple[Any, bytes]:
        """Headers and body of a webhook about a transaction; `changed` is what a forger writes."""
        one = self.transactions[id_]
        data = {"id": 75_999, "TransactionId": id_} if kind.startswith("refund.") else one.as_json()
        body = json.dumps({"event": kind, "data": {**data, **changed}}).encode()
        return {"verif-hash": secret or self.secret}, body

    def signature(self, body: bytes, *, secret: str = "") -> str:
        return base64.b64encode(hmac.digest((secret or self.secret).encode(), body, "sha256")).decode()

    def buyer(self, request: Request) -> SandboxReply:
        code = request.path.removeprefix("/pay/")
        page = next((one for one in self.pages if one.code == code), None)
        if page is None:
            return _error("Page not found", 404)
        if request.method == "POST":
            made = self.pay(page.tx_ref)
            parted = "&" if "?" in page.back_url else "?"
            told = f"status=successful&tx_ref={made.tx_ref}&transaction_id={made.id}"
            return led_back(f"{page.back_url}{parted}{told}")
        return pay_page(f"{page.currency} {page.amount:.2f}", page.back_url)


def _said(data: object, **more: Any) -> SandboxReply:
    return reply({"status": "success", "message": "Done", "data": data, **more})


def _paged(rows: list[dict[str, Any]], query: dict[str, str]) -> SandboxReply:
    page = int(query.get("page", "1"))
    info = {"total": len(rows), "current_page": page, "total_pages": -(-len(rows) // PAGE)}
    return _said(rows[(page - 1) * PAGE : page * PAGE], meta={"page_info": info})


def _error(text: str, status: int) -> SandboxReply:
    return reply({"status": "error", "message": text, "data": None}, status=status)
