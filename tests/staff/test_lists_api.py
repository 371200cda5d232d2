"""The lists over the staff API: their filters, their pages, what is refused; and nothing of another panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.staff.described import described
from tests.support.story import Story

if TYPE_CHECKING:
    from tests.support.people import Owner

pytestmark = pytest.mark.django_db

Get = Callable[..., Any]


def getting(owner: Owner) -> Get:
    """Reads an address with a key of the owner's; its answer must be as described, and of this status."""
    from django.test import Client
    from django_scopes import scope

    from panelwright.customers.actions import create_staff_key
    from tests.staff.site import Answer

    with scope(panel=owner.panel):
        key = create_staff_key(staff=owner.staff)[1]
    client = Client(HTTP_HOST=owner.host, headers={"Authorization": f"Bearer {key}"})

    def get(path: str, status: int = 200, **query: Any) -> Any:
        came = client.get(f"/api/staff/v1/{path}", query)
        assert came.status_code == status, (path, query, came.content)
        return described("GET", path, Answer(came.status_code, came.content, {}))

    return get


def ids(told: Any) -> list[int]:
    return [item["id"] for item in told["items"]]


def test_orders_are_found_by_the_filters_of_the_page(story: Story) -> None:
    get, carol = getting(story.alice), story.carol
    dave = story.alice.customer("dave", balance="5.00")
    first, second, third = (
        one.number for one in (carol.order(), carol.order(service=2), dave.order(link="https://example.com/dave"))
    )
    assert ids(get("orders")) == [third, second, first]
    (item,) = get("orders", service=2)["items"]
    assert item == {
        "id": second,
        "kind": "plain",
        "status": "Pending",
        "problem": "",
        "service": 2,
        "service_name": "Likes",
        "link": item["link"],
        "customer": "carol@customer.example",
        "quantity": 1000,
        "start_count": None,
        "remains": 1000,
        "charge": item["charge"],
        "cost": None,
        "provider": "",
        "upstream_id": None,
        "created_at": item["created_at"],
        "ended_at": None,
    }
    assert ids(get("orders", customer=dave.number)) == [third]
    assert ids(get("orders", q="dave@")) == [third]
    assert ids(get("orders", q="example.com/dave")) == [third]
    assert ids(get("orders", q=str(first))) == [first]
    assert ids(get("orders", show="pending", service=2)) == [second]
    assert ids(get("orders", show="completed")) == ids(get("orders", provider=7)) == []
    assert ids(get("orders", on=item["created_at"][:10])) == [third, second, first]


def test_pages_go_on_until_there_is_no_next(story: Story) -> None:
    get = getting(story.alice)
    placed = [story.carol.order(link=f"https://example.com/{n}").number for n in range(5)]
    pages: list[list[int]] = []
    after: dict[str, int] = {}
    while True:
        told = get("orders", limit=2, **after)
        pages.append(ids(told))
        if told["next"] is None:
            break
        after = {"after": told["next"]}
    assert pages == [placed[4:2:-1], placed[2:0:-1], placed[:1]]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"show": "nonsense"}, "not_a_choice", "show"),
        ({"service": "x"}, "number_out_of_range", "service"),
        ({"on": "2026-13-01"}, "not_a_day", "on"),
        ({"q": "a\x00b"}, "unstorable_text", "q"),
        ({"q": "x" * 201}, "text_too_long", "q"),
        ({"limit": "0"}, "number_out_of_range", "limit"),
        ({"limit": "201"}, "number_out_of_range", "limit"),
        ({"after": "-1"}, "number_out_of_range", "after"),
        ({"before": "1"}, "unknown_field", ""),
        ({"ids": "1"}, "unknown_field", ""),
    ],
)
def test_what_makes_no_sense_is_refused(story: Story, query: dict[str, str], code: str, field: str) -> None:
    told = getting(story.alice)("orders", 400, **query)
    assert (told["code"], told["field"]) == (code, field)


def test_one_of_each_takes_no_parameters(story: Story) -> None:
    get = getting(story.alice)
    assert get("services/1")["service"]["name"] == "Followers"
    assert get("services/1", 400, limit=1)["code"] == "unknown_field"
    assert get("panel")["panel"]["slug"] == story.alice.panel.slug
    assert get("exchange_rates/1", 404)["code"] == "exchange_rate_gone"


def test_another_panel_reads_nothing_of_this_one(story: Story) -> None:
    from panelwright.api.staff_readings import READINGS

    alice, rita = getting(story.alice), getting(story.rival)
    story.carol.order()
    carol = "carol@customer.example"
    for reading in READINGS:
        if "<" not in reading.path:
            told = rita(reading.path)
            assert carol not in str(told) and "alice@" not in str(told), reading.path
    for where in (
        f"customers/{story.carol.number}",
        f"api_keys/{story.carol.key_row.id}",
        f"staff/{story.bob.id}",
        f"providers/{_provider(story.alice)}",
    ):
        assert alice(where), where
        rita(where, 404)
    assert ids(rita("orders", customer=story.carol.number)) == []
    assert ids(rita("orders", q=carol)) == []


def _provider(owner: Owner) -> int:
    return int(owner.provider("https://north.example/api/v2", name="north").id)
