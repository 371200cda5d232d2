"""The batched lane: requests of the API become commands, commands share batches.

Writes go to one batcher, reads to another: a read never waits for a commit, and on SQLite reads
go on while a batch is written.
"""

from __future__ import annotations

import asyncio
import functools
import operator
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from panelwright.api import protocol
from panelwright.api.protocol import Ids
from panelwright.catalog.pricelists import Rendered, Renderer
from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.customers.access import Caller, Grant
from panelwright.customers.rate_limits import Meter
from panelwright.lane.batcher import LATER, Batcher, CommitUncertain, Done, NextBatch
from panelwright.lane.cpu_affinity import CpuSharing
from panelwright.orders import actions, queries, quotes, rules
from panelwright.orders.actions import AskOrders
from panelwright.orders.fields import ABSENT
from panelwright.orders.rules import MAY_NOT_ORDER, PlaceOrder, good_request_id


class Call(NamedTuple):
    """One request, parsed. `action` is a word of protocol, with `ids` where it takes them.

    `one` is true when the single form was used (`order`, `refill`), which is answered differently.
    `request_id`: of an order to be placed, or of the one whose status is asked for, without `ids`. `size`: the bytes
    that it came in.
    """

    caller: Caller
    action: str
    params: dict[str, str]
    ids: Ids | None = None
    one: bool = False
    request_id: str = ""
    size: int = 0


Answer = bytes | Refusal | Rendered

BAD_REQUEST = Refusal("bad_request")
BAD_ORDER = Refusal("bad_order")
BAD_REFILL = Refusal("bad_refill")
MAY_NOT_READ = Refusal("may_not_read")
_NOT_ADMITTED = (access.BAD_KEY, access.WRONG_ADDRESS, access.SUSPENDED, MAY_NOT_ORDER)
BAD_DRY_RUN = Refusal("bad_field", "dry_run", why="not_yes_or_no")
_YES = frozenset({"1", "true", "True"})
_NO = frozenset({"0", "false", "False"}) | ABSENT
# `status` by its other names.
_STATUS = frozenset({"status", "orders", "multi_status", "multi-status"})
_WITHOUT_IDS = frozenset({"services", "balance"})
WRITES = frozenset({"add", "refill", "cancel"})
# The longest that the event loop waits for a batch; a batch that takes longer goes on beside it.
STEP_ASIDE_S = 0.01


def _owner(call: Call) -> Hashable:
    """The customer, whatever keys she has. All keys that are not known are nobody's: anybody can make up thousands."""
    return access.whose(call.caller.digest)


_size: Callable[[Call], int] = operator.attrgetter("size")


def _action(call: Call) -> Hashable:
    return call.action


