"""What staff can do with orders, customers' cancels and refills, declared. Facts are those of order_queries.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock, money
from panelwright.core.limits import LINK_CHARS_MAX
from panelwright.core.refusal import Refusal, Refused
from panelwright.orders import note_actions, pause_actions, queries
from panelwright.orders.models import Order, OrderKind, PauseReason, Refill, RequestState
from panelwright.orders.status import OrderStatus, RefillStatus, SubscriptionStatus
from panelwright.providers import order_foresight, order_queries
from panelwright.providers.manual import manual_actions, manual_queries, paid_refill_actions
from panelwright.providers.manual.manual_rules import COUNT_MAX
from panelwright.providers.posts import subscription_actions
from panelwright.providers.routing import link_actions, possible_rules, resolve_actions, resolve_rules
from panelwright.providers.routing.possible_rules import OrderNow
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_values, in_its_place
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, ANYTHING, MOMENT, NUMBER, TEXT, YES_NO, fields, listed, maybe, words

ORDER_SHAPE = fields(
    {
        "id": NUMBER,
        "kind": words(OrderKind.values),
        "parent": maybe(NUMBER),
        "status": words(dict.fromkeys([*OrderStatus.values, *SubscriptionStatus.values])),
        "customer": fields({"id": NUMBER, "email": TEXT}),
        "service": NUMBER,
        "service_name": TEXT,
        "type": TEXT,
        "link": TEXT,
        "quantity": NUMBER,
        "fields": ANYTHING,
        "start_count": maybe(NUMBER),
        "remains": NUMBER,
        "charge": AMOUNT,
        "cost": maybe(AMOUNT),
        "cost_told": YES_NO,
        "past_cost": AMOUNT,
        "cost_rate": maybe(AMOUNT),
        "paused_for": maybe(words([*PauseReason.values, order_queries.BY_HAND])),
        "cancel_asked": YES_NO,
        "problem": TEXT,
        "problem_code": TEXT,
        "problem_facts": ANYTHING,
        "problem_since": maybe(MOMENT),
        "goes_on": YES_NO,
        "again_at": maybe(MOMENT),
        "provider": maybe(fields({"id": NUMBER, "name": maybe(TEXT)})),
        "route": maybe(NUMBER),
        "upstream_id": maybe(TEXT),
        "sent": maybe(ANYTHING),
        "created_at": MOMENT,
        "waiting_since": maybe(MOMENT),
        "ended_at": maybe(MOMENT),
        "history": listed(fields({"event": TEXT, "at": MOMENT, "facts": ANYTHING})),
    },
    # Lists leave it out.
    optional=("history",),
)
REFILL_SHAPE = fields(
    {
        "id": NUMBER,
        "order": NUMBER,
        "status": words(RefillStatus.values),
        "service": NUMBER,
        "link": TEXT,
        "quantity": NUMBER,
        "start_count": maybe(NUMBER),
        "problem": TEXT,
        "problem_code": TEXT,
        "problem_facts": ANYTHING,
        "created_at": MOMENT,
        "ended_at": maybe(MOMENT),
    }
)
CANCEL_SHAPE = fields(
    {
        "id": NUMBER,
        "order": NUMBER,
        "service": NUMBER,
        "link": TEXT,
        "quantity": NUMBER,
        "remains": NUMBER,
        "answer": TEXT,
        "answer_code": TEXT,
        "answer_facts": ANYTHING,
        "created_at": MOMENT,
    }
)


def order_state(panel_id: int, order_id: int) -> State | None:
    """Locks the order first, as everything does that works on one."""
    rows = Order.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=order_id)
    order: Order | None = rows.first()
    if order is None:
        return None
    cancel = getattr(order, "cancel", None)
    schedule = getattr(order, "schedule", None)
    return {
        "status": order.status,
        "remains": order.remains,
        "start_count": order.start_count,
        "link": order.link,
        "charge": money.text(order.charge_micros),
        "work": order.job,
        "provider": order.provider_id,
        "route": order.route_id,
        "chosen_route": order.chosen_route_id,
        "upstream_id": order.upstream_id,
        "problem": order.problem_code,
        "cancel": cancel and {"state": cancel.state, "answer": cancel.answer_code},
        "paused": schedule is not None and schedule.paused_at is not None,
    }


def refill_state(panel_id: int, refill_id: int) -> State | None:
    rows = Refill.objects.select_related("order").select_for_update(no_key=True, of=("self",))
    refill = rows.filter(panel_id=panel_id, id=refill_id).first()
    if refill is None:
        return None
    said = {"status": refill.status, "state": refill.state, "problem": refill.problem_code}
    return {"order": refill.order.number, **said}


def _by_number(panel_id: int, text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _now(order: Any) -> OrderNow:
    """`order` has its cancel and its schedule beside it, where there are any."""
    schedule = getattr(order, "schedule", None)
    return _cancel_now(order)._replace(paused=schedule is not None and schedule.paused_at is not None)


def _cancel_now(order: Any) -> OrderNow:
    cancel = getattr(order, "cancel", None)
    asked = cancel is not None and cancel.state == RequestState.WAITING.value
    return OrderNow(order, cancel_asked=asked, paused=False, now=clock.now())


ORDER = Noun(
    "order",
    "orders",
    gettext_noop("Order"),
    order_state,
    shape=ORDER_SHAPE,
    answer=order_queries.order_facts,
    find=_by_number,
    id_of=queries.order_id,
    facts=_now,
)
CANCEL = Noun(
    "cancel",
    "cancels",
    gettext_noop("Cancellation"),
    order_state,
    shape=ORDER_SHAPE,
    answer=order_queries.order_facts,
    answers_as="order",
    find=_by_number,
    id_of=queries.order_id,
    named_by="order",
    facts=_cancel_now,
    part_of="order",
)
REFILL = Noun(
    "refill",
    "refills",
    gettext_noop("Refill"),
    refill_state,
    shape=REFILL_SHAPE,
    answer=manual_queries.refill_facts,
    find=_by_number,
    id_of=queries.refill_id,
)


def _order(function: Callable[..., object]) -> Any:
    """`function(panel_id=, order_id=, by=, …)` as what an action does."""

    def do(actor: Actor, panel_id: int, target: int, /, **values: Any) -> ActionDone | None:
        result = function(panel_id=panel_id, order_id=target, by=actor.name, **values)
        if isinstance(result, Refusal):
            raise Refused.of(result)
        return None

    return do


def _refill(function: Callable[..., object]) -> Any:
    def do(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
        function(panel_id=panel_id, refill_id=target, by=actor.name, **values)

    return do


def _note(actor: Actor, panel_id: int, target: int, /, *, text: str) -> ActionDone:
    note_actions.note(panel_id=panel_id, order_id=target, by=actor.name, text=text)
    # A note changes nothing of the order; what is new is itself.
    return ActionDone(before={}, after={"note": text})


_START_COUNT = Field("start_count", ActionFieldKind.NUMBER, gettext_noop("Start count"))
_PROVIDER = Field("provider", ActionFieldKind.TEXT, gettext_noop("Provider"))
_REASON = Field(
    "text",
    ActionFieldKind.LONG_TEXT,
    gettext_noop("Reason"),
    required=True,
    help=gettext_noop("The customer reads it."),
)

ACTIONS = (
    # For orders in the hands of the panel's own people.
    Action(
        ORDER,
        "start",
        gettext_noop("Start"),
        Right.ORDERS_ACT,
        _order(manual_actions.start),
        (_START_COUNT,),
        in_bulk=True,
        foretell=order_foresight.start,
        offered=possible_rules.start,
    ),
    Action(
        ORDER,
        "progress",
        gettext_noop("Report progress"),
        Right.ORDERS_ACT,
        _order(manual_actions.progress),
        (
            Field("remains", ActionFieldKind.NUMBER, gettext_noop("Remains")),
            Field("delivered", ActionFieldKind.NUMBER, gettext_noop("Delivered")),
            _START_COUNT,
        ),
        in_bulk=True,
        foretell=order_foresight.progress,
        offered=possible_rules.progress,
    ),
    Action(
        ORDER,
        "pass_on",
        gettext_noop("Pass on to the next provider"),
        Right.ORDERS_ACT,
        _order(manual_actions.pass_on),
        in_bulk=True,
        foretell=order_foresight.pass_on,
        offered=possible_rules.pass_on,
    ),
    # For any open order.
    Action(
        ORDER,
        "done",
        gettext_noop("Mark as completed"),
        Right.ORDERS_ACT,
        _order(resolve_actions.done),
        in_bulk=True,
        foretell=order_foresight.done,
        offered=possible_rules.end,
    ),
    Action(
        ORDER,
        "partial",
        gettext_noop("Mark as partial and refund the rest"),
        Right.ORDERS_REFUND,
        _order(resolve_actions.partial),
        (
            Field(
                "remains",
                ActionFieldKind.NUMBER,
                gettext_noop("Remains"),
                help=gettext_noop("Leave empty to use the remains that each order reports."),
            ),
        ),
        in_bulk=True,
        moves_money=True,
        foretell=order_foresight.partial,
        offered=possible_rules.end_partly,
    ),
    Action(
        ORDER,
        "cancel",
        gettext_noop("Cancel and refund"),
        Right.ORDERS_REFUND,
        _order(resolve_actions.cancel),
        (
            Field(
                "reason",
                ActionFieldKind.TEXT,
                gettext_noop("Reason"),
                most=resolve_rules.TEXT_MAX,
                help=gettext_noop("For staff. It stands in the order's history."),
            ),
        ),
        in_bulk=True,
        moves_money=True,
        foretell=order_foresight.cancel,
        offered=possible_rules.end,
    ),
    Action(
        ORDER,
        "send",
        gettext_noop("Send to a provider"),
        Right.ORDERS_ACT,
        _order(resolve_actions.send),
        (
            Field("route", ActionFieldKind.NUMBER, gettext_noop("Route")),
            _PROVIDER,
            Field(
                "whole",
                ActionFieldKind.YES_NO,
                gettext_noop("Deliver the whole quantity again"),
                help=gettext_noop("Also what is known to be delivered already."),
            ),
        ),
        in_bulk=True,
        foretell=order_foresight.send,
        caution=True,
        help=gettext_noop("Buys the order from the provider. This cannot be undone."),
        offered=possible_rules.send,
    ),
    Action(
        ORDER,
        "arrived",
        gettext_noop("Set the order ID at the provider"),
        Right.ORDERS_ACT,
        _order(resolve_actions.arrived),
        (
            Field("upstream_id", ActionFieldKind.TEXT, gettext_noop("Order ID at the provider"), required=True),
            _PROVIDER,
        ),
        offered=possible_rules.arrived,
    ),
    Action(
        ORDER,
        "set_back",
        gettext_noop("Put back in the queue"),
        Right.ORDERS_ACT,
        _order(manual_actions.set_back),
        in_bulk=True,
        foretell=order_foresight.set_back,
        offered=possible_rules.set_back,
    ),
    Action(
        ORDER,
        "link",
        gettext_noop("Edit link"),
        Right.ORDERS_ACT,
        _order(link_actions.change_link),
        (
            Field(
                "link",
                ActionFieldKind.TEXT,
                gettext_noop("Link"),
                required=True,
                most=LINK_CHARS_MAX,
                help=gettext_noop("Checked like the link of a new order. No money moves."),
            ),
        ),
        in_bulk=True,
        undo=by_values("link", "link"),
        offered=possible_rules.relink,
    ),
    Action(
        ORDER,
        "count",
        gettext_noop("Set start count"),
        Right.ORDERS_ACT,
        _order(resolve_actions.count),
        (Field("start_count", ActionFieldKind.NUMBER, gettext_noop("Start count"), required=True, most=COUNT_MAX),),
        in_bulk=True,
        undo=by_values("count", "start_count"),
        foretell=order_foresight.count,
        offered=possible_rules.count,
    ),
    Action(
        ORDER,
        "set_remains",
        gettext_noop("Set remains"),
        Right.ORDERS_ACT,
        _order(resolve_actions.set_remains),
        (Field("remains", ActionFieldKind.NUMBER, gettext_noop("Remains"), required=True, least=1, most=COUNT_MAX),),
        in_bulk=True,
        undo=by_values("set_remains", "remains"),
        foretell=order_foresight.set_remains,
        offered=possible_rules.count,
    ),
    Action(
        ORDER,
        "note",
        gettext_noop("Add note"),
        Right.SUPPORT,
        _note,
        (
            Field(
                "text",
                ActionFieldKind.LONG_TEXT,
                gettext_noop("Note for the staff"),
                required=True,
                most=note_actions.NOTE_MAX,
                help=gettext_noop("Customers never see it."),
            ),
        ),
        offered=in_its_place,
    ),
    Action(
        ORDER,
        "charge",
        gettext_noop("Charge the customer for this post"),
        Right.ORDERS_REFUND,
        _order(subscription_actions.charge_post),
        moves_money=True,
        offered=possible_rules.decide_charge,
    ),
    Action(
        ORDER,
        "waive",
        gettext_noop("Deliver this post without a charge"),
        Right.ORDERS_REFUND,
        _order(subscription_actions.waive_post),
        offered=possible_rules.decide_charge,
    ),
    Action(
        ORDER,
        "pause",
        gettext_noop("Pause"),
        Right.ORDERS_ACT,
        _order(pause_actions.pause),
        in_bulk=True,
        offered=possible_rules.pause,
    ),
    Action(
        ORDER,
        "resume",
        gettext_noop("Resume"),
        Right.ORDERS_ACT,
        _order(pause_actions.resume),
        in_bulk=True,
        offered=possible_rules.resume,
    ),
    Action(
        ORDER,
        "stop",
        gettext_noop("Cancel this drip-feed or subscription"),
        Right.ORDERS_REFUND,
        _order(pause_actions.cancel),
        in_bulk=True,
        moves_money=True,
        foretell=order_foresight.stop,
        help=gettext_noop("Runs that have not started are refunded. Orders in progress are asked to be canceled."),
        offered=possible_rules.stop,
    ),
    # What customers asked for.
    Action(
        CANCEL,
        "accept",
        gettext_noop("Accept cancellation"),
        Right.ORDERS_REFUND,
        _order(manual_actions.accept_cancel),
        in_bulk=True,
        moves_money=True,
        foretell=order_foresight.accept_cancel,
        offered=possible_rules.answer_cancel,
    ),
    Action(
        CANCEL,
        "refuse",
        gettext_noop("Reject cancellation"),
        Right.ORDERS_ACT,
        _order(manual_actions.refuse_cancel),
        (_REASON,),
        in_bulk=True,
        offered=possible_rules.answer_cancel,
    ),
    Action(
        REFILL,
        "start",
        gettext_noop("Start refill"),
        Right.ORDERS_ACT,
        _refill(manual_actions.start_refill),
        in_bulk=True,
        offered=lambda refill: refill.ended_at is None and refill.status == RefillStatus.PENDING,
    ),
    Action(
        REFILL,
        "done",
        gettext_noop("Complete refill"),
        Right.ORDERS_ACT,
        _refill(manual_actions.finish_refill),
        in_bulk=True,
        offered=lambda refill: refill.ended_at is None,
    ),
    Action(
        REFILL,
        "order",
        gettext_noop("Deliver through another service"),
        Right.ORDERS_REFUND,
        _refill(paid_refill_actions.order_refill),
        (
            Field("service", ActionFieldKind.NUMBER, gettext_noop("Service ID"), required=True, most=COUNT_MAX),
            Field("quantity", ActionFieldKind.NUMBER, gettext_noop("Quantity"), required=True, least=1, most=COUNT_MAX),
        ),
        help=gettext_noop(
            "Orders the units at your cost. The customer pays nothing, and sees an order without a charge."
        ),
        offered=lambda refill: refill.ended_at is None and refill.by_order_id is None,
    ),
    Action(
        REFILL,
        "reject",
        gettext_noop("Reject refill"),
        Right.ORDERS_ACT,
        _refill(manual_actions.reject_refill),
        (_REASON,),
        in_bulk=True,
        offered=lambda refill: refill.ended_at is None,
    ),
    Action(
        REFILL,
        "send",
        gettext_noop("Send refill to the provider"),
        Right.ORDERS_ACT,
        _refill(manual_actions.send_refill),
        in_bulk=True,
        offered=lambda refill: refill.ended_at is None and bool(refill.order.upstream_id),
    ),
)
