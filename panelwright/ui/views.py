"""What every site serves beside its pages: assets, the panel's own colour and logo, and the pages of errors."""

from __future__ import annotations

import logging
from typing import cast
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.panels import arrivals, hosts
from panelwright.panels.models import PanelLogo
from panelwright.ui import auth, kept
from panelwright.ui.assets import all_assets
from panelwright.ui.request import PanelRequest
from panelwright.ui.seldom import Seldom

ASSET_MAX_AGE_S = 365 * 24 * 3600

log = logging.getLogger("panelwright")
_warning = Seldom()


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A static file. Asked for with its version it may be kept for ever, without it must be asked for again."""
    found = all_assets().get(name)
    if found is None:
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    # Weak: the gzipped and the plain bytes are one version.
    etag = f'W/"{found.version}"'
    response: HttpResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(found.gzipped, content_type=found.content_type)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(found.body, content_type=found.content_type)
    forever = request.GET.get("v") == found.version
    response.headers["Cache-Control"] = f"public, max-age={ASSET_MAX_AGE_S}, immutable" if forever else "no-cache"
    response.headers["ETag"] = etag
    response.headers["Vary"] = "Accept-Encoding"
    return response


@require_safe
def theme(request: PanelRequest) -> HttpResponse:
    """The panel's own colour: all others are made of its hue (ui.css)."""
    hue = request.panel.hue
    response = HttpResponse("" if hue is None else f":root {{ --hue: {hue}; }}\n", content_type="text/css")
    response.headers["Cache-Control"] = f"private, max-age={ASSET_MAX_AGE_S}"
    return response


@require_safe
def logo(request: PanelRequest) -> HttpResponse:
    """The panel's logo; its address changes with it."""
    found = PanelLogo.objects.filter(panel_id=request.panel.id).first()
    if found is None:
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    response = HttpResponse(bytes(found.body), content_type=found.content_type)
    response.headers["Cache-Control"] = f"public, max-age={ASSET_MAX_AGE_S}, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_safe
def arrival(request: PanelRequest) -> HttpResponse:
    """Answers the panel's own question whether its host leads here (panels/arrivals.py)."""
    nonce = request.GET.get("nonce", "")
    if not arrivals.NONCE.fullmatch(nonce):
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    response = HttpResponse(arrivals.answer(request.panel.id, nonce), content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return render(request, "ui/not_found.html", status=404)


# A host and a port, and what stands before them.
_ORIGIN_MAX = 300


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a form that was not sent from our own page, or from one that was open for too long.

    Or from a page of ours behind a TLS proxy that the settings do not name: then it will never go through.
    """
    if hosts.on_host_site(request):
        text = _("This form is too old, or was not ours. Nothing was changed. Go back, load the page again and retry.")
        return HttpResponse(f"{text}\n", status=403, content_type="text/plain; charset=utf-8")
    try:
        origin = urlsplit(request.headers.get("Origin", "")[:_ORIGIN_MAX])
    except ValueError:
        return render(request, "ui/forged.html", {"proxy": False}, status=403)
    proxy = origin.scheme == "https" and not request.is_secure() and origin.netloc == request.get_host()
    if proxy and _warning.due(cast(PanelRequest, request).panel.id):
        log.warning(
            "A form of https://%s was refused: it came by plain HTTP from %s. When that is your TLS proxy, name it in"
            " PANELWRIGHT_TRUSTED_PROXIES, and let it send X-Forwarded-Proto.",
            origin.netloc,
            request.META.get("REMOTE_ADDR"),
        )
    if not proxy and request.method == "POST" and kept.from_our_own_page(request):
        return auth.send_again(request, kept.typed(request), request.get_full_path(), status=403)
    return render(request, "ui/forged.html", {"proxy": proxy}, status=403)
