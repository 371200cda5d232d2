"""Who may do what: from a caller to a grant, for a whole batch in two queries.

Read in the same transaction as the work, so a revoked key stops with the next batch and there is
no cache that could go stale.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import string
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.core.refusal import Refusal, Refused
from panelwright.core.remote import network_of
from panelwright.customers.models import ApiKey, Staff, StaffKey
from panelwright.panels import hosts
from panelwright.staff import rights
from panelwright.staff.actor import Actor, ActorKind

KEY_LENGTH = 40
PREFIX_LENGTH = 8
_ALPHABET = string.ascii_lowercase + string.digits


def new_key() -> str:
    """A new API key: 40 random letters and digits, more than 200 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


class Caller(NamedTuple):
    """Who calls: a program with an API key, or (customer_id set) somebody who is logged in."""

    address: hosts.Address = ("", 0, 0)
    digest: str = ""
    remote: str = ""
    customer_id: int = 0


class Grant(NamedTuple):
    """What is known of an admitted caller. Money in micros; `spent_on` is a UTC day."""

    panel_id: int
    customer_id: int
    account_id: int
    sales_account_id: int
    currency: str
    refill_status_key: str
    catalog_version: int
    blocks_version: int
    price_list_id: int | None
    percent_off_e2: int
    suspended: bool
    key_id: int | None
    can_read: bool
    can_order: bool
    addresses: str
    daily_cap_micros: int | None
    spent_micros: int
    spent_on: date | str | None
    per_minute_max: int | None

    def spent_today(self, today: date) -> int:
        on = self.spent_on.isoformat() if isinstance(self.spent_on, date) else self.spent_on
        return self.spent_micros if on == today.isoformat() else 0


_COLUMNS = (
    "c.panel_id, c.id, c.account_id, s.id, p.currency, p.refill_status_key, p.catalog_version,"
    " p.blocks_version, c.price_list_id, COALESCE(l.percent_off_e2, 0),"
    " p.suspended_at IS NOT NULL"
)
_JOINS = (
    " JOIN panels_panel p ON p.id = c.panel_id AND p.enabled"
    # The last condition is the index's own: SQLite does not see that the first one says it, too.
    " JOIN ledger_account s ON s.panel_id = c.panel_id AND s.kind = 'sales' AND s.name = '' AND NOT s.kind = 'customer'"
    " LEFT JOIN customers_pricelist l ON l.id = c.price_list_id"
)
_BY_KEY = sql.Query(
    f"SELECT k.digest, {_COLUMNS}, k.id, k.can_read, k.can_order, k.addresses, k.daily_cap_micros, k.spent_micros,"
    " k.spent_on, COALESCE(k.per_minute_max, p.per_minute_max)"
    f" FROM customers_apikey k JOIN customers_customer c ON c.id = k.customer_id AND c.enabled{_JOINS}"
    " WHERE k.digest :in_text AND k.revoked_at IS NULL"
)
_KEYS_BY_ID = sql.Query(
    f"SELECT {_COLUMNS}, k.id, k.can_read, k.can_order, k.addresses, k.daily_cap_micros, k.spent_micros,"
    " k.spent_on, COALESCE(k.per_minute_max, p.per_minute_max)"
    f" FROM customers_apikey k JOIN customers_customer c ON c.id = k.customer_id AND c.enabled{_JOINS}"
    " WHERE k.id :in_int AND k.revoked_at IS NULL"
)
_BY_CUSTOMER = sql.Query(f"SELECT {_COLUMNS} FROM customers_customer c{_JOINS} WHERE c.id :in_int AND c.enabled")

BAD_KEY = Refusal("bad_key")
WRONG_ADDRESS = Refusal("wrong_address")
# By the host: nobody of the panel's customers is served, whatever they ask.
SUSPENDED = Refusal("panel_suspended")


def grants(callers: Sequence[Caller]) -> list[Grant | Refusal]:
    """The grant of each caller, in their order, or why there is none.

    A key counts only on the hosts of its own panel.
    """
    with sql.together(connection):
        return AccessQuery(callers).grants()


def by_ids(customer_ids: Sequence[int], key_ids: Sequence[int]) -> tuple[dict[int, Grant], dict[int, Grant]]:
    """The grants of customers, and of keys, by their ids: for orders that nobody calls for.

    Left out is whoever may not call: a suspended customer or one of a suspended panel, a revoked key.
    """
    customers = [_logged_in(row) for row in _BY_CUSTOMER.rows(connection, customer_ids)]
    keys = [Grant._make(row) for row in _KEYS_BY_ID.rows(connection, key_ids)] if key_ids else []
    return (
        {grant.customer_id: grant for grant in customers if not grant.suspended},
        {grant.key_id: grant for grant in keys if grant.key_id is not None and not grant.suspended},
    )


def _logged_in(row: sql.Row) -> Grant:
    return Grant._make((*row, None, True, True, "", None, 0, None, None))


# Whose key it is never changes: digest -> (panel id, account id), as far as this process has met them.
_met: dict[str, tuple[int, int]] = {}
_MET_MAX = 50_000


