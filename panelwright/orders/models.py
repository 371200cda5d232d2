"""Orders, their schedules, and what customers ask for afterwards: refills and cancels.

The row is the job: `job` says what a worker has to do with it next, `due_at` when. Both are null
when there is nothing to do. Providers and routes are above orders in the import order, so they are
referred to by plain numbers here.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from panelwright.catalog.models import Service
from panelwright.core.scoped import ScopedManager
from panelwright.customers.models import ApiKey, Customer
from panelwright.orders.status import OrderStatus, RefillStatus, SubscriptionStatus
from panelwright.panels.models import Panel


class OrderKind(models.TextChoices):
    """PLAIN is passed on as it is. DRIP_FEED and SUBSCRIPTION create orders: RUN and POST."""

    PLAIN = "plain"
    DRIP_FEED = "drip-feed"
    RUN = "run"
    SUBSCRIPTION = "subscription"
    POST = "post"


class PauseReason(models.TextChoices):
    """Why a subscription that nobody paused by hand orders nothing. What ends it stands in standing.py."""

    FUNDS = "funds"  # the balance does not pay for the next post
    CAP = "cap"  # the key that it was placed with may spend no more today
    KEY = "key"  # that key was revoked, or may not order any more
    ACCOUNT = "account"  # the customer may not order
    SERVICE = "service"  # the service is off
    PRIVATE = "private"  # the service is not sold to this customer any more
    RATE = "rate"  # the service costs more now than was agreed
    QUANTITY = "quantity"  # the service is sold in none of the quantities that were asked for
    BLOCKED = "blocked"  # a rule of the panel or of the host speaks against the user now
    PROVIDER = "provider"  # the provider that has the subscription paused it


class Job(models.TextChoices):
    """What a worker does next with an order."""

    FORWARD = "forward"  # send it to a provider
    SENDING = "sending"  # claimed for sending; when it comes due, the sender died: outcome unknown
    POLL = "poll"  # ask the provider how it stands
    SCHEDULE = "schedule"  # start a run, create a post's order, expire, resume
    MANUAL = "manual"  # nothing: the panel's own people deliver it; due_at is since when


class Order(models.Model):
    # Every index costs each order: only those that a query needs.
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # What everybody outside sees in place of the id: the panel's own, see panels/numbers.py.
    number = models.BigIntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False)
    # The key that placed it, for a post the one that placed its subscription; null: placed on the web, or a run.
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.PROTECT, db_index=False)
    # The drip-feed or subscription that created it.
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=12, choices=OrderKind.choices, default=OrderKind.PLAIN)
    link = models.TextField()
    # Units to deliver; for a drip-feed over all its runs.
    quantity = models.BigIntegerField()
    # The type's own fields as JSON text, as they are sent upstream; empty when it has none.
    fields = models.TextField(default="", blank=True)
    rate_micros = models.BigIntegerField()
    # What was taken when it was placed, and what of it is kept: booked less refunds.
    booked_micros = models.BigIntegerField()
    charge_micros = models.BigIntegerField()
    # An order's word, or for a subscription one of SubscriptionStatus.
    status = models.CharField(max_length=12)
    start_count = models.BigIntegerField(null=True)
    remains = models.BigIntegerField()

    job = models.CharField(max_length=10, null=True, choices=Job.choices)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Trouble that a person should know of, never a seventh status word: a code of problems.py with its facts as JSON
    # text, and since when. Empty and null: none.
    problem_code = models.CharField(max_length=40, default="", db_default="", blank=True)
    problem_facts = models.TextField(default="", db_default="", blank=True)
    problem_at = models.DateTimeField(null=True)

    provider_id = models.BigIntegerField(null=True)
    route_id = models.BigIntegerField(null=True)
    upstream_id = models.CharField(max_length=100, null=True)
    # Staff chose this route: the order goes there and to no other one until that one has refused it.
    chosen_route_id = models.BigIntegerField(null=True)
    # How often staff ordered anew what a provider had taken already: each time with a request_id of its own.
    sent_anew = models.SmallIntegerField(default=0, db_default=0)

    # What it costs the panel, in micros of the panel's currency; null: not known. `cost_told`: the provider said so,
    # else it is the route's rate when it was sent. `cost_rate_e12`: what a unit of the provider's currency was worth.
    cost_micros = models.BigIntegerField(null=True)
    cost_rate_e12 = models.BigIntegerField(null=True)
    cost_told = models.BooleanField(default=False, db_default=False)
    # What it cost besides, at providers that had taken it before staff sent it again: those want their money, too.
    past_cost_micros = models.BigIntegerField(default=0, db_default=0)
    # How many transfers say in the books what it cost; see costs.py.
    cost_postings = models.SmallIntegerField(default=0, db_default=0)
    # The version of the rule (core/money.py) by which its refunds were reckoned.
    refund_rule = models.SmallIntegerField(default=1, db_default=1)

    # The caller's idempotency key, and a digest of what came with it.
    request_id = models.CharField(max_length=100, null=True)
    request_digest = models.CharField(max_length=64, null=True)
    # Digest of the link while the order is open, where the service allows one open order a link.
    open_link = models.CharField(max_length=64, null=True)

    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "number"], name="order_number"),
            models.UniqueConstraint(
                fields=["panel", "customer", "request_id"],
                condition=Q(request_id__isnull=False),
                name="order_request_once",
            ),
            models.UniqueConstraint(
                fields=["panel", "customer", "service", "open_link"],
                condition=Q(open_link__isnull=False),
                name="order_open_link_once",
            ),
            # An upstream's number means something only together with its provider.
            models.UniqueConstraint(
                fields=["panel", "provider_id", "upstream_id"],
                condition=Q(upstream_id__isnull=False),
                name="order_upstream_once",
            ),
            models.CheckConstraint(
                condition=Q(charge_micros__gte=0) & Q(charge_micros__lte=F("booked_micros")), name="order_charge"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=0) & Q(remains__gte=0) & Q(remains__lte=F("quantity")), name="order_remains"
            ),
            models.CheckConstraint(
                condition=(~Q(kind=OrderKind.SUBSCRIPTION) & Q(status__in=OrderStatus.values))
                | (Q(kind=OrderKind.SUBSCRIPTION) & Q(status__in=SubscriptionStatus.values)),
                name="order_status",
            ),
            models.CheckConstraint(condition=Q(kind__in=OrderKind.values), name="order_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=[OrderKind.RUN, OrderKind.POST], parent__isnull=False)
                | (~Q(kind__in=[OrderKind.RUN, OrderKind.POST]) & Q(parent__isnull=True)),
                name="order_kind_parent",
            ),
            # Nothing is left to do with an order that has ended, and nothing is due without a job.
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(job__isnull=True, open_link__isnull=True), name="order_ended"
            ),
            models.CheckConstraint(
                condition=Q(job__isnull=True, due_at__isnull=True) | Q(job__isnull=False, due_at__isnull=False),
                name="order_job_due",
            ),
            models.CheckConstraint(
                condition=Q(cost_micros__isnull=False, cost_micros__gte=0)
                | Q(cost_micros__isnull=True, cost_told=False),
                name="order_cost",
            ),
            models.CheckConstraint(
                condition=Q(problem_code="", problem_at__isnull=True)
                | (~Q(problem_code="") & Q(problem_at__isnull=False)),
                name="order_problem_since",
            ),
        ]
        indexes = [
            # The queue: only rows that have something to do are in it.
            models.Index(fields=["job", "provider_id", "due_at"], condition=Q(job__isnull=False), name="order_queue"),
            # What people page through stands in the order of the numbers, and so do the places where pages end.
            models.Index(fields=["customer", "number"], name="order_customer"),
            models.Index(fields=["parent", "number"], condition=Q(parent__isnull=False), name="order_parent"),
            # What a person should look at. An order without a problem is not in it.
            models.Index(
                fields=["panel", "number"],
                condition=Q(problem_code__gt="", ended_at__isnull=True),
                name="order_problem",
            ),
            # The queue of the panel's own people, in the order of its list. An order is not in it when it is placed.
            models.Index(fields=["panel", "number"], condition=Q(job="manual"), name="order_manual"),
            # What staff look for by status. Only of these two the first is written to when an order is placed.
            models.Index(
                fields=["panel", "status", "number"], condition=Q(ended_at__isnull=True), name="order_panel_open"
            ),
            models.Index(
                fields=["panel", "status", "number"],
                condition=Q(status__in=["Partial", "Canceled"]),
                name="order_panel_short",
            ),
            # What a customer looks for among many: costs nothing until an order ends badly.
            models.Index(
                fields=["customer", "status", "number"],
                condition=Q(status__in=["Partial", "Canceled"]),
                name="order_customer_short",
            ),
        ]


class Schedule(models.Model):
    """How a drip-feed or a subscription creates its orders; one row beside the parent order."""

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.PROTECT)
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # The order's, for lists. Null only on rows that a process of the release before writes meanwhile.
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, db_index=False)
    number = models.BigIntegerField()
    # Drip-feed: `runs` orders of `run_quantity` units, one every `interval_min` minutes.
    runs = models.PositiveIntegerField(default=0)
    run_quantity = models.BigIntegerField(default=0)
    interval_min = models.PositiveIntegerField(default=0)
    runs_started = models.PositiveIntegerField(default=0, db_default=0)
    runs_done = models.PositiveIntegerField(default=0, db_default=0)
    # Units that will not come: what ended runs left undelivered, and runs that were cancelled.
    undelivered = models.BigIntegerField(default=0, db_default=0)
    # Subscription: for each post a quantity between min and max, `delay_min` minutes after it.
    username = models.TextField(default="", blank=True)
    min = models.BigIntegerField(default=0)
    max = models.BigIntegerField(default=0)
    delay_min = models.PositiveIntegerField(default=0)
    # How many new posts; null: without limit. And how many that exist already.
    posts = models.PositiveIntegerField(null=True)
    old_posts = models.PositiveIntegerField(default=0)
    posts_done = models.PositiveIntegerField(default=0, db_default=0)
    # Of posts_done those that existed before the subscription did.
    old_posts_done = models.PositiveIntegerField(default=0, db_default=0)
    # Set when the customer or staff paused it.
    paused_at = models.DateTimeField(null=True)
    # Why else a subscription orders nothing; empty: nothing stands against it.
    pause_reason = models.CharField(max_length=10, choices=PauseReason.choices, default="", db_default="", blank=True)
    # The rate that the customer agreed to after it had risen; null: the order's own.
    agreed_micros = models.BigIntegerField(null=True)
    # It goes on without the key that placed it, which was revoked: the customer said so.
    without_key = models.BooleanField(default=False, db_default=False)
    expires_on = models.DateField(null=True)
    # Orders that the provider which has it as a whole reports and cannot be asked about: how often that was tried,
    # by the provider's ids, as JSON (subscription_rules.Tries); empty: none.
    unread = models.TextField(default="", db_default="", blank=True)
    # The quantities are drawn from this seed, so that anybody can draw them again.
    seed = models.BigIntegerField(default=0)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(runs_done__lte=F("runs_started")) & Q(runs_started__lte=F("runs")), name="schedule_runs"
            ),
            models.CheckConstraint(
                condition=Q(pause_reason__in=["", *PauseReason.values]), name="schedule_pause_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "number"], name="schedule_customer"),
            models.Index(fields=["panel", "number"], name="schedule_panel"),
        ]


class Post(models.Model):
    """A post that a subscription was told of, waiting for its delay; then the order it became."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    subscription = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="posts")
    link = models.TextField()
    # Digest of the form in which links are compared (same_link.py): however it is spelled, a post is one. Null on rows
    # that a process of the release before writes meanwhile, and on posts that had been told of twice before.
    link_key = models.CharField(max_length=64, null=True)
    # It existed before the subscription did.
    old = models.BooleanField(default=False, db_default=False)
    due_at = models.DateTimeField(null=True)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="post")
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "subscription", "link"], name="post_once"),
            models.UniqueConstraint(
                fields=["panel", "subscription", "link_key"],
                condition=Q(link_key__isnull=False),
                name="post_key_once",
            ),
        ]


