"""Sign-up, log-in with a second factor, log-out, password reset, and who may see a page."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from panelwright.core import limits, money
from panelwright.core.refusal import Refusal
from panelwright.customers import (
    account_actions,
    host_guest_actions,
    host_guests,
    login_actions,
    panel_link_actions,
    staff_actions,
)
from panelwright.customers.login_actions import Admitted, CodeNeeded, Visitor
from panelwright.customers.models import Customer, LetterKind
from panelwright.customers.session_actions import end_session
from panelwright.panels.models import Panel
from panelwright.promotions import affiliate_actions, trial_actions
from panelwright.staff.actions import note
from panelwright.ui import cookies, kept, links, pages, referring, standing_in
from panelwright.ui.forms import Form
from panelwright.ui.request import CustomerRequest, PanelRequest, UserRequest

View = Callable[..., HttpResponseBase]

NO_ADDRESS = Refusal("no_address")
# Of an address to go on to; what is longer is none of ours.
ADDRESS_MAX = kept.ADDRESS_MAX
# Of the trail: nobody declared it.
HOST_LEFT = "host.left"


def users_only(view: View) -> View:
    """The view is for whoever is logged in, customer or staff; others log in first."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if cast(PanelRequest, request).visitor is None:
            return _to_login(request)
        return view(cast(UserRequest, request), *args, **kwargs)

    return checked


