"""Upstream panels and the panel's own people. Routes, which lead from a service to a provider, are here too,
and the places where new posts are heard of."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from panelwright.catalog.models import Service
from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel
from panelwright.providers.wire.transports import DEFAULT


class ProviderKind(models.TextChoices):
    API = "api"  # another panel with the same API
    MANUAL = "manual"  # the panel's own people: its orders wait in a queue for staff


class Provider(models.Model):
    """Who delivers. An API key is stored encrypted (core/secret.py)."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=6, choices=ProviderKind.choices, default=ProviderKind.API, db_default="api")
    # How it is spoken to: the name of a folder of providers/wire.
    transport = models.CharField(max_length=40, default=DEFAULT, db_default=DEFAULT)
    url = models.URLField(max_length=500, blank=True)
    sealed_key = models.TextField(blank=True)
    # A repeat of `add` with the same request_id gives the first order: sending again is then safe.
    knows_request_id = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    # Trouble that a person should know of; empty: none.
    problem = models.TextField(default="", blank=True)

    # Requests a minute that it allows, of all our processes together; null: no limit.
    per_minute_max = models.PositiveIntegerField(null=True)
    # The lease of its rate limit: microseconds since 1970 until which its requests are spoken for.
    spoken_for_us = models.BigIntegerField(default=0, db_default=0)
    # Not before this time is it asked again: set after a time-out or a rate limit of its own.
    rest_until = models.DateTimeField(null=True)
    # No new orders are sent before this time: it said that our balance there is too small.
    sends_rest_until = models.DateTimeField(null=True)
    # Failures in a row; from health.FAILURES_MAX on it rests, and then one request tries whether it is back.
    failures = models.PositiveIntegerField(default=0, db_default=0)

    # The currency of its rates and of our balance there; empty: the panel's.
    currency = models.CharField(max_length=3, default="", db_default="", blank=True)
    balance_micros = models.BigIntegerField(null=True)
    balance_at = models.DateTimeField(null=True)
    # Our balance is to be read at once: an order's outcome is unknown (evidence_queries.py); null: not now.
    balance_due_at = models.DateTimeField(null=True)
    # Below this an event is written, once until the balance is above it again; null: not watched.
    low_balance_micros = models.BigIntegerField(null=True)
    balance_is_low = models.BooleanField(default=False, db_default=False)

    # When its services and balance are looked at next, and how often; null: only when asked to.
    sync_due_at = models.DateTimeField(null=True)
    sync_every_min = models.PositiveIntegerField(default=60, db_default=60)
    synced_at = models.DateTimeField(null=True)
    # What the last round found that a person has to look at (sync/sync_problems.py); empty: nothing.
    sync_problem_code = models.CharField(max_length=40, default="", db_default="", blank=True)
    sync_problem_facts = models.TextField(default="", db_default="", blank=True)
    # A person believes its list although it has only so many services of ours left, and a round has still to write
    # that; null: nobody has said so.
    kept_accepted = models.BigIntegerField(null=True)
    # The currency as it told it with our balance, in its own writing. Nothing of its list counts while that is
    # not the one above, unless a person has said that it tells the wrong one: then it stands here a second time.
    told_currency = models.CharField(max_length=20, default="", db_default="", blank=True)
    overruled_currency = models.CharField(max_length=20, default="", db_default="", blank=True)
    # Its currency is another one now: the next round works out anew what every service that follows it costs.
    rework = models.BooleanField(default=False, db_default=False)
    # How far a rate may go in hundredths (200: to the double) before a person is asked; null: without limit.
    rise_max_e2 = models.PositiveIntegerField(default=200, db_default=200, null=True)
    fall_max_e2 = models.PositiveIntegerField(default=50, db_default=50, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "name"], name="provider_panel_name"),
            models.CheckConstraint(condition=Q(kind__in=ProviderKind.values), name="provider_kind"),
            models.CheckConstraint(
                condition=Q(kind="manual") | (~Q(url="") & ~Q(sealed_key="")), name="provider_address_and_key"
            ),
            models.CheckConstraint(condition=Q(per_minute_max=None) | Q(per_minute_max__gt=0), name="provider_limit"),
        ]
        indexes = [
            models.Index(fields=["sync_due_at"], condition=Q(sync_due_at__isnull=False), name="provider_sync"),
            models.Index(fields=["balance_due_at"], condition=Q(balance_due_at__isnull=False), name="provider_balance"),
        ]


