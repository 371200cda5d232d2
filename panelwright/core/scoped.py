"""A manager that knows no rows outside a panel: a query that does not name its panel raises.

django-scopes has such a manager, but its closed form lets a dozen query methods through
(exclude, exists, in_bulk, …). This one closes the few that every other one is made of.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django_scopes.exceptions import ScopeError
from django_scopes.state import get_scope


class ClosedQuerySet(models.QuerySet[Any]):
    """Raises ScopeError for whatever is asked of it. `none` and `create` stay open: they read nothing."""

    def _closed(self, *args: object, **kwargs: object) -> NoReturn:
        raise ScopeError(f"a query of {self.model.__name__} must name its panel: use django_scopes.scope(panel=…)")

    # Every method that narrows, orders or joins starts with a copy.
    _chain = _clone = _closed
    # Every method that reads or writes without a copy.
    _fetch_all = iterator = aiterator = exists = count = aggregate = _closed
    contains = update = delete = bulk_create = bulk_update = raw = explain = _closed

    def none(self) -> Any:
        return models.QuerySet(self.model, using=self.db).none()


def ScopedManager(*, panel: str, manager_class: type[models.Manager[Any]] = models.Manager) -> Any:
    """A manager whose rows are those of the current panel; `panel` is the path to it from the model."""

    class Manager(manager_class):  # type: ignore[valid-type, misc]
        def get_queryset(self) -> models.QuerySet[Any]:
            current = get_scope()
            if not current.get("_enabled", True):
                return super().get_queryset()
            if "panel" not in current:
                return ClosedQuerySet(self.model, using=self._db)
            return super().get_queryset().filter(**{panel: current["panel"]})

    return Manager()
