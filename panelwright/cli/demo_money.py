"""How people of the demonstration's past paid in: by transfer, with receipts, coupons, and what waits for staff today.

Each step is done by who would do it: the customer says that they have paid, Fay of the panel's staff finds the money.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from panelwright.core import clock, money
from panelwright.core.refusal import Refusal
from panelwright.customers.models import Customer, Staff
from panelwright.panels.models import Panel
from panelwright.payments import actions as payment_actions
from panelwright.payments import method_actions
from panelwright.payments.actions import BegunPayment
from panelwright.payments.models import PaymentMethod
from panelwright.promotions.actions import Entered
from panelwright.receipts import actions as receipt_actions
from panelwright.staff import registry, rights
from panelwright.staff.actions import Performed, perform
from panelwright.staff.actor import Actor, ActorKind

WELCOME, SPRING = "WELCOME10", "SPRING5"
_PERCENT = {WELCOME: 10, SPRING: 5}
_ADDRESS = "198.51.100.20"
# By language: name, note and instructions of the two methods.
_BANK = {
    "en": (
        "Bank transfer",
        "Within a business day",
        "Send **{{amount}} {{currency}}** to DE00 0000 0000 0000 0000 00 (Demo Ltd) with the reference"
        " **{{reference}}**. This is a demonstration: do not send money.",
    ),
    "es": (
        "Transferencia bancaria",
        "En un día hábil",
        "Envíe **{{amount}} {{currency}}** a DE00 0000 0000 0000 0000 00 (Demo Ltd) con el concepto"
        " **{{reference}}**. Es una demostración: no envíe dinero.",
    ),
    "pt-BR": (
        "Transferência bancária",
        "Em um dia útil",
        "Envie **{{amount}} {{currency}}** para DE00 0000 0000 0000 0000 00 (Demo Ltd) com a referência"
        " **{{reference}}**. Isto é uma demonstração: não envie dinheiro.",
    ),
    "ru": (
        "Банковский перевод",
        "В течение рабочего дня",
        "Переведите **{{amount}} {{currency}}** на счёт DE00 0000 0000 0000 0000 00 (Demo Ltd) с назначением"
        " **{{reference}}**. Это демонстрация: деньги отправлять не нужно.",
    ),
}
_COIN = {
    "en": ("USDT", "TRC-20, confirmed by hand", "Send **{{amount}}** to TDemoAddressThatNobodyHas. Do not send money."),
    "es": ("USDT", "TRC-20, a mano", "Envíe **{{amount}}** a TDemoAddressThatNobodyHas. No envíe dinero."),
    "pt-BR": ("USDT", "TRC-20, à mão", "Envie **{{amount}}** para TDemoAddressThatNobodyHas. Não envie dinheiro."),
    "ru": ("USDT", "TRC-20, вручную", "Отправьте **{{amount}}** на TDemoAddressThatNobodyHas. Деньги не отправляйте."),
}


def set_up(panel: Panel, at: datetime) -> None:
    """The methods, the receipts and the coupons of a panel that had them from `at` on."""
    with clock.at(at):
        for texts, position in ((_BANK, 4), (_COIN, 5)):
            row = method_actions.add(panel_id=panel.id, kind="by_hand", name=texts["en"][0])
            method_actions.set_method(panel_id=panel.id, method_id=row.id, position=position)
            for language in {panel.language, *panel.languages} & set(texts):
                name, note, instructions = texts[language]
                method_actions.set_texts(
                    panel_id=panel.id,
                    method_id=row.id,
                    language=language,
                    name=name,
                    note=note,
                    instructions=instructions,
                )
            method_actions.turn(panel_id=panel.id, method_id=row.id, enabled=True)
        receipt_actions.set_receipts(
            panel_id=panel.id,
            now=at,
            enabled=True,
            seller="Demo Ltd",
            address="1 Example Street\nExampletown",
            tax_name="VAT",
            tax_percent_e2=2_000,
            prefix="E",
        )
        fay = Till(panel).fay
        for code, given in (
            (WELCOME, {"percent": "10", "most": "20", "first_only": True}),
            (SPRING, {"percent": "5", "least": "50", "uses": 40}),
        ):
            _done("coupon.make", fay, panel, None, {"code": code, **given})


class Till:
    """Where the people of one panel pay in. In the panel's scope."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.draw = random.Random(f"till:{panel.slug}")

    @cached_property
    def methods(self) -> Sequence[PaymentMethod]:
        return list(PaymentMethod.objects.filter(panel=self.panel, kind="by_hand").order_by("position"))

    @cached_property
    def fay(self) -> Actor:
        row = Staff.objects.select_related("user").get(panel=self.panel, role=rights.Role.FINANCE.value)
        return Actor(ActorKind.STAFF, row.id, row.user.email, _ADDRESS, rights.of(row.role, row.rights))

    def pay(self, buyer: Customer, amount: int, at: datetime) -> bool:
        """Somebody pays in and finds it on the balance at `at`; False where they may not pay so."""
        code = self.draw.choice((WELCOME, SPRING, "", "", ""))
        begun = self.say(buyer, amount, at, code=code) or self.say(buyer, amount, at)
        if begun is None:
            return False
        with clock.at(at):
            done = _done("payment.approve", self.fay, self.panel, begun.number, {})
            receipt_actions.issue(panel_id=self.panel.id, payment_id=begun.payment_id, now=at)
            return done

    def say(self, buyer: Customer, amount: int, at: datetime, *, code: str = "") -> BegunPayment | None:
        """Somebody says that they have paid, a few minutes before `at`."""
        method = self.methods[self.draw.random() < 0.35]
        worth = Entered(code, amount * _PERCENT[code] * money.MICROS // 100) if code else None
        with clock.at(at - timedelta(minutes=5)):
            begun = payment_actions.begin(
                panel_id=self.panel.id,
                customer_id=buyer.id,
                method_id=method.id,
                amount_micros=amount * money.MICROS,
                coupon=worth,
                address=_ADDRESS,
            )
        if isinstance(begun, Refusal):
            return None
        with clock.at(at - timedelta(minutes=4)):
            proof = f"TX{self.draw.randint(10**9, 10**10 - 1)}"
            payment_actions.submit(
                panel_id=self.panel.id, customer_id=buyer.id, payment_id=begun.payment_id, proof=proof
            )
        return begun


def act(till: Till, people: Sequence[Customer]) -> None:
    """What waits for staff today, and what went wrong lately."""
    panel, now = till.panel, clock.now()
    for hours, buyer, amount in ((9, people[3], 50), (5, people[6], 120), (2, people[9], 25)):
        till.say(buyer, amount, now - timedelta(hours=hours))
    late = till.say(people[5], 40, now - timedelta(days=2))
    if late is not None:
        with clock.at(now - timedelta(days=1, hours=20)):
            reason = "We cannot find this transfer. Please send us your bank's confirmation."
            _done("payment.reject", till.fay, panel, late.number, {"reason": reason})
    for days, amount, action, given in (
        (6, 60, "payment.refund", {"amount": "20", "reason": "Paid too much"}),
        (4, 80, "payment.record_dispute", {"reason": "Recalled by the bank"}),
    ):
        begun = till.say(people[7], amount, now - timedelta(days=days))
        if begun is not None:
            with clock.at(now - timedelta(days=days) + timedelta(hours=1)):
                _done("payment.approve", till.fay, panel, begun.number, {})
            with clock.at(now - timedelta(days=days - 2)):
                _done(action, till.fay, panel, begun.number, given)


def _done(name: str, actor: Actor, panel: Panel, target: int | None, given: Mapping[str, object]) -> bool:
    done = perform(registry.actions()[name], actor=actor, panel_id=panel.id, target=target, given=given)
    return isinstance(done, Performed)