class RequestState(models.TextChoices):
    """How far a refill or cancel request has come on its way to the provider."""

    WAITING = "waiting"  # to be passed on
    SENDING = "sending"  # claimed; when it comes due, the sender died
    PASSED_ON = "passed on"  # upstream has taken it
    DONE = "done"


class Refill(models.Model):
    """A customer asked for what was lost to be delivered again."""

    # The unique number begins with it.
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # What everybody outside sees in place of the id: the panel's own.
    number = models.BigIntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refills")
    # The order's, for lists. Null only on rows that a process of the release before writes meanwhile.
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, db_index=False)
    # Another order of ours that delivers it at our cost; null: its provider does, or our own people.
    by_order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="refill_of")
    status = models.CharField(max_length=11, choices=RefillStatus.choices, default=RefillStatus.PENDING)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.WAITING)
    provider_id = models.BigIntegerField(null=True)
    upstream_id = models.CharField(max_length=100, null=True)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    # What is wrong with it, or why it was rejected (problems.py); empty: nothing.
    problem_code = models.CharField(max_length=40, default="", db_default="", blank=True)
    problem_facts = models.TextField(default="", db_default="", blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "number"], name="refill_number"),
            models.UniqueConstraint(
                fields=["panel", "order"], condition=Q(ended_at__isnull=True), name="refill_one_open"
            ),
            models.CheckConstraint(condition=Q(status__in=RefillStatus.values), name="refill_status"),
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="refill_state"),
        ]
        indexes = [
            models.Index(
                fields=["state", "provider_id", "due_at"], condition=Q(due_at__isnull=False), name="refill_queue"
            ),
            models.Index(fields=["customer", "number"], name="refill_customer"),
            # Those that may wait for staff, in the order of their list.
            models.Index(fields=["panel", "number"], condition=Q(ended_at__isnull=True), name="refill_open"),
            models.Index(
                fields=["id"], condition=Q(by_order__isnull=False, ended_at__isnull=True), name="refill_ordered"
            ),
        ]


class Cancel(models.Model):
    """A customer asked for an order to be cancelled that the provider already has.

    The order's own status changes only by what the provider then reports of it.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="cancel")
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.WAITING)
    provider_id = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    # What came of it so far (problems.py); empty: nothing yet.
    answer_code = models.CharField(max_length=40, default="", db_default="", blank=True)
    answer_facts = models.TextField(default="", db_default="", blank=True)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=RequestState.values), name="cancel_state")]
        indexes = [
            models.Index(
                fields=["state", "provider_id", "due_at"], condition=Q(due_at__isnull=False), name="cancel_queue"
            ),
            models.Index(fields=["panel", "id"], name="cancel_panel"),
            models.Index(fields=["panel", "id"], condition=Q(state="waiting"), name="cancel_waiting"),
        ]
