"""What a panel's staff write for its visitors: free pages and announcements. Bodies are Markdown."""

from __future__ import annotations

from datetime import UTC

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from panelwright.core import limits
from panelwright.core.scoped import ScopedManager
from panelwright.panels.models import Panel

TITLE_MAX = 200
# The version of a page that is not written yet.
NOT_WRITTEN = "none"


class Page(models.Model):
    """One page in one language. The slugs `terms` and `faq` stand in place of the texts that come with us."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    slug = models.CharField(max_length=60)
    language = models.CharField(max_length=10)
    title = models.CharField(max_length=TITLE_MAX)
    body = models.TextField()
    # Linked from every page, in the order of positions.
    in_menu = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "slug", "language"], name="page_panel_slug_language"),
            models.CheckConstraint(condition=~Q(slug="") & ~Q(title=""), name="page_slug_title"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("body"), limits.PAGE_CHARS_MAX), name="page_body_max"
            ),
        ]

    @property
    def version(self) -> str:
        """Another one with each writing; what was read before says by it whether it still stands so."""
        return f"{self.updated_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


class BannerKind(models.TextChoices):
    NONE = ""
    INFO = "info"
    WARNING = "warning"


class Announcement(models.Model):
    """What staff tell their customers. `language` empty: whatever language they read.

    With `banner` it stands over the pages where customers order, too, from `banner_from` (None: at once) until
    `banner_until` (None: without end). What is withdrawn only staff see.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    title = models.CharField(max_length=TITLE_MAX)
    body = models.TextField()
    language = models.CharField(max_length=10, default="", blank=True)
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    banner = models.CharField(max_length=10, choices=BannerKind, default=BannerKind.NONE, blank=True)
    banner_from = models.DateTimeField(null=True)
    banner_until = models.DateTimeField(null=True)
    # Goes up with each writing.
    version = models.IntegerField(default=1)
    # Who wrote it, for staff; customers are not told.
    by = models.CharField(max_length=200)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="announcement_title"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("body"), limits.ANNOUNCEMENT_CHARS_MAX), name="announcement_body_max"
            ),
            models.CheckConstraint(condition=Q(banner__in=BannerKind.values), name="announcement_banner"),
            models.CheckConstraint(
                condition=Q(banner_from__isnull=True)
                | Q(banner_until__isnull=True)
                | Q(banner_until__gt=F("banner_from")),
                name="announcement_banner_span",
            ),
        ]
        indexes = [
            models.Index(fields=["panel", "id"], name="announcement_panel"),
            # Asked for with each page where customers order: most announcements are no banner.
            models.Index(
                fields=["panel", "id"],
                condition=Q(withdrawn_at__isnull=True) & ~Q(banner=""),
                name="announcement_banners",
            ),
        ]
