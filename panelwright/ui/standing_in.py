"""Staff in a customer's place, on the pages: what they may not do there, what is written down, and the way back."""

from __future__ import annotations

import functools
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from panelwright.customers import stand_in_actions, stand_ins
from panelwright.customers.models import Session
from panelwright.staff import actions
from panelwright.ui import cookies
from panelwright.ui.pages import Answer, AsCustomer, SitePage, View, Who
from panelwright.ui.request import PanelRequest

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Pages of one's own account: an operator in an owner's place has none there.
_OWN = frozenset({Who.USERS, Who.CUSTOMERS})
_ALWAYS = frozenset({"inside", "logout"})
# Of the trail: nobody declared it, a customer's own page did it.
ACTED, WENT_BACK = "customer.acted_as", "customer.went_back"


def begin(request: PanelRequest, *, own: Session, customer_id: int, then: str) -> HttpResponse:
    """From here on the browser shows the customer's pages. What was there before is another visitor's."""
    browser = request.headers.get("User-Agent", "")
    token = stand_in_actions.begin(parent=own, customer_id=customer_id, address=request.address, browser=browser)
    rotate_token(request)
    response = redirect(then)
    cookies.keep_stand_in(request, response, token, lasts=stand_ins.LASTS)
    return response


def go_back(request: PanelRequest) -> HttpResponse:
    """The staff's own pages again, at the customer that they came from."""
    assert request.stand_in is not None and request.customer is not None
    stand_in_actions.end(request.stand_in)
    _note(request, WENT_BACK, "")
    rotate_token(request)
    messages.success(request, _("You are signed in as yourself again."))
    response = redirect("backoffice:customer", request.customer.number)
    cookies.drop_stand_in(request, response)
    return response


def guarded(page: SitePage, view: View) -> View:
    """The view behind what its page's declaration lets staff do in a customer's place; so that a new page is safe.

    What is sent and allowed is in the trail before it is done: it may be refused then, but is never forgotten.
    """

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = cast(PanelRequest, request)
        if getattr(asked, "stand_in", None) is not None:
            if not _may(asked, page):
                return render(request, "ui/standing_in.html", {"office": page.who is Who.STAFF}, status=403)
            if request.method not in _SAFE and page.answers is not Answer.PART and page.name != "logout":
                _note(asked, ACTED, page.name)
        if getattr(asked, "host_guest", None) is not None and page.who in _OWN and page.name not in _ALWAYS:
            return render(request, "ui/host_guest_only.html", status=403)
        return view(request, *args, **kwargs)

    return checked


def _may(request: PanelRequest, page: SitePage) -> bool:
    assert request.stand_in is not None
    if page.who is Who.STAFF or page.as_customer is AsCustomer.NEVER:
        return False
    if request.method in _SAFE or page.as_customer is AsCustomer.ACT:
        return True
    return page.as_customer is AsCustomer.MONEY and request.stand_in.may_move_money


def _note(request: PanelRequest, action: str, page: str) -> None:
    assert request.stand_in is not None and request.customer is not None
    actions.note(
        request.stand_in.actor,
        panel_id=request.panel.id,
        action=action,
        object_kind="customer",
        object_id=request.customer.number,
        given={"page": page} if page else {},
    )
