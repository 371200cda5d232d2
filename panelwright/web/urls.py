"""The addresses of the pages. /api/v2 is not here: asgi.py answers it before Django is asked."""

from __future__ import annotations

from django.urls import path, re_path

from panelwright.web import hooks, views

urlpatterns = [
    path("", views.home, name="home"),
    re_path(r"^api/?$", views.api, name="api"),
    re_path(r"^hooks/posts/([0-9]{1,18})$", hooks.posts, name="hook_posts"),
    path("static/<str:name>", views.asset, name="asset"),
]
