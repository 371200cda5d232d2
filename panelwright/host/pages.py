"""The registry of the operators' pages. They stand on a host of their own, and every one but the log-in is for
operators alone: there are no rights among them."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.host import blocks, doors, health, views
from panelwright.ui.pages import Answer, Menu, Site, SitePage, Who

# No other address begins so: a panel may have any slug.
_SLUG = "panels/<slug:slug>"

SITE = Site(
    "host",
    (
        SitePage("login", "login", doors.login, Who.EVERYBODY),
        SitePage("logout", "logout", doors.logout, Who.EVERYBODY, Answer.ACTION),
        SitePage(
            "panels",
            "",
            views.panels,
            Who.OPERATORS,
            menus=(Menu("host", gettext_noop("Panels"), "grid"),),
            samples=("/", "/?q=shop&state=open", "/?state=suspended", "/?q=nothing-like-it"),
        ),
        SitePage("panel_new", "create-panel", views.panel_new, Who.OPERATORS, under="panels"),
        SitePage("panel", _SLUG, views.panel, Who.OPERATORS, under="panels", samples=("/panels/{panel}",)),
        SitePage(
            "panel_suspend",
            f"{_SLUG}/suspend",
            views.panel_suspend,
            Who.OPERATORS,
            Answer.ACTION,
            under="panel",
            samples=("/panels/{panel}/suspend",),
        ),
        SitePage(
            "panel_resume",
            f"{_SLUG}/resume",
            views.panel_resume,
            Who.OPERATORS,
            Answer.ACTION,
            under="panel",
            samples=("/panels/{panel}/resume",),
        ),
        SitePage(
            "domain_confirm",
            f"{_SLUG}/domains/<int:target>/confirm",
            views.domain_confirm,
            Who.OPERATORS,
            Answer.ACTION,
            under="panel",
            samples=("/panels/{panel}/domains/{domain}/confirm",),
        ),
        SitePage(
            "panel_enter",
            f"{_SLUG}/enter",
            views.panel_enter,
            Who.OPERATORS,
            Answer.ACTION,
            under="panel",
            samples=("/panels/{panel}/enter",),
        ),
        SitePage(
            "health",
            "health",
            health.health,
            Who.OPERATORS,
            menus=(Menu("host", gettext_noop("Health"), "heart"),),
        ),
        SitePage(
            "blocks",
            "blocks",
            blocks.blocks,
            Who.OPERATORS,
            menus=(Menu("host", gettext_noop("Blocks"), "ban"),),
            samples=("/blocks", "/blocks?q=example&try=https://example.com/x"),
        ),
        SitePage("block_remove", "blocks/remove", blocks.block_remove, Who.OPERATORS, Answer.ACTION, under="blocks"),
        SitePage(
            "trail",
            "trail",
            views.trail,
            Who.OPERATORS,
            menus=(Menu("host", gettext_noop("Audit trail"), "list"),),
        ),
        SitePage(
            "operators",
            "operators",
            views.operators,
            Who.OPERATORS,
            menus=(Menu("host", gettext_noop("Operators"), "people"),),
        ),
        SitePage("end_others", "operators/end-others", views.end_others, Who.OPERATORS, Answer.ACTION),
    ),
    of_host=True,
)
