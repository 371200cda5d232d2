"""Cases for the staff actions on payments and methods of payment: what each is done to, and with which fields."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.customers.session_actions import meet_device
from panelwright.payments.tests import making, partners
from panelwright.promotions import trial_actions
from panelwright.receipts import actions as receipt_actions
from tests.payments.shop import served
from tests.support.people import execute, value

_SELLER = {"receipts": True, "receipt_seller": "Alice Media", "receipt_address": "Lane 2\nYork"}
_PROGRAM = {
    "affiliates": True,
    "affiliate_hold_days": 0,
    "affiliate_least_payout": "0.50",
    "affiliate_staff_payouts": True,
}
Made = tuple[Any, dict[str, object]]


def _new(world: Any) -> str:
    """What no other case has: the end of a new link, all of it."""
    return str(world.link()).strip("/").rsplit("/", 1)[1]


def method(world: Any) -> int:
    return making.method(world.alice, f"Bank {_new(world)}")


def payment(world: Any) -> Any:
    """One that the customer says they have paid."""
    id_ = making.begun(world.carol, method(world), "20")
    assert making.submit(world.carol, id_, f"TX-{_new(world)}") is None
    return id_


def _off(world: Any) -> int:
    target = method(world)
    world.do("payment_method.turn_off", target)
    return target


def voucher(world: Any) -> int:
    made = making.vouchers(world.alice, count=1, label=world.link())
    return int(made[0][0])


def coupon(world: Any) -> int:
    return int(world.do("coupon.make", code=f"C-{world.link().rsplit('/', 1)[1]}", percent="10").target)


def _coupon_off(world: Any) -> int:
    target = coupon(world)
    world.do("coupon.turn_off", target)
    return target


def _brought(world: Any) -> tuple[Any, Any]:
    """An affiliate, and a customer whom they have brought."""
    world.do("affiliates.set", **_PROGRAM)
    made = partners.partner(world.alice.customer(f"partner-{_new(world)}"))
    buyer = world.alice.customer(f"brought-{_new(world)}")
    partners.brings(made, buyer)
    return made, buyer


def partner(world: Any) -> int:
    return int(_brought(world)[0].id)


def _own_percent(world: Any) -> int:
    world.do("partner.set_percent", target := partner(world), percent="12.5")
    return target


def _blocked(world: Any) -> int:
    world.do("partner.block", target := partner(world))
    return target


def commission(world: Any) -> int:
    """One that waits for a decision: affiliate and customer have the same browser."""
    made, buyer = _brought(world)
    same = _new(world).rjust(43, "e")
    with scope(panel=world.alice.panel):
        for user in (made.customer.user, buyer.customer.user):
            meet_device(user=user, device=same, now=clock.now())
    id_ = making.begun(buyer, method(world), "20")
    world.do("payment.approve", id_)
    return int(value("SELECT MAX(id) FROM promotions_commission"))


def payout(world: Any) -> int:
    """One that an affiliate asks for."""
    made, buyer = _brought(world)
    id_ = making.begun(buyer, method(world), "20")
    world.do("payment.approve", id_)
    asked = partners.pay_out(made, "1", to="PayPal: partner@mail.example")
    return int(asked.id)  # type: ignore[union-attr]


def trial(world: Any) -> int:
    """The trial balance of a new customer."""
    world.do("trial.set", trial=True, trial_amount="1.50")
    customer = world.alice.customer(f"trial-{_new(world)}").customer
    who = {"customer": customer, "address": "203.0.113.77", "device": _new(world)}
    with scope(panel=world.alice.panel), transaction.atomic():
        return trial_actions.grant(panel_id=world.alice.panel_id, **who, now=clock.now())


def receipt(world: Any) -> int:
    """The id of one that the panel has issued."""
    world.do("receipts.set", **_SELLER)
    world.do("payment.approve", target := payment(world))
    with scope(panel=world.alice.panel):
        issued = receipt_actions.issue(panel_id=world.alice.panel_id, payment_id=target, now=clock.now())
    assert issued is not None
    return int(issued.id)


def _voucher_off(world: Any) -> int:
    target = voucher(world)
    world.do("voucher.turn_off", target)
    return target


def _paid(world: Any) -> Any:
    id_ = payment(world)
    world.do("payment.approve", id_)
    return id_


def _unknown(world: Any) -> Any:
    """A refund of which nobody knows whether the gateway has made it."""
    world.do("payment.refund", id_ := _paid(world), amount="5.00")
    execute("UPDATE payments_refund SET state = 'unknown' WHERE payment_id = %s", int(id_))
    execute("UPDATE payments_payment SET attention = 'refund_unknown' WHERE id = %s", int(id_))
    return id_


def _paid_twice(world: Any) -> Any:
    """Staff have approved it, and its gateway says that it has the money."""
    id_ = _paid(world)
    execute("UPDATE payments_payment SET attention = 'paid_twice' WHERE id = %s", int(id_))
    return id_


def _held(world: Any) -> Any:
    """What a rule holds; nothing of it is credited."""
    id_ = payment(world)
    execute(
        "UPDATE payments_payment SET state = 'problem', problem_code = 'payment_held', at_gateway = %s,"
        " received_micros = asked_micros + fee_micros, problem_facts = %s WHERE id = %s",
        True,
        '{"rules": [["new_customer", {"days": 1, "limit": 7}]]}',
        int(id_),
    )
    return id_


def _fresh(world: Any) -> Any:
    """What was credited, and cannot be spent yet."""
    id_ = payment(world)
    execute(
        "UPDATE payments_paymentmethod SET spend_after_h = 24 WHERE id ="
        " (SELECT method_id FROM payments_payment WHERE id = %s)",
        int(id_),
    )
    world.do("payment.approve", id_)
    return id_


def payment_block(world: Any) -> int:
    """The id of one, of a domain that nobody has."""
    return int(world.do("payment_block.add", kind="domain", value=f"{_new(world)}.example").target)


def _disputed(world: Any) -> Any:
    world.do("payment.record_dispute", id_ := _paid(world), amount="5.00")
    return id_


def _surplus(world: Any) -> Any:
    """One of which the gateway has more than was credited."""
    id_ = _paid(world)
    facts = '{"surplus_micros": 20000000}'
    execute("UPDATE payments_payment SET attention = 'surplus', problem_facts = %s WHERE id = %s", facts, int(id_))
    return id_


def _stripe(world: Any) -> int:
    return int(world.do("payment_method.add", kind="stripe", name=f"Card {world.link()}").target)


def _of_kind(kind: str) -> Callable[[Any], int]:
    return lambda world: int(world.do("payment_method.add", kind=kind, name=f"{kind} {world.link()}").target)


def _answered(world: Any) -> int:
    """A method of Stripe's whose gateway is a simulated one, for as long as this process lives."""
    world.do("payment_method.set_stripe", target := _stripe(world), key="sk_test_ofthesimulatedgateway")
    settings.SANDBOX_GATEWAYS = _simulated()
    return target


