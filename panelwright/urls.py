"""All addresses but /api/v2, which asgi.py answers before Django is asked."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/staff/v1/", include("panelwright.api.staff_urls")),
    path("", include("panelwright.ui.urls")),
    path("", include("panelwright.backoffice.urls")),
    path("", include("panelwright.storefront.urls")),
]

handler404 = "panelwright.ui.views.not_found"
