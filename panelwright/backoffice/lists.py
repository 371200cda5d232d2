"""The pages and files of the declared lists (staff/lists.py) in the back office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.core.lists import Filter, Listing, count_text, whole
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
    template: str = "backoffice/list.html",
    **context: Any,
) -> HttpResponse:
    """The page of a list by the filters of the address. `hidden`: what is asked for besides, and not shown."""
    listing = of.listing.of_panel(request.panel.id)
    if of.counts is not None:
        listing = with_counts(listing, of.counts(request.panel.id))
    asked = asked if asked is not None else listing.asked(request.GET)
    further, back = cursor(request, "before"), cursor(request, "after")
    context = {
        "list": listing,
        "asked": asked,
        "page": of.page(request.panel, {**asked, **(hidden or {})}, further=further, back=back),
        "narrowed": any(asked.values()),
        "csv": reverse(f"backoffice:{of.name}_csv") if request.actor.may(Right.EXPORTS) else "",
        **context,
    }
    return render(request, template, context)


@require_safe
def file(request: StaffRequest, name: str) -> HttpResponseBase:
    """All rows of the same filters, as a file."""
    of = named(name)
    asked = of.listing.of_panel(request.panel.id).asked(request.GET)
    if "by" in asked:
        # Whose answers: never the address says it.
        asked["by"] = request.actor.name if asked.get("show") == "mine" else ""
    return csv_file(of.listing.csv(of.pages(request.panel, asked)), name=name)


def with_counts(of: Listing, counts: Mapping[str, int], name: str = "show") -> Listing:
    """The list with numbers behind the words of a filter's choices."""

    def worded(value: str, words: str) -> str:
        count = counts.get(value, 0)
        return f"{_(words)} {count_text(count)}" if count else _(words)

    def numbered(one: Filter) -> Filter:
        first, *others = one.choices
        return replace(one, names=True, choices=(first, *((value, worded(value, words)) for value, words in others)))

    return replace(of, filters=tuple(numbered(one) if one.name == name else one for one in of.filters))


def of_one(of: Listing, *without: str) -> Listing:
    """A list on the page of what all its rows belong to, which need not stand in each of them."""
    return replace(of, columns=tuple(column for column in of.columns if column.name not in without))
