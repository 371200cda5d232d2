"""The ways to speak to a provider: each is a folder in here, and a provider's row names one.

A folder is a transport when it has a module `transport` with the two functions of `Transporting`. There is no list to
add it to.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from panelwright.core.said import said
from panelwright.providers import wire
from panelwright.providers.wire.upstream import Upstream

# What a provider speaks unless its row says otherwise.
DEFAULT = "panel_v2"


class Transporting(Protocol):
    """What the module `transport` of a folder has."""

    def good_address(self, url: str) -> bool:
        """Whether this may be the address of a provider."""

    def connect(self, *, url: str, key: str, allow_private: bool) -> Upstream:
        """A client of one provider. ValueError for an address that is none; nothing is sent yet.

        `allow_private`: also addresses that are not on the public internet.
        """


def names() -> tuple[str, ...]:
    """The transports that there are, the default first."""
    folders = {module.name for module in pkgutil.iter_modules(wire.__path__) if module.ispkg}
    found = {name for name in folders if find_spec(f"{wire.__name__}.{name}.transport") is not None}
    return (DEFAULT, *sorted(found - {DEFAULT}))


def transport(name: str) -> Transporting:
    """ValueError for one that there is not (any more)."""
    if name not in names():
        raise ValueError(said("no_transport", name=name))
    return cast(Transporting, import_module(f"{wire.__name__}.{name}.transport"))


def connect(name: str, *, url: str, key: str, allow_private: bool) -> Upstream:
    """A client of a provider by what its row says. ValueError for a transport or an address that is none."""
    return transport(name).connect(url=url, key=key, allow_private=allow_private)
