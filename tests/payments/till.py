"""What every gateway is put through: one description of how it is played, by which the same tests run for all.

A new gateway adds a `Play` to `plays.py`, and has all of test_matrix.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from django.test import Client
from django_scopes import scope

from panelwright.core import clock
from panelwright.payments import asking_actions, method_actions
from panelwright.payments.tests import making
from panelwright.sandbox.simulated_gateways import SimulatedGateway
from panelwright.storefront.tests.browsing import Browser, hidden
from tests.support.people import value, values
from tests.support.story import Story

# What differs from what was asked for, and what staff are told then.
DIFFERENCES = {
    "less": "received_other_amount",
    "more": "received_other_amount",
    "currency": "received_other_currency",
    "reference": "received_for_another",
    "mode": "received_in_test_mode",
    "account": "received_for_another",
}


class SentHook(NamedTuple):
    """A webhook as a gateway sends it."""

    headers: dict[str, str]
    body: bytes
    query: str = ""


class Play(ABC):
    """How a gateway is played: what its owner enters, what buyers and others do there, and what it tells of it.

    Payments are named by our reference. `amount` of the method's currency brings 20 USD.
    """

    kind = ""
    amount = "20"
    terms: dict[str, Any] = {}
    # A lost answer to a creation, and the next try: how often it is there afterwards.
    made_twice = 1
    # A dispute has the money off the account as soon as it is opened.
    takes_at_once = False

    double: Any

    @property
    def gateway(self) -> SimulatedGateway:
        found: SimulatedGateway = self.double
        return found

    @abstractmethod
    def entered(self) -> dict[str, Any]:
        """What the owner enters."""

    @abstractmethod
    def of(self, reference: str) -> Any:
        """What the simulated gateway has of it."""

    @abstractmethod
    def is_there(self, reference: str) -> int:
        """How often the payment was made at the gateway."""

    @abstractmethod
    def pay(self, reference: str) -> None: ...

    @abstractmethod
    def differ(self, reference: str, what: str) -> None:
        """The buyer pays, or the gateway tells, something else: one of `differences`."""

    @abstractmethod
    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        """It tells that something has happened. `lie`: whatever of the body can be forged says something else."""

    @abstractmethod
    def forged(self, reference: str) -> list[SentHook]:
        """Webhooks that are none of its."""

    @abstractmethod
    def refund_there(self, reference: str, amount: str) -> None: ...

    @abstractmethod
    def given_back(self, reference: str) -> list[str]:
        """The refunds that were asked for, in the method's currency."""

    def back(self, reference: str) -> str:
        """The query of the address that the gateway leads a buyer back to, where that is all that names the payment."""
        return ""

    def expire(self, reference: str) -> None:
        raise AssertionError("it has no such thing")

    def fail(self, reference: str) -> None:
        raise AssertionError("it has no such thing")

    def dispute(self, reference: str, how: str) -> None:
        """`open`, `taken`, `won` or `lost`."""
        raise AssertionError("it has no such thing")


class Till:
    """Alice's panel that sells by the gateway; Carol pays, Mallory does not."""

    def __init__(self, story: Story, play: Play) -> None:
        self.play, self.alice, self.carol = play, story.alice, story.carol
        self.method_id = self.method("Gateway")
        self.browser = Browser(self.alice, self.carol.customer.user)

    def method(self, name: str, **entered: Any) -> int:
        panel_id = self.alice.panel_id
        with scope(panel=self.alice.panel):
            row = method_actions.add(panel_id=panel_id, kind=self.play.kind, name=name)
            method_actions.set_method(panel_id=panel_id, method_id=row.id, **self.play.terms)
            method_actions.set_gateway(panel_id=panel_id, method_id=row.id, **{**self.play.entered(), **entered})
            method_actions.turn(panel_id=panel_id, method_id=row.id, enabled=True)
            return int(row.id)

    def enter(self, **entered: Any) -> None:
        with scope(panel=self.alice.panel):
            method_actions.set_gateway(panel_id=self.alice.panel_id, method_id=self.method_id, **entered)

    def form(self) -> dict[str, str]:
        page = self.browser.get(f"/funds?amount={self.play.amount}&method={self.method_id}")
        form = {name: hidden(page, name) for name in ("amount", "agreed", "request_id")}
        return {**form, "method": str(self.method_id)}

    def begin(self) -> int:
        """The id of a payment whose checkout is open."""
        answer = self.browser.post("/funds/pay", **self.form())
        id_ = int(values("SELECT MAX(id) FROM payments_payment")[0][0])
        assert self.state(id_) == "sent", (answer.status_code, answer.content.decode()[:2000])
        return id_

    def reference(self, payment_id: int) -> str:
        return making.payment(payment_id).reference

    def pay(self, payment_id: int) -> None:
        self.play.pay(self.reference(payment_id))
        self.come_back(payment_id)

    def come_back(self, payment_id: int) -> None:
        """The buyer is led back, where that matters."""
        query = self.play.back(self.reference(payment_id))
        if query:
            self.browser.get(f"/funds/{making.payment(payment_id).number}?{query}")

    def tell(self, payment_id: int, **how: Any) -> int:
        return self.post(self.play.hook(self.reference(payment_id), **how))

    def post(self, sent: SentHook, *, method_id: int = 0) -> int:
        ((token,),) = values("SELECT hook_token FROM payments_paymentmethod WHERE id = %s", method_id or self.method_id)
        client = Client(headers={"host": self.alice.host, **sent.headers})
        path = f"/hooks/payments/{token}" + (f"?{sent.query}" if sent.query else "")
        return int(client.post(path, sent.body, content_type="application/json").status_code)

    def work(self) -> int:
        return making.work()

    def look(self, payment_id: int) -> bool:
        with scope(panel=self.alice.panel):
            return asking_actions.look(panel_id=self.alice.panel_id, payment_id=payment_id, now=clock.now())

    def paid(self) -> int:
        id_ = self.begin()
        self.pay(id_)
        assert self.tell(id_) == 200
        self.settle()
        assert self.state(id_) == "paid" and self.carol.balance() == "120.00"
        return id_

    def settle(self) -> None:
        """Whatever is to be asked now; first of all whose an event is."""
        for _ in range(4):
            self.work()

    def refund(self, payment_id: int, amount: str = "") -> Any:
        from panelwright.staff import registry
        from panelwright.staff.actions import perform

        with scope(panel=self.alice.panel):
            return perform(
                registry.actions()["payment.refund"],
                actor=making.BOB,
                panel_id=self.alice.panel_id,
                target=making.payment(payment_id).number,
                given={"amount": amount} if amount else {},
            )

    def state(self, payment_id: int) -> str:
        return str(value("SELECT state FROM payments_payment WHERE id = %s", payment_id))

    def balance(self) -> str:
        return self.carol.balance()

    def audit(self) -> None:
        assert self.alice.audit() == []
