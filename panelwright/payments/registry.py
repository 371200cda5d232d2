"""The gateways that the product has, by the names of their folders."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from panelwright.payments import gateways
from panelwright.payments.gateway import Gateway


@cache
def all_gateways() -> dict[str, Gateway]:
    """Name -> gateway, those by hand first."""
    names = [module.name for module in pkgutil.iter_modules(gateways.__path__) if module.ispkg]
    found = [import_module(f"{gateways.__name__}.{name}.gateway").GATEWAY for name in names]
    assert all(one.name == name for one, name in zip(found, names, strict=True)), names
    return {one.name: one for one in sorted(found, key=lambda one: (not one.by_hand, one.name))}


def spoken_with(*, by_reference: bool = False) -> list[str]:
    """The names of the gateways that programs speak with; of those alone that find a payment by our reference."""
    found = [(one.name, one.api) for one in all_gateways().values()]
    return [name for name, api in found if api is not None and (api.by_reference or not by_reference)]


def gateway(name: str) -> Gateway | None:
    """None: the folder was taken away."""
    return all_gateways().get(name)
