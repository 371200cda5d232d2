"""What waits for a panel's staff now, by kind. Inside the panel's scope. Each kind is one query of a bounded number of
rows, by the indexes of the lists that show them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Q, QuerySet

from panelwright.core import clock, money
from panelwright.core.paging import Found
from panelwright.events.models import Event, Mail
from panelwright.notices.rules import DISPUTED, LABEL_MAX, LOOKED_MAX, Matter, NoticeKind
from panelwright.payments import queries as payment_queries
from panelwright.promotions.affiliate_queries import waiting_payouts
from panelwright.providers.models import Provider, ProviderKind
from panelwright.providers.routing.health import FAILURES_MAX
from panelwright.providers.staff_lists import held_routes, waiting_cancels, waiting_refills
from panelwright.providers.staff_orders import manual_orders, problem_orders
from panelwright.support.models import Author, Ticket, TicketState

# What is older was told, or nobody was to be told.
HAPPENED_WITHIN = timedelta(days=7)
# Letters about what failed; that they fail is told on the page of notices.
MAIL_KIND = "notice"


def waiting(panel_id: int, kinds: Collection[str]) -> dict[NoticeKind, list[Matter]]:
    """Of each of these kinds what waits, the oldest first, LOOKED_MAX at most."""
    return {kind: _READERS[kind](panel_id) for kind in NoticeKind if kind.value in kinds}


def _stamp(at: datetime | None) -> str:
    return "" if at is None else f"{at.timestamp():.0f}"


def _problems(panel_id: int) -> list[Matter]:
    rows = problem_orders(panel_id).order_by("number")
    found = rows.values_list("number", "problem_code", "problem_facts", "problem_at")[:LOOKED_MAX]
    return [
        Matter(f"{number}:{code}:{_stamp(at)}", number, code=code, facts=facts) for number, code, facts, at in found
    ]


def _manual(panel_id: int) -> list[Matter]:
    rows = manual_orders(panel_id).order_by("number").values_list("number", "service__name")[:LOOKED_MAX]
    return [Matter(str(number), number, name[:LABEL_MAX]) for number, name in rows]


def _refills(panel_id: int) -> list[Matter]:
    rows = _first(waiting_refills(panel_id)).values_list("number", "order__number")[:LOOKED_MAX]
    return [Matter(str(number), order) for number, order in rows]


def _cancels(panel_id: int) -> list[Matter]:
    rows = _first(waiting_cancels(panel_id)).values_list("id", "order__number")[:LOOKED_MAX]
    return [Matter(str(id_), order) for id_, order in rows]


def _first(found: Found) -> QuerySet[Any]:
    """Those of the first window, where no index serves what is sought."""
    rows = found.rows.order_by(found.key)
    if found.within is not None:
        rows = rows.filter(pk__in=found.within.order_by(found.key).values("pk")[: found.window])
    return rows


def _tickets(panel_id: int) -> list[Matter]:
    rows = Ticket.objects.filter(panel_id=panel_id, state=TicketState.PENDING).order_by("number")
    ids = dict(rows.values_list("id", "number")[:LOOKED_MAX])
    written = Q(messages__author=Author.CUSTOMER.value)
    found = Ticket.objects.filter(panel_id=panel_id, id__in=ids).annotate(last=Max("messages__id", filter=written))
    return [
        Matter(f"{number}:{last or 0}", number, title[:LABEL_MAX])
        for number, last, title in found.order_by("number").values_list("number", "last", "title")
    ]


def _payments(panel_id: int) -> list[Matter]:
    rows = payment_queries.waiting(panel_id).order_by("number")
    # One that becomes a problem is told once more.
    found = rows.values_list("number", "state", "method__name", "problem_code", "attention")[:LOOKED_MAX]
    return [
        Matter(f"{number}:{state}", number, name[:LABEL_MAX], code=code or (DISPUTED if why == DISPUTED else ""))
        for number, state, name, code, why in found
    ]


def _disputes(panel_id: int) -> list[Matter]:
    """Those that are open, and those that have ended lately. What has become of one is told once more."""
    rows = payment_queries.disputes_since(panel_id, clock.now() - HAPPENED_WITHIN)
    found = rows.order_by("payment__number", "n").values_list(
        "payment__number", "n", "state", "taken", "amount_micros", "payment__currency"
    )[:LOOKED_MAX]
    return [
        Matter(
            f"{number}.{n}:{state}:{taken:d}",
            number,
            f"{money.text(micros)} {currency}",
            code=f"dispute_{'taken' if state == 'open' and taken else state}",
        )
        for number, n, state, taken, micros, currency in found
    ]


def _payouts(panel_id: int) -> list[Matter]:
    rows = waiting_payouts(panel_id).values_list("partner__code", "n")[:LOOKED_MAX]
    return [Matter(f"{code}-{n}", label=f"{code}-{n}") for code, n in rows]


def _providers(panel_id: int) -> QuerySet[Provider]:
    rows: QuerySet[Provider] = Provider.objects.filter(panel_id=panel_id, enabled=True, kind=ProviderKind.API)
    return rows.order_by("id")


def _low(panel_id: int) -> list[Matter]:
    rows = _providers(panel_id).filter(low_balance_micros__isnull=False, balance_micros__lt=F("low_balance_micros"))
    return [Matter(str(id_), id_, name) for id_, name in rows.values_list("id", "name")[:LOOKED_MAX]]


def _failing(panel_id: int) -> list[Matter]:
    rows = _providers(panel_id).filter(Q(failures__gte=FAILURES_MAX) | ~Q(problem="") | ~Q(sync_problem_code=""))
    found = rows.values_list("id", "name", "problem")[:LOOKED_MAX]
    return [Matter(str(id_), id_, name, facts=problem[:LABEL_MAX]) for id_, name, problem in found]


def _held(panel_id: int) -> list[Matter]:
    rows = held_routes(panel_id).order_by("id")
    found = rows.values_list("id", "held_at", "service__number", "service__name")[:LOOKED_MAX]
    return [Matter(f"{id_}:{_stamp(at)}", number, name[:LABEL_MAX]) for id_, at, number, name in found]


def _stopped(panel_id: int) -> list[Matter]:
    since = clock.now() - HAPPENED_WITHIN
    rows = Event.objects.filter(panel_id=panel_id, name="webhook.stopped", created_at__gt=since).order_by("-id")
    found = list(rows.values_list("id", "facts")[:LOOKED_MAX])
    return [Matter(str(id_), label=str(facts.get("url", ""))[:LABEL_MAX]) for id_, facts in reversed(found)]


def _mails(panel_id: int) -> list[Matter]:
    since = clock.now() - HAPPENED_WITHIN
    rows = Mail.objects.filter(panel_id=panel_id, sent_at=None, due_at=None, created_at__gt=since)
    found = list(rows.exclude(kind=MAIL_KIND).order_by("-id").values_list("id", "to", "problem")[:LOOKED_MAX])
    return [Matter(str(id_), label=to, facts=problem[:LABEL_MAX]) for id_, to, problem in reversed(found)]


_READERS: dict[NoticeKind, Callable[[int], list[Matter]]] = {
    NoticeKind.ORDER_PROBLEM: _problems,
    NoticeKind.MANUAL_ORDER: _manual,
    NoticeKind.REFILL_WAITS: _refills,
    NoticeKind.CANCEL_WAITS: _cancels,
    NoticeKind.TICKET_WAITS: _tickets,
    NoticeKind.PAYMENT_WAITS: _payments,
    NoticeKind.DISPUTE: _disputes,
    NoticeKind.PAYOUT_WAITS: _payouts,
    NoticeKind.PROVIDER_LOW: _low,
    NoticeKind.PROVIDER_FAILS: _failing,
    NoticeKind.PRICE_HELD: _held,
    NoticeKind.WEBHOOK_STOPPED: _stopped,
    NoticeKind.MAIL_FAILED: _mails,
}
