"""Paystack as it speaks to whoever sells: transactions, refunds, disputes, and signed webhooks. In memory.

Played from its public description. Of a reference there is one transaction, whose page is told once; a second one is
refused. Refunds have no key, and each call makes one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

KEY = "sk_test_0123456789abcdef0123456789abcdef01234567"
FIRST_ID = 4_734_583_000
CURRENCIES = ("GHS", "KES", "NGN", "USD", "XOF", "ZAR")


@dataclass
class Transaction:
    """Amounts are hundredths of the currency. `told`: what is said where a test wants it to be something else."""

    id: int
    reference: str
    access_code: str
    amount: int
    currency: str
    metadata: dict[str, Any]
    back_url: str
    domain: str
    status: str = "abandoned"
    told: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "domain": self.domain,
            "status": self.status,
            "reference": self.reference,
            "amount": self.amount,
            "requested_amount": self.amount,
            "currency": self.currency,
            "channel": "card",
            "fees": self.amount // 50,
            "metadata": self.metadata,
            **self.told,
        }


class SimulatedPaystack(GatewayBase):
    def __init__(self, base_url: str = "", *, key: str = KEY) -> None:
        super().__init__(base_url)
        self.key = key
        self.transactions: dict[str, Transaction] = {}
        self.refunds: list[dict[str, Any]] = []
        self.disputes: dict[int, dict[str, Any]] = {}
        self.refund_status = "processed"
        self.refuse_refunds = False

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        if self.refuse_keys or request.headers.get("authorization") != f"Bearer {self.key}":
            return _error("Invalid key", 401, "invalid_Key")
        return None

    def serve(self, request: Request) -> SandboxReply:
        parts, given = request.path.strip("/").split("/"), json_of(request.body)
        if request.method == "POST":
            if parts == ["transaction", "initialize"]:
                return self._open(given)
            if parts == ["refund"]:
                return self._refund(given)
            return _error("Unknown address", 404, "not_found")
        if parts == ["balance"]:
            return _said([{"currency": "NGN", "balance": 1_700_000}])
        if parts[:2] == ["transaction", "verify"]:
            found = self.transactions.get(parts[2])
            if found is None:
                return _error("Transaction reference not found.", 400, "transaction_not_found")
            return _said(found.as_json())
        if parts[:2] == ["dispute", "transaction"]:
            dispute = self.disputes.get(int(parts[2]))
            return _said(dispute) if dispute is not None else _error("Dispute not found", 404, "not_found")
        if parts == ["refund"]:
            # What it is asked for of a transaction does not narrow the list.
            page = int(parse_qs(request.query.decode()).get("page", ["1"])[0])
            most = int(parse_qs(request.query.decode()).get("perPage", ["50"])[0])
            return _said(self.refunds[::-1][(page - 1) * most : page * most])
        if parts[0] == "refund" and (one := next((one for one in self.refunds if str(one["id"]) == parts[1]), None)):
            return _said(one)
        return _error("Refund not found", 404, "not_found")

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        reference, amount = given["reference"], given["amount"]
        if reference in self.transactions:
            return _error("Duplicate Transaction Reference", 400, "duplicate_reference")
        if not isinstance(amount, int) or amount <= 0 or "@" not in given["email"]:
            return _error("Invalid Amount Sent", 400, "invalid_params")
        if given["currency"] not in CURRENCIES:
            return _error("Currency not supported by merchant", 403, "unsupported_currency")
        number = self.next()
        domain = "live" if self.key.startswith("sk_live_") else "test"
        made = Transaction(
            FIRST_ID + number,
            reference,
            f"{number:015x}",
            amount,
            given["currency"],
            given["metadata"],
            given["callback_url"],
            domain,
        )
        self.transactions[reference] = made
        url = f"{self.base_url}/pay/{made.access_code}"
        return _said({"authorization_url": url, "access_code": made.access_code, "reference": reference})

    def _refund(self, given: dict[str, Any]) -> SandboxReply:
        found = self.transactions.get(given["transaction"])
        if found is None or self.refuse_refunds or found.status != "success":
            return _error("Transaction has been fully reversed", 400, "transaction_reversed")
        gone = sum(
            one["amount"] for one in self.refunds if one["transaction"] == found.id and one["status"] != "failed"
        )
        if not 0 < given["amount"] <= found.amount - gone:
            return _error("Refund amount cannot be more than transaction amount", 400, "invalid_params")
        made = self._made(found, given["amount"], self.refund_status, given.get("merchant_note", ""))
        return _said({**made, "transaction": found.as_json()})

    def _made(self, of: Transaction, amount: int, status: str, note: str) -> dict[str, Any]:
        made = {
            "id": 15_000_000 + self.next(),
            "transaction": of.id,
            "transaction_reference": of.reference,
            "dispute": None,
            "amount": amount,
            "currency": of.currency,
            "status": status,
            "merchant_note": note,
        }
        self.refunds.append(made)
        self._reverse(of)
        return made

    def _reverse(self, of: Transaction) -> None:
        """All of it has gone back."""
        gone = [one["amount"] for one in self.refunds if one["transaction"] == of.id and one["status"] == "processed"]
        if sum(gone) >= of.amount:
            of.status = "reversed"

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, reference: str) -> None:
        self.transactions[reference].status = "success"

    def to(self, reference: str, status: str) -> None:
        self.transactions[reference].status = status

    def refund_there(self, reference: str, amount: int, *, status: str = "processed") -> None:
        """In the dashboard, with a note of its own."""
        self._made(self.transactions[reference], amount, status, "Refund for transaction by the owner")

    def end_refund(self, id_: int, status: str) -> None:
        one = next(one for one in self.refunds if one["id"] == id_)
        one["status"] = status
        self._reverse(next(of for of in self.transactions.values() if of.id == one["transaction"]))

    def dispute(self, reference: str, *, taken: bool = False, resolution: str = "") -> None:
        """The buyer's bank asks; once it has taken the money, the transaction is reversed."""
        of = self.transactions[reference]
        of.status = "reversed" if taken else "success"
        self.disputes[of.id] = {
            "id": 2_800_000 + of.id - FIRST_ID,
            "refund_amount": of.amount,
            "currency": of.currency,
            "status": "resolved" if resolution else "awaiting-merchant-feedback",
            "resolution": resolution or None,
            "category": "chargeback",
            "dueAt": "2026-12-05T18:00:00.000Z",
            "transaction": of.as_json(),
        }

    def event(self, kind: str, reference: str, *, key: str = "", **changed: Any) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook about a transaction; `changed` is what a forger writes."""
        of = self.transactions[reference]
        if kind.startswith("refund."):
            data: dict[str, Any] = {"transaction_reference": of.reference, "status": kind.partition(".")[2]}
        elif kind.startswith("charge.dispute."):
            data = {**self.disputes.get(of.id, {}), "transaction": of.as_json()}
        else:
            data = of.as_json()
        body = json.dumps({"event": kind, "data": {**data, **changed}}).encode()
        return {"x-paystack-signature": self.signature(body, key=key)}, body

    def signature(self, body: bytes, *, key: str = "") -> str:
        return hmac.digest((key or self.key).encode(), body, hashlib.sha512).hex()

    def buyer(self, request: Request) -> SandboxReply:
        code = request.path.removeprefix("/pay/")
        found = next((one for one in self.transactions.values() if one.access_code == code), None)
        if found is None:
            return _error("Invalid access code", 404, "not_found")
        if request.method == "POST":
            self.pay(found.reference)
            parted = "&" if "?" in found.back_url else "?"
            return led_back(f"{found.back_url}{parted}trxref={found.reference}&reference={found.reference}")
        return pay_page(f"{found.currency} {found.amount / 100:.2f}", found.back_url)


def _said(data: object) -> SandboxReply:
    return reply({"status": True, "message": "Done", "data": data})


def _error(text: str, status: int, code: str) -> SandboxReply:
    return reply({"status": False, "message": text, "type": "validation_error", "code": code}, status=status)
