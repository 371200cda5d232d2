"""All addresses but /api/v2, which asgi.py answers before Django is asked."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/staff/v1/", include("panelwright.api.staff_urls")),
    path("", include("panelwright.web.urls")),
]

handler404 = "panelwright.web.views.not_found"
