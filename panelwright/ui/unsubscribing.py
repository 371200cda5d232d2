"""The link of letters to many that ends them, without log-in."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from panelwright.customers import broadcast_actions, broadcasts
from panelwright.ui.request import PanelRequest


# A mail program sends the POST by itself (RFC 8058), with no cookie; who has the token may do nothing else with it.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: PanelRequest, token: str) -> HttpResponse:
    """A button; sent, the reader gets no more. Only looking ends nothing: programs look at the links of letters."""
    user_id = broadcasts.user_of(token, panel_id=request.panel.id)
    if user_id is None:
        raise Http404
    done = request.method == "POST" and broadcast_actions.unsubscribe(panel_id=request.panel.id, user_id=user_id)
    if request.method == "POST" and not done:
        raise Http404
    return render(request, "ui/unsubscribe.html", {"done": done})
