"""What search engines and browsers ask a panel for by themselves: which pages there are, its icon, its manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from panelwright.content import queries
from panelwright.content.queries import OURS
from panelwright.panels.models import Panel
from panelwright.ui import links
from panelwright.ui.assets import all_assets
from panelwright.ui.middleware import offered_languages
from panelwright.ui.pages import Answer, SitePage, all_pages
from panelwright.ui.request import PanelRequest

# Where a name stands below an icon, more is cut off anyway.
SHORT_NAME_CHARS = 12
_MARKS = (("mark-192.png", 192), ("mark-512.png", 512))
_DAY_S = 24 * 3600


@require_safe
@cache_control(public=True, max_age=_DAY_S // 24)
def robots(request: PanelRequest) -> HttpResponse:
    """What programs that read the web may read: the pages that are for everybody."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _private_paths())]
    start = links.origin(request)
    if start:
        lines += ["", f"Sitemap: {start}{reverse('storefront:sitemap')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _private_paths() -> list[str]:
    """The beginnings of addresses below which no page is for search engines."""
    listed: set[str] = set()
    others: set[str] = set()
    for _, page in all_pages():
        (listed if page.indexed else others).add(_first_part(page))
    # Style sheets and pictures belong to the pages.
    return sorted(f"/{part}" for part in others - listed - {"", "static", "logo", "theme.css"} - _files())


def _first_part(page: SitePage) -> str:
    return page.path.lstrip("^").partition("/")[0].split("?")[0].rstrip("$")


def _files() -> set[str]:
    return {page.path for _, page in all_pages() if page.answers is Answer.FILE and "/" not in page.path}


@require_safe
@cache_control(public=True, max_age=_DAY_S // 24)
def sitemap(request: PanelRequest) -> HttpResponse:
    """Each page that search engines may list, in each language of the panel. Without an address that is safe to tell,
    there is none.
    """
    start = links.origin(request)
    if not start:
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    languages = offered_languages(request.panel)
    found = "".join(_entry(start + path, languages) for path in _public_paths(request.panel))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{found}</urlset>\n'
    )
    return HttpResponse(text, content_type="application/xml; charset=utf-8")


def _public_paths(panel: Panel) -> Iterator[str]:
    for site, page in all_pages():
        if page.indexed and "(?P" not in page.path:
            yield reverse(f"{site.name}:{page.name}")
    # Caches keep one map for everybody, whatever language they read.
    for row in queries.summaries(panel, panel.language):
        if row.slug not in OURS:
            yield reverse("storefront:page", args=[row.slug])


def _entry(address: str, languages: list[str]) -> str:
    by_language = {language: f"{address}?lang={language}" for language in languages} if len(languages) > 1 else {}
    others = "".join(
        f'    <xhtml:link rel="alternate" hreflang={quoteattr(language)} href={quoteattr(one)}/>\n'
        for language, one in by_language.items()
    )
    return f"  <url>\n    <loc>{escape(address)}</loc>\n{others}  </url>\n"


@require_safe
@cache_control(public=True, max_age=_DAY_S)
def favicon(request: PanelRequest) -> HttpResponse:
    """For what asks for an icon without reading the page: the panel's logo, or our mark."""
    if request.panel.logo_version:
        return redirect(f"{reverse('ui:logo')}?v={request.panel.logo_version}")
    return HttpResponse(all_assets()["mark-192.png"].body, content_type="image/png")


@require_safe
@cache_control(private=True, max_age=_DAY_S // 24)
def manifest(request: PanelRequest) -> HttpResponse:
    """So that a phone puts the panel on its home screen, as itself."""
    panel = request.panel
    icons = [
        {"src": f"{reverse('ui:asset', args=[name])}?v={all_assets()[name].version}", "sizes": f"{size}x{size}"}
        for name, size in _MARKS
    ]
    if panel.logo_version:
        icons = [{"src": f"{reverse('ui:logo')}?v={panel.logo_version}", "sizes": "any"}, *icons]
    told = {
        "name": panel.name,
        "short_name": panel.name if len(panel.name) <= SHORT_NAME_CHARS else panel.name.split()[0][:SHORT_NAME_CHARS],
        "lang": request.language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "icons": icons,
    }
    return HttpResponse(json.dumps(told, ensure_ascii=False), content_type="application/manifest+json; charset=utf-8")
