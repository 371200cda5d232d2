"""Log-in and log-out of operators, and who may see a page of theirs: operators who are logged in, and nobody else."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.host import login_actions, sessions
from panelwright.host.login_actions import Caller, OperatorIn, OperatorProof
from panelwright.host.request import HostRequest
from panelwright.ui.forms import Form
from panelwright.ui.pages import SitePage, View, Who


def guarded(page: SitePage) -> View:
    """The view behind who its page is for."""
    if page.who is Who.EVERYBODY:
        return page.view
    assert page.who is Who.OPERATORS, page.name
    view = page.view

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if cast(HostRequest, request).operator is None:
            return redirect("host:login")
        return view(request, *args, **kwargs)

    return checked


@never_cache
@require_http_methods(["GET", "POST"])
def login(request: HostRequest) -> HttpResponse:
    """The password, then the code: always both."""
    if request.operator is not None:
        return redirect("host:panels")
    form = Form.sent(request)
    if request.method != "POST":
        return render(request, "host/login.html", {"form": form})
    caller = Caller(request.address, request.headers.get("User-Agent", ""))
    proof = form.raw("proof")
    if proof:
        found: OperatorIn | OperatorProof | Refusal = login_actions.log_in_with_code(
            proof=proof, code=form.raw("code")[:50], caller=caller
        )
        if isinstance(found, Refusal) and found.code == "login_again":
            proof = ""
    else:
        found = login_actions.log_in(
            email=form.text("email")[:300],
            password=form.raw("password")[: limits.PASSWORD_CHARS_MAX + 1],
            caller=caller,
        )
        proof = found.text if isinstance(found, OperatorProof) else ""
    if isinstance(found, OperatorIn):
        rotate_token(request)
        response = redirect("host:panels")
        _keep(response, found.token)
        return response
    if isinstance(found, Refusal):
        form.refuse(found)
    return render(request, "host/login.html", {"form": form, "proof": proof}, status=form.status)


@require_POST
def logout(request: HostRequest) -> HttpResponse:
    response = redirect("host:login")
    if request.operator_session is not None:
        login_actions.log_out(request.operator_session, address=request.address)
    response.delete_cookie(sessions.COOKIE, samesite="Strict")
    return response


def _keep(response: HttpResponse, token: str) -> None:
    lasts: timedelta = sessions.AT_MOST
    # Strict: no other site, not even a panel of this installation, opens a page of an operator who is logged in.
    response.set_cookie(sessions.COOKIE, token, max_age=int(lasts.total_seconds()), httponly=True, samesite="Strict")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "host/not_found.html", status=404)
