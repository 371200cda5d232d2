"""Sending what webhooks and chats of customers and panels are to be told: claim, POST with no transaction open,
write down."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.conf import settings

from panelwright import __version__
from panelwright.core import clock, limits, signatures
from panelwright.core.loop import IDLE_S, let_go
from panelwright.core.places import Room, Turns
from panelwright.core.reply import HttpReply, spellings
from panelwright.core.said import said
from panelwright.core.secret import installation_box
from panelwright.core.transport import NoResponse, NotSent, Transport
from panelwright.events import delivery_actions, telegram_rules
from panelwright.events import webhook_rules as rules
from panelwright.events.delivery_actions import LEASE, DeliverySending, DeliverySent, Tell
from panelwright.events.models import EndpointKind
from panelwright.events.webhook_rules import DeliveryOutcome

log = logging.getLogger(__name__)

SENDERS = 48
# Of them for endpoints that keep failing, at most.
FOR_FAILING = SENDERS // 2
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 15.0
GATHER_S = 0.01
USER_AGENT = f"Panelwright/{__version__} (webhooks)"


class Webhooks:
    """`deliver` is the round of a loop; whoever has slow endpoints holds up only herself."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._box = installation_box()
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="webhook")
        self._on_the_way: dict[Future[DeliverySent], DeliverySending] = {}
        self._turns = Turns()

    def deliver(self) -> int:
        """Send what is due, and write down what has been answered. Answers on how many."""
        sendings = self._on_the_way.values()
        in_flight = Counter(sending.endpoint_id for sending in sendings)
        owners = [rules.owner(sending.panel_id, sending.customer_id) for sending in sendings]
        failing = [owner for sending, owner in zip(sendings, owners, strict=True) if sending.failing]
        room = Room(SENDERS, owners, self._turns)
        failing_room = Room(FOR_FAILING, failing)
        claimed = delivery_actions.claim(in_flight, room=room, failing_room=failing_room) if room.free else []
        for sending in claimed:
            self._on_the_way[self._senders.submit(self._send, sending)] = sending
        return self.write_down(wait_s=IDLE_S) or len(claimed)

    def write_down(self, *, wait_s: float) -> int:
        """Write down the outcomes that have come in, waiting for the first one. Answers how many."""
        if not self._on_the_way:
            return 0
        let_go()
        done, _ = wait(self._on_the_way, wait_s, return_when=FIRST_COMPLETED)
        if done:
            # Answers come in bursts: a moment more, and they share a transaction.
            done, _ = wait(self._on_the_way, GATHER_S)
            results = [future.result() for future in done]
            for future in done:
                del self._on_the_way[future]
            delivery_actions.commit(results, tell=self._tell)
        return len(done)

    def on_the_way(self) -> int:
        return len(self._on_the_way)

    def close(self) -> None:
        self._senders.shutdown(wait=False, cancel_futures=True)

    def _send(self, sending: DeliverySending) -> DeliverySent:
        """Never raises: whatever goes wrong is a failed attempt."""
        tried_at, began = clock.now(), time.monotonic()
        if tried_at >= sending.lease_until - LEASE / 2:
            outcome = DeliveryOutcome(False, problem=said("own_slow"))
        else:
            try:
                outcome = self._post(sending)
            except Exception as error:
                log.exception("sending webhook delivery %d failed", sending.id)
                outcome = DeliveryOutcome(False, problem=said("own_fault", type=type(error).__name__))
        return DeliverySent(sending, outcome, tried_at, round((time.monotonic() - began) * 1000))

    def _post(self, sending: DeliverySending) -> DeliveryOutcome:
        try:
            secrets = [self._box.open(sealed) for sealed in sending.sealed]
        except ValueError as error:
            return DeliveryOutcome(False, problem=str(error)[: rules.PROBLEM_MAX])
        if sending.kind == EndpointKind.TELEGRAM:
            return post_to_telegram(secrets[0], sending.body)
        return post(sending.url, secrets, sending.message_id, sending.body)


def post(url: str, secrets: Sequence[str], message_id: str, body: str) -> DeliveryOutcome:
    """One signed attempt, with no transaction open."""
    signed = signatures.headers(list(secrets), message_id=message_id, at=clock.now(), body=body)
    came = _sent(
        url,
        body,
        signed,
        secrets=(),
        allow_private=settings.ALLOW_PRIVATE_WEBHOOKS,
        allow_own=settings.ALLOW_WEBHOOKS_TO_THIS_MACHINE,
    )
    return came if isinstance(came, DeliveryOutcome) else rules.judged(came)


def post_to_telegram(token: str, body: str) -> DeliveryOutcome:
    """One attempt to have a bot say something. The host is the installation's setting, and none that a panel names."""
    url = f"{settings.TELEGRAM_API}/bot{token}/sendMessage"
    came = _sent(url, body, {}, secrets=spellings(token), allow_private=True, allow_own=True)
    return came if isinstance(came, DeliveryOutcome) else telegram_rules.judged(came)


def _sent(
    url: str, body: str, signed: dict[str, str], *, secrets: tuple[str, ...], allow_private: bool, allow_own: bool
) -> HttpReply | NotSent | NoResponse | DeliveryOutcome:
    try:
        transport = Transport(
            url=url,
            allow_private=allow_private,
            allow_own=allow_own,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=READ_TIMEOUT_S,
            max_bytes=limits.WEBHOOK_ANSWER_BYTES_MAX,
            secrets=secrets,
        )
    except ValueError as error:
        return DeliveryOutcome(False, problem=str(error)[: rules.PROBLEM_MAX])
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, **signed}
    try:
        return transport.post_body(body.encode(), headers)
    finally:
        transport.close()
