"""Writes of price lists: groups that customers are put into, and the custom prices of one customer.

Each raises the catalogue's version, so that no kept list stays, and records for each service whose price changed what
it was and is now, in one transaction: customers read that among their updates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.catalog import changes
from panelwright.catalog.changes import ServiceRef
from panelwright.catalog.models import Category, PriceListPercent, PriceListRate, Service
from panelwright.catalog.rates import CustomRate, rate_for
from panelwright.core import clock, sql
from panelwright.core.refusal import Refused
from panelwright.customers.models import Customer, PriceList
from panelwright.events.actions import NewEvent, record
from panelwright.panels.actions import catalog_changed

NAME_MAX = 100
PERCENT_MAX = 10_000
# Events that one change writes in a statement.
_BATCH = 500

_PAID = sql.Query(
    "SELECT v.id, v.number, v.rate_micros, v.private, r.rate_micros, r.percent_off_e2, k.percent_off_e2"
    " FROM catalog_service v"
    " LEFT JOIN catalog_pricelistrate r ON r.panel_id = v.panel_id AND r.service_id = v.id AND r.price_list_id = ?"
    " LEFT JOIN catalog_pricelistpercent k ON k.panel_id = v.panel_id AND k.category_id = v.category_id"
    " AND k.price_list_id = ? WHERE v.panel_id = ?"
)


class Paid(NamedTuple):
    """What the customers of a price list pay for a service; None: it is not sold to them."""

    number: int
    rate_micros: int | None


def paid(panel_id: int, price_list_id: int | None) -> dict[int, Paid]:
    """Of every service by its id, sold now or not. None: what everybody else pays."""
    row = PriceList.objects.filter(panel_id=panel_id, id=price_list_id or 0).first()
    percent = 0 if row is None else row.percent_off_e2
    listed = 0 if row is None else row.id
    return {
        id_: Paid(
            number,
            rate_for(rate_micros=rate, private=bool(private), custom=CustomRate(*custom), percent_off_e2=percent),
        )
        for id_, number, rate, private, *custom in _PAID.rows(connection, listed, listed, panel_id)
    }


@contextmanager
def _changing(price_list: PriceList) -> Iterator[None]:
    """What changes inside is told to the price list's customers."""
    panel_id = price_list.panel_id
    with transaction.atomic():
        # Two who change one list do it one after the other.
        PriceList.objects.select_for_update(no_key=True).get(panel_id=panel_id, id=price_list.id)
        before = paid(panel_id, price_list.id)
        yield
        price_list.refresh_from_db()
        catalog_changed(panel_id)
        _tell(price_list, before, paid(panel_id, price_list.id))


def _tell(price_list: PriceList, before: dict[int, Paid], after: dict[int, Paid]) -> None:
    happened = [
        changes.own_rate_changed(
            ServiceRef(id_, now.number),
            price_list_id=price_list.id,
            price_list=price_list.name,
            old_micros=before[id_].rate_micros if id_ in before else None,
            new_micros=now.rate_micros,
        )
        for id_, now in after.items()
        if now.rate_micros is not None and (id_ not in before or before[id_].rate_micros != now.rate_micros)
    ]
    for start in range(0, len(happened), _BATCH):
        part = happened[start : start + _BATCH]
        record([NewEvent(price_list.panel_id, h.name, h.subject_id, h.facts) for h in part], now=clock.now())


