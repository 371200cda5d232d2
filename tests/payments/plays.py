"""How each gateway is played, see till.py."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from panelwright.core import clock
from panelwright.sandbox import (
    simulated_btcpay,
    simulated_cryptomus,
    simulated_mercado_pago,
    simulated_paypal,
    simulated_razorpay,
)
from panelwright.sandbox.simulated_btcpay import Invoice, SimulatedBtcPay
from panelwright.sandbox.simulated_cryptomus import CoinInvoice, SimulatedCryptomus
from panelwright.sandbox.simulated_mercado_pago import PixOrCard, SimulatedMercadoPago
from panelwright.sandbox.simulated_paypal import PayPalOrder, SimulatedPayPal
from panelwright.sandbox.simulated_razorpay import PaymentLink, SimulatedRazorpay
from tests.payments.play_binance_pay import BinancePay
from tests.payments.play_flutterwave import Flutterwave
from tests.payments.play_nowpayments import NowPayments
from tests.payments.play_paystack import Paystack
from tests.payments.play_uddoktapay import PipraPay, UddoktaPay
from tests.payments.play_yookassa import YooKassa
from tests.payments.till import Play, SentHook


def now_s() -> int:
    return int(clock.now().timestamp())


class Pix(Play):
    kind = "mercado_pago"
    amount = "100"
    terms = {"currency": "BRL", "rate_e12": 2 * 10**11}
    product = "pix"

    def __init__(self) -> None:
        self.double = SimulatedMercadoPago()

    def entered(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "token": simulated_mercado_pago.TOKEN,
            "hook_secret": simulated_mercado_pago.SECRET,
        }

    def of(self, reference: str) -> PixOrCard:
        found: PixOrCard = next(one for one in self.double.payments.values() if one.reference == reference)
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.reference == reference for one in self.double.payments.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).id)

    def differ(self, reference: str, what: str) -> None:
        self.pay(reference)
        told: dict[str, dict[str, Any]] = {
            "less": {"transaction_amount": 99.99},
            "more": {"transaction_amount": 100.01},
            "currency": {"currency_id": "ARS"},
            "reference": {"external_reference": "SOMEBODYELSE"},
            "mode": {"live_mode": True},
            "account": {"collector_id": 140_000_002},
        }
        self.of(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        at_ms = (now_s() if at_s is None else at_s) * 1000
        data: dict[str, Any] = {"transaction_amount": 99_999, "external_reference": "X" * 24} if lie else {}
        query, headers, body = self.double.event(self.of(reference).id, at_ms=at_ms, secret=secret, **data)
        return SentHook(headers, body, query)

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)
        stamp = right.headers["x-signature"]
        id_ = self.of(reference).id

        def signed(text: str) -> SentHook:
            return right._replace(headers={**right.headers, "x-signature": text})

        return [
            signed(""),
            signed("ts=,v1="),
            signed(stamp.replace("v1=", "v1=0")),
            signed(stamp.replace("ts=", "ts=1")),
            signed(stamp.partition(",")[2]),
            signed(self.double.signature(str(id_), right.headers["x-request-id"], now_s() * 1000, "another0secret00")),
            right._replace(query=f"data.id={id_ + 1}&type=payment"),
            right._replace(query=""),
            right._replace(headers={**right.headers, "x-request-id": "another"}),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).id, float(amount))

    def given_back(self, reference: str) -> list[str]:
        return [f"{one['amount']:.2f}" for one in self.double.refunds]

    def expire(self, reference: str) -> None:
        self.double.expire(self.of(reference).id)

    def fail(self, reference: str) -> None:
        self.double.reject(self.of(reference).id)

    def dispute(self, reference: str, how: str) -> None:
        id_ = self.of(reference).id
        if how == "open":
            self.double.claim(id_)
        else:
            self.double.charge_back(id_, {"taken": "in_process", "won": "reimbursed", "lost": "settled"}[how])


class MercadoPagoCheckout(Pix):
    product = "checkout"
    # It has no key for preferences; both lead to our reference.
    made_twice = 2

    def is_there(self, reference: str) -> int:
        return sum(one.reference == reference for one in self.double.preferences.values())

    def preference(self, reference: str) -> str:
        return next(one.id for one in self.double.preferences.values() if one.reference == reference)

    def pay(self, reference: str) -> None:
        self.double.pay_preference(self.preference(reference))

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        if not any(one.reference == reference for one in self.double.payments.values()):
            # A card that was refused.
            self.double.pay_preference(self.preference(reference), status="rejected")
        return super().hook(reference, at_s=at_s, secret=secret, lie=lie)

    def of(self, reference: str) -> PixOrCard:
        found = [one for one in self.double.payments.values() if one.reference == reference]
        return next((one for one in found if one.status != "rejected"), found[-1])


class PayPal(Play):
    kind = "paypal"

    def __init__(self) -> None:
        self.double = SimulatedPayPal()

    def entered(self) -> dict[str, Any]:
        return {
            "mode": "test",
            "client_id": simulated_paypal.CLIENT,
            "secret": simulated_paypal.SECRET,
            "webhook_id": simulated_paypal.WEBHOOK,
        }

    def of(self, reference: str) -> PayPalOrder:
        found: PayPalOrder = next(one for one in self.double.orders.values() if one.custom_id == reference)
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.custom_id == reference for one in self.double.orders.values())

    def pay(self, reference: str) -> None:
        self.double.approve(self.of(reference).id)

    def differ(self, reference: str, what: str) -> None:
        self.pay(reference)
        told: dict[str, dict[str, Any]] = {
            "less": {"amount": {"currency_code": "USD", "value": "19.99"}},
            "more": {"amount": {"currency_code": "USD", "value": "20.01"}},
            "currency": {"amount": {"currency_code": "MXN", "value": "20.00"}},
            "reference": {"custom_id": "SOMEBODYELSE"},
        }
        self.of(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        order = self.of(reference)
        if order.capture:
            resource: dict[str, Any] = {**order.capture_json(), "custom_id": reference, "invoice_id": reference}
            kind = "PAYMENT.CAPTURE.COMPLETED"
        else:
            resource, kind = order.as_json(), "CHECKOUT.ORDER.APPROVED"
        if lie:
            resource["amount"] = {"currency_code": "USD", "value": "99999.00"}
            resource["status"] = "COMPLETED"
        return SentHook(*self.double.event(kind, resource))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)

        def headed(**changed: str) -> SentHook:
            names = {name.replace("_", "-"): value for name, value in changed.items()}
            return right._replace(headers={**right.headers, **names})

        end = b', "auth_algo": "SHA256withRSA"'
        return [
            SentHook({}, right.body),
            headed(paypal_transmission_sig=""),
            headed(paypal_transmission_sig="AAAA"),
            headed(paypal_transmission_id="another"),
            right._replace(body=right.body + b" "),
            right._replace(body=json.dumps(json.loads(right.body)).encode()),
            # One that ends our object early.
            right._replace(body=right.body + end),
            right._replace(body=b"[]"),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).id, amount)

    def given_back(self, reference: str) -> list[str]:
        return [one["amount"]["value"] for one in self.of(reference).refunds if one["custom_id"]]

    def fail(self, reference: str) -> None:
        self.double.captures_end = "DECLINED"
        self.pay(reference)

    def expire(self, reference: str) -> None:
        self.double.void(self.of(reference).id)

    def dispute(self, reference: str, how: str) -> None:
        id_ = self.of(reference).id
        ends = {"won": "RESOLVED_SELLER_FAVOUR", "lost": "RESOLVED_BUYER_FAVOUR"}
        self.double.dispute(id_, stage="INQUIRY" if how == "open" else "CHARGEBACK", outcome=ends.get(how, ""))


class BtcPay(Play):
    kind = "btcpay"

    def __init__(self) -> None:
        self.double = SimulatedBtcPay()

    def entered(self) -> dict[str, Any]:
        return {
            "mode": "test",
            "url": "https://btcpay.example",
            "store": simulated_btcpay.STORE,
            "key": simulated_btcpay.KEY,
            "hook_secret": simulated_btcpay.SECRET,
        }

    def of(self, reference: str) -> Invoice:
        rows = self.double.invoices.values()
        found: Invoice = next(one for one in rows if one.metadata["orderId"] == reference)
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.metadata["orderId"] == reference for one in self.double.invoices.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).id)

    def differ(self, reference: str, what: str) -> None:
        invoice = self.of(reference)
        if what == "less":
            self.double.pay(invoice.id, "19.99")
            self.double.expire(invoice.id)
        elif what == "more":
            self.double.pay(invoice.id, "20.01")
        else:
            self.pay(reference)
            other = {"metadata": {**invoice.metadata, "orderId": "SOMEBODYELSE"}}
            told: dict[str, dict[str, Any]] = {"currency": {"currency": "MXN"}, "reference": other}
            invoice.told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        more: dict[str, Any] = {"overPaid": True, "amount": "99999", "status": "Settled"} if lie else {}
        return SentHook(*self.double.event("InvoiceSettled", self.of(reference).id, secret=secret, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)

        def signed(text: str) -> SentHook:
            return right._replace(headers={"btcpay-sig": text})

        stamp = right.headers["btcpay-sig"]
        return [
            SentHook({}, right.body),
            signed(""),
            signed("sha256="),
            signed(stamp.replace("sha256=", "")),
            signed(stamp[:-1]),
            signed(stamp.replace("sha256=", "sha512=")),
            signed(self.double.signature(right.body, secret="another secret of somebody")),
            right._replace(body=right.body + b" "),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        raise AssertionError("it has no such thing")

    def given_back(self, reference: str) -> list[str]:
        return [str(Decimal(one["amount"])) for one in self.double.pulls.values()]

    def expire(self, reference: str) -> None:
        self.double.expire(self.of(reference).id)

    def fail(self, reference: str) -> None:
        self.double.invalidate(self.of(reference).id)


class Cryptomus(Play):
    kind = "cryptomus"

    def __init__(self) -> None:
        self.double = SimulatedCryptomus()

    def entered(self) -> dict[str, Any]:
        return {
            "host": "heleket",
            "mode": "test",
            "merchant": simulated_cryptomus.MERCHANT,
            "key": simulated_cryptomus.KEY,
        }

    def of(self, reference: str) -> CoinInvoice:
        found: CoinInvoice = next(one for one in self.double.invoices.values() if one.order_id == reference)
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.order_id == reference for one in self.double.invoices.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).uuid)

    def differ(self, reference: str, what: str) -> None:
        invoice = self.of(reference)
        if what == "less":
            self.double.pay(invoice.uuid, "0.9995")
            self.double.expire(invoice.uuid)
        elif what == "more":
            self.double.pay(invoice.uuid, "1.0005")
        else:
            self.pay(reference)
            told = {"currency": {"currency": "MXN"}, "reference": {"order_id": "SOMEBODYELSE"}}
            invoice.told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        more: dict[str, Any] = {"amount": "99999", "status": "paid"} if lie else {}
        return SentHook({}, self.double.event(self.of(reference).uuid, key=secret, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference).body
        front, _, sign = right[:-2].rpartition(b'"sign":"')
        bare = front.rstrip(b",") + b"}"
        return [
            SentHook({}, bare),
            self.hook(reference, secret="anotherKeyOfSomebody0123456789"),
            SentHook({}, right.replace(b'"amount":"20.00"', b'"amount":"21.00"')),
            SentHook({}, json.dumps(json.loads(right)).encode()),
            # Two of them, one of which is right.
            SentHook({}, bare[:-1] + b',"sign":"' + b"0" * 32 + b'","sign":"' + sign + b'"}'),
            SentHook({"sign": sign.decode()}, bare),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).uuid)

    def given_back(self, reference: str) -> list[str]:
        return []

    def expire(self, reference: str) -> None:
        self.double.expire(self.of(reference).uuid)

    def fail(self, reference: str) -> None:
        self.double.fail(self.of(reference).uuid)


class Razorpay(Play):
    kind = "razorpay"
    amount = "1000"
    terms = {"currency": "INR", "rate_e12": 2 * 10**10}

    def __init__(self) -> None:
        self.double = SimulatedRazorpay()

    def entered(self) -> dict[str, Any]:
        return {
            "key_id": simulated_razorpay.KEY_ID,
            "secret": simulated_razorpay.KEY_SECRET,
            "hook_secret": simulated_razorpay.SECRET,
        }

    def of(self, reference: str) -> PaymentLink:
        found: PaymentLink = next(one for one in self.double.links.values() if one.reference_id == reference)
        return found

    def is_there(self, reference: str) -> int:
        return sum(one.reference_id == reference for one in self.double.links.values())

    def pay(self, reference: str) -> None:
        self.double.pay(self.of(reference).id)

    def differ(self, reference: str, what: str) -> None:
        self.pay(reference)
        told: dict[str, dict[str, Any]] = {
            "less": {"amount_paid": 99_999},
            "more": {"amount_paid": 100_001},
            "currency": {"currency": "USD"},
            "reference": {"reference_id": "SOMEBODYELSE"},
        }
        self.of(reference).told = told[what]

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        more: dict[str, Any] = {"amount_paid": 9_999_900, "status": "paid"} if lie else {}
        return SentHook(*self.double.event("payment_link.paid", self.of(reference).id, secret=secret, **more))

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)
        stamp = right.headers["x-razorpay-signature"]

        def signed(text: str) -> SentHook:
            return right._replace(headers={**right.headers, "x-razorpay-signature": text})

        return [
            SentHook({}, right.body),
            signed(""),
            signed(stamp[:-1]),
            signed(stamp.upper()),
            signed(self.double.signature(right.body, secret="another secret of somebody")),
            signed(self.double.signature(right.body, secret=simulated_razorpay.KEY_SECRET)),
            right._replace(body=right.body + b" "),
        ]

    def refund_there(self, reference: str, amount: str) -> None:
        self.double.refund_there(self.of(reference).id, int(Decimal(amount) * 100))

    def given_back(self, reference: str) -> list[str]:
        return [f"{one['amount'] / 100:.2f}" for one in self.double.refunds]

    def expire(self, reference: str) -> None:
        self.double.end(self.of(reference).id, "expired")

    def fail(self, reference: str) -> None:
        self.double.end(self.of(reference).id, "cancelled")

    def dispute(self, reference: str, how: str) -> None:
        phase = "retrieval" if how == "open" else "chargeback"
        status = how if how in ("won", "lost") else "open"
        self.double.dispute(self.of(reference).id, status=status, phase=phase)


PLAYS: dict[str, type[Play]] = {
    "pix": Pix,
    "mercado_pago_checkout": MercadoPagoCheckout,
    "paypal": PayPal,
    "btcpay": BtcPay,
    "cryptomus": Cryptomus,
    "razorpay": Razorpay,
    "nowpayments": NowPayments,
    "binance_pay": BinancePay,
    "uddoktapay": UddoktaPay,
    "piprapay": PipraPay,
    "paystack": Paystack,
    "flutterwave": Flutterwave,
    "yookassa": YooKassa,
}
