"""Pages of reports."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.backoffice import reports
from panelwright.staff.rights import Right
from panelwright.ui.pages import Answer, Menu, SitePage, Who

REPORTS = (
    SitePage(
        "reports",
        "admin/reports",
        reports.sales,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Reports"), "chart"), Menu("office_reports", gettext_noop("Sales"))),
        samples=(
            "/admin/reports",
            "/admin/reports?period=365&by=service&compare=yes",
            "/admin/reports?period=7&by=category&draw=profit",
            "/admin/reports?period=today&by=customer",
            "/admin/reports?period=month&by=provider",
            "/admin/reports?customer=1001&by=service",
            "/admin/reports?source=api",
        ),
        right=Right.REPORTS,
    ),
    *(
        SitePage(
            f"report_{name}",
            f"admin/reports/{name}",
            view,
            Who.STAFF,
            menus=(Menu("office_reports", label),),
            under="reports",
            samples=samples or (f"/admin/reports/{name}",),
            right=Right.REPORTS,
            also=also,
        )
        for name, view, label, also, samples in (
            (
                "year",
                reports.year,
                gettext_noop("Year"),
                None,
                ("/admin/reports/year", "/admin/reports/year?measure=orders&source=web"),
            ),
            ("customers", reports.customers, gettext_noop("Customers"), None, ()),
            ("payments", reports.payments, gettext_noop("Payments"), Right.PAYMENTS, ()),
            ("providers", reports.providers, gettext_noop("Providers"), Right.PROVIDERS, ()),
            ("services", reports.services, gettext_noop("Service health"), None, ()),
            ("staff", reports.staff, gettext_noop("Staff"), Right.STAFF, ()),
            ("support", reports.support, gettext_noop("Support"), Right.SUPPORT, ()),
        )
    ),
    SitePage(
        "refunds",
        "admin/refunds",
        reports.refunds,
        Who.STAFF,
        under="reports",
        samples=("/admin/refunds", "/admin/refunds?span=2026-05-04"),
        right=Right.ORDERS_READ,
    ),
    SitePage(
        "report_csv",
        "admin/reports/<slug:name>.csv",
        reports.file,
        Who.STAFF,
        Answer.FILE,
        under="reports",
        samples=("/admin/reports/sales.csv", "/admin/reports/services.csv?period=90"),
        right=Right.REPORTS,
        also=Right.EXPORTS,
    ),
)
