"""Reads of customers with more than one caller."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from panelwright.core import sql

_MAIL_ADDRESSES = sql.Query(
    "SELECT c.id, u.email FROM customers_customer c JOIN customers_user u ON u.id = c.user_id"
    " WHERE c.id :in_int AND u.is_active"
)


def mail_addresses(customer_ids: Collection[int]) -> dict[int, str]:
    """Customer id -> where to write to, for those whose account is not closed."""
    return {row[0]: row[1] for row in _MAIL_ADDRESSES.rows(connection, sorted(customer_ids))}
