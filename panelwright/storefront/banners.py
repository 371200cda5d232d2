"""Putting away a banner: a cookie of the browser, no script, and nothing in the database."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from panelwright.ui import cookies, kept
from panelwright.ui.request import PanelRequest

ID_MAX = 10**18


@require_POST
def put_away(request: PanelRequest, number: int) -> HttpResponse:
    """This browser is not shown the banner again."""
    back = request.POST.get("back", "")
    response = redirect(back if kept.is_ours(back) else "/")
    if number < ID_MAX:
        cookies.keep_put_away(request, response, number)
    return response
