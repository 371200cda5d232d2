"""The lists of webhooks and of what was sent to one as data: what a page shows of an endpoint and of a delivery."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing

WEBHOOKS = Listing(
    name="webhooks",
    label=gettext_noop("Webhooks"),
    columns=(
        Column("created_at", ColumnKind.DAY, gettext_noop("Created"), ColumnPlace.FIRST),
        Column("url", label=gettext_noop("Address"), place=ColumnPlace.MAIN, cell="webhook"),
        Column("description"),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="webhook_state"),
        Column("events", ColumnKind.NUMBER, gettext_noop("Events"), ColumnPlace.END, cell="webhook_events"),
        Column("actions", place=ColumnPlace.ACT, cell="webhook_actions", file=False),
    ),
    empty=gettext_noop("No webhooks yet."),
)
FAILED = "failed"
DELIVERIES = Listing(
    name="deliveries",
    label=gettext_noop("Log"),
    columns=(
        Column("created_at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.FIRST),
        Column("name", label=gettext_noop("Message"), place=ColumnPlace.MAIN, cell="delivery"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="delivery_state"),
        Column("attempts", ColumnKind.NUMBER, gettext_noop("Attempts"), ColumnPlace.END, cell="delivery_attempts"),
        Column("actions", place=ColumnPlace.ACT, cell="delivery_actions", file=False),
    ),
    filters=(
        Filter(
            "show",
            gettext_noop("Log"),
            (("", gettext_noop("All")), (FAILED, gettext_noop("Failed"))),
            chips=True,
        ),
    ),
    empty=gettext_noop("No deliveries yet. The log keeps 30 days."),
    none_match=gettext_noop("No failed deliveries."),
)
