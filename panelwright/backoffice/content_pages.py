"""Pages of what a panel tells everybody: free pages, announcements."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.backoffice import announcements, content
from panelwright.staff.rights import Right
from panelwright.ui.pages import Menu, SitePage, Who

CONTENT = (
    SitePage(
        "content",
        "admin/content",
        content.pages,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Content"), "words"), Menu("office_content", gettext_noop("Pages"))),
        right=Right.CONTENT,
    ),
    SitePage(
        "content_new",
        "admin/content/new",
        content.new_page,
        Who.STAFF,
        under="content",
        right=Right.CONTENT,
    ),
    SitePage(
        "content_page",
        r"^admin/content/pages/(?P<slug>[a-z0-9][a-z0-9-]{0,59})$",
        content.page,
        Who.STAFF,
        under="content",
        samples=("/admin/content/pages/terms", "/admin/content/pages/faq?own=1", "/admin/content/pages/{page}"),
        right=Right.CONTENT,
    ),
    SitePage(
        "announcements",
        "admin/content/announcements",
        announcements.announcements,
        Who.STAFF,
        menus=(Menu("office_content", gettext_noop("Announcements")),),
        under="content",
        samples=("/admin/content/announcements", "/admin/content/announcements?show=banner"),
        right=Right.CONTENT,
    ),
    SitePage(
        "announcement_new",
        "admin/content/announcements/new",
        announcements.new_announcement,
        Who.STAFF,
        under="announcements",
        right=Right.CONTENT,
    ),
    SitePage(
        "announcement",
        "admin/content/announcements/<int:target>",
        announcements.announcement,
        Who.STAFF,
        under="announcements",
        samples=("/admin/content/announcements/{announcement}",),
        right=Right.CONTENT,
    ),
)
