"""The lists of notices' channels and of the panel's own webhooks for staff, declared."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Listing, ListScope
from panelwright.core.paging import Found
from panelwright.events.models import PANELS_OWN, Endpoint, EndpointKind
from panelwright.notices.declarations import is_on
from panelwright.notices.models import NoticeChannel
from panelwright.panels.models import Panel
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right


def _kinds(row: NoticeChannel) -> str:
    return ", ".join(row.kinds)


def _names(row: Endpoint) -> str:
    return ", ".join(row.names)


NOTICES = Listing(
    name="notices",
    label=gettext_noop("Notices"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("way", label=gettext_noop("Channel"), place=ColumnPlace.FIRST, cell="notice_way"),
        Column("sent_to", label=gettext_noop("Recipient"), place=ColumnPlace.MAIN, value=str, cell="notice_to"),
        # On pages beneath whom they are for.
        Column("kinds", label=gettext_noop("Notify about"), value=_kinds),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, value=is_on, cell="notice_state"),
        Column("every_min", ColumnKind.NUMBER, gettext_noop("Minutes between messages")),
        Column("told_at", ColumnKind.TIME, gettext_noop("Last message"), ColumnPlace.END, empty=True),
        offers("notice"),
    ),
    filters=(),
    empty=gettext_noop("No notices yet. Get an email or a Telegram message when something needs your staff."),
    none_match=gettext_noop("No notices yet."),
)


def _channels(panel: Panel) -> Found:
    rows = NoticeChannel.objects.filter(panel_id=panel.id).select_related("staff__user", "endpoint")
    return Found(rows, small=True)


WEBHOOKS = Listing(
    name="webhooks",
    label=gettext_noop("Webhooks"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("url", label=gettext_noop("Address"), place=ColumnPlace.MAIN, cell="webhook"),
        Column("description", label=gettext_noop("Description")),
        Column("names", label=gettext_noop("Events"), place=ColumnPlace.LEFT, value=_names, cell="webhook_names"),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="webhook_state"),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.FIRST),
        offers("panel_webhook"),
    ),
    filters=(),
    empty=gettext_noop("No webhooks yet. Add one to tell your programs about orders and tickets."),
    none_match=gettext_noop("No webhooks yet."),
)


def own_endpoints(panel_id: int) -> Found:
    """Those that staff have added; not what sends notices."""
    rows = Endpoint.objects.filter(
        panel_id=panel_id,
        customer_id=PANELS_OWN,
        kind=EndpointKind.WEBHOOK.value,
        deleted_at=None,
        noticechannel__isnull=True,
    )
    return Found(rows, small=True)


LISTS = (
    StaffList(NOTICES, "notice", Right.SETTINGS, _channels),
    StaffList(WEBHOOKS, "panel_webhook", Right.SETTINGS, lambda panel: own_endpoints(panel.id)),
)
