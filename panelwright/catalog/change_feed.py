"""What changed in the catalogue, as a customer may know it: her own prices, no provider, no cost, no reason.

Read from the events that catalog/changes.py makes. A rate is told at the price list that she has now; what
changed for others only, or of a private service that is not sold to her, is no news.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from django.db import connection

from panelwright.catalog import changes
from panelwright.catalog.rates import CustomRate, rate_for
from panelwright.catalog.types import BY_NAME
from panelwright.core import money, sql
from panelwright.customers.models import PriceList

LIMIT_MAX = 100
# Events that a page looks at; where few of them are hers, it ends early and says where the next one begins.
WINDOW = 500
_END = 2**63 - 1


class ChangeKind(Enum):
    UP = "up"  # the rate rose
    DOWN = "down"
    NEW = "new"
    GONE = "gone"  # not sold any more
    BACK = "back"  # sold again
    LIMITS = "limits"  # minimum or maximum


class ServiceChange(NamedTuple):
    """One piece of news. Up, down: `old` and `new` are rates in micros, of a new one `new` only; limits: (min, max).

    `sold`: it can be ordered now. `flat`: a rate is for the whole order, else for 1000 units.
    """

    id: int
    at: datetime
    kind: ChangeKind
    number: int
    name: str
    category: str
    flat: bool
    sold: bool
    old: Any = None
    new: Any = None


class ChangePage(NamedTuple):
    """The newest first. `next`: the `before` of the page that follows, None on the last one."""

    items: list[ServiceChange]
    next: int | None


_RATES = (changes.RATE_CHANGED, changes.OWN_RATE_CHANGED, changes.BELOW_COST)
_NAMES = {
    None: (*_RATES, changes.ADDED, changes.IMPORTED, changes.PAUSED, changes.RESUMED, changes.LIMITS_CHANGED),
    ChangeKind.UP: _RATES,
    ChangeKind.DOWN: _RATES,
    ChangeKind.NEW: (changes.ADDED, changes.IMPORTED, changes.OWN_RATE_CHANGED),
    ChangeKind.GONE: (changes.PAUSED,),
    ChangeKind.BACK: (changes.RESUMED,),
    ChangeKind.LIMITS: (changes.LIMITS_CHANGED,),
}
# One part a name: each is read from the end of its piece of the index, whatever else happened on the panel.
_PART = (
    "SELECT id, name, subject_id, facts, created_at FROM (SELECT id, name, subject_id, facts, created_at"
    " FROM events_event WHERE panel_id = ? AND name = ? AND id < ? ORDER BY id DESC LIMIT ?) AS part"
)
_EVENTS = {
    count: sql.Query(" UNION ALL ".join([_PART] * count) + " ORDER BY 1 DESC LIMIT ?")
    for count in {len(names) for names in _NAMES.values()}
}
_SERVICES = sql.Query(
    "SELECT v.id, v.number, v.name, g.name, v.type, v.enabled, v.private, r.rate_micros,"
    " r.percent_off_e2, k.percent_off_e2"
    " FROM catalog_service v JOIN catalog_category g ON g.id = v.category_id"
    " LEFT JOIN catalog_pricelistrate r ON r.panel_id = v.panel_id AND r.service_id = v.id AND r.price_list_id = ?"
    " LEFT JOIN catalog_pricelistpercent k ON k.panel_id = v.panel_id AND k.category_id = g.id AND k.price_list_id = ?"
    " WHERE v.panel_id = ? AND v.id :in_int"
)


class _Service(NamedTuple):
    id: int
    number: int
    name: str
    category: str
    type: str
    enabled: bool
    private: bool
    custom: CustomRate

    @property
    def named(self) -> bool:
        """Whether the price list names it, as it must where the service is private."""
        return self.custom.rate_micros is not None or self.custom.percent_off_e2 is not None


class _Event(NamedTuple):
    id: int
    name: str
    service_id: int
    facts: Mapping[str, Any]
    at: datetime


def catalogue_news(
    panel_id: int,
    price_list: PriceList | None = None,
    *,
    kind: ChangeKind | None = None,
    before: int | None = None,
    limit: int = 50,
) -> ChangePage:
    """One page of what changed for the customers of a price list, or (None) for everybody. Two queries."""
    limit = max(1, min(limit, LIMIT_MAX))
    events = _events(panel_id, _NAMES[kind], before=_END if before is None else before)
    services = _services(panel_id, price_list, {event.service_id for event in events})
    items: list[ServiceChange] = []
    for event in events:
        service = services.get(event.service_id)
        change = None if service is None else _told(event, service, price_list)
        if change is None or (kind is not None and change.kind is not kind):
            continue
        if len(items) == limit:
            return ChangePage(items, items[-1].id)
        items.append(change)
    return ChangePage(items, events[-1].id if len(events) == WINDOW else None)


def _events(panel_id: int, names: tuple[str, ...], *, before: int) -> list[_Event]:
    given: list[Any] = []
    for name in names:
        given += [panel_id, name, before, WINDOW]
    found = []
    for id_, name, subject_id, facts, at in _EVENTS[len(names)].rows(connection, *given, WINDOW):
        moment = sql.aware(at)
        assert moment is not None
        found.append(_Event(id_, name, subject_id, facts if isinstance(facts, dict) else json.loads(facts), moment))
    return found


def _services(panel_id: int, price_list: PriceList | None, ids: set[int]) -> dict[int, _Service]:
    if not ids:
        return {}
    list_id = price_list.id if price_list else 0
    rows = _SERVICES.rows(connection, list_id, list_id, panel_id, sorted(ids))
    return {row[0]: _Service._make((*row[:5], bool(row[5]), bool(row[6]), CustomRate(*row[7:10]))) for row in rows}


def _told(event: _Event, service: _Service, price_list: PriceList | None) -> ServiceChange | None:
    """The event as these customers may know it; None when it is none of their business."""
    if service.private and not service.named:
        return None
    said = _said(event, service, price_list)
    if said is None:
        return None
    kind, old, new = said
    return ServiceChange(
        id=event.id,
        at=event.at,
        kind=kind,
        number=service.number,
        name=service.name,
        category=service.category,
        flat=BY_NAME[service.type].flat,
        sold=service.enabled,
        old=old,
        new=new,
    )


def _said(event: _Event, service: _Service, price_list: PriceList | None) -> tuple[ChangeKind, Any, Any] | None:
    facts = event.facts
    if event.name == changes.PAUSED:
        return ChangeKind.GONE, None, None
    if event.name == changes.RESUMED:
        return ChangeKind.BACK, None, None
    if event.name == changes.LIMITS_CHANGED:
        return ChangeKind.LIMITS, tuple(facts["old"]), tuple(facts["new"])
    if event.name in (changes.OWN_RATE_CHANGED, changes.BELOW_COST):
        if price_list is None or facts.get("price_list_id") != price_list.id:
            return None
        old, new = (None if facts[word] is None else money.parse(facts[word]) for word in ("old", "new"))
        return _rate(old, new)
    # The rate for everybody: of a private service only those see it whose price list takes a percent off it.
    percent_off = service.custom.percent_off_e2
    if (service.private and percent_off is None) or (
        price_list is not None and price_list.id in facts.get("not_for", ())
    ):
        return None
    percent = price_list.percent_off_e2 if price_list is not None else 0
    # A price of its own came later, or was set by the guard, which tells of it: this is about the rate.
    custom = service.custom._replace(rate_micros=None)
    old, new = (
        rate_for(rate_micros=money.parse(facts[word]), private=False, custom=custom, percent_off_e2=percent)
        if facts.get(word) is not None
        else None
        for word in ("old", "new")
    )
    return _rate(old, new)


def _rate(old: int | None, new: int | None) -> tuple[ChangeKind, int | None, int | None] | None:
    if new is None or old == new:
        return None
    if old is None:
        return ChangeKind.NEW, None, new
    return ChangeKind.UP if new > old else ChangeKind.DOWN, old, new