class BalanceReading(models.Model):
    """Our balance at a provider as it told it once: before and after an order it shows whether that was taken.

    Written whenever a balance is read; kept for BALANCES_KEPT_DAYS.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, db_index=False)
    balance_micros = models.BigIntegerField()
    # As it stands in the provider's row: empty is the panel's.
    currency = models.CharField(max_length=3, default="", db_default="", blank=True)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        indexes = [models.Index(fields=["provider", "at"], name="balance_provider")]


class CallOutcome(models.TextChoices):
    """What a request about an order came to, as wire/outcomes.py has it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    REPORTED = "reported"  # a status that ended the order short, or made a problem


class ProviderCall(models.Model):
    """One request about an order to its provider, and what came back, without our key: for its story, and as evidence.

    Written in the transaction that writes down the outcome. Each order keeps its last CALLS_OF_ORDER_MAX, for
    CALLS_KEPT_DAYS. Plain numbers for order and provider: it is written for every order that is sent.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    order_id = models.BigIntegerField()
    provider_id = models.BigIntegerField()
    route_id = models.BigIntegerField(null=True)
    # The protocol's word: add, status, cancel, refill.
    action = models.CharField(max_length=10)
    outcome = models.CharField(max_length=10, choices=CallOutcome.choices)
    attempt = models.SmallIntegerField(default=0, db_default=0)
    # The parameters as JSON, without key and request_id, and the beginning of the answer; or what was said instead.
    sent = models.TextField()
    came = models.TextField(default="", db_default="", blank=True)
    # Of `add`: what it costs by the route's rate, in micros of the provider's currency. Of a status that gives money
    # back: that, below zero. Null: not known.
    cost_micros = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField()
    # Until the answer came, or nothing more would; null: the sender died.
    took_ms = models.IntegerField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=CallOutcome.values), name="provider_call_outcome"),
        ]
        indexes = [
            models.Index(fields=["panel", "order_id", "id"], name="provider_call_order"),
            models.Index(fields=["provider_id", "sent_at"], name="provider_call_sent"),
        ]


class Route(models.Model):
    """Where a service's orders go. The enabled route with the lowest position is tried first.

    What the provider's list said of its service is kept here: null is not known, and then it is
    left to the provider to refuse.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="routes")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="routes")
    upstream_service = models.CharField(max_length=60, blank=True)
    position = models.PositiveIntegerField(default=0)
    enabled = models.BooleanField(default=True)
    # Its rate there, in the provider's currency: for 1000 units, or for one order of a flat type.
    rate_micros = models.BigIntegerField(null=True)
    min = models.BigIntegerField(null=True)
    max = models.BigIntegerField(null=True)
    # Of what its quantities are multiples; 1 where the list says that of none.
    step = models.BigIntegerField(null=True)
    # What its list calls the service, and the type that it gives it; empty: not known.
    upstream_name = models.CharField(max_length=500, default="", db_default="", blank=True)
    upstream_type = models.CharField(max_length=100, default="", db_default="", blank=True)
    # When the rate last changed, and the last one that stood for a day or was accepted by a person.
    rate_since = models.DateTimeField(null=True)
    base_rate_micros = models.BigIntegerField(null=True)
    # What the rate was within a month, since a person last accepted it: [until, micros], the oldest first; null: that.
    past_rates = models.JSONField(null=True)
    # The exchange rate that the service's rate was worked out with; null: not known.
    priced_e12 = models.BigIntegerField(null=True)
    # What the list says now and a person has to look at first (providers/sync/holding.py); null: nothing. Rejected:
    # a person has looked and does not want it; it is not asked again while the list says the same.
    held = models.JSONField(null=True)
    # No order takes the route meanwhile: it would cost more, or be another service.
    held_stops = models.BooleanField(default=False, db_default=False)
    held_rejected = models.BooleanField(default=False, db_default=False)
    held_at = models.DateTimeField(null=True)
    # False while the provider's list does not have it.
    available = models.BooleanField(default=True, db_default=True)
    # The service's rate, limits and availability follow this route (providers/sync), its rate by
    # this markup: percent first, then the fixed part, then up to a multiple of `round_to_micros`.
    in_step = models.BooleanField(default=False, db_default=False)
    markup_percent_e2 = models.PositiveIntegerField(default=0, db_default=0)
    markup_fixed_micros = models.BigIntegerField(default=0, db_default=0)
    round_to_micros = models.BigIntegerField(default=1, db_default=1)
    # What of the service follows: its rate, its limits and step, whether it is on sale, its name.
    follows_rate = models.BooleanField(default=True, db_default=True)
    follows_limits = models.BooleanField(default=True, db_default=True)
    follows_sale = models.BooleanField(default=True, db_default=True)
    follows_name = models.BooleanField(default=False, db_default=False)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "service", "position"], name="route_panel_service_position"),
            models.UniqueConstraint(fields=["panel", "service"], condition=Q(in_step=True), name="route_one_in_step"),
            models.CheckConstraint(condition=Q(rate_micros=None) | Q(rate_micros__gte=0), name="route_rate"),
            models.CheckConstraint(
                condition=Q(min=None) | Q(max=None) | (Q(min__gte=0) & Q(max__gte=F("min"))), name="route_min_max"
            ),
            models.CheckConstraint(
                condition=Q(markup_fixed_micros__gte=0) & Q(round_to_micros__gte=1), name="route_markup"
            ),
            models.CheckConstraint(condition=Q(step=None) | Q(step__gte=1), name="route_step"),
            models.CheckConstraint(condition=Q(held__isnull=False) | Q(held_rejected=False), name="route_rejected"),
        ]
        indexes = [
            models.Index(fields=["panel", "id"], name="route_panel"),
            models.Index(fields=["panel", "id"], condition=Q(held__isnull=False), name="route_held"),
        ]


