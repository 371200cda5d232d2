"""The payment gateways that stand beside the sandbox's panel: each under its name, `/stripe/v1/…`.

They take no real money and keep nothing over a restart. Code of the product that speaks with a gateway is apart from
what plays it here, so that a fault in one is not the other's too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from panelwright.sandbox.simulated_binance_pay import SimulatedBinancePay
from panelwright.sandbox.simulated_btcpay import SimulatedBtcPay
from panelwright.sandbox.simulated_cryptomus import SimulatedCryptomus
from panelwright.sandbox.simulated_flutterwave import SimulatedFlutterwave
from panelwright.sandbox.simulated_mercado_pago import SimulatedMercadoPago
from panelwright.sandbox.simulated_nowpayments import SimulatedNowPayments
from panelwright.sandbox.simulated_paypal import SimulatedPayPal
from panelwright.sandbox.simulated_paystack import SimulatedPaystack
from panelwright.sandbox.simulated_razorpay import SimulatedRazorpay
from panelwright.sandbox.simulated_stripe import SimulatedStripe
from panelwright.sandbox.simulated_uddoktapay import SimulatedUddoktaPay
from panelwright.sandbox.simulated_yookassa import SimulatedYooKassa
from panelwright.sandbox.wire import Request, SandboxReply, error


class SimulatedGateway(Protocol):
    """Answers sellers, and has the pages on which buyers pay. `base_url`: its own address, with its name."""

    base_url: str

    def answer(self, request: Request) -> SandboxReply: ...


def all_simulated() -> dict[str, SimulatedGateway]:
    """A new one of each, by the names of the gateways' folders."""
    return {
        "stripe": SimulatedStripe(),
        "mercado_pago": SimulatedMercadoPago(),
        "paypal": SimulatedPayPal(),
        "btcpay": SimulatedBtcPay(),
        "cryptomus": SimulatedCryptomus(),
        "binance_pay": SimulatedBinancePay(),
        "nowpayments": SimulatedNowPayments(),
        "uddoktapay": SimulatedUddoktaPay(),
        "razorpay": SimulatedRazorpay(),
        "paystack": SimulatedPaystack(),
        "flutterwave": SimulatedFlutterwave(),
        "yookassa": SimulatedYooKassa(),
    }


def answer(gateways: dict[str, SimulatedGateway], request: Request) -> SandboxReply:
    """By the first part of the path; the rest is the gateway's own."""
    name, _, rest = request.path.removeprefix("/").partition("/")
    gateway = gateways.get(name)
    if gateway is None:
        return error("Not found", status=404)
    gateway.base_url = f"http://{request.headers.get('host', '')}/{name}"
    return gateway.answer(replace(request, path=f"/{rest}"))
