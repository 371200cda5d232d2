"""What staff can do with services, prices and the table of links, declared. A service's target is its number."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.catalog import actions, link_actions
from panelwright.catalog.actions import LinkNeeds
from panelwright.catalog.models import LinkPattern, PriceListRate, Service
from panelwright.catalog.panel_actions import build_panel
from panelwright.core import money
from panelwright.core.refusal import Refused
from panelwright.customers.declarations import CUSTOMER
from panelwright.customers.models import PriceList
from panelwright.panels import presets
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State
from panelwright.staff.actor import Actor
from panelwright.staff.panel_declarations import PANEL
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, ANYTHING, NUMBER, TEXT, YES_NO, fields


def service_state(panel_id: int, number: int) -> State | None:
    service = Service.objects.select_for_update(no_key=True).filter(panel_id=panel_id, number=number).first()
    if service is None:
        return None
    return {
        "number": service.number,
        "name": service.name,
        "type": service.type,
        "rate": money.text(service.rate_micros),
        "min": service.min,
        "max": service.max,
        "step": service.step,
        "enabled": service.enabled,
        "paused_for": service.paused_for,
        "link_hosts": service.link_hosts,
        "link_kinds": service.link_kinds,
        "link_example": service.link_example,
    }


def _price_list_state(panel_id: int, id_: int) -> State | None:
    row = PriceList.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    if row is None:
        return None
    rates = PriceListRate.objects.filter(panel_id=panel_id, price_list=row).select_related("service")
    own = {str(rate.service.number): money.text(rate.rate_micros) for rate in rates.order_by("service__number")}
    return {"name": row.name, "percent_off": f"{row.percent_off_e2 / 100:.2f}", "rates": own}


def _pattern_state(panel_id: int, id_: int) -> State | None:
    row = LinkPattern.objects.filter(panel_id=panel_id, id=id_).first()
    return None if row is None else {"host": row.host, "path": row.path, "kinds": row.kinds}


def by_number(panel_id: int, text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


SERVICE = Noun(
    "service",
    "services",
    gettext_noop("Service"),
    service_state,
    shape=fields(
        {
            "number": NUMBER,
            "name": TEXT,
            "type": TEXT,
            "rate": AMOUNT,
            "min": NUMBER,
            "max": NUMBER,
            "step": NUMBER,
            "enabled": YES_NO,
            "paused_for": TEXT,
            "link_hosts": TEXT,
            "link_kinds": TEXT,
            "link_example": TEXT,
        }
    ),
    find=by_number,
    named_by="service",
)
PRICE_LIST = Noun(
    "price_list",
    "price_lists",
    gettext_noop("Price list"),
    _price_list_state,
    shape=fields({"name": TEXT, "percent_off": AMOUNT, "rates": ANYTHING}),
    find=by_number,
)
LINK_PATTERN = Noun(
    "link_pattern",
    "link_patterns",
    gettext_noop("Link pattern"),
    _pattern_state,
    shape=fields({"host": TEXT, "path": TEXT, "kinds": TEXT}),
)


def _set(actor: Actor, panel_id: int, number: int, /, **values: Any) -> None:
    link = None
    if not {"link_hosts", "link_kinds", "link_example"}.isdisjoint(values):
        service = Service.objects.get(panel_id=panel_id, number=number)
        link = LinkNeeds(
            hosts=values.get("link_hosts", _parts(service.link_hosts)),
            kinds=values.get("link_kinds", _parts(service.link_kinds)),
            example=values.get("link_example", service.link_example),
        )
    actions.set_terms(panel_id=panel_id, number=number, step=values.get("step"), link=link)


def _parts(text: str) -> list[str]:
    return [part for part in text.split(",") if part.strip()]


def _set_rate(actor: Actor, panel_id: int, number: int, /, *, rate_micros: int) -> None:
    actions.set_rate(panel_id=panel_id, number=number, rate_micros=rate_micros)


def _turn(enabled: bool) -> Any:
    def do(actor: Actor, panel_id: int, number: int, /) -> None:
        actions.set_enabled(panel_id=panel_id, number=number, enabled=enabled)

    return do


def _set_own_rate(actor: Actor, panel_id: int, target: int, /, *, service: int, rate_micros: int) -> None:
    if not Service.objects.filter(panel_id=panel_id, number=service).exists():
        raise Refused("no_service", id=service)
    price_list = PriceList.objects.get(panel_id=panel_id, id=target)
    actions.set_own_rate(price_list=price_list, number=service, rate_micros=rate_micros)


def _set_customer_rate(actor: Actor, panel_id: int, target: int, /, *, service: int, rate_micros: int) -> ActionDone:
    """In the customer's own price list, which is made when it is first needed. Refused: price_list_shared."""
    if not Service.objects.filter(panel_id=panel_id, number=service).exists():
        raise Refused("no_service", "service", id=service)
    price_list, made = actions.own_price_list(panel_id=panel_id, customer_id=target)
    before = {} if made else _price_list_state(panel_id, price_list.id)
    actions.set_own_rate(price_list=price_list, number=service, rate_micros=rate_micros)
    after = _price_list_state(panel_id, price_list.id) or {}
    return ActionDone(before=before, after=after)


