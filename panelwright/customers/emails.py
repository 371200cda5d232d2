"""The e-mails about accounts. Plain text, in the language of whom they are for."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_scopes import scope

from panelwright.core import said
from panelwright.customers.broadcasts import NEWS
from panelwright.customers.models import Customer, User
from panelwright.events.delivery_actions import Stopped
from panelwright.events.mail import queue_mail
from panelwright.panels.models import Panel

# What a user may switch off; everything else is about her account's safety and always sent.
OPTIONAL = {
    "login": gettext_noop("A new browser logs in to my account"),
    "ticket": gettext_noop("My ticket is answered"),
    "payment": gettext_noop("My payment is confirmed or rejected"),
    "subscription": gettext_noop("My subscription is paused"),
    "webhook": gettext_noop("My webhook is turned off because it keeps failing"),
    NEWS: gettext_noop("News and offers"),
}


def wants(user: User, kind: str) -> bool:
    return kind not in user.mails_off.split(",")


def sign_up(panel: Panel, *, to: str, language: str, link: str, now: datetime) -> None:
    with translation.override(language):
        _send(
            panel,
            to,
            _("Confirm your email address"),
            _(
                "Thank you for signing up at %(panel)s.\n\nOpen this link to confirm your address and log "
                "in. It works once, for 24 hours:\n%(link)s\n\nIf this was not you, ignore this email: no "
                "account is created."
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
            _("You already have an account"),
            _(
                "We received a request to sign up at %(panel)s with this email address, but you already "
                "have an account.\n\nLog in as usual. If you forgot your password, set a new one:\n"
                "%(link)s\n\nIf this was not you, ignore this email."
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
            _("Set a new password"),
            _(
                "We received a request to reset your password at %(panel)s.\n\nSet a new one here. The "
                "link works once, for one hour:\n%(link)s\n\nIf this was not you, ignore this email: your "
                "password stays the same."
            )
            % {"panel": panel.name, "link": link},
            kind="reset",
            now=now,
        )


def set_password(panel: Panel, *, to: str, language: str, link: str, now: datetime) -> None:
    """Staff had it sent."""
    with translation.override(language):
        _send(
            panel,
            to,
            _("Set a new password"),
            _(
                "Our support sends you this link, so that you can set a new password at %(panel)s. It works once, "
                "for 24 hours:\n%(link)s\n\nNobody at %(panel)s knows your password, and nobody will ask you for it."
            )
            % {"panel": panel.name, "link": link},
            kind="reset",
            now=now,
        )


def invited(panel: Panel, *, to: str, language: str, by: str, link: str, now: datetime) -> None:
    """To a new member of staff."""
    with translation.override(language):
        _send(
            panel,
            to,
            _("You are invited to work here"),
            _(
                "%(by)s invites you to the staff of %(panel)s.\n\nOpen this link to choose your password and log in. "
                "It works once, for 7 days:\n%(link)s\n\nIf you do not expect this, ignore this email."
            )
            % {"panel": panel.name, "by": by, "link": link},
            kind="invite",
            now=now,
        )


def new_email(panel: Panel, *, to: str, language: str, link: str, now: datetime) -> None:
    with translation.override(language):
        _send(
            panel,
            to,
            _("Confirm your new email address"),
            _(
                "We received a request to use this address for an account at %(panel)s.\n\nOpen this link "
                "to confirm it. It works once, for 24 hours:\n%(link)s\n\nIf this was not you, ignore this "
                "email."
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
            "email": _("Your email address was changed"),
            "second-factor-on": _("Two-factor authentication was turned on"),
            "second-factor-off": _("Two-factor authentication was turned off"),
        }
        _send(
            user.panel,
            to,
            subjects[what],
            _("%(what)s at %(panel)s.\n\nIf this was not you, reset your password now and contact support.")
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
            _("New log-in to your account"),
            _(
                "A browser that we had not seen before logged in to your account at %(panel)s.\n\nAddress: "
                "%(address)s\nBrowser: %(browser)s\nTime: %(time)s UTC\n\nIf this was you, there is "
                "nothing to do. If not, change your password now: that ends all other sessions."
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
            reason = _("It answered 410 Gone.")
        else:
            reason = _("Every delivery failed for five days. The last error: %(problem)s.") % {
                "problem": said.words(stopped.problem, _)
            }
        _send(
            panel,
            user.email,
            _("Your webhook was turned off"),
            _(
                "%(panel)s has stopped calling your webhook %(url)s.\n\n%(reason)s\n\nWhen it works again, "
                "turn it on in your account, under Webhooks."
            )
            % {"panel": panel.name, "url": stopped.url, "reason": reason},
            kind="webhook",
            now=now,
        )


def _language(user: User) -> str:
    return user.language or user.panel.language


def _send(panel: Panel, to: str, subject: str, text: str, *, kind: str, now: datetime) -> None:
    queue_mail(panel_id=panel.id, to=to, subject=f"{panel.name}: {subject}", text=text, kind=kind, now=now)
