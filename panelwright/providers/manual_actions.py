"""The writes of the panel's own people: their queue, and what they do with what waits in it.

Orders are locked before their cancels, as everywhere. `by` says who did it, for the event; every event
stands in the transaction of what it tells of. All functions raise `NotThere` (no such row
on this panel), `NotNow` (not in this state) or another ValueError (a wrong number), and then nothing moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.refusal import NotNow, NotThere
from panelwright.events.actions import NewEvent, record
from panelwright.orders import work
from panelwright.orders.models import Job
from panelwright.orders.settling import OpenOrder, Settled
from panelwright.orders.telling import tell_refills
from panelwright.providers import manual_rules, store
from panelwright.providers.manual_rules import OpenRefill
from panelwright.providers.models import Provider, ProviderKind
from panelwright.providers.store import RouteRow, ToSend

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
        "problem": "text",
    },
    {"id": "bigint"},
    also="job = 'forward' AND ended_at IS NULL",
)
_SERVICE_OF = sql.Query("SELECT service_id FROM orders_order WHERE panel_id = ? AND id = ?")
# Only those that wait for staff: what is on its way to a provider is the worker's, which locks it first.
_CANCEL_WAITS = sql.Query(
    "SELECT 1 FROM orders_cancel WHERE panel_id = ? AND order_id = ? AND state = 'waiting' AND due_at IS NULL"
)
_ANSWER_CANCEL = sql.Query(
    "UPDATE orders_cancel SET state = 'done', answer = ? WHERE panel_id = ? AND order_id = ?"
    " AND state = 'waiting' AND due_at IS NULL RETURNING id"
)
_LOCK_REFILL = sql.Query("SELECT id FROM orders_refill WHERE panel_id = ? AND id = ? :for_update")
_REFILL = sql.Query(
    "SELECT r.id, r.panel_id, r.order_id, r.status, r.state, r.due_at, r.problem, r.ended_at, o.upstream_id"
    " FROM orders_refill r JOIN orders_order o ON o.id = r.order_id WHERE r.panel_id = ? AND r.id = ?"
)
_SET_REFILL = sql.Query(
    "UPDATE orders_refill SET status = ?, state = ?, due_at = ?, lease_until = NULL, attempts = 0, problem = ?,"
    " ended_at = ? WHERE panel_id = ? AND id = ? AND ended_at IS NULL RETURNING id"
)


def add_manual_provider(*, panel_id: int, name: str) -> Provider:
    """The panel's own people as a provider. Raises ValueError without a name."""
    if not name.strip():
        raise ValueError("a provider needs a name")
    with transaction.atomic():
        return Provider.objects.create(panel_id=panel_id, name=name.strip(), kind=ProviderKind.MANUAL.value)


def hand_over(queued: Sequence[tuple[ToSend, RouteRow]], now: datetime) -> None:
    """Put orders whose route leads to the panel's own people into their queue.

    Runs in the transaction of the claim, which has locked the orders: they are Pending, and stay so
    until somebody starts them.
    """
    at = sql.moment(connection, now)
    _QUEUE.run(
        connection,
        [("Pending", Job.MANUAL.value, route.provider_id, route.id, at, None, 0, "", o.id) for o, route in queued],
    )
    record(
        (NewEvent(o.panel_id, "order.queued", o.id, {"provider": route.provider_id}) for o, route in queued), now=now
    )


def start(*, panel_id: int, order_id: int, by: str, start_count: int | None = None) -> None:
    """Somebody begins with an order of the queue: Pending becomes In progress."""
    with _worked(panel_id, order_id, "start", by) as (order, write):
        write(manual_rules.start(order, start_count), {} if start_count is None else {"start_count": start_count})


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
        raise ValueError("say either what remains or what is delivered")
    with _worked(panel_id, order_id, "progress", by) as (order, write):
        left = manual_rules.remains_after(order, delivered) if delivered is not None else remains or 0
        write(manual_rules.progress(order, remains=left, start_count=start_count), {"remains": left})


def partial(*, panel_id: int, order_id: int, by: str, remains: int) -> None:
    """It ends as Partial: what remains is refunded."""
    with _worked(panel_id, order_id, "partial", by) as (order, write):
        write(manual_rules.partial(order, remains=remains, now=clock.now()), {"remains": remains})


def done(*, panel_id: int, order_id: int, by: str) -> None:
    """It ends as Completed."""
    with _worked(panel_id, order_id, "done", by) as (order, write):
        write(manual_rules.done(order, now=clock.now()), {})


def cancel(*, panel_id: int, order_id: int, by: str) -> None:
    """It ends as Canceled and everything is given back, whatever was delivered."""
    with _worked(panel_id, order_id, "cancel", by) as (order, write):
        write(manual_rules.cancel(order, now=clock.now()), {})


def pass_on(*, panel_id: int, order_id: int, by: str) -> None:
    """The next route of its service is to deliver it."""
    with _worked(panel_id, order_id, "pass on", by) as (order, write):
        (row,) = _SERVICE_OF.rows(connection, panel_id, order_id)
        routes = [route.id for route in store.routes({panel_id}, {row[0]}).get(row[0], [])]
        asked = bool(_CANCEL_WAITS.rows(connection, panel_id, order_id))
        write(manual_rules.pass_on(order, routes, cancel_asked=asked, now=clock.now()), {"from": order.provider_id})