def own_price_list(*, panel_id: int, customer_id: int) -> tuple[PriceList, bool]:
    """The price list that is this customer's own, and whether it was made now. Refused: price_list_shared."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(panel_id=panel_id, id=customer_id)
        if customer.price_list is not None:
            if not customer.price_list.personal:
                raise Refused("price_list_shared", name=customer.price_list.name)
            return customer.price_list, False
        name = f"{customer.user.email[:80]} #{customer.number}"
        made = PriceList.objects.filter(panel_id=panel_id, name=name, personal=True).first()
        if made is None:
            made = PriceList.objects.create(panel_id=panel_id, name=name, personal=True)
        customer.price_list = made
        customer.save(update_fields=["price_list"])
        return made, True


def set_own_rate(*, price_list: PriceList, number: int, rate_micros: int) -> None:
    """Give the customers of a price list their own rate for a service. Refused: price_below_zero."""
    if rate_micros < 0:
        raise Refused("price_below_zero", "rate")
    _set(price_list, number, rate_micros=rate_micros, percent_off_e2=None)


def set_own_percent(*, price_list: PriceList, number: int, percent_off_e2: int) -> None:
    """Take a percent off the rate of one service, whatever the rate is. Refused: no_service, percent_too_high."""
    _check_percent(percent_off_e2)
    _set(price_list, number, rate_micros=None, percent_off_e2=percent_off_e2)


def _set(price_list: PriceList, number: int, *, rate_micros: int | None, percent_off_e2: int | None) -> None:
    panel_id = price_list.panel_id
    with transaction.atomic():
        service = Service.objects.select_for_update().filter(panel_id=panel_id, number=number).first()
        if service is None:
            raise Refused("no_service", "service", id=number)
        before = _paid_for(price_list, service)
        PriceListRate.objects.update_or_create(
            panel_id=panel_id,
            price_list=price_list,
            service=service,
            defaults={"rate_micros": rate_micros, "percent_off_e2": percent_off_e2, "by_guard": False},
        )
        catalog_changed(panel_id)
        _tell(price_list, {service.id: before}, {service.id: _paid_for(price_list, service)})


def _paid_for(price_list: PriceList, service: Service) -> Paid:
    panel_id = price_list.panel_id
    own = PriceListRate.objects.filter(panel_id=panel_id, price_list=price_list, service=service).first()
    of_category = PriceListPercent.objects.filter(
        panel_id=panel_id, price_list=price_list, category_id=service.category_id
    ).first()
    custom = CustomRate(
        None if own is None else own.rate_micros,
        None if own is None else own.percent_off_e2,
        None if of_category is None else of_category.percent_off_e2,
    )
    rate = rate_for(
        rate_micros=service.rate_micros,
        private=service.private,
        custom=custom,
        percent_off_e2=price_list.percent_off_e2,
    )
    return Paid(service.number, rate)


def set_category_percent(*, price_list: PriceList, category_id: int, percent_off_e2: int) -> None:
    """Take a percent off the rates of a category's services. Refused: no_category, percent_too_high."""
    _check_percent(percent_off_e2)
    panel_id = price_list.panel_id
    if not Category.objects.filter(panel_id=panel_id, id=category_id).exists():
        raise Refused("no_category", "category")
    with _changing(price_list):
        PriceListPercent.objects.update_or_create(
            panel_id=panel_id,
            price_list=price_list,
            category_id=category_id,
            defaults={"percent_off_e2": percent_off_e2},
        )


def remove_custom(*, price_list: PriceList, number: int | None = None, category_id: int | None = None) -> bool:
    """Take back what the list says of a service, or of a category. False when it says nothing of it."""
    panel_id = price_list.panel_id
    with _changing(price_list):
        gone = 0
        if number is not None:
            mine = PriceListRate.objects.filter(panel_id=panel_id, price_list=price_list, service__number=number)
            gone += mine.delete()[0]
        if category_id is not None:
            off = PriceListPercent.objects.filter(panel_id=panel_id, price_list=price_list, category_id=category_id)
            gone += off.delete()[0]
    return bool(gone)


def reset(*, price_list: PriceList) -> None:
    """Take back all custom prices and percents but the one off everything.

    What the guard has set stays until the next round looks at it: without it the discount might sell below cost.
    """
    panel_id = price_list.panel_id
    with _changing(price_list):
        _forget(price_list)
        PriceListRate.objects.filter(panel_id=panel_id, price_list=price_list).update(percent_off_e2=None)


def _forget(price_list: PriceList) -> None:
    panel_id = price_list.panel_id
    PriceListRate.objects.filter(panel_id=panel_id, price_list=price_list, by_guard=False).delete()
    PriceListPercent.objects.filter(panel_id=panel_id, price_list=price_list).delete()


def copy_prices(*, source: PriceList | None, to: PriceList) -> None:
    """Make a price list say what another one says, its percent off everything too. None: nothing."""
    panel_id = to.panel_id
    with _changing(to):
        PriceListRate.objects.filter(panel_id=panel_id, price_list=to).delete()
        PriceListPercent.objects.filter(panel_id=panel_id, price_list=to).delete()
        to.percent_off_e2 = 0 if source is None else source.percent_off_e2
        to.save(update_fields=["percent_off_e2"])
        if source is None:
            return
        PriceListRate.objects.bulk_create(
            [
                PriceListRate(
                    panel_id=panel_id,
                    price_list=to,
                    service_id=row.service_id,
                    rate_micros=row.rate_micros,
                    percent_off_e2=row.percent_off_e2,
                    by_guard=row.by_guard,
                )
                for row in PriceListRate.objects.filter(panel_id=panel_id, price_list=source)
            ],
            batch_size=_BATCH,
        )
        PriceListPercent.objects.bulk_create(
            [
                PriceListPercent(
                    panel_id=panel_id, price_list=to, category_id=row.category_id, percent_off_e2=row.percent_off_e2
                )
                for row in PriceListPercent.objects.filter(panel_id=panel_id, price_list=source)
            ],
            batch_size=_BATCH,
        )


