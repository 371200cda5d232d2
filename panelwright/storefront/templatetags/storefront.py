"""Filters of the storefront's templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from panelwright.ledger.lists import WORDS

register = template.Library()


@register.filter
def entry_words(code: str) -> str:
    """What a transfer was for."""
    return _(WORDS[code])