def accept_cancel(*, panel_id: int, order_id: int, by: str) -> None:
    """The customer's cancel is granted: Canceled, or Partial when something was delivered."""
    with _worked(panel_id, order_id, "accept cancel", by) as (order, write):
        if not _CANCEL_WAITS.rows(connection, panel_id, order_id):
            raise NotNow(f"no cancel of order {order_id} waits for an answer")
        write(manual_rules.accept_cancel(order, now=clock.now()), {"remains": order.remains})


def refuse_cancel(*, panel_id: int, order_id: int, by: str, text: str) -> None:
    """The customer's cancel is refused; the order goes on. She may ask again."""
    said = manual_rules.reason(text)
    now = clock.now()
    with transaction.atomic(durable=True):
        manual_rules.workable(_order(work.lock([order_id]), panel_id, order_id))
        if not _ANSWER_CANCEL.rows(connection, said, panel_id, order_id):
            raise NotNow(f"no cancel of order {order_id} waits for an answer")
        record([NewEvent(panel_id, "order.cancel_refused", order_id, {"said": said, "by": by})], now=now)


Write = Callable[[Settled, dict[str, object]], None]


@contextmanager
def _worked(panel_id: int, order_id: int, action: str, by: str) -> Iterator[tuple[OpenOrder, Write]]:
    """The locked order, and what writes its new state, in one transaction with the event that tells of it.

    A cancel that waited for staff is answered by the order's end.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        changes = work.Changes(work.lock([order_id]), now)

        def write(settled: Settled, facts: dict[str, object]) -> None:
            changes.event("order.worked", settled.order, {"action": action, "by": by, **facts})
            changes.apply(settled)
            changes.write()
            if settled.order.ended_at is not None:
                _ANSWER_CANCEL.rows(connection, f"the order has ended: {settled.order.status}", panel_id, order_id)

        yield _order(changes.orders, panel_id, order_id), write


def _order(orders: dict[int, OpenOrder], panel_id: int, order_id: int) -> OpenOrder:
    order = orders.get(order_id)
    if order is None or order.panel_id != panel_id:
        raise NotThere(f"there is no order {order_id} on this panel")
    return order


def start_refill(*, panel_id: int, refill_id: int, by: str) -> None:
    """Staff begin with a refill: it is In progress."""
    with transaction.atomic(durable=True):
        refill = manual_rules.workable_refill(_refill(panel_id, refill_id))
        if refill.status != "Pending":
            raise NotNow(f"refill {refill_id} is started already")
        _set_refill(refill, "In progress", state="waiting", event="refill.started", facts={"by": by})


def finish_refill(*, panel_id: int, refill_id: int, by: str) -> None:
    """The refill is done: Completed."""
    with transaction.atomic(durable=True):
        refill = manual_rules.workable_refill(_refill(panel_id, refill_id))
        _set_refill(refill, "Completed", state="done", event="refill.completed", facts={"by": by})


def reject_refill(*, panel_id: int, refill_id: int, by: str, text: str) -> None:
    """There is no refill, and the text says why: Rejected."""
    said = manual_rules.reason(text)
    with transaction.atomic(durable=True):
        refill = manual_rules.workable_refill(_refill(panel_id, refill_id))
        facts: dict[str, object] = {"said": said, "by": by}
        _set_refill(refill, "Rejected", state="done", event="refill.rejected", facts=facts, problem=said)


def send_refill(*, panel_id: int, refill_id: int, by: str) -> None:
    """A person found that the provider does not have it: it is passed on (again)."""
    with transaction.atomic(durable=True):
        refill = manual_rules.sendable_refill(_refill(panel_id, refill_id))
        _set_refill(refill, "Pending", state="waiting", event="refill.sent_again", facts={"by": by}, due_at=clock.now())


def _refill(panel_id: int, refill_id: int) -> OpenRefill:
    """The refill, locked. Raises NotThere."""
    if connection.vendor == "postgresql":
        _LOCK_REFILL.rows(connection, panel_id, refill_id)
    rows = _REFILL.rows(connection, panel_id, refill_id)
    if not rows:
        raise NotThere(f"there is no refill {refill_id} on this panel")
    (row,) = rows
    return OpenRefill._make((*row[:5], sql.aware(row[5]), row[6], sql.aware(row[7]), row[8]))


def _set_refill(
    refill: OpenRefill,
    status: str,
    *,
    state: str,
    event: str,
    facts: dict[str, object],
    problem: str = "",
    due_at: datetime | None = None,
) -> None:
    now = clock.now()
    ended_at = now if state == "done" else None
    moments = (sql.moment(connection, due_at), sql.moment(connection, ended_at))
    if not _SET_REFILL.rows(connection, status, state, moments[0], problem, moments[1], refill.panel_id, refill.id):
        raise work.Stale(f"refill {refill.id} was not as it had been read under its lock")
    record([NewEvent(refill.panel_id, event, refill.order_id, {"refill": refill.id, **facts})], now=now)
    if status != refill.status:
        tell_refills([refill.id], now)
