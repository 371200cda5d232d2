"""A worker whose rounds a test calls one by one, each to its end, instead of seven loops at once."""

from __future__ import annotations

import logging
from collections.abc import Callable

from panelwright.core import clock
from panelwright.orders import loops as order_loops
from panelwright.providers.posts import subscription_actions
from panelwright.providers.routing import calls, request_actions, store
from panelwright.providers.routing.actions import Sending, Sent
from panelwright.providers.routing.store import ProviderRow
from panelwright.providers.worker import POLL_BATCH, REQUEST_BATCH, Worker

log = logging.getLogger(__name__)


class Rounds:
    """`forward()`, `recover()`, `poll()`, … do what is due now and answer on how many rows."""

    def __init__(self) -> None:
        self._worker = Worker()
        # Whether the test lets a round fail.
        self.fails = False
        (schedules,) = order_loops.loops(pass_on=subscription_actions.pass_on).loops
        self.schedules = schedules.tick

    def send_one(self, sending: Sending) -> Sent:
        self._worker._learn_secret()
        return self._worker._send_one(sending)

    def forward(self) -> int:
        """Send what is due; every answer is written down when this returns."""
        did = self._worker.forward()
        # The loop goes on while a slow provider answers; a test waits for it.
        while self._worker._on_the_way:
            did += self._worker.forward()
        return did

    def recover(self) -> int:
        """As `forward`. Answers how many were taken up."""
        did = self._worker.recover()
        while self._worker._recovering:
            self._worker.recover()
        return did

    def try_providers(self) -> int:
        return sum(self._worker._try_one(id_) for id_ in store.providers_to_try(clock.now()))

    def balances(self) -> int:
        """Read the balances that an unknown outcome asks for."""
        due = store.providers(calls.balances_due(clock.now()))
        return sum(self._worker._balance_of(provider) for provider in due.values())

    def refills(self) -> int:
        claimed = request_actions.claim_refills(REQUEST_BATCH)
        return self._worker._pass_refills_on(claimed) if claimed else 0

    def cancels(self) -> int:
        claimed = request_actions.claim_cancels(POLL_BATCH)
        return sum(self._worker._pass_cancels_on(cancels) for cancels in claimed.values())

    def poll(self) -> int:
        return self._ask_each("orders", self._worker._poll_one)

    def refill_poll(self) -> int:
        return self._ask_each("refills", self._worker._refill_poll_one)

    def everything(self) -> None:
        """One round of each loop."""
        for loop in (self.schedules, self.forward, self.recover, self.refills, self.cancels, self.refill_poll):
            loop()
        self.poll()

    def _ask_each(self, what: str, handle: Callable[[ProviderRow], int]) -> int:
        """What the loop does on a thread for each provider, done in this one: the test's transaction holds."""
        did = 0
        for provider in store.providers(store.providers_to_ask(what, clock.now())).values():
            try:
                did += handle(provider)
            except Exception:
                log.exception("asking provider %d failed", provider.id)
        return did

    def close(self) -> None:
        """End the threads."""
        self._worker.close(wait_for=True)
