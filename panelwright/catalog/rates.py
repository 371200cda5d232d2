"""What a service costs under a price list. Pure; every reader of prices goes through `rate_for`.

A price list says of a service, in this order: its own price, its own percent off, the percent off its category, the
percent off everything. Percents are off the service's rate as it stands, so they move with it; a price does not.
Each percent is rounded up to the micro, once (`money.discounted`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from panelwright.core import money


class CustomRate(NamedTuple):
    """What a price list says of one service; percents in hundredths (1250 is 12.5 %), off the service's rate.

    `rate_micros` stands before the percents: a person's price, or what the guard set in place of a percent.
    """

    rate_micros: int | None = None
    percent_off_e2: int | None = None
    category_percent_off_e2: int | None = None


NOTHING = CustomRate()

# Price list id and service id.
RateKey = tuple[int, int]


def rate_for(*, rate_micros: int, private: bool, custom: CustomRate = NOTHING, percent_off_e2: int = 0) -> int | None:
    """A service's rate under a price list with `percent_off_e2` off everything; None when it is not sold under it.

    A private service is sold to those whose list names it, by a price or a percent of its own.
    """
    if custom.rate_micros is not None:
        return custom.rate_micros
    percent = custom.percent_off_e2
    if percent is None:
        if private:
            return None
        percent = custom.category_percent_off_e2
    if percent is None:
        percent = percent_off_e2
    return money.discounted(rate_micros=rate_micros, percent_off_e2=percent) if percent else rate_micros


def together(rows: Iterable[tuple[int, int, int | None, int | None, int | None]]) -> dict[RateKey, CustomRate]:
    """Rows of (price list, service, rate, percent off, percent off its category), some of one service, as one each."""
    found: dict[RateKey, CustomRate] = {}
    for price_list_id, service_id, rate, percent, of_category in rows:
        known = found.get((price_list_id, service_id))
        found[price_list_id, service_id] = (
            CustomRate(rate, percent, of_category)
            if known is None
            else CustomRate(
                known.rate_micros if rate is None else rate,
                known.percent_off_e2 if percent is None else percent,
                known.category_percent_off_e2 if of_category is None else of_category,
            )
        )
    return found
