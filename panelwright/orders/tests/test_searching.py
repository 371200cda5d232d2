"""Orders are found by what somebody knows of them: a number, a link, a service, a request_id."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from panelwright.catalog import names
from panelwright.orders import listing, queries
from panelwright.orders.listing import Wanted
from panelwright.orders.tests.test_listing import crowd
from tests.support.people import FOLLOWERS, LIKES, Buyer, Owner, Time, execute, known
from tests.support.statements import statements

Ids = list[int]


def newest(ids: Ids) -> Ids:
    return sorted(ids, reverse=True)


def page(buyer: Buyer, wanted: Wanted, **asked: Any) -> listing.OrderPage:
    return listing.page(panel_id=buyer.owner.panel_id, customer_id=buyer.customer_id, wanted=wanted, **asked)


def ids(buyer: Buyer, **wanted: Any) -> Ids:
    return [row.number for row in page(buyer, Wanted(**wanted)).rows]


@pytest.fixture
def orders(carol: Buyer, mallory: Buyer, time: Time) -> Ids:
    """Of carol, each third of likes; every other order is somebody else's."""
    mine = []
    for n in range(24):
        service = LIKES if n % 3 == 0 else FOLLOWERS
        mine.append(carol.order(service=service, quantity=50, link=f"https://example.com/Group{n % 5}/x").number)
        mallory.order(quantity=50)
    return mine


def named(owner: Owner, text: str) -> tuple[int, ...]:
    """The services that a text names, as a page asks for them."""
    return names.find(panel_id=owner.panel_id, version=1, text=text)


def test_orders_are_found_by_the_name_or_number_of_their_service(orders: Ids, carol: Buyer, alice: Owner) -> None:
    likes = orders[::3]
    for text in ("likes", "LIKE", str(LIKES), f"#{LIKES}", f"0{LIKES}"):
        assert ids(carol, services=named(alice, text)) == newest(likes), text
    # A name or a part of the link: either will do.
    group = orders[2::5]
    both = newest([*{*likes, *group}])
    assert ids(carol, text="Group2/", services=named(alice, "likes")) == both
    execute("UPDATE orders_order SET status = 'Processing' WHERE id = %s", known(alice.panel_id, both[3]))
    assert ids(carol, text="group2/", services=named(alice, "likes"), status="Processing") == both[3:4]
    assert ids(carol, text="nowhere", services=named(alice, "nowhere")) == []


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_a_number_may_be_an_orders_and_a_services(
    orders: Ids, carol: Buyer, alice: Owner, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """The order stands first, and no order stands on two pages."""
    monkeypatch.setattr(listing, "WINDOW", 11)
    likes = orders[::3]
    for number in (orders[1], likes[0], likes[-1]):
        wanted = Wanted(numbers=(number,), services=named(alice, str(LIKES)))
        shown = page(carol, wanted, limit=limit)
        assert shown.rows[0].number == number
        found = [row.number for row in shown.rows]
        while shown.older is not None:
            shown = page(carol, wanted, limit=limit, before=shown.older)
            found += [row.number for row in shown.rows]
        assert found == [number, *newest([i for i in likes if i != number])]
    assert page(carol, Wanted(numbers=(10**17,), services=(10**17,))).rows == []


def test_names_of_services_are_read_once_a_version(alice: Owner, mallory: Buyer) -> None:
    with statements() as seen:
        first = named(alice, "likes")
        assert named(alice, "LIKES") == first
        assert len(first) == 2, "likes, and likes for new posts"
    assert len(seen) == 1
    assert set(named(mallory.owner, "likes")).isdisjoint(first)
    assert names.find(panel_id=alice.panel_id, version=2, text="likes") == first
    assert named(alice, "no such name") == named(alice, "99999") == ()
    execute("UPDATE catalog_service SET name = 'Лайки ЁЛКА 𝓕𝓪𝓼𝓽', enabled = FALSE WHERE id = %s", first[0])
    assert names.find(panel_id=alice.panel_id, version=3, text="елка fast лайк") == first[:1]


def test_names_of_few_panels_are_kept(alice: Owner, mallory: Buyer) -> None:
    few = names._Kept(keep=1)
    for owner in (alice, mallory.owner, alice):
        assert few.get(owner.panel_id, 1)
    assert list(few._panels) == [alice.panel_id]


def test_an_order_is_found_by_its_request_id_through_an_index(alice: Owner, carol: Buyer, time: Time) -> None:
    order_id = carol.order(request_id="cart-1")
    crowd(carol, 50_000)
    asked = ([alice.panel_id], [carol.customer_id], ["cart-1", "cart-2"])
    assert queries.by_request(*asked) == {(carol.customer_id, "cart-1"): order_id.number}
    values = asked if connection.vendor == "postgresql" else [json.dumps(value) for value in asked]
    plan = queries._BY_REQUEST.plan(connection, *values)
    assert "order_request_once" in plan, plan
