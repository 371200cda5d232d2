"""What changed in the catalogue is told to whom it concerns, at her prices, and says nothing of providers."""

from __future__ import annotations

from typing import Any

from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services, set_enabled, set_rate
from panelwright.catalog.change_feed import ChangeKind, ServiceChange, catalogue_news
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.core import clock, money
from panelwright.customers.models import PriceList
from panelwright.events.actions import NewEvent, record
from tests.support.people import FOLLOWERS, LIKES, PACKAGE, PRIVATE, Owner, Time, values
from tests.support.statements import statements

NEW: dict[str, Any] = {"category": "Social", "name": "Reels", "type": "Default", "rate_micros": 2_000_000, "max": 10}


def add(owner: Owner, number: int, **changed: Any) -> None:
    with scope(panel=owner.panel):
        add_services(owner.panel_id, [NewService(number=number, **{**NEW, **changed})])


def rate(owner: Owner, number: int, text: str) -> None:
    with scope(panel=owner.panel):
        set_rate(panel_id=owner.panel_id, number=number, rate_micros=money.parse(text))


def sell(owner: Owner, number: int, enabled: bool) -> None:
    with scope(panel=owner.panel):
        set_enabled(panel_id=owner.panel_id, number=number, enabled=enabled)


def prices(owner: Owner, name: str, off: int = 0, **own: str) -> PriceList:
    """`own` rates by number, written as `n1="0.50"`."""
    with scope(panel=owner.panel):
        row: PriceList = PriceList.objects.create(panel=owner.panel, name=name, percent_off_e2=off)
        for number, text in own.items():
            set_own_rate(price_list=row, number=int(number[1:]), rate_micros=money.parse(text))
    return row


def short(change: ServiceChange) -> tuple[Any, ...]:
    """Kind, number, and rates as text."""
    told = [money.text(x) if isinstance(x, int) else x for x in (change.old, change.new)]
    return (change.kind.value, change.number, *told)


def news(owner: Owner, row: PriceList | None = None, **how: Any) -> list[tuple[Any, ...]]:
    return [short(change) for change in catalogue_news(owner.panel_id, row, **how).items]


def events(owner: Owner) -> list[tuple[str, int]]:
    """Names of the panel's events of services, with their service's id."""
    return [
        (name, subject)
        for name, subject in values(
            "SELECT name, subject_id FROM events_event WHERE panel_id = %s AND name LIKE %s ORDER BY id",
            owner.panel_id,
            "service.%",
        )
    ]


def test_what_a_person_changes_is_news(alice: Owner, time: Time) -> None:
    assert news(alice) == [], "what a panel opens with is no news"
    add(alice, 20)
    rate(alice, FOLLOWERS, "1.00")
    time.passes(minutes=5)
    rate(alice, FOLLOWERS, "0.80")
    sell(alice, LIKES, False)
    assert news(alice) == [
        ("gone", LIKES, None, None),
        ("down", FOLLOWERS, "1.00", "0.80"),
        ("up", FOLLOWERS, "0.90", "1.00"),
        ("new", 20, None, "2.00"),
    ]
    sell(alice, LIKES, True)
    first = catalogue_news(alice.panel_id).items[0]
    assert first._replace(id=0) == ServiceChange(
        0, time.now, ChangeKind.BACK, LIKES, "Likes", "Social", flat=False, sold=True
    )


def test_what_does_not_change_is_not_recorded(alice: Owner) -> None:
    rate(alice, FOLLOWERS, "0.90")
    sell(alice, LIKES, True)
    friends = prices(alice, "friends", 0, n1="0.90")
    assert events(alice) == []
    with scope(panel=alice.panel):
        set_own_rate(price_list=friends, number=FOLLOWERS, rate_micros=900_000)
    assert events(alice) == []


def test_kinds_can_be_asked_for(alice: Owner) -> None:
    add(alice, 20)
    rate(alice, FOLLOWERS, "1.00")
    rate(alice, FOLLOWERS, "0.80")
    sell(alice, LIKES, False)
    sell(alice, LIKES, True)
    told = {kind: [row[:2] for row in news(alice, kind=kind)] for kind in ChangeKind}
    assert told == {
        ChangeKind.UP: [("up", FOLLOWERS)],
        ChangeKind.DOWN: [("down", FOLLOWERS)],
        ChangeKind.NEW: [("new", 20)],
        ChangeKind.GONE: [("gone", LIKES)],
        ChangeKind.BACK: [("back", LIKES)],
        ChangeKind.LIMITS: [],
    }