def customers_only(view: View) -> View:
    """The view is for customers who are logged in; others log in first, staff are told that it is not theirs."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        page = cast(PanelRequest, request)
        if page.visitor is None:
            return _to_login(request)
        if page.customer is None or not page.customer.enabled:
            return render(request, "ui/customers_only.html", {"suspended": page.customer is not None}, status=403)
        return view(cast(CustomerRequest, request), *args, **kwargs)

    return checked


def staff_only(page: pages.SitePage) -> View:
    """The page's view is for staff with the page's right. Customers have no such page; strangers log in first."""
    view = page.view

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = cast(PanelRequest, request)
        if asked.visitor is None:
            return _to_login(request)
        if asked.staff is None:
            raise Http404
        # An operator in an owner's place has shown a second factor, and cannot turn on the owner's.
        guest = asked.host_guest is not None
        if asked.panel.staff_factor_required and not asked.visitor.totp_sealed and not guest:
            messages.warning(request, _("Your panel requires two-factor authentication. Turn it on to go on."))
            return redirect("storefront:second_factor_on")
        if not pages.may_see(asked, page):
            return render(request, "ui/staff_only.html", status=403)
        return view(request, *args, **kwargs)

    return checked


def _to_login(request: HttpRequest) -> HttpResponse:
    """To the log-in, and then on to where the visitor wanted to go. What was typed goes along."""
    found = pages.page_of(cast(PanelRequest, request))
    if "HX-Request" in request.headers and request.method != "GET" and found and found[1].answers is pages.Answer.PART:
        # Part of a form that is being filled in: it says so when it is sent, and keeps what was typed.
        return HttpResponse(status=204)
    if request.method == "POST" and "HX-Request" not in request.headers:
        context = {"form": Form(), "next": request.get_full_path()[:ADDRESS_MAX], "kept": kept.typed(request)}
        return render(request, "ui/login.html", context, status=401)
    after = request.get_full_path() if request.method == "GET" else request.path
    address = (
        f"{reverse('ui:login')}?{urlencode({'next': after})}" if len(after) <= ADDRESS_MAX else reverse("ui:login")
    )
    if "HX-Request" in request.headers:
        # A part of a page cannot be replaced by the log-in: the whole page goes there.
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


@never_cache
@require_http_methods(["GET", "POST"])
def login(request: PanelRequest) -> HttpResponse:
    """The first step, and where there is a second factor, the second."""
    if request.visitor is not None:
        return redirect(_next(request))
    form = Form.sent(request)
    if request.method != "POST":
        return render(request, "ui/login.html", {"form": form, "next": request.GET.get("next", "")[:ADDRESS_MAX]})
    visitor = _visitor(request)
    if form.raw("proof"):
        found: Admitted | CodeNeeded | Refusal = login_actions.log_in_with_code(
            panel_id=request.panel.id, proof=form.raw("proof"), code=form.raw("code")[:50], visitor=visitor
        )
        proof = form.raw("proof")
        if isinstance(found, Refusal) and found.code == "login_again":
            proof = ""
    else:
        found = login_actions.log_in(
            panel_id=request.panel.id,
            email=form.text("email")[:300],
            password=form.raw("password")[: limits.PASSWORD_CHARS_MAX + 1],
            visitor=visitor,
        )
        proof = found.proof if isinstance(found, CodeNeeded) else ""
    if isinstance(found, Admitted):
        return _inside(request, found, visitor, _next(request))
    if isinstance(found, Refusal):
        form.refuse(found)
    template = "ui/login_code.html" if proof else "ui/login.html"
    return render(
        request,
        template,
        {
            "form": form,
            "proof": proof,
            "next": request.POST.get("next", "")[:ADDRESS_MAX],
            "kept": kept.unpacked(request),
        },
        status=form.status,
    )


@require_POST
def logout(request: PanelRequest) -> HttpResponse:
    if request.stand_in is not None:
        return standing_in.go_back(request)
    if request.POST.get("stand_in"):
        # It was over already: that ends nothing else.
        return redirect("ui:inside")
    response = redirect("storefront:home")
    if request.host_guest is not None and request.staff is not None and request.actor is not None:
        note(
            request.actor,
            panel_id=request.panel.id,
            action=HOST_LEFT,
            object_kind="staff",
            object_id=request.staff.id,
            given={},
        )
    if request.session is not None:
        end_session(panel_id=request.panel.id, user_id=request.session.user_id, session_id=request.session.id)
    cookies.drop_session(request, response)
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def signup(request: PanelRequest) -> HttpResponse:
    """Ask for an account. It is made when the link of the letter is opened."""
    form = Form.sent(request)
    if request.method != "POST":
        return render(request, "ui/signup.html", {"form": form})
    link_to = links.letter_links(request)
    asked = NO_ADDRESS if link_to is None else _sign_up(request, form, link_to)
    if isinstance(asked, Refusal):
        form.refuse(asked)
        return render(request, "ui/signup.html", {"form": form}, status=form.status)
    response = render(request, "ui/letter_sent.html", {"email": form.text("email"), "for_what": "signup"})
    cookies.keep_signup(request, response, asked.mark)
    return response


def _sign_up(request: PanelRequest, form: Form, link_to: links.LinkTo) -> account_actions.LetterSent | Refusal:
    return account_actions.sign_up(
        panel=request.panel,
        email=form.text("email"),
        password=form.raw("password"),
        language=request.language,
        link_to=lambda token: referring.with_code(request, link_to("ui:confirm_signup", token)),
        reset_link=link_to("ui:reset"),
        address=request.address,
        agreed=form.ticked("terms"),
    )


class Joining:
    """What a new customer's account brings about, in the transaction that makes it: who brought them, and the trial
    balance that the panel gives.
    """

    def __init__(self, code: str, visitor: Visitor) -> None:
        self.code, self.visitor, self.trial_micros = code, visitor, 0

    def __call__(self, *, panel_id: int, customer: Customer, now: datetime) -> None:
        affiliate_actions.attribute(panel_id=panel_id, customer=customer, code=self.code, now=now)
        self.trial_micros = trial_actions.grant(
            panel_id=panel_id,
            customer=customer,
            address=self.visitor.address,
            device=self.visitor.device,
            now=now,
        )


def _welcome(panel: Panel, trial_micros: int) -> str:
    if not trial_micros:
        return _("Your account is ready.")
    told = {"amount": money.text(trial_micros), "currency": panel.currency}
    return _("Your account is ready. %(amount)s %(currency)s is on your balance to try us.") % told


@never_cache
@require_http_methods(["GET", "POST"])
def confirm_signup(request: PanelRequest, token: str) -> HttpResponse:
    """The link of the letter. Programs that look into mail follow links, so a person has to press a button."""
    form = Form.sent(request)
    mark = cookies.signup(request)
    ours = mark == account_actions.mark_of(token)
    works = account_actions.letter_works(panel_id=request.panel.id, kind=LetterKind.SIGN_UP, token=token)
    if request.method == "POST" and works:
        visitor = _visitor(request)
        joining = Joining(referring.code_of(request), visitor)
        found = account_actions.confirm_sign_up(
            panel=request.panel,
            token=token,
            visitor=visitor,
            mark=mark,
            password=form.raw("password"),
            joined=joining,
        )
        if isinstance(found, Admitted):
            messages.success(request, _welcome(request.panel, joining.trial_micros))
            response = _inside(request, found, visitor, reverse("ui:inside"))
            cookies.drop_signup(request, response)
            cookies.drop_referrer(request, response)
            return response
        works = found != account_actions.OLD_LINK
        form.refuse(found)
    context = {"works": works, "again": reverse("ui:signup"), "form": form, "asks_password": not ours}
    return render(request, "ui/confirm.html", context, status=form.status if works else 410)


@never_cache
@require_http_methods(["GET", "POST"])
def reset(request: PanelRequest) -> HttpResponse:
    """Ask for a letter that leads to a new password."""
    form = Form.sent(request)
    if request.method != "POST":
        return render(request, "ui/reset.html", {"form": form})
    link_to = links.letter_links(request)
    refused: Refusal | None = NO_ADDRESS
    if link_to is not None:
        refused = account_actions.ask_reset(
            panel=request.panel,
            email=form.text("email"),
            language=request.language,
            link_to=functools.partial(link_to, "ui:reset_password"),
            address=request.address,
        )
    if form.refuse(refused):
        return render(request, "ui/reset.html", {"form": form}, status=form.status)
    return render(request, "ui/letter_sent.html", {"email": form.text("email"), "for_what": "reset"})


@never_cache
@require_http_methods(["GET", "POST"])
def reset_password(request: PanelRequest, token: str) -> HttpResponse:
    """The link of that letter: choose the password."""
    form = Form.sent(request)
    if not account_actions.letter_works(panel_id=request.panel.id, kind=LetterKind.RESET, token=token):
        return render(request, "ui/confirm.html", {"works": False, "again": reverse("ui:reset")}, status=410)
    if request.method == "POST":
        done = account_actions.reset_password(
            panel=request.panel,
            token=token,
            password=form.raw("password"),
            keys_link=links.keys_link(request),
        )
        if not isinstance(done, Refusal):
            messages.success(request, _("Password changed. Log in with the new one."))
            return redirect("ui:login")
        form.refuse(done)
    return render(request, "ui/reset_password.html", {"form": form}, status=form.status)


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: PanelRequest, token: str) -> HttpResponse:
    """The link of a new member of staff's letter: choose the password, and be in."""
    form = Form.sent(request)
    works = account_actions.letter_works(panel_id=request.panel.id, kind=LetterKind.INVITE, token=token)
    if request.method == "POST" and works:
        visitor = _visitor(request)
        found = staff_actions.accept_invitation(
            panel=request.panel, token=token, password=form.raw("password"), visitor=visitor
        )
        if isinstance(found, Admitted):
            messages.success(request, _("Your account is ready."))
            return _inside(request, found, visitor, reverse("ui:inside"))
        works = found != account_actions.OLD_LINK
        form.refuse(found)
    return render(request, "ui/invitation.html", {"works": works, "form": form}, status=form.status if works else 410)


