"""What staff may do: one list of rights, and the roles that are sets of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refused


class Right(StrEnum):
    """Each staff action and each page needs exactly one of them."""

    ORDERS_READ = "orders.read"
    ORDERS_ACT = "orders.act"
    ORDERS_REFUND = "orders.refund"
    SERVICES = "services"
    PRICES = "prices"
    PROVIDERS = "providers"
    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_ACT = "customers.act"
    CUSTOMERS_MONEY = "customers.money"
    PAYMENTS = "payments"
    SUPPORT = "support"
    CONTENT = "content"
    REPORTS = "reports"
    SETTINGS = "settings"
    STAFF = "staff"
    EXPORTS = "exports"


LABELS = {
    Right.ORDERS_READ: gettext_noop("View orders"),
    Right.ORDERS_ACT: gettext_noop("Work on orders"),
    Right.ORDERS_REFUND: gettext_noop("Cancel and refund orders"),
    Right.SERVICES: gettext_noop("Services and routes"),
    Right.PRICES: gettext_noop("Prices"),
    Right.PROVIDERS: gettext_noop("Providers"),
    Right.CUSTOMERS_READ: gettext_noop("View customers"),
    Right.CUSTOMERS_ACT: gettext_noop("Manage customers"),
    Right.CUSTOMERS_MONEY: gettext_noop("Change balances"),
    Right.PAYMENTS: gettext_noop("Payments"),
    Right.SUPPORT: gettext_noop("Support tickets"),
    Right.CONTENT: gettext_noop("Pages and announcements"),
    Right.REPORTS: gettext_noop("Reports"),
    Right.SETTINGS: gettext_noop("Panel settings"),
    Right.STAFF: gettext_noop("Staff and audit trail"),
    Right.EXPORTS: gettext_noop("Exports"),
}

ALL = frozenset(Right)


class Role(StrEnum):
    """`CUSTOM`: nothing but the single rights that were given."""

    OWNER = "owner"
    MANAGER = "manager"
    ORDERS = "orders"
    SUPPORT = "support"
    FINANCE = "finance"
    READ_ONLY = "read_only"
    CUSTOM = "custom"


ROLE_LABELS = {
    Role.OWNER: gettext_noop("Owner"),
    Role.MANAGER: gettext_noop("Manager"),
    Role.ORDERS: gettext_noop("Orders"),
    Role.SUPPORT: gettext_noop("Support"),
    Role.FINANCE: gettext_noop("Finance"),
    Role.READ_ONLY: gettext_noop("Read only"),
    Role.CUSTOM: gettext_noop("Custom"),
}

RIGHTS_OF: dict[Role, frozenset[Right]] = {
    Role.OWNER: ALL,
    Role.MANAGER: ALL - {Right.STAFF},
    Role.ORDERS: frozenset(
        {Right.ORDERS_READ, Right.ORDERS_ACT, Right.ORDERS_REFUND, Right.CUSTOMERS_READ, Right.SUPPORT}
    ),
    Role.SUPPORT: frozenset({Right.ORDERS_READ, Right.CUSTOMERS_READ, Right.SUPPORT}),
    Role.FINANCE: frozenset(
        {
            Right.ORDERS_READ,
            Right.CUSTOMERS_READ,
            Right.CUSTOMERS_MONEY,
            Right.PAYMENTS,
            Right.REPORTS,
            Right.EXPORTS,
        }
    ),
    Role.READ_ONLY: frozenset({Right.ORDERS_READ, Right.CUSTOMERS_READ, Right.REPORTS}),
    Role.CUSTOM: frozenset(),
}


def of(role: str, single: Iterable[str]) -> frozenset[Right]:
    """What a member of staff may do: the rights of the role and the single ones. An unknown word gives nothing."""
    by_role = RIGHTS_OF.get(_ROLES.get(role, Role.CUSTOM), frozenset())
    return by_role | {_RIGHTS[right] for right in single if right in _RIGHTS}


_RIGHTS = {right.value: right for right in Right}
_ROLES = {role.value: role for role in Role}


def parse(words: Iterable[str]) -> list[str]:
    """Rights by their words, each once, in the order of the list. Refused: unknown_right."""
    wanted = {word.strip() for word in words} - {""}
    unknown = sorted(wanted - _RIGHTS.keys())
    if unknown:
        raise Refused("unknown_right", "rights", right=unknown[0][:50])
    return [right.value for right in Right if right in wanted]
