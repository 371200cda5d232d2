"""What staff can do with customers' API keys, declared: revoking one pauses what was subscribed to with it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.core.refusal import Refused
from panelwright.customers import actions
from panelwright.customers.declarations import CUSTOMER
from panelwright.customers.models import ApiKey, Customer
from panelwright.orders.key_actions import revoke_key
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, NUMBER, TEXT, YES_NO, fields, maybe


def _key_state(panel_id: int, key_id: int) -> State | None:
    # Not locked: orders are locked before keys (key_actions.py).
    row = ApiKey.objects.filter(panel_id=panel_id, id=key_id).first()
    if row is None:
        return None
    return {
        "id": row.id,
        "customer": row.customer_id,
        "name": row.name,
        "prefix": row.prefix,
        "can_read": row.can_read,
        "can_order": row.can_order,
        "addresses": row.addresses,
        "daily_cap": None if row.daily_cap_micros is None else money.text(row.daily_cap_micros),
        "per_minute": row.per_minute_max,
        "revoked": row.revoked_at is not None,
    }


API_KEY = Noun(
    "api_key",
    "api_keys",
    gettext_noop("API key"),
    _key_state,
    shape=fields(
        {
            "id": NUMBER,
            "customer": NUMBER,
            "name": TEXT,
            "prefix": TEXT,
            "can_read": YES_NO,
            "can_order": YES_NO,
            "addresses": TEXT,
            "daily_cap": maybe(AMOUNT),
            "per_minute": maybe(NUMBER),
            "revoked": YES_NO,
        }
    ),
    find=by_id,
)


def _add_key(actor: Actor, panel_id: int, _target: None, /, *, customer: str, **values: Any) -> ActionDone:
    found = CUSTOMER.find(panel_id, customer) if CUSTOMER.find is not None else None
    if found is None:
        raise Refused("no_customer", "customer", id=customer[:100])
    owner = Customer.objects.get(panel_id=panel_id, number=found)
    # The key spends the customer's balance, and whoever makes it sees it.
    if values.get("can_order", True) and not actor.may(Right.CUSTOMERS_MONEY):
        raise Refused("not_allowed", right=Right.CUSTOMERS_MONEY.value)
    addresses = ", ".join(values.pop("addresses", ()))
    row, key = actions.create_key(customer=owner, addresses=addresses, **values)
    return ActionDone(row.id, shown={"key": key})


def _revoke_key(actor: Actor, panel_id: int, target: int, /) -> None:
    if not revoke_key(panel_id=panel_id, key_id=target):
        raise Refused("key_revoked", id=target)


ACTIONS = (
    Action(
        API_KEY,
        "add",
        gettext_noop("Create API key"),
        Right.CUSTOMERS_ACT,
        _add_key,
        (
            Field("customer", ActionFieldKind.EMAIL, gettext_noop("Email of the customer"), required=True),
            Field("name", ActionFieldKind.TEXT, gettext_noop("Name of the key"), most=actions.KEY_NAME_MAX),
            Field("can_read", ActionFieldKind.YES_NO, gettext_noop("May read")),
            Field("can_order", ActionFieldKind.YES_NO, gettext_noop("May order")),
            Field("addresses", ActionFieldKind.WORDS, gettext_noop("Allowed IP addresses")),
            Field(
                "daily_cap", ActionFieldKind.AMOUNT, gettext_noop("Daily spending limit"), argument="daily_cap_micros"
            ),
            Field(
                "per_minute",
                ActionFieldKind.NUMBER,
                gettext_noop("Requests per minute"),
                least=1,
                most=1_000_000,
                argument="per_minute_max",
            ),
        ),
        on_target=False,
        shown={"key": TEXT},
    ),
    Action(API_KEY, "revoke", gettext_noop("Revoke API key"), Right.CUSTOMERS_ACT, _revoke_key, in_bulk=True),
)
