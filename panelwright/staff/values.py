"""The values of an action's fields, as they are given: by a program (JSON) or by a person (texts). Pure.

Both give what the action's function takes, or a refusal that names the field.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.dateparse import parse_datetime

from panelwright.core import money
from panelwright.core.refusal import Refused
from panelwright.staff.action import Action, ActionFieldKind, Field

NUMBER_MAX = 2**63 - 1
TEXT_MAX = 2_000
_ITEMS_MAX = 1_000

_DECIMALS = {
    ActionFieldKind.PERCENT: 2,
    ActionFieldKind.CHANGE: 2,
    ActionFieldKind.TIMES: 2,
    ActionFieldKind.EXCHANGE_RATE: 12,
}
# What a value of the kind is called where it is none.
_WRONG = {
    ActionFieldKind.NUMBER: "not_a_number",
    ActionFieldKind.AMOUNT: "not_an_amount",
    ActionFieldKind.PERCENT: "not_a_decimal",
    ActionFieldKind.CHANGE: "not_a_decimal",
    ActionFieldKind.TIMES: "not_a_decimal",
    ActionFieldKind.EXCHANGE_RATE: "not_a_decimal",
    ActionFieldKind.YES_NO: "not_true_or_false",
    ActionFieldKind.CHOICES: "not_a_list",
    ActionFieldKind.WORDS: "not_a_list",
    ActionFieldKind.FILE: "not_base64",
    ActionFieldKind.MOMENT: "not_a_moment",
    ActionFieldKind.OBJECT: "not_an_object",
}


def of(action: Action, given: Mapping[str, object]) -> dict[str, Any]:
    """The checked values of an action's fields, by the function's names. Refused: unknown_field, missing_field, …"""
    known = {field.name: field for field in action.fields}
    unknown = sorted(name[:50] for name in given if name not in known)
    if unknown:
        raise Refused("unknown_field", fields=", ".join(unknown[:5]), known=", ".join(known) or "none")
    values = {}
    for name, field in known.items():
        if name in given:
            values[field.argument or name] = value_of(field, given[name])
        elif field.required:
            raise Refused("missing_field", name, action=action.verb)
    return values


def value_of(field: Field, given: object) -> Any:
    """What one field holds. Raises Refused."""
    value = _value(field, given)
    if value is None:
        raise Refused(_WRONG.get(field.kind, "not_a_text"), field.name)
    most = NUMBER_MAX if field.most is None else field.most
    if field.kind is ActionFieldKind.NUMBER and not field.least <= value <= most:
        raise Refused("number_out_of_range", field.name, least=field.least, most=most)
    return value


def _value(field: Field, given: object) -> Any:
    """None: not of this kind."""
    match field.kind:
        case ActionFieldKind.NUMBER:
            # True is an int to Python, and not to anybody else.
            return given if isinstance(given, int) and not isinstance(given, bool) else None
        case ActionFieldKind.YES_NO:
            return given if isinstance(given, bool) else None
        case ActionFieldKind.OBJECT:
            return given if isinstance(given, dict) else None
        case ActionFieldKind.CHOICES | ActionFieldKind.WORDS:
            return _items(field, given)
        case ActionFieldKind.AMOUNT:
            return _amount(given)
        case ActionFieldKind.PERCENT | ActionFieldKind.TIMES | ActionFieldKind.EXCHANGE_RATE:
            return _scaled(given, _DECIMALS[field.kind])
        case ActionFieldKind.CHANGE:
            minus = isinstance(given, str) and given.startswith(("-", "−"))
            value = _scaled(given[1:].lstrip() if minus and isinstance(given, str) else given, _DECIMALS[field.kind])
            return None if value is None else -value if minus else value
        case ActionFieldKind.FILE:
            return _bytes(given)
        case ActionFieldKind.MOMENT:
            return _moment(given)
        case _:
            return _text(field, given)


def _text(field: Field, given: object) -> str | None:
    if not isinstance(given, str):
        return None
    if "\x00" in given or any("\ud800" <= char <= "\udfff" for char in given):
        raise Refused("unstorable_text", field.name)
    if field.kind is ActionFieldKind.CHOICE and given not in field.choices:
        raise Refused("not_a_choice", field.name, choices=", ".join(choice or '""' for choice in field.choices))
    if field.most is not None and len(given) > field.most:
        raise Refused("text_too_long", field.name, limit=field.most)
    return given


def _items(field: Field, given: object) -> list[str] | None:
    if not isinstance(given, list) or len(given) > _ITEMS_MAX or not all(isinstance(item, str) for item in given):
        return None
    for item in given:
        if "\x00" in item or any("\ud800" <= char <= "\udfff" for char in item):
            raise Refused("unstorable_text", field.name)
        if field.kind is ActionFieldKind.CHOICES and item not in field.choices:
            raise Refused("not_a_choice", field.name, choices=", ".join(field.choices))
    return given


def _amount(given: object) -> int | None:
    if not isinstance(given, str):
        return None
    try:
        return money.parse(given)
    except ValueError:
        return None


def _scaled(given: object, decimals: int) -> int | None:
    if not isinstance(given, str) or len(given) > 40:
        return None
    try:
        value = Decimal(given).scaleb(decimals)
        if not 0 <= value < 10**18 or value != int(value):
            return None
    except (InvalidOperation, OverflowError, ValueError):
        return None
    return int(value)


def _bytes(given: object) -> bytes | None:
    if isinstance(given, bytes):
        return given
    if not isinstance(given, str):
        return None
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return None


def _moment(given: object) -> datetime | None:
    """With its zone: a time without one is nobody's."""
    if not isinstance(given, str):
        return None
    try:
        at = parse_datetime(given)
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def from_text(field: Field, text: str) -> object:
    """What a person typed, as a program would give it."""
    match field.kind:
        case ActionFieldKind.NUMBER:
            plain = text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20
            return int(text) if plain else text
        case ActionFieldKind.YES_NO:
            return True if text.lower() in _YES else False if text.lower() in _NO else text
        case ActionFieldKind.CHOICES | ActionFieldKind.WORDS:
            return [part.strip() for part in text.split(",") if part.strip()]
        case _:
            return text


_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0", ""})
