"""What a service brings at least: the lowest rate that any customer has, and the margin over its cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from panelwright.catalog.rates import NOTHING, CustomRate, rate_for


class ListPrice(NamedTuple):
    """A price list that customers have, as far as it concerns one service: its discount, and what it says of it."""

    percent_off_e2: int
    custom: CustomRate = NOTHING


def lowest(*, rate_micros: int, private: bool, lists: Iterable[ListPrice]) -> int | None:
    """The lowest rate that anybody is sold it at; None where nobody is."""
    sold = [
        rate_for(rate_micros=rate_micros, private=private, custom=one.custom, percent_off_e2=one.percent_off_e2)
        for one in (ListPrice(0), *lists)
    ]
    return min((rate for rate in sold if rate is not None), default=None)


def margin_e2(*, rate_micros: int | None, cost_micros: int | None) -> int | None:
    """What of a rate is left over its cost, in hundredths of a percent of the rate, rounded down; None: not known."""
    if rate_micros is None or cost_micros is None or rate_micros == 0:
        return None
    return (rate_micros - cost_micros) * 10_000 // rate_micros
