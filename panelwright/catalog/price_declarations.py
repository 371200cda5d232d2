"""What staff can do with price lists and with a customer's own prices, declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.catalog import price_list_actions as prices
from panelwright.catalog.declarations import RATE, by_number
from panelwright.catalog.models import Category, PriceListPercent, PriceListRate, Service
from panelwright.core import money
from panelwright.core.lists import whole
from panelwright.core.refusal import Refused
from panelwright.customers.declarations import CUSTOMER, customer_called
from panelwright.customers.models import Customer, PriceList
from panelwright.staff.action import (
    Action,
    ActionDone,
    ActionFieldKind,
    Field,
    Noun,
    Offered,
    State,
    Undo,
    in_its_place,
)
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, ANYTHING, TEXT, fields

# Categories and groups that a form lets choose from.
OFFERED_MAX = 1_000


def percent(percent_e2: int) -> str:
    return f"{percent_e2 // 100}.{percent_e2 % 100:02d}"


def price_list_state(panel_id: int, id_: int) -> State | None:
    """Its name, the percent off everything, and what it says of services (by their IDs) and categories (by names)."""
    row = PriceList.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    if row is None:
        return None
    said = PriceListRate.objects.filter(panel_id=panel_id, price_list=row).select_related("service")
    own = {
        str(one.service.number): money.text(one.rate_micros)
        if one.rate_micros is not None
        else f"-{percent(one.percent_off_e2 or 0)}%"
        for one in said.order_by("service__number")
    }
    off = PriceListPercent.objects.filter(panel_id=panel_id, price_list=row).select_related("category")
    categories = {one.category.name: percent(one.percent_off_e2) for one in off.order_by("category__name")}
    return {"name": row.name, "percent_off": percent(row.percent_off_e2), "rates": own, "categories": categories}


PRICE_LIST = Noun(
    "price_list",
    "price_lists",
    gettext_noop("Price list"),
    price_list_state,
    shape=fields({"name": TEXT, "percent_off": AMOUNT, "rates": ANYTHING, "categories": ANYTHING}),
    find=by_number,
)

# Changes what a price list says.
Change = Callable[..., None]


def _list_change(change: Change) -> Any:
    """The action on a price list."""

    def do(actor: Actor, panel_id: int, target: int, /, **given: Any) -> None:
        change(PriceList.objects.get(panel_id=panel_id, id=target), **given)

    return do


def _customer_change(change: Change) -> Any:
    """The same on the customer's own list, which is made when it is first needed. Refused: price_list_shared."""

    def do(actor: Actor, panel_id: int, target: int, /, **given: Any) -> ActionDone:
        price_list, _made = prices.own_price_list(panel_id=panel_id, customer_id=target)
        before = price_list_state(panel_id, price_list.id) or {}
        change(price_list, **given)
        return ActionDone(before=before, after=price_list_state(panel_id, price_list.id) or {})

    return do


def _set_rate(price_list: PriceList, *, service: int, rate_micros: int) -> None:
    if not Service.objects.filter(panel_id=price_list.panel_id, number=service).exists():
        raise Refused("no_service", "service", id=service)
    prices.set_own_rate(price_list=price_list, number=service, rate_micros=rate_micros)


def _set_percent(
    price_list: PriceList, *, percent_e2: int, service: int | None = None, category: str | None = None
) -> None:
    if (service is None) == (category is None):
        raise Refused("service_or_category", "service")
    if service is not None:
        prices.set_own_percent(price_list=price_list, number=service, percent_off_e2=percent_e2)
    else:
        id_ = _category(price_list.panel_id, category or "")
        prices.set_category_percent(price_list=price_list, category_id=id_, percent_off_e2=percent_e2)


def _remove_rate(price_list: PriceList, *, service: int | None = None, category: str | None = None) -> None:
    if (service is None) == (category is None):
        raise Refused("service_or_category", "service")
    id_ = None if category is None else _category(price_list.panel_id, category)
    if not prices.remove_custom(price_list=price_list, number=service, category_id=id_):
        raise Refused("no_custom_rate", "service")


def _category(panel_id: int, name: str) -> int:
    found = Category.objects.filter(panel_id=panel_id, name=name).values_list("id", flat=True).first()
    if found is None:
        raise Refused("no_category", "category")
    return int(found)


def _reset(price_list: PriceList) -> None:
    prices.reset(price_list=price_list)


def _set_discount(price_list: PriceList, *, percent_e2: int) -> None:
    prices.set_discount(price_list=price_list, percent_off_e2=percent_e2)


