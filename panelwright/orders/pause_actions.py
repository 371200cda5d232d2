"""Pausing, resuming and cancelling a drip-feed or subscription, by staff or by its customer.

A customer cancels through `actions.request_cancels`, where the service's own switch is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from panelwright.core import clock, money, sql
from panelwright.core.refusal import Refusal
from panelwright.events.actions import NewEvent, record
from panelwright.orders import actions, lifecycle, rules, standing_store
from panelwright.orders.models import Job, OrderKind, PauseReason
from panelwright.orders.schedule_actions import PAUSED_LOOK
from panelwright.orders.settling import OpenOrder, Settled

BAD_ORDER = Refusal("bad_order", "order")
HAS_ENDED = Refusal("order_ended")
NO_RUNS_LEFT = Refusal("no_runs_left")
IS_PAUSED = Refusal("is_paused")
NOT_PAUSED = Refusal("not_paused")
WAITS_FOR_FUNDS = Refusal("waits_for_funds")
WAITS_FOR_CAP = Refusal("waits_for_cap")
WAITS_FOR_ACCOUNT = Refusal("waits_for_account")
WAITS_FOR_SERVICE = Refusal("waits_for_service")
WAITS_FOR_BLOCK = Refusal("waits_for_block")
WAITS_FOR_CUSTOMER = Refusal("waits_for_customer")
AT_PROVIDER = Refusal("at_provider")

# What ends by itself, and is not ended by hand.
_ENDS_BY_ITSELF = {
    "": WAITS_FOR_FUNDS,
    PauseReason.FUNDS.value: WAITS_FOR_FUNDS,
    PauseReason.CAP.value: WAITS_FOR_CAP,
    PauseReason.ACCOUNT.value: WAITS_FOR_ACCOUNT,
    PauseReason.SERVICE.value: WAITS_FOR_SERVICE,
    PauseReason.PRIVATE.value: WAITS_FOR_SERVICE,
    PauseReason.QUANTITY.value: WAITS_FOR_SERVICE,
    PauseReason.BLOCKED.value: WAITS_FOR_BLOCK,
    PauseReason.PROVIDER.value: AT_PROVIDER,
}

_SCHEDULE = sql.Query(
    "SELECT paused_at, interval_min, pause_reason FROM orders_schedule WHERE panel_id = ? AND order_id = ?"
)
_AGREE = sql.Query(
    "UPDATE orders_schedule SET pause_reason = '', agreed_micros = COALESCE(?, agreed_micros),"
    " without_key = (without_key OR ?) WHERE panel_id = ? AND order_id = ?"
)
_SET_PAUSED_AT = sql.Query("UPDATE orders_schedule SET paused_at = ? WHERE panel_id = ? AND order_id = ?")
_LAST_RUN = sql.Query("SELECT MAX(created_at) FROM orders_order WHERE panel_id = ? AND parent_id = ?")


def pause(*, panel_id: int, order_id: int, by: str, customer_id: int | None = None) -> Refusal | None:
    """No run starts, and no post is ordered for, until `resume`.

    What a subscription hears of meanwhile is never ordered for, and its last day stands. A drip-feed keeps its
    status: the protocol has no word for it, and the runs that have started go on. `customer_id`: it must be
    this customer's. None when it is done, else why nothing was changed.
    """
    now = clock.now()
    with transaction.atomic():
        order = _locked(panel_id, order_id, customer_id)
        if isinstance(order, Refusal):
            return order
        paused_at, _interval, _reason = _schedule(order)
        if paused_at is not None:
            return IS_PAUSED
        if order.kind == OrderKind.SUBSCRIPTION.value and order.job != Job.SCHEDULE.value:
            # Whoever has it as a whole can be asked to cancel it, and nothing else.
            return AT_PROVIDER
        if order.job != Job.SCHEDULE.value:
            return NO_RUNS_LEFT
        if order.kind == OrderKind.DRIP_FEED.value:
            paused, event = order._replace(due_at=now + PAUSED_LOOK), "dripfeed.paused"
        else:
            # Looked at right away: that finds the last day, and then sleeps until it.
            paused, event = order._replace(status="Paused", due_at=now), "subscription.paused"
        _SET_PAUSED_AT.run(connection, sql.moment(connection, now), panel_id, order_id)
        _write(order, paused, event, {"by": by}, now)
    return None


def resume(
    *, panel_id: int, order_id: int, by: str, customer_id: int | None = None, rate_max_micros: int | None = None
) -> Refusal | None:
    """A drip-feed's next run starts one interval after its last one, at once when that is over.

    A subscription goes on with what waited when it was paused, and with what is heard of from now on. A pause
    that nobody made by hand ends by itself when its reason does (standing.py), but for two that its customer
    alone ends here: by resuming it she agrees to today's rate, or lets it go on without the key that was revoked.
    `rate_max_micros`: the rate that she was shown. None when it is done, else why not.
    """
    now = clock.now()
    with transaction.atomic():
        order = _locked(panel_id, order_id, customer_id)
        if isinstance(order, Refusal):
            return order
        paused_at, interval_min, reason = _schedule(order)
        if paused_at is None:
            if order.status != "Paused":
                return NOT_PAUSED
            return _agree(order, reason, by=by, asks=customer_id is not None, rate_max_micros=rate_max_micros, now=now)
        if order.job != Job.SCHEDULE.value:
            # It was cancelled in the pause, and waits for the runs that had started.
            return NO_RUNS_LEFT
        _SET_PAUSED_AT.run(connection, None, panel_id, order_id)
        # With its times: a post that is heard of later may have been published during the pause.
        facts: dict[str, object] = {"by": by, "paused_at": paused_at.isoformat(), "resumed_at": now.isoformat()}
        if order.kind == OrderKind.DRIP_FEED.value:
            last = sql.aware(_LAST_RUN.rows(connection, panel_id, order_id)[0][0])
            due_at = max(now, last + timedelta(minutes=interval_min)) if last else now
            _write(order, order._replace(due_at=due_at), "dripfeed.resumed", facts, now)
        else:
            _write(order, order._replace(status="Active", due_at=now), "subscription.resumed", facts, now)
    return None


def _agree(
    order: OpenOrder, reason: str, *, by: str, asks: bool, rate_max_micros: int | None, now: datetime
) -> Refusal | None:
    """The customer (`asks`) lets a subscription go on that only she may let go on."""
    if reason in _ENDS_BY_ITSELF:
        return _ENDS_BY_ITSELF[reason]
    if order.job != Job.SCHEDULE.value:
        return AT_PROVIDER
    if not asks:
        return WAITS_FOR_CUSTOMER
    agreement = standing_store.agreements([order.id])[order.id]
    rate: int | None = None
    if reason == PauseReason.RATE.value:
        rate = standing_store.load([agreement], account_ids=[order.account_id]).rate_of(agreement)
        if rate is None:
            return WAITS_FOR_SERVICE
        if rate_max_micros is not None and rate > rate_max_micros:
            return rules.PRICE_ROSE
        # It may have fallen since it stood against her subscription: that lowers nothing that she agreed to.
        rate = max(rate, agreement.agreed_micros)
    _AGREE.run(connection, rate, reason == PauseReason.KEY.value, order.panel_id, order.id)
    facts: dict[str, object] = {"by": by, "reason": reason}
    if rate is not None:
        facts["rate"] = money.text(rate)
    _write(order, order._replace(status="Active", due_at=now), "subscription.resumed", facts, now)
    return None


def cancel(*, panel_id: int, order_id: int, by: str) -> Refusal | None:
    """Staff end a drip-feed or subscription, whatever the service's switch says.

    The orders that a subscription created go on; of a drip-feed the runs that have not started are given back,
    and those under way are cancelled like any order. What a provider has as a whole it is asked to cancel, and
    that ends by what it reports. None when done, else why nothing was changed.
    """
    now = clock.now()
    with transaction.atomic():
        order = _locked(panel_id, order_id, None)
        if isinstance(order, Refusal):
            return order
        name = "subscription.canceled" if order.kind == OrderKind.SUBSCRIPTION.value else "dripfeed.canceled"
        record([NewEvent(panel_id, name, order_id, {"by": by})], now=now)
        actions.cancel_orders([order_id], now)
    return None


def _locked(panel_id: int, order_id: int, customer_id: int | None) -> OpenOrder | Refusal:
    """The open drip-feed or subscription; somebody else's is answered as one that does not exist."""
    order = lifecycle.lock([order_id]).get(order_id)
    if (
        order is None
        or order.panel_id != panel_id
        or order.kind not in {OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value}
    ):
        return BAD_ORDER
    if customer_id is not None and order.customer_id != customer_id:
        return BAD_ORDER
    return HAS_ENDED if order.ended_at is not None else order


def _schedule(order: OpenOrder) -> tuple[datetime | None, int, str]:
    """Since when it is paused by hand, the minutes between two runs (0: a subscription), why else it pauses."""
    paused_at, interval_min, reason = _SCHEDULE.rows(connection, order.panel_id, order.id)[0]
    return sql.aware(paused_at), interval_min or 0, reason


def _write(before: OpenOrder, after: OpenOrder, event: str, facts: dict[str, object], now: datetime) -> None:
    """`before`: the order as it was locked."""
    changes = lifecycle.OrderChanges({before.id: before}, now)
    changes.apply(Settled(after))
    changes.event(event, after, facts)
    changes.write()
