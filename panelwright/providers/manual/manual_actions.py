"""The writes of the panel's own people: their queue, and what they do with what waits in it.

How an order ends is in resolve_actions.py, for those of the queue and all others. Orders are locked before their
cancels, as everywhere. `by` says who did it, for the event; every event stands in the transaction of what it tells
of. All functions raise `NotThere` (no such row on this panel), `InvalidState` (not in this state) or another ValueError
(a wrong number), and then nothing moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from panelwright.core import clock, sql
from panelwright.core.refusal import InvalidState, NotThere, Refused
from panelwright.events.actions import NewEvent, record
from panelwright.orders import lifecycle, problems
from panelwright.orders.models import Job
from panelwright.orders.problems import NONE, Problem
from panelwright.orders.settling import OpenOrder
from panelwright.orders.webhook_events import tell_refills
from panelwright.providers.manual import manual_rules
from panelwright.providers.manual.manual_rules import OpenRefill
from panelwright.providers.models import Provider, ProviderKind
from panelwright.providers.routing import resolve_rules, store
from panelwright.providers.routing.resolve_actions import locked, worked
from panelwright.providers.routing.resolve_rules import Decided
from panelwright.providers.routing.store import RouteRow, SendTask

_QUEUE = sql.Update(
    "orders_order",
    {
        "status": "text",
        "job": "text",
        "provider_id": "bigint",
        "route_id": "bigint",
        "due_at": "timestamptz",
        "lease_until": "timestamptz",
        "attempts": "int",
        "problem_code": "text",
        "problem_facts": "text",
        "problem_at": "timestamptz",
        "chosen_route_id": "bigint",
        "cost_micros": "bigint",
        "cost_rate_e12": "bigint",
    },
    {"id": "bigint"},
    also="job = 'forward' AND ended_at IS NULL",
)
_SERVICE_OF = sql.Query("SELECT service_id FROM orders_order WHERE panel_id = ? AND id = ?")
_CANCEL_WAITS = sql.Query("SELECT 1 FROM orders_cancel WHERE panel_id = ? AND order_id = ? AND state = 'waiting'")
_CANCEL_OPEN = sql.Query(
    "SELECT 1 FROM orders_cancel WHERE panel_id = ? AND order_id = ? AND state IN ('waiting', 'passed on')"
)
_FREE_CANCEL = sql.Query(
    "SELECT 1 FROM orders_cancel WHERE panel_id = ? AND order_id = ? AND state IN ('waiting', 'passed on') :skip_locked"
)
_ANSWER_CANCEL = sql.Query(
    "UPDATE orders_cancel SET state = 'done', answer_code = ?, answer_facts = ?, due_at = NULL"
    " WHERE panel_id = ? AND order_id = ? AND state IN ('waiting', 'passed on') RETURNING id"
)
_LOCK_REFILL = sql.Query("SELECT id FROM orders_refill WHERE panel_id = ? AND id = ? :for_update")
_REFILL = sql.Query(
    "SELECT r.id, r.number, r.panel_id, r.order_id, o.number, r.status, r.state, r.due_at, r.problem_code, r.ended_at,"
    " o.upstream_id, r.lease_until"
    " FROM orders_refill r JOIN orders_order o ON o.id = r.order_id WHERE r.panel_id = ? AND r.id = ?"
)
_SET_REFILL = sql.Query(
    "UPDATE orders_refill SET status = ?, state = ?, due_at = ?, lease_until = NULL, attempts = 0, problem_code = ?,"
    " problem_facts = ?, ended_at = ? WHERE panel_id = ? AND id = ? AND ended_at IS NULL RETURNING id"
)


def add_manual_provider(*, panel_id: int, name: str) -> Provider:
    """The panel's own people as a provider. Raises ValueError without a name."""
    if not name.strip():
        raise Refused("missing_field", "name")
    try:
        with transaction.atomic():
            return Provider.objects.create(panel_id=panel_id, name=name.strip(), kind=ProviderKind.MANUAL.value)
    except IntegrityError:
        raise Refused("name_taken", "name", name=name.strip()) from None


def hand_over(queued: Sequence[tuple[SendTask, RouteRow]], now: datetime) -> None:
    """Put orders whose route leads to the panel's own people into their queue.

    Runs in the transaction of the claim, which has locked the orders: they are Pending, and stay so
    until somebody starts them.
    """
    at = sql.moment(connection, now)
    rows = []
    for order, route in queued:
        claimed = ("Pending", Job.MANUAL.value, route.provider_id, route.id, at, None, 0)
        rows.append((*claimed, *NONE, None, None, *store.estimated_cost(order, route), order.id))
    _QUEUE.run(connection, rows)
    record(
        (NewEvent(o.panel_id, "order.queued", o.id, {"provider": route.provider_id}) for o, route in queued), now=now
    )


def start(*, panel_id: int, order_id: int, by: str, start_count: int | None = None) -> None:
    """Somebody begins with an order of the queue: Pending becomes In progress."""
    with worked(panel_id, order_id, "start", by) as (order, _, write):
        started = Decided([manual_rules.start(order, start_count)])
        write(started, {} if start_count is None else {"start_count": start_count})


def set_back(*, panel_id: int, order_id: int, by: str) -> None:
    """Whoever began with an order of the queue leaves it to others: In progress becomes Pending."""
    with worked(panel_id, order_id, "set_back", by) as (order, _, write):
        write(Decided([manual_rules.set_back(order)]), {})


