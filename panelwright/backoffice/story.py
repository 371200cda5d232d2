"""One order's whole story in time order: what happened, money, tries at providers, staff, refills, tickets.

A handful of queries, whatever the order. Keys and request ids are never in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.backoffice import queries, words
from panelwright.core import money
from panelwright.ledger.models import Transfer, TransferCode
from panelwright.orders import problems
from panelwright.orders.models import Order, OrderKind, PauseReason, Post, Refill
from panelwright.providers import order_queries
from panelwright.providers.models import CallOutcome, Provider, ProviderCall
from panelwright.providers.staff_orders import PROBLEM_LABELS
from panelwright.staff import registry, trail
from panelwright.staff.trail import TrailFilters
from panelwright.support import texts
from panelwright.support.models import TicketRequest

EACH_MAX = 50
# What stands in the trail for an event of the order: note, which is told with its text.
_NOTE = "order.note"

# Kind -> its words in the filter above the story.
KINDS = {
    "": gettext_noop("Everything"),
    "order": gettext_noop("Order"),
    "money": gettext_noop("Money"),
    "provider": gettext_noop("Provider"),
    "staff": gettext_noop("Staff"),
    "support": gettext_noop("Support"),
}
_EVENTS = {
    "order.routed": ("provider", gettext_noop("Route chosen")),
    "order.queued": ("provider", gettext_noop("Given to own people")),
    "order.in progress": ("order", gettext_noop("In progress")),
    "order.completed": ("order", gettext_noop("Completed")),
    "order.partial": ("order", gettext_noop("Partially delivered; the rest was refunded")),
    "order.canceled": ("order", gettext_noop("Canceled")),
    "order.expired": ("order", gettext_noop("Expired")),
    "order.problem": ("order", gettext_noop("Problem")),
    "order.refused": ("provider", gettext_noop("Refused by the provider")),
    "order.cancel_requested": ("order", gettext_noop("Cancellation requested")),
    "order.cancel_refused": ("order", gettext_noop("Cancellation refused")),
    "order.not_charged": ("money", gettext_noop("Not charged")),
    _NOTE: ("staff", gettext_noop("Note")),
    "order.worked": ("staff", gettext_noop("Worked on by staff")),
    "order.resolved": ("staff", gettext_noop("Decided by staff")),
    "order.blocked": ("order", gettext_noop("Blocked")),
    "subscription.paused": ("order", gettext_noop("Paused")),
    "subscription.resumed": ("order", gettext_noop("Resumed")),
    "subscription.went_on": ("order", gettext_noop("Resumed automatically")),
    "subscription.canceled": ("order", gettext_noop("Cancellation requested")),
    "subscription.quantity_unknown": ("provider", gettext_noop("Quantity not reported by the provider")),
    "dripfeed.paused": ("order", gettext_noop("Paused")),
    "dripfeed.resumed": ("order", gettext_noop("Resumed")),
    "dripfeed.canceled": ("order", gettext_noop("Cancellation requested")),
}
# (action, outcome) -> what was done; an empty outcome: whatever came of it.
_CALLS = {
    ("add", "accepted"): gettext_noop("Sent, and accepted by the provider"),
    ("add", "refused"): gettext_noop("Sent, and refused by the provider"),
    ("add", "unknown"): gettext_noop("Sent, and no clear answer came"),
    ("status", "reported"): gettext_noop("Reported by the provider"),
    ("status", ""): gettext_noop("Status requested"),
    ("cancel", ""): gettext_noop("Cancellation sent to the provider"),
    ("refill", ""): gettext_noop("Refill sent to the provider"),
}
# Where an order came from.
_SOURCES = {
    "web": gettext_noop("On the website"),
    "api": gettext_noop("Through the API"),
    "run": gettext_noop("By a drip-feed"),
    "post": gettext_noop("By a subscription"),
}
# Why a subscription orders nothing, as staff read it.
PAUSED_FOR = {
    order_queries.BY_HAND: gettext_noop("Paused by the customer or by staff."),
    PauseReason.FUNDS.value: gettext_noop("Not enough funds for the next post."),
    PauseReason.CAP.value: gettext_noop("Its API key has reached its daily spending limit."),
    PauseReason.KEY.value: gettext_noop("Its API key was revoked or can no longer place orders."),
    PauseReason.ACCOUNT.value: gettext_noop("The customer cannot place orders right now."),
    PauseReason.SERVICE.value: gettext_noop("The service is turned off."),
    PauseReason.PRIVATE.value: gettext_noop("The service is no longer available to this customer."),
    PauseReason.RATE.value: gettext_noop("The service now costs more than the agreed price."),
    PauseReason.QUANTITY.value: gettext_noop("The service is no longer sold in the chosen quantities."),
    PauseReason.PROVIDER.value: gettext_noop("Paused by the provider."),
}


class StoryEntry(NamedTuple):
    """`title` and `detail` are in the reader's language, `name` (a provider's) in none; `said` is what somebody else
    said, in their words.

    `micros`: what the customer paid (below zero) or got back. `facts`: what was sent, by name; `came`: what came back.
    `ticket`: its number. `look`: of what needs a person, `warn`; of a note, `note`.
    """

    at: datetime
    kind: str
    title: str
    detail: str = ""
    said: str = ""
    by: str = ""
    micros: int | None = None
    facts: Mapping[str, str] = {}
    ticket: int | None = None
    came: str = ""
    look: str = ""
    name: str = ""

    @property
    def amount(self) -> str:
        return "" if self.micros is None else f"{'−' if self.micros < 0 else '+'}{money.text(abs(self.micros))}"


def of(
    order: Order, history: list[dict[str, Any]], calls: Sequence[ProviderCall], providers: Mapping[int, Provider]
) -> list[StoryEntry]:
    """The newest first. `history`: as in order_queries.order_facts; `providers`: by id."""
    found = [StoryEntry(order.created_at, "order", _("Created"), _(_SOURCES[source_of(order)]))]
    found += _transfers(order)
    of_it = TrailFilters(object_kind="order,cancel", object_id=order.number)
    entries = trail.entries(order.panel_id, of_it, limit=EACH_MAX).items
    found += [_staff(entry) for entry in entries if entry.action != _NOTE]
    found += [_call(call, providers) for call in calls]
    # What stands in the trail with who and what, or was said to a provider, need not stand here a second time.
    told = {entry.at.replace(microsecond=0) for entry in entries}
    tries = {(call.provider_id, call.attempt) for call in calls if call.outcome == CallOutcome.REFUSED.value}
    found += [moment for event in history if (moment := _event(event, told, tries)) is not None]
    if order.ended_at is not None:
        found += _refills(order)
    found += _tickets(order)
    # Of what happened at one time the order is that of writing.
    found.sort(key=lambda moment: moment.at)
    return found[::-1]


def kinds(entries: Sequence[StoryEntry], chosen: str) -> list[tuple[str, str, int, bool]]:
    """The filter above the story: kind, words, how many, whether it is on. A kind without entries is left out."""
    counts = Counter(entry.kind for entry in entries)
    counts[""] = len(entries)
    return [
        (kind, _(text), counts[kind], kind == chosen) for kind, text in KINDS.items() if counts[kind] or kind == chosen
    ]


def _call(call: ProviderCall, providers: Mapping[int, Provider]) -> StoryEntry:
    """What was said to a provider, and what came back."""
    title = _CALLS.get((call.action, call.outcome)) or _CALLS.get((call.action, ""), call.action)
    provider = providers.get(call.provider_id)
    detail = []
    if call.attempt > 1:
        detail.append(_("attempt %(number)s") % {"number": call.attempt})
    if call.took_ms is not None and call.action == "add":
        detail.append(_("%(count)s s") % {"count": f"{call.took_ms / 1000:.1f}"})
    sent = {str(name): str(value) for name, value in json.loads(call.sent or "{}").items()}
    look = "warn" if call.outcome == CallOutcome.UNKNOWN.value else ""
    return StoryEntry(
        call.sent_at,
        "provider",
        _(title),
        " · ".join(detail),
        facts=sent,
        came=words.told(call.came),
        look=look,
        name=f"#{call.provider_id}" if provider is None else provider.name,
    )


def _event(event: Mapping[str, Any], told: set[datetime], tries: set[tuple[int, int]]) -> StoryEntry | None:
    at = datetime.fromisoformat(event["at"])
    name, facts = event["event"], event["facts"]
    kind, title = _EVENTS.get(name, ("order", ""))
    if name == _NOTE:
        return StoryEntry(at, kind, _(title), said=str(facts["text"]), by=str(facts["by"]), look="note")
    if kind == "staff" and at.replace(microsecond=0) in told:
        return None
    if name == "order.refused" and (facts.get("provider"), facts.get("attempt")) in tries:
        return None
    detail, said, provider = "", "", ""
    if name == "order.problem":
        detail = _(PROBLEM_LABELS.get(str(facts.get("code", "")), PROBLEM_LABELS["noted"]))
        said = problems.words(str(facts.get("code", "")), facts, _) or str(facts.get("problem", ""))
    elif name == "order.refused":
        provider, said = str(facts.get("name", "")), words.told(str(facts.get("said", "")))
    elif name == "order.routed":
        detail = words.routed(facts)
    elif facts.get("reason") in PAUSED_FOR:
        detail = _(PAUSED_FOR[facts["reason"]])
    elif "action" in facts or "decision" in facts:
        verb = str(facts.get("action") or facts.get("decision"))
        action = registry.actions().get(f"order.{verb}")
        detail = _(action.label) if action else verb
    sent = {str(key): str(value) for key, value in (facts.get("sent") or {}).items()}
    look = "warn" if name == "order.problem" else ""
    return StoryEntry(
        at,
        kind,
        _(title) if title else name,
        detail,
        said,
        str(facts.get("by", "")),
        facts=sent,
        look=look,
        name=provider,
    )


def _staff(entry: Any) -> StoryEntry:
    action = registry.actions().get(entry.action)
    changes = words.moves(entry.before, entry.after, entry.object_kind).changes
    detail = "; ".join(f"{one.name}: {one.before} → {one.after}" for one in changes)
    given = {words.field(name): words.value(held, entry.object_kind) for name, held in entry.given.items()}
    title = _(action.label) if action else entry.action
    return StoryEntry(entry.at, "staff", title, detail, by=entry.actor_name, facts=given)


def _transfers(order: Order) -> list[StoryEntry]:
    """By the unique key of transfers: the charge, and the refund of the order itself."""
    rows = queries.rows(Transfer, order.panel_id).filter(
        code__in=[TransferCode.ORDER.value, TransferCode.REFUND.value], reference=str(order.number)
    )
    return [
        StoryEntry(row.created_at, "money", _("Charged"), micros=-row.amount_micros)
        if row.code == TransferCode.ORDER.value
        else StoryEntry(row.created_at, "money", _("Refunded"), micros=row.amount_micros)
        for row in rows[:EACH_MAX]
    ]


def _refills(order: Order) -> list[StoryEntry]:
    found = []
    for row in queries.rows(Refill, order.panel_id).filter(order_id=order.id).order_by("-id")[:EACH_MAX]:
        found.append(StoryEntry(row.created_at, "support", _("Refill requested")))
        if row.ended_at is not None:
            found.append(
                StoryEntry(
                    row.ended_at,
                    "support",
                    _("Refill"),
                    words.value(row.status),
                    words.problem(row.problem_code, row.problem_facts),
                )
            )
    return found


def _tickets(order: Order) -> list[StoryEntry]:
    rows = queries.rows(TicketRequest, order.panel_id).filter(order_id=order.id).select_related("ticket")
    return [
        StoryEntry(
            row.created_at,
            "support",
            f"{_('Ticket')} {row.ticket.number}",
            texts.wish(row.wish),
            ticket=row.ticket.number,
        )
        for row in rows.order_by("-id")[:EACH_MAX]
    ]


def posts_of(order: Order) -> list[Post]:
    """The newest posts that a subscription was told of."""
    rows = queries.rows(Post, order.panel_id).filter(subscription_id=order.id).select_related("order")
    return list(rows.order_by("-id")[:EACH_MAX])


def source_of(order: Order) -> str:
    """How an order came to be: by its drip-feed or subscription, through the API, or on the website."""
    if order.parent_id is not None:
        return "run" if order.kind == OrderKind.RUN.value else "post"
    return "web" if order.key_id is None else "api"


def facts_of(order: Order, providers: Mapping[int, Provider]) -> dict[str, Any]:
    """The order as staff read it, with its history."""
    names = {id_: provider.name for id_, provider in providers.items()}
    facts = order_queries.facts_of(order.panel_id, [order], names=names)[0]
    return {**facts, "history": order_queries.history(order.panel_id, order.id)}


def fields_of(order: Order) -> list[tuple[str, str]]:
    """The type's own fields as the customer filled them in."""
    held = json.loads(order.fields) if order.fields else {}
    return [(str(name), str(value)[:2_000]) for name, value in held.items()]
