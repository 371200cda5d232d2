"""Whatever a form of the back office lets choose from, and what the trail tells of it, has words in each language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

if TYPE_CHECKING:
    from panelwright.backoffice.acting import ActionField
    from tests.office.office import Office

# In Russian every word of ours is in another alphabet.
RUSSIAN = re.compile(r"[а-яё]", re.IGNORECASE)
# An operator's, in the host's own pages: it stands in no form of a panel.
OPERATORS = frozenset({"panel.create"})


def fields_with_choices() -> Iterator[tuple[str, ActionField]]:
    from panelwright.backoffice.acting import field_of
    from panelwright.staff import registry
    from panelwright.ui.forms import Form

    for action in registry.actions().values():
        for field in action.fields:
            if field.choices and action.name not in OPERATORS:
                yield f"{action.name} {field.name}", field_of(field, Form({}), None, 0, noun=action.noun.name)


def brands() -> set[str]:
    from panelwright.payments.registry import all_gateways

    labels = {gateway.label for gateway in all_gateways().values()}
    return labels | {"Cryptomus", "Heleket", "UddoktaPay", "PipraPay 2", "PipraPay 3"}


def test_each_choice_of_each_action_has_a_word_or_is_marked_as_a_name() -> None:
    with translation.override("ru"):
        found = list(fields_with_choices())
        bare = {
            f"{name}: {value}": text
            for name, field in found
            if not field.names
            for value, text in field.choices
            if value and not RUSSIAN.search(text) and text not in brands()
        }
    assert len(found) > 20
    assert bare == {}


def test_a_choice_is_called_by_what_it_means_there() -> None:
    from panelwright.backoffice import words

    with translation.override("en"):
        kinds = dict(next(field.choices for name, field in fields_with_choices() if name == "payment_block.add kind"))
        assert {value: kinds[value] for value in ("customer", "address", "domain")} == {
            "customer": "Customer",
            "address": "IP address",
            "domain": "Email domain",
        }
        assert words.choice("domain") == "Website", "of a block for links it is another thing"
        (change,) = words.moves({"kind": "domain"}, {"kind": "customer"}, "payment_block").changes
        assert (change.before, change.after) == ("Email domain", "Customer")


# Noun -> fields of its answers that no trail keeps, or whose values are words of the wire.
NOT_TOLD = {
    "order": {"kind", "paused_for"},
    "cancel": {"kind", "paused_for"},
    "ticket": {"author"},
    "panel": {"refill_status_key"},
    "panel_webhook": {"names"},
    "bulk": {"state"},
}


def states(shape: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each field of an answer that has one of a few words, with each of them."""
    if isinstance(shape, list):
        for one in shape:
            yield from states(one, name)
    elif isinstance(shape, dict):
        yield from ((name, value) for value in shape.get("enum", ()) if value)
        for inner, one in shape.get("properties", {}).items():
            yield from states(one, inner)
        for key in ("items", "anyOf"):
            yield from states(shape.get(key), name)


def test_each_state_that_an_action_can_change_has_a_word() -> None:
    from panelwright.backoffice import words
    from panelwright.staff import registry

    nouns = {action.noun.name: action.noun for action in registry.actions().values()}
    with translation.override("ru"):
        told = [
            (noun.name, name, value, words.value(value, noun.name))
            for noun in nouns.values()
            for name, value in states(noun.shape)
            if name not in NOT_TOLD.get(noun.name, ())
        ]
        bare = [one for one in told if not RUSSIAN.search(one[3]) and one[3] not in brands() | {"Telegram"}]
    assert len(told) > 40
    assert bare == []


@pytest.mark.django_db
def test_the_form_for_a_payment_block_says_it_in_words(office: Office) -> None:
    page = office.browser("owner").get("/admin/payment_blocks/add")
    options = dict(re.findall(r'<option value="(\w+)">([^<]*)</option>', page))
    kinds = {value: options[value] for value in ("customer", "address", "domain")}
    assert kinds == {"customer": "Customer", "address": "IP address", "domain": "Email domain"}
