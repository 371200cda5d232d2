"""Binance Pay as it speaks to whoever sells: orders, refunds, certificates, and webhooks signed by RSA. In memory.

Played from its public description. Whatever goes wrong is told with HTTP 200 or 400 and a code.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import standard_b64encode
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply

KEY = "sandboxKeyOfTheSimulatedBinancePay0123456789"
SECRET = "sandboxSecretOfTheSimulatedBinancePay0123456789"
SERIAL = "31BEF298427BE2F0B98DFA3A523D7501"
NONCE = "zREdMIt0y4Y695XvDM9YjeV5FwpwXun3"


@cache
def _key(_serial: str) -> rsa.RSAPrivateKey:
    """One for each serial, for as long as the process lives."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class BinanceOrder:
    prepay_id: str
    trade_no: str
    amount: Decimal
    currency: str
    back_url: str
    until_ms: int
    status: str = "INITIAL"
    refunds: list[dict[str, Any]] = field(default_factory=list)
    gone_back: Decimal = Decimal(0)
    told: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "merchantId": 98765987,
            "prepayId": self.prepay_id,
            "merchantTradeNo": self.trade_no,
            "status": self.status,
            "currency": self.currency,
            "orderAmount": f"{self.amount:.8f}",
            "createTime": 1_796_036_000_000,
            **self.told,
        }


