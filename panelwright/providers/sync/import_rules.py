"""What an import makes of a provider's list: what is sold, at which price, and why the rest is left out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from panelwright.catalog import quantities
from panelwright.catalog.types import BY_NAME
from panelwright.core import money, said
from panelwright.core.text import without_invisible
from panelwright.providers.sync import holding
from panelwright.providers.sync.sync_rules import NAME_MAX, TYPE_MAX, Markup, limits
from panelwright.providers.wire.outcomes import STEP_UNREAD, LeftOut, Offers, ServiceOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which of a list's services are wanted: by category, by a text in name or category, by id; nothing is all."""

    category: str = ""
    search: str = ""
    services: frozenset[str] = frozenset()

    def wants(self, offer: ServiceOffer) -> bool:
        if self.category and offer.category.casefold() != self.category.casefold():
            return False
        if self.search and self.search.casefold() not in f"{offer.name}\n{offer.category}".casefold():
            return False
        return not self.services or offer.service in self.services


HERE, NOT_CHOSEN = said.said("row_here"), said.said("row_not_chosen")
# Why a row is left out that nobody has to hear of.
EXPECTED = frozenset({HERE, NOT_CHOSEN})


class ToSell(NamedTuple):
    """A service that is imported. Money in the panel's currency. `held`: not sold until a person says that it may."""

    offer: ServiceOffer
    cost_micros: int
    rate_micros: int
    held: Mapping[str, Any] | None


@dataclass(slots=True)
class SyncPlan:
    """What becomes of each row of a list. `known`: how many are here already; they stand in `left_out`, too."""

    sold: list[ToSell] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    unsaleable: list[ServiceOffer] = field(default_factory=list)
    known: int = 0


def plan(
    offers: Offers, chosen: Chosen, known: Collection[str], *, markup: Markup, rate_e12: int, free: bool = False
) -> SyncPlan:
    """What an import makes of a list. `free`: a person has said that what costs nothing is sold for that."""
    made = SyncPlan(left_out=list(offers.left_out))
    for offer in offers:
        cost = money.exchanged(micros=money.cost_of(offer.rate), rate_e12=rate_e12)
        rate = markup.price(cost)
        if not chosen.wants(offer):
            made.left_out.append(LeftOut(offer.service, offer.name, NOT_CHOSEN))
        elif offer.service in known:
            made.known += 1
            made.left_out.append(LeftOut(offer.service, offer.name, HERE))
        elif why := unsaleable(offer) or (said.said("row_price_large") if rate > money.AMOUNT_MAX_MICROS else ""):
            made.unsaleable.append(offer)
            made.left_out.append(LeftOut(offer.service, offer.name, why))
        else:
            made.sold.append(ToSell(offer, cost, rate, None if cost or free else _free(offer)))
    return made


def _free(offer: ServiceOffer) -> Mapping[str, Any]:
    offered = holding.Said(0, offer.name[:NAME_MAX], offer.type[:TYPE_MAX])
    return holding.held([holding.FREE], offered._replace(rate_micros=None), offered)


def unsaleable(offer: ServiceOffer) -> str:
    """Why an offer cannot be imported; empty when it can."""
    if offer.type not in BY_NAME:
        return said.said("row_type", type=repr(offer.type))
    if not without_invisible(offer.name).strip():
        return said.said("row_no_name")
    if offer.step == STEP_UNREAD:
        return said.said("row_step_unread")
    low, high = limits(offer)
    if not BY_NAME[offer.type].flat and not quantities.can_be(
        low, high, quantities.step_of(offer.type, offer.step or 1)
    ):
        return said.said("row_step", step=offer.step, least=low, most=high)
    return ""
