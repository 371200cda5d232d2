"""The simulation: a random event, then the rules, thousands of times, all of it from one seed.

A step is one event: customers order, workers claim, ask and write down, processes die, clocks jump.
After each step the rows that it changed are judged (rules.py); now and then, and at the end,
everything is (checks.py), and the world is left to calm down: then every order must have ended or
have a problem that somebody can read.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from panelwright.core import clock
from panelwright.panels import numbers
from panelwright.panels.models import Noun
from tests.simulator import checks, world
from tests.simulator.asking import People
from tests.simulator.books import Books
from tests.simulator.broken import Broken, Complaints
from tests.simulator.buying import Shop
from tests.simulator.deliveries import Deliveries
from tests.simulator.killed import Killed, dies_after
from tests.simulator.reporting import EVERY as REPORTS_EVERY
from tests.simulator.reporting import Reporting
from tests.simulator.rules import Permits, Referee
from tests.simulator.upstream import Mood
from tests.simulator.watch import Watch, watching
from tests.simulator.workers import LOOPS, Workers

KEPT_EVENTS = 40
# So many of the product's actions die in the middle.
KILLED = 0.06
# Above so many open orders nobody orders any more, so that work does not pile up for ever.
OPEN_MAX = 400
# More than so many unfinished tasks, or undecided orders, are seen to first.
BUSY = 8
WHOLE_EVERY = 5_000
CALM_EVERY = 25_000

Handler = Callable[[Permits], object]


class Happened(NamedTuple):
    """One step: when, what, and what it was about."""

    step: int
    at: datetime
    kind: str
    told: object

    def __str__(self) -> str:
        return f"{self.step:>7}  {self.at:%d %b %H:%M:%S.%f}  {self.kind:<12}  {self.told}"[:2000]


@dataclass(slots=True)
class Outcome:
    """What came of a run. `broken` is empty when every invariant held."""

    seed: int
    steps: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    broken: str = ""
    last: list[Happened] = field(default_factory=list)
    # Of all that happened, in its order: two runs of a seed have the same.
    digest: str = ""

    @property
    def steps_a_second(self) -> float:
        return self.steps / self.seconds if self.seconds else 0.0


class Simulation:
    """One world and its history. Needs a migrated, empty database that nobody else uses."""

    def __init__(self, seed: int, watch: Watch, moving: world.SimulatedClock, *, follow: int | None = None) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.clock = moving
        self.complaints = Complaints()
        self.deliveries = Deliveries(self.complaints)
        self.books = Books()
        self.kinds: Counter[str] = Counter()
        self.step = 0
        self.history: deque[Happened] = deque(maxlen=KEPT_EVENTS)
        self.digest = hashlib.sha256()
        self.calming = False
        self._watch = watch
        self._follow = follow
        with clock.at(self.clock):
            self.world = world.build(self.rng, self.clock, self.deliveries)
        self.shop = Shop(self.world, self.books)
        self.people = People(self.world, self.books, self.shop, self.deliveries, self.complaints, self._act)
        self.workers = Workers(self.world, self.books, self.deliveries, self.complaints, self._act)
        self.referee = Referee(self.world, self.books, self.deliveries, self.complaints)
        self.reporting = Reporting(seed)
        self._events: dict[str, tuple[float, Handler]] = {
            "place": (9, self.people.place),
            "repeat": (1.5, self.people.repeat),
            "deposit": (0.7, self.people.deposit),
            "dispute": (0.5, self.people.dispute),
            "grant": (0.4, self.people.grant),
            "cancel": (4, self.people.cancel),
            "refill": (4, self.people.refill),
            "pause": (1.5, self.people.pause),
            "post": (4, self.people.post),
            "look": (0.7, self.people.look),
            "revoke": (0.4, self.people.revoke),
            "suspend": (1.5, self.people.suspend),
            "agree": (0.4, self.people.agree),
            "settle unpaid": (0.4, self.people.settle_unpaid),
            "intrude": (0.2, self.people.intrude),
            "reprice": (1, self.people.reprice),
            "decide": (2.5, self.people.decide),
            **{
                loop: (weight, self._turn(loop))
                for loop, weight in zip(LOOPS, (6, 3, 10, 4, 1.5, 1.5, 4, 2), strict=True)
            },
            "ask": (20, self._ask),
            "write down": (12, self._write_down),
            "crash": (2, self._crash),
            "sleep": (2, self._sleep),
            "jump": (2, self._jump),
            "clock back": (0.3, self._clock_back),
            "mood": (0.6, self._mood),
            "route": (0.05, self.people.find_route),
        }
        self._names = list(self._events)
        self._weights = [weight for weight, _ in self._events.values()]
        # What building the world booked: the opening balances.
        opening = Permits()
        changes = self._watch.changes()
        for transfer in changes.transfers:
            opening.deposits[transfer.credit] += transfer.micros
        self.referee.judge(changes, opening)
        self.complaints.raise_any()

    # ---- one step ----

    def happens(self) -> None:
        """One event and its judgement. Raises Broken."""
        self.step += 1
        self.workers.step = self.step
        self.clock.passes(self.rng.expovariate(2.0))
        kind = self._kind()
        self.event(kind, self._events[kind][1])
        if self.step % REPORTS_EVERY == 0:
            self.reporting.turn()

    def _kind(self) -> str:
        """What happens next: by chance, but work that has piled up is done before more is made."""
        rng, workers = self.rng, self.workers
        kind = rng.choices(self._names, self._weights)[0]
        waiting, answered = len(workers.awake(workers.waiting)), len(workers.awake(workers.answered))
        if waiting + answered > BUSY and rng.random() < 0.6:
            kind = "ask" if waiting > answered else "write down"
        elif len(self.books.unknown) > BUSY and rng.random() < 0.1:
            kind = "decide"
        elif len(self.books.open) >= OPEN_MAX and kind in ("place", "repeat", "post"):
            kind = "ask"
        if kind == "ask" and not waiting:
            kind = "write down"
        if kind == "write down" and not answered:
            kind = rng.choice(LOOPS)
        return kind

    def event(self, kind: str, handler: Handler) -> bool:
        """Let something happen and judge it. False when there was nothing to do."""
        permits = Permits()
        told: object
        try:
            told = handler(permits)
        except Killed:
            kind, told, permits = "killed", kind, Permits()
            if self.rng.random() < 0.5:
                # The whole process; else only what it did, and it goes on.
                numbers.orders.forget()
        except Exception as error:
            self._note(kind, f"raised {type(error).__name__}")
            raise Broken(f"{kind} raised {type(error).__name__}: {error}") from error
        if told is not None:
            self._note(kind, told)
        if not self.calming:
            self.kinds[kind if told is not None else "nothing to do"] += 1
        changes = self._watch.changes()
        if self._follow is not None:
            checks.follow(self._follow, changes, self.history)
        self.referee.judge(changes, permits)
        self.complaints.raise_any()
        return told is not None

    def _note(self, kind: str, told: object) -> None:
        happened = Happened(self.step, self.clock.now, kind, told)
        self.history.append(happened)
        self.digest.update(f"{happened}\n".encode())

    def _act(self, action: Callable[[], Any]) -> Any:
        """Run an action of the product; now and then its process dies in the middle of it."""
        if not self.calming and self.rng.random() < KILLED:
            with dies_after(self.rng.randint(0, 4)):
                return action()
        return action()

    # ---- workers, processes, clocks ----

    def _turn(self, loop: str) -> Handler:
        def turn(permits: Permits) -> object:
            return self.workers.turn(loop, self.workers.some_worker(), self.rng.choice((1, 3, 8)), permits)

        return turn

    def _ask(self, permits: Permits) -> object:
        return self.workers.ask(self.rng.choice(self.workers.awake(self.workers.waiting)))

    def _write_down(self, permits: Permits) -> object:
        return self.workers.write_down(self.rng.choice(self.workers.awake(self.workers.answered)), permits)

    def _crash(self, permits: Permits) -> object:
        return self.workers.crash()

    def _sleep(self, permits: Permits) -> object:
        return self.workers.sleep(self.rng.randint(20, 120))

    def _jump(self, permits: Permits) -> object:
        seconds = self.rng.choice((30.0, 240.0, 310.0, 1000.0, 3000.0, 90_000.0, 90_000.0)) * self.rng.uniform(0.5, 1.5)
        self.clock.passes(seconds)
        return f"{seconds:.0f} s"

    def _clock_back(self, permits: Permits) -> object:
        self.clock.goes_back(self.rng.uniform(0, world.BACK_MAX_S))
        return "set back"

    def _mood(self, permits: Permits) -> object:
        model = self.rng.choice(list(self.world.models.values()))
        model.mood = self.rng.choice((*[Mood.FAIR] * 14, *Mood))
        return model.name, model.mood.value


@contextmanager
def simulation(seed: int, *, follow: int | None = None) -> Iterator[Simulation]:
    """A simulation that moves the product's clock until the block ends."""
    before = numbers.orders
    with watching() as watch:
        moving = world.SimulatedClock()
        # By the clock of the world: a seed draws the same numbers however busy the machine is. A hundred times slower,
        # so that there are blocks: its orders come in seconds apart.
        numbers.orders = numbers.Blocks(Noun.ORDER, now=lambda: moving.now.timestamp() / 100)
        try:
            made = Simulation(seed, watch, moving, follow=follow)
            with clock.at(made.clock):
                yield made
        finally:
            numbers.orders = before


