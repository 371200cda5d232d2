"""A list of the pages, out of its declaration (core/lists.py): a table, whose rows are cards where it has no room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.translation import gettext as _

from panelwright.core import money
from panelwright.core.lists import Column, ColumnKind, Filter, Listing
from panelwright.ui.pages import page_of
from panelwright.ui.templatetags import pages

register = template.Library()


class RowGroup(NamedTuple):
    """Rows under a heading of their own."""

    head: str
    rows: Sequence[Any]
    # The heading is a name, in no language.
    named: bool = False


@register.inclusion_tag("ui/listing.html", takes_context=True)
def listing(
    context: Any, of: Listing, rows: Sequence[Any] = (), groups: Sequence[RowGroup] | None = None
) -> dict[str, Any]:
    """The rows of a list; `groups` instead of `rows` where they stand under headings."""
    request = context["request"]
    shown = page_of(request)
    return {
        "request": request,
        "listing": of,
        "label": _(of.label),
        "columns": [(column, _(column.label) if column.label else "") for column in of.shown],
        "groups": [RowGroup("", rows)] if groups is None else groups,
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


@register.inclusion_tag("ui/filters.html", takes_context=True)
def filters(context: Any, of: Listing, asked: dict[str, str], live: str = "", anchor: str = "") -> dict[str, Any]:
    """The filters of a list, as one form. `live`: the id of the part of the page that follows what is typed.

    `anchor`: the id of the part where the list stands, when it is not alone on its page.
    """
    request = context["request"]
    shown = [_shown(request, one, asked[one.name], anchor) for one in of.filters]
    beside = {one.name for one in of.filters if one.chips}
    hidden = {one.name for one in of.filters if one.hidden}
    fields = [one for one in shown if one.name not in beside | hidden]
    return {
        "request": request,
        "chips": [one for one in shown if one.name in beside],
        "fields": fields,
        "live": live,
        "searched": any(not one.choices for one in fields),
        "hidden": [one for one in shown if one.name in hidden and one.value],
    }


def _shown(request: Any, one: Filter, value: str, anchor: str) -> ShownFilter:
    at = f"#{anchor}" if anchor else ""
    choices = [
        (choice, words if one.names and choice else _(words), _with(request, one.name, choice) + at, choice == value)
        for choice, words in one.choices
    ]
    hint = _(one.hint) if one.hint else ""
    return ShownFilter(one.name, _(one.label), hint, value, choices, _with(request, one.name, ""), one.names)


def _with(request: Any, name: str, value: str) -> str:
    """This address with another value of a filter, on its newest page."""
    query = request.GET.copy()
    for gone in ("before", "after", "lang", "seen", "page", name):
        query.pop(gone, None)
    if value:
        query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


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