# Panel and account of a key that this process has found good; None for any other, as far as it knows. Asked for each
# call that waits.
whose = _met.get


class AccessQuery:
    """What the database is asked about callers; their grants can be fetched together with what else is asked.

    To be made in a block of `sql.together`.
    """

    def __init__(self, callers: Sequence[Caller]) -> None:
        self._callers = callers
        distinct = set(callers)
        digests = {caller.digest for caller in distinct if caller.digest}
        customers = {caller.customer_id for caller in distinct if caller.customer_id}
        self._addresses = {caller.address for caller in distinct if caller.digest}
        self._domains = hosts.ask(self._addresses) if digests else None
        self._keys = _BY_KEY.run(connection, sorted(digests)) if digests else None
        self._customers = _BY_CUSTOMER.run(connection, sorted(customers)) if customers else None
        met = [_met.get(digest) for digest in digests]
        # Panels and accounts that the grants will name, where all callers were met before: something to ask about
        # them can go along. Who relies on it looks at the grants afterwards.
        self.likely = None if customers or None in met else frozenset(place for place in met if place is not None)

    def grants(self) -> list[Grant | Refusal]:
        """The grant of each caller, in their order, or why there is none. To be fetched once."""
        known: dict[Caller, Grant | Refusal] = dict.fromkeys(self._callers, BAD_KEY)
        if self._keys is not None:
            panels = hosts.panels_at(self._addresses, self._domains)
            by_key = {(row[1], row[0]): Grant._make(row[1:]) for row in self._keys.fetchall()}
            if len(_met) > _MET_MAX:
                _met.clear()
            _met.update({digest: (grant.panel_id, grant.account_id) for (_, digest), grant in by_key.items()})
            for caller in known:
                grant = by_key.get((panels.get(caller.address, 0), caller.digest))
                if grant is not None:
                    served = SUSPENDED if grant.suspended else grant
                    known[caller] = served if _may_come_from(grant.addresses, caller.remote) else WRONG_ADDRESS
        if self._customers is not None:
            rows = self._customers.fetchall()
            by_id = {row[1]: _logged_in(row) for row in rows}
            for caller in known:
                if caller.customer_id in by_id:
                    grant = by_id[caller.customer_id]
                    known[caller] = SUSPENDED if grant.suspended else grant
        return [known[caller] for caller in self._callers]


def _may_come_from(addresses: str, remote: str) -> bool:
    if not addresses:
        return True
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in parse_networks(addresses))


@lru_cache(maxsize=1024)
def parse_networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """The networks of a comma-separated list. Raises ValueError with the one that is none."""
    networks = []
    for part in text.replace("\n", ",").split(","):
        if part.strip():
            try:
                networks.append(network_of(part.strip()))
            except ValueError:
                raise Refused("bad_network", "addresses", network=part.strip()[:60]) from None
    return tuple(networks)


class StaffGrant(NamedTuple):
    """A program that calls with a key of the staff API, and when the key was used last."""

    key_id: int
    actor: Actor
    used_at: datetime | None


def staff_grant(panel_id: int, key: str, *, address: str) -> StaffGrant | None:
    """Whose staff key this is; None when it is none of this panel, is revoked, may not come from this address, or they
    may not log in any more."""
    rows = StaffKey.objects.filter(panel_id=panel_id, digest=digest(key), revoked_at=None, staff__user__is_active=True)
    row = rows.select_related("staff__user").first()
    if row is None or not _may_come_from(row.addresses, address):
        return None
    return StaffGrant(row.id, _program(row, address=address), row.last_used_at)


def _program(row: StaffKey, *, address: str) -> Actor:
    may = rights.of(row.staff.role, row.staff.rights) & rights.of("", row.rights)
    name = f"{row.staff.user.email}, by key {row.prefix}"
    return Actor(ActorKind.KEY, row.staff_id, name, address, may, row.id)


def staff_actor(staff: Staff, *, address: str) -> Actor:
    """A member of staff who is logged in."""
    return Actor(ActorKind.STAFF, staff.id, staff.user.email, address, rights.of(staff.role, staff.rights))


def actor_again(panel_id: int, *, kind: str, staff_id: int | None, key_id: int | None, address: str) -> Actor | None:
    """Who began something, with what they may do now; None when they may not log in any more, or the key is revoked."""
    if kind == ActorKind.KEY.value:
        keys = StaffKey.objects.filter(panel_id=panel_id, id=key_id or 0, revoked_at=None, staff__user__is_active=True)
        key = keys.select_related("staff__user").first()
        return None if key is None else _program(key, address=address)
    rows = Staff.objects.filter(panel_id=panel_id, id=staff_id or 0, user__is_active=True)
    staff = rows.select_related("user").first()
    return None if staff is None else staff_actor(staff, address=address)


def keys_of(panel_id: int, customer_id: int, *, most: int) -> list[ApiKey]:
    """A customer's keys, the newest first: those in use, then as many that are revoked."""
    mine = ApiKey.objects.filter(panel_id=panel_id, customer_id=customer_id).order_by("-id")
    return [*mine.filter(revoked_at=None)[:most], *mine.exclude(revoked_at=None)[:most]]