def _copy_from(price_list: PriceList, *, customer: str) -> None:
    panel_id = price_list.panel_id
    number = by_number(panel_id, customer.strip()) or customer_called(panel_id, customer)
    source = Customer.objects.filter(panel_id=panel_id, number=number or 0).select_related("price_list").first()
    if source is None:
        raise Refused("no_customer", "customer")
    if source.price_list_id == price_list.id:
        raise Refused("same_customer", "customer")
    prices.copy_prices(source=source.price_list, to=price_list)


def _replace_rates(
    price_list: PriceList,
    *,
    rates: Mapping[str, object] | None = None,
    categories: Mapping[str, object] | None = None,
    percent_e2: int | None = None,
) -> None:
    prices.replace_custom(
        price_list=price_list,
        rates=None if rates is None else {_number(name): _said(value) for name, value in rates.items()},
        categories=None if categories is None else {name: _off(value) for name, value in categories.items()},
        percent_off_e2=percent_e2,
    )


def _number(text: str) -> int:
    number = whole(text)
    if number is None:
        raise Refused("no_service", "rates", id=0)
    return number


def _said(value: object) -> prices.SaidOfService:
    """As the state of a list has it: "1.20", or "-12.50%"."""
    text = value if isinstance(value, str) else ""
    try:
        if text.startswith("-") and text.endswith("%"):
            return prices.SaidOfService(None, _off(text[1:-1]))
        return prices.SaidOfService(money.parse(text), None)
    except ValueError:
        raise Refused("not_a_decimal", "rates") from None


def _off(value: object) -> int:
    """Hundredths of a percent; of more decimals than two none is meant."""
    text = value if isinstance(value, str) else ""
    try:
        micros = money.parse(text)
    except ValueError:
        raise Refused("not_a_decimal", "categories") from None
    if micros % 10_000:
        raise Refused("not_a_decimal", "categories")
    return micros // 10_000


def _as_before(before: Mapping[str, Any]) -> Mapping[str, object] | None:
    """The fields of `replace_rates` that write back what a list said; None where something else was changed."""
    if not before or not set(before) <= set(_HELD):
        return None
    return {_HELD[name]: value for name, value in before.items()}


# What the state of a list calls it -> the field of `replace_rates`.
_HELD = {"rates": "rates", "categories": "categories", "percent_off": "percent"}
_UNDONE = Undo("replace_rates", _as_before)


def _add_list(actor: Actor, panel_id: int, target: None, /, *, name: str, percent_e2: int = 0) -> ActionDone:
    return ActionDone(prices.add_price_list(panel_id=panel_id, name=name, percent_off_e2=percent_e2).id)


def _set_list(price_list: PriceList, *, name: str | None = None, percent_e2: int | None = None) -> None:
    if name is not None and name != price_list.name:
        prices.rename(price_list=price_list, name=name)
    if percent_e2 is not None:
        prices.set_discount(price_list=price_list, percent_off_e2=percent_e2)


def _set_group(actor: Actor, panel_id: int, target: int, /, *, price_list: str) -> ActionDone:
    before = _group_of(panel_id, target)
    id_ = None if price_list == NO_GROUP else by_number(panel_id, price_list)
    if id_ is None and price_list != NO_GROUP:
        raise Refused("no_price_list", "price_list", id=price_list[:50])
    prices.set_group(panel_id=panel_id, customer_id=target, price_list_id=id_)
    after = _group_of(panel_id, target)
    return ActionDone(before=before, after=after, nothing=before == after)


def _group_of(panel_id: int, customer_id: int) -> State:
    row = Customer.objects.select_related("price_list").get(panel_id=panel_id, id=customer_id)
    return {"price_list": row.price_list.name if row.price_list else ""}


NO_GROUP = "none"


def _groups(panel_id: int) -> Iterable[tuple[str, str]]:
    rows = PriceList.objects.filter(panel_id=panel_id, personal=False).order_by("name")[:OFFERED_MAX]
    return [(NO_GROUP, _("No group")), *((str(row.id), row.name) for row in rows)]


def _categories(panel_id: int) -> Iterable[tuple[str, str]]:
    rows = Category.objects.filter(panel_id=panel_id).order_by("position", "id")[:OFFERED_MAX]
    return [(row.name, row.name) for row in rows]


_PERCENT = Field(
    "percent",
    ActionFieldKind.PERCENT,
    gettext_noop("Discount in percent"),
    required=True,
    argument="percent_e2",
    help=gettext_noop("Off the price as it stands: when the price changes, this follows."),
)
_SERVICE = Field("service", ActionFieldKind.NUMBER, gettext_noop("Service ID"))
_CATEGORY = Field("category", ActionFieldKind.TEXT, gettext_noop("Category"), most=200, offers=_categories)
_NAME = Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), required=True, most=prices.NAME_MAX)
_SET_RATE = (Field("service", ActionFieldKind.NUMBER, gettext_noop("Service ID"), required=True), RATE)


