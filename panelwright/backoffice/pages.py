"""The pages of owner and staff, under /admin/ on the panel's own address. Each declared staff action is one."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_noop

from panelwright.backoffice import (
    acting,
    bulk,
    home,
    importing,
    lists,
    my_panels,
    panel,
    search,
    services,
    staff_pages,
)
from panelwright.backoffice.content_pages import CONTENT
from panelwright.backoffice.report_pages import REPORTS
from panelwright.backoffice.settings_pages import SETTINGS
from panelwright.backoffice.work_pages import CUSTOMERS, ORDERS, SUPPORT
from panelwright.staff import registry
from panelwright.staff.action import Action
from panelwright.staff.lists import StaffList, all_lists, named
from panelwright.staff.rights import Right
from panelwright.ui.pages import Answer, Menu, Site, SitePage, Who

_HOME = (
    SitePage(
        "home",
        "admin/",
        home.home,
        Who.STAFF,
        # Of the storefront's own menu, too: there staff find the way back.
        menus=(Menu("office", gettext_noop("Home"), "home"), Menu("own", gettext_noop("Back office"), "grid")),
        start=True,
    ),
    SitePage(
        "search",
        "admin/search",
        search.search,
        Who.STAFF,
        samples=("/admin/search", "/admin/search?q=1001", "/admin/search?q=carol"),
    ),
)

_PANEL = (
    SitePage(
        "services",
        "admin/services",
        services.services,
        Who.STAFF,
        menus=(
            Menu("office", gettext_noop("Services"), "grid"),
            Menu("office_services", gettext_noop("Services")),
        ),
        samples=("/admin/services", "/admin/services?state=off", "/admin/services?q=nothing+like+it"),
        right=Right.SERVICES,
    ),
    SitePage(
        "arrange",
        "admin/services/order",
        services.arrange,
        Who.STAFF,
        menus=(Menu("office_services", gettext_noop("Order and categories")),),
        under="services",
        right=Right.SERVICES,
    ),
    SitePage(
        "prices",
        "admin/services/prices",
        services.prices,
        Who.STAFF,
        menus=(Menu("office_services", gettext_noop("Change prices")),),
        under="services",
        samples=("/admin/services/prices", "/admin/services/prices?percent=5&round_to=10000"),
        right=Right.PRICES,
        also=Right.SERVICES,
    ),
    SitePage(
        "importing",
        "admin/services/import",
        importing.importing,
        Who.STAFF,
        under="services",
        samples=("/admin/services/import", "/admin/services/import?provider={api_provider}"),
        right=Right.SERVICES,
    ),
    SitePage(
        "changes",
        "admin/services/changes",
        services.changes,
        Who.STAFF,
        menus=(Menu("office_services", gettext_noop("Changes")),),
        under="services",
        right=Right.SERVICES,
    ),
    SitePage(
        "compare",
        "admin/services/compare",
        services.compare,
        Who.STAFF,
        menus=(Menu("office_services", gettext_noop("Compare providers")),),
        under="services",
        right=Right.SERVICES,
    ),
    SitePage(
        "service",
        "admin/services/<int:target>",
        services.service,
        Who.STAFF,
        under="services",
        samples=("/admin/services/{service}",),
        right=Right.SERVICES,
    ),
    SitePage(
        "held",
        "admin/held",
        panel.held,
        Who.STAFF,
        menus=(Menu("office_services", gettext_noop("On hold")),),
        under="services",
        right=Right.SERVICES,
    ),
    SitePage(
        "providers",
        "admin/providers",
        panel.providers,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Providers"), "server"),),
        right=Right.PROVIDERS,
    ),
    SitePage(
        "provider",
        "admin/providers/<int:target>",
        panel.provider,
        Who.STAFF,
        under="providers",
        samples=("/admin/providers/{provider}",),
        right=Right.PROVIDERS,
    ),
    SitePage(
        "blocks",
        "admin/blocks",
        panel.blocks,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Blocks"), "ban"),),
        samples=("/admin/blocks", "/admin/blocks?kind=word&q=x"),
        right=Right.SETTINGS,
    ),
    *CONTENT,
    *REPORTS,
    SitePage(
        "staff",
        "admin/staff",
        staff_pages.staff,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Staff"), "shield"),),
        right=Right.STAFF,
    ),
    SitePage(
        "staff_member",
        "admin/staff/<int:target>",
        staff_pages.member,
        Who.STAFF,
        under="staff",
        samples=("/admin/staff/{staff}",),
        right=Right.STAFF,
    ),
    SitePage(
        "bulk",
        "admin/bulk",
        bulk.works,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Bulk actions"), "many"),),
        samples=("/admin/bulk", "/admin/bulk?state=running"),
    ),
    SitePage(
        "bulk_work",
        "admin/bulk/<int:target>",
        bulk.work,
        Who.STAFF,
        under="bulk",
        samples=("/admin/bulk/{bulk}",),
    ),
    *SETTINGS,
    SitePage(
        "trail",
        "admin/trail",
        staff_pages.trail,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Audit trail"), "clock"),),
        samples=("/admin/trail", "/admin/trail?noun=service&object=1&since=2026-05-04"),
        right=Right.STAFF,
    ),
)

# Noun -> the page in whose menu entry its actions are found.
_UNDER = {**acting.ALL, "view": "home"}


def _actions() -> Iterator[SitePage]:
    """Each action's form, behind the right that the action names. What an operator of the host does has none here."""
    for action in registry.actions().values():
        if not action.for_operators:
            yield _action(action)


