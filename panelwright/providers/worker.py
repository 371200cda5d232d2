"""The rounds of the loops (loops.py) that bring orders to providers and their outcomes back.

Claim (a short transaction), handle (the network, no transaction open), commit (a short
transaction). Any number of workers may run; what one has claimed the others leave alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections, connections

from panelwright.core import clock
from panelwright.core.loop import IDLE_S
from panelwright.core.secret import installation_box
from panelwright.providers.posts import subscription_actions
from panelwright.providers.posts.subscription_actions import Reports
from panelwright.providers.routing import actions, health_actions, request_actions, rules, store
from panelwright.providers.routing.actions import Sending, Sent
from panelwright.providers.routing.request_actions import CancelSending, RefillSending
from panelwright.providers.routing.store import PollTask, ProviderRow
from panelwright.providers.secret_actions import request_secret
from panelwright.providers.sync import sync_actions
from panelwright.providers.sync.syncing import sync_one
from panelwright.providers.wire import transports
from panelwright.providers.wire.outcomes import Accepted, OrderReport, Reason, RefillReport, Unknown, UpstreamRefused
from panelwright.providers.wire.upstream import Upstream

log = logging.getLogger(__name__)

# As many are claimed as can be sent at once: what is claimed leaves now, and counts for this minute.
SENDERS = 32
REQUEST_BATCH = 64
POLL_BATCH = 100
# How many orders of subscriptions are asked about one by one, where the provider refuses a list of them.
POSTS_ALONE_MAX = 10
POLLERS = 16
ROUNDS = 20
RECOVERERS = 4
GATHER_S = 0.01
SYNCS = 4
_NOT_NOW = UpstreamRefused(Reason.LIMIT, "the provider gets no more requests now; nothing was sent")

T = TypeVar("T")
R = TypeVar("R")


class Upstreams:
    """One client a provider, with its open connections; a new one when transport, address or key have changed."""

    def __init__(self) -> None:
        self._box = installation_box()
        self._clients: dict[int, tuple[tuple[str, str, str], Upstream]] = {}
        self._lock = threading.Lock()

    def of(self, provider: ProviderRow) -> Upstream:
        """Raises ValueError when the stored key cannot be decrypted, or nothing speaks its transport."""
        identity = (provider.transport, provider.url, provider.sealed_key)
        with self._lock:
            known = self._clients.get(provider.id)
            if known is not None and known[0] == identity:
                return known[1]
            client = transports.connect(
                provider.transport,
                url=provider.url,
                key=self._box.open(provider.sealed_key),
                allow_private=settings.ALLOW_PRIVATE_PROVIDERS,
            )
            self._clients[provider.id] = (identity, client)
            return client

    def close(self) -> None:
        with self._lock:
            for _, client in self._clients.values():
                client.close()
            self._clients.clear()


def _status_of(ref: str, client: Upstream) -> dict[str, OrderReport | UpstreamRefused | Unknown]:
    return client.status([ref])


def _lend_connection() -> None:
    """A provider may take its time: meanwhile others have this thread's database connection."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


