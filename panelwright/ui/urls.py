"""The addresses that every site has: log in, assets, the panel's look."""

from __future__ import annotations

from django.urls import path

from panelwright.ui import auth, views

app_name = "ui"
urlpatterns = [
    path("login", auth.login, name="login"),
    path("logout", auth.logout, name="logout"),
    path("signup", auth.signup, name="signup"),
    path("signup/<str:token>", auth.confirm_signup, name="confirm_signup"),
    path("reset", auth.reset, name="reset"),
    path("reset/<str:token>", auth.reset_password, name="reset_password"),
    path("inside", auth.inside, name="inside"),
    path("account/email/<str:token>", auth.confirm_email, name="confirm_email"),
    path("theme.css", views.theme, name="theme"),
    path("logo", views.logo, name="logo"),
    path("static/<str:name>", views.asset, name="asset"),
]
