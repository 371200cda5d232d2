"""The rounds of the loops (loops.py) that bring orders to providers and their outcomes back.

Claim (a short transaction), handle (the network, no transaction open), commit (a short
transaction). Any number of workers may run; what one has claimed the others leave alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections, connections

from panelwright.core import clock
from panelwright.core.loop import IDLE_S
from panelwright.core.places import Room, Turns
from panelwright.core.said import said
from panelwright.core.secret import installation_box
from panelwright.providers.bursts import write_down
from panelwright.providers.posts import subscription_actions
from panelwright.providers.posts.subscription_actions import Reports
from panelwright.providers.provider_rounds import ProviderRounds
from panelwright.providers.routing import actions, call_actions, calls, health_actions, request_actions, rules, store
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

# As many are claimed as can be sent at once: what is claimed leaves now, and counts for this minute. Of these places,
# and of those below, no provider and no panel takes all (core/places.py): one that is slow holds up only itself.
SENDERS = 96
REQUEST_BATCH = 64
POLL_BATCH = 100
# How many orders of subscriptions are asked about one by one, where the provider refuses a list of them.
POSTS_ALONE_MAX = 10
# Providers that are asked at once: about orders, about refills, to pass refills on, cancels, and whether they are back.
ASKED_AT_ONCE = 32
# Requests at once that pass on the refills of one provider.
REFILLERS = 4
ROUNDS = 20
# How long a round waits for its second request, in seconds: a minute's share of the lowest limit, within the lease.
PATIENCE_S = 65.0
RECOVERERS = 16
GATHER_S = 0.01
SYNCS = 8
_NOT_NOW = UpstreamRefused(Reason.LIMIT, said("up_not_now"))

# What was claimed to be sent, by what will be known of it.
OnTheWay = dict[Future[Sent], Sending]
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
            try:
                key = self._box.open(provider.sealed_key)
            except ValueError:
                raise ValueError(said("key_unreadable")) from None
            client = transports.connect(
                provider.transport,
                url=provider.url,
                key=key,
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


def _room(places: int, on_the_way: OnTheWay, turns: Turns) -> Room:
    providers = [sending.provider for sending in on_the_way.values()]
    return Room(places, [(provider.panel_id, provider.id) for provider in providers], turns)


def _take_later(provider: ProviderRow) -> bool:
    """Wait for the provider's next request, at most PATIENCE_S, and take it. Others may have been faster."""
    wait_s = health_actions.next_request_s(provider)
    if wait_s is None or wait_s > PATIENCE_S:
        return False
    _lend_connection()
    time.sleep(wait_s)
    return health_actions.take_request(provider)


