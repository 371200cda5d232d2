"""A provider's list as it was last read, kept for a person who imports from it page by page."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from panelwright.core import clock
from panelwright.providers.models import KeptList
from panelwright.providers.wire.outcomes import LeftOut, Offers, ServiceOffer

# Rows of a list that are kept; longer ones are imported by command or by program.
ROWS_MAX = 20_000
# Characters of a description that are kept.
DESCRIPTION_MAX = 2_000


class KeptOffers(NamedTuple):
    """The rows of a list and when it was read. `rows`: how many it had, those that were not kept included."""

    offers: Offers
    rows: int
    read_at: datetime


def keep(*, panel_id: int, provider_id: int, offers: Offers) -> int:
    """Keep the list in place of the one before. Answers how many rows it has."""
    rows = [
        {**asdict(offer), "rate": str(offer.rate), "description": offer.description[:DESCRIPTION_MAX]}
        for offer in offers[:ROWS_MAX]
    ]
    body = json.dumps({"offers": rows, "left_out": offers.left_out[:ROWS_MAX]}, ensure_ascii=False)
    count = len(offers) + len(offers.left_out)
    with transaction.atomic():
        KeptList.objects.update_or_create(
            panel_id=panel_id,
            provider_id=provider_id,
            defaults={"body": body, "rows": count, "read_at": clock.now()},
        )
    return count


def kept(*, panel_id: int, provider_id: int) -> KeptOffers | None:
    """The list that was read last; None where none was."""
    row = KeptList.objects.filter(panel_id=panel_id, provider_id=provider_id).first()
    if row is None:
        return None
    held = json.loads(row.body)
    offers = [ServiceOffer(**{**offer, "rate": Decimal(offer["rate"])}) for offer in held["offers"]]
    return KeptOffers(Offers(offers, [LeftOut(*one) for one in held["left_out"]]), row.rows, row.read_at)
