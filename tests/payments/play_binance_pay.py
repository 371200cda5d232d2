"""How Binance Pay is played, see till.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from panelwright.core import clock
from panelwright.sandbox import simulated_binance_pay
from panelwright.sandbox.simulated_binance_pay import BinanceOrder, SimulatedBinancePay
from tests.payments.till import Play, SentHook


class BinancePay(Play):
    kind = "binance_pay"
    amount = "40"
    terms = {"currency": "USDT", "rate_e12": 5 * 10**11}
    # An order that is there does not tell its page again.
    made_twice = 2

    def __init__(self) -> None:
        self.double = SimulatedBinancePay()

    def entered(self) -> dict[str, Any]:
        return {"key": simulated_binance_pay.KEY, "secret": simulated_binance_pay.SECRET}

    def of(self, reference: str) -> BinanceOrder:
        """The newest one: what the customer was led to."""
        found: BinanceOrder = [one for one in self.double.orders.values() if one.trade_no.startswith(reference)][-1]
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.trade_no.startswith(reference) for one in self.double.orders.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).prepay_id)

    def differ(self, reference: str, what: str) -> None:
        self.pay(reference)
        told: dict[str, dict[str, Any]] = {
            "less": {"orderAmount": "39.99"},
            "more": {"orderAmount": "40.01"},
            "currency": {"currency": "USDC"},
            "reference": {"merchantTradeNo": "SOMEBODYELSE"},
        }
        self.of(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        at_ms = (int(clock.now().timestamp()) if at_s is None else at_s) * 1000
        more: dict[str, Any] = {"totalFee": 99_999.0} if lie else {}
        return SentHook(*self.double.event(self.of(reference).prepay_id, at_ms=at_ms, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)
        sign, id_ = right.headers["binancepay-signature"], self.of(reference).prepay_id
        at_ms = int(right.headers["binancepay-timestamp"])

        def headed(name: str, text: str) -> SentHook:
            return right._replace(headers={**right.headers, f"binancepay-{name}": text})

        return [
            SentHook({}, right.body),
            headed("signature", ""),
            headed("signature", sign[:-4]),
            headed("signature", f"{'A' * 342}=="),
            headed("signature", "!" * 344),
            headed("timestamp", str(at_ms + 1)),
            headed("timestamp", "17000000000٠٠"),
            headed("nonce", "another"),
            headed("certificate-sn", ""),
            headed("certificate-sn", "ANOTHER0SERIAL"),
            SentHook(*self.double.event(id_, at_ms=at_ms, serial="ITS0OWN")),
            SentHook(*self.double.event(id_, at_ms=at_ms, signed_by="ITS0OWN")),
            right._replace(body=right.body + b" "),
            right._replace(body=right.body.replace(b"40.0", b"41.0")),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).prepay_id)

    def given_back(self, reference: str) -> list[str]:
        return [f"{Decimal(one['refundAmount']):.2f}" for one in self.double.refunds()]

    def expire(self, reference: str) -> None:
        self.double.end(self.of(reference).prepay_id, "EXPIRED")

    def fail(self, reference: str) -> None:
        self.double.end(self.of(reference).prepay_id, "ERROR")
