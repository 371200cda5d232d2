"""The API documentation of one panel, as data for its page.

The parameters of `add` come from the table that the API checks orders against, so the page cannot
promise anything else; the example answers are JSON values in the wire's own key order and types.
Built within the request, in its language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from panelwright.catalog.types import BY_NAME, FieldKind, ServiceType, TypeField, Units
from panelwright.orders.models import PauseReason
from panelwright.orders.status import ENDED, REFILL_ENDED, OrderStatus, RefillStatus, SubscriptionStatus
from panelwright.orders.webhook_events import PAUSED_BY_HAND
from panelwright.panels.models import Panel
from panelwright.storefront import examples
from panelwright.storefront.queries import ExampleService

DEFAULT = BY_NAME["Default"]
ADD_ANSWER = {"order": 23501}
ERROR_ANSWER = {"error": "Incorrect request"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of a parameters table. `choices` are the values that `text` does not explain by itself;
    `literal`: the text is the very value to send."""

    name: str
    text: str
    required: bool = True
    choices: tuple[str, ...] = ()
    literal: bool = False


@dataclass(frozen=True, slots=True)
class ExampleAnswer:
    """An example answer; `when` says which question it answers, if there are several."""

    json: Any
    when: str = ""


@dataclass(frozen=True, slots=True)
class ApiAction:
    """One section of the page: what is sent and what comes back."""

    slug: str
    name: str
    title: str
    text: str
    parameters: tuple[Parameter, ...]
    answers: tuple[ExampleAnswer, ...]


