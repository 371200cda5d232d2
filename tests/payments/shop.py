"""Alice's panel with Stripe as its method, and everything that a payment can meet. Import this late."""

from __future__ import annotations

import html
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django_scopes import scope

from panelwright.core import clock
from panelwright.payments import asking_actions, method_actions
from panelwright.payments.tests import making
from panelwright.sandbox import simulated_gateways
from panelwright.sandbox.simulated_gateways import SimulatedGateway
from panelwright.sandbox.simulated_stripe import SECRET, Session, SimulatedStripe
from panelwright.sandbox.wire import Ending, Request
from panelwright.storefront.tests.browsing import Browser, hidden
from tests.support.people import values
from tests.support.serving import LoopbackServer
from tests.support.story import Story

KEY = "sk_test_ofthesimulatedgateway"


class _Handler(BaseHTTPRequestHandler):
    gateways: dict[str, SimulatedGateway]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parts.query.encode(), headers, self.rfile.read(length))
        answer = simulated_gateways.answer(self.gateways, request)
        if answer.ending is Ending.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name.decode(), value.decode())
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_GET

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def serving(**gateways: SimulatedGateway) -> Iterator[str]:
    """Simulated gateways over HTTP, by their names: the address of all of them."""
    handler = type("Handler", (_Handler,), {"gateways": gateways})
    server = LoopbackServer(handler)
    url = f"http://127.0.0.1:{server.port}"
    for name, one in gateways.items():
        one.base_url = f"{url}/{name}"
    try:
        yield url
    finally:
        server.stop()


@contextmanager
def served() -> Iterator[tuple[SimulatedStripe, str]]:
    stripe = SimulatedStripe()
    with serving(stripe=stripe) as url:
        yield stripe, url


def led_to(answer: Any) -> str:
    """Where the page leads that is shown before a customer goes to pay elsewhere: by itself, and by its link."""
    page = answer.content.decode()
    found = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]+)">', page)
    assert answer.status_code == 200 and found is not None, (answer.status_code, answer.headers)
    assert f'href="{found[1]}"' in page and "form-action 'self'" in answer["content-security-policy"]
    return html.unescape(found[1])


class Shop:
    """`begin()` is a payment whose customer is at Stripe; then the test says what happens."""

    def __init__(self, story: Story, stripe: SimulatedStripe) -> None:
        self.stripe, self.alice, self.carol, self.mallory = stripe, story.alice, story.carol, story.mallory
        self.story = story
        self.method_id = self.method()
        self.browser = Browser(self.alice, self.carol.customer.user)

    def method(self, name: str = "Card", **terms: Any) -> int:
        panel_id = self.alice.panel_id
        with scope(panel=self.alice.panel):
            row = method_actions.add(panel_id=panel_id, kind="stripe", name=name)
            method_actions.set_method(panel_id=panel_id, method_id=row.id, **terms)
            method_actions.set_gateway(panel_id=panel_id, method_id=row.id, key=KEY, hook_secret=SECRET)
            method_actions.turn(panel_id=panel_id, method_id=row.id, enabled=True)
            return int(row.id)

    def set_terms(self, **terms: Any) -> None:
        with scope(panel=self.alice.panel):
            method_actions.set_method(panel_id=self.alice.panel_id, method_id=self.method_id, **terms)

    def pay_form(self, amount: str = "20", method: str = "") -> dict[str, str]:
        page = self.browser.get(f"/funds?amount={amount}&method={method}")
        form = {name: hidden(page, name) for name in ("method", "amount", "agreed", "request_id")}
        # The first that is found is the first that is offered.
        return {**form, "method": method or form["method"]}

    def begin(self, amount: str = "20", method: str = "") -> int:
        """The id of a payment whose checkout is open."""
        assert "/pay/cs_test_" in led_to(self.browser.post("/funds/pay", **self.pay_form(amount, method)))
        return int(values("SELECT MAX(id) FROM payments_payment")[0][0])

    def session(self, payment_id: int) -> Session:
        reference = making.payment(payment_id).reference
        return next(one for one in self.stripe.sessions.values() if one.reference == reference)

    def tell(self, payment_id: int, kind: str = "checkout.session.completed", **how: Any) -> int:
        """A webhook about it arrives: the HTTP status that it is answered with."""
        at = how.pop("at", int(clock.now().timestamp()))
        body, signature = self.stripe.event(kind, self.session(payment_id).id, at=at, **how)
        return self.post(body, signature)

    def post(self, body: bytes, signature: str, *, path: str = "", host: str = "") -> int:
        client = Client(headers={"host": host or self.alice.host, "stripe-signature": signature})
        answer = client.post(path or self.hook_path(), body, content_type="application/json")
        return int(answer.status_code)

    def hook_path(self) -> str:
        ((token,),) = values("SELECT hook_token FROM payments_paymentmethod WHERE id = %s", self.method_id)
        assert re.fullmatch(r"[\w-]{43}", token)
        return f"/hooks/payments/{token}"

    def work(self) -> int:
        """What the worker's loop does now."""
        return making.work()

    def look(self, payment_id: int) -> bool:
        with scope(panel=self.alice.panel):
            return asking_actions.look(panel_id=self.alice.panel_id, payment_id=payment_id, now=clock.now())

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
