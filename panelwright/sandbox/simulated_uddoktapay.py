"""UddoktaPay and PipraPay as an installation of theirs speaks to whoever sells. In memory.

Played from their public description. Which of the three it is shows by the path. UddoktaPay tells the name of an
invoice to nobody but its buyer's browser and its webhooks; PipraPay gives metadata back as a text of JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

KEY = "982d381360a69d419689740d9f2e26ce36fb7a50"
# Path of a creation -> which of the three it is.
_CREATES = {"/api/checkout-v2": "uddoktapay", "/api/checkout/redirect": "piprapay", "/api/create-charge": "piprapay_2"}
_HEADERS = {
    "uddoktapay": "rt-uddoktapay-api-key",
    "piprapay": "mhs-piprapay-api-key",
    "piprapay_2": "mh-piprapay-api-key",
}


@dataclass
class WalletInvoice:
    """`page`: the last part of its page's address, which is not its name with UddoktaPay."""

    id: str
    page: str
    speaks: str
    amount: Decimal
    currency: str
    metadata: dict[str, Any]
    back_url: str
    hook_url: str
    status: str = "initiated"
    transaction: str = ""
    gone_back: Decimal = Decimal(0)
    told: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        common = {
            "amount": f"{self.amount:.2f}",
            "fee": "12.50",
            "sender_number": "01700000000",
            "transaction_id": self.transaction or "--",
            "date": "2026-11-30 15:00:00",
        }
        if self.speaks == "uddoktapay":
            charged = {"charged_amount": f"{self.amount + Decimal('12.50'):.2f}", "status": self.status.upper()}
            return {"invoice_id": self.id, **common, **charged, "metadata": self.metadata, **self.told}
        rest = {"currency": self.currency, "status": self.status, "total": f"{self.amount:.2f}"}
        if self.speaks == "piprapay":
            return {"pp_id": self.id, **common, **rest, "metadata": json.dumps(self.metadata), **self.told}
        gone = {"refund_amount": f"{self.gone_back:.2f}"}
        return {"pp_id": self.id, **common, **rest, **gone, "metadata": self.metadata, **self.told}


class SimulatedUddoktaPay(GatewayBase):
    def __init__(self, base_url: str = "") -> None:
        super().__init__(base_url)
        self.invoices: dict[str, WalletInvoice] = {}

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        sent = [request.headers[name] for name in _HEADERS.values() if name in request.headers]
        if not self.refuse_keys and sent == [KEY]:
            return None
        if "rt-uddoktapay-api-key" in request.headers:
            return reply({"status": False, "message": "Api Do Not Match"})
        return reply({"error": {"code": "INVALID_API_KEY", "message": "The API key is incorrect"}}, status=401)

    def is_creating(self, request: Request) -> bool:
        return request.path in _CREATES

    def serve(self, request: Request) -> SandboxReply:
        given = json_of(request.body)
        if request.path in _CREATES:
            return self._open(_CREATES[request.path], given)
        invoice = self.invoices.get(str(given.get("invoice_id") or given.get("pp_id")))
        if invoice is not None:
            return reply(invoice.as_json())
        if "invoice_id" in given:
            return reply({"status": "ERROR", "message": "No payment found for this invoice"})
        return reply({"error": {"code": "INVALID_PP_ID", "message": "A valid id is required."}}, status=400)

    def _open(self, speaks: str, given: dict[str, Any]) -> SandboxReply:
        if not given.get("full_name") or (speaks == "piprapay" and not given.get("mobile_number")):
            return reply({"error": {"code": "MISSING_FIELD", "message": "It is required."}}, status=400)
        count = self.next()
        id_ = f"Erm9wzjM0FBwjSYT{count:04d}" if speaks == "uddoktapay" else f"{598_614_988_923_587:d}{count:012d}"
        page = f"{count:040x}" if speaks == "uddoktapay" else id_
        back_url = given["return_url"] if speaks == "piprapay" else given["redirect_url"]
        currency = "BDT" if speaks == "uddoktapay" else given["currency"]
        made = WalletInvoice(
            id_, page, speaks, Decimal(given["amount"]), currency, given["metadata"], back_url, given["webhook_url"]
        )
        self.invoices[id_] = made
        url = f"{self.base_url}/pay/{page}"
        if speaks == "uddoktapay":
            return reply({"status": True, "message": "Payment Url", "payment_url": url})
        named = {"pp_id": id_, "pp_url": url}
        return reply({"status": True, **named} if speaks == "piprapay_2" else named)

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, id_: str) -> None:
        self.invoices[id_].status, self.invoices[id_].transaction = "completed", f"BKASH{id_[-4:]}"

    def claim(self, id_: str) -> None:
        """The buyer enters the number of a transfer, and somebody has to look at it."""
        self.invoices[id_].status, self.invoices[id_].transaction = "pending", f"BKASH{id_[-4:]}"

    def end(self, id_: str, status: str) -> None:
        self.invoices[id_].status = status

    def refund_there(self, id_: str, amount: Decimal | None = None) -> None:
        """A part is told as an amount; all of it as a state."""
        if amount is None:
            self.invoices[id_].status = "refunded"
        else:
            self.invoices[id_].gone_back += amount

    def event(self, id_: str, *, key: str = "", **changed: Any) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook; `changed` is whatever anybody writes into it."""
        invoice = self.invoices[id_]
        body = json.dumps({**invoice.as_json(), **changed}).encode()
        return {_HEADERS[invoice.speaks]: key or KEY}, body

    def back_query(self, id_: str) -> str:
        """What is added to the address that the buyer is led back to."""
        invoice = self.invoices[id_]
        if invoice.speaks == "uddoktapay":
            return f"invoice_id={id_}"
        return f"pp_status={invoice.status}&transaction_ref={id_}"

    def buyer(self, request: Request) -> SandboxReply:
        page = request.path.removeprefix("/pay/")
        invoice = next((one for one in self.invoices.values() if one.page == page), None)
        if invoice is None:
            return reply({"message": "not found"}, status=404)
        if request.method == "POST":
            self.pay(invoice.id)
            return led_back(f"{invoice.back_url}?{self.back_query(invoice.id)}")
        return pay_page(f"{invoice.amount:.2f} {invoice.currency}", invoice.back_url)
