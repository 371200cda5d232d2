"""A customer's prices as a table: what their price list says, and what margin each leaves against cost."""

from __future__ import annotations

from typing import NamedTuple

from panelwright.catalog.models import PriceListPercent, PriceListRate
from panelwright.catalog.rates import CustomRate, rate_for
from panelwright.customers.models import Customer, PriceList
from panelwright.panels.models import Panel
from panelwright.providers.margins import costs_of

SHOWN = 100


class ShownRate(NamedTuple):
    """A line of the table: of a service (`number`) or of a category. `percent_e2`: hundredths of a percent off.

    `rate_micros` is what is paid; `margin_e2` hundredths of a percent of it that are left above cost, None where the
    cost is not known. Of a category there are none of these.
    """

    name: str
    number: int | None
    percent_e2: int | None
    rate_micros: int | None
    listed_micros: int | None
    margin_e2: int | None
    below_cost: bool
    by_guard: bool

    @property
    def percent(self) -> str:
        assert self.percent_e2 is not None
        return _decimal(self.percent_e2)

    @property
    def margin(self) -> str:
        assert self.margin_e2 is not None
        return _decimal(self.margin_e2)


class ShownRates(NamedTuple):
    """What a price list says. `off`: the percent off everything, as text; empty: none. `more`: there are others."""

    off: str
    lines: list[ShownRate]
    more: bool
    below_cost: int


def of(panel: Panel, customer: Customer) -> ShownRates:
    """Three queries, and one a currency of providers that is not the panel's."""
    price_list = customer.price_list
    if price_list is None:
        return ShownRates("", [], False, 0)
    of_list = {"panel_id": panel.id, "price_list_id": price_list.id}
    said = PriceListRate.objects.filter(**of_list).select_related("service").order_by("service__number")
    services = list(said[: SHOWN + 1])
    percents = PriceListPercent.objects.filter(**of_list).select_related("category").order_by("category__position")
    off = {row.category_id: row for row in percents[: SHOWN + 1]}
    costs = costs_of(panel, [row.service_id for row in services[:SHOWN]])
    lines = [
        ShownRate(row.category.name, None, row.percent_off_e2, None, None, None, False, False)
        for row in list(off.values())[:SHOWN]
    ]
    lines += [_line(price_list, row, costs.get(row.service_id), off) for row in services[:SHOWN]]
    return ShownRates(
        _decimal(price_list.percent_off_e2) if price_list.percent_off_e2 else "",
        lines,
        len(services) > SHOWN or len(off) > SHOWN,
        sum(line.below_cost for line in lines),
    )


def _line(price_list: PriceList, row: PriceListRate, cost: int | None, off: dict[int, PriceListPercent]) -> ShownRate:
    service = row.service
    of_category = off.get(service.category_id)
    rate = rate_for(
        rate_micros=service.rate_micros,
        private=service.private,
        custom=CustomRate(row.rate_micros, row.percent_off_e2, of_category.percent_off_e2 if of_category else None),
        percent_off_e2=price_list.percent_off_e2,
    )
    margin = None if cost is None or not rate else (rate - cost) * 10_000 // rate
    return ShownRate(
        service.name,
        service.number,
        row.percent_off_e2,
        rate,
        service.rate_micros,
        margin,
        cost is not None and rate is not None and rate < cost,
        row.by_guard,
    )


def _decimal(hundredths: int) -> str:
    """12.5 for 1250; below zero with the minus of pages."""
    whole, rest = divmod(abs(hundredths), 100)
    text = f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
    return f"−{text}" if hundredths < 0 else text
