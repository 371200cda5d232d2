"""What staff can do with providers, routes and exchange rates, declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from panelwright.catalog.changes import ChangeEvent
from panelwright.catalog.models import Service
from panelwright.catalog.types import BY_NAME
from panelwright.core import money, said
from panelwright.core.refusal import Refused
from panelwright.core.secret import installation_box
from panelwright.core.web_addresses import without_secrets
from panelwright.customers.asking import limited
from panelwright.panels.models import Panel
from panelwright.providers import actions
from panelwright.providers.manual import manual_actions
from panelwright.providers.models import Provider, ProviderKind, Route
from panelwright.providers.routing import route_actions
from panelwright.providers.routing.route_actions import NewRoute, RouteTerms
from panelwright.providers.sync import hold_actions, kept_list_actions, sync_actions, sync_problems
from panelwright.providers.sync.import_rules import Chosen
from panelwright.providers.sync.round_actions import commit_sync
from panelwright.providers.sync.sync_rules import TYPE_MAX, Markup
from panelwright.providers.sync.syncing import asked, asked_for_list
from panelwright.providers.wire import transports
from panelwright.providers.wire.outcomes import Offers
from panelwright.providers.wire.upstream import Upstream
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id, in_its_place
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, ANYTHING, MOMENT, NUMBER, TEXT, YES_NO, fields, listed, maybe, words


def provider_state(panel_id: int, provider_id: int) -> State | None:
    row = Provider.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=provider_id).first()
    if row is None:
        return None
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "transport": row.transport,
        "url": without_secrets(row.url),
        "enabled": row.enabled,
        "knows_request_id": row.knows_request_id,
        "currency": row.currency,
        "currency_told": row.told_currency,
        "currency_overruled": row.overruled_currency,
        "per_minute": row.per_minute_max,
        "low_balance": None if row.low_balance_micros is None else money.text(row.low_balance_micros),
        "balance": None if row.balance_micros is None else money.text(row.balance_micros),
        "sync_every": row.sync_every_min if row.sync_due_at is not None else 0,
        "synced_at": None if row.synced_at is None else row.synced_at.isoformat(timespec="seconds"),
        "rise_max": None if row.rise_max_e2 is None else f"{row.rise_max_e2 / 100:.2f}",
        "fall_max": None if row.fall_max_e2 is None else f"{row.fall_max_e2 / 100:.2f}",
        "failures": row.failures,
        "rests_until": None if row.rest_until is None else row.rest_until.isoformat(timespec="seconds"),
        "problem": said.words(row.problem) or sync_problems.of(row),
        "problem_code": row.sync_problem_code,
    }


def route_state(panel_id: int, route_id: int) -> State | None:
    rows = Route.objects.select_related("provider", "service")
    row = rows.select_for_update(no_key=True, of=("self",)).filter(panel_id=panel_id, id=route_id).first()
    if row is None:
        return None
    held = row.held or {}
    return {
        "id": row.id,
        "service": row.service.number,
        "provider": row.provider.name,
        "upstream_service": row.upstream_service,
        "upstream_type": row.upstream_type,
        "position": row.position,
        "enabled": row.enabled,
        "rate": None if row.rate_micros is None else money.text(row.rate_micros),
        "min": row.min,
        "max": row.max,
        "step": row.step,
        "in_step": row.in_step,
        "markup": f"{row.markup_percent_e2 / 100:.2f}",
        "fixed": money.text(row.markup_fixed_micros),
        "round_to": money.text(row.round_to_micros),
        "follows_rate": row.follows_rate,
        "follows_limits": row.follows_limits,
        "follows_sale": row.follows_sale,
        "follows_name": row.follows_name,
        "held": list(held.get("codes", [])),
        "rejected": row.held_rejected,
        "service_enabled": row.service.enabled,
        "service_rate": money.text(row.service.rate_micros),
    }


def provider_called(panel_id: int, name: str) -> int | None:
    found: int | None = Provider.objects.filter(panel_id=panel_id, name=name).values_list("id", flat=True).first()
    return found


_ROUTE_SHAPE = fields(
    {
        "id": NUMBER,
        "service": NUMBER,
        "provider": TEXT,
        "upstream_service": TEXT,
        "upstream_type": TEXT,
        "position": NUMBER,
        "enabled": YES_NO,
        "rate": maybe(AMOUNT),
        "min": maybe(NUMBER),
        "max": maybe(NUMBER),
        "step": maybe(NUMBER),
        "in_step": YES_NO,
        "markup": AMOUNT,
        "fixed": AMOUNT,
        "round_to": AMOUNT,
        "follows_rate": YES_NO,
        "follows_limits": YES_NO,
        "follows_sale": YES_NO,
        "follows_name": YES_NO,
        "held": listed(TEXT),
        "rejected": YES_NO,
        "service_enabled": YES_NO,
        "service_rate": AMOUNT,
    }
)
PROVIDER = Noun(
    "provider",
    "providers",
    gettext_noop("Provider"),
    provider_state,
    shape=fields(
        {
            "id": NUMBER,
            "name": TEXT,
            "kind": words(ProviderKind.values),
            "transport": TEXT,
            "url": TEXT,
            "enabled": YES_NO,
            "knows_request_id": YES_NO,
            "currency": TEXT,
            "currency_told": TEXT,
            "currency_overruled": TEXT,
            "per_minute": maybe(NUMBER),
            "low_balance": maybe(AMOUNT),
            "balance": maybe(AMOUNT),
            "sync_every": NUMBER,
            "synced_at": maybe(MOMENT),
            "rise_max": maybe(AMOUNT),
            "fall_max": maybe(AMOUNT),
            "failures": NUMBER,
            "rests_until": maybe(MOMENT),
            "problem": TEXT,
            "problem_code": TEXT,
        }
    ),
    find=provider_called,
    named_by="provider",
)
ROUTE = Noun("route", "routes", gettext_noop("Route"), route_state, shape=_ROUTE_SHAPE, find=by_id)
HELD = Noun("held", "held", gettext_noop("Held route"), route_state, shape=_ROUTE_SHAPE, answers_as="route", find=by_id)


def _there(panel_id: int, name: str) -> Provider:
    """The provider of this name. Refused: no_provider."""
    row: Provider | None = Provider.objects.filter(panel_id=panel_id, name=name).first()
    if row is None:
        raise Refused("no_provider", "provider", id=name[:100])
    return row


def _add_provider(
    actor: Actor, panel_id: int, _target: None, /, *, name: str, kind: str = "api", **values: Any
) -> ActionDone:
    if kind == ProviderKind.MANUAL.value:
        if values:
            raise Refused("manual_has_no_api", next(iter(values)))
        return ActionDone(manual_actions.add_manual_provider(panel_id=panel_id, name=name).id)
    values = {"url": "", "key": "", **values}
    return ActionDone(actions.add_provider(panel_id=panel_id, name=name, **values).id)


def _set_provider(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
    actions.set_provider(panel_id=panel_id, provider_id=target, **values)


def client_of(provider: Provider) -> Upstream:
    """Refused: manual_has_no_api, or its key cannot be decrypted."""
    if provider.kind != ProviderKind.API.value:
        raise Refused("manual_has_no_api", id=provider.name)
    try:
        key = installation_box().open(provider.sealed_key)
    except ValueError:
        raise Refused("key_unreadable", id=provider.name) from None
    allow_private = settings.ALLOW_PRIVATE_PROVIDERS
    return transports.connect(provider.transport, url=provider.url, key=key, allow_private=allow_private)


def _ask(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the provider's list and our balance there are, before the transaction."""
    provider = Provider.objects.filter(panel_id=panel_id, id=target or 0).first()
    if provider is None:
        raise Refused("no_provider", id=target or 0)
    client = client_of(provider)
    balance, offers = asked(provider.id, lambda row: client)
    return {**values, "balance": balance, "offers": offers}


