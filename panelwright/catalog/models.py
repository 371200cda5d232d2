"""What a panel sells."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from panelwright.catalog.types import TYPES
from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import Customer, PriceList
from panelwright.panels.models import Panel


class Category(models.Model):
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    name = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0)
    # One of arranging_actions.ICONS; empty: none.
    icon = models.CharField(max_length=30, default="", db_default="", blank=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "name"], name="category_panel_name")]


class Paused(models.TextChoices):
    """Why the system stopped selling a service; it starts again by itself when the reason is gone."""

    NO = ""
    GONE = "gone"  # no provider has it
    COST = "cost"  # it would be sold below cost
    HELD = "held"  # its provider's list says something of it that a person has to look at first


class RouteBy(models.TextChoices):
    """By what a service chooses the route that an order takes first (providers/routing/merit_rules.py)."""

    ORDER = ""  # as they stand in the service's list
    PRICE = "price"
    SPEED = "speed"
    SUCCESS = "success"


class Service(models.Model):
    """One row of the catalogue. `number` is its id on the wire: resellers keep it in their settings."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    number = models.BigIntegerField()
    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    name = models.CharField(max_length=300)
    description = models.TextField(default="", blank=True)
    type = models.CharField(max_length=30, choices=[(t.name, t.name) for t in TYPES])
    # Price of 1000 units, or of one order where the type is flat.
    rate_micros = models.BigIntegerField()
    min = models.BigIntegerField()
    max = models.BigIntegerField()
    # A quantity is a multiple of it; see catalog/quantities.py.
    step = models.BigIntegerField(default=1, db_default=1)
    # What a link must lead to (catalog/link_kinds.py): sites and hosts, and kinds, each parted by commas; empty: any.
    link_hosts = models.CharField(max_length=500, default="", db_default="", blank=True)
    link_kinds = models.CharField(max_length=200, default="", db_default="", blank=True)
    # A link that fits, which the order form shows.
    link_example = models.CharField(max_length=300, default="", db_default="", blank=True)
    refill = models.BooleanField(default=False)
    # A refill can be asked for this many days after completion; null: for ever.
    refill_days = models.PositiveIntegerField(null=True, default=30)
    cancel = models.BooleanField(default=False)
    drip_feed = models.BooleanField(default=False)
    # One open order a customer and link.
    unique_link = models.BooleanField(default=False)
    # Sold only to customers whose price list has a rate for it.
    private = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    # Only with enabled=False, and empty where a person stopped selling it.
    paused_for = models.CharField(max_length=4, choices=Paused.choices, default=Paused.NO, db_default="", blank=True)
    position = models.PositiveIntegerField(default=0)
    route_by = models.CharField(max_length=7, choices=RouteBy.choices, default=RouteBy.ORDER, db_default="", blank=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(route_by__in=RouteBy.values), name="service_route_by"),
            models.UniqueConstraint(fields=["panel", "number"], name="service_panel_number"),
            models.CheckConstraint(
                condition=Q(paused_for__in=Paused.values) & (Q(paused_for="") | Q(enabled=False)), name="service_paused"
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="service_number"),
            models.CheckConstraint(condition=Q(type__in=[t.name for t in TYPES]), name="service_type"),
            models.CheckConstraint(condition=Q(rate_micros__gte=0), name="service_rate"),
            models.CheckConstraint(condition=Q(min__gte=1) & Q(max__gte=F("min")), name="service_min_max"),
            models.CheckConstraint(condition=Q(step__gte=1), name="service_step"),
        ]
        indexes = [models.Index(fields=["panel", "id"], name="service_panel")]


class PriceListRate(models.Model):
    """What a price list says of one service: a price that stands instead of rate and discount, or a percent off the
    rate; see rates.py.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, on_delete=models.CASCADE)
    rate_micros = models.BigIntegerField(null=True)
    # Hundredths of a percent off the service's rate as it stands.
    percent_off_e2 = models.IntegerField(null=True)
    # The rate was set by the guard, because a percent would sell below cost; gone again when it does not.
    by_guard = models.BooleanField(default=False, db_default=False)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "price_list", "service"], name="price_list_service"),
            models.CheckConstraint(condition=Q(rate_micros__gte=0), name="price_list_rate"),
            models.CheckConstraint(
                condition=Q(percent_off_e2__gte=0) & Q(percent_off_e2__lte=10_000), name="price_list_rate_percent"
            ),
            models.CheckConstraint(
                condition=(Q(rate_micros__isnull=False) & (Q(percent_off_e2__isnull=True) | Q(by_guard=True)))
                | (Q(rate_micros__isnull=True) & Q(percent_off_e2__isnull=False) & Q(by_guard=False)),
                name="price_list_rate_says",
            ),
        ]


class PriceListPercent(models.Model):
    """A price list's percent off the rates of a category, in hundredths; see rates.py."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, db_index=False)
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    percent_off_e2 = models.IntegerField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "price_list", "category"], name="price_list_category"),
            models.CheckConstraint(
                condition=Q(percent_off_e2__gte=0) & Q(percent_off_e2__lte=10_000), name="price_list_percent_off"
            ),
        ]


class Favourite(models.Model):
    """A service that a customer wants to find first."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, on_delete=models.CASCADE)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "customer", "service"], name="favourite_customer_service")
        ]


class LinkPattern(models.Model):
    """A panel's own row of the table of links: what a path on a host leads to. It stands before those shipped."""

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE)
    host = models.CharField(max_length=253)
    # As link_kinds.parse_pattern wrote it: `/p/*`.
    path = models.CharField(max_length=200)
    kinds = models.CharField(max_length=200)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "host", "path"], name="link_pattern_panel_host_path"),
            models.CheckConstraint(condition=~Q(host="") & ~Q(kinds=""), name="link_pattern_says_something"),
        ]
