"""Worker processes of the simulation: what they have claimed, asked and not yet written down.

The claims, the writing down and what is sent are the product's own (providers/worker.py and the
actions below it). Only the order of things is the simulation's: each claim, each answer and each
commit is an event of its own, so that anything can happen in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING
from functools import partial
from typing import Any, TypeVar

from panelwright.core import clock
from panelwright.core.places import Room
from panelwright.core.said import words
from panelwright.orders import schedule_actions
from panelwright.providers.posts import subscription_actions
from panelwright.providers.routing import actions, health_actions, request_actions, store
from panelwright.providers.routing.actions import Sending, Sent
from panelwright.providers.routing.store import ProviderRow
from panelwright.providers.wire.outcomes import Accepted, OrderReport, Reason, RefillReport, Unknown, UpstreamRefused
from panelwright.providers.worker import Worker
from tests.simulator.books import Books
from tests.simulator.broken import Complaints
from tests.simulator.deliveries import Deliveries
from tests.simulator.rules import Permits, end_by, takes_less
from tests.simulator.upstream import BEFORE_LOOKING, UpstreamModel
from tests.simulator.world import World

WORKERS = 3
SEND, POLL, REFILL, REFILL_POLL, CANCEL = "send", "poll", "refill", "refill poll", "cancel"
LOOPS = ("forward", "recover", "poll", "refills", "refill poll", "cancels", "schedules", "try providers")
# What is passing: a refill that is refused for it is asked for again.
_PASSING = frozenset({Reason.LIMIT, Reason.UNREACHABLE, Reason.KEY})

_TO_BE_SENT = (("Pending", "forward"), ("Active", "forward"))

R = TypeVar("R")
Act = Callable[[Callable[[], R]], R]


@dataclass(slots=True)
class Task:
    """Something that a worker has claimed. `result` None: its provider has not been asked yet."""

    worker: int
    kind: str
    what: Any
    provider: ProviderRow
    result: Any = None
    # What is said beside it of orders that a subscription made.
    posts: Any = None


class _Models:
    """Stands where the worker keeps its connections to providers."""

    def __init__(self, models: dict[int, UpstreamModel]) -> None:
        self._models = models

    def of(self, provider: ProviderRow) -> UpstreamModel:
        return self._models[provider.id]


class Workers:
    """All workers. `act` runs an action of the product, or kills the process in the middle of it."""

    def __init__(
        self, world: World, books: Books, deliveries: Deliveries, complaints: Complaints, act: Act[Any]
    ) -> None:
        self._world = world
        self._books = books
        self._deliveries = deliveries
        self._complaints = complaints
        self._act = act
        self._rng = world.rng
        self.waiting: list[Task] = []
        self.answered: list[Task] = []
        self.step = 0
        # Workers that are slow, and until which step: their machine sleeps, or swaps.
        self._asleep: dict[int, int] = {}
        # By order the route that it was given first, after the last time that all had refused it; None: who died knew.
        self._first: dict[int, int | None] = {}
        # Its loops are not started: the simulation calls what they would call.
        self._worker = Worker()
        self._worker._upstreams = _Models(world.models)  # type: ignore[assignment]
        self._worker._learn_secret()

    # ---- claim ----

    def turn(self, loop: str, worker: int, limit: int, permits: Permits, *, provider_id: int | None = None) -> object:
        """One round of a worker's loop up to its claim. Answers what it found, None for nothing.

        A poll asks one provider, by chance where it is not said which.
        """
        if loop == "forward":
            room = self._room(worker, 3 * limit)
            claimed = self._act(lambda: actions.claim_forward(limit, room)) if room.free else []
            return self._sendings(worker, claimed, again=False)
        if loop == "recover":
            return self._sendings(worker, self._act(lambda: actions.claim_unfinished(limit)), again=True)
        if loop == "poll":
            return self._ask_about(worker, POLL, actions.claim_poll, limit, provider_id)
        if loop == "refill poll":
            return self._ask_about(worker, REFILL_POLL, request_actions.claim_refill_poll, limit, provider_id)
        if loop == "refills":
            refills = self._act(lambda: request_actions.claim_refills(limit))
            self.waiting += [Task(worker, REFILL, refill, refill.provider) for refill in refills]
            return [refill.id for refill in refills] or None
        if loop == "cancels":
            return self._cancels(worker, limit, permits)
        if loop == "try providers":
            return self._try_providers()
        permits.children = True
        return self._act(lambda: schedule_actions.run_schedules(limit, pass_on=subscription_actions.pass_on)) or None

    def _room(self, worker: int, places: int) -> Room:
        """As a worker has few places: orders stand in line for a provider that has several of them under way."""
        sending = [task.provider for task in self.waiting if task.kind == SEND and task.worker == worker]
        return Room(places, [(provider.panel_id, provider.id) for provider in sending])

    def _try_providers(self) -> object:
        tried = []
        for provider_id in store.providers_to_try(clock.now()):
            provider = self._act(partial(health_actions.claim_trial, provider_id))
            if provider is not None:
                answer = self._world.models[provider_id].balance()
                self._act(partial(health_actions.commit_trial, provider, answer))
                tried.append((provider_id, answer))
        return tried or None

    def _sendings(self, worker: int, claimed: Sequence[Sending], *, again: bool) -> object:
        say, now = self._complaints, clock.now()
        for sending in claimed:
            order_id, model = sending.order.id, self._world.models[sending.provider.id]
            for other in (*self.waiting, *self.answered):
                if other.kind == SEND and other.what.order.id == order_id:
                    say.check(other.what.lease_until <= now, f"order {order_id} was claimed while its lease held")
            if again:
                # Whoever had it before may have sent it.
                self._deliveries.lost(order_id, model)
                self._first[order_id] = None
            else:
                row = self._books.orders[order_id]
                say.check((row.status, row.job) in _TO_BE_SENT, f"{row} was claimed to be sent")
                self._begins(sending)
            self.waiting.append(Task(worker, SEND, sending, sending.provider))
        return [sending.order.id for sending in claimed] or None

    def _begins(self, sending: Sending) -> None:
        """The first route is chosen by what the service says, and only where none has refused the order."""
        sold, order = self._world.sold[sending.order.service_id], sending.order
        if order.route_id is None or order.id not in self._first:
            by_merit = sold.by_merit and order.chosen_route_id is None
            self._first[order.id] = sending.route.id if by_merit else sold.routes[0][0]

    def _ask_about(
        self, worker: int, kind: str, claim: Callable[[int, int], Sequence[Any]], limit: int, provider_id: int | None
    ) -> object:
        providers = store.providers(store.providers_to_ask("orders" if kind == POLL else "refills", clock.now()))
        provider = providers.get(provider_id or self._rng.choice(self._owed_answers(kind) or sorted(providers) or [0]))
        if provider is None:
            return None
        asked = self._act(lambda: claim(provider.id, limit))
        if not asked:
            return None
        self.waiting.append(Task(worker, kind, asked, provider))
        return provider.name, [ask.id for ask in asked]

    def _owed_answers(self, kind: str) -> list[int]:
        """Providers that should be asked about something by now."""
        now, books = clock.now(), self._books
        if kind == POLL:
            rows = (books.orders[id_] for id_ in books.open)
            found = {
                row.provider_id for row in rows if row.job == "poll" and row.due_at is not None and row.due_at <= now
            }
            return sorted(id_ for id_ in found if id_ is not None)
        return []

    def _cancels(self, worker: int, limit: int, permits: Permits) -> object:
        for order_id in self._books.cancelling:
            row = self._books.orders[order_id]
            if (row.status, row.job) == ("Pending", "forward"):
                permits.end(order_id, "Canceled", row.quantity)
        for order_id in self._books.subscribed:
            # What was to be cancelled at its provider, and came back to us instead.
            if order_id in self._books.asked_to_cancel and self._books.orders[order_id].job == "forward":
                permits.end(order_id, "Canceled", 0)
        claimed = self._act(lambda: request_actions.claim_cancels(limit))
        providers = store.providers(claimed.keys()) if claimed else {}
        for provider_id, cancels in claimed.items():
            self.waiting.append(Task(worker, CANCEL, cancels, providers[provider_id]))
        return [cancel.order_id for cancels in claimed.values() for cancel in cancels] or None

    # ---- ask the provider ----

    def ask(self, task: Task) -> object:
        """A provider is asked and answers, or does not; nothing is written down yet."""
        self.waiting.remove(task)
        what, worker = task.what, self._worker
        if task.kind == SEND:
            task.result = self._send(what)
            told: object = what.order.id, task.result.outcome
        elif task.kind == REFILL:
            self._deliveries.refill_under_way = what.id
            task.result = worker._refill_one(what, True)
            self._deliveries.refill_under_way = None
            told = what.id, task.result[1]
        else:
            ids = [item.upstream_order if task.kind == CANCEL else item.upstream_id for item in what]
            call = {POLL: UpstreamModel.status, REFILL_POLL: UpstreamModel.refill_status, CANCEL: UpstreamModel.cancel}
            method: Callable[[UpstreamModel, Sequence[str]], dict[str, Any]] = call[task.kind]  # type: ignore[assignment]
            task.result = worker._ask(task.provider, ids, lambda model: method(model, ids))  # type: ignore[arg-type]
            if task.kind == POLL:
                task.posts = worker._posts(task.provider, what, task.result)
            told = task.provider.name, task.result
        self.answered.append(task)
        return task.kind, told

    def _send(self, sending: Sending) -> Sent:
        order_id = sending.order.id
        ours = self._books.ours(order_id, sending.lease_until, "sending")
        calls = self._deliveries.parcel(order_id).calls
        sent = self._worker._send_one(sending)
        went_out = self._deliveries.parcel(order_id).calls > calls
        self._complaints.check(ours or not went_out, f"order {order_id} was sent after its lease had passed on")
        if isinstance(sent.outcome, Unknown):
            self._complaints.check(
                "fault in our client" not in words(sent.outcome.text), f"sending order {order_id} raised"
            )
        return sent

    # ---- write down ----

    def write_down(self, task: Task, permits: Permits) -> object:
        """A worker writes down what its provider answered; several sendings at once, as they have come in."""
        if task.kind == SEND:
            tasks = [t for t in self.answered if t.kind == SEND and t.worker == task.worker]
            tasks = [t for t in tasks if t is task or self._rng.random() < 0.7]
        else:
            tasks = [task]
        for done in tasks:
            self.answered.remove(done)
        if task.kind == SEND:
            return self._sent([t.result for t in tasks], permits)
        if task.kind == POLL:
            return self._polled(task, permits)
        if task.kind == REFILL:
            return self._refill(task, permits)
        if task.kind == REFILL_POLL:
            return self._refill_polled(task, permits)
        self._act(lambda: request_actions.commit_cancels(task.provider.id, task.what, task.result))
        return CANCEL, [cancel.order_id for cancel in task.what]

    def _sent(self, results: list[Sent], permits: Permits) -> object:
        ours = [r for r in results if self._books.ours(r.sending.order.id, r.sending.lease_until, "sending")]
        taken: set[tuple[int, str]] = set()
        for result in ours:
            self._permit_sent(result, taken, permits)
        try:
            written = self._act(lambda: actions.commit_sent(results))
        except BaseException:
            for result in results:
                self._lost(result.sending)
            raise
        self._complaints.check(written == len(ours), f"{written} results were written down, {len(ours)} were ours")
        for result in ours:
            order_id, outcome = result.sending.order.id, result.outcome
            if isinstance(outcome, UpstreamRefused):
                self._deliveries.refused(order_id, outcome.reason, again=result.sending.again)
            elif "poll" in permits.jobs[order_id]:
                self._deliveries.written_down(order_id)
        return [(r.sending.order.id, r in ours) for r in results]

    def _permit_sent(self, result: Sent, taken: set[tuple[int, str]], permits: Permits) -> None:
        """What may become of an order by what its provider answered."""
        order_id, outcome, sending = result.sending.order.id, result.outcome, result.sending
        if isinstance(outcome, Accepted):
            place = (sending.provider.id, outcome.ref)
            if outcome.ref and place not in self._books.upstream and place not in taken:
                taken.add(place)
                permits.jobs[order_id] = {"poll"}
            else:
                permits.jobs[order_id] = {None}
        elif isinstance(outcome, Unknown):
            permits.jobs[order_id] = {"sending"} if sending.provider.knows_request_id else {None}
        elif sending.again and outcome.reason in BEFORE_LOOKING:
            permits.jobs[order_id] = {"sending"}
        else:
            permits.pending_again.add(order_id)
            permits.jobs[order_id] = {"forward"}
            last = self._is_last(sending)
            final = last and outcome.reason in (Reason.SERVICE, Reason.QUANTITY, Reason.DISABLED)
            if outcome.reason is Reason.LINK or final:
                permits.jobs[order_id].add(None)
                permits.end(order_id, "Canceled", sending.order.quantity)

    def _is_last(self, sending: Sending) -> bool:
        """Whether no other route comes after this one: the others follow the first in the order of the list."""
        routes = [route_id for route_id, _provider_id in self._world.sold[sending.order.service_id].routes]
        first = self._first.get(sending.order.id)
        chosen = sending.order.chosen_route_id is not None
        if first is None:
            return True
        tried = [first, *(route_id for route_id in routes if route_id != first)]
        return tried[-1] == sending.route.id or (chosen and routes[-1] == sending.route.id)

    def _polled(self, task: Task, permits: Permits) -> object:
        ours = 0
        for ask in task.what:
            row = self._books.orders[ask.id]
            if self._books.ours(ask.id, ask.token, "poll") and row.provider_id == task.provider.id:
                ours += 1
                if row.kind == "subscription":
                    permits.children = True
                    word = getattr(task.result.get(ask.upstream_id), "status", None)
                    # Partial is no word of subscriptions: it is over, with fewer posts than were wanted.
                    if word in ("Completed", "Canceled", "Expired", "Partial"):
                        permits.end(ask.id, "Canceled" if word == "Partial" else word, 0)
                    continue
                report = task.result.get(ask.upstream_id)
                end = end_by(report, row.quantity, row.cost)
                told = getattr(report, "charge", None)
                if isinstance(report, OrderReport) and takes_less(report, row.cost):
                    told = None
                if told or (told is not None and end is not None):
                    permits.costs[ask.id] = int((told * 10**6).to_integral_value(ROUND_CEILING))
                if end is not None:
                    permits.end(ask.id, *end, must=True)
        written = self._act(
            lambda: actions.commit_polled(task.what, task.result, provider_id=task.provider.id, posts=task.posts)
        )
        self._complaints.check(written == ours, f"{written} reports were written down, {ours} were ours")
        health_actions.note_one(task.provider, task.result.values())
        return POLL, [ask.id for ask in task.what]

    def _refill(self, task: Task, permits: Permits) -> object:
        sending, outcome = task.result
        row = self._books.refills[sending.id]
        ours = row.ended_at is None and row.state == "sending" and row.lease_until == sending.lease_until
        if ours and isinstance(outcome, UpstreamRefused) and outcome.reason not in _PASSING:
            permits.refill_words[sending.id] = {"Rejected"}
        try:
            self._act(lambda: request_actions.commit_refills([task.result]))
        except BaseException:
            if ours:
                self._deliveries.refill_lost(sending.id)
            raise
        if ours and isinstance(outcome, UpstreamRefused) and outcome.reason in _PASSING:
            self._deliveries.refill_refused(sending.id)
        return REFILL, sending.id

    def _refill_polled(self, task: Task, permits: Permits) -> object:
        for ask in task.what:
            report = task.result.get(ask.upstream_id)
            row = self._books.refills[ask.id]
            if isinstance(report, RefillReport) and report.status is not None and row.lease_until == ask.token:
                permits.refill_words[ask.id] = {report.status}
        self._act(lambda: request_actions.commit_refill_polled(task.what, task.result))
        return REFILL_POLL, [ask.id for ask in task.what]

    # ---- sleep, die ----

    def sleep(self, steps: int) -> object:
        """The worker of some task does nothing for a while; it wakes up with what it had claimed."""
        task = self._some_task()
        if task is None:
            return None
        self._asleep[task.worker] = self.step + steps
        return task.worker, f"{steps} steps"

    def _some_task(self) -> Task | None:
        """A task of any kind, however rare the kind is."""
        kinds: dict[str, list[Task]] = {}
        for task in (*self.waiting, *self.answered):
            kinds.setdefault(task.kind, []).append(task)
        return self._rng.choice(kinds[self._rng.choice(list(kinds))]) if kinds else None

    def awake(self, tasks: list[Task]) -> list[Task]:
        """The tasks of workers that are awake."""
        self._asleep = {worker: until for worker, until in self._asleep.items() if until > self.step}
        return [task for task in tasks if task.worker not in self._asleep] if self._asleep else tasks

    def some_worker(self) -> int:
        """A worker that is awake; where all sleep, the first one wakes up early."""
        return self._rng.choice([worker for worker in range(WORKERS) if worker not in self._asleep] or [0])

    def crash(self) -> object:
        """The worker of some task dies: what it had claimed, and what it had been answered, is gone with it."""
        task = self._some_task()
        if task is None:
            return None
        worker = task.worker
        lost = [task for task in (*self.waiting, *self.answered) if task.worker == worker]
        self.waiting = [task for task in self.waiting if task.worker != worker]
        self.answered = [task for task in self.answered if task.worker != worker]
        for task in lost:
            if task.kind == SEND:
                self._lost(task.what)
            elif task.kind == REFILL:
                row = self._books.refills[task.what.id]
                if row.state == "sending" and row.lease_until == task.what.lease_until:
                    self._deliveries.refill_lost(task.what.id)
        return worker, [(task.kind, task.result is not None) for task in lost]

    def _lost(self, sending: Sending) -> None:
        if self._books.ours(sending.order.id, sending.lease_until, "sending"):
            self._deliveries.lost(sending.order.id, self._world.models[sending.provider.id])