class Worker:
    """What the loops of delivery do, and what they share in one process."""

    def __init__(self) -> None:
        self._upstreams = Upstreams()
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="send")
        self._recoverers = ThreadPoolExecutor(RECOVERERS, thread_name_prefix="recover")
        self._on_the_way: OnTheWay = {}
        self._recovering: OnTheWay = {}
        self._send_turns, self._recover_turns = Turns(), Turns()
        # What request ids are made of; empty until the first order is sent.
        self._secret = ""
        # Each kind has threads of its own, and is touched by its own loop only.
        self._polls = ProviderRounds("poll", ASKED_AT_ONCE)
        self._refill_polls = ProviderRounds("poll-refill", ASKED_AT_ONCE)
        self._new_refills = ProviderRounds("refill", ASKED_AT_ONCE)
        self._cancels = ProviderRounds("cancel", ASKED_AT_ONCE)
        self._trials = ProviderRounds("try", ASKED_AT_ONCE)
        self._balances = ProviderRounds("balance", ASKED_AT_ONCE)
        self._syncs = ProviderRounds("sync", SYNCS)

    def finish(self, deadline: float) -> None:
        """Once the loops have ended: write down what still comes in, until a time in seconds since 1970; let go."""
        for sent in (self._on_the_way, self._recovering):
            while sent and clock.now().timestamp() < deadline:
                self._write_down(sent, wait_s=1.0)
        for rounds in self._all_rounds():
            rounds.wait(max(deadline - clock.now().timestamp(), 0.1))
        self.close()

    def close(self, *, wait_for: bool = False) -> None:
        """Let go of threads and connections."""
        for pool in (self._senders, self._recoverers):
            pool.shutdown(wait=wait_for, cancel_futures=True)
        for rounds in self._all_rounds():
            rounds.close(wait_for=wait_for)
        self._upstreams.close()

    def _all_rounds(self) -> tuple[ProviderRounds, ...]:
        first = (self._polls, self._refill_polls, self._new_refills, self._cancels)
        return (*first, self._trials, self._balances, self._syncs)

    def forward(self) -> int:
        """Send pending orders, several at once; a slow provider holds up only what was sent to it."""
        self._learn_secret()
        room = _room(SENDERS, self._on_the_way, self._send_turns)
        claimed = actions.claim_forward(room.free, room) if room.free else []
        for sending in claimed:
            self._on_the_way[self._senders.submit(self._send_one, sending)] = sending
        return self._write_down(self._on_the_way, wait_s=IDLE_S) or len(claimed)

    def _learn_secret(self) -> None:
        """Before anything is claimed. Raises ValueError when it cannot be decrypted: then nothing is sent."""
        self._secret = self._secret or request_secret()

    def _write_down(self, on_the_way: OnTheWay, *, wait_s: float) -> int:
        """Write down the results that have come in, waiting for the first one. Answers how many."""
        if not on_the_way:
            return 0
        done, _ = wait(on_the_way, wait_s, return_when=FIRST_COMPLETED)
        if done:
            # Answers come in bursts: a moment more, and they share a transaction.
            done, _ = wait(on_the_way, GATHER_S)
            # What fails for a passing reason is kept for the next round.
            write_down(
                list(done), lambda some: actions.commit_sent([future.result() for future in some]), on_the_way.pop
            )
        return len(done)

    def recover(self) -> int:
        """Take up orders whose sender died, or whose outcome was unknown."""
        self._learn_secret()
        room = _room(RECOVERERS, self._recovering, self._recover_turns)
        # Also where no place is free: those that nobody can ask about need none.
        claimed = actions.claim_unfinished(room.free, room)
        for sending in claimed:
            self._recovering[self._recoverers.submit(self._send_one, sending)] = sending
        return self._write_down(self._recovering, wait_s=IDLE_S) or len(claimed)

    def _send_one(self, sending: Sending) -> Sent:
        # Claimed long ago, by a machine that slept: the lease is somebody else's by now.
        if clock.now() >= sending.lease_until - rules.LEASE / 2:
            return Sent(sending, UpstreamRefused(Reason.LIMIT, said("own_slow")))
        try:
            client = self._upstreams.of(sending.provider)
        except ValueError as error:
            return Sent(sending, UpstreamRefused(Reason.KEY, str(error)))
        sent_at = clock.now()
        outcome: Accepted | UpstreamRefused | Unknown
        try:
            outcome = client.add(actions.params_of(sending, self._secret))
        except Exception as error:
            # The client promises not to raise; whatever this is, the request may have gone out.
            log.exception("sending order %d to provider %d failed", sending.order.id, sending.provider.id)
            outcome = Unknown(said("own_fault", type=type(error).__name__))
        return Sent(sending, outcome, sent_at, int((clock.now() - sent_at).total_seconds() * 1000))

    def poll(self) -> int:
        """Ask every provider about its open orders, 100 a request."""
        return self._each_provider("orders", self._polls, self._poll_one)

    def _poll_one(self, provider: ProviderRow) -> int:
        if not store.any_poll(provider.id, clock.now()) or not health_actions.take_request(provider):
            return 0
        asked = actions.claim_poll(provider.id, POLL_BATCH)
        if not asked:
            return 0
        ids = [ask.upstream_id for ask in asked]
        reports = self._call(provider, ids, lambda client: client.status(ids))
        posts = self._posts(provider, asked, reports)
        write_down(asked, partial(actions.commit_polled, reports=reports, provider_id=provider.id, posts=posts))
        # A provider that does not answer is not asked for the next hundred at once.
        return len(asked) if health_actions.note_one(provider, reports.values()) else 0

    def _posts(self, provider: ProviderRow, asked: Sequence[PollTask], reports: Reports) -> Reports:
        """What the provider says of orders that it made of subscriptions and that we hear of for the first time."""
        refs = subscription_actions.unknown_posts(provider.id, provider.panel_id, asked, reports)
        # Under a low limit the look at the subscriptions has just taken what there was: never asked, never charged.
        posts = self._ask(provider, refs, lambda client: client.status(refs), patient=True) if refs else {}
        if len(refs) > 1 and all(isinstance(said, Unknown) for said in posts.values()):
            # A list that is refused as a whole says nothing of any one: a few alone, the others have not been tried.
            posts = {}
            for ref in refs[:POSTS_ALONE_MAX]:
                posts |= self._ask(provider, [ref], partial(_status_of, ref))
                if isinstance(posts[ref], Unknown):
                    break  # it does not answer at all
        # What was not sent says nothing of them: they are asked about another time.
        return {ref: said for ref, said in posts.items() if said is not _NOT_NOW}

    def try_providers(self) -> int:
        """Find out whether providers whose rest is over are back, by asking for our balance there."""
        did, room = self._trials.ended(), self._trials.room()
        due = set(store.providers_to_try(clock.now())) - set(self._trials.busy())
        providers = store.providers(due) if due else {}
        for panel_id, id_ in room.in_turn([(provider.panel_id, provider.id) for provider in providers.values()]):
            if room.take(panel_id, id_):
                self._trials.start(id_, panel_id, partial(self._guarded, id_, self._try_one, id_))
        return did

    def _try_one(self, provider_id: int) -> int:
        provider = health_actions.claim_trial(provider_id)
        if provider is None:
            return 0
        answers = self._call(provider, [""], lambda client: {"": client.balance()})
        health_actions.commit_trial(provider, answers[""])
        return 1

    def refill_poll(self) -> int:
        """Ask every provider about refills that it has taken."""
        return self._each_provider("refills", self._refill_polls, self._refill_poll_one)

    def _refill_poll_one(self, provider: ProviderRow) -> int:
        asked = request_actions.claim_refill_poll(provider.id, POLL_BATCH)
        if not asked:
            return 0
        ids = [ask.upstream_id for ask in asked]
        reports: dict[str, RefillReport | UpstreamRefused | Unknown] = self._ask(
            provider, ids, lambda client: client.refill_status(ids)
        )
        write_down(asked, partial(request_actions.commit_refill_polled, reports=reports))
        return len(asked)

    def refills(self) -> int:
        """Pass refills on, to several providers at once."""
        room = self._new_refills.room()
        claimed = request_actions.claim_refills(REQUEST_BATCH, but=self._new_refills.busy(), room=room)
        going: dict[int, list[RefillSending]] = {}
        for sending in claimed:
            going.setdefault(sending.provider.id, []).append(sending)
        for provider_id, sendings in going.items():
            work = partial(self._guarded, provider_id, self._pass_refills_on, sendings)
            self._new_refills.start(provider_id, sendings[0].provider.panel_id, work)
        return self._new_refills.ended() + len(claimed)

    def _pass_refills_on(self, sendings: Sequence[RefillSending]) -> int:
        """Refills of one provider, some at once: what each waits for is this provider alone."""
        may_go = [health_actions.take_request(sending.provider) for sending in sendings]
        _lend_connection()
        with ThreadPoolExecutor(min(REFILLERS, len(sendings)), thread_name_prefix="refill") as refillers:
            results = list(refillers.map(self._refill_one, sendings, may_go))
        write_down(results, request_actions.commit_refills)
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
            return sending, Unknown(said("own_fault", type=type(error).__name__))

    def cancels(self) -> int:
        """Pass cancels on, to several providers at once, 100 a request."""
        room = self._cancels.room()
        claimed = request_actions.claim_cancels(POLL_BATCH, but=self._cancels.busy(), room=room)
        for provider_id, cancels in claimed.items():
            work = partial(self._guarded, provider_id, self._pass_cancels_on, cancels)
            self._cancels.start(provider_id, cancels[0].panel_id, work)
        return self._cancels.ended() + len(claimed)

    def _pass_cancels_on(self, cancels: Sequence[CancelSending]) -> int:
        """Cancels of one provider's orders."""
        provider_id = cancels[0].provider_id
        ids = [cancel.upstream_order for cancel in cancels]
        provider = store.providers([provider_id]).get(provider_id)
        gone = UpstreamRefused(Reason.UNREACHABLE, said("up_gone"))
        answers: dict[str, Accepted | UpstreamRefused | Unknown] = dict.fromkeys(ids, gone)
        if provider is not None:
            answers = {**self._ask(provider, ids, lambda client: client.cancel(ids))}
        write_down(cancels, lambda some: request_actions.commit_cancels(provider_id, some, answers))
        return len(cancels)

    def balances(self) -> int:
        """Read our balances where an order's outcome is unknown: they say what happened to it (evidence_rules.py)."""
        did, room = self._balances.ended(), self._balances.room()
        due = set(calls.balances_due(clock.now())) - set(self._balances.busy())
        for provider in store.providers(due).values() if due else ():
            if room.take(provider.panel_id, provider.id):
                work = partial(self._guarded, provider.id, self._balance_of, provider)
                self._balances.start(provider.id, provider.panel_id, work)
        return did

    def _balance_of(self, provider: ProviderRow) -> int:
        answers = self._ask(provider, [""], lambda client: {"": client.balance()})
        call_actions.commit_balance(provider.id, answers[""])
        return 1

    def sync(self) -> int:
        """Keep catalogues in step with their providers' lists, and look at our balances there."""
        did, room = self._syncs.ended(), self._syncs.room()
        due = sync_actions.claim_syncs(room.free, but=self._syncs.busy(), room=room) if room.free else []
        for provider in store.providers(due).values() if due else ():
            work = partial(self._guarded, provider.id, self._sync_one, provider.id)
            self._syncs.start(provider.id, provider.panel_id, work)
        return did

    def _sync_one(self, provider_id: int) -> int:
        sync_one(provider_id, self._upstreams.of)
        return 1

    def _each_provider(self, what: str, rounds: ProviderRounds, handle: Callable[[ProviderRow], int]) -> int:
        """Start a round for each provider that has none under way. Answers what the ended rounds did."""
        did, room = rounds.ended(), rounds.room()
        due = set(store.providers_to_ask(what, clock.now())) - set(rounds.busy())
        providers = store.providers(due) if due else {}
        for panel_id, id_ in room.in_turn([(provider.panel_id, provider.id) for provider in providers.values()]):
            if room.take(panel_id, id_):
                rounds.start(id_, panel_id, partial(self._rounds, handle, providers[id_]))
        return did

    def _guarded(self, provider_id: int, handle: Callable[[T], int], given: T) -> int:
        """A fault is logged; what was claimed comes due again."""
        try:
            return handle(given)
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
        self,
        provider: ProviderRow,
        ids: Sequence[str],
        call: Callable[[Upstream], dict[str, R]],
        *,
        patient: bool = False,
    ) -> dict[str, R | UpstreamRefused]:
        """One request about some ids, if the provider may get one now; `patient`: or soon, by its limit."""
        if not health_actions.take_request(provider) and not (patient and _take_later(provider)):
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