def _add_pattern(
    actor: Actor, panel_id: int, _target: None, /, *, host: str, path: str, kinds: list[str]
) -> ActionDone:
    before = _found(panel_id, host, path)
    row = link_actions.add_pattern(panel_id, host=host, path=path, kinds=kinds)
    return ActionDone(before=before, after=row._asdict())


def _remove_pattern(actor: Actor, panel_id: int, _target: None, /, *, host: str, path: str) -> ActionDone:
    before = _found(panel_id, host, path) or {"host": host, "path": path}
    if not link_actions.remove_pattern(panel_id, host=host, path=path):
        raise Refused("no_link_pattern", "path")
    return ActionDone(before=before, shown={"removed": 1})


def _create_panel(
    actor: Actor, panel_id: int, _target: None, /, *, domains: list[str], preset: str | None = None, **values: Any
) -> ActionDone:
    from_preset = None if preset is None else presets.load(preset)
    panel = build_panel(
        from_preset,
        slug=values.pop("slug", "") or preset or "",
        domains=[parse_domain(text) for text in domains],
        **values,
    )
    made = {"slug": panel.slug, "name": panel.name, "currency": panel.currency, "preset": preset, "domains": domains}
    return ActionDone(panel.id, before={}, after=made)


def parse_domain(text: str) -> tuple[str, int]:
    """Host and port (0: any) of HOST[:PORT]. Refused: bad_host."""
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        return text, 0
    if not (port.isascii() and port.isdigit() and len(port) < 6):
        raise Refused("bad_host", "domains")
    return host, int(port)


def _found(panel_id: int, host: str, path: str) -> State:
    row = LinkPattern.objects.filter(panel_id=panel_id, host=host.strip().lower(), path=path.strip()).first()
    return {} if row is None else {"host": row.host, "path": row.path, "kinds": row.kinds}


_RATE = Field(
    "rate",
    ActionFieldKind.AMOUNT,
    gettext_noop("Price per 1,000"),
    required=True,
    argument="rate_micros",
    help=gettext_noop("Per 1,000 units, or per package."),
)
_HOST = Field("host", ActionFieldKind.TEXT, gettext_noop("Host"), required=True)
_PATH = Field("path", ActionFieldKind.TEXT, gettext_noop("Path"), required=True, help=gettext_noop("Such as /art/*."))

ACTIONS = (
    Action(
        SERVICE,
        "set",
        gettext_noop("Change how a service is sold"),
        Right.SERVICES,
        _set,
        (
            Field(
                "step",
                ActionFieldKind.NUMBER,
                gettext_noop("Step"),
                least=1,
                help=gettext_noop("1 means any quantity."),
            ),
            Field("link_hosts", ActionFieldKind.WORDS, gettext_noop("Sites or hosts that a link may lead to")),
            Field("link_kinds", ActionFieldKind.WORDS, gettext_noop("What a link must lead to")),
            Field("link_example", ActionFieldKind.TEXT, gettext_noop("Example link")),
        ),
        in_bulk=True,
    ),
    Action(SERVICE, "set_rate", gettext_noop("Change price"), Right.PRICES, _set_rate, (_RATE,), in_bulk=True),
    Action(SERVICE, "turn_on", gettext_noop("Turn on"), Right.SERVICES, _turn(True), in_bulk=True),
    Action(SERVICE, "turn_off", gettext_noop("Turn off"), Right.SERVICES, _turn(False), in_bulk=True),
    Action(
        PRICE_LIST,
        "set_rate",
        gettext_noop("Set a custom price"),
        Right.PRICES,
        _set_own_rate,
        (Field("service", ActionFieldKind.NUMBER, gettext_noop("Service ID"), required=True), _RATE),
    ),
    Action(
        PANEL,
        "create",
        gettext_noop("Create panel"),
        Right.SETTINGS,
        _create_panel,
        (
            Field("preset", ActionFieldKind.CHOICE, gettext_noop("Preset"), choices=tuple(presets.names())),
            Field("slug", ActionFieldKind.TEXT, gettext_noop("Short name"), most=40),
            Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), most=100),
            Field("currency", ActionFieldKind.TEXT, gettext_noop("Currency"), most=3),
            Field("language", ActionFieldKind.TEXT, gettext_noop("Language"), most=10),
            Field("domains", ActionFieldKind.WORDS, gettext_noop("Domains"), required=True),
        ),
        on_target=False,
        host=True,
    ),
    Action(
        CUSTOMER,
        "set_rate",
        gettext_noop("Set a custom price"),
        Right.PRICES,
        _set_customer_rate,
        (Field("service", ActionFieldKind.NUMBER, gettext_noop("Service ID"), required=True), _RATE),
    ),
    Action(
        LINK_PATTERN,
        "add",
        gettext_noop("Add a link pattern"),
        Right.SERVICES,
        _add_pattern,
        (_HOST, _PATH, Field("kinds", ActionFieldKind.WORDS, gettext_noop("What the link leads to"), required=True)),
        on_target=False,
    ),
    Action(
        LINK_PATTERN,
        "remove",
        gettext_noop("Remove a link pattern"),
        Right.SERVICES,
        _remove_pattern,
        (_HOST, _PATH),
        on_target=False,
        gone=True,
        shown={"removed": NUMBER},
    ),
)
