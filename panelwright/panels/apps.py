from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PanelsConfig(AppConfig):
    name = "panelwright.panels"

    def ready(self) -> None:
        # Once for each migration, when all tables are there.
        post_migrate.connect(_give_statistics, sender=self, dispatch_uid="panelwright.sqlite_statistics")


def _give_statistics(**_: Any) -> None:
    from panelwright.core import sqlite_statistics

    sqlite_statistics.give()
