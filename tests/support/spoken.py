"""Outcomes of requests with their codes put into words (core/said.py), as staff read them in English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from panelwright.core.said import words
from panelwright.providers.wire.outcomes import Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2.client import PanelClient

_P = ParamSpec("_P")
_R = TypeVar("_R")


def in_words(outcome: _R) -> _R:
    """The outcome, or each of those in a dict."""
    told: Any = outcome
    if isinstance(outcome, dict):
        told = {ref: in_words(one) for ref, one in outcome.items()}
    elif isinstance(outcome, Unknown | UpstreamRefused):
        told = replace(outcome, text=words(outcome.text))
    result: _R = told
    return result


def speaking(read: Callable[_P, _R]) -> Callable[_P, _R]:
    """The reader, with what it answers in words."""

    @wraps(read)
    def spoken(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        return in_words(read(*args, **kwargs))

    return spoken


class SpeakingClient(PanelClient):
    """The product's client, with what it answers in words."""

    add = speaking(PanelClient.add)
    status = speaking(PanelClient.status)
    cancel = speaking(PanelClient.cancel)
    refill = speaking(PanelClient.refill)
    refill_status = speaking(PanelClient.refill_status)
    services = speaking(PanelClient.services)
    balance = speaking(PanelClient.balance)
