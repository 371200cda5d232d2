"""The URLs of a site, out of its pages; each view behind the guard that its page names."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path, register_converter

from panelwright.ui import auth, standing_in
from panelwright.ui.hidden import HiddenId
from panelwright.ui.pages import Site, SitePage, View, Who, register

register_converter(HiddenId, "hidden")

_GUARDS = {Who.USERS: auth.users_only, Who.CUSTOMERS: auth.customers_only}


def urls(site: Site) -> list[URLPattern]:
    """Register the site, and answer its URL patterns."""
    register(site)
    return [_route(page) for page in site.pages]


def _route(page: SitePage) -> URLPattern:
    route = re_path if page.path.startswith("^") else path
    return route(page.path, _guarded(page), dict(page.arguments), name=page.name)


def _guarded(page: SitePage) -> View:
    return standing_in.guarded(page, _for_whom(page))


def _for_whom(page: SitePage) -> View:
    if page.who is Who.STAFF:
        return auth.staff_only(page)
    guard = _GUARDS.get(page.who)
    return page.view if guard is None else guard(page.view)
