"""What may be bought is on the shelf, at the rate that is charged, and is found."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_enabled, set_rate
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.catalog.priced_catalogue import Offer, Shelf, Shelves, folded, shelf_for
from panelwright.core import money
from panelwright.customers.models import PriceList
from panelwright.panels.models import Panel
from tests.support.people import CLOSED, FOLLOWERS, LIKES, PACKAGE, PRIVATE, TRAFFIC, Buyer, Owner, value
from tests.support.statements import statements

VISIBLE = [1, 2, 5, 6, 3, 4, 9]


def offer(number: int, name: str, *, category: str = "Instagram", type: str = "Default", category_id: int = 1) -> Offer:
    return Offer(
        id=number + 1000,
        number=number,
        name=name,
        type=type,
        category_id=category_id,
        category=category,
        category_position=category_id,
        rate_micros=1,
        min=1,
        max=10,
        refill=False,
        refill_days=None,
        cancel=False,
        drip_feed=False,
        unique_link=False,
    )


def fresh(owner: Owner) -> Panel:
    return Panel.objects.get(id=owner.panel_id)


def test_a_visitor_sees_what_everybody_may_buy(alice: Owner) -> None:
    shelf = shelf_for(fresh(alice))
    assert [o.number for o in shelf.offers] == VISIBLE
    assert [(c.name, [o.number for o in c.offers]) for c in shelf.categories] == [
        ("Social", [1, 2, 5, 6]),
        ("Packages", [3]),
        ("Comments", [4]),
        ("Traffic", [9]),
    ]
    assert [t.name for t in shelf.types] == ["Default", "Package", "Custom Comments", "Subscriptions", "Web Traffic"]
    assert (shelf.get(CLOSED), shelf.get(PRIVATE), shelf.get(77)) == (None, None, None)
    first = shelf.get(FOLLOWERS)
    assert first is not None
    assert (money.text(first.rate_micros), first.min, first.max) == ("0.90", 50, 10_000)
    assert (first.refill, first.refill_days, first.cancel, first.drip_feed, first.flat) == (True, 30, True, True, False)
    package = shelf.get(PACKAGE)
    assert package is not None
    assert package.flat


def test_a_customer_sees_her_own_rates_and_they_are_charged(alice: Owner, carol: Buyer) -> None:
    with scope(panel=alice.panel):
        friends = PriceList.objects.create(panel=alice.panel, name="friends", percent_off_e2=1250)
        set_own_rate(price_list=friends, number=PRIVATE, rate_micros=4_500_000)
        set_own_rate(price_list=friends, number=LIKES, rate_micros=100_000)
    dave = alice.customer("dave", balance="100.00", price_list=friends)
    shelf = shelf_for(fresh(alice), dave.customer)
    rates = {o.number: money.text(o.rate_micros) for o in shelf.offers}
    assert rates[FOLLOWERS] == "0.7875"
    assert rates[LIKES] == "0.10"
    assert rates[PRIVATE] == "4.50"
    assert rates[TRAFFIC] == "0.291667"
    for number in (FOLLOWERS, LIKES, PRIVATE, TRAFFIC):
        order_id = dave.order(service=number)
        assert value("SELECT rate_micros FROM orders_order WHERE id = %s", order_id) == money.parse(rates[number])
    assert shelf_for(fresh(alice), carol.customer).get(PRIVATE) is None


def test_a_shelf_is_read_once_for_each_version(alice: Owner, rival: Owner) -> None:
    panel = fresh(alice)
    with statements() as seen:
        first = shelf_for(panel)
        assert shelf_for(panel) is first
    assert len(seen) == 1
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=950_000)
        set_enabled(panel_id=alice.panel_id, number=LIKES, enabled=False)
    changed = shelf_for(fresh(alice))
    assert [o.rate_micros for o in changed.offers if o.number == FOLLOWERS] == [950_000]
    assert changed.get(LIKES) is None
    assert first.get(LIKES) is not None
    theirs = shelf_for(fresh(rival)).get(FOLLOWERS)
    assert theirs is not None
    assert theirs.rate_micros == 3_000_000


def test_only_so_many_offers_are_kept(alice: Owner, rival: Owner) -> None:
    small = Shelves(keep=10)
    one, two = ((owner.panel_id, 0, 0, 1) for owner in (alice, rival))
    kept = small.get(one)
    assert small.get(one) is kept
    small.get(two)
    assert len(small) == 1
    assert small.get(one) is not kept


def test_words_are_found_in_any_order_and_any_case() -> None:
    shelf = Shelf(
        [
            offer(12, "Instagram Followers | Real"),
            offer(1203, "Подписчики Инстаграм [Ёлка]"),
            offer(7, "Curtidas promoção 1203", category="Brasil", category_id=2),
            offer(8, "𝗧𝗶𝗸𝗧𝗼𝗸 views", category="Other", category_id=3, type="Package"),
        ]
    )

    def numbers(text: str, **where: object) -> list[int]:
        return [o.number for o in shelf.search(text, **where)]  # type: ignore[arg-type]

    assert numbers("REAL insta") == [12]
    assert numbers("инстаграм ПОДПИС") == [1203]
    assert numbers("елка") == [1203]
    assert numbers("PROMOCAO") == [7]
    assert numbers("tiktok") == [8]
    assert numbers("package") == [8]
    assert numbers("1203") == [1203, 7]
    assert numbers("12") == [12, 1203, 7]
    assert numbers("12", limit=1) == [12]
    assert numbers("") == [12, 1203, 7, 8]
    assert numbers("", limit=2) == [12, 1203]
    assert numbers("", category=2) == [7]
    assert numbers("1203", category=2) == [7]
    assert numbers("", type="Package") == [8]
    assert numbers("12", type="Package") == []
    assert numbers("", category=99) == []
    assert numbers("insta nothing") == []
    # A word is not found across two fields, and a number of any length is only text.
    assert numbers("realinstagram") == []
    assert numbers("9" * 5000) == []


@pytest.mark.parametrize(("text", "plain"), [("ÀÉ", "ae"), ("Straße", "strasse"), ("Ёж Й", "еж и"), ("ﬁ", "fi")])
def test_folded(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_fifty_of_five_thousand_in_any_script() -> None:
    names = ("Подписчики", "Лайки", "Просмотры", "Комментарии")
    shelf = Shelf([offer(i, f"Инстаграм {names[i % 4]} | Живые и быстрые {i}") for i in range(1, 5001)])
    assert len(shelf.search("ЖИВЫЕ лайки", limit=50)) == 50
    assert [found.number for found in shelf.search("4999", limit=50)] == [4999]
    assert shelf.search("нет такого слова", limit=50) == ()
