"""What a customer marks to find it first."""

from __future__ import annotations

from django.db import transaction

from panelwright.catalog.models import Favourite
from panelwright.catalog.priced_catalogue import Shelf
from panelwright.core.refusal import Refusal
from panelwright.customers.models import Customer

FAVOURITES_MAX = 500

BAD_SERVICE = Refusal("bad_service", "service")
TOO_MANY = Refusal("too_many_favourites", "service", FAVOURITES_MAX)


def add_favourite(*, customer: Customer, shelf: Shelf, number: int) -> Refusal | None:
    """Mark a service that stands on the customer's shelf; once more changes nothing.

    Refusals: bad_service, too_many_favourites.
    """
    offer = shelf.get(number)
    if offer is None:
        return BAD_SERVICE
    with transaction.atomic():
        # Who marks two at once waits here: the count below stays true.
        Customer.objects.select_for_update(no_key=True).get(panel_id=customer.panel_id, id=customer.id)
        hers = Favourite.objects.filter(panel_id=customer.panel_id, customer=customer)
        if hers.filter(service_id=offer.id).exists():
            return None
        if hers.count() >= FAVOURITES_MAX:
            return TOO_MANY
        Favourite.objects.create(panel_id=customer.panel_id, customer=customer, service_id=offer.id)
    return None


def remove_favourite(*, customer: Customer, number: int) -> bool:
    """Unmark a service, sold or not; False when it was not marked."""
    rows = Favourite.objects.filter(panel_id=customer.panel_id, customer=customer, service__number=number)
    with transaction.atomic():
        return bool(rows.delete()[0])
