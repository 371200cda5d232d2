"""What staff can do with customers, with each other, and with staff keys, declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock, money
from panelwright.core.refusal import Refused
from panelwright.customers import account_actions, actions, queries
from panelwright.customers.models import Customer, Staff, StaffKey
from panelwright.ledger.actions import credit_customer, debit_customer, set_credit_limit
from panelwright.ledger.models import TransferCode
from panelwright.staff import rights
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id, by_opposite
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right, Role
from panelwright.staff.shapes import AMOUNT, NUMBER, TEXT, YES_NO, fields, listed, words


def customer_state(panel_id: int, customer_id: int) -> State | None:
    """Locks the customer, and not the account: money is locked last."""
    row = Customer.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=customer_id).first()
    if row is None:
        return None
    return {
        "id": row.number,
        "email": row.user.email,
        "balance": money.text(row.account.balance_micros or 0),
        "credit_limit": money.text(row.account.credit_micros),
        "owed": money.text(row.account.owed_micros),
        "enabled": row.enabled,
        "two_factor": bool(row.user.totp_sealed),
    }


def staff_state(panel_id: int, staff_id: int) -> State | None:
    row = Staff.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=staff_id).first()
    if row is None:
        return None
    return {
        "id": row.id,
        "email": row.user.email,
        "role": row.role,
        "rights": list(row.rights),
        "active": row.user.is_active,
    }


def _key_state(panel_id: int, key_id: int) -> State | None:
    row = StaffKey.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=key_id).first()
    if row is None:
        return None
    return {
        "id": row.id,
        "staff": row.staff_id,
        "name": row.name,
        "prefix": row.prefix,
        "rights": list(row.rights),
        "addresses": row.addresses,
        "revoked": row.revoked_at is not None,
    }


def customer_called(panel_id: int, email: str) -> int | None:
    rows = Customer.objects.filter(panel_id=panel_id, user__email=email.strip().lower())
    found: int | None = rows.values_list("number", flat=True).first()
    return found


def _staff_called(panel_id: int, email: str) -> int | None:
    rows = Staff.objects.filter(panel_id=panel_id, user__email=email.strip().lower())
    found: int | None = rows.values_list("id", flat=True).first()
    return found


CUSTOMER = Noun(
    "customer",
    "customers",
    gettext_noop("Customer"),
    customer_state,
    shape=fields(
        {
            "id": NUMBER,
            "email": TEXT,
            "balance": AMOUNT,
            "credit_limit": AMOUNT,
            "owed": AMOUNT,
            "enabled": YES_NO,
            "two_factor": YES_NO,
        }
    ),
    find=customer_called,
    id_of=queries.customer_id,
    number_of=queries.customer_number,
    named_by="email",
)
STAFF = Noun(
    "staff",
    "staff",
    gettext_noop("Staff"),
    staff_state,
    shape=fields({"id": NUMBER, "email": TEXT, "role": words(Role), "rights": listed(words(Right)), "active": YES_NO}),
    find=_staff_called,
    named_by="email",
)
STAFF_KEY = Noun(
    "staff_key",
    "staff_keys",
    gettext_noop("Staff key"),
    _key_state,
    shape=fields(
        {
            "id": NUMBER,
            "staff": NUMBER,
            "name": TEXT,
            "prefix": TEXT,
            "rights": listed(words(Right)),
            "addresses": TEXT,
            "revoked": YES_NO,
        }
    ),
    find=by_id,
)


def _hash_password(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before the transaction: it takes its time."""
    rest = dict(values)
    return {**rest, "password_hash": actions.hashed(rest.pop("password"))}


def _add_customer(
    actor: Actor, panel_id: int, _target: None, /, *, email: str, password_hash: str, **_: Any
) -> ActionDone:
    return ActionDone(actions.create_customer_hashed(panel_id=panel_id, email=email, password_hash=password_hash).id)


def _credit(
    actor: Actor, panel_id: int, target: int, /, *, amount_micros: int, reference: str, reason: str = ""
) -> ActionDone:
    account_id = Customer.objects.get(panel_id=panel_id, id=target).account_id
    booked = credit_customer(
        panel_id=panel_id,
        account_id=account_id,
        amount_micros=amount_micros,
        code=TransferCode.ADJUSTMENT,
        reference=reference,
        now=clock.now(),
    )
    return ActionDone(nothing=not booked, shown={"booked": booked})