class SaidOfService(NamedTuple):
    """What a price list says of a service: a price, or a percent off; one of the two."""

    rate_micros: int | None
    percent_off_e2: int | None


def replace_custom(
    *,
    price_list: PriceList,
    rates: Mapping[int, SaidOfService] | None = None,
    categories: Mapping[str, int] | None = None,
    percent_off_e2: int | None = None,
) -> None:
    """Make a price list say this of services (by their numbers), of categories (percents off, by their names) and of
    everything; what is None stays as it is. What it says already keeps its row.

    Refused: no_service, no_category, price_below_zero, percent_too_high.
    """
    for micros, off in (rates or {}).values():
        if micros is not None and micros < 0:
            raise Refused("price_below_zero", "rates")
        _check_percent(off or 0)
    for off in (*(categories or {}).values(), percent_off_e2 or 0):
        _check_percent(off)
    with _changing(price_list):
        if rates is not None:
            _replace_rates(price_list, rates)
        if categories is not None:
            _replace_categories(price_list, categories)
        if percent_off_e2 is not None:
            price_list.percent_off_e2 = percent_off_e2
            price_list.save(update_fields=["percent_off_e2"])


def _replace_rates(price_list: PriceList, wanted: Mapping[int, SaidOfService]) -> None:
    panel_id = price_list.panel_id
    mine = PriceListRate.objects.filter(panel_id=panel_id, price_list=price_list)
    stands = {row.service.number: row for row in mine.select_related("service")}
    services = dict(Service.objects.filter(panel_id=panel_id, number__in=wanted).values_list("number", "id"))
    if lost := sorted(set(wanted) - set(services)):
        raise Refused("no_service", "rates", id=lost[0])
    mine.filter(id__in=[row.id for number, row in stands.items() if number not in wanted]).delete()
    for number, said in wanted.items():
        row = stands.get(number)
        if row is None or (row.rate_micros, row.percent_off_e2) != said:
            PriceListRate.objects.update_or_create(
                panel_id=panel_id,
                price_list=price_list,
                service_id=services[number],
                defaults={**said._asdict(), "by_guard": False},
            )


def _replace_categories(price_list: PriceList, wanted: Mapping[str, int]) -> None:
    panel_id = price_list.panel_id
    ids = dict(Category.objects.filter(panel_id=panel_id, name__in=wanted).values_list("name", "id"))
    if set(wanted) - set(ids):
        raise Refused("no_category", "categories")
    mine = PriceListPercent.objects.filter(panel_id=panel_id, price_list=price_list)
    mine.exclude(category_id__in=ids.values()).delete()
    for name, off in wanted.items():
        PriceListPercent.objects.update_or_create(
            panel_id=panel_id, price_list=price_list, category_id=ids[name], defaults={"percent_off_e2": off}
        )


def set_discount(*, price_list: PriceList, percent_off_e2: int) -> None:
    """The percent off everything. Refused: percent_too_high."""
    _check_percent(percent_off_e2)
    with _changing(price_list):
        price_list.percent_off_e2 = percent_off_e2
        price_list.save(update_fields=["percent_off_e2"])


def add_price_list(*, panel_id: int, name: str, percent_off_e2: int = 0) -> PriceList:
    """A group that customers can be put into. Refused: name_needed, name_taken, percent_too_high."""
    _check_percent(percent_off_e2)
    with transaction.atomic():
        return PriceList.objects.create(
            panel_id=panel_id, name=_free_name(panel_id, name), percent_off_e2=percent_off_e2
        )


def rename(*, price_list: PriceList, name: str) -> None:
    with transaction.atomic():
        price_list.name = _free_name(price_list.panel_id, name, but=price_list.id)
        price_list.save(update_fields=["name"])


def _free_name(panel_id: int, name: str, but: int | None = None) -> str:
    name = " ".join(name.split())[:NAME_MAX]
    if not name:
        raise Refused("name_needed", "name")
    if PriceList.objects.filter(panel_id=panel_id, name=name).exclude(id=but or 0).exists():
        raise Refused("name_taken", "name", name=name)
    return name


def set_group(*, panel_id: int, customer_id: int, price_list_id: int | None) -> None:
    """Put a customer into a group, or take them out. Their own prices are then not looked at, and stay.

    Refused: no_price_list.
    """
    with transaction.atomic():
        if price_list_id is not None:
            groups = PriceList.objects.filter(panel_id=panel_id, id=price_list_id, personal=False)
            if not groups.exists():
                raise Refused("no_price_list", "price_list", id=price_list_id)
        Customer.objects.filter(panel_id=panel_id, id=customer_id).update(price_list_id=price_list_id)


def _check_percent(percent_e2: int) -> None:
    if not 0 <= percent_e2 <= PERCENT_MAX:
        raise Refused("percent_too_high", "percent")
