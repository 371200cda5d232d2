"""A user's own account: profile, password, second factor, sessions, e-mails, API keys."""

from __future__ import annotations

import functools
import zoneinfo

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from panelwright.core import clock, money
from panelwright.core.refusal import Refusal
from panelwright.core.text import trim
from panelwright.customers import (
    access,
    account_actions,
    actions,
    emails,
    lists,
    login_records,
    second_factor,
    sessions,
)
from panelwright.customers.models import ApiKey, RecoveryCode
from panelwright.customers.session_actions import end_others, end_session
from panelwright.orders import key_actions
from panelwright.ui import cookies, links, qr
from panelwright.ui.auth import NO_ADDRESS
from panelwright.ui.forms import Form, PageForm
from panelwright.ui.request import CustomerRequest, UserRequest
from panelwright.ui.templatetags.pages import language_name

KEYS_MAX = 50
_SECRET_SALT = "panelwright.totp"
_SECRET_WITHIN_S = 1800


@require_http_methods(["GET", "POST"])
def account(request: UserRequest) -> HttpResponse:
    """Name, language, time zone; and the e-mail address, which has a form of its own."""
    user = request.visitor
    form = Form({"name": user.name, "language": user.language, "timezone": user.timezone})
    email = Form()
    if request.method == "POST":
        sent = Form.sent(request)
        if request.POST.get("part") == "email":
            email = sent
            if not sent.refuse(_ask_new_email(request, sent)):
                messages.success(request, _("We sent an email to your new address. Open its link to confirm."))
                return redirect("storefront:account")
        else:
            form = sent
            refused = account_actions.change_profile(
                user=user, name=sent.text("name"), language=sent.text("language"), timezone=sent.text("timezone")
            )
            if not sent.refuse(refused):
                messages.success(request, _("Saved."))
                address = reverse("storefront:account")
                # The language that the browser remembers would win over the profile's.
                return redirect(f"{address}?lang={user.language}" if user.language else address)
    context = {
        "form": form,
        "email": email,
        "languages": [("", _("Browser default")), *((code, language_name(code)) for code in request.languages)],
        "timezones": [("", "UTC"), *((zone, zone) for zone in _timezones())],
    }
    return render(request, "storefront/account/profile.html", context, status=max(form.status, email.status))


def _ask_new_email(request: UserRequest, sent: Form) -> Refusal | None:
    link_to = links.letter_links(request)
    if link_to is None:
        return NO_ADDRESS
    return account_actions.ask_new_email(
        user=request.visitor,
        current=sent.raw("current"),
        email=sent.text("email"),
        link_to=functools.partial(link_to, "ui:confirm_email"),
        address=request.address,
    )


def _timezones() -> list[str]:
    """Places that people look for; the rest of the database are old names of the same zones."""
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(areas))


@require_http_methods(["GET", "POST"])
def security(request: UserRequest) -> HttpResponse:
    """Password, second factor, and where she is logged in."""
    form = Form()
    if request.method == "POST":
        form = Form.sent(request)
        done = account_actions.change_password(
            user=request.visitor,
            current=form.raw("current"),
            password=form.raw("password"),
            session_id=request.session.id,
            keys_link=links.keys_link(request),
        )
        if not isinstance(done, Refusal):
            messages.success(request, _("Password changed. All other sessions ended."))
            return _go_on(request, redirect("storefront:security"), done)
        form.refuse(done)
    now = clock.now()
    user = request.visitor
    context = {
        "form": form,
        "list": lists.SESSIONS,
        "sessions": sessions.sessions_of(request.panel.id, user.id, now=now),
        "logins_list": lists.MY_LOGINS,
        "logins": login_records.newest(request.panel.id, user.id),
        "codes_left": RecoveryCode.objects.filter(panel_id=request.panel.id, user=user, used_at=None).count()
        if user.totp_sealed
        else 0,
    }
    return render(request, "storefront/account/security.html", context, status=form.status)