def simulate(
    seed: int,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    progress: Callable[[Outcome], None] | None = None,
    follow: int | None = None,
) -> Outcome:
    """Run a seed for so many steps or seconds, whichever comes first, and then to the calm at its end."""
    outcome = Outcome(seed)
    with simulation(seed, follow=follow) as world_of_seed:
        started = told = time.perf_counter()
        try:
            while (steps is None or world_of_seed.step < steps) and (
                seconds is None or time.perf_counter() - started < seconds
            ):
                world_of_seed.happens()
                if world_of_seed.step % WHOLE_EVERY == 0:
                    checks.everything(world_of_seed)
                if world_of_seed.step % CALM_EVERY == 0:
                    checks.calm_down(world_of_seed)
                if progress is not None and time.perf_counter() - told >= 1.0:
                    told = time.perf_counter()
                    progress(_outcome(outcome, world_of_seed, told - started))
            checks.calm_down(world_of_seed)
            checks.everything(world_of_seed)
        except Broken as broken:
            outcome.broken = str(broken)
            if broken.__cause__ is not None:
                outcome.broken += checks.where(broken.__cause__)
        return _outcome(outcome, world_of_seed, time.perf_counter() - started)


def _outcome(outcome: Outcome, now: Simulation, seconds: float) -> Outcome:
    outcome.steps, outcome.seconds, outcome.kinds = now.step, seconds, now.kinds
    outcome.orders, outcome.last = len(now.books.orders), list(now.history)
    outcome.digest = now.digest.hexdigest()[:16]
    return outcome
