"""The lists of a customer's API keys and of a user's sessions as data."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Listing

API_KEYS = Listing(
    name="keys",
    label=gettext_noop("API keys"),
    columns=(
        Column("prefix", label=gettext_noop("Key"), place=ColumnPlace.FIRST, cell="key_prefix"),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN, cell="key"),
        Column("rights", label=gettext_noop("Rights"), place=ColumnPlace.MARK, cell="key_rights"),
        Column("created_at", ColumnKind.DAY, gettext_noop("Created"), ColumnPlace.LEFT),
        Column(
            "last_used_at", ColumnKind.TIME, gettext_noop("Last used"), ColumnPlace.END, cell="key_used", empty=True
        ),
        Column("actions", place=ColumnPlace.ACT, cell="key_actions", file=False),
    ),
    empty=gettext_noop("No keys yet."),
)
SESSIONS = Listing(
    name="sessions",
    label=gettext_noop("Active sessions"),
    columns=(
        Column("browser", label=gettext_noop("Browser"), place=ColumnPlace.MAIN, cell="session"),
        Column("address", label=gettext_noop("Address"), place=ColumnPlace.LEFT, cell="session_address"),
        Column("created_at", ColumnKind.DAY, gettext_noop("Since"), ColumnPlace.FIRST),
        Column("here", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="session_here"),
        Column("seen_at", ColumnKind.TIME, gettext_noop("Last seen"), ColumnPlace.END, says=True),
        Column("actions", place=ColumnPlace.ACT, cell="session_actions", file=False),
    ),
)
# For staff: where somebody is logged in, and that they came in, also when the session is over.
SESSIONS_SEEN = Listing(
    name="sessions",
    label=gettext_noop("Active sessions"),
    columns=(
        Column("browser", label=gettext_noop("Browser"), place=ColumnPlace.MAIN, cell="session"),
        Column("address", label=gettext_noop("Address"), place=ColumnPlace.LEFT, cell="plain_address"),
        Column("created_at", ColumnKind.DAY, gettext_noop("Since"), ColumnPlace.FIRST),
        Column("seen_at", ColumnKind.TIME, gettext_noop("Last seen"), ColumnPlace.END, says=True),
    ),
    empty=gettext_noop("Not logged in anywhere."),
)
LOGINS = Listing(
    name="logins",
    label=gettext_noop("Log-ins"),
    columns=(
        Column("at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.FIRST),
        Column("browser", label=gettext_noop("Browser"), place=ColumnPlace.MAIN, cell="session"),
        Column("how", label=gettext_noop("How"), place=ColumnPlace.LEFT, cell="login_how"),
        Column("address", label=gettext_noop("Address"), place=ColumnPlace.END, cell="plain_address"),
    ),
    empty=gettext_noop("No log-ins yet."),
)
# For the user; who of the staff it was, and where they sit, is not hers to know.
MY_LOGINS = Listing(
    name="logins",
    label=gettext_noop("Recent log-ins"),
    columns=(
        Column("browser", label=gettext_noop("Browser"), place=ColumnPlace.MAIN, cell="login"),
        Column("address", label=gettext_noop("Address"), place=ColumnPlace.LEFT, cell="session_address"),
        Column("at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.END),
    ),
)
