"""Writes of customers, staff and API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import Q

from panelwright.core import clock, limits, sql
from panelwright.core.refusal import Refused
from panelwright.customers import access, passwords
from panelwright.customers.models import ApiKey, Customer, PriceList, Session, Staff, StaffKey, User
from panelwright.events.actions import NewEvent, record
from panelwright.ledger.actions import open_customer_account
from panelwright.panels import numbers
from panelwright.panels.models import Noun
from panelwright.staff import rights
from panelwright.staff.rights import Role

KEY_NAME_MAX = 100
ADDRESSES_MAX = 2000
STAFF_KEY_USED_EVERY = timedelta(minutes=1)

_ADD_USE = sql.Query(
    "INSERT INTO customers_keyuse (key_id, minute, requests) VALUES (?, ?, ?)"
    " ON CONFLICT (key_id, minute) DO UPDATE SET requests = customers_keyuse.requests + excluded.requests"
    " RETURNING requests"
)
_FORGET_USE = sql.Query("DELETE FROM customers_keyuse WHERE minute < ?")
_LAST_USED = sql.Query("UPDATE customers_apikey SET last_used_at = ? WHERE id :in_int")


def hashed(password: str) -> str:
    """Before any transaction: it takes its time. Raises ValueError for a short password."""
    if len(password) < limits.PASSWORD_CHARS_MIN:
        raise Refused("short_password", "password", limit=limits.PASSWORD_CHARS_MIN)
    return passwords.hashed_at_leisure(password)


def _create_user(panel_id: int, email: str, password_hash: str) -> User:
    """Raises ValueError when the address is none or is taken."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("bad_email", "email") from None
    if User.objects.filter(panel_id=panel_id, email=email).exists():
        raise Refused("email_taken", "email", email=email)
    user = User(panel_id=panel_id, email=email, password=password_hash, email_unproven=True)
    user.save(force_insert=True)
    return user


def create_customer(*, panel_id: int, email: str, password: str, price_list: PriceList | None = None) -> Customer:
    """A customer with an account and a balance of zero. Raises ValueError with what is wrong."""
    return create_customer_hashed(panel_id=panel_id, email=email, password_hash=hashed(password), price_list=price_list)


def set_customer_enabled(*, panel_id: int, customer_id: int, enabled: bool) -> bool:
    """Whether the customer may order. False when that was so before. What is under way goes on either way."""
    rows = Customer.objects.filter(panel_id=panel_id, id=customer_id, enabled=not enabled)
    return bool(rows.update(enabled=enabled))


def create_customer_hashed(
    *, panel_id: int, email: str, password_hash: str, price_list: PriceList | None = None
) -> Customer:
    """The same for a password that `hashed` has hashed."""
    with transaction.atomic():
        user = _create_user(panel_id, email, password_hash)
        return new_customer(user, price_list)


def new_customer(user: User, price_list: PriceList | None = None) -> Customer:
    """A user of the panel becomes its customer. In the caller's transaction, after its other locks."""
    account = open_customer_account(user.panel_id)
    number = numbers.take(user.panel_id, Noun.CUSTOMER, 1).start
    customer: Customer = Customer.objects.create(
        panel_id=user.panel_id, number=number, user=user, account=account, price_list=price_list
    )
    return customer


def create_staff(
    *, panel_id: int, email: str, password: str, role: Role = Role.ORDERS, single_rights: Sequence[str] = ()
) -> Staff:
    """Somebody who runs the panel. Raises ValueError with what is wrong."""
    return create_staff_hashed(
        panel_id=panel_id, email=email, password_hash=hashed(password), role=role, single_rights=single_rights
    )


def create_staff_hashed(
    *, panel_id: int, email: str, password_hash: str, role: Role, single_rights: Sequence[str] = ()
) -> Staff:
    """The same for a password that `hashed` has hashed."""
    single = rights.parse(single_rights)
    with transaction.atomic():
        user = _create_user(panel_id, email, password_hash)
        return Staff.objects.create(panel_id=panel_id, user=user, role=role.value, rights=single)


def set_staff(
    *, panel_id: int, staff_id: int, role: Role, single_rights: Sequence[str], active: bool | None = None
) -> None:
    """Change what a member of staff may do, and whether they may log in. Refused: last_owner, no_staff."""
    single = rights.parse(single_rights)
    with transaction.atomic():
        # Owners are changed one after the other: one of them always stays.
        owners = Staff.objects.select_for_update(no_key=True).filter(panel_id=panel_id, role=Role.OWNER.value)
        there = {row.id for row in owners.select_related("user").order_by("id") if row.user.is_active}
        if there == {staff_id} and (role is not Role.OWNER or active is False):
            raise Refused("last_owner", "role")
        row = Staff.objects.filter(panel_id=panel_id, id=staff_id).select_related("user").first()
        if row is None:
            raise Refused("no_staff", id=staff_id)
        Staff.objects.filter(panel_id=panel_id, id=staff_id).update(role=role.value, rights=single)
        if active is not None:
            User.objects.filter(panel_id=panel_id, id=row.user_id).update(is_active=active)
        if active is False:
            Session.objects.filter(panel_id=panel_id, user_id=row.user_id).delete()


