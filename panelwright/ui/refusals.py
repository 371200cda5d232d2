"""Refusals in words for people: core/refusals.py, in the visitor's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from panelwright.core import refusals
from panelwright.core.refusal import Refusal
from panelwright.orders import reasons


def text(refusal: Refusal) -> str:
    """A refusal as a sentence, in the visitor's language: why exactly, where that is known."""
    return reasons.text(refusal, _) or refusals.page(refusal, _)
