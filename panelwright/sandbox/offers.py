"""What a fault makes of the catalogue: other rates, other limits, closed services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from panelwright.sandbox import money
from panelwright.sandbox.catalogue import SandboxService


def changed(
    catalogue: Mapping[int, SandboxService], *, service: int, settings: dict[str, Any]
) -> dict[int, SandboxService]:
    """The catalogue with one service changed, or all of them (0). Ids stay; a closed one is not in it."""
    out: dict[int, SandboxService] = {}
    for number, offer in catalogue.items():
        if service not in (0, number):
            out[number] = offer
        elif not settings["closed"]:
            out[number] = _changed(offer, settings)
    return out


def _changed(offer: SandboxService, settings: dict[str, Any]) -> SandboxService:
    micros = settings.get("rate", offer.rate_micros)
    if "percent" in settings:
        factor = 1 + Decimal(str(settings["percent"])) / 100
        micros = int((micros * factor).to_integral_value(ROUND_HALF_UP))
    return replace(
        offer,
        rate=offer.rate if micros == offer.rate_micros else money.text(micros),
        min=settings.get("min", offer.min),
        max=settings.get("max", offer.max),
        increment=settings.get("increment", offer.increment),
    )
