"""The pages and files of the declared lists (staff/lists.py) in the back office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice.acting import making
from panelwright.core.lists import Filter, Listing, count_text, whole
from panelwright.core.paging import ListPage
from panelwright.staff.lists import StaffList, named
from panelwright.staff.rights import Right
from panelwright.ui.files import csv_file
from panelwright.ui.request import StaffRequest


def cursor(request: HttpRequest, name: str) -> int | None:
    """A key of the address; None where there is none that makes sense."""
    return whole(request.GET.get(name, ""))


def shown(
    request: StaffRequest,
    of: StaffList,
    *,
    asked: Mapping[str, str] | None = None,
    hidden: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
    template: str = "backoffice/list.html",
    **context: Any,
) -> HttpResponse:
    """The page of a list by the filters of the address. `hidden`: what is asked for besides, and not shown. `counts`:
    numbers behind its tabs, where these depend on who looks.
    """
    # Here: it shows lists, too.
    from panelwright.backoffice import bulk, saved

    listing = of.listing.of_panel(request.panel.id)
    if counts is None:
        counts = of.counts(request.panel.id) if of.counts is not None else {}
    if counts:
        listing = with_counts(listing, counts)
    asked = asked if asked is not None else listing.asked(request.GET)
    further, back = cursor(request, "before"), cursor(request, "after")
    narrowed = of.asked_by(request.actor, {**asked, **(hidden or {})})
    refused = listing.refused(narrowed)
    page = ListPage([], None, None) if refused else of.page(request.panel, narrowed, further=further, back=back)
    context = {
        "list": listing,
        "actions": making(request, of.noun),
        "asked": asked,
        "page": page,
        "bulk": bulk.choices(request, of),
        "bulk_ids": reverse(f"backoffice:{of.name}_ids") if of.bulk else "",
        "views": saved.tabs(request, of, asked, counts),
        "narrowed": any(asked.values()),
        "csv": reverse(f"backoffice:{of.name}_csv") if request.actor.may(Right.EXPORTS) else "",
        **context,
    }
    return render(request, template, context, status=422 if refused else 200)


@require_safe
def file(request: StaffRequest, name: str) -> HttpResponseBase:
    """All rows of the same filters, as a file."""
    of = named(name)
    listing = of.listing.of_panel(request.panel.id)
    asked = listing.asked(request.GET)
    if listing.refused(asked):
        # The page says which filter, and what is wrong with it.
        return redirect(f"{reverse(f'backoffice:{name}')}?{request.GET.urlencode()}")
    return csv_file(of.listing.csv(of.pages(request.panel, of.asked_by(request.actor, asked))), name=name)


def with_counts(of: Listing, counts: Mapping[str, int], name: str = "show") -> Listing:
    """The list with numbers behind the words of a filter's choices."""

    def worded(value: str, words: str) -> str:
        count = counts.get(value, 0)
        return f"{_(words)} {count_text(count)}" if count else _(words)

    def numbered(one: Filter) -> Filter:
        first, *others = one.choices
        # The first word is no name, and translated where it is shown.
        head = (first[0], worded(*first)) if first[0] in counts else first
        return replace(one, names=True, choices=(head, *((value, worded(value, words)) for value, words in others)))

    return replace(of, filters=tuple(numbered(one) if one.name == name else one for one in of.filters))


def of_one_filters(of: Listing, *without: str) -> Listing:
    """A list without filters that its page says by itself."""
    return replace(of, filters=tuple(one for one in of.filters if one.name not in without and not one.inner))


def of_one(of: Listing, *without: str) -> Listing:
    """A list on the page of what all its rows belong to, which need not stand in each of them."""
    return replace(of, columns=tuple(column for column in of.columns if column.name not in without))