# Services that a person's round brings in step at once, while nobody else can write on SQLite.
SYNCED_AT_ONCE = 100


def _sync(
    actor: Actor, panel_id: int, target: int, /, *, balance: Any, offers: Any, accept: bool = False
) -> ActionDone:
    panel = Panel.objects.get(id=panel_id)
    came = commit_sync(
        panel=panel, provider_id=target, offers=offers, balance=balance, accept=accept, at_most=SYNCED_AT_ONCE
    )
    changes = [_told(event) for event in came.events]
    return ActionDone(shown={"changes": changes, "problem": came.problem, "left": came.left})


def _ask_list(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the provider's list is, before the transaction."""
    asked_for = _ask(panel_id, target, {})
    if not isinstance(asked_for["offers"], Offers):
        raise Refused("list_not_read", text=asked_for["offers"].text)
    return {**values, "offers": asked_for["offers"]}


def _read_list(actor: Actor, panel_id: int, target: int, /, *, offers: Any) -> ActionDone:
    count = kept_list_actions.keep(panel_id=panel_id, provider_id=target, offers=offers)
    return ActionDone(before={}, after={"rows": count}, shown={"rows": count})


def _import(
    actor: Actor,
    panel_id: int,
    target: int,
    /,
    *,
    balance: Any,
    offers: Any,
    markup_e2: int = 0,
    fixed_micros: int = 0,
    round_to_micros: int = 1,
    free: bool = False,
    categories: Mapping[str, Any] | None = None,
    **chosen: Any,
) -> ActionDone:
    if not isinstance(offers, Offers):
        raise Refused("list_not_read", text=offers.text)
    if round_to_micros < 1 or fixed_micros < 0:
        raise Refused("bad_rounding", "round_to")
    services = frozenset(chosen.pop("services", ()))
    imported = sync_actions.import_services(
        panel=Panel.objects.get(id=panel_id),
        provider=Provider.objects.get(panel_id=panel_id, id=target),
        offers=offers,
        chosen=Chosen(category=chosen.get("category", ""), search=chosen.get("search", ""), services=services),
        markup=Markup(markup_e2, fixed_micros, round_to_micros),
        free=free,
        balance=balance,
        categories={str(theirs): str(ours) for theirs, ours in (categories or {}).items()},
    )
    numbers = [service.number for service in imported.services]
    off = [service.number for service in imported.services if not service.enabled]
    left_out = [{"service": row.service, "name": row.name, "why": row.why} for row in imported.left_out]
    return ActionDone(
        before={"services": []},
        after={"services": numbers},
        shown={"imported": numbers, "known": imported.known, "not_on_sale": off, "left_out": left_out},
    )


def _told(event: ChangeEvent) -> dict[str, Any]:
    return {"event": event.name, "facts": event.facts}


def _with_their_type(panel_id: int, _target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Adds the type that the provider's list gives its service, before the transaction: it decides what can go there.

    What its list says counts more than what was given. Refused: upstream_type_unknown, for a subscription.
    """
    to = Provider.objects.filter(panel_id=panel_id, name=values["provider"]).first()
    sold = Service.objects.filter(panel_id=panel_id, number=values["service"]).first()
    theirs = values.get("upstream_service")
    if to is None or sold is None or to.kind != ProviderKind.API.value or not theirs:
        return values
    client = client_of(to)
    offers = asked_for_list(to.id, lambda row: client)
    if isinstance(offers, Offers):
        found = next((offer.type for offer in offers if offer.service == theirs), "")
        return {**values, "upstream_type": found[:TYPE_MAX] or values.get("upstream_type", "")}
    if BY_NAME[sold.type].subscription and not values.get("upstream_type"):
        raise Refused("upstream_type_unknown", "upstream_type", id=to.name, text=offers.text)
    return values


def _add_route(
    actor: Actor,
    panel_id: int,
    _target: None,
    /,
    *,
    service: int,
    provider: str,
    upstream_service: str = "",
    upstream_type: str = "",
) -> ActionDone:
    sold = Service.objects.filter(panel_id=panel_id, number=service).first()
    if sold is None:
        raise Refused("no_service", "service", id=service)
    to = _there(panel_id, provider)
    if to.kind == ProviderKind.API.value and not upstream_service:
        raise Refused("missing_field", "upstream_service")
    if Route.objects.filter(panel_id=panel_id, service=sold, provider=to, upstream_service=upstream_service).exists():
        raise Refused("route_exists", "upstream_service")
    route_actions.add_routes(panel_id, [NewRoute(sold.id, to.id, upstream_service, upstream_type)])
    made = Route.objects.filter(panel_id=panel_id, service=sold, provider=to).order_by("-id").first()
    assert made is not None
    return ActionDone(made.id)


def _set_route(actor: Actor, panel_id: int, target: int, /, *, first: bool = False, **values: Any) -> None:
    service_id = Route.objects.get(panel_id=panel_id, id=target).service_id
    route_actions.set_route(
        panel_id=panel_id, service_id=service_id, route_id=target, first=first, terms=RouteTerms(**values)
    )


def _move_route(actor: Actor, panel_id: int, target: int, /, *, direction: str) -> None:
    route_actions.move_route(panel_id=panel_id, route_id=target, up=direction == "up")


def _decide(accepted: bool) -> Any:
    def do(actor: Actor, panel_id: int, target: int, /, *, seen: Mapping[str, Any] | None = None) -> ActionDone:
        provider_id = Route.objects.get(panel_id=panel_id, id=target).provider_id
        act = hold_actions.accept if accepted else hold_actions.reject
        events = act(
            panel=Panel.objects.get(id=panel_id), provider_id=provider_id, route_ids=[target], by=actor.name, seen=seen
        )
        return ActionDone(shown={"changes": [_told(event) for event in events]})

    return do


_NAME = Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), required=True, most=100)
_URL = Field("url", ActionFieldKind.URL, gettext_noop("API address"), most=500)
_KEY = Field("key", ActionFieldKind.SECRET, gettext_noop("API key"), most=4_000)
_MICROS_OF_RATE = Field("rate", ActionFieldKind.AMOUNT, gettext_noop("Price per 1,000"), argument="rate_micros")
_SEEN = Field(
    "seen",
    ActionFieldKind.OBJECT,
    gettext_noop("What you looked at"),
    help=gettext_noop("Nothing is done if the provider's list has changed since."),
)
_MARKUP = (
    Field("markup", ActionFieldKind.PERCENT, gettext_noop("Markup in percent"), argument="markup_e2"),
    Field("fixed", ActionFieldKind.AMOUNT, gettext_noop("Added to each price"), argument="fixed_micros"),
    Field("round_to", ActionFieldKind.AMOUNT, gettext_noop("Round prices up to"), argument="round_to_micros"),
)
_CHANGES = listed(fields({"event": TEXT, "facts": ANYTHING}))
_UP_OR_DOWN = Field(
    "direction", ActionFieldKind.CHOICE, gettext_noop("Where to"), required=True, choices=("up", "down")
)

ACTIONS = (
    Action(
        PROVIDER,
        "add",
        gettext_noop("Add provider"),
        Right.PROVIDERS,
        _add_provider,
        (
            _NAME,
            Field(
                "kind",
                ActionFieldKind.CHOICE,
                gettext_noop("Kind"),
                choices=tuple(ProviderKind.values),
                help=gettext_noop("api is another panel, manual your own people."),
            ),
            _URL,
            _KEY,
            Field(
                "transport",
                ActionFieldKind.CHOICE,
                gettext_noop("Protocol"),
                choices=transports.names(),
                help=gettext_noop("How to talk to its API. Panel API v2 unless you choose another."),
            ),
            Field("knows_request_id", ActionFieldKind.YES_NO, gettext_noop("Knows request IDs")),
        ),
        on_target=False,
        of_money=True,
    ),
    Action(
        PROVIDER,
        "set",
        gettext_noop("Change provider"),
        Right.PROVIDERS,
        _set_provider,
        (
            _URL,
            _KEY,
            Field("currency", ActionFieldKind.TEXT, gettext_noop("Currency"), most=3),
            Field(
                "per_minute",
                ActionFieldKind.NUMBER,
                gettext_noop("Requests per minute"),
                most=1_000_000,
                argument="per_minute_max",
                help=gettext_noop("0 means no limit."),
            ),
            Field(
                "low_balance",
                ActionFieldKind.AMOUNT,
                gettext_noop("Warn when the balance is below"),
                argument="low_balance_micros",
            ),
            Field(
                "sync_every",
                ActionFieldKind.NUMBER,
                gettext_noop("Minutes between syncs"),
                argument="sync_every_min",
                help=gettext_noop("0 turns automatic sync off."),
            ),
            Field(
                "rise_max",
                ActionFieldKind.TIMES,
                gettext_noop("Hold a rate that rises above this factor"),
                argument="rise_max_e2",
                help=gettext_noop("0 means no limit."),
            ),
            Field(
                "fall_max",
                ActionFieldKind.TIMES,
                gettext_noop("Hold a rate that falls below this factor"),
                argument="fall_max_e2",
                help=gettext_noop("0 means no limit."),
            ),
            Field(
                "currency_told_wrongly", ActionFieldKind.YES_NO, gettext_noop("The currency that it reports is wrong")
            ),
            Field("enabled", ActionFieldKind.YES_NO, gettext_noop("Send orders to this provider")),
        ),
        of_money=True,
    ),
    Action(
        PROVIDER,
        "sync",
        gettext_noop("Sync now"),
        Right.PROVIDERS,
        _sync,
        (Field("accept", ActionFieldKind.YES_NO, gettext_noop("Believe a list that has lost most of its services")),),
        prepare=limited(_ask),
        shown={"changes": _CHANGES, "problem": TEXT, "left": NUMBER},
    ),
    Action(
        PROVIDER,
        "read_list",
        gettext_noop("Read the list"),
        Right.SERVICES,
        _read_list,
        prepare=limited(_ask_list),
        offered=in_its_place,
        shown={"rows": NUMBER},
    ),
    Action(
        PROVIDER,
        "import",
        gettext_noop("Import services"),
        Right.SERVICES,
        _import,
        (
            Field("category", ActionFieldKind.TEXT, gettext_noop("Only this category")),
            Field("search", ActionFieldKind.TEXT, gettext_noop("Only names with this text")),
            Field("services", ActionFieldKind.WORDS, gettext_noop("Only these service IDs of the provider")),
            *_MARKUP,
            Field("free", ActionFieldKind.YES_NO, gettext_noop("Sell services that cost nothing")),
            Field(
                "categories",
                ActionFieldKind.OBJECT,
                gettext_noop("Categories"),
                help=gettext_noop("From the provider's names of categories to yours."),
            ),
        ),
        prepare=limited(_ask),
        shown={
            "imported": listed(NUMBER),
            "known": NUMBER,
            "not_on_sale": listed(NUMBER),
            "left_out": listed(fields({"service": TEXT, "name": TEXT, "why": TEXT})),
        },
        of_money=True,
    ),
    Action(
        ROUTE,
        "add",
        gettext_noop("Add route"),
        Right.SERVICES,
        _add_route,
        (
            Field("service", ActionFieldKind.NUMBER, gettext_noop("Service ID"), required=True),
            Field("provider", ActionFieldKind.TEXT, gettext_noop("Provider"), required=True),
            Field("upstream_service", ActionFieldKind.TEXT, gettext_noop("Service ID at the provider"), most=60),
            Field("upstream_type", ActionFieldKind.TEXT, gettext_noop("Service type at the provider"), most=100),
        ),
        on_target=False,
        prepare=_with_their_type,
        of_money=True,
    ),
    Action(
        ROUTE,
        "set",
        gettext_noop("Change route"),
        Right.SERVICES,
        _set_route,
        (
            Field("first", ActionFieldKind.YES_NO, gettext_noop("Try this route first")),
            Field("enabled", ActionFieldKind.YES_NO, gettext_noop("Enabled")),
            _MICROS_OF_RATE,
            Field("min", ActionFieldKind.NUMBER, gettext_noop("Minimum"), argument="low"),
            Field("max", ActionFieldKind.NUMBER, gettext_noop("Maximum"), argument="high"),
            Field("step", ActionFieldKind.NUMBER, gettext_noop("Step"), least=1),
            Field("in_step", ActionFieldKind.YES_NO, gettext_noop("The service follows this route")),
            *_MARKUP,
            Field("follows_rate", ActionFieldKind.YES_NO, gettext_noop("The price follows")),
            Field("follows_limits", ActionFieldKind.YES_NO, gettext_noop("Minimum, maximum and step follow")),
            Field("follows_sale", ActionFieldKind.YES_NO, gettext_noop("Off while the provider does not have it")),
            Field("follows_name", ActionFieldKind.YES_NO, gettext_noop("The name follows")),
        ),
        in_bulk=True,
        of_money=True,
    ),
    Action(
        ROUTE,
        "move",
        gettext_noop("Move"),
        Right.SERVICES,
        _move_route,
        offered=in_its_place,
        fields=(
            Field("direction", ActionFieldKind.CHOICE, gettext_noop("Where to"), required=True, choices=("up", "down")),
        ),
        of_money=True,
    ),
    Action(
        HELD,
        "accept",
        gettext_noop("Accept the provider's change"),
        Right.SERVICES,
        _decide(True),
        (_SEEN,),
        in_bulk=True,
        shown={"changes": _CHANGES},
        of_money=True,
    ),
    Action(
        HELD,
        "reject",
        gettext_noop("Reject the provider's change"),
        Right.SERVICES,
        _decide(False),
        (_SEEN,),
        in_bulk=True,
        shown={"changes": _CHANGES},
    ),
)
