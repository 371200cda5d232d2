"""How fast customers' tickets are answered and closed, from the tickets themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from panelwright.panels.models import Panel
from panelwright.reports.calendar import starts_at
from panelwright.reports.periods import Period
from panelwright.reports.queries import zone_of
from panelwright.support.models import Author, Message, Ticket

# So many tickets, the newest of the panel, are looked at.
TICKETS_MAX = 5_000
PEOPLE_MAX = 200


class TicketTimes(NamedTuple):
    """One ticket: when it was opened, first answered and closed; `by`: who of the staff answered first."""

    subject: str
    opened_at: datetime
    answered_at: datetime | None
    by: str
    closed_at: datetime | None


class Spans(NamedTuple):
    """Seconds from opening to the first answer, and to the end, each from the shortest on; of so many tickets."""

    name: str
    tickets: int
    answered: list[int]
    resolved: list[int]


class AnswerTimes(NamedTuple):
    """`looked`: the period has more tickets than are looked at."""

    all: Spans
    by_subject: list[Spans]
    by_person: list[Spans]
    looked: bool


def read(panel: Panel, period: Period) -> AnswerTimes:
    """Of the tickets that customers opened in the period. One that staff opened waits for no answer of theirs."""
    zone = zone_of(panel)
    first, last = starts_at(period.first, zone), starts_at(period.last + timedelta(days=1), zone)
    tickets: QuerySet[Ticket] = Ticket.objects.filter(panel_id=panel.id)
    edge = list(tickets.order_by("-number").values_list("number", "created_at")[TICKETS_MAX - 1 : TICKETS_MAX])
    if edge:
        tickets = tickets.filter(number__gte=edge[0][0])
    answers = Message.objects.filter(panel_id=panel.id, ticket=OuterRef("pk"), author=Author.STAFF).order_by("id")
    rows = (
        tickets.filter(created_at__gte=first, created_at__lt=last, merged_into=None)
        .annotate(answered_at=Subquery(answers.values("created_at")[:1]), by=Subquery(answers.values("by")[:1]))
        .values_list("subject", "created_at", "answered_at", "by", "closed_at")
    )
    found = [TicketTimes(one[0], one[1], one[2], one[3] or "", one[4]) for one in rows]
    found = [one for one in found if one.answered_at is None or one.answered_at > one.opened_at]
    return AnswerTimes(
        _spans("", found),
        _apart(found, lambda one: one.subject),
        _apart([one for one in found if one.by], lambda one: one.by)[:PEOPLE_MAX],
        bool(edge) and edge[0][1] > first,
    )


def at_share(seconds: Sequence[int], percent: int) -> int | None:
    """The time within which so many percent were done, of times from the shortest on; None of nothing."""
    return seconds[-(-len(seconds) * percent // 100) - 1] if seconds else None


def _apart(found: Sequence[TicketTimes], key: Callable[[TicketTimes], str]) -> list[Spans]:
    """By what the key says, those with the most tickets first."""
    groups: dict[str, list[TicketTimes]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return sorted((_spans(name, some) for name, some in groups.items()), key=lambda one: (-one.tickets, one.name))


def _spans(name: str, found: Sequence[TicketTimes]) -> Spans:
    answered = [_seconds(one.answered_at - one.opened_at) for one in found if one.answered_at is not None]
    resolved = [_seconds(one.closed_at - one.opened_at) for one in found if one.closed_at is not None]
    return Spans(name, len(found), sorted(answered), sorted(resolved))


def _seconds(span: timedelta) -> int:
    return max(0, span // timedelta(seconds=1))
