"""Customers by their panel's numbers, which staff see, and by their ids, which stay inside. In the panel's scope."""

from __future__ import annotations

from panelwright.customers.models import Customer


def customer_id(panel_id: int, number: int) -> int | None:
    """The id of the panel's customer with this number; None when there is none."""
    found: int | None = Customer.objects.filter(panel_id=panel_id, number=number).values_list("id", flat=True).first()
    return found


def customer_number(panel_id: int, customer_id: int) -> int:
    """The number of a customer of the panel."""
    return int(Customer.objects.values_list("number", flat=True).get(panel_id=panel_id, id=customer_id))
