"""People and their programs: users, customers, staff, API keys."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from panelwright.core.scoped import ScopedManager
from panelwright.ledger.models import Account
from panelwright.panels.models import Panel


class User(AbstractBaseUser):
    """Somebody who can log in to one panel: a customer, or staff. E-mail is unique within the panel."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    email = models.EmailField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel", manager_class=BaseUserManager)

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "email"], name="user_panel_email")]


class Role(models.TextChoices):
    OWNER = "owner"
    STAFF = "staff"


class Staff(models.Model):
    """A user who runs the panel: the owner, or somebody she trusts."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.OneToOneField(User, on_delete=models.PROTECT)
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.STAFF)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(role__in=Role.values), name="staff_role")]


class StaffKey(models.Model):
    """A key of the staff API. As with customers' keys, only its SHA-256 digest is stored."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT)
    name = models.CharField(max_length=100, default="", blank=True)
    digest = models.CharField(max_length=64)
    prefix = models.CharField(max_length=8)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "digest"], name="staff_key_panel_digest")]


class PriceList(models.Model):
    """Prices for some customers: a discount on everything, and rates of its own for some services."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    # Hundredths of a percent off the service's rate: 1250 is 12.5 %.
    percent_off_e2 = models.PositiveIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "name"], name="price_list_panel_name"),
            models.CheckConstraint(condition=Q(percent_off_e2__lte=10_000), name="price_list_percent"),
        ]


class Customer(models.Model):
    """Who orders: has one account with the balance, and any number of API keys."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.OneToOneField(User, on_delete=models.PROTECT)
    account = models.OneToOneField(Account, on_delete=models.PROTECT)
    price_list = models.ForeignKey(PriceList, null=True, on_delete=models.PROTECT)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")


class ApiKey(models.Model):
    """A key of the API. The key itself is shown once and not stored: only its SHA-256 digest is.

    A plain digest is enough because the key is 40 random characters: there is nothing to guess.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    name = models.CharField(max_length=100, default="", blank=True)
    digest = models.CharField(max_length=64)
    prefix = models.CharField(max_length=8)
    can_read = models.BooleanField(default=True)
    can_order = models.BooleanField(default=True)
    # Networks that may use it ("203.0.113.0/24, 2001:db8::1"); empty: all.
    addresses = models.TextField(default="", blank=True)
    # The most that orders of one UTC day may cost; null: no cap. Counted in the two columns below.
    daily_cap_micros = models.BigIntegerField(null=True)
    spent_micros = models.BigIntegerField(default=0)
    spent_on = models.DateField(null=True)
    # Requests a minute; null: the panel's number.
    per_minute_max = models.PositiveIntegerField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "digest"], name="api_key_panel_digest"),
            models.CheckConstraint(condition=Q(daily_cap_micros__gte=0), name="api_key_cap"),
        ]
        indexes = [models.Index(fields=["digest"], name="api_key_digest")]


class KeyUse(models.Model):
    """Requests of a key in one minute, over all processes; see customers/meter.py."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    minute = models.BigIntegerField()  # minutes since 1970
    requests = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "minute"], name="key_use_key_minute")]
        indexes = [models.Index(fields=["minute"], name="key_use_minute")]
