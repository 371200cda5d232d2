"""The list of tickets as data: what a page, a file and the staff API show of a ticket."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing

STATE = Filter(
    "state",
    gettext_noop("State"),
    (
        ("", gettext_noop("All")),
        ("open", gettext_noop("In progress")),
        ("pending", gettext_noop("Waiting for support")),
        ("answered", gettext_noop("Answered")),
        ("closed", gettext_noop("Closed")),
    ),
    chips=True,
)

TICKETS = Listing(
    name="tickets",
    label=gettext_noop("Tickets"),
    columns=(
        Column(
            "id", ColumnKind.ID, gettext_noop("Ticket"), ColumnPlace.FIRST, value=lambda row: row.number, cell="ticket"
        ),
        Column("title", label=gettext_noop("Subject"), place=ColumnPlace.MAIN, cell="ticket_title"),
        Column("subject", label=gettext_noop("Topic"), place=ColumnPlace.LEFT, cell="ticket_topic"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="ticket_state"),
        Column("created_at", ColumnKind.TIME),
        Column("updated_at", ColumnKind.TIME, gettext_noop("Last message"), ColumnPlace.END),
    ),
    filters=(STATE,),
    empty=gettext_noop("No tickets yet. Contact us about an order, a payment or anything else."),
    none_match=gettext_noop("No tickets match this filter."),
)