@require_POST
def end_one_session(request: UserRequest, session_id: int) -> HttpResponse:
    if end_session(panel_id=request.panel.id, user_id=request.visitor.id, session_id=session_id):
        messages.success(request, _("Session ended."))
    return redirect("storefront:security")


@require_POST
def end_other_sessions(request: UserRequest) -> HttpResponse:
    end_others(panel_id=request.panel.id, user_id=request.visitor.id, keep_id=request.session.id)
    messages.success(request, _("All other sessions ended."))
    return redirect("storefront:security")


@require_http_methods(["GET", "POST"])
def second_factor_on(request: UserRequest) -> HttpResponse:
    """Show the secret as a QR code, and take a code that proves that the app has it."""
    user = request.visitor
    if user.totp_sealed:
        return redirect("storefront:security")
    form = Form.sent(request)
    secret = _kept_secret(form.raw("kept"), user.id) or second_factor.new_secret()
    if request.method == "POST":
        done = account_actions.switch_on_second_factor(
            user=user,
            current=form.raw("current"),
            secret=secret,
            code=form.raw("code")[:20],
            session_id=request.session.id,
            keys_link=links.keys_link(request),
        )
        if not isinstance(done, Refusal):
            page = render(request, "storefront/account/recovery_codes.html", {"codes": done.codes, "fresh": True})
            return _go_on(request, page, done.token)
        form.refuse(done, beside="code")
    context = {
        "form": form,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "kept": signing.dumps([user.id, secret], salt=_SECRET_SALT),
        "picture": qr.svg(second_factor.address(secret, email=user.email, panel=request.panel.name)),
    }
    return render(request, "storefront/account/second_factor_on.html", context, status=form.status)


def _go_on(request: UserRequest, response: HttpResponse, token: str) -> HttpResponse:
    """Keep the session's new token, which it has after a new password or second factor."""
    until = sessions.lasts_until(request.session.created_at, now=clock.now())
    cookies.keep_session(request, response, token, lasts=until - clock.now())
    return response


def _kept_secret(kept: str, user_id: int) -> str | None:
    """The secret that the form was shown with. It is only the user's own, and not yet anybody's second factor."""
    try:
        owner, secret = signing.loads(kept, salt=_SECRET_SALT, max_age=_SECRET_WITHIN_S)
    except (signing.BadSignature, ValueError):
        return None
    return str(secret) if owner == user_id else None


@require_http_methods(["GET", "POST"])
def second_factor_off(request: UserRequest) -> HttpResponse:
    form = Form.sent(request)
    if request.method == "POST":
        done = account_actions.switch_off_second_factor(
            user=request.visitor,
            current=form.raw("current"),
            code=form.raw("code")[:50],
            session_id=request.session.id,
            keys_link=links.keys_link(request),
        )
        if not isinstance(done, Refusal):
            messages.success(request, _("Two-factor authentication is off."))
            return _go_on(request, redirect("storefront:security"), done)
        if done == account_actions.NO_FACTOR:
            return redirect("storefront:security")
        form.refuse(done, beside="code")
    return render(request, "storefront/account/second_factor_off.html", {"form": form}, status=form.status)


@require_http_methods(["GET", "POST"])
def recovery_codes(request: UserRequest) -> HttpResponse:
    """New recovery codes, for who knows the password and has the app at hand."""
    form = Form.sent(request)
    if request.method == "POST":
        codes = account_actions.renew_recovery_codes(
            user=request.visitor, current=form.raw("current"), code=form.raw("code")[:50]
        )
        if not isinstance(codes, Refusal):
            return render(request, "storefront/account/recovery_codes.html", {"codes": codes, "fresh": False})
        form.refuse(codes, beside="code")
    return render(request, "storefront/account/recovery_renew.html", {"form": form}, status=form.status)


@require_http_methods(["GET", "POST"])
def mails(request: UserRequest) -> HttpResponse:
    """Which e-mails are wanted."""
    if request.method == "POST":
        account_actions.choose_mails(user=request.visitor, wanted=frozenset(request.POST.getlist("wanted")))
        messages.success(request, _("Saved."))
        return redirect("storefront:mails")
    kinds = [(kind, _(text), emails.wants(request.visitor, kind)) for kind, text in emails.OPTIONAL.items()]
    return render(request, "storefront/account/mails.html", {"kinds": kinds})