def _alone(customer: Any) -> int:
    """Who is in a group has its prices, and is taken out of it first."""
    return customer.price_list is None or customer.price_list.personal


def _with_own(customer: Any) -> int:
    return customer.price_list is not None and customer.price_list.personal


def _of_both(
    noun: Noun,
    turned: Callable[[Change], Any],
    *,
    part: str = "",
    alone: Offered | None = None,
    with_own: Offered | None = None,
) -> tuple[Action, ...]:
    """What can be done with the prices of a group, and with those of a customer alone."""
    return (
        Action(
            noun,
            "set_rate",
            gettext_noop("Set a custom price"),
            Right.PRICES,
            turned(_set_rate),
            _SET_RATE,
            offered=alone,
            undo=_UNDONE,
            part=part,
        ),
        Action(
            noun,
            "set_percent",
            gettext_noop("Set a custom discount"),
            Right.PRICES,
            turned(_set_percent),
            (_SERVICE, _CATEGORY, _PERCENT),
            offered=alone,
            undo=_UNDONE,
            part=part,
        ),
        Action(
            noun,
            "remove_rate",
            gettext_noop("Remove a custom price"),
            Right.PRICES,
            turned(_remove_rate),
            (_SERVICE, _CATEGORY),
            offered=with_own,
            undo=_UNDONE,
            part=part,
        ),
        Action(
            noun,
            "reset_rates",
            gettext_noop("Reset custom prices"),
            Right.PRICES,
            turned(_reset),
            offered=with_own,
            undo=_UNDONE,
            part=part,
        ),
        Action(
            noun,
            "copy_rates",
            gettext_noop("Copy prices from a customer"),
            Right.PRICES,
            turned(_copy_from),
            (Field("customer", ActionFieldKind.TEXT, gettext_noop("Customer"), required=True, most=254),),
            caution=True,
            help=gettext_noop("Replaces all custom prices and discounts by those of the other customer."),
            offered=alone,
            undo=_UNDONE,
            part=part,
        ),
        Action(
            noun,
            "replace_rates",
            gettext_noop("Replace custom prices"),
            Right.PRICES,
            turned(_replace_rates),
            (
                Field(
                    "rates",
                    ActionFieldKind.OBJECT,
                    gettext_noop("Custom prices"),
                    help=gettext_noop("By service ID: a price such as 1.20, or a discount such as -12.50%."),
                ),
                Field(
                    "categories",
                    ActionFieldKind.OBJECT,
                    gettext_noop("Discounts by category"),
                    help=gettext_noop("By the category's name, in percent, such as 12.50."),
                ),
                Field(
                    "percent",
                    ActionFieldKind.PERCENT,
                    gettext_noop("Discount on everything, percent"),
                    argument="percent_e2",
                ),
            ),
            caution=True,
            help=gettext_noop("What is left out stays as it is."),
            offered=in_its_place,
            undo=_UNDONE,
            part=part,
        ),
    )


ACTIONS = (
    Action(
        PRICE_LIST,
        "add",
        gettext_noop("Add price list"),
        Right.PRICES,
        _add_list,
        (
            _NAME,
            Field(
                "percent",
                ActionFieldKind.PERCENT,
                gettext_noop("Discount on everything, percent"),
                argument="percent_e2",
            ),
        ),
        on_target=False,
    ),
    Action(
        PRICE_LIST,
        "set",
        gettext_noop("Change price list"),
        Right.PRICES,
        _list_change(_set_list),
        offered=lambda price_list: not price_list.personal,
        fields=(
            Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), most=prices.NAME_MAX),
            Field(
                "percent",
                ActionFieldKind.PERCENT,
                gettext_noop("Discount on everything, percent"),
                argument="percent_e2",
            ),
        ),
    ),
    *_of_both(PRICE_LIST, _list_change),
    *_of_both(CUSTOMER, _customer_change, part="rates", alone=_alone, with_own=_with_own),
    Action(
        CUSTOMER,
        "set_discount",
        gettext_noop("Set discount"),
        Right.PRICES,
        _customer_change(_set_discount),
        (_PERCENT,),
        offered=_alone,
        undo=_UNDONE,
        part="rates",
    ),
    Action(
        CUSTOMER,
        "set_group",
        gettext_noop("Change group"),
        Right.PRICES,
        _set_group,
        part="rates",
        fields=(
            Field(
                "price_list",
                ActionFieldKind.TEXT,
                gettext_noop("Price list"),
                required=True,
                most=20,
                offers=_groups,
                help=gettext_noop("In a group, the customer pays its prices. Custom prices are kept for later."),
            ),
        ),
    ),
)