def _debit(
    actor: Actor, panel_id: int, target: int, /, *, amount_micros: int, reference: str, reason: str = ""
) -> ActionDone:
    account_id = Customer.objects.get(panel_id=panel_id, id=target).account_id
    booked = debit_customer(
        panel_id=panel_id,
        account_id=account_id,
        amount_micros=amount_micros,
        reference=reference,
        now=clock.now(),
    )
    return ActionDone(nothing=not booked, shown={"booked": booked})


def _set_credit_limit(actor: Actor, panel_id: int, target: int, /, *, limit_micros: int, reason: str = "") -> None:
    if limit_micros < 0:
        raise Refused("amount_below_zero", "credit_limit")
    account_id = Customer.objects.get(panel_id=panel_id, id=target).account_id
    set_credit_limit(panel_id=panel_id, account_id=account_id, limit_micros=limit_micros)


def _enable(enabled: bool) -> Any:
    def do(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
        changed = actions.set_customer_enabled(panel_id=panel_id, customer_id=target, enabled=enabled)
        return ActionDone(nothing=not changed)

    return do


def _reset_second_factor(actor: Actor, panel_id: int, target: int, /) -> None:
    customer = Customer.objects.select_related("user", "panel").get(panel_id=panel_id, id=target)
    refused = account_actions.take_off_second_factor(user=customer.user, by=actor.name)
    if refused is not None:
        raise Refused.of(refused)


def may_give(actor: Actor, wanted: Iterable[Right]) -> None:
    """Nobody gives what they do not have. Refused: right_not_yours."""
    missing = sorted(set(wanted) - actor.rights)
    if missing:
        raise Refused("right_not_yours", "rights", right=missing[0])


def _add_staff(
    actor: Actor, panel_id: int, _target: None, /, *, email: str, password_hash: str, role: str, **values: Any
) -> ActionDone:
    single = rights.parse(values.get("single_rights", ()))
    may_give(actor, rights.of(role, single))
    row = actions.create_staff_hashed(
        panel_id=panel_id, email=email, password_hash=password_hash, role=Role(role), single_rights=single
    )
    return ActionDone(row.id)


def _set_staff(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
    row = Staff.objects.get(panel_id=panel_id, id=target)
    single = rights.parse(values.get("single_rights", row.rights))
    role = values.get("role", row.role)
    may_give(actor, rights.of(row.role, row.rights) | rights.of(role, single))
    actions.set_staff(
        panel_id=panel_id, staff_id=target, role=Role(role), single_rights=single, active=values.get("active")
    )


def _add_key(actor: Actor, panel_id: int, _target: None, /, *, staff: str, **values: Any) -> ActionDone:
    found = _staff_called(panel_id, staff)
    if found is None:
        raise Refused("no_staff", "staff", id=staff[:100])
    row = Staff.objects.select_related("user").get(panel_id=panel_id, id=found)
    # Nobody acts in the name of those who may more: the key stays when its maker is gone.
    may_give(actor, rights.of(row.role, row.rights))
    key_row, key = actions.create_staff_key(staff=row, **values)
    return ActionDone(key_row.id, shown={"key": key})


def _revoke_key(actor: Actor, panel_id: int, target: int, /) -> None:
    owner = StaffKey.objects.select_related("staff").get(panel_id=panel_id, id=target).staff
    may_give(actor, rights.of(owner.role, owner.rights))
    if not actions.revoke_staff_key(panel_id=panel_id, key_id=target):
        raise Refused("key_revoked", id=target)


EMAIL = Field("email", ActionFieldKind.EMAIL, gettext_noop("Email"), required=True, most=254)
_PASSWORD = Field("password", ActionFieldKind.SECRET, gettext_noop("Password"), required=True, most=1_000)
RIGHTS = Field(
    "rights", ActionFieldKind.CHOICES, gettext_noop("Single rights"), choices=tuple(Right), argument="single_rights"
)
_REASON = Field(
    "reason",
    ActionFieldKind.TEXT,
    gettext_noop("Reason"),
    most=300,
    help=gettext_noop("For the audit trail. Only staff see it."),
)
# Of what is added to a balance or taken off it.
_MOVED = (
    Field("amount", ActionFieldKind.AMOUNT, gettext_noop("Amount"), required=True, argument="amount_micros"),
    Field(
        "reference",
        ActionFieldKind.TEXT,
        gettext_noop("Memo, on the statement"),
        required=True,
        most=100,
        help=gettext_noop("The customer sees it. Unique in the panel: the same memo is booked once."),
    ),
    _REASON,
)

ACTIONS = (
    Action(
        CUSTOMER,
        "add",
        gettext_noop("Add customer"),
        Right.CUSTOMERS_ACT,
        _add_customer,
        (EMAIL, _PASSWORD),
        on_target=False,
        prepare=_hash_password,
    ),
    Action(
        CUSTOMER,
        "credit",
        gettext_noop("Add money to the balance"),
        Right.CUSTOMERS_MONEY,
        _credit,
        _MOVED,
        offered=lambda customer: 3,
        moves_money=True,
        shown={"booked": YES_NO},
    ),
    Action(
        CUSTOMER,
        "debit",
        gettext_noop("Take money off the balance"),
        Right.CUSTOMERS_MONEY,
        _debit,
        _MOVED,
        offered=lambda customer: 2,
        moves_money=True,
        shown={"booked": YES_NO},
    ),
    Action(
        CUSTOMER,
        "set_credit_limit",
        gettext_noop("Set credit limit"),
        Right.CUSTOMERS_MONEY,
        _set_credit_limit,
        (
            Field(
                "credit_limit",
                ActionFieldKind.AMOUNT,
                gettext_noop("Credit limit"),
                required=True,
                argument="limit_micros",
                help=gettext_noop("How far below zero orders may take the balance. 0: not at all."),
            ),
            _REASON,
        ),
    ),
    Action(
        CUSTOMER,
        "suspend",
        gettext_noop("Suspend customer"),
        Right.CUSTOMERS_ACT,
        _enable(False),
        in_bulk=True,
        undo=by_opposite("restore", "enabled"),
        offered=lambda customer: customer.enabled,
        caution=True,
        help=gettext_noop("A suspended customer cannot place orders. Orders in progress continue."),
    ),
    Action(
        CUSTOMER,
        "restore",
        gettext_noop("Restore customer"),
        Right.CUSTOMERS_ACT,
        _enable(True),
        in_bulk=True,
        undo=by_opposite("suspend", "enabled"),
        offered=lambda customer: not customer.enabled,
    ),
    Action(
        CUSTOMER,
        "reset_second_factor",
        gettext_noop("Turn off two-factor authentication"),
        Right.CUSTOMERS_ACT,
        _reset_second_factor,
        offered=lambda customer: bool(customer.user.totp_sealed),
        caution=True,
        help=gettext_noop("Make sure first who asks. The customer gets an email."),
    ),
    Action(
        STAFF,
        "add",
        gettext_noop("Add staff"),
        Right.STAFF,
        _add_staff,
        (
            EMAIL,
            _PASSWORD,
            Field("role", ActionFieldKind.CHOICE, gettext_noop("Role"), required=True, choices=tuple(Role)),
            RIGHTS,
        ),
        on_target=False,
        prepare=_hash_password,
    ),
    Action(
        STAFF,
        "set",
        gettext_noop("Change role and rights"),
        Right.STAFF,
        _set_staff,
        (
            Field("role", ActionFieldKind.CHOICE, gettext_noop("Role"), choices=tuple(Role)),
            RIGHTS,
            Field("active", ActionFieldKind.YES_NO, gettext_noop("May log in")),
        ),
    ),
    Action(
        STAFF_KEY,
        "add",
        gettext_noop("Create staff key"),
        Right.STAFF,
        _add_key,
        (
            Field("staff", ActionFieldKind.EMAIL, gettext_noop("Email of its owner"), required=True),
            Field("name", ActionFieldKind.TEXT, gettext_noop("Name of the key"), most=actions.KEY_NAME_MAX),
            Field(
                "rights",
                ActionFieldKind.CHOICES,
                gettext_noop("Rights"),
                choices=tuple(Right),
                argument="key_rights",
                help=gettext_noop("Leave out for all that its owner may do."),
            ),
            Field(
                "addresses",
                ActionFieldKind.TEXT,
                gettext_noop("Allowed addresses"),
                most=actions.ADDRESSES_MAX,
                help=gettext_noop("IP addresses or networks, separated by commas. Leave empty to allow all."),
            ),
        ),
        on_target=False,
        shown={"key": TEXT},
    ),
    Action(STAFF_KEY, "revoke", gettext_noop("Revoke staff key"), Right.STAFF, _revoke_key, in_bulk=True),
)