class Lane:
    """One a process; owns the batchers' threads, the rate meter and the rendered lists."""

    def __init__(self) -> None:
        self.meter = Meter()
        self._renderer = Renderer()
        aside_s = STEP_ASIDE_S if connection.vendor == "sqlite" else 0.0
        self._sharing = CpuSharing() if aside_s and settings.SHARE_CPU else None
        self._writes: Batcher[Call, Answer] = Batcher(
            "writes",
            self._write,
            owner_of=_owner,
            kind_of=_action,
            size_of=_size,
            batch_max=256,
            step_aside_s=aside_s,
            sharing=self._sharing,
        )
        self._reads: Batcher[Call, Answer] = Batcher(
            "reads",
            self._read,
            owner_of=_owner,
            size_of=_size,
            batch_max=64,
            step_aside_s=aside_s,
            sharing=self._sharing,
        )

    def submit(self, call: Call, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Answer]:
        return self._batcher(call).submit(call, loop)

    def tell(self, call: Call, loop: asyncio.AbstractEventLoop, done: Done) -> None:
        """As `submit`: `done` is called with the answer, or with why there is none."""
        self._batcher(call).tell(call, loop, done)

    def _batcher(self, call: Call) -> Batcher[Call, Answer]:
        return self._writes if call.action in WRITES else self._reads

    def stop(self) -> None:
        """In the event loop's thread: finish what is queued."""
        if self._sharing is not None:
            self._sharing.leave()
        self._writes.stop()
        self._reads.stop()
        self.meter.stop()

    def _write(self, calls: Sequence[Call]) -> list[Answer | NextBatch]:
        """A batch of writes of one action, in one transaction."""
        if calls[0].action == "add":
            orders = [PlaceOrder(call.caller, call.params, call.request_id) for call in calls]
            placed = actions.place_orders(orders, learn=self._learn, may_wait=True)
            with _done():
                return [_added(result) for result in placed]
        ask = actions.request_refills if calls[0].action == "refill" else actions.request_cancels
        outcomes = ask([AskOrders(call.caller, tuple(call.ids.numbers)) for call in calls if call.ids is not None])
        with _done():
            return [
                outcome if isinstance(outcome, Refusal) else _asked(call, outcome)
                for call, outcome in zip(calls, outcomes, strict=True)
            ]

    def _learn(self, caller: Caller, grant: Grant) -> None:
        if grant.key_id is not None:
            self.meter.learn(caller.digest, grant.key_id, grant.per_minute_max)

    def _read(self, calls: Sequence[Call]) -> list[Answer | NextBatch]:
        """A batch of reads: each kind of row that is asked for is read once, for all of them."""
        by_action: dict[str, list[tuple[int, Call, Grant]]] = {}
        answers: list[Answer | NextBatch] = [BAD_REQUEST] * len(calls)
        others = list(enumerate(calls))
        dry = [i for i, call in others if call.action == "dry_run"]
        if dry:
            for i, answer in zip(dry, self._dry_runs([calls[i] for i in dry]), strict=True):
                answers[i] = answer
            others = [(i, call) for i, call in others if call.action != "dry_run"]
        grants = access.grants([call.caller for _, call in others])
        for (i, call), grant in zip(others, grants, strict=True):
            if isinstance(grant, Refusal):
                answers[i] = grant
                continue
            self._learn(call.caller, grant)
            if not grant.can_read:
                answers[i] = MAY_NOT_READ
            else:
                by_action.setdefault(call.action, []).append((i, call, grant))
        for action, read in (
            ("balance", _balances),
            ("status", _statuses),
            ("refill_status", _refill_statuses),
            ("services", self._services),
        ):
            if action in by_action:
                for i, answer in read(by_action[action]):
                    answers[i] = answer
        return answers

    def _dry_runs(self, calls: Sequence[Call]) -> list[Answer | NextBatch]:
        """`add` with all its rules, and nothing written."""
        orders = [PlaceOrder(call.caller, call.params, call.request_id) for call in calls]
        answers: list[Answer | NextBatch] = []
        for call, result in zip(calls, quotes.dry_run(orders, learn=self._learn), strict=True):
            if result is rules.LATER:
                answers.append(LATER)
            elif call.params["dry_run"] not in _YES and result not in _NOT_ADMITTED:
                answers.append(BAD_DRY_RUN)
            else:
                answers.append(result if isinstance(result, Refusal) else protocol.price(*result))
        return answers

    def _services(self, calls: Sequence[tuple[int, Call, Grant]]) -> list[tuple[int, Answer]]:
        return [
            (i, self._renderer.get((g.panel_id, g.price_list_id or 0, g.percent_off_e2, g.catalog_version)))
            for i, _, g in calls
        ]


@contextmanager
def _done() -> Iterator[None]:
    """Behind the commit: a fault in here undoes nothing, so the batch must not be tried again."""
    try:
        yield
    except Exception as error:
        raise CommitUncertain(f"{type(error).__name__}: {error}") from error


def _added(result: Refusal | int) -> Answer | NextBatch:
    if isinstance(result, int):
        return protocol.added(result)
    return LATER if result is rules.LATER else result


def _asked(call: Call, outcome: list[Refusal | int]) -> Answer:
    """The answer to refill or cancel. Cancel is always a list; one refill is an object with a text."""
    assert call.ids is not None
    if call.action == "cancel":
        return protocol.listed("order", call.ids, "cancel", outcome)
    if call.one:
        first = outcome[0] if outcome else BAD_ORDER
        return first if isinstance(first, Refusal) else b'{"refill":"%d"}' % first
    return protocol.listed("order", call.ids, "refill", outcome)


def _balances(calls: Sequence[tuple[int, Call, Grant]]) -> list[tuple[int, Answer]]:
    found = queries.balances({g.panel_id for _, _, g in calls}, {g.account_id for _, _, g in calls})
    return [(i, protocol.balance(found[g.account_id], g.currency)) for i, _, g in calls]


