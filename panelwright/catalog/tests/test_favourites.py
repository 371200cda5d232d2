"""A customer marks services that she may buy, so many and no more."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.catalog import favourite_actions
from panelwright.catalog.favourite_actions import add_favourite, remove_favourite
from panelwright.catalog.priced_catalogue import shelf_for
from panelwright.catalog.queries import favourite_ids
from panelwright.core.refusal import Refusal
from panelwright.panels.models import Panel
from tests.support.people import CLOSED, FOLLOWERS, LIKES, PACKAGE, PRIVATE, Buyer, Owner


def mark(buyer: Buyer, number: int) -> Refusal | None:
    panel = Panel.objects.get(id=buyer.owner.panel_id)
    with scope(panel=panel):
        return add_favourite(customer=buyer.customer, shelf=shelf_for(panel, buyer.customer), number=number)


def marked(buyer: Buyer) -> set[int]:
    with scope(panel=buyer.owner.panel):
        ids = favourite_ids(buyer.customer)
    return {number for number, row in buyer.owner.services.items() if row.id in ids}


def test_favourites_are_marked_once_and_unmarked(alice: Owner, carol: Buyer, mallory: Buyer) -> None:
    dave = alice.customer("dave")
    for number in (LIKES, FOLLOWERS, LIKES):
        assert mark(carol, number) is None
    assert mark(mallory, PACKAGE) is None
    assert (marked(carol), marked(dave), marked(mallory)) == ({FOLLOWERS, LIKES}, set(), {PACKAGE})
    with scope(panel=alice.panel):
        assert remove_favourite(customer=dave.customer, number=LIKES) is False
        assert remove_favourite(customer=carol.customer, number=LIKES) is True
        assert remove_favourite(customer=carol.customer, number=LIKES) is False
    assert marked(carol) == {FOLLOWERS}


@pytest.mark.parametrize("number", [CLOSED, PRIVATE, 77])
def test_what_she_cannot_buy_she_cannot_mark(carol: Buyer, number: int) -> None:
    assert mark(carol, number) == Refusal("bad_service", "service")
    assert marked(carol) == set()


def test_there_is_a_limit(carol: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(favourite_actions, "FAVOURITES_MAX", 1)
    assert mark(carol, LIKES) is None
    assert mark(carol, FOLLOWERS) == Refusal("too_many_favourites", "service", 500)
    assert mark(carol, LIKES) is None
    assert marked(carol) == {LIKES}
