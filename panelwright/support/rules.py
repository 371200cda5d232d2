"""Decisions about tickets: pure functions of what was loaded and the time. They refuse, never raise."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.orders.status import ENDED, REFILL_ENDED
from panelwright.support.commands import Ask, Parsed, Wish
from panelwright.support.models import TITLE_MAX, Subject, TicketState

# Against floods. A customer's open tickets, her messages of an hour, those of one ticket, orders of one message.
OPEN_MAX = 20
HOUR = timedelta(hours=1)
PER_HOUR_MAX = 30
MESSAGES_MAX = 300
ASKS_MAX = 100
NOTES_MAX = 200
# Of a panel.
SAVED_REPLIES_MAX = 200
# Of one ticket, so that looking at it stays cheap.
TICKET_ASKS_MAX = 200
REQUEST_ID_MAX = 64
# Files are kept for so long after their ticket was closed.
FILES_KEPT = timedelta(days=90)

LOOK_MIN = timedelta(seconds=2)
LOOK_MAX = timedelta(minutes=5)

NO_TICKET = Refusal("no_ticket")
NO_CUSTOMER = Refusal("no_customer")
LOCKED = Refusal("ticket_locked")
ENDED_ALREADY = Refusal("ended")
ALREADY_ASKED = Refusal("already_asked")

# How a request ends: the order's or refill's last word, or one of these.
REFUSED, DONE = "refused", "done"
# Or this: a speed-up that was open when its ticket was closed.
WITHDRAWN = "withdrawn"
# System messages: what was asked for and how it was taken; how requests ended.
ASKED, SETTLED = "asked", "settled"
# With these a wish was granted, and a ticket with nothing else in it closes by itself.
_GRANTED = {
    Wish.REFILL: frozenset({"Completed"}),
    Wish.CANCEL: frozenset({"Canceled", "Partial"}),
    Wish.SPEED_UP: frozenset({DONE, "Completed"}),
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff]")


class RecentActivity(NamedTuple):
    """What a customer has: open tickets, bytes attached in all, and the texts that she wrote in the last hour."""

    open: int
    bytes: int
    texts: Sequence[str]


class RequestProgress(NamedTuple):
    """A request that is followed, with how its order, refill and cancel stand."""

    id: int
    ticket_id: int
    panel_id: int
    wish: Wish
    number: int
    passed_on: bool
    order_status: str
    refill_status: str | None
    cancel_state: str | None
    created_at: datetime


def clean_text(text: str) -> str:
    """Line breaks of one kind, no control characters, nothing around it."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def clean_title(title: str) -> str:
    return " ".join(clean_text(title).split())


def title_of(title: str, text: str) -> str:
    """The title, or the first line of the message in its place."""
    title = title or clean_title(text.partition("\n")[0])
    return title if len(title) <= TITLE_MAX else title[: TITLE_MAX - 1] + "…"


def may_write(*, subject: str, title: str, text: str, parsed: Parsed) -> Refusal | None:
    """Whether a message is one, before anything is looked up. The texts are cleaned."""
    if subject not in Subject.values:
        return Refusal("bad_subject", "subject")
    if len(title) > TITLE_MAX:
        return Refusal("title_too_long", "title", TITLE_MAX)
    if not text:
        return Refusal("no_text", "text")
    if len(text) > limits.TICKET_CHARS_MAX:
        return Refusal("text_too_long", "text", limits.TICKET_CHARS_MAX)
    if len(parsed.asks) > ASKS_MAX:
        return Refusal("too_many_orders", "text", ASKS_MAX)
    return None


def may_flood(lately: RecentActivity, *, opens: bool, text: str, size: int) -> Refusal | None:
    """Whether one more is too many. `opens`: it makes one more open ticket; `size`: bytes of its files."""
    if opens and lately.open >= OPEN_MAX:
        return Refusal("too_many_open", "", OPEN_MAX)
    if len(lately.texts) >= PER_HOUR_MAX:
        return Refusal("too_many_messages", "", PER_HOUR_MAX)
    if text in lately.texts:
        return Refusal("same_text", "text")
    if size and lately.bytes + size > limits.ATTACHED_BYTES_MAX:
        return Refusal(
            "files_full", "files", limits.ATTACHED_BYTES_MAX, facts=(("limit", limits.ATTACHED_BYTES_MAX // 2**20),)
        )
    return None


def may_speed_up(order_status: str) -> Refusal | None:
    return ENDED_ALREADY if order_status in ENDED else None


def by_wish(asks: Sequence[Ask], known: Collection[Ask]) -> dict[Wish, list[int]]:
    """The numbers that are asked for the first time, by wish, each list in order."""
    wanted: dict[Wish, list[int]] = {}
    for ask in sorted(set(asks) - set(known)):
        wanted.setdefault(ask.wish, []).append(ask.number)
    return wanted


def outcome(request: RequestProgress) -> str | None:
    """How a request has ended, or None while it has not."""
    if request.wish is Wish.REFILL:
        return request.refill_status if request.refill_status in REFILL_ENDED else None
    if request.order_status in ENDED:
        return request.order_status
    if request.wish is Wish.CANCEL and request.cancel_state == "done":
        return REFUSED
    return None


def granted(wish: str, ended: str) -> bool:
    return ended in _GRANTED[Wish(wish)]


def next_look(open_requests: Sequence[RequestProgress], now: datetime) -> datetime | None:
    """When to look at them again: the longer they take, the later. None when there are none."""
    if not open_requests:
        return None
    age = now - max(request.created_at for request in open_requests)
    return now + min(max(age / 20, LOOK_MIN), LOOK_MAX)


def state_of(*, words_wait: bool, open_requests: Sequence[RequestProgress]) -> TicketState:
    """Whose turn it is in a ticket that is not closed."""
    if words_wait or any(r.wish is Wish.SPEED_UP and not r.passed_on for r in open_requests):
        return TicketState.PENDING
    return TicketState.OPEN if open_requests else TicketState.ANSWERED


def closes_itself(
    *, words_wait: bool, open_requests: Sequence[RequestProgress], ends: Sequence[tuple[str, str]]
) -> bool:
    """Whether all that was asked for in the ticket was granted. `ends`: (wish, outcome or "") of all its requests."""
    return bool(ends) and not words_wait and not open_requests and all(granted(*end) for end in ends)
