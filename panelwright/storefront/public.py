"""What anybody may read: the services and their prices, news, and what staff have written. With a customer's
own prices and marks where she is logged in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_POST, require_safe

from panelwright.catalog.change_feed import ChangeKind, ServiceChange, catalogue_news
from panelwright.catalog.favourite_actions import add_favourite, remove_favourite
from panelwright.catalog.lists import CHANGES, OFFERS, offers
from panelwright.catalog.priced_catalogue import Offer, Shelf
from panelwright.catalog.queries import descriptions, favourite_ids
from panelwright.catalog.types import BY_SLUG, ServiceType
from panelwright.content import markdown, queries
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.storefront.priced_catalogue import shelf_of
from panelwright.ui import refusals
from panelwright.ui.files import csv_file
from panelwright.ui.request import CustomerRequest, PanelRequest
from panelwright.ui.templatetags.listing import RowGroup

ROWS_MAX = 100
# What search engines show below a page's title.
DESCRIPTION_CHARS = 160
# What stands in the address -> which news.
_KINDS = {
    "up": ChangeKind.UP,
    "down": ChangeKind.DOWN,
    "new": ChangeKind.NEW,
    "gone": ChangeKind.GONE,
    "back": ChangeKind.BACK,
    "limits": ChangeKind.LIMITS,
}


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service in the table."""

    offer: Offer
    description: str
    favourite: bool

    @property
    def html_id(self) -> str:
        return f"service-{self.offer.number}"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the address asks for. `type` None and `category` None: all."""

    text: str
    category: int | None
    type: ServiceType | None
    page: int

    def find(self, shelf: Shelf) -> tuple[Offer, ...]:
        name = self.type.name if self.type else ""
        return shelf.search(self.text, category=self.category, type=name, limit=None)


def _filter(request: PanelRequest) -> Narrowed:
    return Narrowed(
        text=request.GET.get("q", "").strip()[: limits.SEARCH_CHARS_MAX],
        category=_number(request.GET.get("category", "")),
        type=BY_SLUG.get(request.GET.get("type", "")),
        page=min(_number(request.GET.get("page", "")) or 1, 10**6),
    )


@require_safe
@gzip_page
@conditional_page
@cache_control(private=True, no_cache=True)
def services(request: PanelRequest) -> HttpResponse:
    """The services by category, a customer's favourites first; a hundred a page."""
    shelf, asked = shelf_of(request), _filter(request)
    hers = favourite_ids(request.customer) if request.customer else set()
    found = asked.find(shelf)
    # A sort that keeps the order of the list within both parts.
    found = tuple(sorted(found, key=lambda offer: offer.id not in hers)) if hers else found
    pages = max(1, -(-len(found) // ROWS_MAX))
    page = min(asked.page, pages)
    shown = found[(page - 1) * ROWS_MAX : page * ROWS_MAX]
    told = descriptions(request.panel.id, [offer.id for offer in shown])
    rows = [ServiceRow(offer, told.get(offer.id, ""), offer.id in hers) for offer in shown]
    of = offers(
        categories=[(str(one.id), one.name) for one in shelf.categories],
        types=[(one.slug, one.name) for one in shelf.types],
    )
    context = {
        "description": _("Prices and limits of all services at %(name)s.") % {"name": request.panel.name},
        "list": of,
        "asked": of.asked(request.GET),
        "groups": list(_groups(rows)),
        "count": len(found),
        "page": page,
        "pages": pages,
        "narrowed": bool(asked.text or asked.category is not None or asked.type),
    }
    return render(request, "storefront/public/services.html", context)


def _groups(rows: Sequence[ServiceRow]) -> Iterator[RowGroup]:
    def place(row: ServiceRow) -> tuple[bool, int]:
        return row.favourite, 0 if row.favourite else row.offer.category_id

    for (marked, _id), group in groupby(rows, key=place):
        of = list(group)
        head = _("Favorites") if marked else of[0].offer.category
        yield RowGroup(head, of, named=not marked, icon="" if marked else of[0].offer.category_icon)


@require_safe
def services_csv(request: PanelRequest) -> HttpResponseBase:
    """The same list as a file: all of it, with the filters of the page."""
    found = _filter(request).find(shelf_of(request))
    pages = (found[start : start + ROWS_MAX] for start in range(0, len(found), ROWS_MAX))
    return csv_file(OFFERS.csv(pages), name="services")


@require_POST
def favourite(request: CustomerRequest, number: int) -> HttpResponse:
    """Mark a service (`on=1`), or unmark it. A part of the page where htmx asks, else the page again."""
    shelf = shelf_of(request)
    refused: Refusal | None = None
    wanted = request.POST.get("on") == "1"
    if number >= 10**18:
        refused = Refusal("bad_service")
    elif wanted:
        refused = add_favourite(customer=request.customer, shelf=shelf, number=number)
    else:
        remove_favourite(customer=request.customer, number=number)
    offer = shelf.get(number)
    if request.headers.get("HX-Request") and refused is None and offer is not None:
        context = {"row": ServiceRow(offer, "", wanted), "back": request.POST.get("back", "")}
        return render(request, "storefront/public/star.html", context)
    if refused is not None:
        messages.error(request, refusals.text(refused))
    if request.headers.get("HX-Request"):
        # The whole page again: it says what was refused.
        return HttpResponse(status=204, headers={"HX-Redirect": _back(request)})
    return redirect(_back(request))


def _back(request: CustomerRequest) -> str:
    """The list that the button stood in, if it was ours."""
    back = request.POST.get("back", "")
    here = reverse("storefront:services")
    return back if back == here or back.startswith(f"{here}?") else here


@require_safe
@gzip_page
@conditional_page
@cache_control(private=True, no_cache=True)
def news(request: PanelRequest) -> HttpResponse:
    """What changed in the catalogue, the newest first, at the visitor's own prices."""
    asked = CHANGES.asked(request.GET)
    kind = _KINDS.get(asked["kind"])
    before = _number(request.GET.get("before", ""))
    prices = request.customer.price_list if request.customer else None
    page = catalogue_news(request.panel.id, prices, kind=kind, before=before)
    context = {
        "description": _("New services and price changes at %(name)s.") % {"name": request.panel.name},
        "days": [(day, list(items)) for day, items in groupby(page.items, key=_day)],
        "next": page.next,
        "before": before,
        "list": CHANGES,
        "asked": asked,
    }
    return render(request, "storefront/public/news.html", context)


def _day(change: ServiceChange) -> Any:
    return timezone.localtime(change.at).date()


@require_safe
@gzip_page
@conditional_page
@cache_control(private=True, no_cache=True)
def announcements(request: PanelRequest) -> HttpResponse:
    """What staff have told their customers, the newest first."""
    before = _number(request.GET.get("before", ""))
    page = queries.announcements(request.panel.id, request.language, before=before)
    context = {
        "items": [(row, markdown.html(row.body)) for row in page.items],
        "next": page.next,
        "before": before,
    }
    return render(request, "storefront/public/announcements.html", context)


@require_safe
@gzip_page
@conditional_page
@cache_control(private=True, no_cache=True)
def page(request: PanelRequest, slug: str) -> HttpResponse:
    """A free page, or the terms, or questions and answers."""
    found = queries.page_for(request.panel, slug, request.language)
    if found is None:
        return render(request, "ui/not_found.html", status=404)
    body = markdown.html(found.body)
    begins = Truncator(" ".join(strip_tags(body).split())).chars(DESCRIPTION_CHARS)
    return render(request, "storefront/public/page.html", {"one": found, "body": body, "description": begins})


@require_safe
def own_address(request: PanelRequest, slug: str) -> HttpResponse:
    """Terms and questions stand at addresses of their own."""
    return redirect(f"storefront:{slug}", permanent=True)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
