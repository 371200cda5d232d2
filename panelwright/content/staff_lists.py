"""The list of a panel's announcements, declared."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_noop

from panelwright.content.models import Announcement
from panelwright.content.queries import banner_state, standing_now
from panelwright.core import clock
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.panels.models import Panel
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right

_SHOWN = {
    "published": lambda: Q(withdrawn_at__isnull=True),
    "banner": lambda: Q(withdrawn_at__isnull=True) & ~Q(banner="") & standing_now(clock.now()),
    "withdrawn": lambda: Q(withdrawn_at__isnull=False),
}


def _state(row: Announcement) -> str:
    return "published" if row.withdrawn_at is None else "withdrawn"


ANNOUNCEMENTS = Listing(
    name="announcements",
    label=gettext_noop("Announcements"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("published_at", ColumnKind.TIME, gettext_noop("Published"), ColumnPlace.FIRST),
        Column("title", label=gettext_noop("Title"), place=ColumnPlace.MAIN, cell="announcement_title"),
        Column("language", label=gettext_noop("Language"), place=ColumnPlace.LEFT, cell="announcement_language"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="announcement_state", value=_state),
        Column(
            "banner",
            label=gettext_noop("Banner"),
            place=ColumnPlace.END,
            cell="announcement_banner",
            value=banner_state,
        ),
        Column("by"),
        offers("announcement"),
    ),
    filters=(
        Filter(
            "show",
            gettext_noop("Show"),
            (
                ("", gettext_noop("All")),
                ("published", gettext_noop("Published")),
                ("banner", gettext_noop("Banners")),
                ("withdrawn", gettext_noop("Withdrawn")),
            ),
            chips=True,
            where=lambda panel, show: Narrowing(sought=_SHOWN[show]()),
        ),
    ),
    empty=gettext_noop("No announcements yet. Tell customers what is new, or warn of delays with a banner."),
    none_match=gettext_noop("No announcements match your filters."),
)


def _found(panel: Panel) -> Found:
    return Found(Announcement.objects.filter(panel_id=panel.id).defer("body"), moment="published_at")


# Programs read them with their texts (api/staff_readings.py).
LISTS = (StaffList(ANNOUNCEMENTS, "announcement", Right.CONTENT, _found, programs=False, one=False),)
