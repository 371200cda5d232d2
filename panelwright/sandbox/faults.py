"""Faults: rules that say which calls go wrong, and how. Set by `POST /control/faults`, in force at once.

    {"seed": 1, "faults": [
        {"fault": "timeout", "when": "after", "action": "add", "nth": 3},
        {"fault": "http", "status": 502, "body": "page", "probability": 0.1, "from_s": 0, "to_s": 60},
        {"fault": "service", "service": 2, "rate": "1.50"}]}

Conditions, all of which must hold: `action`; `key` of the caller; `service` and `link` (a pattern with * and ?) of
the order, of any order in a list; `from` and `to`, or `from_s` and `to_s` counted from the moment of setting, in
sandbox time; of the calls that fit so far, the `nth` or `every` so many-th; `times`, at most so many hits;
`probability`, drawn from the seed, the rule's place in the list and the count, so that the same calls in the same
order go wrong in every run.

Rules are looked at in the order of the list. Of those that put something in the place of the answer the first one
strikes and the rest do not see the call; all other kinds work together. The rules that concern single orders
(REPORTS, `lost`) count order by order, and draw by order: a share of 0.1 is one order of ten, each time it is shown.

Rules and counts are kept in memory and end with the process; what they did to orders is in the file.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from panelwright.sandbox import money, reports
from panelwright.sandbox.behaviour import Conduct
from panelwright.sandbox.catalogue import BY_ID
from panelwright.sandbox.delivery import SandboxOrder
from panelwright.sandbox.kinds import AFTER, KINDS, FaultGroup, FaultKind
from panelwright.sandbox.offers import changed
from panelwright.sandbox.panel import ACTIONS, owner_of
from panelwright.sandbox.reading import BadControl, count, iso, moment, number, refuse_unknown

RULES_MAX = 1_000
TIME_MAX_S = 10 * 366 * 86_400
_CONDITIONS = frozenset(
    {
        *("name", "fault", "action", "key", "service", "link", "nth", "every", "times", "probability"),
        *("from", "to", "from_s", "to_s"),
    }
)
_SHOWN = ("action", "owner", "service", "link", "nth", "every", "times")
# A service and a link that a call is about.
Target = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a call is, as far as rules ask. `targets` and `latest` look into the file, only when they are wanted."""

    action: str
    owner: str
    now: int
    targets: Callable[[], list[Target]]
    # The caller's latest order, None without one.
    latest: Callable[[], int | None]


@dataclass(slots=True)
class FaultRule:
    """One fault with its conditions; 0 and "" in a condition stand for any. `from_ms` and `to_ms` are sandbox ms."""

    position: int
    name: str
    fault: str
    settings: dict[str, Any]
    action: str = ""
    owner: str = ""
    service: int = 0
    link: str = ""
    nth: int = 0
    every: int = 0
    times: int = 0
    probability: float = 1.0
    from_ms: int = 0
    to_ms: int | None = None
    seen: int = 0
    hits: int = 0
    seen_of_order: Counter[int] = field(default_factory=Counter)

    @property
    def kind(self) -> FaultKind:
        return KINDS[self.fault]

    @property
    def after(self) -> bool:
        """Whether the fault strikes when the panel has done its work."""
        return bool(self.settings.get("when") == AFTER)

    def shown(self) -> dict[str, object]:
        """The rule with its counts: how much of what fits it has met, and how much of that it hit."""
        told = {name: value for name in _SHOWN if (value := getattr(self, name))}
        if self.probability < 1:
            told["probability"] = self.probability
        if "rate" in (settings := dict(self.settings)):
            settings["rate"] = money.text(settings["rate"])
        if self.from_ms:
            told["from"] = iso(self.from_ms)
        if self.to_ms is not None:
            told["to"] = iso(self.to_ms)
        return {"name": self.name, "fault": self.fault, **settings, **told, "seen": self.seen, "hits": self.hits}

    def fits(self, facts: Facts) -> bool:
        """Caller, action and time."""
        return (
            (not self.owner or facts.owner == self.owner)
            and (facts.action == self.action if self.action else self.kind.concerns(facts.action))
            and self.from_ms <= facts.now
            and (self.to_ms is None or facts.now < self.to_ms)
        )

    def fits_target(self, service: int, link: str) -> bool:
        return (not self.service or service == self.service) and (not self.link or fnmatchcase(link, self.link))

    def fits_call(self, facts: Facts) -> bool:
        """Like `fits`, and one of the orders that the call is about fits too."""
        if not self.fits(facts):
            return False
        if self.fault == "duplicate" and facts.latest() is None:
            return False
        return not (self.service or self.link) or any(self.fits_target(*target) for target in facts.targets())

    def strikes(self, nth: int, *, seed: int, drawn: str) -> bool:
        """Whether the `nth` (from 1) of what fits is hit; counts the hit."""
        if (self.times and self.hits >= self.times) or (self.nth and nth != self.nth):
            return False
        if self.every and nth % self.every:
            return False
        if self.probability < 1 and random.Random(f"{seed} {self.position} {drawn}").random() >= self.probability:
            return False
        self.hits += 1
        return True

    def strikes_call(self, *, seed: int) -> bool:
        self.seen += 1
        return self.strikes(self.seen, seed=seed, drawn=f"call {self.seen}")

    def strikes_order(self, order: SandboxOrder, *, seed: int, each: bool) -> bool:
        """`each`: counts the times that this order is met; else the orders."""
        if not self.fits_target(order.service, target_link(order.link, order.params)):
            return False
        self.seen += 1
        self.seen_of_order[order.id] += 1
        nth = self.seen_of_order[order.id] if each else self.seen
        return self.strikes(nth, seed=seed, drawn=f"order {order.id}")


