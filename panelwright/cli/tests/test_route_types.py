"""Routes know the type of the service at their other end: what cannot be delivered by it has no route to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django_scopes import scope

from panelwright.catalog.types import TYPES
from panelwright.core import refusals
from panelwright.core.refusal import Refusal
from panelwright.core.secret import Box
from panelwright.orders.problems import NO_ROUTE, problem
from panelwright.providers.posts.post_actions import add_webhook
from panelwright.providers.routing import assigning, route_rules
from panelwright.providers.routing.route_actions import NewRoute, add_routes
from panelwright.providers.routing.store import ProviderRow, RouteRow, SendTask
from panelwright.providers.sync.syncing import sync_one
from panelwright.providers.wire.panel_v2.client import PanelClient
from panelwright.staff import actions, registry
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.rights import Right
from tests.support.people import FOLLOWERS, NOON, SUBSCRIPTION, Owner, Time, value, values
from tests.support.upstream import ScriptedUpstream

Said = Callable[..., str]


def listed(service: int, type_: str, **more: Any) -> dict[str, Any]:
    usual = {"name": f"Theirs {service}", "category": "Theirs", "rate": "1.00", "min": 10, "max": 5000}
    return {"service": service, "type": type_, **usual, **more}


@pytest.fixture
def north(alice: Owner, upstream: ScriptedUpstream, time: Time, settings: Any) -> ScriptedUpstream:
    settings.ALLOW_PRIVATE_PROVIDERS = True
    alice.provider(upstream.url, name="north")
    upstream.answers("balance", {"balance": "100.00", "currency": "USD"})
    upstream.answers("services", [listed(7, "Default"), listed(8, "Subscriptions"), listed(9, "subscriptions")])
    return upstream


def routes() -> list[tuple[Any, ...]]:
    return values("SELECT upstream_service, upstream_type, available FROM providers_route ORDER BY id")


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.slug)
def test_only_a_subscriptions_service_takes_a_subscription(type_: Any) -> None:
    takes = type_.name == "Subscriptions"
    assert route_rules.takes_subscriptions(type_.name) is takes
    for kind in ("plain", "run", "post", "subscription"):
        assert route_rules.carries(kind, type_.name) is (takes is (kind == "subscription"))
    assert route_rules.carries("post", "") and not route_rules.carries("subscription", "")
    assert route_rules.carries("post", "Telepathy"), "their word for something that is no subscription of ours"
    for hears in (False, True):
        why = route_rules.cannot_be(service_type=type_.name, upstream_type="Subscriptions", hears_posts=hears)
        assert (why is None) is takes
        why = route_rules.cannot_be(service_type="Subscriptions", upstream_type=type_.name, hears_posts=hears)
        assert (why is None) is (takes or hears)


def to_send(kind: str) -> SendTask:
    type_ = "Subscriptions" if kind in ("post", "subscription") else "Default"
    return SendTask(1, 1, 5, kind, type_, "https://example.com/p/1", 100, "", 0, None, NOON, 10**6)


def test_single_orders_and_subscriptions_each_take_their_own_routes() -> None:
    plain = RouteRow(1, 5, 1, "77", 0, upstream_type="Default")
    whole = RouteRow(2, 5, 1, "78", 1, upstream_type="Subscriptions")
    unknown = RouteRow(3, 5, 2, "79", 2)
    for kind, ids in (("post", [1, 3]), ("plain", [1, 3]), ("run", [1, 3]), ("subscription", [2])):
        assert [route.id for route in assigning.in_order(to_send(kind), [plain, whole, unknown])] == ids, kind
    waits = assigning.assign([to_send("post")], {5: [whole]}, {}, NOON)
    assert [later.problem for later in waits.later] == [problem(NO_ROUTE)] and not waits.send


def test_a_route_that_cannot_be_is_refused_by_its_reason(north: ScriptedUpstream, alice: Owner, said: Said) -> None:
    route = ("addroute", "--panel", "shop", "--provider", "north")
    told = said(1, *route, "--service", str(FOLLOWERS), "--upstream-service", "8")
    assert "takes subscriptions" in told and "cannot deliver the type Default" in told
    told = said(1, *route, "--service", str(SUBSCRIPTION), "--upstream-service", "7")
    assert "this panel has no source of posts" in told
    assert routes() == []
    said(0, *route, "--service", str(SUBSCRIPTION), "--upstream-service", "9")
    said(0, *route, "--service", str(FOLLOWERS), "--upstream-service", "7")
    with scope(panel=alice.panel):
        add_webhook(panel_id=alice.panel_id)
    said(0, *route, "--service", str(SUBSCRIPTION), "--upstream-service", "7")
    assert [row[:2] for row in routes()] == [("9", "Subscriptions"), ("7", "Default"), ("7", "Default")]


def test_without_a_list_the_type_is_said_by_hand(north: ScriptedUpstream, said: Said) -> None:
    north.answers("services", {"error": "Too many requests"})
    route = ("addroute", "--panel", "shop", "--provider", "north", "--upstream-service", "8")
    assert "Enter the service type at the provider" in said(1, *route, "--service", str(SUBSCRIPTION))
    assert "takes subscriptions" in said(1, *route, "--service", str(FOLLOWERS), "--upstream-type", "Subscriptions")
    assert routes() == []
    said(0, *route, "--service", str(SUBSCRIPTION), "--upstream-type", "Subscriptions")
    said(0, *route, "--service", str(FOLLOWERS))
    assert [row[1] for row in routes()] == ["Subscriptions", ""]


@pytest.mark.parametrize("way", ["command", "older command", "staff API", "page"])
def test_by_no_way_is_a_route_made_that_cannot_be(north: ScriptedUpstream, alice: Owner, said: Said, way: str) -> None:
    def refused(service: int, theirs: str) -> str:
        given = {"service": service, "provider": "north", "upstream_service": theirs}
        if way in ("command", "older command"):
            first = ("addroute",) if way == "older command" else ("route", "add")
            options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
            return said(1, *first, "--panel", "shop", *options)
        kind = ActorKind.STAFF if way == "page" else ActorKind.KEY
        actor = Actor(kind, 1, "alice", "", frozenset(Right))
        with scope(panel=alice.panel):
            done = actions.perform(registry.actions()["route.add"], actor=actor, panel_id=alice.panel_id, given=given)
        assert isinstance(done, Refusal)
        return refusals.staff(done)

    assert "takes subscriptions" in refused(FOLLOWERS, "8")
    assert "this panel has no source of posts" in refused(SUBSCRIPTION, "7")
    assert routes() == []
    said(0, "route", "add", "--panel", "shop", "--service", "1", "--provider", "north", "--upstream-service", "7")
    assert "already has this route" in refused(FOLLOWERS, "7")
    assert [row[:2] for row in routes()] == [("7", "Default")]


def test_no_word_of_a_persons_stands_against_the_list(north: ScriptedUpstream, said: Said) -> None:
    route = ("addroute", "--panel", "shop", "--provider", "north", "--service", str(FOLLOWERS))
    told = said(1, *route, "--upstream-service", "8", "--upstream-type", "Default")
    assert "takes subscriptions" in told and routes() == []
    assert "its type is not known" in said(0, *route, "--upstream-service", "99")


def test_the_list_is_asked_for_while_no_transaction_is_open(
    north: ScriptedUpstream, said: Said, monkeypatch: Any
) -> None:
    open_then: list[bool] = []
    services = PanelClient.services

    def watched(self: PanelClient) -> Any:
        # The test's own transaction is the outermost.
        open_then.append(len(connection.savepoint_ids) > 0)
        return services(self)

    monkeypatch.setattr(PanelClient, "services", watched)
    said(0, "addroute", "--panel", "shop", "--provider", "north", "--service", "1", "--upstream-service", "7")
    assert open_then == [False]


def test_of_several_routes_none_is_made_when_one_cannot_be(alice: Owner) -> None:
    provider = alice.provider("http://127.0.0.1:9/api/v2")
    good = (alice.services[FOLLOWERS].id, provider.id, "7")
    with scope(panel=alice.panel), pytest.raises(ValueError, match="takes subscriptions"):
        add_routes(alice.panel_id, [good, NewRoute(*good[:2], "8", "Subscriptions")])
    assert routes() == []


def sync() -> list[str]:
    def client(row: ProviderRow) -> PanelClient:
        return PanelClient(url=row.url, key=Box(django_settings.SECRET_KEY).open(row.sealed_key), allow_private=True)

    came = sync_one(value("SELECT id FROM providers_provider"), client)
    return [event.name for event in came.events if event.name.startswith(("route.", "service.paused"))]


def test_an_import_keeps_the_types_and_a_type_that_changes_ends_the_route(
    north: ScriptedUpstream, alice: Owner, said: Said
) -> None:
    said(0, "importservices", "--panel", "shop", "--provider", "north")
    assert routes() == [("7", "Default", True), ("8", "Subscriptions", True), ("9", "Subscriptions", True)]
    assert sync() == []
    north.answers("services", [listed(7, "Subscriptions"), listed(8, "Default"), listed(9, "Subscriptions")])
    assert sync().count("route.cannot_be") == 2
    # Another type is another service: what it was stands until a person has looked.
    assert routes() == [("7", "Default", False), ("8", "Subscriptions", False), ("9", "Subscriptions", True)]
    whys = values("SELECT facts FROM events_event WHERE name = 'route.cannot_be' ORDER BY id")
    assert "takes_subscriptions" in str(whys[0]) and "hears_no_posts" in str(whys[1])
    told = said(0, "changes", "--panel", "shop")
    assert "of the type Subscriptions takes subscriptions." in told and "takes one order per post" in told
    assert sync() == [], "told once"
    north.answers("services", [listed(7, "Default"), listed(8, "Subscriptions"), listed(9, "Subscriptions")])
    assert sync().count("route.back") == 2
    assert routes() == [("7", "Default", True), ("8", "Subscriptions", True), ("9", "Subscriptions", True)]


def test_what_was_routed_before_the_type_was_known_stays_with_its_posts_by_hand(
    north: ScriptedUpstream, alice: Owner
) -> None:
    with scope(panel=alice.panel):
        provider = value("SELECT id FROM providers_provider")
        add_routes(alice.panel_id, [(alice.services[SUBSCRIPTION].id, provider, "7")])
        add_routes(alice.panel_id, [(alice.services[FOLLOWERS].id, provider, "8")])
    for _ in range(2):
        sync()
        assert routes() == [("7", "Default", True), ("8", "Subscriptions", False)]
