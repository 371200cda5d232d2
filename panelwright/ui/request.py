"""The request as the pages see it, after the middleware."""

from __future__ import annotations

from django.http import HttpRequest

from panelwright.customers.host_guests import HostGuest
from panelwright.customers.models import Customer, Session, Staff, User
from panelwright.customers.stand_ins import StandIn
from panelwright.panels.models import Panel
from panelwright.staff.actor import Actor


class PanelRequest(HttpRequest):
    """`panel` answers on the request's host; `languages` are those it offers and we have, the default first.

    `language` is the one of them that the visitor reads; `address` is where he comes from. Of somebody
    who is logged in there are `session` and `visitor`, her user; `customer` or `staff`, whichever she is, and of
    staff `actor`: what they may do. `stand_in`: who of the staff it really is, on a customer's pages; `host_guest`:
    which operator, on an owner's.
    """

    panel: Panel
    languages: list[str]
    language: str
    address: str
    session: Session | None  # type: ignore[assignment]
    visitor: User | None
    customer: Customer | None
    staff: Staff | None
    actor: Actor | None
    stand_in: StandIn | None
    host_guest: HostGuest | None


class CustomerRequest(PanelRequest):
    """A request of a customer who is logged in; see `customers_only` in ui/auth.py."""

    session: Session
    visitor: User
    customer: Customer


class UserRequest(PanelRequest):
    """A request of somebody who is logged in, customer or staff."""

    session: Session
    visitor: User


class StaffRequest(PanelRequest):
    """A request of staff who are logged in."""

    session: Session
    visitor: User
    staff: Staff
    actor: Actor