def _wanted(calls: Sequence[tuple[int, Call, Grant]]) -> dict[int, set[int]]:
    """By panel id the numbers that are asked for."""
    wanted: dict[int, set[int]] = {}
    for _, call, grant in calls:
        of_panel = wanted.setdefault(grant.panel_id, set())
        if call.ids is not None:
            of_panel.update(call.ids.known)
    return wanted


def _statuses(calls: Sequence[tuple[int, Call, Grant]]) -> list[tuple[int, Answer]]:
    wanted = _wanted(calls)
    requests = {call.request_id for _, call, _ in calls if call.ids is None and good_request_id(call.request_id)}
    by_request = queries.by_request(wanted, {g.customer_id for _, _, g in calls}, requests) if requests else {}
    for _, call, grant in calls:
        before = by_request.get((grant.customer_id, call.request_id)) if call.ids is None else None
        if before is not None:
            wanted[grant.panel_id].add(before)
    found, progress = queries.standings(wanted)
    answers: list[tuple[int, Answer]] = []
    for i, call, grant in calls:
        of_panel = found[grant.panel_id]
        if call.ids is not None and not call.one:
            answers.append((i, protocol.standings(call.ids, of_panel, grant, progress)))
            continue
        asked = (
            next(iter(call.ids.numbers), None)
            if call.ids is not None
            else by_request.get((grant.customer_id, call.request_id))
        )
        order = of_panel.get(asked) if asked is not None else None
        if order is None or order[1] != grant.customer_id:
            answers.append((i, BAD_ORDER))
            continue
        said = protocol.standing(order, progress, grant.currency)
        answers.append((i, said.encode() if call.ids is not None else protocol.with_order(order[0], said)))
    return answers


def _refill_statuses(calls: Sequence[tuple[int, Call, Grant]]) -> list[tuple[int, Answer]]:
    found = queries.refills(_wanted(calls))
    answers: list[tuple[int, Answer]] = []
    for i, call, grant in calls:
        assert call.ids is not None
        words: list[Refusal | str] = []
        for number in call.ids.numbers:
            owner, word = found.get((grant.panel_id, number or 0), (0, ""))
            words.append(word if owner == grant.customer_id else BAD_REFILL)
        if call.one:
            said = words[0] if words else BAD_REFILL
            answers.append((i, said if isinstance(said, Refusal) else protocol.dump({grant.refill_status_key: said})))
        else:
            answers.append((i, protocol.listed("refill", call.ids, "status", words)))
    return answers


# As Caller(...) and Call(...), without a function in Python in between: every request makes one of each.
_caller = functools.partial(tuple.__new__, Caller)
_call = functools.partial(tuple.__new__, Call)


def call_of(
    params: dict[str, str], *, address: tuple[str, int, int], remote: str, header_request_id: str, size: int = 0
) -> Call:
    """The call that the parameters make; they came in `size` bytes.

    The key is looked at before anything else, so a call that makes no sense is still a call: the
    lane answers `Incorrect request` only to somebody whose key is good.
    """
    caller = _caller((address, access.digest(params.get("key", "")), remote, 0))
    action = params.get("action", "")
    if action == "add":
        request_id = _sent(params, "request_id") if "request_id" in params else ""
        if not request_id and header_request_id:
            request_id = _unquoted(header_request_id)
        if "dry_run" in params and params["dry_run"] not in _NO:
            action = "dry_run"
        return _call((caller, action, params, None, False, request_id, size))
    if action in _STATUS:
        action = "status"
    elif action in _WITHOUT_IDS:
        return _call((caller, action, params, None, False, "", size))
    if action in {"status", "refill", "cancel"}:
        one, many = _sent(params, "order"), _sent(params, "orders")
    elif action == "refill_status":
        one, many = _sent(params, "refill"), _sent(params, "refills")
    else:
        return Call(caller, "", params, size=size)
    # A comma inside the single form is taken as the list form.
    if not many and "," in one:
        one, many = "", one
    sent = many or one
    if sent:
        return _call((caller, action, params, Ids(sent), not many, "", size))
    request_id = _sent(params, "request_id") if action == "status" else ""
    return Call(caller, action if request_id else "", params, request_id=request_id, size=size)


def _unquoted(text: str) -> str:
    """The value of Idempotency-Key: the standard's string stands in quotes, which most programs leave away."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\").strip()
    return text


def _sent(params: dict[str, str], name: str) -> str:
    """A selector as sent; what clients send for nothing is nothing."""
    value = params.get(name, "")
    return "" if value in ABSENT else value
