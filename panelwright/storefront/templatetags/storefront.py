"""Filters of the storefront's templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from panelwright.ledger import codes
from panelwright.ledger.statement import StatementEntry

register = template.Library()


@register.filter
def entry_words(entry: StatementEntry) -> str:
    """What a transfer was for."""
    return _(codes.words(entry.code, came_in=entry.micros > 0))