def test_a_discount_sees_its_own_prices(alice: Owner) -> None:
    half = prices(alice, "half", 5000)
    rate(alice, FOLLOWERS, "1.00")
    add(alice, 20)
    assert news(alice, half) == [("new", 20, None, "1.00"), ("up", FOLLOWERS, "0.45", "0.50")]


def test_an_own_rate_hears_of_itself_only(alice: Owner) -> None:
    friends, others = prices(alice, "friends", 1000, n1="0.50"), prices(alice, "others")
    rate(alice, FOLLOWERS, "2.00")
    with scope(panel=alice.panel):
        set_own_rate(price_list=friends, number=FOLLOWERS, rate_micros=600_000)
    # From the discount of 10 % to an own rate, and then to another.
    assert news(alice, friends) == [("up", 1, "0.50", "0.60"), ("down", 1, "0.81", "0.50")]
    assert news(alice, others) == [("up", 1, "0.90", "2.00")]
    assert news(alice) == [("up", 1, "0.90", "2.00")]


def test_a_private_service_is_news_for_those_who_have_a_rate(alice: Owner) -> None:
    rate(alice, PRIVATE, "6.00")
    add(alice, 20, private=True)
    friends, others = prices(alice, "friends", 1000, n7="4.00"), prices(alice, "others")
    sell(alice, PRIVATE, False)
    assert news(alice, friends) == [("gone", PRIVATE, None, None), ("new", PRIVATE, None, "4.00")]
    assert news(alice, others) == []
    assert news(alice) == []


def test_limits_and_a_provider_s_events_are_told_without_the_provider(alice: Owner) -> None:
    service = alice.services[FOLLOWERS]
    facts = {"service": FOLLOWERS, "provider": "secret north", "cost": "0.01"}
    with scope(panel=alice.panel):
        record(
            [
                NewEvent(alice.panel_id, "service.limits_changed", service.id, {**facts, "old": [1, 2], "new": [3, 4]}),
                NewEvent(alice.panel_id, "route.gone", service.id, facts),
                NewEvent(alice.panel_id, "service.paused", service.id, {**facts, "why": "cost", "rate": "0.90"}),
            ],
            now=clock.now(),
        )
    page = catalogue_news(alice.panel_id)
    assert [(c.kind, c.old, c.new) for c in page.items] == [
        (ChangeKind.GONE, None, None),
        (ChangeKind.LIMITS, (1, 2), (3, 4)),
    ]
    assert "secret" not in repr(page)
    assert "cost" not in repr(page)


def test_the_rate_of_a_package_is_for_the_whole_order(alice: Owner) -> None:
    rate(alice, PACKAGE, "3.00")
    assert catalogue_news(alice.panel_id).items[0].flat


def test_pages_follow_each_other_without_gap_or_repeat(alice: Owner) -> None:
    for cents in range(10, 22):
        rate(alice, FOLLOWERS, f"1.{cents}")
    seen, before = [], None
    with statements() as asked:
        for _ in range(3):
            page = catalogue_news(alice.panel_id, before=before, limit=5)
            seen += [short(change)[-1] for change in page.items]
            before = page.next
    assert len(asked) == 6
    assert before is None
    assert seen == [f"1.{cents}" for cents in range(21, 9, -1)]


def test_a_page_looks_at_so_many_events_and_says_where_to_go_on(alice: Owner) -> None:
    service = alice.services[FOLLOWERS]
    rate(alice, FOLLOWERS, "1.00")
    told: dict[str, Any] = {"service": FOLLOWERS, "old": "1.00", "new": "2.00"}
    with scope(panel=alice.panel):
        row = prices(alice, "friends")
        told["not_for"] = [row.id]
        record([NewEvent(alice.panel_id, "service.rate_changed", service.id, told)] * 600, now=clock.now())
    first = catalogue_news(alice.panel_id, row)
    assert first.items == []
    assert first.next is not None
    second = catalogue_news(alice.panel_id, row, before=first.next)
    assert [short(change) for change in second.items] == [("up", FOLLOWERS, "0.90", "1.00")]
    assert second.next is None


def test_another_panel_s_changes_are_no_news(alice: Owner, rival: Owner) -> None:
    rate(rival, FOLLOWERS, "4.00")
    assert news(alice) == []
    assert news(rival) == [("up", FOLLOWERS, "3.00", "4.00")]
    with scope(panel=rival.panel):
        foreign = PriceList.objects.create(panel=rival.panel, name="theirs", percent_off_e2=5000)
    rate(alice, LIKES, "4.00")
    assert [row[:2] for row in news(alice, foreign)] == [("up", LIKES)]