@cache
def _simulated() -> str:
    """A server that stands until the process ends, and is ended while its thread still runs: later it would hang."""
    server = served()
    _gateway, url = server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return url


PAYMENT_CASES: dict[str, Callable[[Any], Made]] = {
    "payment.approve": lambda w: (payment(w), {}),
    "payment.approve_amount": lambda w: (payment(w), {"received": "12.50", "gateway_id": "wire 7"}),
    "payment.reject": lambda w: (payment(w), {"reason": "Not on our account."}),
    "payment.release": lambda w: (_held(w), {}),
    "payment.make_spendable": lambda w: (_fresh(w), {}),
    "payment_rules.set": lambda w: (None, {"hold_new_days": 7, "hold_first_above": "50.00", "hold_shared": True}),
    "payment_block.add": lambda w: (None, {"kind": "address", "value": "203.0.113.0/24", "note": "Cards."}),
    "payment_block.remove": lambda w: (payment_block(w), {}),
    "receipts.set": lambda w: (None, _SELLER),
    "affiliates.set": lambda w: (None, {**_PROGRAM, "affiliate_percent": "7.5", "affiliate_months": 12}),
    "trial.set": lambda w: (None, {"trial": True, "trial_amount": "1.50", "trial_per_day": 5}),
    "partner.set_percent": lambda w: (partner(w), {"percent": "12.5"}),
    "partner.drop_percent": lambda w: (_own_percent(w), {}),
    "partner.block": lambda w: (partner(w), {}),
    "partner.unblock": lambda w: (_blocked(w), {}),
    "commission.accept": lambda w: (commission(w), {}),
    "commission.decline": lambda w: (commission(w), {}),
    "payout.approve": lambda w: (payout(w), {"reference": "wire 7"}),
    "payout.reject": lambda w: (payout(w), {"reason": "There is no such wallet."}),
    "voucher.make": lambda w: (None, {"label": w.link(), "value": "5.00", "count": 1, "uses": 2}),
    "voucher.turn_off": lambda w: (voucher(w), {}),
    "voucher.turn_on": lambda w: (_voucher_off(w), {}),
    "coupon.make": lambda w: (
        None,
        {"code": f"N-{w.link().rsplit('/', 1)[1]}", "percent": "12.5", "most": "20.00", "least": "5.00", "uses": 100},
    ),
    "coupon.turn_off": lambda w: (coupon(w), {}),
    "coupon.turn_on": lambda w: (_coupon_off(w), {}),
    "payment_method.add": lambda w: (None, {"kind": "by_hand", "name": f"Wallet {w.link()}", "currency": "EUR"}),
    "payment_method.set": lambda w: (
        method(w),
        {"min": "5.00", "max": "900.00", "fee_percent": "2.5", "bonuses": "100 5, 250 7"},
    ),
    "payment_method.set_texts": lambda w: (method(w), {"language": "en", "instructions": "Pay to **IBAN 1**."}),
    "payment_method.set_by_hand": lambda w: (method(w), {"proof": "both"}),
    "payment.confirm_refund": lambda w: (_unknown(w), {"reason": "It is in the dashboard."}),
    "payment.undo_refund": lambda w: (_unknown(w), {"reason": "It is not in the dashboard."}),
    "payment.mark_checked": lambda w: (_paid_twice(w), {"reason": "It was paid once."}),
    "payment.record_dispute": lambda w: (_paid(w), {"amount": "5.00", "reason": "fraudulent"}),
    "payment.close_dispute": lambda w: (_disputed(w), {"outcome": "won"}),
    "payment.settle_surplus": lambda w: (_surplus(w), {}),
    "payment.refund": lambda w: (_paid(w), {"amount": "5.00"}),
    "payment_method.set_stripe": lambda w: (_stripe(w), {}),
    "payment_method.set_mercado_pago": lambda w: (_of_kind("mercado_pago")(w), {"product": "pix"}),
    "payment_method.set_paypal": lambda w: (_of_kind("paypal")(w), {"mode": "live"}),
    "payment_method.set_flutterwave": lambda w: (_of_kind("flutterwave")(w), {"key": "FLWSECK-0123456789abcdef-X"}),
    "payment_method.set_paystack": lambda w: (_of_kind("paystack")(w), {"key": "sk_live_0123456789abcdef01"}),
    "payment_method.set_razorpay": lambda w: (_of_kind("razorpay")(w), {"key_id": "rzp_live_12345678"}),
    "payment_method.set_nowpayments": lambda w: (_of_kind("nowpayments")(w), {"mode": "live"}),
    "payment_method.set_uddoktapay": lambda w: (_of_kind("uddoktapay")(w), {"speaks": "piprapay", "mode": "live"}),
    "payment_method.set_binance_pay": lambda w: (_of_kind("binance_pay")(w), {"minutes": 30}),
    "payment_method.set_cryptomus": lambda w: (_of_kind("cryptomus")(w), {"host": "heleket", "mode": "live"}),
    "payment_method.set_btcpay": lambda w: (_of_kind("btcpay")(w), {"mode": "live"}),
    "payment_method.set_yookassa": lambda w: (_of_kind("yookassa")(w), {"shop_id": "506751"}),
    "payment_method.test": lambda w: (_answered(w), {}),
    "payment_method.turn_on": lambda w: (_off(w), {}),
    "payment_method.turn_off": lambda w: (method(w), {}),
    "payment_method.remove": lambda w: (method(w), {}),
}
