"""The tenant: a panel and the hosts that it answers on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core.scoped import ScopedManager


class RefillStatusKey(models.TextChoices):
    """How `refill_status` of one refill is spelt: {"status":…} or, as P1 does, {"refill":…}."""

    STATUS = "status"
    REFILL = "refill"


class Panel(models.Model):
    """One panel: its own domains, currency, languages, catalogue, customers and providers."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=10, default="en")
    languages = models.JSONField(default=list)
    refill_status_key = models.CharField(max_length=6, choices=RefillStatusKey.choices, default=RefillStatusKey.STATUS)
    # Requests a minute for API keys that have no limit of their own; null: no limit.
    per_minute_max = models.PositiveIntegerField(null=True, default=60_000)
    # Raised by every change of services, prices or price lists: a rendered list is good for one version.
    catalog_version = models.BigIntegerField(default=1)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(refill_status_key__in=RefillStatusKey.values), name="panel_refill_key"),
        ]

    def __str__(self) -> str:
        return self.name


class Domain(models.Model):
    """A host and port that a panel answers on.

    host "*" with a port means: whatever host the client wrote, on this port of ours.
    port 0 means: whatever port, with this host.
    """

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, related_name="domains")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            # A host leads to one panel only: the one unique key that is not per panel.
            models.UniqueConstraint(fields=["host", "port"], name="domain_host_port"),
            models.CheckConstraint(condition=~Q(host="*") | Q(port__gt=0), name="domain_star_has_port"),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host
