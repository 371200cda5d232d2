"""What is sent to webhooks, when it is tried again, when an endpoint is given up.

Pure, but for one thing: an address is compared with those of this machine.
"""

from __future__ import annotations

import ipaddress
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from panelwright.core.addresses import is_ours, is_public
from panelwright.core.places import Room
from panelwright.core.refusal import Refusal
from panelwright.core.reply import HttpReply, decode, storable
from panelwright.core.said import said
from panelwright.core.transport import NoResponse, NotSent, split_url
from panelwright.events.models import PANELS_OWN, URL_MAX

TEST = "test"
# What an endpoint may ask to hear of, in the order of lists for people. A test is sent whatever it asked for.
NAMES = (
    "order.in_progress",
    "order.completed",
    "order.partial",
    "order.canceled",
    "refill.in_progress",
    "refill.completed",
    "refill.rejected",
    "refill.canceled",
    "subscription.paused",
    "subscription.resumed",
    "subscription.completed",
    "subscription.expired",
    "subscription.canceled",
)
# What staff are told (notices/), by an endpoint that was made for it; nobody chooses it.
NOTICE = "notice"
# What the panel's own endpoints may hear of: the same of all customers, and what concerns staff.
PANEL_NAMES = (
    "order.created",
    *NAMES,
    "order.problem",
    "ticket.opened",
    "ticket.replied",
    "ticket.answered",
    "ticket.closed",
    "payment.submitted",
    "payment.paid",
    "payment.rejected",
    "payment.problem",
    "payment.held",
    "payment.refunded",
    "payment.refund_failed",
    "payment.disputed",
    "payment.dispute_taken",
    "payment.dispute_returned",
    "payment.dispute_won",
    "payment.dispute_lost",
)
DESCRIPTION_MAX = 100
ANSWER_MAX = 500
PROBLEM_MAX = 300
# After so long a new secret signs alone.
ROTATION = timedelta(hours=24)
# What Standard Webhooks proposes: seconds after each failed attempt. After the last one it is given up.
WAITS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS_MAX = len(WAITS_S) + 1
RETRY_AFTER_MAX_S = 86_400
# So many attempts in all, those that a person asked for included.
RETRIES_MAX = 100
FAILING_MAX = timedelta(days=5)
KEPT = timedelta(days=30)
# To one endpoint at a time, by one worker; to one that keeps failing only one.
IN_FLIGHT_MAX = 4
GONE = 410


class WebhookMessage(NamedTuple):
    """What a customer's endpoints and the panel's own are told, if they asked for it. `data` is what stands under
    "data"; the panel's is told the customer's number besides."""

    panel_id: int
    customer_id: int
    name: str
    order_number: int | None
    data: Mapping[str, Any]
    customer_number: int | None = None

    def data_for(self, listener: Listener) -> Mapping[str, Any]:
        if listener.customer_id != PANELS_OWN or self.customer_number is None:
            return self.data
        return {**self.data, "customer": self.customer_number}


class Listener(NamedTuple):
    """An endpoint, as far as it matters for what is written down for it."""

    id: int
    panel_id: int
    customer_id: int
    names: frozenset[str]


class Waiting(NamedTuple):
    """An endpoint that has deliveries due."""

    id: int
    failing: bool
    panel_id: int
    customer_id: int


class DeliveryOutcome(NamedTuple):
    """What came of one attempt. `status_code` 0: there was no answer. `problem`: a text of core/said.py."""

    ok: bool
    status_code: int = 0
    answer: str = ""
    problem: str = ""
    retry_after_s: int = 0