def _action(action: Action) -> SitePage:
    noun = action.noun
    where = (
        f"admin/{noun.plural}/<int:target>/{action.verb}" if action.on_target else f"admin/{noun.plural}/{action.verb}"
    )
    sample = f"/admin/{noun.plural}/{{{noun.name}}}/{action.verb}" if action.on_target else f"/{where}"
    return SitePage(
        action.name.replace(".", "_"),
        where,
        acting.act,
        Who.STAFF,
        under=_UNDER.get(noun.name, ""),
        samples=(sample,),
        arguments={"name": action.name},
        right=action.right,
    )


def _files() -> Iterator[SitePage]:
    """Each list that has a page as a file of the same filters."""
    for of in (*_shown(), named("bulk_misses")):
        yield SitePage(
            f"{of.name}_csv",
            f"admin/{of.name}.csv",
            lists.file,
            Who.STAFF,
            Answer.FILE,
            arguments={"name": of.name},
            right=Right.EXPORTS,
            also=of.right,
        )


def _shown() -> Iterator[StaffList]:
    """The lists that have a page."""
    for page in (*ORDERS, *SUPPORT, *CUSTOMERS, *_PANEL):
        of = all_lists().get(page.name)
        if of is not None:
            yield of


def _bulk() -> Iterator[SitePage]:
    """For each list with boxes before its rows: each action that may be done to many, behind the rights to both, and
    the numbers of the selected rows."""
    for of in (*_shown(), named("changes")):
        under = of.name if of.name != "changes" else "bulk"
        for action in of.bulk:
            yield SitePage(
                bulk.page_name(of, action),
                f"admin/{of.name}/bulk/{action.verb}",
                bulk.act,
                Who.STAFF,
                under=under,
                samples=(f"/admin/{of.name}/bulk/{action.verb}?all=1",),
                arguments={"name": action.name, "of": of.name},
                right=action.right,
                also=of.right,
            )
        if of.bulk and under == of.name:
            yield SitePage(
                f"{of.name}_ids",
                f"admin/{of.name}/ids",
                bulk.ids,
                Who.STAFF,
                under=of.name,
                samples=(f"/admin/{of.name}/ids?all=1",),
                arguments={"name": of.name},
                right=of.right,
            )


_ALL = (*_HOME, *ORDERS, *SUPPORT, *CUSTOMERS, *_PANEL, *my_panels.PAGES, *_files(), *_bulk(), *_actions())
SITE = Site("backoffice", _ALL)
