"""The lists of the back office as data, and how a page of one is read: by id, never by counting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.backoffice.queries import COUNTED_MAX
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing
from panelwright.orders.status import RefillStatus
from panelwright.panels.models import BlockKind
from panelwright.support.lists import STATE

PAGE = 50
ID_MAX = 2**63 - 1


class ListPage(NamedTuple):
    """Rows with the cursors of the pages beside; both None where there is none."""

    rows: list[Any]
    older: int | None
    newer: int | None


def cursor(request: HttpRequest, name: str) -> int | None:
    """An id of the address; None where there is none that makes sense."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def page(request: HttpRequest, rows: QuerySet[Any], *, upward: bool = False, limit: int = PAGE) -> ListPage:
    """By id, the newest first; `upward`: the oldest first. `before` and `after` of the address are where it begins."""
    further, back = cursor(request, "before"), cursor(request, "after")
    on, to = ("id__gt", "id__lt") if upward else ("id__lt", "id__gt")
    order = "id" if upward else "-id"
    if further is None and back is not None:
        found = list(rows.filter(**{to: back}).order_by("-id" if upward else "id")[: limit + 1])
        more, found = len(found) > limit, found[:limit][::-1]
        return ListPage(found, found[-1].id if found else None, found[0].id if more else None)
    if further is not None:
        rows = rows.filter(**{on: further})
    found = list(rows.order_by(order)[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    newer = found[0].id if found and further is not None else None
    return ListPage(found, found[-1].id if more else None, newer)


def all_pages(rows: QuerySet[Any], *, rows_max: int = 100_000) -> Iterator[list[Any]]:
    """All rows for a file, the newest first, 500 at a time."""
    before, written = ID_MAX, 0
    while written < rows_max:
        found = list(rows.filter(id__lt=before).order_by("-id")[:500])
        yield found
        if len(found) < 500:
            return
        before, written = found[-1].id, written + len(found)


def with_counts(of: Listing, counts: Mapping[str, int], name: str = "show") -> Listing:
    """The list with numbers behind the words of a filter's choices."""

    def worded(value: str, words: str) -> str:
        count = counts.get(value, 0)
        number = f"{COUNTED_MAX}+" if count > COUNTED_MAX else str(count)
        return f"{_(words)} {number}" if count else _(words)

    def numbered(one: Filter) -> Filter:
        first, *others = one.choices
        return replace(one, names=True, choices=(first, *((value, worded(value, words)) for value, words in others)))

    return replace(of, filters=tuple(numbered(one) if one.name == name else one for one in of.filters))


def offers(of: Callable[[Any], tuple[int, tuple[str, ...]]]) -> Column:
    """The row's menu: what it is about (the target of actions), and the names of the actions that are possible now.

    Shown are those of them that are declared and that the visitor may do.
    """
    return Column("actions", place=ColumnPlace.ACT, cell="row_actions", value=of, file=False)


def _for_refill(row: Any) -> tuple[int, tuple[str, ...]]:
    start = ("refill.start",) if row.status == RefillStatus.PENDING else ()
    send = ("refill.send",) if row.order.upstream_id else ()
    return row.id, (*start, "refill.done", *send, "refill.reject")


REFILLS = Listing(
    name="refills",
    label=gettext_noop("Refill requests"),
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("Refill"), ColumnPlace.FIRST, cell="refill"),
        Column("status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK),
        Column("service_name", label=gettext_noop("Service and link"), place=ColumnPlace.MAIN, cell="of_order"),
        Column("provider", label=gettext_noop("Provider"), place=ColumnPlace.LEFT),
        Column("created_at", ColumnKind.TIME, gettext_noop("Requested"), ColumnPlace.END),
        offers(_for_refill),
    ),
    empty=gettext_noop("No refill requests are waiting."),
    none_match=gettext_noop("No refill requests match your filters."),
)
CANCELS = Listing(
    name="cancels",
    label=gettext_noop("Cancellation requests"),
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("Order"), ColumnPlace.FIRST, cell="cancel"),
        Column(
            "status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK, value=lambda row: row.order.status
        ),
        Column("service_name", label=gettext_noop("Service and link"), place=ColumnPlace.MAIN, cell="of_order"),
        Column("provider", label=gettext_noop("Provider"), place=ColumnPlace.LEFT),
        Column(
            "charge",
            ColumnKind.MONEY,
            gettext_noop("Charge"),
            ColumnPlace.END,
            value=lambda row: row.order.charge_micros,
        ),
        offers(lambda row: (row.order_id, ("cancel.accept", "cancel.refuse"))),
    ),
    empty=gettext_noop("No cancellation requests are waiting."),
    none_match=gettext_noop("No cancellation requests match your filters."),
)


