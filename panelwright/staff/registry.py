"""All staff actions of the product, from the declarations of the apps."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from panelwright.staff.action import Action, Noun

# By name: each of them lies above this app. The order is the one in which people are shown the nouns.
MODULES = (
    "panelwright.providers.order_declarations",
    "panelwright.support.declarations",
    "panelwright.catalog.declarations",
    "panelwright.providers.declarations",
    "panelwright.providers.posts.declarations",
    "panelwright.customers.declarations",
    "panelwright.orders.declarations",
    "panelwright.content.declarations",
    "panelwright.staff.panel_declarations",
)


@cache
def actions() -> dict[str, Action]:
    """Name -> action, as `provider.set`."""
    found = [action for module in MODULES for action in import_module(module).ACTIONS]
    by_name = {action.name: action for action in found}
    assert len(by_name) == len(found), "two actions have one name"
    return by_name


@cache
def nouns() -> dict[str, Noun]:
    """Name -> noun, as `provider`."""
    return {action.noun.name: action.noun for action in actions().values()}


def for_programs(name: str) -> dict[str, Action]:
    """Verb -> action of the noun, without what only an operator of the host may do."""
    return {verb: action for verb, action in of_noun(name).items() if not action.for_operators}


@cache
def of_noun(name: str) -> dict[str, Action]:
    """Verb -> action."""
    return {action.verb: action for action in actions().values() if action.noun.name == name}