def check_addresses(addresses: str) -> None:
    """Raises ValueError with what is no address or network, or when the list is too long."""
    if len(addresses) > ADDRESSES_MAX:
        raise Refused("text_too_long", "addresses", limit=ADDRESSES_MAX)
    access.parse_networks(addresses)


def create_key(
    *,
    customer: Customer,
    name: str = "",
    can_read: bool = True,
    can_order: bool = True,
    addresses: str = "",
    daily_cap_micros: int | None = None,
    per_minute_max: int | None = None,
) -> tuple[ApiKey, str]:
    """A new API key, and the key itself: it is not stored, so this is the only time that it is seen.

    Raises ValueError when `addresses` holds something that is no address or network, a cap or
    limit is below zero, or the key may do nothing.
    """
    check_addresses(addresses)
    if not can_read and not can_order:
        raise Refused("key_does_nothing")
    if (daily_cap_micros is not None and daily_cap_micros < 0) or (per_minute_max is not None and per_minute_max < 1):
        raise Refused("bad_key_limits")
    key = access.new_key()
    with transaction.atomic():
        row = ApiKey.objects.create(
            panel_id=customer.panel_id,
            customer=customer,
            name=name,
            digest=access.digest(key),
            prefix=key[: access.PREFIX_LENGTH],
            can_read=can_read,
            can_order=can_order,
            addresses=addresses,
            daily_cap_micros=daily_cap_micros,
            per_minute_max=per_minute_max,
        )
        facts = {"customer": customer.number, "prefix": row.prefix, "name": name}
        record([NewEvent(customer.panel_id, "key.created", row.id, facts)], now=clock.now())
    return row, key


def revoke_key(*, panel_id: int, key_id: int) -> bool:
    """Revoke a key for good; it stops with the next request. False when it was revoked before."""
    now = clock.now()
    with transaction.atomic():
        changed = ApiKey.objects.filter(panel_id=panel_id, id=key_id, revoked_at=None).update(revoked_at=now)
        if changed:
            record([NewEvent(panel_id, "key.revoked", key_id, {})], now=now)
    return bool(changed)


def create_staff_key(
    *, staff: Staff, name: str = "", key_rights: Sequence[str] | None = None, addresses: str = ""
) -> tuple[StaffKey, str]:
    """A new key of the staff API, and the key itself, which is not stored and never seen again.

    `key_rights`: what it may do, at most what its owner may, which is what it may when this is None. Raises ValueError
    when the name is too long or a right is not one. `addresses`: networks that may use it; empty: all.
    """
    check_addresses(addresses)
    may = rights.of(staff.role, staff.rights)
    wanted = [right for right in rights.parse(may if key_rights is None else key_rights) if right in may]
    if len(name) > KEY_NAME_MAX:
        raise Refused("text_too_long", "name", limit=KEY_NAME_MAX)
    key = access.new_key()
    with transaction.atomic():
        row = StaffKey.objects.create(
            panel_id=staff.panel_id,
            staff=staff,
            name=name,
            rights=wanted,
            addresses=addresses.strip(),
            digest=access.digest(key),
            prefix=key[: access.PREFIX_LENGTH],
        )
        facts = {"staff": staff.id, "prefix": row.prefix, "name": name}
        record([NewEvent(staff.panel_id, "staff_key.created", row.id, facts)], now=clock.now())
    return row, key


def revoke_staff_key(*, panel_id: int, key_id: int) -> bool:
    """Revoke a staff key for good; it stops with the next request. False when it was revoked before."""
    now = clock.now()
    with transaction.atomic():
        changed = StaffKey.objects.filter(panel_id=panel_id, id=key_id, revoked_at=None).update(revoked_at=now)
        if changed:
            record([NewEvent(panel_id, "staff_key.revoked", key_id, {})], now=now)
    return bool(changed)


def note_staff_key_use(*, panel_id: int, key_id: int, used_at: datetime | None) -> None:
    """Write down that a staff key is in use, once a minute. `used_at`: when it was written down last."""
    now = clock.now()
    if used_at is None or now - used_at >= STAFF_KEY_USED_EVERY:
        before = Q(last_used_at=None) | Q(last_used_at__lte=now - STAFF_KEY_USED_EVERY)
        StaffKey.objects.filter(before, panel_id=panel_id, id=key_id).update(last_used_at=now)


def share_key_use(counts: Sequence[tuple[int, int]], *, minute: int, used: Sequence[int], now: datetime) -> list[int]:
    """Add requests that a process counted, as (key id, requests) in key order; what all processes counted.

    `minute` counts from 1970. `used` are keys whose last use is to be noted. One short transaction;
    in key order, so that two processes never wait for each other in a circle.
    """
    with transaction.atomic():
        totals = [int(_ADD_USE.rows(connection, key_id, minute, count)[0][0]) for key_id, count in counts]
        if used:
            _LAST_USED.run(connection, sql.moment(connection, now), sorted(used))
            _FORGET_USE.run(connection, minute - 5)
    return totals