def target_link(link: str, params: dict[str, str]) -> str:
    """What a `link` pattern is held against: a subscription has a name instead of a link."""
    return link or params.get("username", "")


class FaultEffect(Conduct):
    """All that strikes one call. `instead` takes the place of the answer; delays are in seconds."""

    def __init__(self, rules: list[FaultRule], facts: Facts, *, seed: int) -> None:
        self._seed = seed
        self.before_s = self.after_s = 0.0
        self.instead: FaultRule | None = None
        self.latest: int | None = None
        self.dialects: tuple[str, ...] = ()
        self._reports: list[FaultRule] = []
        self._losses: list[FaultRule] = []
        for rule in rules:
            self._take(rule, facts)

    def _take(self, rule: FaultRule, facts: Facts) -> None:
        group = rule.kind.group
        if group in (FaultGroup.REPORT, FaultGroup.LOSS):
            if rule.fits(facts):
                (self._reports if group is FaultGroup.REPORT else self._losses).append(rule)
            return
        # A rule about a service changes the whole price list: its `service` is not a condition on the call.
        fits = rule.fits(facts) if group is FaultGroup.SERVICE else rule.fits_call(facts)
        if not fits or (group is FaultGroup.INSTEAD and self.instead) or not rule.strikes_call(seed=self._seed):
            return
        match group:
            case FaultGroup.DELAY:
                self._delay(rule)
            case FaultGroup.INSTEAD:
                self.instead = rule
                self.latest = facts.latest() if rule.fault == "duplicate" else None
            case FaultGroup.DIALECT:
                self.dialects += rule.settings["dialect"]
            case FaultGroup.SERVICE:
                self.catalogue = changed(self.catalogue, service=rule.service, settings=rule.settings)
            case FaultGroup.FUNDS:
                self.no_funds = True

    def _delay(self, rule: FaultRule) -> None:
        dice = random.Random(f"{self._seed} {rule.position} delay {rule.seen}")
        delay_s = rule.settings["seconds"] + dice.random() * rule.settings["jitter_s"]
        if rule.after:
            self.after_s += delay_s
        else:
            self.before_s += delay_s

    def loses(self, order: SandboxOrder) -> bool:
        return any(rule.strikes_order(order, seed=self._seed, each=False) for rule in self._losses)

    def shown(self, order: SandboxOrder, report: dict[str, object]) -> dict[str, object]:
        for rule in self._reports:
            bend = reports.BENDS[rule.fault](order, report, rule.settings)
            if bend is not None and rule.strikes_order(order, seed=self._seed, each=True):
                report = bend
        return report


class Faults:
    """The rules in force, how often each was met, and how many calls there were since they were set, by action."""

    def __init__(self) -> None:
        self.seed = 1
        self.rules: list[FaultRule] = []
        self.calls: Counter[str] = Counter()

    def strike(self, facts: Facts) -> FaultEffect:
        self.calls[facts.action if facts.action in ACTIONS else "other"] += 1
        return FaultEffect(self.rules, facts, seed=self.seed)

    def replace(self, body: dict[str, Any], *, now: int, owners: Iterable[str]) -> None:
        """Put these rules in the place of all others; nothing changes when one of them cannot be read (Bad)."""
        refuse_unknown(body, {"seed", "faults"})
        rows = body.get("faults", [])
        if not isinstance(rows, list) or len(rows) > RULES_MAX:
            raise BadControl(f"faults: write a list of at most {RULES_MAX}")
        seed = count(body, "seed", 1)
        rules: list[FaultRule] = []
        for position, row in enumerate(rows):
            try:
                if not isinstance(row, dict):
                    raise BadControl("write a JSON object")
                rules.append(_rule(row, position=position, now=now, owners=owners))
            except BadControl as bad:
                raise BadControl(f"faults[{position}]: {bad}") from None
        self.seed, self.rules, self.calls = seed, rules, Counter()

    def shown(self) -> dict[str, object]:
        return {
            "seed": self.seed,
            "faults": [rule.shown() for rule in self.rules],
            "calls": dict(self.calls),
        }


def _rule(row: dict[str, Any], *, position: int, now: int, owners: Iterable[str]) -> FaultRule:
    fault = str(row.get("fault", ""))
    kind = KINDS.get(fault)
    if kind is None:
        raise BadControl(f"fault: write one of {', '.join(KINDS)}")
    refuse_unknown(row, _CONDITIONS | set(kind.settings))
    action, owner, service = str(row.get("action", "")), "", count(row, "service", 0)
    if action and not (action in ACTIONS and kind.concerns(action)):
        raise BadControl(f"action: write one of {', '.join(a for a in ACTIONS if kind.concerns(a))}")
    if "key" in row:
        owner = owner_of(str(row["key"]))
        if owner not in owners:
            raise BadControl("key: this sandbox was not started with it")
    if service and service not in BY_ID:
        raise BadControl("service: this one is not in the catalogue")
    return FaultRule(
        position=position,
        name=str(row.get("name", position)),
        fault=fault,
        settings=kind.read(row),
        action=action,
        owner=owner,
        service=service,
        link=str(row.get("link", "")),
        nth=count(row, "nth", 0),
        every=count(row, "every", 0),
        times=count(row, "times", 0),
        probability=number(row, "probability", most=1) if "probability" in row else 1.0,
        from_ms=_time(row, "from", now=now) or 0,
        to_ms=_time(row, "to", now=now),
    )


def _time(row: dict[str, Any], name: str, *, now: int) -> int | None:
    """`from` as a moment, or `from_s` as seconds from now."""
    if f"{name}_s" in row:
        return now + int(number(row, f"{name}_s", most=TIME_MAX_S) * 1000)
    return moment(row[name], name=name) if name in row else None
