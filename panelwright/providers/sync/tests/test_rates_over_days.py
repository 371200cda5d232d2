"""A rate that moves a little every day is judged by what it was a month ago, or since a person accepted one."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django_scopes import scope

from panelwright.providers.models import Route
from panelwright.providers.routing.route_actions import RouteTerms, set_route
from panelwright.providers.sync import hold_actions
from panelwright.providers.sync.tests.test_believed_lists import decide, why
from panelwright.providers.sync.tests.test_sync import Shop, listed, names
from tests.support.people import Owner, Time, values
from tests.support.upstream import ScriptedUpstream


@pytest.fixture
def shop(alice: Owner, upstream: ScriptedUpstream, time: Time) -> Shop:
    return Shop(alice, upstream)


@pytest.mark.parametrize(
    ("factor", "held_on_day"), [("1.99", 2), ("1.30", 3), ("1.10", 8), ("0.51", 2), ("0.90", 7), ("1.02", None)]
)
def test_a_rate_that_moves_every_day_is_held_when_it_is_too_far_from_a_month_ago(
    shop: Shop, time: Time, factor: str, held_on_day: int | None
) -> None:
    rate = Decimal(100)
    shop.lists(listed(501, str(rate)))
    shop.imports()
    time.passes(days=60)
    shop.syncs()
    held_on = None
    for day in range(1, 91):
        time.passes(days=1)
        rate = round(rate * Decimal(factor), 4)
        shop.lists(listed(501, str(rate)))
        shop.syncs()
        if why(shop):
            held_on = day
            break
    assert held_on == held_on_day
    if held_on_day is None:
        ((kept,),) = values("SELECT past_rates FROM providers_route")
        assert 28 <= len(json.loads(kept) if isinstance(kept, str) else kept) <= 31
        return
    assert why(shop) == ["rate_up" if Decimal(factor) > 1 else "rate_down"]
    # Whoever accepts it says what the next ones are judged by.
    decide(shop, hold_actions.accept)
    time.passes(days=1)
    shop.lists(listed(501, str(round(rate * Decimal(factor), 4))))
    assert "route.held" not in names(shop.syncs())


def test_what_a_person_sets_forgets_what_the_rate_was(shop: Shop, time: Time) -> None:
    shop.lists(listed(501))
    shop.imports()
    time.passes(days=2)
    shop.lists(listed(501, "1.90"))
    shop.syncs()
    time.passes(days=2)
    with scope(panel=shop.owner.panel):
        route = Route.objects.get(provider=shop.provider)
        terms = RouteTerms(rate_micros=2_000_000)
        set_route(panel_id=shop.owner.panel_id, service_id=route.service_id, route_id=route.id, terms=terms)
    shop.lists(listed(501, "3.80"))
    assert "route.held" not in names(shop.syncs())
