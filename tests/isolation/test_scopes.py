"""A query that does not name its panel raises, whatever the method is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db.models import F, Manager, Model
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from panelwright.panels.models import Domain, Panel

# Panels themselves, the counters of keys, which belong to a key and are read by its id, and what is the host's.
OPEN = {"Panel", "KeyUse", "HostBlock", "HostExchangeRate", "HostSecret", "AddressAttempts", "ReportProgress"} | {
    "MeritCursor",
    # Whoever runs the installation belongs to no panel.
    "Operator",
    "OperatorSession",
    "OperatorRecoveryCode",
    "WorkerBeat",
}
OURS = [model for model in apps.get_models() if model.__module__.startswith("panelwright.")]
CLOSED = [model for model in OURS if model.__name__ not in OPEN]

QUERIES: dict[str, Callable[[Manager[Any]], object]] = {
    "all": lambda m: list(m.all()),
    "filter": lambda m: list(m.filter(pk=1)),
    "exclude": lambda m: list(m.exclude(pk=1)),
    "get": lambda m: m.get(pk=1),
    "first": lambda m: m.first(),
    "last": lambda m: m.last(),
    "count": lambda m: m.count(),
    "exists": lambda m: m.exists(),
    "in_bulk": lambda m: m.in_bulk([1]),
    "values": lambda m: list(m.values("pk")),
    "values_list": lambda m: list(m.values_list("pk")),
    "aggregate": lambda m: m.aggregate(n=F("pk")),
    "annotate": lambda m: list(m.annotate(n=F("pk"))),
    "order_by": lambda m: list(m.order_by("pk")),
    "iterator": lambda m: list(m.iterator()),
    "update": lambda m: m.update(pk=F("pk")),
    "delete": lambda m: m.all().delete(),
    "bulk_create": lambda m: m.bulk_create([]),
    "get_or_create": lambda m: m.get_or_create(pk=1),
    "update_or_create": lambda m: m.update_or_create(pk=1),
    "raw": lambda m: list(m.raw("SELECT 1 AS id")),
    "select_for_update": lambda m: list(m.select_for_update()),
    "union": lambda m: list(m.union(m.all())),
    "earliest": lambda m: m.earliest("pk"),
    "contains": lambda m: m.contains(m.model(pk=1)),
    "distinct": lambda m: list(m.distinct()),
    "using": lambda m: list(m.using("default")),
    "defer": lambda m: list(m.defer("pk")),
}


def test_every_table_of_ours_is_known() -> None:
    assert {model.__name__ for model in OURS} - OPEN == {model.__name__ for model in CLOSED}
    assert len(CLOSED) >= 18
    assert {"Order", "Account", "Transfer", "ApiKey", "Provider", "Service"} <= {m.__name__ for m in CLOSED}


@pytest.mark.parametrize("model", CLOSED, ids=lambda model: model.__name__)
def test_a_query_without_its_panel_raises(db: None, model: type[Model]) -> None:
    for name, query in QUERIES.items():
        with pytest.raises(ScopeError, match=f"a query of {model.__name__} must name its panel"):
            query(model._default_manager)
            pytest.fail(f"{name} asked {model.__name__} without a panel")


def test_inside_a_panel_there_are_its_rows_only(db: None) -> None:
    one, two = (Panel.objects.create(slug=slug, name=slug, currency="USD") for slug in ("one", "two"))
    for panel in (one, two):
        Domain.objects.create(panel=panel, host=f"{panel.slug}.example")
    with scope(panel=one):
        assert [domain.host for domain in Domain.objects.all()] == ["one.example"]
        assert not Domain.objects.filter(host="two.example").exists()
        assert Domain.objects.filter(host="two.example").update(host="mine.example") == 0
        assert list(Domain.objects.none()) == []
    with scope(panel=two):
        assert [domain.host for domain in Domain.objects.all()] == ["two.example"]
