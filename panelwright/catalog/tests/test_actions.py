"""What cannot be sold is not added, and what is wrong with it is said."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog import countries
from panelwright.catalog.actions import NewService, add_services, set_enabled, set_rate
from panelwright.catalog.models import Service
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.catalog.types import BY_NAME, BY_SLUG, TYPES, Units
from panelwright.customers.models import PriceList
from tests.support.people import FOLLOWERS, Owner, counts, values

GOOD: dict[str, Any] = {
    "number": 50,
    "category": "Social",
    "name": "New",
    "type": "Default",
    "rate_micros": 1,
    "min": 1,
    "max": 10,
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"type": "default"}, "there is no type 'default'"),
        ({"type": "SEO", "drip_feed": True}, "the type SEO has no drip-feed"),
        ({"min": 0}, "needs number >= 1"),
        ({"min": 11}, "needs number >= 1"),
        ({"rate_micros": -1}, "needs number >= 1"),
        ({"number": 0}, "needs number >= 1"),
        ({"number": FOLLOWERS}, "service number 1 is taken"),
    ],
)
def test_a_service_that_is_wrong_adds_none_of_its_neighbours(alice: Owner, change: dict[str, Any], why: str) -> None:
    before = values("SELECT * FROM catalog_service ORDER BY id"), values("SELECT * FROM panels_panel ORDER BY id")
    categories = counts("catalog_category")
    with scope(panel=alice.panel), pytest.raises(ValueError, match=why):
        add_services(
            alice.panel_id,
            [NewService(**{**GOOD, "number": 51, "category": "Another"}), NewService(**{**GOOD, **change})],
        )
    assert values("SELECT * FROM catalog_service ORDER BY id") == before[0]
    assert values("SELECT * FROM panels_panel ORDER BY id") == before[1]
    assert counts("catalog_category") == categories


def test_the_same_number_is_free_on_every_panel(alice: Owner, rival: Owner) -> None:
    for owner in (alice, rival):
        with scope(panel=owner.panel):
            (row,) = add_services(owner.panel_id, [NewService(**GOOD)])
            assert Service.objects.get(number=50).id == row.id


def test_a_service_without_refill_has_no_refill_days(alice: Owner) -> None:
    with scope(panel=alice.panel):
        without, with_days = add_services(
            alice.panel_id,
            [NewService(**GOOD, refill_days=5), NewService(**{**GOOD, "number": 51}, refill=True, refill_days=5)],
        )
    assert (without.refill_days, with_days.refill_days) == (None, 5)


def test_a_service_that_is_not_there_is_not_changed(alice: Owner, rival: Owner) -> None:
    with scope(panel=rival.panel):
        add_services(rival.panel_id, [NewService(**GOOD)])
    with scope(panel=alice.panel):
        for change in (
            lambda: set_rate(panel_id=alice.panel_id, number=50, rate_micros=5),
            lambda: set_enabled(panel_id=alice.panel_id, number=50, enabled=False),
        ):
            with pytest.raises(ValueError, match="Service 50 not found"):
                change()
        with pytest.raises(ValueError, match="cannot be below zero"):
            set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=-1)
        friends = PriceList.objects.create(panel=alice.panel, name="friends")
        with pytest.raises(ValueError, match="Service 50 not found"):
            set_own_rate(price_list=friends, number=50, rate_micros=1)
    assert values("SELECT rate_micros, enabled FROM catalog_service WHERE number = 50") == [(1, True)]


def test_an_own_rate_can_be_changed(alice: Owner) -> None:
    with scope(panel=alice.panel):
        friends = PriceList.objects.create(panel=alice.panel, name="friends")
        for rate in (5, 7):
            set_own_rate(price_list=friends, number=FOLLOWERS, rate_micros=rate)
    assert values("SELECT rate_micros FROM catalog_pricelistrate") == [(7,)]


# ---- the table of types --------------------------------------------------------------------------------


def test_the_table_has_the_seventeen_types_of_the_protocol() -> None:
    assert [type_.name for type_ in TYPES] == [
        "Default",
        "Package",
        "SEO",
        "Custom Comments",
        "Mentions with Hashtags",
        "Mentions Custom List",
        "Mentions Hashtag",
        "Mentions User Followers",
        "Mentions Media Likers",
        "Subscriptions",
        "Custom Comments Package",
        "Comment Likes",
        "Poll",
        "Comment Replies",
        "Invites from Groups",
        "Mentions",
        "Web Traffic",
    ]
    assert len(BY_NAME) == len(BY_SLUG) == 17


def test_how_each_type_is_billed() -> None:
    by_units = {units: [type_.name for type_ in TYPES if type_.units is units] for units in Units}
    assert by_units[Units.FLAT] == ["Package", "Custom Comments Package"]
    assert by_units[Units.LINES] == ["Custom Comments", "Mentions Custom List", "Comment Replies"]
    assert by_units[Units.PER_POST] == ["Subscriptions"]
    assert [type_.name for type_ in TYPES if type_.drip_feed] == ["Default", "Web Traffic"]
    for type_ in TYPES:
        assert (type_.field("quantity") is not None) == (type_.units is Units.QUANTITY)
        assert (type_.lines_of in {f.name for f in type_.fields}) == (type_.units is Units.LINES)
        assert (type_.field("runs") is not None) == type_.drip_feed == (type_.field("interval") is not None)


def test_a_countrys_code_and_name_lead_to_the_same_code() -> None:
    assert countries.code("BR") == countries.code("br") == countries.code("Brazil") == "BR"
    assert countries.code(str(countries.code("Germany"))) == "DE"
    assert countries.code("Atlantis") is None
