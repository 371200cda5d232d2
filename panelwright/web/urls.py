"""The addresses of the pages. /api/v2 is not here: asgi.py answers it before Django is asked."""

from __future__ import annotations

from django.urls import path, re_path

from panelwright.web import views

urlpatterns = [
    path("", views.home, name="home"),
    re_path(r"^api/?$", views.api, name="api"),
    path("static/<str:name>", views.asset, name="asset"),
]
