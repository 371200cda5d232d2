"""`increment` in a provider's list: read, imported, followed, routed by; what cannot be read is said."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog.actions import ServiceTerms, set_terms
from panelwright.core import said
from panelwright.core.reply import HttpReply
from panelwright.providers.routing import assigning
from panelwright.providers.routing.route_actions import RouteTerms, routes_of, set_route
from panelwright.providers.routing.store import RouteRow, SendTask
from panelwright.providers.sync import import_rules
from panelwright.providers.sync.tests.test_sync import Shop, listed
from panelwright.providers.wire.outcomes import OFFER_MAX, STEP_UNREAD, Reason, ServiceOffer
from panelwright.providers.wire.panel_v2.error_phrases import classify
from panelwright.providers.wire.panel_v2.reading import read_services
from tests.support.people import FOLLOWERS, NOON, Owner, Time, value, values
from tests.support.upstream import ScriptedUpstream


@pytest.fixture
def shop(alice: Owner, upstream: ScriptedUpstream, time: Time) -> Shop:
    return Shop(alice, upstream)


def steps() -> list[tuple[Any, ...]]:
    """(service's step, route's step) of the services that follow a provider."""
    return values(
        "SELECT v.step, r.step FROM catalog_service v JOIN providers_route r ON r.service_id = v.id ORDER BY v.number"
    )


# ---- reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "step"),
    [
        (100, 100),
        ("100", 100),
        ("1,000", 1000),
        ("100.00", 100),
        (1, 1),
        (0, 1),
        ("0", 1),
        (False, 1),
        (None, None),
        ("", None),
        ("null", None),
        ("ten", STEP_UNREAD),
        ("1.5", STEP_UNREAD),
        (-10, STEP_UNREAD),
        (True, STEP_UNREAD),
        ([10], STEP_UNREAD),
        ({"a": 1}, STEP_UNREAD),
        (OFFER_MAX + 1, STEP_UNREAD),
        (10**30, STEP_UNREAD),
    ],
)
def test_an_increment_is_read_or_said_to_be_unreadable(said: Any, step: int | None) -> None:
    for key in ("increment", "Increment"):
        body = json.dumps([{**listed(7), key: said}]).encode()
        (offer,) = read_services(HttpReply(200, body))  # type: ignore[misc]
        assert offer.step == step


def test_without_an_increment_nothing_is_known_of_one() -> None:
    (offer,) = read_services(HttpReply(200, json.dumps([listed(7)]).encode()))  # type: ignore[misc]
    assert offer.step is None


@pytest.mark.parametrize(
    "text",
    [
        "neworder.error.increment",
        "Quantity must be a multiple of 100",
        "Incorrect quantity",
        "The quantity must be a multiple of 100.",
    ],
)
def test_a_refusal_for_the_step_is_about_the_quantity(text: str) -> None:
    assert classify(text)[0] is Reason.QUANTITY


# ---- import and following ----------------------------------------------------------------------------------


def test_an_import_takes_the_step_and_a_round_follows_it(shop: Shop) -> None:
    shop.lists(listed(7, increment=100), listed(8), listed(9, type="Custom Comments", increment=100))
    assert len(shop.imports().services) == 3
    assert steps() == [(100, 100), (1, None), (1, 100)]
    assert not shop.syncs().events
    shop.lists(listed(7, increment="50"), listed(8, increment=10), listed(9, type="Custom Comments", increment=100))
    came = shop.syncs().events
    assert [e.name for e in came] == [
        "route.step_changed",
        "service.limits_changed",
        "service.step_changed",
        "service.step_changed",
    ]
    # Sold from 10 to 5000 there; in hundreds and in fifties here. Customers are told what they can order.
    assert (came[1].facts["old"], came[1].facts["new"]) == ([100, 5000], [50, 5000])
    assert steps() == [(50, 50), (10, 10), (1, 100)]
    shop.lists(listed(7), listed(8, increment=0), listed(9, type="Custom Comments"))
    shop.syncs()
    assert steps() == [(50, 50), (1, 1), (1, 100)], "not told any more is not: in any quantity"


def test_a_step_that_follows_goes_on_following_after_a_round_that_did_not_tell_it(shop: Shop) -> None:
    shop.lists(listed(7, increment=100))
    shop.imports()
    told = []
    for increment in (None, 250, None, 0, 30):
        shop.lists(listed(7) | ({} if increment is None else {"increment": increment}))
        shop.syncs()
        told += steps()
    assert told == [(100, 100), (250, 250), (250, 250), (1, 1), (30, 30)]


def test_a_person_s_step_stays_as_far_as_it_fits(shop: Shop) -> None:
    shop.lists(listed(7, increment=100))
    (service,) = shop.imports().services
    with scope(panel=shop.owner.panel):
        set_terms(panel_id=shop.owner.panel_id, number=service.number, terms=ServiceTerms(step=500))
    shop.syncs()
    assert steps() == [(500, 100)]
    shop.lists(listed(7, increment=250))
    shop.syncs()
    assert steps() == [(500, 250)]
    shop.lists(listed(7, increment=300))
    shop.syncs()
    assert steps() == [(1500, 300)], "the least that both take"
    shop.lists(listed(7, increment=400))
    shop.syncs()
    assert steps() == [(400, 400)], "nothing can be ordered in steps of 6000"


def test_what_cannot_be_read_is_said_and_changes_nothing(shop: Shop) -> None:
    shop.lists(listed(7, increment=100))
    shop.imports()
    shop.lists(listed(7, increment="one hundred"))
    came = shop.syncs()
    assert came.problem == "Increments in the list cannot be read and stay as they were: service 7."
    assert [e.name for e in came.events] == ["provider.sync_failed"]
    assert steps() == [(100, 100)]
    assert not shop.syncs().events, "told once"
    shop.lists(listed(7, increment=100))
    assert shop.syncs().problem == ""
    assert steps() == [(100, 100)]


def test_what_cannot_be_sold_is_left_out_of_an_import_by_its_reason(shop: Shop) -> None:
    shop.lists(
        listed(7, increment="many"),
        listed(8, increment=100, min=10, max=90),
        listed(9, type="Telepathy"),
        listed(10, type="Package", increment=100, min=1, max=1),
        listed(11, name=" \u200b "),
    )
    came = shop.imports()
    assert [row.name for row in came.services] == ["Theirs 10"]
    assert [said.words(import_rules.unsaleable(offer)) for offer in came.unknown] == [
        "its increment cannot be read",
        "no multiple of its increment 100 lies between 10 and 90",
        "its type 'Telepathy' is not known here",
        "it has no name",
    ]


def test_limits_that_follow_are_told_as_they_can_be_ordered(shop: Shop) -> None:
    from panelwright.catalog.priced_catalogue import shelf_for

    shop.lists(listed(7, increment=100, min=10, max=5050))
    (service,) = shop.imports().services
    shop.owner.panel.refresh_from_db()
    offer = shelf_for(shop.owner.panel).get(service.number)
    assert offer is not None and (offer.min, offer.max, offer.step) == (100, 5000, 100)


# ---- routes ------------------------------------------------------------------------------------------------


def to_send(quantity: int, type_name: str = "Default") -> SendTask:
    return SendTask(1, 1, 5, "plain", type_name, "https://example.com/p/1", quantity, "", 0, None, NOON, 10**6)


def test_a_route_whose_step_does_not_fit_is_tried_last() -> None:
    hundreds = RouteRow(1, 5, 1, "77", 0, step=100)
    any_number = RouteRow(2, 5, 2, "78", 1)
    for order, first in ((to_send(150), 2), (to_send(200), 1), (to_send(7, "Custom Comments"), 1)):
        assert assigning.in_order(order, [hundreds, any_number])[0].id == first, order


def test_a_step_of_a_route_is_set_by_hand(alice: Owner) -> None:
    alice.route(FOLLOWERS, alice.provider("http://127.0.0.1:9/api/v2"))
    service_id = alice.services[FOLLOWERS].id
    which: dict[str, Any] = {"panel_id": alice.panel_id, "service_id": service_id}
    with scope(panel=alice.panel):
        (route,) = routes_of(**which)
        set_route(**which, route_id=route.id, terms=RouteTerms(step=100))
        with pytest.raises(ValueError, match="at least 1"):
            set_route(**which, route_id=route.id, terms=RouteTerms(step=0))
    assert value("SELECT step FROM providers_route") == 100


def test_an_offer_without_a_step_is_an_offer_as_before() -> None:
    offer = ServiceOffer("7", "x", "Default", "y", Decimal(1), 10, 90, True, True, False, "")
    assert offer.step is None and import_rules.unsaleable(offer) == ""