def _price_list(row: Any) -> str:
    return row.price_list.name if row.price_list else ""


def _for_customer(row: Any) -> tuple[int, tuple[str, ...]]:
    state = "customer.suspend" if row.enabled else "customer.restore"
    return row.id, ("customer.credit", "customer.debit", "customer.set_rate", state)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


TICKETS = Listing(
    name="tickets",
    label=gettext_noop("Tickets"),
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("Ticket"), ColumnPlace.FIRST, cell="ticket"),
        Column("title", label=gettext_noop("Subject"), place=ColumnPlace.MAIN, cell="ticket_title"),
        Column(
            "customer",
            label=gettext_noop("Customer"),
            place=ColumnPlace.LEFT,
            value=lambda row: row.customer.user.email,
        ),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="ticket_state"),
        Column("updated_at", ColumnKind.TIME, gettext_noop("Last message"), ColumnPlace.END),
    ),
    filters=(
        Filter(
            "show",
            gettext_noop("Show"),
            (
                ("", gettext_noop("Waiting for us")),
                ("mine", gettext_noop("Answered by me")),
                ("all", gettext_noop("All")),
            ),
            chips=True,
        ),
        Filter("q", gettext_noop("Search tickets"), hint=gettext_noop("Ticket ID, subject, email")),
        replace(STATE, chips=False),
        Filter("customer", gettext_noop("Customer"), read=_number, hidden=True),
    ),
    empty=gettext_noop("No tickets are waiting."),
    none_match=gettext_noop("No tickets match your filters."),
)

CUSTOMERS = Listing(
    name="customers",
    label=gettext_noop("Customers"),
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST, cell="customer"),
        Column(
            "email", label=gettext_noop("Email"), place=ColumnPlace.MAIN, value=lambda row: row.user.email, cell="email"
        ),
        Column("name", value=lambda row: row.user.name),
        Column("price_list", label=gettext_noop("Price list"), place=ColumnPlace.LEFT, value=_price_list),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="customer_state"),
        Column(
            "balance",
            ColumnKind.MONEY,
            gettext_noop("Balance"),
            ColumnPlace.END,
            value=lambda row: row.account.balance_micros,
        ),
        Column("created_at", ColumnKind.TIME),
        offers(_for_customer),
    ),
    filters=(
        Filter("q", gettext_noop("Search customers"), hint=gettext_noop("Email, name or ID")),
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                ("active", gettext_noop("Active")),
                ("suspended", gettext_noop("Suspended")),
            ),
            chips=True,
        ),
    ),
    empty=gettext_noop("No customers yet. They sign up on your storefront."),
    none_match=gettext_noop("No customers match your filters."),
)

PROVIDERS = Listing(
    name="providers",
    label=gettext_noop("Providers"),
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN, cell="provider"),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.LEFT, cell="provider_kind"),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="provider_state"),
        Column("balance", ColumnKind.MONEY, gettext_noop("Balance"), ColumnPlace.END, cell="provider_balance"),
        offers(lambda row: (row.id, ("provider.set", "provider.sync", "provider.import"))),
    ),
    empty=gettext_noop("No providers yet. Add another panel that delivers for you, or your own people."),
)

