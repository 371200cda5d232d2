"""All staff actions of the product, from the declarations of the apps."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from panelwright.staff.action import Action, Noun

# By name: each of them lies above this app. The order is the one in which people are shown the nouns.
MODULES = (
    "panelwright.providers.order_declarations",
    "panelwright.support.declarations",
    "panelwright.support.reply_declarations",
    "panelwright.payments.declarations",
    "panelwright.payments.back_declarations",
    "panelwright.payments.hold_declarations",
    "panelwright.payments.voucher_declarations",
    "panelwright.promotions.declarations",
    "panelwright.promotions.affiliate_declarations",
    "panelwright.promotions.trial_declarations",
    "panelwright.receipts.declarations",
    "panelwright.catalog.declarations",
    "panelwright.catalog.price_declarations",
    "panelwright.providers.declarations",
    "panelwright.providers.rate_declarations",
    "panelwright.providers.provider_declarations",
    "panelwright.providers.pricing_declarations",
    "panelwright.providers.posts.declarations",
    "panelwright.customers.declarations",
    "panelwright.customers.people_declarations",
    "panelwright.customers.staff_declarations",
    "panelwright.orders.declarations",
    "panelwright.content.declarations",
    "panelwright.notices.declarations",
    "panelwright.notices.webhook_declarations",
    "panelwright.staff.panel_declarations",
    "panelwright.customers.domain_declarations",
    "panelwright.staff.bulk_declarations",
    "panelwright.staff.undo_declarations",
    "panelwright.staff.view_declarations",
    "panelwright.host.declarations",
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
    """Verb -> action of the noun, without what only an operator of the host may do, or a person at a page."""
    return {verb: one for verb, one in of_noun(name).items() if not one.for_operators and not one.person}


def offered(noun: str, about: Any, *, part: str = "") -> list[Action]:
    """What makes sense to be done to an object as it stands: the likeliest first. `about` is the object as its list or
    its page reads it (Noun.facts). `part`: of its page, for what stands there alone.
    """
    found: list[tuple[int, Action]] = []
    for one in nouns().values():
        if noun in (one.name, one.part_of):
            facts = about if one.facts is None else one.facts(about)
            for action in of_noun(one.name).values():
                if action.on_target and action.part == part and not action.for_operators:
                    found.append((1 if action.offered is None else int(action.offered(facts)), action))
    return [action for rank, action in sorted(found, key=lambda pair: -pair[0]) if rank]


def making(*names: str) -> list[Action]:
    """What makes objects of these nouns, the first declared one last: it stands there as the main button."""
    found = [action for name in names for action in for_programs(name).values()]
    return [action for action in found[::-1] if not action.on_target and not action.gone]


@cache
def of_noun(name: str) -> dict[str, Action]:
    """Verb -> action."""
    return {action.verb: action for action in actions().values() if action.noun.name == name}
