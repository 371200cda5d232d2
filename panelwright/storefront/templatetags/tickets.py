"""Tags and filters of the pages of tickets."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from panelwright.support import texts
from panelwright.support.models import Message, Ticket, TicketRequest
from panelwright.ui import linkify

register = template.Library()

_BADGES = {"open": "busy", "pending": "", "answered": "good", "closed": ""}
_REQUEST_BADGES = {"accepted": "busy", "refused": "bad"}


@register.filter
def said(message: Message) -> SafeString:
    """A message in the reader's language, safe to show."""
    return linkify.html_of(texts.of(message))


@register.filter
def linked(text: str) -> SafeString:
    """A text as somebody wrote it, its addresses as links, safe to show."""
    return linkify.html_of(text)


@register.filter
def state_words(ticket: Ticket) -> str:
    return texts.state(ticket.state)


@register.filter
def state_badge(ticket: Ticket) -> str:
    """The class of its badge."""
    return _BADGES[ticket.state]


@register.filter
def subject_words(ticket: Ticket) -> str:
    return texts.subject(ticket.subject)


@register.filter
def wish_words(request: TicketRequest) -> str:
    return texts.wish(request.wish)


@register.filter
def request_words(request: TicketRequest) -> str:
    """How a request stands, in a word or two."""
    return texts.standing(request)


@register.filter
def request_badge(request: TicketRequest) -> str:
    if request.state in _REQUEST_BADGES:
        return _REQUEST_BADGES[request.state]
    return "good" if texts.good(request) else "warn"


@register.filter
def size_words(size: int) -> str:
    """A file's size: 12 kB."""
    return f"{max(1, round(size / 1000)):,} kB".replace(",", " ")
