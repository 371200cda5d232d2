"""The tenant: a panel and the hosts that it answers on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core.scoped import ScopedManager


class RefillStatusKey(models.TextChoices):
    """How `refill_status` of one refill is spelt: {"status":…} or, as P1 does, {"refill":…}."""

    STATUS = "status"
    REFILL = "refill"


class Guard(models.TextChoices):
    """What happens to a service that a change of its provider's rate would make cost more than it brings."""

    PAUSE = "pause"  # it is not sold until a person looks at it
    REPRICE = "reprice"  # its rate is raised to what the panel's rule asks for


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
    # Raised by every change of what may be ordered for: of the blocks of this panel or of the host, and of the
    # panel's own patterns of links. What a process has compiled of them is good for one version.
    blocks_version = models.BigIntegerField(default=1, db_default=1)
    # No service is sold below its provider's rate and so many hundredths of a percent of it.
    guard = models.CharField(max_length=7, choices=Guard.choices, default=Guard.PAUSE, db_default="pause")
    guard_percent_e2 = models.PositiveIntegerField(default=0, db_default=0)
    # The angle of its colour on the OKLCH wheel, 0 to 359; null: one by its slug.
    hue = models.PositiveSmallIntegerField(null=True)
    # The version of its logo; empty: it has none. The picture itself is in PanelLogo.
    logo_version = models.CharField(max_length=16, default="", db_default="", blank=True)
    # Staff without a second factor may do nothing but turn it on.
    staff_factor_required = models.BooleanField(default=False, db_default=False)
    # Closed for maintenance: visitors and customers read the text of their language (null: there is none). Staff work
    # on, and so do programs.
    maintenance = models.BooleanField(default=False, db_default=False)
    maintenance_texts = models.JSONField(null=True)
    # Whether strangers may make an account themselves, and have to agree to the panel's terms for it.
    signup_open = models.BooleanField(default=True, db_default=True)
    signup_terms = models.BooleanField(default=False, db_default=False)
    # Whether customers may have links by which they earn from whom they bring (promotions/affiliate_actions.py).
    affiliates = models.BooleanField(default=False, db_default=False)
    # Whose days and hours reports and lists mean, a name of the tz database.
    timezone = models.CharField(max_length=50, default="UTC", db_default="UTC")
    enabled = models.BooleanField(default=True)
    # Whoever runs the installation has stopped it: nothing new is ordered, and only staff see its pages. What was
    # ordered before is delivered and followed.
    suspended_at = models.DateTimeField(null=True)
    suspended_reason = models.CharField(max_length=300, default="", db_default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True, suspended_reason="")
                | (Q(suspended_at__isnull=False) & ~Q(suspended_reason="")),
                name="panel_suspended_why",
            ),
            models.CheckConstraint(condition=Q(hue__isnull=True) | Q(hue__lt=360), name="panel_hue"),
            models.CheckConstraint(condition=Q(refill_status_key__in=RefillStatusKey.values), name="panel_refill_key"),
            models.CheckConstraint(condition=Q(guard__in=Guard.values), name="panel_guard"),
        ]

    def __str__(self) -> str:
        return self.name


class Arrival(models.TextChoices):
    """What a request to a panel's host came to: whether it arrived here, or what is wrong."""

    UNKNOWN = ""  # nobody has looked
    ARRIVES = "arrives"
    NO_HTTPS = "no_https"  # it arrives by plain HTTP only
    NO_NAME = "no_name"  # the host has no address
    PRIVATE = "private"  # it has one that is not on the public internet
    CERTIFICATE = "certificate"
    NO_ANSWER = "no_answer"
    NO_CONNECTION = "no_connection"
    ELSEWHERE = "elsewhere"  # something else answered


class Domain(models.Model):
    """A host and port that a panel answers on.

    host "*" with a port means: whatever host the client wrote, on this port of ours.
    port 0 means: whatever port, with this host.
    """

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, related_name="domains")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=0)
    # Without it the panel does not answer there: staff have added it on an installation of several panels, and nothing
    # proves that it is theirs. Its operator says so.
    confirmed = models.BooleanField(default=True, db_default=True)
    # What the last check found, and when it was made.
    arrives = models.CharField(max_length=13, choices=Arrival.choices, default="", db_default="", blank=True)
    checked_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            # A host leads to one panel only: the one unique key that is not per panel.
            models.UniqueConstraint(fields=["host", "port"], condition=Q(confirmed=True), name="domain_answers"),
            models.UniqueConstraint(fields=["panel", "host", "port"], name="domain_panel_host_port"),
            models.CheckConstraint(condition=Q(arrives__in=Arrival.values), name="domain_arrives"),
            models.CheckConstraint(condition=~Q(host="*") | Q(port__gt=0), name="domain_star_has_port"),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


class Noun(models.TextChoices):
    """What a panel numbers. Nobody outside sees an id: ids run through all panels of the installation."""

    ORDER = "order"
    REFILL = "refill"
    TICKET = "ticket"
    PAYMENT = "payment"
    CUSTOMER = "customer"
    BULK = "bulk"  # bulk work


class Numbering(models.Model):
    """How far a panel has given out the numbers of a noun; no row: none yet. See numbers.py."""

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, db_index=False)
    noun = models.CharField(max_length=10, choices=Noun.choices)
    # Every number below it is given out, or was left out for good.
    next_number = models.BigIntegerField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "noun"], name="numbering_panel_noun"),
            models.CheckConstraint(condition=Q(noun__in=Noun.values), name="numbering_noun"),
            models.CheckConstraint(condition=Q(next_number__gte=1), name="numbering_next"),
        ]


class PanelLogo(models.Model):
    """A panel's logo: apart from the panel, which every request reads."""

    panel = models.OneToOneField(Panel, primary_key=True, on_delete=models.CASCADE)
    content_type = models.CharField(max_length=20)
    body = models.BinaryField()

    objects = ScopedManager(panel="panel")


class BlockKind(models.TextChoices):
    """How a block's text is compared. The first three speak of targets, the last one of words."""

    EXACT = "exact"  # the whole target
    DOMAIN = "domain"  # the target's host, or any host below it
    PATTERN = "pattern"  # the whole target, where * stands for anything
    WORD = "word"  # a word or phrase in comments, keywords and other texts


class AnyBlock(models.Model):
    """What may not be ordered for. `text` is kept as it is compared: see panels/blocks.py."""

    kind = models.CharField(max_length=7, choices=BlockKind.choices)
    text = models.CharField(max_length=500)
    note = models.CharField(max_length=300, default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Block(AnyBlock):
    """A panel's own block."""

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, db_index=False)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "kind", "text"], name="block_panel_kind_text"),
            models.CheckConstraint(condition=Q(kind__in=BlockKind.values) & ~Q(text=""), name="block_kind_text"),
        ]
        indexes = [models.Index(fields=["panel", "id"], name="block_panel")]


class HostBlock(AnyBlock):
    """A block of the host's, which stands for every panel of the installation."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "text"], name="host_block_kind_text"),
            models.CheckConstraint(
                condition=Q(kind__in=BlockKind.values) & ~Q(text=""), name="host_block_kind_text_ok"
            ),
        ]