@never_cache
@require_http_methods(["GET", "POST"])
def confirm_email(request: PanelRequest, token: str) -> HttpResponse:
    """The link of the letter to a new address."""
    works = account_actions.letter_works(panel_id=request.panel.id, kind=LetterKind.NEW_EMAIL, token=token)
    if request.method == "POST" and works:
        done = account_actions.confirm_new_email(panel=request.panel, token=token)
        if not isinstance(done, Refusal):
            messages.success(request, _("Your email address was changed."))
            return redirect("storefront:account" if request.visitor else "ui:login")
        works = False
    return render(
        request,
        "ui/confirm.html",
        {"works": works, "again": reverse("storefront:account")},
        status=200 if works else 410,
    )


def inside(request: UserRequest) -> HttpResponse:
    """Where somebody goes who has just logged in."""
    return redirect(pages.start_of(request))


def _inside(request: PanelRequest, admitted: Admitted, visitor: Visitor, address: str) -> HttpResponse:
    brought = kept.unpacked(request)
    # Who is logged in now is another visitor than before: neither his form token nor his session goes on.
    rotate_token(request)
    response = send_again(request, brought, address) if brought.sent else redirect(address)
    if request.session is not None:
        end_session(panel_id=request.panel.id, user_id=request.session.user_id, session_id=request.session.id)
    cookies.keep_session(request, response, admitted.token)
    cookies.keep_device(response, visitor.device)
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def panel_enter(request: PanelRequest, token: str) -> HttpResponse:
    """Staff come from another panel of theirs. Here, too, it is a button that lets in, and not the link."""
    if request.method == "POST":
        visitor = _visitor(request)
        found = panel_link_actions.use_ticket(panel_id=request.panel.id, token=token, visitor=visitor)
        if isinstance(found, Admitted):
            return _inside(request, found, visitor, reverse("ui:inside"))
        return render(request, "ui/panel_enter.html", {"works": False}, status=410)
    return render(request, "ui/panel_enter.html", {"works": True})


@never_cache
@require_http_methods(["GET", "POST"])
def host_enter(request: PanelRequest, token: str) -> HttpResponse:
    """An operator comes from the operators' host, to be signed in as an owner. The link alone does nothing: a button
    does, so that no other site's link and no program that follows it can.
    """
    if request.method == "POST":
        browser = request.headers.get("User-Agent", "")
        found = host_guest_actions.use_ticket(
            panel_id=request.panel.id, token=token, address=request.address, browser=browser
        )
        if isinstance(found, Refusal):
            return render(request, "ui/host_enter.html", {"works": False}, status=410)
        rotate_token(request)
        response = redirect("ui:inside")
        if request.session is not None:
            end_session(panel_id=request.panel.id, user_id=request.session.user_id, session_id=request.session.id)
        cookies.keep_session(request, response, found, lasts=host_guests.LASTS)
        return response
    return render(request, "ui/host_enter.html", {"works": True})


def _visitor(request: PanelRequest) -> Visitor:
    return Visitor(request.address, request.headers.get("User-Agent", ""), cookies.device(request))


def _next(request: PanelRequest) -> str:
    """Where the visitor wanted to go, if that is on this panel."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if kept.is_ours(wanted) else reverse("ui:inside")


def send_again(request: HttpRequest, brought: kept.Kept, address: str, *, status: int = 200) -> HttpResponse:
    """A page with what was typed, and a button that brings it to where it was going.

    A page that is resumed shows its form filled in, and does nothing yet; an action is done.
    """
    site, page = pages.leads_to(address) or (None, None)
    context = {
        "brought": brought,
        "address": address,
        "resumes": bool(page and page.answers is pages.Answer.PAGE),
        "site": site,
        "logged_in": status == 200,
    }
    return render(request, "ui/again.html", context, status=status)
