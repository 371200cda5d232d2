"""Upstream panels of the simulator's world.

They stand where sockets, HTTP and somebody else's software would be: asked through the same methods
as providers/wire/panel_v2/client.py, they give its typed outcomes. They keep what they were really sent and what
they really took, which is what the simulator judges by; what they tell us of it may be anything that
PROTOCOL.md section 5 has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Protocol

from panelwright.providers.wire.outcomes import (
    Accepted,
    Balance,
    OrderReport,
    Reason,
    RefillReport,
    Unknown,
    UpstreamRefused,
)

# An add that is taken some time after its caller has given up waiting.
TAKEN_LATE_MAX_S = 60.0
# Units of what is sold whole, as upstream counts them.
WHOLE = 1
# Refusals of a repeat that say nothing of the first request: given before the request_id is looked for, or its doing.
BEFORE_LOOKING = (Reason.UNREACHABLE, Reason.LIMIT, Reason.KEY, Reason.OTHER, Reason.FUNDS, Reason.DUPLICATE)

OPEN = ("Pending", "Processing", "In progress")


class Mood(Enum):
    """What a provider does with every request until its mood changes."""

    FAIR = "fair"
    DOWN = "down"  # no connection
    SILENT = "silent"  # reads the request and never answers
    BUSY = "busy"  # rate limit
    BROKE = "broke"  # our balance there is empty
    KEY = "key"  # our key is switched off


class Witness(Protocol):
    """Who hears what upstream panels are sent and what they take."""

    def add_called(self, model: UpstreamModel, params: dict[str, str]) -> None: ...

    def order_taken(self, model: UpstreamModel, order: Delivery | Followed) -> None: ...

    def refill_called(self, model: UpstreamModel, ref: str) -> None: ...

    def post_made(self, model: UpstreamModel, followed: Followed, order: Delivery) -> None: ...

    def is_taken_over(self, model: UpstreamModel, ref: str) -> bool: ...


@dataclass(slots=True)
class Delivery:
    """An order that upstream has. `ends` and `remains`: how it will end, unless it is cancelled first."""

    ref: str
    request_id: str
    params: dict[str, str]
    quantity: int
    taken_at: datetime
    starts_s: float
    lasts_s: float
    ends: str
    remains: int
    start_count: int
    lost_until: datetime | None = None

    def at(self, now: datetime) -> tuple[str, int]:
        """Status and remains as they really are."""
        age_s = (now - self.taken_at).total_seconds()
        if age_s < self.starts_s:
            return "Pending", self.quantity
        part = min((age_s - self.starts_s) / self.lasts_s, 1.0)
        if part >= 1.0:
            return self.ends, self.remains
        left = self.quantity - int((self.quantity - max(self.remains, 0)) * part)
        return ("Processing", self.quantity) if part < 0.03 else ("In progress", left)

    def told_charge(self, word: str = "") -> Decimal | None:
        """What upstream says that it takes: of every third order, with more digits than money has. Of another third
        it says that it takes nothing while it is under way, as it is told with the `word`."""
        if int(self.ref) % 3 == 1 and word in OPEN:
            return Decimal(0)
        return Decimal(self.quantity) / Decimal(13_000_003) if int(self.ref) % 3 == 0 else None

    def ended(self, now: datetime) -> bool:
        return (now - self.taken_at).total_seconds() >= self.starts_s + self.lasts_s

    def lost(self, now: datetime) -> bool:
        """Whether upstream has forgotten it; some are remembered again."""
        return self.lost_until is not None and now < self.lost_until

    def end_now(self, now: datetime, *, ends: str, remains: int) -> None:
        self.ends, self.remains = ends, remains
        age_s = max((now - self.taken_at).total_seconds(), 0.0)
        self.starts_s = min(self.starts_s, age_s)
        self.lasts_s = max(age_s - self.starts_s, 0.001)


@dataclass(slots=True)
class Followed:
    """A subscription that upstream has: it makes an order every so often, until it has made enough."""

    ref: str
    request_id: str
    params: dict[str, str]
    left: int
    every_s: float
    next_at: datetime
    word: str = "Active"
    made: list[str] = field(default_factory=list)


@dataclass(slots=True)
class GoodsLostAgain:
    """A refill that upstream has taken."""

    ref: str
    order: str
    asked_at: datetime
    lasts_s: float
    ends: str


@dataclass(slots=True)
class Late:
    """An add whose answer was lost on the way in: it is taken when its time comes."""

    due: datetime
    params: dict[str, str]


@dataclass(slots=True)
class UpstreamModel:
    """One upstream panel. `faults` scales every fault; 0: it does what it should."""

    name: str
    knows_request_id: bool
    rng: Random
    now: Callable[[], datetime]
    witness: Witness
    faults: float = 1.0
    mood: Mood = Mood.FAIR
    orders: dict[str, Delivery] = field(default_factory=dict)
    by_request: dict[str, Delivery | Followed] = field(default_factory=dict)
    followed: dict[str, Followed] = field(default_factory=dict)
    refills: dict[str, GoodsLostAgain] = field(default_factory=dict)
    late: list[Late] = field(default_factory=list)
    _last_ref: int = 1000  # every panel counts its own orders, so two providers give the same numbers

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share * self.faults

    # ---- the account ----

    def balance(self) -> Balance | UpstreamRefused | Unknown:
        """What is asked of a provider whose rest is over; one without funds says so here without a refusal."""
        mood = self._moody()
        return Balance(Decimal(0), "USD") if mood is None or self.mood is Mood.BROKE else mood

    # ---- add ----

    def add(self, params: dict[str, str]) -> Accepted | UpstreamRefused | Unknown:
        self.catch_up()
        self.witness.add_called(self, params)
        mood = self._moody()
        if mood is not None:
            return mood
        if self._chance(0.05):
            return Unknown("the provider did not answer in time")
        if self._chance(0.03):
            return _refused(self.rng.choice(BEFORE_LOOKING))
        request_id = params["request_id"]
        if self.knows_request_id:
            if request_id in self.by_request:
                if self._chance(0.3):
                    return _refused(self.rng.choice(BEFORE_LOOKING))
                return self._answer(self.by_request[request_id])
            if any(late.params["request_id"] == request_id for late in self.late):
                return UpstreamRefused(Reason.LIMIT, "This order is being placed, try again later")
        refusal = self._refuses()
        if refusal is not None:
            return refusal
        if self._chance(0.02):
            due = self.now() + timedelta(seconds=self.rng.uniform(1, TAKEN_LATE_MAX_S))
            self.late.append(Late(due, params))
            return Unknown("the provider did not answer in time")
        return self._answer(self._take(params))

    def _moody(self) -> UpstreamRefused | Unknown | None:
        if self.mood is Mood.DOWN:
            return _refused(Reason.UNREACHABLE)
        if self.mood is Mood.SILENT:
            return Unknown("the provider did not answer in time")
        if self.mood is Mood.BUSY:
            return UpstreamRefused(
                Reason.LIMIT, "Too many requests", retry_after_s=self.rng.choice((None, 1, 30, 100_000))
            )
        if self.mood is Mood.KEY:
            return _refused(Reason.KEY)
        return None

    def _refuses(self) -> UpstreamRefused | None:
        """A refusal of what was ordered: given only after request_id was looked for."""
        if self.mood is Mood.BROKE:
            return _refused(Reason.FUNDS)
        if not self._chance(0.10):
            return None
        return _refused(
            self.rng.choice(
                (
                    Reason.FUNDS,
                    Reason.DUPLICATE,
                    Reason.DUPLICATE,
                    Reason.SERVICE,
                    Reason.QUANTITY,
                    Reason.DISABLED,
                    Reason.NOT_FOUND,
                    Reason.LINK,
                )
            )
        )

    def _answer(self, order: Delivery | Followed) -> Accepted | Unknown:
        """What is told of an order that upstream has: mostly its id."""
        if self._chance(0.05):
            return Unknown("the connection broke before the answer", evidence="<html>502</html>")
        if self._chance(0.01):
            return Accepted("")
        if len(self.orders) > 1 and self._chance(0.06):
            return Accepted(self.rng.choice(list(self.orders)[-20:]))
        return Accepted(order.ref)

    def _take(self, params: dict[str, str]) -> Delivery | Followed:
        if "delay" in params:
            return self._follow(params)
        order = self._delivery(params, params["request_id"])
        self.by_request[order.request_id] = order
        self.witness.order_taken(self, order)
        return order

    def _follow(self, params: dict[str, str]) -> Followed:
        self._last_ref += 1
        rng = self.rng
        followed = Followed(
            ref=str(self._last_ref),
            request_id=params["request_id"],
            params=params,
            left=rng.randint(0, 4),
            every_s=rng.choice((5.0, 300.0, 9_000.0)),
            next_at=self.now(),
        )
        self.followed[followed.ref] = self.by_request[followed.request_id] = followed
        self.witness.order_taken(self, followed)
        return followed

    def _make(self, followed: Followed) -> None:
        """The next order of a subscription."""
        low, high = int(followed.params["min"]), int(followed.params["max"])
        order = self._delivery({"quantity": str(self.rng.randint(low, high))}, "")
        followed.made.append(order.ref)
        followed.left -= 1
        followed.next_at = self.now() + timedelta(seconds=followed.every_s)
        if followed.left <= 0:
            followed.word = "Completed"
        self.witness.post_made(self, followed, order)

    def _delivery(self, params: dict[str, str], request_id: str) -> Delivery:
        self._last_ref += 1
        rng = self.rng
        quantity = _quantity(params)
        ends = "Completed" if not self._chance(0.35) else rng.choice(("Partial", "Partial", "Canceled"))
        remains = 0
        if ends == "Partial":
            remains = rng.choice((rng.randint(0, quantity), rng.randint(1, max(quantity - 1, 1)), quantity))
        elif ends == "Canceled":
            remains = rng.choice((quantity, rng.randint(0, quantity)))
        elif self._chance(0.1):
            remains = -rng.randint(1, quantity)
        order = Delivery(
            ref=str(self._last_ref),
            request_id=request_id,
            params=params,
            quantity=quantity,
            taken_at=self.now(),
            starts_s=rng.uniform(0, 60),
            lasts_s=rng.choice((5.0, 300.0, 9_000.0, 90_000.0, 90_000.0) if self.faults else (5.0,))
            * rng.uniform(0.5, 2),
            ends=ends,
            remains=remains,
            start_count=rng.choice((0, rng.randint(1, 10**6))),
            lost_until=self.now() + timedelta(hours=rng.uniform(0, 100)) if self._chance(0.02) else None,
        )
        self.orders[order.ref] = order
        return order

    def catch_up(self) -> None:
        """Take what was still waiting inside; it is a minute at most."""
        if self.late:
            now = self.now()
            due = [late for late in self.late if late.due <= now]
            self.late = [late for late in self.late if late.due > now]
            for late in due:
                self._take(late.params)
        for followed in self.followed.values():
            if followed.word == "Active" and followed.next_at <= self.now():
                if followed.left > 0:
                    self._make(followed)
                else:
                    followed.word = "Completed"

    def finish(self) -> None:
        """Let everything that it has come to its end now."""
        now = self.now()
        self.late = [Late(now, late.params) for late in self.late]
        self.catch_up()
        for followed in self.followed.values():
            followed.next_at = now
            while followed.word == "Active" and followed.left > 0:
                self._make(followed)
        for order in self.orders.values():
            order.end_now(now, ends=order.ends, remains=order.remains)

    # ---- what came of it ----

    def status(self, ids: Sequence[str]) -> dict[str, OrderReport | UpstreamRefused | Unknown]:
        whole = self._whole_request()
        if whole is not None:
            return dict.fromkeys(ids, whole)
        return {ref: self._report(ref) for ref in ids}

    def _whole_request(self) -> UpstreamRefused | Unknown | None:
        self.catch_up()
        mood = self._moody()
        if mood is None and self._chance(0.04):
            return self.rng.choice(
                (
                    Unknown("the provider did not answer in time"),
                    _refused(Reason.LIMIT),
                    _refused(Reason.UNREACHABLE),
                    _refused(Reason.KEY),
                    _refused(Reason.OTHER),
                )
            )
        return mood

    def _report(self, ref: str) -> OrderReport | UpstreamRefused | Unknown:
        if ref in self.followed:
            return self._standing(self.followed[ref])
        order = self.orders.get(ref)
        if order is None or order.lost(self.now()) or self._chance(0.005):
            return _refused(Reason.NOT_FOUND)
        if self._chance(0.02):
            return Unknown("the provider did not answer for this order")
        status, left = order.at(self.now())
        if self._chance(0.12):  # going backwards
            status, left = self.rng.choice(("Pending", "Processing")), order.quantity
        remains: int | None = max(left, 0)
        if status in ("Pending", "Processing") and int(ref) % 3 == 0:
            remains = 0  # left so until it starts
        if self._chance(0.04):
            remains = self.rng.choice((None, order.quantity + 1, order.quantity, 0))
        if self._chance(0.02):
            word = self.rng.choice(("Sleeping", "Active", "Expired"))
            return OrderReport(word if word != "Sleeping" else None, None, remains, None, "", word)
        start_count = None if self._chance(0.2) else order.start_count
        return OrderReport(status, start_count, remains, order.told_charge(status), "", status)

    def _standing(self, followed: Followed) -> OrderReport | UpstreamRefused | Unknown:
        """How a subscription stands: its orders in any order, some twice, some of others, some left out."""
        if self._chance(0.02):
            return Unknown("the provider did not answer for this order")
        refs = list(followed.made)
        if self._chance(0.3):
            refs += refs[:2]
            self.rng.shuffle(refs)
        if self._chance(0.1):
            refs = refs[1:]
        if self._chance(0.1):
            # Of another subscription, and the panel has it.
            others = [ref for one in self.followed.values() if one is not followed for ref in one.made[-3:]]
            refs += [ref for ref in others[-20:] if self.witness.is_taken_over(self, ref)][:2]
        word = followed.word
        if self._chance(0.05):
            word = self.rng.choice(("Paused", "Active", "In progress"))
        return OrderReport(word, None, None, None, "", word, posts=len(refs), orders=tuple(refs))

    # ---- refills ----

    def refill(self, ref: str) -> Accepted | UpstreamRefused | Unknown:
        self.witness.refill_called(self, ref)
        whole = self._whole_request()
        if whole is not None:
            return whole
        if ref not in self.orders or self._chance(0.1):
            return _refused(self.rng.choice((Reason.DISABLED, Reason.NOT_FOUND, Reason.OTHER)))
        if self._chance(0.05):
            return Unknown("the provider did not answer in time")
        self._last_ref += 1
        taken = GoodsLostAgain(
            ref=str(self._last_ref),
            order=ref,
            asked_at=self.now(),
            lasts_s=self.rng.uniform(1, 5000),
            ends=self.rng.choice(("Completed", "Completed", "Rejected", "Canceled")),
        )
        self.refills[taken.ref] = taken
        if self._chance(0.05):
            return Unknown("the connection broke before the answer")
        return Accepted("" if self._chance(0.05) else taken.ref)

    def refill_status(self, ids: Sequence[str]) -> dict[str, RefillReport | UpstreamRefused | Unknown]:
        whole = self._whole_request()
        if whole is not None:
            return dict.fromkeys(ids, whole)
        return {ref: self._refill_report(ref) for ref in ids}

    def _refill_report(self, ref: str) -> RefillReport | UpstreamRefused | Unknown:
        refill = self.refills.get(ref)
        if refill is None or self._chance(0.02):
            return _refused(Reason.NOT_FOUND)
        if self._chance(0.03):
            return Unknown("the provider did not answer for this refill")
        if self._chance(0.03):
            return RefillReport(None, "Sleeping")
        age_s = (self.now() - refill.asked_at).total_seconds()
        word = "Pending" if age_s < refill.lasts_s / 3 else "In progress" if age_s < refill.lasts_s else refill.ends
        return RefillReport(word, word)

    # ---- cancels ----

    def cancel(self, ids: Sequence[str]) -> dict[str, Accepted | UpstreamRefused | Unknown]:
        whole = self._whole_request()
        if whole is not None:
            return dict.fromkeys(ids, whole)
        return {ref: self._cancel(ref) for ref in ids}

    def _cancel(self, ref: str) -> Accepted | UpstreamRefused | Unknown:
        if ref in self.followed:
            return self._end_standing(self.followed[ref])
        order, now = self.orders.get(ref), self.now()
        if order is None or order.lost(now):
            return _refused(Reason.NOT_FOUND)
        if order.ended(now):
            return UpstreamRefused(Reason.OTHER, "The order cannot be canceled")
        if self._chance(0.3):
            return self.rng.choice(
                (_refused(Reason.DISABLED), _refused(Reason.OTHER), Unknown("not a word of this order"))
            )
        if not self._chance(0.3):  # else it says yes and goes on delivering
            left = max(order.at(now)[1], 0)
            order.end_now(
                now, ends="Canceled" if left == order.quantity or self._chance(0.5) else "Partial", remains=left
            )
        return Accepted(ref)

    def _end_standing(self, followed: Followed) -> Accepted | UpstreamRefused | Unknown:
        if followed.word != "Active":
            return UpstreamRefused(Reason.OTHER, "The order cannot be canceled")
        if self._chance(0.2):
            return self.rng.choice((_refused(Reason.DISABLED), Unknown("not a word of this order")))
        followed.word = "Canceled"
        return Accepted(followed.ref)


def _quantity(params: dict[str, str]) -> int:
    """How many units upstream will count."""
    if "quantity" in params:
        return int(params["quantity"])
    for name in ("comments", "usernames"):
        if name in params:
            return params[name].count("\n") + 1
    return WHOLE


_TEXTS = {
    Reason.FUNDS: "Not enough funds on balance",
    Reason.DUPLICATE: "You have active order with this link. Please wait until order being completed.",
    Reason.SERVICE: "Incorrect service ID",
    Reason.QUANTITY: "Quantity less than minimal 50",
    Reason.LINK: "Bad link",
    Reason.KEY: "Invalid API key",
    Reason.LIMIT: "Too many requests",
    Reason.DISABLED: "Refill is disabled for this service",
    Reason.NOT_FOUND: "Incorrect order ID",
    Reason.UNREACHABLE: "no connection",
    Reason.OTHER: "Something went wrong",
}


def _refused(reason: Reason) -> UpstreamRefused:
    return UpstreamRefused(reason, _TEXTS[reason])
