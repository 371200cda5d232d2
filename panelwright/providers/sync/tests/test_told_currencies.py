"""A currency that a provider tells changes nothing by itself, and what it makes cheaper is held."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.providers.sync import hold_actions
from panelwright.providers.sync.sync_actions import set_exchange_rate
from panelwright.providers.sync.tests.test_believed_lists import decide, settings
from panelwright.providers.sync.tests.test_sync import Shop, listed, names, shop

__all__ = ["shop"]


def held_of(shop: Shop) -> list[hold_actions.Held]:
    with scope(panel=shop.owner.panel):
        return hold_actions.held_routes(panel_id=shop.owner.panel_id)


@pytest.fixture
def dollars(shop: Shop) -> Shop:
    """A provider for which nobody set a currency: its service costs 1.00 and is sold for 1.20, in the panel's USD."""
    set_exchange_rate(currency="INR", target="USD", rate_e12=12_000_000_000)
    shop.lists(listed(501, "1.00"))
    shop.imports()
    assert shop.sells(10)[0] == "1.20"
    return shop


def test_another_currency_than_what_counted_before_counts_for_nothing_until_a_person_says_so(dollars: Shop) -> None:
    dollars.upstream.answers("balance", {"balance": "100.00", "currency": "INR"})
    assert "reports INR" in dollars.syncs().problem
    assert (dollars.sells(10), dollars.row().currency) == (("1.20", 10, 5000, True, ""), "")
    dollars.upstream.answers("balance", {"balance": "100.00", "currency": "USD"})
    assert names(dollars.syncs()) == []
    assert dollars.sells(10) == ("1.20", 10, 5000, True, "")


def test_what_a_currency_makes_much_cheaper_is_held(dollars: Shop) -> None:
    dollars.upstream.answers("balance", {"balance": "100.00", "currency": "INR"})
    settings(dollars, currency="INR")
    assert names(dollars.syncs()) == ["route.held", "service.paused"]
    assert dollars.sells(10) == ("1.20", 10, 5000, False, "held")
    (held,) = held_of(dollars)
    assert (held.codes, held.old["rate"], held.new["rate"]) == (["rate_down"], "83.333334", "1.00")
    assert names(dollars.syncs()) == [], "told once"
    assert decide(dollars, hold_actions.accept) == ["route.accepted", "service.rate_changed", "service.resumed"]
    assert dollars.sells(10) == ("0.0144", 10, 5000, True, "")


def test_a_list_that_went_over_to_another_currency_is_no_jump(dollars: Shop) -> None:
    dollars.upstream.answers("balance", {"balance": "100.00", "currency": "INR"})
    dollars.lists(listed(501, "85.00"))
    assert dollars.syncs().problem
    settings(dollars, currency="INR")
    assert names(dollars.syncs()) == ["route.rate_changed", "service.rate_changed"]
    assert dollars.sells(10) == ("1.224", 10, 5000, True, "")


def test_what_a_currency_makes_dearer_counts_at_once(dollars: Shop) -> None:
    set_exchange_rate(currency="EUR", target="USD", rate_e12=3 * 10**12)
    dollars.upstream.answers("balance", {"balance": "5", "currency": "EUR"})
    settings(dollars, currency="EUR")
    assert names(dollars.syncs()) == ["service.rate_changed"]
    assert dollars.sells(10) == ("3.60", 10, 5000, True, "")


def test_a_row_that_cannot_be_read_keeps_its_price_under_another_currency(dollars: Shop) -> None:
    dollars.upstream.answers("balance", {"balance": "100.00", "currency": "INR"})
    dollars.lists({**listed(501), "rate": "call us"}, listed(502))
    settings(dollars, currency="INR")
    assert "cannot be read" in dollars.syncs().problem
    assert dollars.sells(10) == ("1.20", 10, 5000, True, "")
    # What it cost still stands beside what it costs now.
    dollars.lists(listed(501, "1.00"))
    assert names(dollars.syncs()) == ["route.held", "service.paused"]
