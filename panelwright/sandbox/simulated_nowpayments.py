"""NOWPayments as it speaks to whoever sells: invoices, the payments to them, and signed webhooks. In memory.

Played from its public description. Its texts are JavaScript's; what an invoice was paid by is listed for who logs in.
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

KEY = "SIM0LAT-EDNOWPA-YMENTSK-EY00001"
SECRET = "sandbox+secret/of+the+simulated="
EMAIL, PASSWORD = "owner@panel.example", "password of the simulated account"
# What a unit of the price's currency is in coins.
COINS = {"btc": Decimal("0.00002"), "shib": Decimal(90000)}


@dataclass
class PaidCoins:
    """One payment of an invoice. `parent`: to the address of which it came, where it is a later deposit."""

    id: int
    invoice: str
    order_id: str | None
    price: Any
    currency: str
    coin: str
    asked: Decimal
    came: Decimal = Decimal(0)
    status: str = "waiting"
    parent: int | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "payment_id": self.id,
            "parent_payment_id": self.parent,
            "invoice_id": int(self.invoice),
            "payment_status": self.status,
            "price_amount": self.price,
            "price_currency": self.currency,
            "pay_amount": float(self.asked),
            "actually_paid": float(self.came) if self.came else 0,
            "actually_paid_at_fiat": 0,
            "pay_currency": self.coin,
            "order_id": self.order_id,
            "order_description": "Résumé \u2028 \U0001f600",
            "purchase_id": str(self.id + 1),
            "fee": {"currency": self.coin, "depositFee": 1e-07, "withdrawalFee": 0, "serviceFee": 155.0},
            **self.told,
        }


class SimulatedNowPayments(GatewayBase):
    def __init__(self, base_url: str = "") -> None:
        super().__init__(base_url)
        self.invoices: dict[str, dict[str, Any]] = {}
        self.payments: dict[int, PaidCoins] = {}
        self.tokens: set[str] = set()
        # The documented sample of the signature, which drops what is no key of the outer object.
        self.signs_outer_keys = False
        self.lists_by_key = False

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        if self.refuse_keys or request.headers.get("x-api-key") != KEY:
            return reply({"status": False, "statusCode": 403, "message": "Invalid api key"}, status=403)
        return None

    def is_creating(self, request: Request) -> bool:
        return request.path == "/v1/invoice"

    def serve(self, request: Request) -> SandboxReply:
        given, parts = json_of(request.body), request.path.strip("/").split("/")[1:]
        if request.method == "POST" and parts == ["invoice"]:
            return self._open(given)
        if request.method == "POST" and parts == ["auth"]:
            if (given.get("email"), given.get("password")) != (EMAIL, PASSWORD):
                return reply({"status": False, "message": "Access denied"}, status=403)
            token = f"token{self.next()}"
            self.tokens.add(token)
            return reply({"token": token})
        if parts == ["merchant", "coins"]:
            return reply({"selectedCurrencies": ["BTC"]})
        if parts == ["payment"]:
            if not self.lists_by_key and request.headers.get("authorization", "")[7:] not in self.tokens:
                return reply({"status": False, "message": "Authorization header is empty"}, status=401)
            wanted = parse_qs(request.query.decode()).get("invoiceId", [""])[0]
            found = [one.as_json() for one in self.payments.values() if wanted in ("", one.invoice)]
            return reply({"data": found, "limit": 100, "page": 0, "total": len(found)})
        one = self.payments.get(int(parts[1])) if parts[0] == "payment" and parts[1].isdecimal() else None
        if one is None:
            return reply({"status": False, "message": "Payment not found"}, status=404)
        return reply(one.as_json())

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        id_ = str(4_522_625_800 + self.next())
        self.invoices[id_] = {
            "id": id_,
            "order_id": given["order_id"],
            "price_amount": str(given["price_amount"]),
            "price_currency": given["price_currency"].upper(),
            "invoice_url": f"{self.base_url}/pay/{id_}",
            "ipn_callback_url": given["ipn_callback_url"],
            "success_url": given["success_url"],
        }
        return reply(self.invoices[id_])

    # ---- what buyers and others do ---------------------------------------------------------------

    def choose(self, invoice: str, coin: str = "btc") -> PaidCoins:
        """The buyer chooses a coin, and is shown an address."""
        asked = self.invoices[invoice]
        price = float(asked["price_amount"])
        id_ = 5_077_125_050 + self.next()
        self.payments[id_] = PaidCoins(
            id_,
            invoice,
            asked["order_id"],
            int(price) if price == int(price) else price,
            asked["price_currency"].lower(),
            coin,
            Decimal(asked["price_amount"]) * COINS[coin],
        )
        return self.payments[id_]

    def pay(self, invoice: str, part: str = "1", *, status: str = "") -> PaidCoins:
        """So much of the coins that were asked for comes."""
        paid = self.choose(invoice)
        paid.came = paid.asked * Decimal(part)
        paid.status = status or ("finished" if paid.came >= paid.asked else "partially_paid")
        return paid

    def pay_more(self, parent: PaidCoins, part: str, *, coin: str = "") -> PaidCoins:
        """A deposit to the same address, of the same coin or of another, of which so many come."""
        later = self.choose(parent.invoice, coin or parent.coin)
        later.parent, later.came, later.order_id = parent.id, later.asked * Decimal(part), None
        later.status = "partially_paid" if coin else "finished"
        return later

    def end(self, invoice: str, status: str) -> None:
        """What was chosen there has come to its end without being paid."""
        found = [one for one in self.payments.values() if one.invoice == invoice] or [self.choose(invoice)]
        for one in found:
            one.status = status

    def event(self, id_: int, *, secret: str = "", **changed: Any) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook; `changed` is what a forger writes into it."""
        told = {**self.payments[id_].as_json(), **changed}
        return {"x-nowpayments-sig": self.signature(told, secret=secret)}, script(told).encode()

    def signature(self, told: dict[str, Any], *, secret: str = "") -> str:
        keys = frozenset(told) if self.signs_outer_keys else None
        text = script(told, keys=keys, in_order=True)
        return hmac.digest((secret or SECRET).encode(), text.encode(), hashlib.sha512).hex()

    def buyer(self, request: Request) -> SandboxReply:
        invoice = self.invoices.get(request.path.removeprefix("/pay/"))
        if invoice is None:
            return reply({"message": "not found"}, status=404)
        if request.method == "POST":
            self.pay(invoice["id"])
            return led_back(invoice["success_url"])
        return pay_page(f"{invoice['price_amount']} {invoice['price_currency']}", invoice["success_url"])


def script(value: Any, *, keys: frozenset[str] | None = None, in_order: bool = False) -> str:
    """The text that JavaScript makes of it; `keys`: of objects, these alone."""
    match value:
        case dict():
            names = [name for name in value if keys is None or name in keys]
            inner = [
                f"{json.dumps(name)}:{script(value[name], keys=keys, in_order=in_order)}"
                for name in (sorted(names) if in_order else names)
            ]
            return f"{{{','.join(inner)}}}"
        case list():
            return f"[{','.join(script(one, keys=keys, in_order=in_order) for one in value)}]"
        case float():
            if value == int(value) and abs(value) < 1e21:
                return str(int(value))
            # Between a millionth and that it writes all digits.
            return f"{Decimal(repr(value)):f}" if 1e-6 <= abs(value) < 1e21 else repr(value).replace("e-0", "e-")
    return json.dumps(value, ensure_ascii=False)