SERVICES = Listing(
    name="services",
    label=gettext_noop("Services"),
    columns=(
        Column("number", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("name", label=gettext_noop("Service"), place=ColumnPlace.MAIN, cell="service"),
        Column("category", value=lambda row: row.category.name),
        Column("type"),
        Column("limits", label=gettext_noop("Limits"), place=ColumnPlace.LEFT, cell="service_limits", file=False),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="service_state"),
        Column("rate", ColumnKind.MONEY, gettext_noop("Price"), ColumnPlace.END, value=lambda row: row.rate_micros),
        Column("cost", ColumnKind.MONEY, gettext_noop("Cost"), ColumnPlace.END, value=lambda row: row.cost, says=True),
        Column("min", ColumnKind.NUMBER),
        Column("max", ColumnKind.NUMBER),
        offers(
            lambda row: (
                row.number,
                ("service.set_rate", "service.set", "service.turn_off" if row.enabled else "service.turn_on"),
            )
        ),
    ),
    filters=(
        Filter("q", gettext_noop("Search services"), hint=gettext_noop("Service name or ID")),
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                ("on", gettext_noop("On sale")),
                ("off", gettext_noop("Off")),
                ("paused", gettext_noop("Paused by the system")),
            ),
            chips=True,
        ),
    ),
    empty=gettext_noop("No services yet. Import them from a provider."),
    none_match=gettext_noop("No services match your filters."),
)

HELD = Listing(
    name="held",
    label=gettext_noop("Services on hold"),
    columns=(
        Column("service", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("name", label=gettext_noop("Service"), place=ColumnPlace.MAIN, cell="held"),
        Column("provider", label=gettext_noop("Provider"), place=ColumnPlace.LEFT),
        Column("since", ColumnKind.TIME, gettext_noop("Since"), ColumnPlace.END),
        offers(lambda row: (row.route_id, ("held.accept", "held.reject"))),
    ),
    empty=gettext_noop("No service is on hold. Sudden price jumps of providers will wait for you here."),
)

BLOCKS = Listing(
    name="blocks",
    label=gettext_noop("Blocks"),
    columns=(
        Column("id", ColumnKind.ID),
        Column("text", label=gettext_noop("Text"), place=ColumnPlace.MAIN),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.LEFT, cell="kind"),
        Column("note", label=gettext_noop("Note"), place=ColumnPlace.END),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.FIRST),
        Column("actions", place=ColumnPlace.ACT, cell="block_actions", file=False),
    ),
    filters=(
        Filter(
            "kind",
            gettext_noop("Kind"),
            (
                ("", gettext_noop("All")),
                (BlockKind.EXACT.value, gettext_noop("Link")),
                (BlockKind.DOMAIN.value, gettext_noop("Website")),
                (BlockKind.PATTERN.value, gettext_noop("Pattern")),
                (BlockKind.WORD.value, gettext_noop("Word")),
            ),
            chips=True,
        ),
        Filter("q", gettext_noop("Search blocks"), hint=gettext_noop("Text")),
    ),
    empty=gettext_noop("No blocks yet. Block links, sites and words that nobody may order for."),
    none_match=gettext_noop("No blocks match your filters."),
)

STAFF = Listing(
    name="staff",
    label=gettext_noop("Staff"),
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("email", label=gettext_noop("Email"), place=ColumnPlace.MAIN, value=lambda row: row.user.email),
        Column("role", label=gettext_noop("Role"), place=ColumnPlace.LEFT, cell="role"),
        Column("active", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="staff_state"),
        Column(
            "factor", label=gettext_noop("Two-factor authentication"), place=ColumnPlace.END, cell="factor", says=True
        ),
        offers(lambda row: (row.id, ("staff.set",))),
    ),
    empty=gettext_noop("No staff yet."),
)

TRAIL = Listing(
    name="trail",
    label=gettext_noop("Audit trail"),
    columns=(
        Column("id", ColumnKind.ID),
        Column("at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.FIRST),
        Column("action", label=gettext_noop("Change"), place=ColumnPlace.MAIN, cell="trail_change"),
        Column("object_kind"),
        Column("object_id", ColumnKind.ID),
        Column("actor_name", label=gettext_noop("Who"), place=ColumnPlace.LEFT),
        Column("address", label=gettext_noop("Address"), place=ColumnPlace.END),
        Column("given", value=lambda row: as_json(row.given)),
        Column("before", value=lambda row: as_json(row.before)),
        Column("after", value=lambda row: as_json(row.after)),
    ),
    empty=gettext_noop("No changes yet."),
    none_match=gettext_noop("No changes match your filters."),
)


def as_json(value: Any) -> str:
    """For a cell of a file."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
