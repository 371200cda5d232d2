"""A panel made from a preset, for the pages to show."""

from __future__ import annotations

from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services
from panelwright.core import money
from panelwright.panels import presets
from panelwright.panels.actions import create_panel
from panelwright.panels.models import Panel


def open_panel(
    name: str, *, host: str = "", port: int = 0, languages: tuple[str, ...] = (), sells: bool = True
) -> Panel:
    """`open_panel("bare")` answers on bare.example, and sells what the preset says."""
    preset = presets.load(name)
    panel = create_panel(
        slug=name,
        name=preset.name,
        currency=preset.currency,
        domains=[(host or f"{name}.example", port)],
        language=preset.language,
        languages=languages or preset.languages,
        refill_status_key=preset.refill_status_key,
    )
    with scope(panel=panel):
        add_services(panel.id, [_new(service) for service in preset.services if sells])
    return panel


def _new(service: presets.PresetService) -> NewService:
    return NewService(
        number=service.number,
        category=service.category,
        name=service.name,
        type=service.type,
        rate_micros=money.parse(service.rate),
        min=service.min,
        max=service.max,
        refill=service.refill,
        refill_days=service.refill_days,
        cancel=service.cancel,
        drip_feed=service.drip_feed,
        unique_link=service.unique_link,
        description=service.description,
    )
