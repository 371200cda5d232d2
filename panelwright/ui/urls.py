"""The addresses that every site has: log in, assets, the panel's look."""

from __future__ import annotations

from panelwright.ui import auth, views
from panelwright.ui.pages import Answer, Page, Site, Who
from panelwright.ui.routes import urls

SITE = Site(
    "ui",
    (
        Page("login", "login", auth.login, Who.EVERYBODY),
        Page("logout", "logout", auth.logout, Who.EVERYBODY, Answer.ACTION),
        Page("signup", "signup", auth.signup, Who.EVERYBODY),
        Page(
            "confirm_signup",
            "signup/<str:token>",
            auth.confirm_signup,
            Who.EVERYBODY,
            samples=("/signup/{signup_token}", "/signup/old-link"),
        ),
        Page("reset", "reset", auth.reset, Who.EVERYBODY),
        Page(
            "reset_password",
            "reset/<str:token>",
            auth.reset_password,
            Who.EVERYBODY,
            samples=("/reset/{reset_token}",),
        ),
        Page("inside", "inside", auth.inside, Who.USERS, Answer.LEADS_ON),
        Page(
            "confirm_email",
            "account/email/<str:token>",
            auth.confirm_email,
            Who.EVERYBODY,
            samples=("/account/email/{email_token}",),
        ),
        Page("theme", "theme.css", views.theme, Who.EVERYBODY, Answer.FILE),
        Page("logo", "logo", views.logo, Who.EVERYBODY, Answer.FILE),
        Page("asset", "static/<str:name>", views.asset, Who.EVERYBODY, Answer.FILE),
    ),
)
app_name = SITE.name
urlpatterns = urls(SITE)
