"""The addresses that every site has: log in, assets, the panel's look."""

from __future__ import annotations

from panelwright.panels import arrivals
from panelwright.ui import auth, unsubscribing, views
from panelwright.ui.pages import Answer, AsCustomer, Site, SitePage, Who
from panelwright.ui.routes import urls

SITE = Site(
    "ui",
    (
        SitePage("login", "login", auth.login, Who.EVERYBODY),
        SitePage("logout", "logout", auth.logout, Who.EVERYBODY, Answer.ACTION, as_customer=AsCustomer.ACT),
        SitePage("signup", "signup", auth.signup, Who.EVERYBODY),
        SitePage(
            "confirm_signup",
            "signup/<str:token>",
            auth.confirm_signup,
            Who.EVERYBODY,
            samples=("/signup/{signup_token}", "/signup/old-link"),
        ),
        SitePage("reset", "reset", auth.reset, Who.EVERYBODY),
        SitePage(
            "reset_password",
            "reset/<str:token>",
            auth.reset_password,
            Who.EVERYBODY,
            samples=("/reset/{reset_token}",),
        ),
        SitePage(
            "invitation",
            "invitation/<str:token>",
            auth.invitation,
            Who.EVERYBODY,
            samples=("/invitation/old-link",),
        ),
        SitePage(
            "panel_enter",
            "panel-enter/<str:token>",
            auth.panel_enter,
            Who.EVERYBODY,
            samples=("/panel-enter/old-link",),
        ),
        SitePage(
            "host_enter",
            "host-enter/<str:token>",
            auth.host_enter,
            Who.EVERYBODY,
            samples=("/host-enter/old-link",),
        ),
        SitePage(
            "unsubscribe",
            "unsubscribe/<str:token>",
            unsubscribing.unsubscribe,
            Who.EVERYBODY,
            samples=("/unsubscribe/{unsubscribe_token}",),
        ),
        SitePage("inside", "inside", auth.inside, Who.USERS, Answer.LEADS_ON),
        SitePage(
            "confirm_email",
            "account/email/<str:token>",
            auth.confirm_email,
            Who.EVERYBODY,
            samples=("/account/email/{email_token}",),
        ),
        SitePage("theme", "theme.css", views.theme, Who.EVERYBODY, Answer.FILE),
        SitePage("logo", "logo", views.logo, Who.EVERYBODY, Answer.FILE),
        SitePage(
            "arrival",
            arrivals.PATH.removeprefix("/"),
            views.arrival,
            Who.EVERYBODY,
            Answer.PROGRAM,
            samples=(f"{arrivals.PATH}?nonce={'0' * 32}",),
        ),
        SitePage("asset", "static/<str:name>", views.asset, Who.EVERYBODY, Answer.FILE),
    ),
)
app_name = SITE.name
urlpatterns = urls(SITE)
