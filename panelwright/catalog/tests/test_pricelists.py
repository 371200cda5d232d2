"""What a customer is shown, and at which rate, is what she can buy, and at which rate."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services, set_enabled, set_rate
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.catalog.priced_catalogue import Key
from panelwright.catalog.pricelists import Renderer, render
from panelwright.core import money
from panelwright.customers.models import PriceList
from tests.support.people import (
    CLOSED,
    COMMENTS,
    FOLLOWERS,
    LIKES,
    ONE_A_LINK,
    PACKAGE,
    PRIVATE,
    SUBSCRIPTION,
    TRAFFIC,
    Buyer,
    Owner,
    execute,
    value,
)

PUBLIC = [FOLLOWERS, LIKES, SUBSCRIPTION, ONE_A_LINK, PACKAGE, COMMENTS, TRAFFIC]


def price_list(owner: Owner, *, off: int = 0, **own: str) -> PriceList:
    """`own` rates by number, written as `n1="0.50"`."""
    with scope(panel=owner.panel):
        row: PriceList = PriceList.objects.create(panel=owner.panel, name="friends", percent_off_e2=off)
        for name, rate in own.items():
            set_own_rate(price_list=row, number=int(name[1:]), rate_micros=money.parse(rate))
    return row


def shown(owner: Owner, row: PriceList | None = None) -> list[dict[str, Any]]:
    key: Key = (owner.panel_id, row.id if row else 0, row.percent_off_e2 if row else 0, 1)
    listed: list[dict[str, Any]] = json.loads(render(key).body)
    return listed


def rates(owner: Owner, row: PriceList | None = None) -> dict[int, str]:
    return {service["service"]: service["rate"] for service in shown(owner, row)}


def test_a_row_of_the_list_has_the_documented_keys_and_types(alice: Owner) -> None:
    first = shown(alice)[0]
    assert list(first.items()) == [
        ("service", 1),
        ("name", "Followers"),
        ("type", "Default"),
        ("category", "Social"),
        ("rate", "0.90"),
        ("min", "50"),
        ("max", "10000"),
        ("refill", True),
        ("cancel", True),
        ("dripfeed", True),
    ]


def test_the_list_stands_in_the_order_of_categories_and_is_compact(alice: Owner) -> None:
    assert [service["service"] for service in shown(alice)] == PUBLIC
    body = render((alice.panel_id, 0, 0, 1)).body
    assert b'", "' not in body
    assert b'": ' not in body
    assert body == json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()


def test_what_is_closed_or_private_is_not_shown(alice: Owner) -> None:
    assert {CLOSED, PRIVATE}.isdisjoint(rates(alice))


def test_an_empty_panel_sells_nothing(alice: Owner, rival: Owner) -> None:
    execute("UPDATE catalog_service SET enabled = %s WHERE panel_id = %s", False, alice.panel_id)
    assert render((alice.panel_id, 0, 0, 1)).body == b"[]"
    assert [service["service"] for service in shown(rival)] == PUBLIC


def test_a_discount_is_on_everything_that_has_no_rate_of_its_own(alice: Owner) -> None:
    friends = price_list(alice, off=1250, n2="0.10", n7="4.50")
    found = rates(alice, friends)
    assert found[FOLLOWERS] == "0.7875"
    assert found[LIKES] == "0.10"
    assert found[PACKAGE] == "2.1875"
    assert found[TRAFFIC] == "0.291667"  # 0.291666375 rounded up
    assert found[PRIVATE] == "4.50"
    assert CLOSED not in found


def test_each_shown_rate_is_the_rate_that_is_charged(alice: Owner, carol: Buyer) -> None:
    friends = price_list(alice, off=333, n2="0.10", n7="4.50")
    dave = alice.customer("dave", balance="100.00", price_list=friends)
    for buyer, row in ((carol, None), (dave, friends)):
        found = rates(alice, row)
        for number, rate in found.items():
            if number == SUBSCRIPTION:
                continue
            order_id = buyer.order(service=number)
            assert value("SELECT rate_micros FROM orders_order WHERE id = %s", order_id) == money.parse(rate), number
    assert value("SELECT COUNT(*) FROM orders_order WHERE customer_id = %s", dave.customer_id) == 7


def test_a_private_service_is_for_whom_it_has_a_rate(alice: Owner, carol: Buyer) -> None:
    dave = alice.customer("dave", balance="10.00", price_list=price_list(alice, n7="4.50"))
    assert dave.sees(dave.order(service=PRIVATE)).charge == "4.50"
    assert carol.refused(service=PRIVATE).code == "bad_service"
    with scope(panel=alice.panel):
        others: PriceList = PriceList.objects.create(panel=alice.panel, name="others", percent_off_e2=5000)
    erin = alice.customer("erin", balance="10.00", price_list=others)
    assert erin.refused(service=PRIVATE).code == "bad_service"
    assert PRIVATE not in rates(alice, others)


def test_a_price_list_of_another_panel_has_nothing_to_say(alice: Owner, rival: Owner) -> None:
    friends = price_list(alice, n1="0.01", n7="0.01")
    assert rates(rival, friends) == {**rates(rival), FOLLOWERS: "3.00"}


def test_everything_off_is_free(alice: Owner) -> None:
    dave = alice.customer("dave", price_list=price_list(alice, off=10_000))
    assert dave.sees(dave.order()).charge == "0.00"
    assert dave.balance() == "0.00"


# ---- versions --------------------------------------------------------------------------------------


def test_every_change_of_the_catalogue_raises_its_version(alice: Owner, rival: Owner) -> None:
    def version() -> int:
        return int(value("SELECT catalog_version FROM panels_panel WHERE id = %s", alice.panel_id))

    def rivals() -> int:
        return int(value("SELECT catalog_version FROM panels_panel WHERE id = %s", rival.panel_id))

    friends = price_list(alice)
    before, other = version(), rivals()
    new = NewService(number=50, category="New", name="New", type="Default", rate_micros=1)
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=1)
        assert version() == before + 1
        set_enabled(panel_id=alice.panel_id, number=CLOSED, enabled=True)
        assert version() == before + 2
        set_own_rate(price_list=friends, number=LIKES, rate_micros=1)
        assert version() == before + 3
        add_services(alice.panel_id, [new])
        assert version() == before + 4
    assert rivals() == other


def test_a_new_version_is_rendered_anew_and_an_old_one_is_kept(alice: Owner) -> None:
    renderer = Renderer()
    first = renderer.get((alice.panel_id, 0, 0, 1))
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=777)
    assert renderer.get((alice.panel_id, 0, 0, 1)) is first
    second = renderer.get((alice.panel_id, 0, 0, 2))
    assert b'"rate":"0.000777"' in second.body
    assert second.etag != first.etag
    assert gzip.decompress(second.gzipped) == second.body


def test_equal_lists_have_equal_tags_whoever_rendered_them(alice: Owner) -> None:
    one, two = render((alice.panel_id, 0, 0, 1)), render((alice.panel_id, 0, 0, 9))
    assert one == two
    assert (one.etag[:1], one.etag[-1:], len(one.etag)) == (b'"', b'"', 34)


def test_only_so_many_lists_are_kept(alice: Owner) -> None:
    renderer = Renderer(keep=2)
    lists = [renderer.get((alice.panel_id, 0, 0, version)) for version in (1, 2, 3)]
    assert renderer.get((alice.panel_id, 0, 0, 3)) is lists[2]
    assert renderer.get((alice.panel_id, 0, 0, 1)) is not lists[0]


@pytest.mark.django_db(transaction=True)
def test_the_api_shows_a_change_with_the_next_request(alice: Owner, carol: Buyer, door: Any) -> None:
    assert door.ask(carol, "services")[0]["rate"] == "0.90"
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=950_001)
    assert door.ask(carol, "services")[0]["rate"] == "0.950001"
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=FOLLOWERS, enabled=False)
    assert FOLLOWERS not in [service["service"] for service in door.ask(carol, "services")]
    assert carol.refused().code == "bad_service"
