"""The e-mails about accounts. Plain text, in the language of whom they are for."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_scopes import scope

from panelwright.customers.models import Customer, User
from panelwright.events.delivery_actions import Stopped
from panelwright.events.mail import queue_mail
from panelwright.panels.models import Panel

# What a user may switch off; everything else is about her account's safety and always sent.
OPTIONAL = {
    "login": gettext_noop("Somebody logs in with my account from a new browser"),
    "ticket": gettext_noop("A ticket of mine is answered"),
    "webhook": gettext_noop("A webhook of mine is switched off because it fails"),
}


def wants(user: User, kind: str) -> bool:
    return kind not in user.mails_off.split(",")


def sign_up(panel: Panel, *, to: str, language: str, link: str, now: datetime) -> None:
    with translation.override(language):
        _send(
            panel,
            to,
            _("Confirm your e-mail address"),
            _(
                "Somebody, hopefully you, signed up at %(panel)s with this e-mail address.\n\n"
                "Open this link to confirm it and to log in. It works once, for 24 hours:\n%(link)s\n\n"
                "If it was not you, do nothing: no account is made."
            )
            % {"panel": panel.name, "link": link},
            kind="sign-up",
            now=now,
        )


def signed_up_before(panel: Panel, *, to: str, language: str, link: str, now: datetime) -> None:
    with translation.override(language):
        _send(
            panel,
            to,
            _("You have an account already"),
            _(
                "Somebody, hopefully you, tried to sign up at %(panel)s with this e-mail address, which has an"
                " account there already.\n\nLog in as always. If you forgot the password, choose a new one:\n%(link)s"
                "\n\nIf it was not you, do nothing."
            )
            % {"panel": panel.name, "link": link},
            kind="sign-up",
            now=now,
        )


def reset(panel: Panel, *, to: str, language: str, link: str, now: datetime) -> None:
    with translation.override(language):
        _send(
            panel,
            to,
            _("Choose a new password"),
            _(
                "Somebody, hopefully you, asked for a new password at %(panel)s.\n\n"
                "Choose it here. The link works once, for one hour:\n%(link)s\n\n"
                "If it was not you, do nothing: the password stays as it is."
            )
            % {"panel": panel.name, "link": link},
            kind="reset",
            now=now,
        )


def new_email(panel: Panel, *, to: str, language: str, link: str, now: datetime) -> None:
    with translation.override(language):
        _send(
            panel,
            to,
            _("Confirm your new e-mail address"),
            _(
                "This address is to become the one of an account at %(panel)s.\n\n"
                "Open this link to confirm it. It works once, for 24 hours:\n%(link)s\n\n"
                "If it was not you, do nothing."
            )
            % {"panel": panel.name, "link": link},
            kind="new-email",
            now=now,
        )


def changed(user: User, what: str, *, to: str, keys_link: str, now: datetime) -> None:
    """`what`: password, email, second-factor-on, second-factor-off. Sent to the address before the change.

    Keys go on working after a new password: a customer is told where to revoke them (`keys_link`; empty: the
    panel knows no safe address of itself).
    """
    with translation.override(_language(user)):
        subjects = {
            "password": _("Your password was changed"),
            "email": _("Your e-mail address was changed"),
            "second-factor-on": _("The second factor was switched on"),
            "second-factor-off": _("The second factor was switched off"),
        }
        _send(
            user.panel,
            to,
            subjects[what],
            _(
                "%(what)s, at %(panel)s.\n\nIf it was not you, choose a new password at once, and write to the panel's"
                " support."
            )
            % {"what": subjects[what], "panel": user.panel.name}
            + (_revoking(keys_link) if what != "email" and _is_customer(user) else ""),
            kind="account",
            now=now,
        )


def _is_customer(user: User) -> bool:
    return Customer.objects.filter(panel_id=user.panel_id, user=user).exists()


def _revoking(link: str) -> str:
    if not link:
        return "\n\n" + _(
            "Your API keys still work. If someone else may know one, revoke it in your account, under API keys."
        )
    return "\n\n" + _("Your API keys still work. If someone else may know one, revoke it here:\n%(link)s") % {
        "link": link
    }


def new_browser(user: User, *, address: str, browser: str, now: datetime) -> None:
    if not wants(user, "login"):
        return
    with translation.override(_language(user)):
        _send(
            user.panel,
            user.email,
            _("A new browser logged in"),
            _(
                "Somebody logged in with your account at %(panel)s from a browser that we had not seen before.\n\n"
                "Address: %(address)s\nBrowser: %(browser)s\nTime: %(time)s UTC\n\n"
                "If it was you, all is well. If not, change your password: that ends every other session."
            )
            % {"panel": user.panel.name, "address": address, "browser": browser, "time": f"{now:%Y-%m-%d %H:%M}"},
            kind="login",
            now=now,
        )


def webhook_stopped(stopped: Stopped, now: datetime) -> None:
    """Inside the transaction that switches the webhook off, in a loop that serves all panels."""
    panel = Panel.objects.get(id=stopped.panel_id)
    with scope(panel=panel):
        customer = Customer.objects.filter(panel=panel, id=stopped.customer_id).select_related("user").first()
    if customer is None or not customer.user.is_active or not wants(customer.user, "webhook"):
        return
    user = customer.user
    with translation.override(user.language or panel.language):
        if stopped.why == "gone":
            reason = _("It answered that it is gone (410).")
        else:
            reason = _("For five days nothing could be delivered to it. The last time: %(problem)s.") % {
                "problem": stopped.problem
            }
        _send(
            panel,
            user.email,
            _("Your webhook is switched off"),
            _(
                "%(panel)s sends nothing more to your webhook %(url)s.\n\n%(reason)s\n\n"
                "When it works again, switch it on in your account, on the page of webhooks."
            )
            % {"panel": panel.name, "url": stopped.url, "reason": reason},
            kind="webhook",
            now=now,
        )


def _language(user: User) -> str:
    return user.language or user.panel.language


def _send(panel: Panel, to: str, subject: str, text: str, *, kind: str, now: datetime) -> None:
    queue_mail(panel_id=panel.id, to=to, subject=f"{panel.name}: {subject}", text=text, kind=kind, now=now)