def body(name: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The message as it is sent: compact JSON, in the words of the API."""
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": name, "timestamp": stamp, "data": data}, ensure_ascii=False, separators=(",", ":"))


def wanted(messages: Iterable[WebhookMessage], listeners: Sequence[Listener]) -> list[tuple[WebhookMessage, Listener]]:
    """Which endpoint is told of which message: those of the same customer, and the panel's own, that chose its name."""
    by_customer: dict[tuple[int, int], list[Listener]] = {}
    for listener in listeners:
        by_customer.setdefault((listener.panel_id, listener.customer_id), []).append(listener)
    return [
        (message, listener)
        for message in messages
        for customer_id in (message.customer_id, PANELS_OWN)
        for listener in by_customer.get((message.panel_id, customer_id), ())
        if message.name in listener.names
    ]


def good_url(url: str, *, allow_private: bool, allow_own: bool) -> Refusal | None:
    """Why an address is not taken. What a name leads to is found out when it is sent to.

    `allow_own`: it may be one of this machine's own, which loopback is and no public one may be unnoticed.
    """
    if not url or len(url) > URL_MAX or not url.isprintable() or "#" in url:
        return Refusal("webhook_url", "url", URL_MAX)
    try:
        _, host, _ = split_url(url)
    except ValueError:
        return Refusal("webhook_url", "url", URL_MAX)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        own = private = host.lower().rstrip(".").endswith("localhost")
    else:
        own, private = is_ours(address), not is_public(address)
    refused = (private and not allow_private) or (own and not allow_own)
    return Refusal("webhook_private", "url") if refused else None


def names_of(customer_id: int) -> tuple[str, ...]:
    """What an endpoint of the customer, or of the panel itself, may hear of."""
    return (*PANEL_NAMES, NOTICE) if customer_id == PANELS_OWN else NAMES


def good_names(names: Sequence[str], *, of: Sequence[str] = NAMES) -> Refusal | None:
    return None if names and set(names) <= set(of) else Refusal("webhook_names", "names")


def owner(panel_id: int, customer_id: int) -> tuple[int, int]:
    """Who shares places with the others: no two panels' own endpoints are taken for one customer's."""
    return panel_id, customer_id if customer_id != PANELS_OWN else -panel_id


def good_description(description: str) -> Refusal | None:
    fits = len(description) <= DESCRIPTION_MAX and (not description or description.isprintable())
    return None if fits else Refusal("webhook_description", "description", DESCRIPTION_MAX)


def judged(came: HttpReply | NotSent | NoResponse) -> DeliveryOutcome:
    """Only an answer from 200 to 299 is a success; redirects are not followed."""
    if isinstance(came, NotSent | NoResponse):
        return DeliveryOutcome(False, problem=came.text[:PROBLEM_MAX])
    answer = storable(decode(came.body))[:ANSWER_MAX].strip()
    if 200 <= came.status < 300:
        return DeliveryOutcome(True, came.status, answer)
    problem = said("hook_status", status=came.status)
    if 300 <= came.status < 400:
        where = storable(came.location)
        problem = said("hook_redirect_to" if where else "hook_redirect", status=came.status, url=where)
    return DeliveryOutcome(False, came.status, answer, problem[:PROBLEM_MAX], came.retry_after_s or 0)


def next_try(attempts: int, *, now: datetime, retry_after_s: int = 0) -> datetime | None:
    """When to try again after so many failed attempts; None: never. Up to a tenth later, so that many do not
    come at the same moment, and not before the receiver asks for it."""
    if attempts >= ATTEMPTS_MAX:
        return None
    wait_s = WAITS_S[max(attempts, 1) - 1]
    jittered_s = wait_s + random.randint(0, max(wait_s // 10, 1))
    return now + timedelta(seconds=max(jittered_s, min(retry_after_s, RETRY_AFTER_MAX_S)))


def stopped_why(outcome: DeliveryOutcome, *, failing_since: datetime, now: datetime) -> str:
    """Why an endpoint is switched off after a failure: "gone", "failing", or "" when it is not."""
    if outcome.status_code == GONE:
        return "gone"
    return "failing" if now - failing_since >= FAILING_MAX else ""


def shares(
    waiting: Sequence[Waiting], in_flight: Mapping[int, int], *, room: Room, failing_room: Room
) -> dict[int, int]:
    """Endpoint id -> how many of its deliveries to send now, as many as have room; those that fail need both rooms.

    No endpoint gets more than IN_FLIGHT_MAX at a time, and one that fails gets one. Customers and panels share the
    places as providers do: however many endpoints somebody has and however slow they are, they hold up nobody else.
    """
    answer: dict[int, int] = {}
    open_: dict[tuple[int, int], list[Waiting]] = {}
    for endpoint in waiting:
        open_.setdefault(owner(endpoint.panel_id, endpoint.customer_id), []).append(endpoint)
    while turns := room.in_turn(open_):
        # One each, and then anew: who comes last in turn goes before anybody's second.
        for whose in turns:
            if not _next(open_[whose], whose, in_flight, answer, room, failing_room):
                del open_[whose]
    return answer


def _next(
    endpoints: list[Waiting],
    whose: tuple[int, int],
    in_flight: Mapping[int, int],
    answer: dict[int, int],
    room: Room,
    failing_room: Room,
) -> bool:
    """Give one place to the first of a customer's endpoints that may have it; it goes to the end. False: none may."""
    for endpoint in list(endpoints):
        most = 1 if endpoint.failing else IN_FLIGHT_MAX
        full = in_flight.get(endpoint.id, 0) + answer.get(endpoint.id, 0) >= most
        endpoints.remove(endpoint)
        if full or (endpoint.failing and not failing_room.more(*whose)):
            continue
        if not room.take(*whose):
            return False
        if endpoint.failing:
            failing_room.take(*whose)
        answer[endpoint.id] = answer.get(endpoint.id, 0) + 1
        endpoints.append(endpoint)
        return True
    return False
