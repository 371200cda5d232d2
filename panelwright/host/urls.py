"""All addresses of the operators' host. Those of panels are not among them."""

from __future__ import annotations

from django.urls import include, path

from panelwright.host.doors import guarded
from panelwright.host.pages import SITE
from panelwright.ui.pages import register
from panelwright.ui.views import asset

register(SITE)
_pages = [path(page.path, guarded(page), dict(page.arguments), name=page.name) for page in SITE.pages]
urlpatterns = [
    # Where the tags of all sites look for style sheets and scripts.
    path("static/", include(([path("<str:name>", asset, name="asset")], "ui"))),
    path("", include((_pages, SITE.name))),
]

handler404 = "panelwright.host.doors.not_found"
