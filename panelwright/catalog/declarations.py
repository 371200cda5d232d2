"""What staff can do with services and the table of links, declared. A service's target is its number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.catalog import actions, arranging_actions, link_actions
from panelwright.catalog.actions import LinkNeeds, ServiceTerms
from panelwright.catalog.arranging_actions import Direction
from panelwright.catalog.models import Category, LinkPattern, RouteBy, Service
from panelwright.catalog.panel_actions import build_panel
from panelwright.core import money
from panelwright.core.refusal import Refused
from panelwright.panels import presets
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_opposite, by_values
from panelwright.staff.actor import Actor
from panelwright.staff.panel_declarations import PANEL
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, NUMBER, TEXT, YES_NO, fields


def service_state(panel_id: int, number: int) -> State | None:
    rows = Service.objects.select_related("category").filter(panel_id=panel_id, number=number)
    service = rows.select_for_update(no_key=True, of=("self",)).first()
    return None if service is None else stated(service)


def stated(service: Service) -> State:
    """What stands in a service that was read with its category: what the trail compares."""
    return {
        "number": service.number,
        "name": service.name,
        "type": service.type,
        "category": service.category.name,
        "position": service.position,
        "description": service.description,
        "rate": money.text(service.rate_micros),
        "min": service.min,
        "max": service.max,
        "step": service.step,
        "refill": service.refill,
        "refill_days": service.refill_days or 0,
        "cancel": service.cancel,
        "drip_feed": service.drip_feed,
        "unique_link": service.unique_link,
        "private": service.private,
        "route_by": service.route_by,
        "enabled": service.enabled,
        "paused_for": service.paused_for,
        "link_hosts": service.link_hosts,
        "link_kinds": service.link_kinds,
        "link_example": service.link_example,
    }


def _category_state(panel_id: int, id_: int) -> State | None:
    row = Category.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    return None if row is None else {"name": row.name, "icon": row.icon, "position": row.position}


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
            "category": TEXT,
            "position": NUMBER,
            "description": TEXT,
            "rate": AMOUNT,
            "min": NUMBER,
            "max": NUMBER,
            "step": NUMBER,
            "refill": YES_NO,
            "refill_days": NUMBER,
            "cancel": YES_NO,
            "drip_feed": YES_NO,
            "unique_link": YES_NO,
            "private": YES_NO,
            "route_by": TEXT,
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
CATEGORY = Noun(
    "category",
    "categories",
    gettext_noop("Category"),
    _category_state,
    shape=fields({"name": TEXT, "icon": TEXT, "position": NUMBER}),
    find=by_number,
)
LINK_PATTERN = Noun(
    "link_pattern",
    "link_patterns",
    gettext_noop("Link pattern"),
    _pattern_state,
    shape=fields({"host": TEXT, "path": TEXT, "kinds": TEXT}),
)


def _set(actor: Actor, panel_id: int, number: int, /, *, seen: Mapping[str, Any] | None = None, **values: Any) -> None:
    _check_seen(panel_id, number, seen)
    link = None
    if not {"link_hosts", "link_kinds", "link_example"}.isdisjoint(values):
        service = Service.objects.get(panel_id=panel_id, number=number)
        link = LinkNeeds(
            hosts=values.pop("link_hosts", _parts(service.link_hosts)),
            kinds=values.pop("link_kinds", _parts(service.link_kinds)),
            example=values.pop("link_example", service.link_example),
        )
    actions.set_terms(panel_id=panel_id, number=number, terms=ServiceTerms(link=link, **values))


def _check_seen(panel_id: int, number: int, seen: Mapping[str, Any] | None) -> None:
    """Refused where the service is not as somebody saw it: changed_meanwhile."""
    now = service_state(panel_id, number) or {}
    if seen is not None and any(now.get(name) != value for name, value in seen.items()):
        raise Refused("changed_meanwhile")


def _parts(text: str) -> list[str]:
    return [part for part in text.split(",") if part.strip()]


def _set_rate(
    actor: Actor, panel_id: int, number: int, /, *, rate_micros: int, seen: Mapping[str, Any] | None = None
) -> None:
    _check_seen(panel_id, number, seen)
    actions.set_rate(panel_id=panel_id, number=number, rate_micros=rate_micros)


def _turn(enabled: bool) -> Any:
    def do(actor: Actor, panel_id: int, number: int, /) -> None:
        actions.set_enabled(panel_id=panel_id, number=number, enabled=enabled)

    return do


def _move(
    actor: Actor,
    panel_id: int,
    number: int,
    /,
    *,
    direction: str | None = None,
    category: int | None = None,
    before: int | None = None,
) -> None:
    way = None if direction is None else Direction(direction)
    arranging_actions.move_service(panel_id=panel_id, number=number, direction=way, category_id=category, before=before)


def _add_category(actor: Actor, panel_id: int, _target: None, /, *, name: str, icon: str = "") -> ActionDone:
    return ActionDone(arranging_actions.add_category(panel_id=panel_id, name=name, icon=icon).id)


def _set_category(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
    arranging_actions.set_category(panel_id=panel_id, category_id=target, **values)


def _move_category(
    actor: Actor, panel_id: int, target: int, /, *, direction: str | None = None, before: int | None = None
) -> None:
    way = None if direction is None else Direction(direction)
    arranging_actions.move_category(panel_id=panel_id, category_id=target, direction=way, before=before)


def _remove_category(actor: Actor, panel_id: int, target: int, /) -> None:
    arranging_actions.remove_category(panel_id=panel_id, category_id=target)


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


RATE = Field(
    "rate",
    ActionFieldKind.AMOUNT,
    gettext_noop("Price per 1,000"),
    required=True,
    argument="rate_micros",
    help=gettext_noop("Per 1,000 units, or per package."),
)
_HOST = Field("host", ActionFieldKind.TEXT, gettext_noop("Host"), required=True)
_PATH = Field("path", ActionFieldKind.TEXT, gettext_noop("Path"), required=True, help=gettext_noop("Such as /art/*."))

_SEEN = Field(
    "seen",
    ActionFieldKind.OBJECT,
    gettext_noop("What you looked at"),
    help=gettext_noop("Nothing is done if the service has changed since."),
)
# What `set` writes back under the names of the state.
_SET_BACK = (
    *("step", "link_example", "name", "description", "min", "max", "refill", "refill_days", "cancel", "drip_feed"),
    *("unique_link", "private", "route_by"),
)
_DIRECTION = Field("direction", ActionFieldKind.CHOICE, gettext_noop("Where to"), choices=tuple(Direction))
_CATEGORY_NAME = Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), required=True, most=200)
_ICON = Field("icon", ActionFieldKind.CHOICE, gettext_noop("Icon"), choices=("", *arranging_actions.ICONS))

CATEGORY_ACTIONS = (
    Action(
        CATEGORY,
        "add",
        gettext_noop("Add category"),
        Right.SERVICES,
        _add_category,
        (_CATEGORY_NAME, _ICON),
        on_target=False,
    ),
    Action(
        CATEGORY,
        "set",
        gettext_noop("Change category"),
        Right.SERVICES,
        _set_category,
        (replace(_CATEGORY_NAME, required=False), _ICON),
    ),
    Action(
        CATEGORY,
        "move",
        gettext_noop("Move"),
        Right.SERVICES,
        _move_category,
        (_DIRECTION, Field("before", ActionFieldKind.NUMBER, gettext_noop("Before the category"))),
    ),
    Action(CATEGORY, "remove", gettext_noop("Remove category"), Right.SERVICES, _remove_category, gone=True),
)

ACTIONS = (
    *CATEGORY_ACTIONS,
    Action(
        SERVICE,
        "set_rate",
        gettext_noop("Change price"),
        Right.PRICES,
        _set_rate,
        (RATE, _SEEN),
        in_bulk=True,
        undo=by_values("set_rate", "rate"),
    ),
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
            Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), most=300),
            Field("description", ActionFieldKind.LONG_TEXT, gettext_noop("Description"), most=10_000),
            Field("min", ActionFieldKind.NUMBER, gettext_noop("Minimum"), least=1, argument="low"),
            Field("max", ActionFieldKind.NUMBER, gettext_noop("Maximum"), least=1, argument="high"),
            Field("refill", ActionFieldKind.YES_NO, gettext_noop("Has refills")),
            Field(
                "refill_days",
                ActionFieldKind.NUMBER,
                gettext_noop("Days in which a refill can be requested"),
                most=3_650,
                help=gettext_noop("0 means without limit."),
            ),
            Field("cancel", ActionFieldKind.YES_NO, gettext_noop("Customers can request a cancellation")),
            Field("drip_feed", ActionFieldKind.YES_NO, gettext_noop("Has drip-feed")),
            Field("unique_link", ActionFieldKind.YES_NO, gettext_noop("One open order per link")),
            Field(
                "private",
                ActionFieldKind.YES_NO,
                gettext_noop("Secret"),
                help=gettext_noop("Only customers with a custom price see it."),
            ),
            Field(
                "route_by",
                ActionFieldKind.CHOICE,
                gettext_noop("Choose the route by"),
                choices=tuple(RouteBy.values),
                help=gettext_noop("Measured with the last orders of each route."),
            ),
            _SEEN,
        ),
        in_bulk=True,
        undo=by_values("set", *_SET_BACK),
    ),
    Action(
        SERVICE,
        "move",
        gettext_noop("Move"),
        Right.SERVICES,
        _move,
        (
            _DIRECTION,
            Field("category", ActionFieldKind.NUMBER, gettext_noop("Category ID")),
            Field("before", ActionFieldKind.NUMBER, gettext_noop("Before the service")),
        ),
        in_bulk=True,
    ),
    Action(
        SERVICE,
        "turn_on",
        gettext_noop("Turn on"),
        Right.SERVICES,
        _turn(True),
        in_bulk=True,
        undo=by_opposite("turn_off", "enabled"),
        offered=lambda service: not service.enabled,
    ),
    Action(
        SERVICE,
        "turn_off",
        gettext_noop("Turn off"),
        Right.SERVICES,
        _turn(False),
        in_bulk=True,
        undo=by_opposite("turn_on", "enabled"),
        offered=lambda service: service.enabled,
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
