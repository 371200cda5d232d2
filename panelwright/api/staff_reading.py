"""What a request of the staff API says: its key, its page, its action. Raises ValueError with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest

from panelwright.core import limits
from panelwright.providers.manual_queries import Filters
from panelwright.providers.order_queries import PAGE_MAX
from panelwright.support.models import Subject, TicketState
from panelwright.support.queries import PAGE_MAX as TICKETS_MAX
from panelwright.support.queries import Filters as TicketFilters

NUMBER_MAX = 2**63 - 1
LIMIT = 50

# Field -> the type of its value.
Fields = Mapping[str, type]
KINDS = ("orders", "refills", "cancels")
_STATES = {"waiting": False, "started": True}
_TYPE_WORDS = {int: "a whole number", str: "a text", bool: "true or false"}


class BadRequest(ValueError):
    """The request is not one of this API."""


class TooLarge(ValueError):
    """The body is over the limit."""


class Asked(NamedTuple):
    """Which page of which queue."""

    kind: str
    filters: Filters
    after: int
    limit: int


def bearer(header: str) -> str:
    """The key of an Authorization header; empty when it is of another kind."""
    scheme, _, key = header.strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def queue_of(query: Mapping[str, str]) -> Asked:
    known = {"kind", "state", "service", "provider", "after", "limit"}
    _only(query, known)
    kind = query.get("kind", "orders")
    if kind not in KINDS:
        raise BadRequest(f"kind must be one of {', '.join(KINDS)}")
    state = query.get("state")
    if state is not None and (state not in _STATES or kind == "cancels"):
        raise BadRequest("state must be waiting or started, for orders and refills")
    if "provider" in query and kind != "orders":
        raise BadRequest("provider narrows orders only")
    if not query.get("provider", "x").isprintable():
        raise BadRequest("provider must be the name of a provider")
    filters = Filters(
        started=None if state is None else _STATES[state],
        service=number(query["service"], "service", least=1) if "service" in query else None,
        provider=query.get("provider"),
    )
    after, limit = _page(query)
    return Asked(kind, filters, after, limit)


class AskedTickets(NamedTuple):
    """Which page of a panel's tickets."""

    filters: TicketFilters
    after: int
    limit: int


def tickets_of(query: Mapping[str, str]) -> AskedTickets:
    _only(query, {"state", "subject", "customer", "unread", "speed_up", "after", "limit"})
    for name, words in (("state", TicketState.values), ("subject", Subject.values)):
        if query.get(name, words[0]) not in words:
            raise BadRequest(f"{name} must be one of {', '.join(words)}")
    for name in ("unread", "speed_up"):
        if query.get(name, "1") != "1":
            raise BadRequest(f"{name} must be 1, or be left out")
    filters = TicketFilters(
        state=query.get("state"),
        subject=query.get("subject"),
        customer_id=number(query["customer"], "customer", least=1) if "customer" in query else None,
        unread="unread" in query,
        speed_up="speed_up" in query,
    )
    after = number(query.get("after", "0"), "after")
    return AskedTickets(filters, after, number(query.get("limit", str(LIMIT)), "limit", least=1, most=TICKETS_MAX))


def before_of(query: Mapping[str, str]) -> int | None:
    """`before` of a ticket's messages: those that are older than this one."""
    _only(query, {"before"})
    return number(query["before"], "before", least=1) if "before" in query else None


def before_and_limit_of(query: Mapping[str, str], *, most: int) -> tuple[int | None, int]:
    """`before` and `limit` of a list that has the newest first."""
    _only(query, {"before", "limit"})
    before = number(query["before"], "before", least=1) if "before" in query else None
    return before, number(query.get("limit", str(LIMIT)), "limit", least=1, most=most)


def slug_of(query: Mapping[str, str]) -> str:
    """`slug`, the one thing that a list of pages takes; empty when it is left out."""
    _only(query, {"slug"})
    slug = query.get("slug", "")
    if not slug.isprintable():
        raise BadRequest("slug must be the slug of a page")
    return slug


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """`after` and `limit` of a list that takes nothing else."""
    _only(query, {"after", "limit"})
    return _page(query)


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    after = number(query.get("after", "0"), "after")
    return after, number(query.get("limit", str(LIMIT)), "limit", least=1, most=PAGE_MAX)


def number(text: str, name: str, *, least: int = 0, most: int = NUMBER_MAX) -> int:
    """A whole number written in plain digits."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise BadRequest(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def action_of(
    request: HttpRequest, known: Mapping[str, tuple[Fields, Fields]], *, body_max: int = limits.STAFF_BODY_BYTES_MAX
) -> tuple[str, dict[str, Any]]:
    """The action of a body and its fields. `known`: action -> the fields that it needs, those that it may have."""
    body = _object(request, body_max)
    action = body.pop("action", None)
    if not isinstance(action, str) or action not in known:
        raise BadRequest(f"action must be one of {', '.join(known)}")
    needed, optional = known[action]
    _only(body, {*needed, *optional})
    for name, kind in {**needed, **optional}.items():
        if name in needed and name not in body:
            raise BadRequest(f"{action} needs the field {name}")
        # True is an int to Python, and not to anybody else.
        if name in body and (not isinstance(body[name], kind) or (kind is not bool and isinstance(body[name], bool))):
            raise BadRequest(f"{name} must be {_TYPE_WORDS[kind]}")
        if isinstance(body.get(name), str) and not _storable(body[name]):
            raise BadRequest(f"{name} has characters that no text can have: NUL, or half of a surrogate pair")
    return action, body


def _storable(text: str) -> bool:
    """Whether both databases can hold it."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _object(request: HttpRequest, body_max: int) -> dict[str, Any]:
    """The JSON object of a body."""
    if _length(request) > body_max:
        raise TooLarge(f"a body has at most {body_max} bytes")
    raw = request.read(body_max + 1)
    if len(raw) > body_max:
        raise TooLarge(f"a body has at most {body_max} bytes")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadRequest("the body is no JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object with an action")
    return body


def _length(request: HttpRequest) -> int:
    said = request.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else 0


def _only(given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        wanted = ", ".join(sorted(known)) or "none"
        raise BadRequest(f"unknown: {', '.join(name[:50] for name in unknown[:5])}; known here: {wanted}")
