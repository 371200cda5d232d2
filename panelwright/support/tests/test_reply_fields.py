"""The fields of saved replies: which there are, what they become, and what is left for whoever writes."""

from __future__ import annotations

import pytest

from panelwright.support import reply_fields

VALUES = {"customer": "Carol", "order": "4711", "status": "", "balance": "{{order}} USD"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {{customer}}.", "Hello Carol."),
        ("{{ order }} and {{order}}", "4711 and 4711"),
        ("Order {{order}} is {{status}}.", "Order 4711 is {{status}}."),
        # What a value holds is no field.
        ("{{balance}}", "{{order}} USD"),
        ("{customer} {{}} {{ {{customer}} }}", "{customer} {{}} {{ Carol }}"),
        ("", ""),
    ],
)
def test_fields_are_filled_in_once_and_missing_values_stay(text: str, filled: str) -> None:
    assert reply_fields.filled(text, VALUES) == filled


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello {{customer}}, {{ order }}", None),
        ("No fields, {one brace}", None),
        ("Hello {{custmer}} {{nonsense}}", "custmer"),
        ("{{Order}}", "Order"),
        ("{{}}", ""),
        # Too long for a name: it is text.
        ("{{" + "x" * 61 + "}}", None),
    ],
)
def test_an_unknown_field_is_named(text: str, name: str | None) -> None:
    assert reply_fields.unknown(text) == name
