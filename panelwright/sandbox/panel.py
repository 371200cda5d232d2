"""The actions of the panel API v2, for one caller at a time. No HTTP in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from panelwright.sandbox import checks, delivery, money, schedules
from panelwright.sandbox.behaviour import HONEST, Conduct
from panelwright.sandbox.catalogue import BY_ID
from panelwright.sandbox.checks import Draft, SandboxRefusal
from panelwright.sandbox.clock import Clock, wall_ms
from panelwright.sandbox.delivery import SandboxOrder, SandboxRefill
from panelwright.sandbox.store import Store

ACTIONS = ("services", "balance", "add", "status", "refill", "refill_status", "cancel")
IDS_MAX = 100
DAY_MS = 86_400_000
OPENING_BALANCE_MICROS = 1_000_000 * 1_000_000

# What an action answers: JSON, or a refusal.
Answer = dict[str, object] | list[dict[str, object]] | SandboxRefusal


def owner_of(key: str) -> str:
    """What stands for an API key in the file: the key itself is kept nowhere."""
    return sha256(key.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Settings:
    """What a sandbox is told at its start and may be told again by the control address."""

    owners: tuple[str, ...]
    knows_request_id: bool = True
    # Between the end of an order, or its last refill, and the next refill; a real panel has 24 hours.
    refill_wait_ms: int = 0
    # What it speaks to everybody, by the names of dialects.py.
    dialects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelCall:
    """One call of a known caller: parameters, trimmed; the header Idempotency-Key; the sandbox time in ms;
    how the panel behaves this time."""

    params: dict[str, str]
    idempotency_key: str
    owner: str
    now: int
    conduct: Conduct

    def get(self, name: str) -> str:
        return self.params.get(name, "")


def _ids(text: str) -> list[str]:
    """The ids of a comma-separated list, as sent; more than a hundred are not looked at."""
    return [part.strip() for part in text.split(",") if part.strip()][:IDS_MAX]


def _numbers(ids: list[str]) -> list[int]:
    return [number for text in ids if (number := checks.whole(text)) is not None]


def numbers_of(text: str) -> list[int]:
    """The ids of a list that are numbers."""
    return _numbers(_ids(text))


def _echo(text: str) -> int | str:
    """An id in a list answer: a number, or text where it is none."""
    number = checks.whole(text)
    return text if number is None or len(text) > 18 else number


def _of_order(params: dict[str, str]) -> dict[str, str]:
    """The parameters of an `add` that describe the order."""
    return {name: value for name, value in params.items() if name not in ("key", "action", "request_id")}


class SandboxPanel:
    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self.store = store
        self.clock = clock
        self.settings = settings
        self._actions: dict[str, Callable[[PanelCall], Answer]] = {
            "services": self._services,
            "balance": self._balance,
            "add": self._add,
            "status": self._status,
            "refill": self._refill,
            "refill_status": self._refill_status,
            "cancel": self._cancel,
        }

    def answer(self, params: dict[str, str], *, idempotency_key: str = "", conduct: Conduct = HONEST) -> Answer:
        """Key, then action and its selector, then parameters. To be called within a step of the store."""
        owner = owner_of(params.get("key", ""))
        if owner not in self.settings.owners:
            return checks.INVALID_KEY
        action = self._actions.get(params.get("action", ""))
        if action is None:
            return checks.INCORRECT_REQUEST
        now = self.clock.now()
        schedules.tick(self.store, now=now)
        return action(PanelCall(params, idempotency_key, owner, now, conduct))

    def _services(self, call: PanelCall) -> Answer:
        return [
            {
                "service": s.service,
                "name": s.name,
                "type": s.type,
                "category": s.category,
                "rate": s.rate,
                "min": str(s.min),
                "max": str(s.max),
                "refill": s.refill,
                "cancel": s.cancel,
                "dripfeed": s.drip_feed,
                **({"increment": str(s.increment)} if s.increment > 1 else {}),
            }
            for s in call.conduct.catalogue.values()
        ]

    def _balance(self, call: PanelCall) -> Answer:
        micros = 0 if call.conduct.no_funds else self.store.balance(call.owner)
        return {"balance": money.text(micros), "currency": money.CURRENCY}

    # add

    def note_dropped(self, params: dict[str, str], *, idempotency_key: str, fault: str) -> None:
        """Write an `add` into the log that a fault kept from the panel. To be called within a step of the store."""
        owner = owner_of(params.get("key", ""))
        if params.get("action") != "add" or owner not in self.settings.owners:
            return
        request_id = checks.read_request_id(params, header=idempotency_key)
        self.store.log_add(
            received_at=wall_ms(),
            owner=owner,
            request_id=None if isinstance(request_id, SandboxRefusal) else request_id,
            result="dropped",
            order_id=None,
            error=fault,
            params=_of_order(params),
        )

    def _add(self, call: PanelCall) -> Answer:
        params = _of_order(call.params)
        request_id = checks.read_request_id(call.params, header=call.idempotency_key)
        if isinstance(request_id, SandboxRefusal):
            return self._logged(call, params, request_id=None, outcome=request_id)
        first = self._first(request_id, owner=call.owner)
        if first is None:
            outcome = self._place(call, params, request_id=request_id)
            return self._logged(call, params, request_id=request_id, outcome=outcome)
        if first.digest == checks.digest(params):
            return self._logged(call, params, request_id=request_id, outcome=first, repeated=True)
        return self._logged(call, params, request_id=request_id, outcome=checks.incorrect("request_id"))

    def _logged(
        self,
        call: PanelCall,
        params: dict[str, str],
        *,
        request_id: str | None,
        outcome: SandboxOrder | SandboxRefusal,
        repeated: bool = False,
    ) -> Answer:
        """Write the call into the log of adds, and answer it."""
        refused = isinstance(outcome, SandboxRefusal)
        self.store.log_add(
            received_at=wall_ms(),
            owner=call.owner,
            request_id=request_id,
            result="refused" if refused else "repeated" if repeated else "placed",
            order_id=None if isinstance(outcome, SandboxRefusal) else outcome.id,
            error=outcome.text if isinstance(outcome, SandboxRefusal) else None,
            params=params,
        )
        return outcome if isinstance(outcome, SandboxRefusal) else {"order": outcome.id}

    def _first(self, request_id: str | None, *, owner: str) -> SandboxOrder | None:
        if request_id is None or not self.settings.knows_request_id:
            return None
        return self.store.by_request_id(request_id, owner=owner)

    def _place(
        self, call: PanelCall, params: dict[str, str], *, request_id: str | None
    ) -> SandboxOrder | SandboxRefusal:
        draft = checks.read_add(params, catalogue=call.conduct.catalogue)
        if isinstance(draft, SandboxRefusal):
            return draft
        service = draft.service
        if service.unique_link and self.store.link_in_use(service=service.service, link=draft.link):
            return checks.LINK_BUSY
        if call.conduct.no_funds or self.store.balance(call.owner) < draft.charge_micros:
            return checks.NO_FUNDS
        order = self._order(call, draft, params, request_id=request_id)
        order = replace(order, lost=call.conduct.loses(order))
        self.store.insert_order(order)
        return order

    def _order(self, call: PanelCall, draft: Draft, params: dict[str, str], *, request_id: str | None) -> SandboxOrder:
        order_id = self.store.next_order_id()
        course = delivery.plan(
            draft.service,
            order_id=order_id,
            quantity=draft.quantity,
            charge_micros=draft.charge_micros,
            now=call.now,
        )
        order = SandboxOrder(
            id=order_id,
            owner=call.owner,
            service=draft.service.service,
            link=draft.link,
            quantity=draft.quantity,
            charge_micros=draft.charge_micros,
            params=params,
            received_at=wall_ms(),
            created_at=call.now,
            plan=course,
            request_id=request_id,
            digest=checks.digest(params),
        )
        if draft.runs or draft.service.service_type.subscription:
            return schedules.start(order, draft)
        return order

    # status

    def _status(self, call: PanelCall) -> Answer:
        many, one = call.get("orders"), call.get("order")
        if not many and "," in one:
            many = one
        if many:
            ids = _ids(many)
            orders = self.store.orders(_numbers(ids), owner=call.owner)
            return {text: self._shown(orders.get(checks.whole(text) or 0), call) for text in ids}
        if not one:
            return checks.INCORRECT_REQUEST
        order = self._own_order(one, call)
        return self._shown(order, call) if order else checks.INCORRECT_ORDER

    def _own_order(self, text: str, call: PanelCall) -> SandboxOrder | None:
        number = checks.whole(text) or 0
        return self.store.orders([number], owner=call.owner).get(number)

    def _shown(self, order: SandboxOrder | None, call: PanelCall) -> dict[str, object]:
        if order is None:
            return {"error": checks.INCORRECT_ORDER.text}
        state = self.state(order, now=call.now)
        shown: dict[str, object] = {
            "charge": money.text(state.charge_micros),
            "start_count": str(state.start_count),
            "status": state.status,
            "remains": str(state.remains),
            "currency": money.CURRENCY,
        }
        if schedules.is_schedule(order):
            shown |= schedules.extras(self.store, order, now=call.now)
        return call.conduct.shown(order, shown)

    def state(self, order: SandboxOrder, *, now: int) -> delivery.OrderState:
        """The state of any order, plain or creating others. To be asked after a tick."""
        if schedules.is_schedule(order):
            return schedules.schedule_state(order, now=now)
        return delivery.state(order, now=now)

    # refill

    def _refill(self, call: PanelCall) -> Answer:
        many, one = call.get("orders"), call.get("order")
        if not many and not one:
            return checks.INCORRECT_REQUEST
        if not many and "," not in one:
            refill = self._ask_refill(self._own_order(one, call), call)
            return refill if isinstance(refill, SandboxRefusal) else {"refill": str(refill.id)}
        answers: list[dict[str, object]] = []
        for text in _ids(many or one):
            refill = self._ask_refill(self._own_order(text, call), call)
            value = {"error": refill.text} if isinstance(refill, SandboxRefusal) else refill.id
            answers.append({"order": _echo(text), "refill": value})
        return answers

    def _ask_refill(self, order: SandboxOrder | None, call: PanelCall) -> SandboxRefill | SandboxRefusal:
        if order is None:
            return checks.INCORRECT_ORDER
        service = BY_ID[order.service]
        if not service.refill:
            return checks.REFILL_DISABLED
        if self.state(order, now=call.now).status != delivery.COMPLETED:
            return checks.NOT_COMPLETED
        ended_at, latest = order.plan.ends_at, self.store.latest_refill(order.id)
        if latest is not None and call.now < latest.ends_at:
            return checks.REFILL_OPEN
        last_at = ended_at if latest is None else max(ended_at, latest.created_at)
        if call.now - last_at < self.settings.refill_wait_ms:
            return checks.REFILL_TOO_EARLY
        if call.now - ended_at > service.refill_days * DAY_MS:
            return checks.REFILL_OVER
        refill_id = self.store.next_refill_id()
        refill = delivery.plan_refill(refill_id=refill_id, order_id=order.id, owner=call.owner, now=call.now)
        self.store.insert_refill(refill)
        return refill

    def _refill_status(self, call: PanelCall) -> Answer:
        many, one = call.get("refills"), call.get("refill")
        if not many and not one:
            return checks.INCORRECT_REQUEST
        ids = _ids(many or one)
        found = self.store.refills(_numbers(ids), owner=call.owner)
        words = {number: delivery.refill_status(refill, now=call.now) for number, refill in found.items()}
        if not many and "," not in one:
            word = words.get(checks.whole(one) or 0)
            return checks.REFILL_UNKNOWN if word is None else {"status": word}
        return [
            {"refill": _echo(text), "status": words.get(checks.whole(text) or 0, {"error": checks.REFILL_UNKNOWN.text})}
            for text in ids
        ]

    # cancel

    def _cancel(self, call: PanelCall) -> Answer:
        text = call.get("orders") or call.get("order")
        if not text:
            return checks.INCORRECT_REQUEST
        answers: list[dict[str, object]] = []
        for id_text in _ids(text):
            refusal = self._cancel_one(self._own_order(id_text, call), now=call.now)
            answers.append({"order": _echo(id_text), "cancel": {"error": refusal.text} if refusal else 1})
        return answers

    def _cancel_one(self, order: SandboxOrder | None, *, now: int) -> SandboxRefusal | None:
        """Accept a cancel request, which takes effect a moment later, unless the order ends by itself first."""
        if order is None:
            return checks.INCORRECT_ORDER
        service = BY_ID[order.service]
        if not service.cancel:
            return checks.CANCEL_DISABLED
        # The runs of a drip-feed are paid for, and cancelled, with the whole.
        run = order.parent is not None and not service.service_type.subscription
        if run or self.state(order, now=now).status not in delivery.OPEN | {"Active", "Paused"}:
            return checks.NOT_CANCELABLE
        if schedules.is_schedule(order):
            schedules.cancel(self.store, order, now=now)
        else:
            self.store.replace_plan(order, delivery.cancelled(order, now=now), settled=order.settled)
        return None
