"""Which currency an answer names, under whatever key and in whatever shape. Pure; nothing here raises.

What stands under such a key and cannot be read is told as it is written: nobody takes it for the currency that the
rates are counted in, and it is never as if nothing stood there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from panelwright.core.reply import HttpReply
from panelwright.providers.wire.panel_v2.refusals import lowered
from panelwright.providers.wire.panel_v2.values import absent, currency_beside

TOLD_MAX = 20  # characters

_KEYS = (
    "currency",
    "currency_code",
    "currencycode",
    "currency_iso",
    "balance_currency",
    "user_currency",
    "account_currency",
    "rate_currency",
    "price_currency",
)
# They say it for people's eyes, and count where none of the others is there.
_FOR_PEOPLE = ("currency_name", "currencyname", "currency_symbol", "currencysymbol", "currency_sign")
# Inside of one: {"currency": {"code": "USD", "symbol": "$"}}.
_INSIDE = (
    *("code", "iso", "iso_code", "currency", "currency_code", "short", "short_name", "abbr"),
    *("name", "title", "label", "value", "text", "symbol", "sign"),
)
# What is said around an answer, or beside it, of the whole account.
_ABOUT = ("meta", "info", "user", "account", "profile")
_DEPTH = 3


def told(reply: HttpReply, objects: Sequence[dict[str, Any]], *, beside: object = None) -> tuple[str, ...]:
    """The currencies that objects with keys in lower case name, first those of the first; `beside` an amount last.

    As they are written, at most TOLD_MAX characters each; what cannot be read counts where the same object names
    nothing else.
    """
    named = _named(objects, _KEYS) or _named(objects, _FOR_PEOPLE)
    named += [currency_beside(beside)]
    # Of markup alone nothing is left, and yet it stands there.
    return tuple(dict.fromkeys(reply.clean(one, TOLD_MAX) or "…" for one in named if not absent(one)))


def with_what_is_about(objects: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects, and what stands in them about all that is answered: meta, user and the like."""
    return [*objects, *(lowered(obj.get(key)) for obj in objects for key in _ABOUT)]


def _named(objects: Sequence[dict[str, Any]], keys: Sequence[str]) -> list[str]:
    found: list[str] = []
    for obj in objects:
        values = [obj[key] for key in keys if not _nothing(obj.get(key))]
        read = [text for value in values for text in _texts(value, _DEPTH)]
        found += read or [_as_written(value) for value in values]
    return found


def _nothing(value: object) -> bool:
    return value is False or absent(value) or (isinstance(value, (dict, list)) and not value)


def _texts(value: object, depth: int) -> Iterator[str]:
    """The names in a value: a text, a list of them, an object that has one under a key for it."""
    if isinstance(value, str):
        if any(not char.isdigit() for char in value.strip()):
            yield value.strip()
    elif depth and isinstance(value, list):
        for one in value[:10]:
            yield from _texts(one, depth - 1)
    elif depth and isinstance(value, dict):
        obj = lowered(value)
        for key in _INSIDE:
            if inside := [] if _nothing(obj.get(key)) else list(_texts(obj[key], depth - 1)):
                yield from inside
                return


def _as_written(value: object) -> str:
    if isinstance(value, (str, int, Decimal)):
        return str(value)[:TOLD_MAX]
    # Never empty, and no name of a currency.
    return "{…}" if isinstance(value, dict) else "[…]"