def progress(
    *,
    panel_id: int,
    order_id: int,
    by: str,
    remains: int | None = None,
    delivered: int | None = None,
    start_count: int | None = None,
) -> None:
    """How far it has come: what remains, or what is delivered, in units; exactly one of the two."""
    if (remains is None) == (delivered is None):
        raise Refused("remains_or_delivered", "remains")
    with worked(panel_id, order_id, "progress", by) as (order, _, write):
        left = manual_rules.remains_after(order, delivered) if delivered is not None else remains or 0
        write(Decided([manual_rules.progress(order, remains=left, start_count=start_count)]), {"remains": left})


def pass_on(*, panel_id: int, order_id: int, by: str) -> None:
    """The next route of its service is to deliver it."""
    with worked(panel_id, order_id, "pass on", by) as (order, _, write):
        (row,) = _SERVICE_OF.rows(connection, panel_id, order_id)
        routes = [route.id for route in store.routes({panel_id}, {row[0]}).get(row[0], [])]
        asked = bool(_CANCEL_WAITS.rows(connection, panel_id, order_id))
        passed_on = manual_rules.pass_on(order, routes, cancel_asked=asked, now=clock.now())
        write(Decided([passed_on]), {"from": order.provider_id})


def accept_cancel(*, panel_id: int, order_id: int, by: str) -> None:
    """The customer's cancel is granted: Canceled, or Partial when something was delivered."""
    with worked(panel_id, order_id, "accept cancel", by) as (order, _, write):
        accepted = resolve_rules.accept_cancel(order, now=clock.now())
        ended = problems.problem(problems.ORDER_HAS_ENDED, status=accepted.settled[0].order.status)
        _answer_cancel(order, ended)
        write(accepted, {"remains": order.remains})


def refuse_cancel(*, panel_id: int, order_id: int, by: str, text: str) -> None:
    """The customer's cancel is refused; the order goes on. The customer may ask again."""
    said = resolve_rules.reason(text)
    now = clock.now()
    with transaction.atomic():
        order = resolve_rules.decidable(locked(lifecycle.lock([order_id]), panel_id, order_id), now)
        _answer_cancel(order, problems.problem(problems.REQUEST_REFUSED, said=said))
        record([NewEvent(panel_id, "order.cancel_refused", order_id, {"said": said, "by": by})], now=now)


def _answer_cancel(order: OpenOrder, answer: Problem) -> None:
    """Answer the open cancel of an order that is locked. Raises InvalidState.

    A worker that passes cancels on locks them before their orders: what it holds is not waited for.
    """
    if not _FREE_CANCEL.rows(connection, order.panel_id, order.id):
        if _CANCEL_OPEN.rows(connection, order.panel_id, order.id):
            raise InvalidState("cancel_being_sent")
        raise InvalidState("no_cancel_waits")
    _ANSWER_CANCEL.rows(connection, *answer, order.panel_id, order.id)


def start_refill(*, panel_id: int, refill_id: int, by: str) -> None:
    """Staff begin with a refill: it is In progress."""
    with transaction.atomic():
        refill = manual_rules.workable_refill(read_refill(panel_id, refill_id), clock.now())
        if refill.status != "Pending":
            raise InvalidState("refill_started")
        set_refill(refill, "In progress", state="waiting", event="refill.started", facts={"by": by})


def finish_refill(*, panel_id: int, refill_id: int, by: str) -> None:
    """The refill is done: Completed."""
    with transaction.atomic():
        refill = manual_rules.workable_refill(read_refill(panel_id, refill_id), clock.now())
        set_refill(refill, "Completed", state="done", event="refill.completed", facts={"by": by})


def reject_refill(*, panel_id: int, refill_id: int, by: str, text: str) -> None:
    """There is no refill, and the text says why: Rejected."""
    said = resolve_rules.reason(text)
    with transaction.atomic():
        refill = manual_rules.workable_refill(read_refill(panel_id, refill_id), clock.now())
        facts: dict[str, object] = {"said": said, "by": by}
        refused = problems.problem(problems.REQUEST_REFUSED, said=said)
        set_refill(refill, "Rejected", state="done", event="refill.rejected", facts=facts, problem=refused)


def send_refill(*, panel_id: int, refill_id: int, by: str) -> None:
    """A person found that the provider does not have it: it is passed on (again)."""
    with transaction.atomic():
        refill = manual_rules.sendable_refill(read_refill(panel_id, refill_id), clock.now())
        set_refill(refill, "Pending", state="waiting", event="refill.sent_again", facts={"by": by}, due_at=clock.now())


def read_refill(panel_id: int, refill_id: int) -> OpenRefill:
    """The refill, locked. Raises NotThere."""
    if connection.vendor == "postgresql":
        _LOCK_REFILL.rows(connection, panel_id, refill_id)
    rows = _REFILL.rows(connection, panel_id, refill_id)
    if not rows:
        raise NotThere("no_refill", id=refill_id)
    (row,) = rows
    return OpenRefill._make((*row[:7], sql.aware(row[7]), row[8], sql.aware(row[9]), row[10], sql.aware(row[11])))


def set_refill(
    refill: OpenRefill,
    status: str,
    *,
    state: str,
    event: str,
    facts: dict[str, object],
    problem: Problem = NONE,
    due_at: datetime | None = None,
) -> None:
    """Write a refill's new state, its event, and what webhooks are told. In the caller's transaction."""
    now = clock.now()
    ended_at = now if state == "done" else None
    moments = (sql.moment(connection, due_at), sql.moment(connection, ended_at))
    if not _SET_REFILL.rows(connection, status, state, moments[0], *problem, moments[1], refill.panel_id, refill.id):
        raise lifecycle.StaleOrder(f"refill {refill.number} was not as it had been read under its lock")
    record([NewEvent(refill.panel_id, event, refill.order_id, {"refill": refill.number, **facts})], now=now)
    if status != refill.status:
        tell_refills([refill.id], now)
