"""The pages of a panel's settings, for the registry (pages.py)."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.backoffice import notices, panel_settings, payments
from panelwright.staff.rights import Right
from panelwright.ui.pages import Menu, SitePage, Who

SETTINGS = (
    SitePage(
        "settings",
        "admin/settings",
        panel_settings.settings,
        Who.STAFF,
        menus=(
            Menu("office", gettext_noop("Settings"), "sliders"),
            Menu("office_settings", gettext_noop("Settings")),
        ),
        right=Right.SETTINGS,
    ),
    SitePage(
        "domains",
        "admin/settings/domains",
        panel_settings.domains,
        Who.STAFF,
        menus=(Menu("office_settings", gettext_noop("Domains")),),
        under="settings",
        right=Right.SETTINGS,
    ),
    SitePage(
        "payment_methods",
        "admin/payment-methods",
        payments.methods,
        Who.STAFF,
        menus=(
            Menu("office_payments", gettext_noop("Payment methods")),
            Menu("office_settings", gettext_noop("Payment methods")),
        ),
        under="payments",
        right=Right.SETTINGS,
    ),
    SitePage(
        "notices",
        "admin/settings/notices",
        notices.notices,
        Who.STAFF,
        menus=(Menu("office_settings", gettext_noop("Notices")),),
        under="settings",
        right=Right.SETTINGS,
    ),
    SitePage(
        "webhooks",
        "admin/settings/webhooks",
        notices.webhooks,
        Who.STAFF,
        menus=(Menu("office_settings", gettext_noop("Webhooks")),),
        under="settings",
        right=Right.SETTINGS,
    ),
    SitePage(
        "webhook",
        "admin/settings/webhooks/<int:target>",
        notices.webhook,
        Who.STAFF,
        under="webhooks",
        samples=("/admin/settings/webhooks/{panel_webhook}", "/admin/settings/webhooks/{panel_webhook}?show=failed"),
        right=Right.SETTINGS,
    ),
)
