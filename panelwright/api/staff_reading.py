"""What a request of the staff API says: its key, its page, its body. Raises Refused with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.providers.manual.manual_queries import QueueFilters
from panelwright.providers.order_queries import PAGE_MAX
from panelwright.staff.trail import PAGE_MAX as TRAIL_MAX
from panelwright.staff.trail import TrailFilters
from panelwright.support.models import Subject, TicketState
from panelwright.support.queries import PAGE_MAX as TICKETS_MAX
from panelwright.support.queries import TicketFilters

NUMBER_MAX = 2**63 - 1
LIMIT = 50

KINDS = ("orders", "refills", "cancels")
_STATES = {"waiting": False, "started": True}


class QueueQuery(NamedTuple):
    """Which page of which queue."""

    kind: str
    filters: QueueFilters
    after: int
    limit: int


def bearer(header: str) -> str:
    """The key of an Authorization header; empty when it is of another kind."""
    scheme, _, key = header.strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def queue_of(query: Mapping[str, str]) -> QueueQuery:
    known = {"kind", "state", "service", "provider", "after", "limit"}
    only(query, known)
    kind = query.get("kind", "orders")
    if kind not in KINDS:
        raise Refused("not_a_choice", "kind", choices=", ".join(KINDS))
    state = query.get("state")
    if state is not None and (state not in _STATES or kind == "cancels"):
        raise Refused("not_a_choice", "state", choices=", ".join(_STATES) if kind != "cancels" else "(none)")
    if "provider" in query and kind != "orders":
        raise Refused("only_for_orders", "provider")
    if not query.get("provider", "x").isprintable():
        raise Refused("unstorable_text", "provider")
    filters = QueueFilters(
        started=None if state is None else _STATES[state],
        service=number(query["service"], "service", least=1) if "service" in query else None,
        provider=query.get("provider"),
    )
    after, limit = _page(query)
    return QueueQuery(kind, filters, after, limit)


class AskedTickets(NamedTuple):
    """Which page of a panel's tickets."""

    filters: TicketFilters
    after: int
    limit: int


def tickets_of(query: Mapping[str, str]) -> AskedTickets:
    only(query, {"state", "subject", "customer", "unread", "speed_up", "after", "limit"})
    for name, words in (("state", TicketState.values), ("subject", Subject.values)):
        if query.get(name, words[0]) not in words:
            raise Refused("not_a_choice", name, choices=", ".join(words))
    for name in ("unread", "speed_up"):
        if query.get(name, "1") != "1":
            raise Refused("not_a_choice", name, choices="1")
    filters = TicketFilters(
        state=query.get("state"),
        subject=query.get("subject"),
        customer=number(query["customer"], "customer", least=1) if "customer" in query else None,
        unread="unread" in query,
        speed_up="speed_up" in query,
    )
    after = number(query.get("after", "0"), "after")
    return AskedTickets(filters, after, number(query.get("limit", str(LIMIT)), "limit", least=1, most=TICKETS_MAX))


def before_of(query: Mapping[str, str]) -> int | None:
    """`before` of a ticket's messages: those that are older than this one."""
    only(query, {"before"})
    return number(query["before"], "before", least=1) if "before" in query else None


def before_and_limit_of(query: Mapping[str, str], *, most: int) -> tuple[int | None, int]:
    """`before` and `limit` of a list that has the newest first."""
    only(query, {"before", "limit"})
    before = number(query["before"], "before", least=1) if "before" in query else None
    return before, number(query.get("limit", str(LIMIT)), "limit", least=1, most=most)


def slug_of(query: Mapping[str, str]) -> str:
    """`slug`, the one thing that a list of pages takes; empty when it is left out."""
    only(query, {"slug"})
    slug = query.get("slug", "")
    if not slug.isprintable():
        raise Refused("unstorable_text", "slug")
    return slug


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """`after` and `limit` of a list that takes nothing else."""
    only(query, {"after", "limit"})
    return _page(query)


def trail_of(query: Mapping[str, str]) -> tuple[TrailFilters, int | None, int]:
    """Filters, `before` and `limit` of the audit trail."""
    texts = ("actor_kind", "action", "object", "address")
    only(query, {*texts, "actor", "id", "since", "until", "before", "limit"})
    for name in texts:
        if not query.get(name, "x").isprintable():
            raise Refused("unstorable_text", name)
    filters = TrailFilters(
        actor_id=number(query["actor"], "actor") if "actor" in query else None,
        actor_kind=query.get("actor_kind", ""),
        action=query.get("action", ""),
        object_kind=query.get("object", ""),
        object_id=number(query["id"], "id") if "id" in query else None,
        address=query.get("address", ""),
        since=_moment(query, "since"),
        until=_moment(query, "until"),
    )
    before = number(query["before"], "before", least=1) if "before" in query else None
    return filters, before, number(query.get("limit", str(LIMIT)), "limit", least=1, most=TRAIL_MAX)


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    if name not in query:
        return None
    try:
        at = parse_datetime(query[name])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused("not_a_moment", name)
    return at


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    after = number(query.get("after", "0"), "after")
    return after, number(query.get("limit", str(LIMIT)), "limit", least=1, most=PAGE_MAX)


def number(text: str, name: str, *, least: int = 0, most: int = NUMBER_MAX) -> int:
    """A whole number written in plain digits."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise Refused("number_out_of_range", name, least=least, most=most)
    return int(text)


def body_of(request: HttpRequest, *, body_max: int = limits.STAFF_BODY_BYTES_MAX) -> dict[str, Any]:
    """The JSON object of a body."""
    if _length(request) > body_max:
        raise Refused("body_too_large", limit=body_max)
    raw = request.read(body_max + 1)
    if len(raw) > body_max:
        raise Refused("body_too_large", limit=body_max)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("not_json") from None
    if not isinstance(body, dict):
        raise Refused("no_json_object")
    return body


def _length(request: HttpRequest) -> int:
    said = request.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else 0


def only(given: Mapping[str, Any], known: set[str]) -> None:
    """Refused: unknown_field."""
    unknown = sorted(name[:50] for name in set(given) - known)
    if unknown:
        raise Refused("unknown_field", fields=", ".join(unknown[:5]), known=", ".join(sorted(known)) or "none")
