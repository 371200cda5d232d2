"""Pages by key: every row once, both ways, through windows or not; and selections that stay what they were."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
from django_scopes import scope

from tests.support.people import CLOSED
from tests.support.story import Story

if TYPE_CHECKING:
    from panelwright.core.paging import Found

pytestmark = pytest.mark.django_db


def found(story: Story, *, oldest_first: bool, window: int | None) -> Found:
    """Each third of Carol's orders."""
    from panelwright.core.paging import WINDOW, Found
    from panelwright.orders.models import Order

    every = Order.objects.filter(panel_id=story.alice.panel_id)
    rows = every.filter(quantity=300)
    return Found(rows, None if window is None else every, oldest_first, window=window or WINDOW)


def test_each_row_stands_on_one_page_both_ways(story: Story) -> None:
    placed = [story.carol.order(link=f"https://example.com/{n}", quantity=(200, 300, 200)[n % 3]) for n in range(11)]
    with scope(panel=story.alice.panel):
        for oldest_first, window, limit in product((False, True), (None, 1, 2, 4, 5, 100), (1, 2, 10)):
            wanted = placed[1::3] if oldest_first else placed[1::3][::-1]
            asked = found(story, oldest_first=oldest_first, window=window)
            case = (oldest_first, window, limit)
            on, back = _walked(asked, limit)
            assert [id_ for page in on for id_ in page] == wanted, case
            assert [id_ for page in back for id_ in page] == wanted, case
            if window is None:
                assert on == back, case


def _walked(asked: Found, limit: int) -> tuple[list[list[int]], list[list[int]]]:
    """The ids of the pages to the end, and of those back to the beginning, in the order of the list."""
    from panelwright.core import paging

    page = paging.page(asked, limit=limit)
    assert page.newer is None
    on = [page]
    while page.older is not None:
        page = paging.page(asked, further=page.older, limit=limit)
        on.append(page)
    back = [page]
    while page.newer is not None:
        page = paging.page(asked, back=page.newer, limit=limit)
        back.insert(0, page)
    return [[row.id for row in one.rows] for one in on], [[row.id for row in one.rows] for one in back]


def test_a_window_says_how_far_it_looked(story: Story) -> None:
    from panelwright.core import paging
    from panelwright.orders.models import Order

    placed = [story.carol.order(link=f"https://example.com/{n}", quantity=200) for n in range(5)]
    with scope(panel=story.alice.panel):
        asked = found(story, oldest_first=False, window=2)
        page = paging.page(asked)
        assert (page.rows, page.older) == ([], placed[3])
        assert page.looked == Order.objects.get(panel_id=story.alice.panel_id, id=placed[3]).created_at
        last = paging.page(asked, further=placed[1])
        assert (last.rows, last.older, last.looked) == ([], None, None)


def test_a_selection_is_what_it_was_when_it_was_frozen(story: Story) -> None:
    from panelwright.orders.models import Order
    from panelwright.staff.lists import Selection, freeze, named

    orders = named("orders")
    placed = [story.carol.order(link=f"https://example.com/{n}", service=1 + n % 2) for n in range(7)]
    with scope(panel=story.alice.panel):
        asked = {one.name: "" for one in orders.listing.filters} | {"service": "1"}
        selection = freeze(orders, story.alice.panel, asked)
        assert selection is not None
        assert selection.highest == placed[-1].number
        later = story.carol.order(link="https://example.com/later")
        kept = Selection.of_json(json.loads(json.dumps(selection.as_json())))
        assert kept == selection
        numbers = [order.number for order in placed]
        assert kept.batch(story.alice.panel) == (numbers[::2], None)
        first, after = kept.batch(story.alice.panel, limit=2)
        assert (first, after) == (numbers[:4:2], numbers[2])
        # What the filters do not ask for any more is left out when its turn comes.
        Order.objects.filter(panel_id=story.alice.panel_id, id=placed[4]).update(service=story.alice.services[2])
        assert kept.batch(story.alice.panel, after=after, limit=2) == ([numbers[6]], None)
        some = freeze(orders, story.alice.panel, asked, keys=[numbers[0], numbers[1], later.number])
        assert some is not None
        assert some.batch(story.alice.panel) == ([numbers[0], later.number], None)
    with scope(panel=story.rival.panel):
        assert freeze(orders, story.rival.panel, asked) is None
        assert kept.batch(story.rival.panel) == ([], None)


def test_a_later_row_with_a_lower_number_is_not_selected(story: Story) -> None:
    """As another process gives it, whose block of numbers is the older one."""
    from panelwright.staff.lists import Selection, freeze, named

    first = story.carol.order(link="https://example.com/first")
    with scope(panel=story.alice.panel):
        asked = {one.name: "" for one in named("orders").listing.filters}
        selection = freeze(named("orders"), story.alice.panel, asked)
        assert selection is not None
        # The highest number was in a block of another process, far above.
        selection = replace(selection, highest=first.number + 1_000)
        kept = Selection.of_json(json.loads(json.dumps(selection.as_json())))
        later = story.carol.order(link="https://example.com/later")
        assert first.number < later.number < kept.highest
        assert kept.batch(story.alice.panel) == ([first.number], None)


def test_actions_are_called_with_what_they_know_an_object_by(story: Story) -> None:
    from panelwright.staff.lists import freeze, named

    services = named("services")
    assert {action.name for action in services.bulk} == {
        "service.set",
        "service.set_rate",
        "service.turn_on",
        "service.turn_off",
        "service.move",
        "service.delete_own_rates",
    }
    with scope(panel=story.alice.panel):
        selection = freeze(services, story.alice.panel, {"q": "", "state": "on"})
        assert selection is not None
        numbers, more = selection.batch(story.alice.panel)
    assert (sorted(numbers), more) == (sorted(set(story.alice.services) - {CLOSED}), None)


def test_each_list_says_whose_rows_it_shows() -> None:
    from panelwright.core.lists import ListScope
    from panelwright.customers.lists import API_KEYS, SESSIONS
    from panelwright.events.lists import DELIVERIES, WEBHOOKS
    from panelwright.orders.lists import ORDERS, REFILLS
    from panelwright.staff.lists import all_lists

    assert len(all_lists()) > 25
    assert {one.listing.scope for one in all_lists().values()} == {ListScope.PANEL}
    mine = (API_KEYS, SESSIONS, DELIVERIES, WEBHOOKS, ORDERS, REFILLS)
    assert {one.scope for one in mine} == {ListScope.CUSTOMER}


def test_counts_stop_at_one_more_than_is_shown(story: Story) -> None:
    from panelwright.core.lists import count_text
    from panelwright.core.paging import Found, counted
    from panelwright.customers.models import PriceList

    with scope(panel=story.alice.panel):
        panel_id = story.alice.panel_id
        PriceList.objects.bulk_create([PriceList(panel_id=panel_id, name=str(n)) for n in range(1002)])
        rows = PriceList.objects.filter(panel_id=panel_id)
        assert (counted(rows), count_text(counted(rows))) == (1000, "999+")
        few = Found(rows.filter(name__in=("7", "8", "900")), within=rows, oldest_first=True, window=8)
        assert counted(few) == 1, "what lies in the first window"
        assert counted(few._replace(window=1002)) == counted(few._replace(within=None)) == 3
        assert [count_text(number) for number in (0, 7, 999, 1000)] == ["0", "7", "999", "999+"]
