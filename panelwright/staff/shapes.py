"""JSON Schema in a few words: what a value of an answer looks like. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
NUMBER: Shape = {"type": "integer"}
YES_NO: Shape = {"type": "boolean"}
# An amount or rate with its decimals, never a float.
AMOUNT: Shape = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
MOMENT: Shape = {"type": "string", "format": "date-time"}
# An object whose keys are data.
ANYTHING: Shape = {"type": "object"}


def maybe(shape: Shape) -> Shape:
    """The same, or null."""
    if "type" in shape and isinstance(shape["type"], str) and "enum" not in shape:
        return {**shape, "type": [shape["type"], "null"]}
    return {"anyOf": [shape, {"type": "null"}]}


def words(values: Iterable[str]) -> Shape:
    return {"type": "string", "enum": list(values)}


def listed(shape: Shape) -> Shape:
    return {"type": "array", "items": shape}


def fields(shapes: dict[str, Shape], *, optional: Iterable[str] = ()) -> Shape:
    """An object with these keys and no others."""
    left_out = set(optional)
    return {
        "type": "object",
        "properties": shapes,
        "required": [name for name in shapes if name not in left_out],
        "additionalProperties": False,
    }
