"""A list of the pages, out of its declaration (core/lists.py): a table, whose rows are cards where it has no room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.translation import gettext as _

from panelwright.core import money
from panelwright.core.lists import Column, ColumnKind, Filter, Listing
from panelwright.ui import refusals
from panelwright.ui.pages import page_of
from panelwright.ui.templatetags import pages

register = template.Library()
# More fields of filters than these stand behind a button.
FIELDS_BESIDE = 4


class RowGroup(NamedTuple):
    """Rows under a heading of their own."""

    head: str
    rows: Sequence[Any]
    # The heading is a name, in no language.
    named: bool = False
    keys: Sequence[int] = ()
    icon: str = ""

    @property
    def pairs(self) -> list[tuple[int | None, Any]]:
        return list(zip_longest(self.keys, self.rows)) if self.keys else [(None, row) for row in self.rows]


@register.inclusion_tag("ui/listing.html", takes_context=True)
def listing(
    context: Any,
    of: Listing,
    rows: Sequence[Any] = (),
    groups: Sequence[RowGroup] | None = None,
    keys: Sequence[int] | None = None,
) -> dict[str, Any]:
    """The rows of a list; `groups` instead of `rows` where they stand under headings. `keys` of the rows: each has a
    box of this value, for the form with the id `bulk`.
    """
    request = context["request"]
    shown = page_of(request)
    return {
        "request": request,
        "listing": of,
        "label": _(of.label),
        "columns": [(column, _(column.label) if column.label else "") for column in of.shown],
        "groups": [RowGroup("", rows, keys=keys or ())] if groups is None else groups,
        "picks": keys is not None,
        "width": len(of.shown) + (keys is not None),
        "templates": f"{shown[0].name}/cells" if shown else "",
    }


class ShownFilter(NamedTuple):
    """A filter as the page shows it; `choices` are value, words, the address with it, and whether it is on."""

    name: str
    label: str
    hint: str
    value: str
    choices: list[tuple[str, str, str, bool]]
    without: str
    names: bool
    refused: str = ""

    @property
    def words(self) -> str:
        """What narrows the list, as it is written on its chip."""
        return next((words for _choice, words, _address, on in self.choices if on), self.value)


@register.inclusion_tag("ui/filters.html", takes_context=True)
def filters(context: Any, of: Listing, asked: dict[str, str], live: str = "", anchor: str = "") -> dict[str, Any]:
    """The filters of a list, as one form. `live`: the id of the part of the page that follows what is typed.

    `anchor`: the id of the part where the list stands, when it is not alone on its page.
    """
    request = context["request"]
    shown = [_shown(request, one, asked[one.name], anchor) for one in of.filters]
    tabs = {tab.url for tab in context["views"].tabs if tab.url != request.path} if context.get("views") else set()
    shown = [one._replace(choices=_no_tab(request.path, one, tabs)) for one in shown]
    beside = {one.name for one in of.filters if one.chips}
    hidden = {one.name for one in of.filters if one.hidden}
    fields = [one for one in shown if one.name not in beside | hidden]
    # Many filters wait behind one button that counts those that are on; the first is the search box.
    folded = fields[1:] if len(fields) > FIELDS_BESIDE and not fields[0].choices else []
    return {
        "request": request,
        "chips": [one for one in shown if one.name in beside],
        "fields": fields[:1] if folded else fields,
        "folded": folded,
        "folded_on": sum(1 for one in folded if one.value),
        "live": live,
        "searched": any(not one.choices for one in fields),
        "hidden": [one for one in shown if one.name in hidden and one.value],
        # What narrows the list can be taken away with one press, where the list does not follow what is typed.
        "narrowing": [] if live else [one for one in fields if one.value and not one.refused],
        "refused": [one for one in shown if one.refused],
        # The saved view that the list was opened by (backoffice/saved.py): changed filters are its.
        "view": request.GET.get("view", "")[:20],
    }


def _shown(request: Any, one: Filter, value: str, anchor: str) -> ShownFilter:
    at = f"#{anchor}" if anchor else ""
    choices = [
        (choice, words if one.names and choice else _(words), _with(request, one.name, choice) + at, choice == value)
        for choice, words in one.choices
    ]
    hint = _(one.hint) if one.hint else ""
    refusal = one.refused(value)
    refused = refusals.text(refusal) if refusal is not None else ""
    return ShownFilter(one.name, _(one.label), hint, value, choices, _with(request, one.name, ""), one.names, refused)


def _no_tab(path: str, one: ShownFilter, tabs: set[str]) -> list[tuple[str, str, str, bool]]:
    """The choices that are no tab over the list already; what is chosen stays."""
    return [choice for choice in one.choices if choice[3] or f"{path}?{one.name}={choice[0]}" not in tabs]


def _with(request: Any, name: str, value: str) -> str:
    """This address with another value of a filter, on its newest page."""
    query = request.GET.copy()
    for gone in ("before", "after", "lang", "seen", "page", name):
        query.pop(gone, None)
    if value:
        query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


@register.simple_tag
def name_of_row(of: Listing, row: Any) -> str:
    """What a row is called where it is spoken of: its first column."""
    return str(next((column.plain(row) for column in of.shown), ""))


@register.simple_tag
def of_list(text: str) -> str:
    """A text of a list's declaration in the reader's language."""
    return _(text) if text else ""


@register.simple_tag(takes_context=True)
def cell(context: Any, column: Column, row: Any) -> str:
    """One cell: drawn by the template that the column names, else by what it holds."""
    if column.cell:
        found = context.template.engine.get_template(f"{context['templates']}/{column.cell}.html")
        values = {"request": context["request"], "csrf_token": context.get("csrf_token"), "row": row, "column": column}
        return found.render(context.new(values))
    return _written(column, column.of(row))


def _written(column: Column, value: Any) -> str:
    if value is None or value == "":
        return "–"
    match column.kind:
        case ColumnKind.MONEY:
            return format_html('<span translate="no">{}</span>', money.text(value))
        case ColumnKind.TIME:
            return pages.moment(value)
        case ColumnKind.DAY:
            return pages.day(value)
        case ColumnKind.STATUS:
            return format_html('<span class="badge {}">{}</span>', pages.status_class(value), pages.status_text(value))
        case ColumnKind.TEXT:
            return format_html('<span class="clip" dir="auto" translate="no" title="{}">{}</span>', value, value)
    return conditional_escape(value)