class RouteMerit(models.Model):
    """How a route has done with its last orders, rolled up from the events of their ends (routing/merit_actions.py).

    Sums, halved together from merit_rules.FULL orders on, so that what was long ago counts less. Times are in seconds
    from the order's placing: `start_s` of the orders in `started`, `took_s` of those in `completed`.
    """

    route = models.OneToOneField(Route, primary_key=True, on_delete=models.CASCADE, related_name="merit")
    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, db_index=False)
    ended = models.IntegerField(default=0)
    completed = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    started = models.IntegerField(default=0)
    start_s = models.BigIntegerField(default=0)
    took_s = models.BigIntegerField(default=0)
    measured_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(completed__gte=0, completed__lte=F("ended"), refused__gte=0, started__gte=0),
                name="route_merit_counts",
            )
        ]


class MeritCursor(models.Model):
    """The last event that the merits of all panels' routes have counted; one row."""

    event_id = models.BigIntegerField()


class KeptList(models.Model):
    """A provider's list as it was last read for a person who imports from it (sync/kept_lists.py)."""

    provider = models.OneToOneField(Provider, primary_key=True, on_delete=models.CASCADE)
    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, db_index=False)
    # The rows as JSON, and how many of them there are.
    body = models.TextField()
    rows = models.IntegerField()
    read_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")


class AnyRate(models.Model):
    """What one unit of `currency` is worth in `target`, in millionths of a millionth (12 decimals)."""

    currency = models.CharField(max_length=3)
    target = models.CharField(max_length=3)
    rate_e12 = models.BigIntegerField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class ExchangeRate(AnyRate):
    """A panel's own exchange rate; it stands before the host's."""

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "currency", "target"], name="exchange_rate_once"),
            models.CheckConstraint(condition=Q(rate_e12__gt=0), name="exchange_rate_positive"),
        ]


class HostExchangeRate(AnyRate):
    """The host's exchange rate, for every panel that has none of its own."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "target"], name="host_exchange_rate_once"),
            models.CheckConstraint(condition=Q(rate_e12__gt=0), name="host_exchange_rate_positive"),
        ]


class SourceKind(models.TextChoices):
    WEBHOOK = "webhook"  # somebody tells us, signed with the source's secret
    FEED = "feed"  # an RSS, Atom or JSON feed that we read


class PostSource(models.Model):
    """Where new posts are heard of, for the subscriptions to a user. Nothing is scraped."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    kind = models.CharField(max_length=7, choices=SourceKind.choices)
    # Whose posts a feed has, as subscriptions write it. Empty: a webhook, which names the user itself.
    username = models.CharField(max_length=500, default="", blank=True)
    url = models.URLField(max_length=2000, default="", blank=True)
    # A webhook's secret, encrypted: it is needed in the clear to check a signature.
    sealed_secret = models.TextField(default="", blank=True)
    enabled = models.BooleanField(default=True)
    # A feed: when it is read next, how often, and what its server wants to hear of the last time.
    due_at = models.DateTimeField(null=True)
    every_min = models.PositiveIntegerField(default=10)
    lease_until = models.DateTimeField(null=True)
    etag = models.CharField(max_length=300, default="", blank=True)
    last_modified = models.CharField(max_length=100, default="", blank=True)
    read_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    problem = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="feed") & ~Q(url="") & ~Q(username=""))
                | (Q(kind="webhook", url="", username="") & ~Q(sealed_secret="")),
                name="post_source_kind",
            ),
            models.UniqueConstraint(
                fields=["panel", "username", "url"], condition=Q(kind="feed"), name="post_source_feed_once"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="post_source_due")]


class HostSecret(models.Model):
    """A secret of the installation that outlives its keys: they are exchanged, this one stays."""

    name = models.CharField(max_length=40, unique=True)
    sealed = models.TextField()
