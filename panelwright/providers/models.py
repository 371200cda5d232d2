"""Upstream panels. Routes, which lead from a service to a provider, are here too."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.catalog.models import Service
from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel


class Provider(models.Model):
    """An upstream panel that speaks the same protocol. Its key is stored encrypted (core/secret.py)."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    url = models.URLField(max_length=500)
    sealed_key = models.TextField()
    # A repeat of `add` with the same request_id gives the first order: sending again is then safe.
    knows_request_id = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    # Trouble that a person should know of; empty: none.
    problem = models.TextField(default="", blank=True)
    # Not before this time is it asked again: set after a time-out or a rate limit of its own.
    rest_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "name"], name="provider_panel_name")]


class Route(models.Model):
    """Where a service's orders go. The enabled route with the lowest position is tried first."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="routes")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="routes")
    upstream_service = models.CharField(max_length=60)
    position = models.PositiveIntegerField(default=0)
    enabled = models.BooleanField(default=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "service", "position"], name="route_panel_service_position"),
            models.CheckConstraint(condition=~Q(upstream_service=""), name="route_upstream_service"),
        ]
