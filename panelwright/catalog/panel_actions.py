"""Writes that need several apps at once: a whole panel."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django_scopes import scope

from panelwright.catalog.actions import LinkNeeds, NewService, add_services
from panelwright.core import money
from panelwright.ledger.actions import open_books
from panelwright.panels.actions import create_panel
from panelwright.panels.models import Panel
from panelwright.panels.presets import Preset, PresetService


def build_panel(
    preset: Preset | None,
    *,
    slug: str,
    domains: Sequence[tuple[str, int]],
    name: str | None = None,
    currency: str | None = None,
    language: str | None = None,
) -> Panel:
    """A panel with its books and, from a preset, its services. What is not given is the preset's.

    Raises ValueError with what is wrong or missing; then nothing was made.
    """
    if preset is None and not (name and currency):
        raise ValueError("without --preset a panel needs --name and --currency")
    languages: Sequence[str] = ()
    if preset is not None:
        languages = tuple(dict.fromkeys([language or preset.language, *preset.languages]))
    with transaction.atomic():
        panel = create_panel(
            slug=slug,
            name=name or (preset.name if preset else ""),
            currency=currency or (preset.currency if preset else ""),
            domains=domains,
            language=language or (preset.language if preset else "en"),
            languages=languages,
            refill_status_key=preset.refill_status_key if preset else "status",
        )
        with scope(panel=panel):
            open_books(panel.id)
            if preset is not None:
                add_services(panel.id, [_service(s) for s in preset.services])
    return panel


def _service(s: PresetService) -> NewService:
    return NewService(
        number=s.number,
        category=s.category,
        name=s.name,
        type=s.type,
        rate_micros=money.parse(s.rate),
        min=s.min,
        max=s.max,
        refill=s.refill,
        refill_days=s.refill_days,
        cancel=s.cancel,
        drip_feed=s.drip_feed,
        unique_link=s.unique_link,
        description=s.description,
        step=s.step,
        link=LinkNeeds(s.link_hosts, s.link_kinds, s.link_example),
    )