class Worker:
    """What the loops of delivery do, and what they share in one process."""

    def __init__(self) -> None:
        self._upstreams = Upstreams()
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="send")
        self._recoverers = ThreadPoolExecutor(RECOVERERS, thread_name_prefix="recover")
        self._pollers = ThreadPoolExecutor(POLLERS, thread_name_prefix="poll")
        self._on_the_way: set[Future[Sent]] = set()
        # What request ids are made of; empty until the first order is sent.
        self._secret = ""
        # One round a provider at a time, so that a slow one holds up nobody else.
        self._asking: dict[tuple[str, int], Future[int]] = {}

    def finish(self, deadline: float) -> None:
        """Once the loops have ended: write down what still comes in, until a time in seconds since 1970; let go."""
        while self._on_the_way and clock.now().timestamp() < deadline:
            self._write_down(wait_s=1.0)
        wait(self._asking.values(), max(deadline - clock.now().timestamp(), 0.1))
        self.close()

    def close(self, *, wait_for: bool = False) -> None:
        """Let go of threads and connections."""
        for pool in (self._senders, self._recoverers, self._pollers):
            pool.shutdown(wait=wait_for, cancel_futures=True)
        self._upstreams.close()

    def forward(self) -> int:
        """Send pending orders, several at once; a slow provider holds up only what was sent to it."""
        self._learn_secret()
        room = SENDERS - len(self._on_the_way)
        claimed = actions.claim_forward(room) if room else []
        self._on_the_way.update(self._senders.submit(self._send_one, sending) for sending in claimed)
        return self._write_down(wait_s=IDLE_S) or len(claimed)

    def _learn_secret(self) -> None:
        """Before anything is claimed. Raises ValueError when it cannot be decrypted: then nothing is sent."""
        self._secret = self._secret or request_secret()

    def _write_down(self, *, wait_s: float) -> int:
        """Write down the results that have come in, waiting for the first one. Answers how many."""
        if not self._on_the_way:
            return 0
        done, _ = wait(self._on_the_way, wait_s, return_when=FIRST_COMPLETED)
        if done:
            # Answers come in bursts: a moment more, and they share a transaction.
            done, _ = wait(self._on_the_way, GATHER_S)
            self._on_the_way -= done
            actions.commit_sent([future.result() for future in done])
        return len(done)

    def recover(self) -> int:
        """Take up orders whose sender died, or whose outcome was unknown."""
        self._learn_secret()
        claimed = actions.claim_unfinished(SENDERS)
        if claimed:
            actions.commit_sent(list(self._recoverers.map(self._send_one, claimed)))
        return len(claimed)

    def _send_one(self, sending: Sending) -> Sent:
        # Claimed long ago, by a machine that slept: the lease is somebody else's by now.
        if clock.now() >= sending.lease_until - rules.LEASE / 2:
            return Sent(sending, UpstreamRefused(Reason.LIMIT, "the worker was too slow, nothing was sent"))
        try:
            client = self._upstreams.of(sending.provider)
        except ValueError as error:
            return Sent(sending, UpstreamRefused(Reason.KEY, str(error)))
        try:
            return Sent(sending, client.add(actions.params_of(sending, self._secret)))
        except Exception as error:
            # The client promises not to raise; whatever this is, the request may have gone out.
            log.exception("sending order %d to provider %d failed", sending.order.id, sending.provider.id)
            return Sent(sending, Unknown(f"fault in our client: {type(error).__name__}"))

    def poll(self) -> int:
        """Ask every provider about its open orders, 100 a request."""
        return self._each_provider("orders", self._poll_one)

    def _poll_one(self, provider: ProviderRow) -> int:
        if not store.any_poll(provider.id, clock.now()) or not health_actions.take_request(provider):
            return 0
        asked = actions.claim_poll(provider.id, POLL_BATCH)
        if not asked:
            return 0
        ids = [ask.upstream_id for ask in asked]
        reports = self._call(provider, ids, lambda client: client.status(ids))
        posts = self._posts(provider, asked, reports)
        actions.commit_polled(asked, reports, provider_id=provider.id, posts=posts)
        # A provider that does not answer is not asked for the next hundred at once.
        return len(asked) if health_actions.note_one(provider, reports.values()) else 0

    def _posts(self, provider: ProviderRow, asked: Sequence[PollTask], reports: Reports) -> Reports:
        """What the provider says of orders that it made of subscriptions and that we hear of for the first time."""
        refs = subscription_actions.unknown_posts(provider.id, provider.panel_id, asked, reports)
        posts = self._ask(provider, refs, lambda client: client.status(refs)) if refs else {}
        if len(refs) > 1 and all(isinstance(said, Unknown) for said in posts.values()):
            # A list that is refused as a whole says nothing of any one: a few alone, the others have not been tried.
            posts = {}
            for ref in refs[:POSTS_ALONE_MAX]:
                posts |= self._ask(provider, [ref], partial(_status_of, ref))
                if isinstance(posts[ref], Unknown):
                    break  # it does not answer at all
        return posts

    def try_providers(self) -> int:
        """Find out whether providers whose rest is over are back, by asking for our balance there."""
        tried = 0
        for provider_id in store.providers_to_try(clock.now()):
            provider = health_actions.claim_trial(provider_id)
            if provider is not None:
                answers = self._call(provider, [""], lambda client: {"": client.balance()})
                health_actions.commit_trial(provider, answers[""])
                tried += 1
        return tried

    def refill_poll(self) -> int:
        """Ask every provider about refills that it has taken."""
        return self._each_provider("refills", self._refill_poll_one)

    def _refill_poll_one(self, provider: ProviderRow) -> int:
        asked = request_actions.claim_refill_poll(provider.id, POLL_BATCH)
        if not asked:
            return 0
        ids = [ask.upstream_id for ask in asked]
        reports: dict[str, RefillReport | UpstreamRefused | Unknown] = self._ask(
            provider, ids, lambda client: client.refill_status(ids)
        )
        request_actions.commit_refill_polled(asked, reports)
        return len(asked)

    def refills(self) -> int:
        """Pass refills on, to several providers at once."""
        claimed = request_actions.claim_refills(REQUEST_BATCH, but=self._busy("new refills"))
        going: dict[int, list[RefillSending]] = {}
        for sending in claimed:
            going.setdefault(sending.provider.id, []).append(sending)
        return self._start("new refills", self._pass_refills_on, going) + len(claimed)

    def _pass_refills_on(self, sendings: Sequence[RefillSending]) -> int:
        """Refills of one provider."""
        may_go = [health_actions.take_request(sending.provider) for sending in sendings]
        _lend_connection()
        results = list(self._senders.map(self._refill_one, sendings, may_go))
        request_actions.commit_refills(results)
        for sending, answer in results:
            health_actions.note_one(sending.provider, [answer])
        return len(sendings)

    def _refill_one(
        self, sending: RefillSending, may_go: bool
    ) -> tuple[RefillSending, Accepted | UpstreamRefused | Unknown]:
        if not may_go:
            return sending, _NOT_NOW
        try:
            client = self._upstreams.of(sending.provider)
        except ValueError as error:
            return sending, UpstreamRefused(Reason.KEY, str(error))
        try:
            return sending, client.refill(sending.upstream_order)
        except Exception as error:
            log.exception("passing on refill %d to provider %d failed", sending.id, sending.provider.id)
            return sending, Unknown(f"fault in our client: {type(error).__name__}")

    def cancels(self) -> int:
        """Pass cancels on, to several providers at once, 100 a request."""
        claimed = request_actions.claim_cancels(POLL_BATCH, but=self._busy("cancels"))
        return self._start("cancels", self._pass_cancels_on, claimed) + len(claimed)

    def _pass_cancels_on(self, cancels: Sequence[CancelSending]) -> int:
        """Cancels of one provider's orders."""
        provider_id = cancels[0].provider_id
        ids = [cancel.upstream_order for cancel in cancels]
        provider = store.providers([provider_id]).get(provider_id)
        gone = UpstreamRefused(Reason.UNREACHABLE, "the provider is not there any more")
        answers: dict[str, Accepted | UpstreamRefused | Unknown] = dict.fromkeys(ids, gone)
        if provider is not None:
            answers = {**self._ask(provider, ids, lambda client: client.cancel(ids))}
        request_actions.commit_cancels(provider_id, cancels, answers)
        return len(cancels)

    def sync(self) -> int:
        """Keep catalogues in step with their providers' lists, and look at our balances there."""
        due = sync_actions.claim_syncs(SYNCS)
        # Lists are fetched side by side, so that a slow provider holds up only the few beside it.
        return sum(self._recoverers.map(self._sync_one, due))

    def _sync_one(self, provider_id: int) -> int:
        try:
            sync_one(provider_id, self._upstreams.of)
        except Exception:
            log.exception("the sync of provider %d failed and is tried again", provider_id)
        close_old_connections()
        return 1

    def _each_provider(self, what: str, handle: Callable[[ProviderRow], int]) -> int:
        """Start a round for each provider that has none under way. Answers what the ended rounds did."""
        did = self._ended(what)
        for provider in store.providers(store.providers_to_ask(what, clock.now())).values():
            if (what, provider.id) not in self._asking:
                self._asking[what, provider.id] = self._pollers.submit(self._rounds, handle, provider)
        return did

    def _start(self, what: str, handle: Callable[[Sequence[T]], int], claimed: Mapping[int, Sequence[T]]) -> int:
        """Start a round for each provider (by id) of which something was claimed. Answers what the ended rounds did."""
        did = self._ended(what)
        for provider_id, things in claimed.items():
            self._asking[what, provider_id] = self._pollers.submit(self._guarded, handle, things, provider_id)
        return did

    def _ended(self, what: str) -> int:
        """Forget the rounds that have ended. Answers what they did."""
        ended = [key for key, round_ in self._asking.items() if key[0] == what and round_.done()]
        return sum(self._asking.pop(key).result() for key in ended)

    def _busy(self, what: str) -> list[int]:
        """Ids of the providers that have a round under way."""
        return [key[1] for key, round_ in self._asking.items() if key[0] == what and not round_.done()]

    def _guarded(self, handle: Callable[[Sequence[T]], int], things: Sequence[T], provider_id: int) -> int:
        """A fault is logged; what was claimed comes due again."""
        try:
            return handle(things)
        except Exception:
            log.exception("asking provider %d failed and is tried again", provider_id)
            connections.close_all()
            return 0
        finally:
            close_old_connections()

    def _rounds(self, handle: Callable[[ProviderRow], int], provider: ProviderRow) -> int:
        """Ask while there is something to ask, within limits. A fault is logged; the claim comes due again."""
        did = 0
        try:
            for _ in range(ROUNDS):
                count = handle(provider)
                did += count
                if count < POLL_BATCH:
                    break
        except Exception:
            log.exception("asking provider %d failed and is tried again", provider.id)
            connections.close_all()
        close_old_connections()
        return did

    def _ask(
        self, provider: ProviderRow, ids: Sequence[str], call: Callable[[Upstream], dict[str, R]]
    ) -> dict[str, R | UpstreamRefused]:
        """One request about some ids, if the provider may get one now."""
        if not health_actions.take_request(provider):
            return dict.fromkeys(ids, _NOT_NOW)
        answers = self._call(provider, ids, call)
        health_actions.note_one(provider, answers.values())
        return answers

    def _call(
        self, provider: ProviderRow, ids: Sequence[str], call: Callable[[Upstream], dict[str, R]]
    ) -> dict[str, R | UpstreamRefused]:
        _lend_connection()
        try:
            answers: dict[str, R | UpstreamRefused] = {**call(self._upstreams.of(provider))}
        except ValueError as error:
            return dict.fromkeys(ids, UpstreamRefused(Reason.KEY, str(error)))
        return answers