@dataclass(frozen=True, slots=True)
class TypeDocs:
    """What `add` takes for one service type."""

    slug: str
    name: str
    parameters: tuple[Parameter, ...]
    price: str
    notes: tuple[str, ...]
    request: str


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of an errors table: the texts, why they come, their codes in X-Error-Code, and the HTTP status."""

    texts: tuple[str, ...]
    reason: str
    codes: tuple[str, ...]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Refusals:
    """Error texts that belong together."""

    title: str
    rows: tuple[ErrorRow, ...]


def actions(panel: Panel, services: Sequence[ExampleService]) -> tuple[ApiAction, ...]:
    """Every action but `add`, in the order of the page."""
    return (
        _services(services),
        *_status(panel.currency),
        *_refill(),
        *_refill_status(panel.refill_status_key),
        _cancel(),
        _balance(panel.currency),
    )


def service_type(kind: ServiceType, *, api_url: str, service: ExampleService | None) -> TypeDocs:
    return TypeDocs(
        slug=kind.slug,
        name=kind.name,
        parameters=(
            *_head("add"),
            Parameter("service", _("Service ID from the service list")),
            *(_parameter(field) for field in kind.fields),
        ),
        price=_price(kind),
        notes=(*_notes(kind), *_service_notes(service)),
        request=examples.curl_call(api_url, "add", examples.add_parameters(kind, service)),
    )


def _head(action: str) -> tuple[Parameter, Parameter]:
    return Parameter("key", _("Your API key")), Parameter("action", action, literal=True)


def _parameter(field: TypeField) -> Parameter:
    # gettext("") is the header of the translations, not an empty text.
    text = _(field.help or field.label)
    explained = all(choice in field.help for choice in field.choices)
    return Parameter(field.name, text, field.required, () if explained else field.choices)


def _price(kind: ServiceType) -> str:
    if kind.units is Units.FLAT:
        return _("Price: the rate, per package.")
    if kind.units is Units.LINES:
        return _("Price: rate × lines of %(field)s ÷ 1000.") % {"field": kind.lines_of}
    if kind.units is Units.PER_POST:
        return _("Price: nothing up front; each order the subscription creates costs rate × quantity ÷ 1000.")
    if kind.drip_feed:
        return _("Price: rate × quantity × runs ÷ 1000.")
    return _("Price: rate × quantity ÷ 1000.")


def _notes(kind: ServiceType) -> tuple[str, ...]:
    notes = []
    if kind.drip_feed:
        notes.append(
            _(
                "Drip-feed: send runs and interval together, or neither. The quantity is that of one run, and all"
                " runs are charged at once. Only services with drip-feed take them."
            )
        )
    if kind.units in (Units.LINES, Units.FLAT):
        notes.append(_("A quantity sent with this type is ignored."))
    if kind.subscription:
        notes.append(
            _(
                "Without posts, or with posts 0: new posts without limit. With posts 0 and old_posts: the old posts"
                " only. Without funds the subscription pauses, and goes on by itself once there are funds."
            )
        )
        notes.append(
            _(
                "It also pauses while the rate is above the agreed one, while the service is off, and while its API key"
                " is revoked or has reached its daily cap."
            )
        )
    return tuple(notes)


def _service_notes(service: ExampleService | None) -> Iterator[str]:
    """What some services of the type ask for beside their minimum and maximum."""
    if service is not None and service.steps:
        yield _(
            "Some services are sold in steps: the quantity must be a multiple of 100, for example. Any other one is"
            " answered with Incorrect quantity, and the header X-Error-Detail names the step."
        )
    if service is not None and service.needs:
        yield _(
            "Some services need a link of a certain kind: a post and not a channel, for example. Any other one is"
            " answered with Bad link, and the header X-Error-Detail says what is needed."
        )


def _services(services: Sequence[ExampleService]) -> ApiAction:
    shown = services[:2] or (
        ExampleService(1, "Followers", "Default", "First Category", "0.90", 50, 10000, True, True, False),
    )
    return ApiAction(
        "services",
        "services",
        _("Service list"),
        _("The services you can buy, at your rates."),
        _head("services"),
        (
            ExampleAnswer(
                [
                    {
                        "service": service.number,
                        "name": service.name,
                        "type": service.type,
                        "category": service.category,
                        "rate": service.rate,
                        "min": str(service.min),
                        "max": str(service.max),
                        "refill": service.refill,
                        "cancel": service.cancel,
                        "dripfeed": service.drip_feed,
                    }
                    for service in shown
                ]
            ),
        ),
    )


def _status(currency: str) -> tuple[ApiAction, ApiAction, ApiAction]:
    partial = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": currency}
    running = {
        "charge": "1.44219",
        "start_count": "234",
        "status": "In progress",
        "remains": "10",
        "currency": currency,
    }
    drip_feed = {**running, "runs": "2", "orders": [23502, 23519]}
    subscription = {
        "charge": "0.00",
        "start_count": "0",
        "status": "Active",
        "remains": "0",
        "currency": currency,
        "posts": "3",
        "orders": [23520, 23533, 23541],
        "expiry": "31/12/2099",
    }
    one = ApiAction(
        "status",
        "status",
        _("Order status"),
        _("What was not delivered is refunded when the order ends and is then no longer part of the charge."),
        (*_head("status"), Parameter("order", _("Order ID"))),
        (
            ExampleAnswer(partial),
            ExampleAnswer(drip_feed, _("A drip-feed order")),
            ExampleAnswer(subscription, _("A subscription")),
        ),
    )
    many = ApiAction(
        "multi-status",
        "status",
        _("Status of many orders"),
        _("An object keyed by the order IDs as you sent them, even for a single ID."),
        (*_head("status"), Parameter("orders", _("Up to 100 order IDs, separated by commas"))),
        (ExampleAnswer({"23501": partial, "10": {"error": "Incorrect order ID"}, "23504": running}),),
    )
    by_request = ApiAction(
        "status-by-request-id",
        "status",
        _("Order status by request ID"),
        _("After a timeout, ask whether the order arrived: the answer is its status, or Incorrect order ID."),
        (*_head("status"), Parameter("request_id", _("The request_id that you sent with the order"))),
        (ExampleAnswer({"order": 23501, **running}),),
    )
    return one, many, by_request


def _refill() -> tuple[ApiAction, ApiAction]:
    one = ApiAction(
        "refill",
        "refill",
        _("Refill"),
        _("Requests a refill of what was lost after completion. The answer is the refill ID."),
        (*_head("refill"), Parameter("order", _("Order ID"))),
        (ExampleAnswer({"refill": "1"}),),
    )
    many = ApiAction(
        "multi-refill",
        "refill",
        _("Refill of many orders"),
        "",
        (*_head("refill"), Parameter("orders", _("Up to 100 order IDs, separated by commas"))),
        (
            ExampleAnswer(
                [
                    {"order": 1, "refill": 1},
                    {"order": 2, "refill": 2},
                    {"order": 3, "refill": {"error": "Incorrect order ID"}},
                ]
            ),
        ),
    )
    return one, many


def _refill_status(key: str) -> tuple[ApiAction, ApiAction]:
    one = ApiAction(
        "refill-status",
        "refill_status",
        _("Refill status"),
        "",
        (*_head("refill_status"), Parameter("refill", _("Refill ID"))),
        (ExampleAnswer({key: "Completed"}),),
    )
    many = ApiAction(
        "multi-refill-status",
        "refill_status",
        _("Status of many refills"),
        "",
        (*_head("refill_status"), Parameter("refills", _("Up to 100 refill IDs, separated by commas"))),
        (
            ExampleAnswer(
                [
                    {"refill": 1, "status": "Completed"},
                    {"refill": 2, "status": "Rejected"},
                    {"refill": 3, "status": {"error": "Refill not found"}},
                ]
            ),
        ),
    )
    return one, many


def _cancel() -> ApiAction:
    return ApiAction(
        "cancel",
        "cancel",
        _("Cancel"),
        _(
            "Requests a cancellation. The answer is a list; 1 means the request was accepted. The "
            "order becomes Canceled or Partial once delivery has stopped."
        ),
        (*_head("cancel"), Parameter("orders", _("Up to 100 order IDs, separated by commas"))),
        (ExampleAnswer([{"order": 9, "cancel": {"error": "Incorrect order ID"}}, {"order": 2, "cancel": 1}]),),
    )


def _balance(currency: str) -> ApiAction:
    return ApiAction(
        "balance",
        "balance",
        _("Balance"),
        "",
        _head("balance"),
        (ExampleAnswer({"balance": "100.84292", "currency": currency}),),
    )


def refusals(kinds: Sequence[ServiceType]) -> tuple[Refusals, ...]:
    """The error texts of a panel that sells these types."""
    return (
        Refusals(_("Every call"), _call_refusals()),
        Refusals(_("New order"), _add_refusals(kinds)),
        Refusals(_("Orders and refills"), _order_refusals()),
    )


def _call_refusals() -> tuple[ErrorRow, ...]:
    return (
        ErrorRow(("Invalid API key",), _("The key is missing, unknown or disabled."), ("bad_key",)),
        ErrorRow(
            ("This API key is not allowed from your address",),
            _("The key does not allow your IP address."),
            ("wrong_address",),
        ),
        ErrorRow(
            ("This panel is suspended, contact its support",),
            _("The panel takes no calls. Orders placed before are still delivered."),
            ("panel_suspended",),
        ),
        ErrorRow(
            ("This API key may not read", "This API key may not place or change orders"),
            _("The key has no permission for this call."),
            ("may_not_read", "may_not_order"),
        ),
        ErrorRow(
            ("Incorrect request",),
            _("The action is missing or unknown, or its order or refill ID is missing."),
            ("bad_request",),
        ),
        ErrorRow(
            ("Rate limit exceeded, please retry later",),
            _("Too many calls. Wait for the number of seconds in the Retry-After header."),
            ("rate_limit",),
            429,
        ),
        ErrorRow(("Request is too large",), _("The request is too large."), ("too_large",), 413),
        ErrorRow(
            ("Request was not sent in time, please retry",),
            _("The call began and did not come to its end. Nothing was done; send it again."),
            ("too_slow",),
            408,
        ),
        ErrorRow(
            ("The panel is temporarily overloaded, please retry",),
            _("The panel is overloaded. Nothing was done; try again later."),
            ("overloaded",),
            503,
        ),
        ErrorRow(
            ("Internal error, the request was not carried out",),
            _("Internal error. Nothing was done."),
            ("fault",),
            500,
        ),
        ErrorRow(
            ("Internal error, temporarily unknown whether it was carried out; repeat it with its request_id",),
            _("Internal error: the order may have been placed. See Safe retries."),
            ("uncertain",),
            500,
        ),
    )


def _add_refusals(kinds: Sequence[ServiceType]) -> tuple[ErrorRow, ...]:
    names = list(dict.fromkeys(f.name for kind in kinds for f in kind.fields if f.kind is not FieldKind.LINK))[:3]
    return (
        ErrorRow(
            ("Incorrect service ID",), _("The service does not exist or is not available to you."), ("bad_service",)
        ),
        ErrorRow(("Bad link",), _("The link is missing or cannot be used. X-Error-Detail says why."), ("bad_link",)),
        ErrorRow(
            tuple(f"Incorrect {name}" for name in (*names, "request_id")),
            _("The parameter named is missing, or is not what its table says. X-Error-Detail says why."),
            ("bad_field",),
        ),
        ErrorRow(
            ("Quantity less than minimal 50", "Quantity more than maximum 10000"),
            _("The service's limits; they apply to each run."),
            ("below_min", "above_max"),
        ),
        ErrorRow(
            ("You have active order with this link. Please wait until order being completed.",),
            _("The service allows one active order per link."),
            ("same_link",),
        ),
        ErrorRow(
            ("Daily spending cap is reached, orders are temporarily not taken",),
            _("The key's daily spending limit is reached."),
            ("cap_reached",),
        ),
        ErrorRow(
            ("Not enough funds on balance",), _("Your balance is lower than the charge."), ("no_funds", "debt_stands")
        ),
    )


def _order_refusals() -> tuple[ErrorRow, ...]:
    return (
        ErrorRow(("Incorrect order ID",), _("You have no order with this ID."), ("bad_order",)),
        ErrorRow(("Refill not found",), _("You have no refill with this ID."), ("bad_refill",)),
        ErrorRow(("Refill is disabled for this service",), _("The service has no refills."), ("refill_disabled",)),
        ErrorRow(
            ("Refill is disabled for the whole, ask for it by the ids in orders",),
            _("Request refills of the orders that the drip-feed or subscription created."),
            ("refill_runs",),
        ),
        ErrorRow(("The order is not completed",), _("Only a completed order can be refilled."), ("not_completed",)),
        ErrorRow(
            ("The refill task is not completed for this order",),
            _("An earlier refill is still in progress."),
            ("refill_open",),
        ),
        ErrorRow(
            ("The order was completed or refill was requested less than 24 hours ago",),
            _("Try again later."),
            ("refill_too_soon",),
        ),
        ErrorRow(("Refill days are over",), _("The refill period is over."), ("refill_over",)),
        ErrorRow(("Cancel is disabled for this service",), _("The service has no cancellation."), ("cancel_disabled",)),
        ErrorRow(("The order cannot be canceled",), _("The order has ended."), ("cannot_cancel",)),
    )


def words() -> tuple[tuple[str, list[tuple[str, bool]]], ...]:
    """The status words of the wire, by what they are said of, each with whether it is final."""
    return (
        (_("Orders"), [(word, word in ENDED) for word in OrderStatus.values]),
        (_("Subscriptions"), [(word, word in ENDED) for word in SubscriptionStatus.values]),
        (_("Refills"), [(word, word in REFILL_ENDED) for word in RefillStatus.values]),
    )


def dry_run_answer(currency: str) -> dict[str, str]:
    return {"charge": "1.44219", "currency": currency}


def pause_reasons() -> tuple[str, ...]:
    """The values of `reason` in `subscription.paused`."""
    return (PAUSED_BY_HAND, *PauseReason.values)


def webhook_message(currency: str) -> dict[str, Any]:
    """What a webhook is sent of an order."""
    return {
        "type": "order.partial",
        "timestamp": "2026-05-04T12:05:00.000Z",
        "data": {
            "order": 23501,
            "service": 1,
            "status": "Partial",
            "charge": "0.27819",
            "currency": currency,
            "start_count": "3572",
            "remains": "157",
            "link": "https://example.com/page",
        },
    }