@require_safe
def keys(request: CustomerRequest) -> HttpResponse:
    """The API keys, the newest first; revoked ones stay in the list."""
    return render(request, "storefront/account/keys.html", {"list": lists.API_KEYS, "keys": _keys(request)})


def _keys(request: CustomerRequest) -> list[ApiKey]:
    return access.keys_of(request.panel.id, request.customer.id, most=KEYS_MAX)


class KeyForm(PageForm):
    """A new API key. `daily_cap` becomes micros, None without a limit."""

    name = forms.CharField(required=False)
    can_read = forms.BooleanField(required=False)
    can_order = forms.BooleanField(required=False)
    addresses = forms.CharField(required=False)
    daily_cap = forms.CharField(required=False)
    current = forms.CharField(required=False, strip=False)

    def clean_name(self) -> str:
        name = trim(self.cleaned_data["name"])
        if len(name) > actions.KEY_NAME_MAX:
            raise forms.ValidationError(_("Use at most %(limit)s characters.") % {"limit": actions.KEY_NAME_MAX})
        return name

    def clean_addresses(self) -> str:
        addresses = ", ".join(part for part in self.cleaned_data["addresses"].replace(",", " ").split() if part)
        try:
            actions.check_addresses(addresses)
        except ValueError as error:
            text = _("Enter addresses or networks such as 203.0.113.7 or 203.0.113.0/24.")
            raise forms.ValidationError(text) from error
        return addresses

    def clean_daily_cap(self) -> int | None:
        text = trim(self.cleaned_data["daily_cap"])
        if not text:
            return None
        try:
            cap_micros = money.parse(text.replace(",", "."))
        except ValueError:
            cap_micros = -1
        if cap_micros < 0:
            raise forms.ValidationError(_("Enter an amount such as 25.00."))
        return cap_micros

    def clean_can_order(self) -> bool:
        may: bool = self.cleaned_data["can_order"]
        if not (may or self.cleaned_data.get("can_read")):
            raise forms.ValidationError(_("Choose at least one."))
        return may


@require_http_methods(["GET", "POST"])
def new_key(request: CustomerRequest) -> HttpResponse:
    """Make a key. It is shown once, on the page that answers."""
    form = KeyForm(request.POST) if request.method == "POST" else KeyForm(initial={"can_read": True, "can_order": True})
    if request.method == "POST":
        made = _make_key(request, form)
        if made is not None:
            return render(request, "storefront/account/key_made.html", {"key": made[1], "row": made[0]})
    return render(request, "storefront/account/key_new.html", {"form": form}, status=form.status)


def _make_key(request: CustomerRequest, form: KeyForm) -> tuple[ApiKey, str] | None:
    open_keys = ApiKey.objects.filter(panel_id=request.panel.id, customer=request.customer, revoked_at=None).count()
    if form.is_valid() and open_keys >= KEYS_MAX:
        form.add_error(None, _("You have the maximum number of keys. Revoke one first."))
    # Last: what is wrong elsewhere must not count as a try at the password.
    if not form.is_valid() or form.refuse(
        account_actions.prove_password(request.visitor, form.cleaned_data["current"])
    ):
        return None
    asked = form.cleaned_data
    return actions.create_key(
        customer=request.customer,
        name=asked["name"],
        can_read=asked["can_read"],
        can_order=asked["can_order"],
        addresses=asked["addresses"],
        daily_cap_micros=asked["daily_cap"],
    )


@require_POST
def revoke_key(request: CustomerRequest, key_id: int) -> HttpResponse:
    if not ApiKey.objects.filter(panel_id=request.panel.id, customer=request.customer, id=key_id).exists():
        return render(request, "ui/not_found.html", status=404)
    if key_actions.revoke_key(panel_id=request.panel.id, key_id=key_id):
        messages.success(request, _("Key revoked."))
    return redirect("storefront:keys")
