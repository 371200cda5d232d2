"""Django's own `migrate`, several times as fast (core/migrating.py)."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from panelwright.core.migrating import few_models_made_anew


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with few_models_made_anew():
            super().handle(*args, **options)
