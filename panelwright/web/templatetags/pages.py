"""Tags and filters of the pages' templates."""

from __future__ import annotations

import zlib
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from panelwright.panels.models import Panel
from panelwright.web import markup
from panelwright.web.assets import all_assets

register = template.Library()

HUES = 7


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    return f"{reverse('asset', args=[name])}?v={all_assets()[name].version}"


@register.filter
def wire(value: Any) -> SafeString:
    """An example answer: the bytes of the API, coloured."""
    return markup.json_html(value)


@register.filter
def code(text: str) -> SafeString:
    """Program text, coloured."""
    return markup.code_html(text)


@register.filter
def hue(panel: Panel) -> int:
    """A number below HUES that is the panel's own: the style sheet has a colour for each."""
    return zlib.crc32(panel.slug.encode()) % HUES


@register.filter
def language_name(language: str) -> str:
    """A language's name in that language."""
    return next(str(name) for code, name in settings.LANGUAGES if code.lower() == language.lower())