class SimulatedBinancePay(GatewayBase):
    def __init__(self, base_url: str = "") -> None:
        super().__init__(base_url)
        self.orders: dict[str, BinanceOrder] = {}
        self.serial = SERIAL
        self.refuse_refunds = False
        self.refund_status = "REFUND_SUCCESS"
        # The last refund of an order gives back all that is left.
        self.gives_all_back = False

    # ---- what sellers ask ------------------------------------------------------------------------

    def refusal(self, request: Request) -> SandboxReply | None:
        given = request.headers
        signed = b"\n".join(
            [
                given.get("binancepay-timestamp", "").encode(),
                given.get("binancepay-nonce", "").encode(),
                request.body,
                b"",
            ]
        )
        wanted = hmac.digest(SECRET.encode(), signed, hashlib.sha512).hex().upper()
        if self.refuse_keys or given.get("binancepay-certificate-sn") != KEY:
            return _error("400004", "Api key format invalid")
        if given.get("binancepay-signature") != wanted or len(given.get("binancepay-nonce", "")) != 32:
            return _error("400002", "Signature for this request is not valid.")
        return None

    def is_creating(self, request: Request) -> bool:
        return request.path.endswith(("/v3/order", "/order/refund"))

    def serve(self, request: Request) -> SandboxReply:
        path, given = request.path.removeprefix("/binancepay/openapi"), json_of(request.body)
        if path == "/certificates":
            return _done([{"certSerial": self.serial, "certPublic": self.public_key(self.serial)}])
        if path == "/v3/order":
            return self._open(given)
        if path == "/order/refund/query":
            made = next((one for one in self.refunds() if one["refundRequestId"] == given["refundRequestId"]), None)
            return _error("400501", "The refund does not exist") if made is None else _done(made)
        order = self._of(given)
        if order is None:
            return _error("400202", "The order is not found")
        if path == "/v2/order/query":
            return _done(order.as_json())
        if path == "/order/close":
            if order.status != "INITIAL":
                return _error("400203", "The order cannot be closed")
            order.status = "CANCELED"
            return _done(True)
        return self._refund(order, given)

    def _of(self, given: dict[str, Any]) -> BinanceOrder | None:
        if given.get("prepayId"):
            return self.orders.get(given["prepayId"])
        return next((one for one in self.orders.values() if one.trade_no == given.get("merchantTradeNo")), None)

    def _open(self, given: dict[str, Any]) -> SandboxReply:
        if not given["merchantTradeNo"].isalnum() or len(given["merchantTradeNo"]) > 32:
            return _error("400201", "merchantTradeNo is invalid")
        if self._of({"merchantTradeNo": given["merchantTradeNo"]}):
            return _error("400201", "merchantTradeNo is duplicated")
        id_ = str(29_383_937_493_038 + self.next())
        self.orders[id_] = BinanceOrder(
            id_,
            given["merchantTradeNo"],
            Decimal(str(given["orderAmount"])),
            given["currency"],
            given["returnUrl"],
            given["orderExpireTime"],
        )
        page = f"{self.base_url}/pay/{id_}"
        return _done({"prepayId": id_, "checkoutUrl": page, "expireTime": given["orderExpireTime"]})

    def refunds(self) -> list[dict[str, Any]]:
        return [made for order in self.orders.values() for made in order.refunds]

    def _refund(self, order: BinanceOrder, given: dict[str, Any]) -> SandboxReply:
        before = next((one for one in self.refunds() if one["refundRequestId"] == given["refundRequestId"]), None)
        if before is not None:
            return _done({**before, "duplicateRequest": "Y"})
        amount = Decimal(str(given["refundAmount"]))
        left = order.amount - order.gone_back
        if self.refuse_refunds or not order.status.startswith(("PAID", "REFUND")) or not 0 < amount <= left:
            return _error("400502", "The refund is not allowed")
        amount = left if self.gives_all_back else amount
        if self.refund_status != "REFUND_FAIL":
            order.gone_back += amount
            order.status = "FULL_REFUNDED" if order.gone_back == order.amount else "REFUNDED"
        made = {
            "refundRequestId": given["refundRequestId"],
            "prepayId": order.prepay_id,
            "orderAmount": f"{order.amount:.8f}",
            "refundedAmount": f"{order.gone_back:.8f}",
            "refundAmount": f"{amount:.8f}",
            "remainingAttempts": 9 - len(order.refunds),
            "refundStatus": self.refund_status,
        }
        order.refunds.append(made)
        return _done({name: value for name, value in made.items() if name != "refundStatus"})

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, id_: str) -> None:
        self.orders[id_].status = "PAID"

    def end(self, id_: str, status: str) -> None:
        self.orders[id_].status = status

    def refund_there(self, id_: str) -> None:
        """In the dashboard, all of it."""
        order = self.orders[id_]
        order.gone_back, order.status = order.amount, "FULL_REFUNDED"

    def public_key(self, serial: str) -> str:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return _key(serial).public_key().public_bytes(serialization.Encoding.PEM, kind).decode()

    def event(
        self,
        id_: str,
        *,
        at_ms: int,
        status: str = "PAY_SUCCESS",
        serial: str = "",
        signed_by: str = "",
        **changed: Any,
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook; `changed` is what another merchant could have signed."""
        order = self.orders[id_]
        data = {
            "merchantTradeNo": order.trade_no,
            "productType": "02",
            "tradeType": "WEB",
            "totalFee": float(order.amount),
            "currency": order.currency,
            "transactTime": at_ms,
            **changed,
        }
        kind = "PAY_REFUND" if status.startswith("REFUND") else "PAY"
        event = {"bizType": kind, "data": json.dumps(data), "bizIdStr": id_, "bizId": int(id_), "bizStatus": status}
        body = json.dumps(event).encode()
        serial = serial or self.serial
        headers = {
            "binancepay-timestamp": str(at_ms),
            "binancepay-nonce": NONCE,
            "binancepay-certificate-sn": serial,
            "binancepay-signature": self.signature(str(at_ms), NONCE, body, serial=signed_by or serial),
        }
        return headers, body

    def signature(self, stamp: str, nonce: str, body: bytes, *, serial: str = "") -> str:
        text = "\n".join((stamp, nonce, body.decode(), ""))
        made = _key(serial or self.serial).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return standard_b64encode(made).decode()

    def buyer(self, request: Request) -> SandboxReply:
        order = self.orders.get(request.path.removeprefix("/pay/"))
        if order is None:
            return _error("400202", "The order is not found")
        if request.method == "POST":
            self.pay(order.prepay_id)
            return led_back(order.back_url)
        return pay_page(f"{order.amount:.2f} {order.currency}", order.back_url)


def _done(data: object) -> SandboxReply:
    return reply({"status": "SUCCESS", "code": "000000", "data": data, "errorMessage": ""})


def _error(code: str, text: str) -> SandboxReply:
    return reply({"status": "FAIL", "code": code, "errorMessage": text}, status=400)
