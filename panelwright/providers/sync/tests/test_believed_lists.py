"""A provider's list is believed as far as it deserves: currencies, rates that jump, services that become others."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from panelwright.orders.problems import ROUTES_HELD
from panelwright.panels.actions import set_guard
from panelwright.providers.actions import set_provider
from panelwright.providers.models import Provider
from panelwright.providers.routing.route_actions import RouteTerms, set_route
from panelwright.providers.sync import hold_actions
from panelwright.providers.sync.sync_actions import set_exchange_rate
from panelwright.providers.sync.sync_rules import Markup
from panelwright.providers.sync.tests.test_sync import Shop, listed, names
from tests.support.people import FOLLOWERS, Buyer, Owner, Time, row_of, value, values
from tests.support.rounds import Rounds
from tests.support.upstream import Http, ScriptedUpstream

NewUpstream = Callable[[], ScriptedUpstream]


@pytest.fixture
def shop(alice: Owner, upstream: ScriptedUpstream, time: Time) -> Shop:
    return Shop(alice, upstream)


def held(shop: Shop) -> list[hold_actions.Held]:
    with scope(panel=shop.owner.panel):
        return hold_actions.held_routes(panel_id=shop.owner.panel_id)


def why(shop: Shop) -> list[str]:
    return [code for one in held(shop) for code in one.codes]


def decide(shop: Shop, act: Callable[..., Any], **more: Any) -> list[str]:
    with scope(panel=shop.owner.panel):
        ids = [one.route_id for one in hold_actions.held_routes(panel_id=shop.owner.panel_id)]
        told = act(panel=shop.owner.panel, provider_id=shop.provider.id, route_ids=ids, by="alice", **more)
    return [event.name for event in told]


def settings(shop: Shop, **new: Any) -> Provider:
    with scope(panel=shop.owner.panel):
        return set_provider(panel_id=shop.owner.panel_id, provider_id=shop.provider.id, **new)


# ---- currencies --------------------------------------------------------------------------------------


@pytest.fixture
def roubles(shop: Shop) -> Shop:
    """A provider that is set to RUB, whose service costs 1.00 and is sold for 0.0121."""
    settings(shop, currency="RUB")
    set_exchange_rate(currency="RUB", target="USD", rate_e12=11_000_000_000)
    shop.lists(listed(501, "1.00"))
    shop.imports(Markup(1000))
    assert shop.sells(10)[0] == "0.0121"
    return shop


@pytest.mark.parametrize("told", ["USD", "usd", " Usd ", "$", "US$", "USDT", "Points"])
def test_a_list_in_another_currency_than_its_balance_changes_nothing(roubles: Shop, told: str) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": told})
    roubles.lists(listed(501, "2.00", min=50), listed(502, "1.00"))
    came = roubles.syncs()
    assert names(came) == ["provider.sync_failed"]
    assert "RUB is set for it" in came.problem and "Change its currency" in came.problem
    assert roubles.sells(10) == ("0.0121", 10, 5000, True, "")
    assert roubles.row().sync_problem_code == came.trouble.problem_code == "other_currency"
    assert names(roubles.syncs()) == [], "told once"
    # What it told stays known when it is not asked, or does not answer.
    roubles.upstream.answers("balance", Http(503, "down"))
    assert "RUB is set for it" in roubles.syncs().problem
    with pytest.raises(ValueError, match="RUB is set for it"):
        roubles.imports()
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": told})
    with pytest.raises(ValueError, match="RUB is set for it"):
        roubles.imports_with_balance()
    assert value("SELECT COUNT(*) FROM catalog_service WHERE number > 9") == 1


@pytest.mark.parametrize(
    "said",
    [
        {"currency": {"code": "USD"}},
        {"currency": ["USD"]},
        {"currency": 840},
        {"currency": {"id": 7}},
        {"currency_symbol": "$"},
        {"currency_name": "US Dollar"},
        {"balance_currency": "USD"},
        {"user": {"currency": "USD"}},
        {"meta": {"currency": {"name": "USD"}}},
    ],
    ids=str,
)
def test_another_currency_is_heard_in_whatever_shape_it_is_told(roubles: Shop, said: dict[str, object]) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", **said})
    roubles.lists(listed(501, "2.00"))
    assert "RUB is set for it" in roubles.syncs().problem
    assert roubles.sells(10)[0] == "0.0121"
    settings(roubles, currency_told_wrongly=True)
    assert roubles.syncs().problem == "", "a person may say that it is none"


@pytest.mark.parametrize("said", [{"code": "RUB"}, ["RUB"], {"symbol": "₽"}, "Russian Ruble", "RUB (₽)", [], {}])
def test_the_same_currency_in_another_shape_is_fine(roubles: Shop, said: object) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": said})
    roubles.lists(listed(501, "1.50"))
    assert roubles.syncs().problem == ""
    assert roubles.sells(10)[0] == "0.01815"


@pytest.mark.parametrize("told", ["100.00 USD", "$100.00", "US$ 100"])
def test_a_currency_beside_the_amount_is_told_too(roubles: Shop, told: str) -> None:
    roubles.upstream.answers("balance", {"balance": told})
    roubles.lists(listed(501, "2.00"))
    assert "RUB is set for it" in roubles.syncs().problem
    assert roubles.sells(10)[0] == "0.0121"


def test_nothing_is_accepted_while_the_currencies_differ(roubles: Shop) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "RUB"})
    roubles.lists(listed(501, "9.00"))
    roubles.syncs()
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "USD"})
    roubles.syncs()
    with pytest.raises(ValueError, match="RUB is set for it"):
        decide(roubles, hold_actions.accept)
    assert roubles.sells(10) == ("0.0121", 10, 5000, False, "held")


def test_after_mending_the_currency_every_followed_rate_is_worked_out_anew(roubles: Shop, carol: Buyer) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "USD"})
    roubles.syncs()
    settings(roubles, currency="USD")
    came = roubles.syncs()
    assert came.problem == ""
    assert names(came) == ["service.rate_changed"]
    assert roubles.sells(10) == ("1.10", 10, 5000, True, "")
    assert carol.place(service=10, quantity=1000, link="https://example.com/x")
    assert carol.balance() == "98.90"
    assert names(roubles.syncs()) == [], "once"


def test_the_round_after_mending_is_due_at_once(roubles: Shop, time: Time) -> None:
    time.passes(minutes=10)
    settings(roubles, currency="USD")
    assert value("SELECT sync_due_at <= %s FROM providers_provider", time.now)


def test_mending_waits_for_the_exchange_rate(roubles: Shop) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "EUR"})
    settings(roubles, currency="EUR")
    assert "exchange rate from EUR to USD" in roubles.syncs().problem
    assert roubles.sells(10)[0] == "0.0121"
    set_exchange_rate(currency="EUR", target="USD", rate_e12=2 * 10**12)
    roubles.syncs()
    assert roubles.sells(10)[0] == "2.20"


def test_a_person_may_overrule_what_it_tells(roubles: Shop) -> None:
    with pytest.raises(ValueError, match="has not reported a currency"):
        settings(roubles, currency_told_wrongly=True)
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "USD"})
    assert roubles.syncs().problem
    settings(roubles, currency_told_wrongly=True)
    roubles.lists(listed(501, "1.50"))
    assert roubles.syncs().problem == ""
    assert roubles.sells(10)[0] == "0.01815"
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "TRY"})
    assert "TRY" in roubles.syncs().problem, "that was not overruled"


@pytest.mark.parametrize("told", ["", None, "RUB", "rub", "₽", "RUR", "руб.", "руб"])
def test_a_currency_that_is_not_told_or_the_same_is_fine(roubles: Shop, told: object) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": told})
    roubles.lists(listed(501, "1.50"))
    assert roubles.syncs().problem == ""
    assert roubles.sells(10)[0] == "0.01815"


def test_an_import_hears_the_currency_first(shop: Shop) -> None:
    set_exchange_rate(currency="EUR", target="USD", rate_e12=2 * 10**12)
    shop.upstream.answers("balance", {"balance": "5", "currency": "EUR"})
    shop.lists(listed(501, "1.00"))
    shop.imports_with_balance()
    assert (shop.row().currency, shop.sells(10)[0]) == ("EUR", "2.40")


def test_rates_follow_the_exchange_rate_unless_a_person_set_them(roubles: Shop) -> None:
    roubles.lists(listed(501, "1.00"), listed(502, "1.00"))
    roubles.imports(Markup(1000))
    from panelwright.catalog.actions import set_rate

    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "RUB"})
    with scope(panel=roubles.owner.panel):
        set_rate(panel_id=roubles.owner.panel_id, number=11, rate_micros=5_000_000)
    set_exchange_rate(currency="RUB", target="USD", rate_e12=12_000_000_000)
    assert [(e.name, e.facts["service"]) for e in roubles.syncs().events] == [("service.rate_changed", 10)]
    assert (roubles.sells(10)[0], roubles.sells(11)[0]) == ("0.0132", "5.00")
    assert names(roubles.syncs()) == []


def test_a_balance_that_cannot_be_read_is_said(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.imports()
    for answer in ({"balance": "abc", "currency": "USD"}, {"balance": None}, {"error": "Incorrect request"}):
        shop.upstream.answers("balance", answer)
        shop.lists(listed(501, "1.10"))
        assert "Our balance there could not be read" in shop.syncs().problem
    assert shop.sells(10)[0] == "1.32", "the list counts all the same"


# ---- what costs nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["0", 0, "0.00", 0.0])
def test_what_is_imported_at_nothing_is_not_on_sale_until_a_person_says_that_it_is_free(
    shop: Shop, carol: Buyer, rate: Any
) -> None:
    shop.lists(listed(501, rate), listed(502))
    shop.imports()
    assert shop.sells(10)[3:] == (False, "held")
    assert shop.sells(11)[3:] == (True, "")
    assert not isinstance(carol.place(service=10, quantity=100, link="https://example.com/x"), int)
    assert shop.syncs().events == [], "it stays so, and is told once"
    assert why(shop) == ["free"]
    assert decide(shop, hold_actions.accept) == ["route.accepted", "service.resumed"]
    assert shop.sells(10) == ("0.00", 10, 5000, True, "")
    assert shop.syncs().events == []
    assert isinstance(carol.place(service=10, quantity=100, link="https://example.com/x"), int)


def test_an_import_that_is_meant_to_be_free_is_sold(shop: Shop) -> None:
    shop.lists(listed(501, "0"))
    shop.imports(free=True)
    assert shop.sells(10) == ("0.00", 10, 5000, True, "")
    assert shop.syncs().events == []
    shop.lists(listed(501, "0.01"))
    assert names(shop.syncs()) == ["route.held", "service.paused"], "what was free costs something"


def test_an_import_at_nothing_is_sold_when_it_gets_a_rate(shop: Shop) -> None:
    shop.lists(listed(501, "0"))
    shop.imports()
    shop.lists(listed(501, "3.00"))
    assert names(shop.syncs()) == ["route.released", "route.rate_changed", "service.rate_changed", "service.resumed"]
    assert shop.sells(10) == ("3.60", 10, 5000, True, "")


def test_a_rate_that_falls_to_nothing_is_held_and_comes_back(shop: Shop, carol: Buyer) -> None:
    shop.lists(listed(501))
    shop.imports()
    settings(shop, fall_max_e2=0)
    shop.lists(listed(501, "0"))
    assert names(shop.syncs()) == ["route.held", "service.paused"]
    assert shop.sells(10) == ("1.20", 10, 5000, False, "held")
    assert not isinstance(carol.place(service=10, quantity=100, link="https://example.com/x"), int)
    shop.lists(listed(501))
    assert names(shop.syncs()) == ["route.released", "service.resumed"]
    assert shop.sells(10) == ("1.20", 10, 5000, True, "")


# ---- rates that jump -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        ("2.00", None),
        ("2.000001", "rate_up"),
        ("100", "rate_up"),
        ("0.50", None),
        ("0.499999", "rate_down"),
        ("0.0000001", "rate_down"),
    ],
)
def test_a_rate_that_jumps_beyond_the_limits_is_held(shop: Shop, rate: str, code: str | None) -> None:
    shop.lists(listed(501))
    shop.imports()
    shop.lists(listed(501, rate, min=20))
    came = shop.syncs()
    if code is None:
        assert shop.sells(10)[3:] == (True, "")
        return
    assert shop.sells(10) == ("1.20", 20, 5000, False, "held")
    assert why(shop) == [code]
    assert [event.facts["why"] for event in came.events if event.name == "route.held"] == [code]
    assert (held(shop)[0].old["rate"], held(shop)[0].new["rate"]) == ("1.00", value_text(rate))


def value_text(rate: str) -> str:

    from panelwright.core import money

    return money.text(money.cost_of(Decimal(rate)))


def test_the_limits_are_the_provider_s_and_a_person_may_lift_them(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.imports()
    settings(shop, rise_max_e2=1000, fall_max_e2=0)
    shop.lists(listed(501, "10.00"))
    assert "route.held" not in names(shop.syncs())
    shop.lists(listed(501, "0.01"))
    assert "route.held" not in names(shop.syncs())
    settings(shop, rise_max_e2=0)
    shop.lists(listed(501, "5000.00"))
    assert "route.held" not in names(shop.syncs())
    assert shop.sells(10)[0] == "6000.00"


def test_many_small_jumps_are_each_judged_by_what_stood_before_them(shop: Shop, time: Time) -> None:
    shop.lists(listed(501))
    shop.imports()
    for step, rate in enumerate(("1.90", "3.61", "6.86", "13.03")):
        time.passes(minutes=5)
        shop.lists(listed(501, rate))
        shop.syncs()
        assert shop.sells(10)[3] is (step == 0), rate
    assert shop.sells(10)[0] == "2.28"
    # One that has stood for a month is all that the next one is judged by.
    shop.lists(listed(501, "1.90"))
    shop.syncs()
    time.passes(days=30)
    shop.lists(listed(501, "3.61"))
    assert "route.held" not in names(shop.syncs())


def test_up_and_down_again_are_judged_too(shop: Shop, time: Time) -> None:
    shop.lists(listed(501))
    shop.imports()
    for rate, on_sale in (("0.60", True), ("1.50", False), ("1.20", True), ("0.60", True), ("0.45", False)):
        time.passes(minutes=5)
        shop.lists(listed(501, rate))
        shop.syncs()
        assert shop.sells(10)[3] is on_sale, rate


def test_what_is_accepted_counts_and_is_what_the_next_is_judged_by(shop: Shop, carol: Buyer) -> None:
    shop.lists(listed(501))
    shop.imports()
    shop.lists(listed(501, "3.00"))
    shop.syncs()
    assert decide(shop, hold_actions.accept) == ["route.accepted", "service.rate_changed", "service.resumed"]
    assert shop.sells(10) == ("3.60", 10, 5000, True, "")
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'route.accepted'") == 1
    assert held(shop) == [] and shop.syncs().events == []
    shop.lists(listed(501, "6.00"))
    assert "route.held" not in names(shop.syncs())
    carol.place(service=10, quantity=1000, link="https://example.com/x")
    assert carol.balance() == "92.80"


def test_what_is_rejected_is_not_asked_again_until_it_is_something_else(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.imports()
    shop.lists(listed(501, "3.00"))
    shop.syncs()
    assert decide(shop, hold_actions.reject) == ["route.rejected"]
    assert shop.sells(10) == ("1.20", 10, 5000, False, "held")
    shop.lists(listed(501, "3.10"))
    assert shop.syncs().events == []
    assert held(shop)[0].rejected
    shop.lists(listed(501, "9.00"))
    assert names(shop.syncs()) == ["route.held"]
    assert not held(shop)[0].rejected
    shop.lists(listed(501, "1.10"))
    shop.syncs()
    assert shop.sells(10) == ("1.32", 10, 5000, True, "")


def test_a_decision_about_what_is_not_there_any_more_changes_nothing(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.imports()
    with pytest.raises(ValueError, match="Nothing of this route is on hold"), scope(panel=shop.owner.panel):
        hold_actions.accept(panel=shop.owner.panel, provider_id=shop.provider.id, route_ids=[10**9], by="alice")
    shop.lists(listed(501, "3.00"))
    shop.syncs()
    seen = held(shop)[0].new
    shop.lists(listed(501, "30.00"))
    shop.syncs()
    with pytest.raises(ValueError, match="list has changed"):
        decide(shop, hold_actions.accept, seen=seen)
    assert shop.sells(10) == ("1.20", 10, 5000, False, "held")
    assert decide(shop, hold_actions.accept, seen=held(shop)[0].new)[0] == "route.accepted"


def test_another_panel_decides_nothing(shop: Shop, rival: Owner) -> None:
    shop.lists(listed(501))
    shop.imports()
    shop.lists(listed(501, "3.00"))
    shop.syncs()
    ids = [one.route_id for one in held(shop)]
    with scope(panel=rival.panel):
        assert hold_actions.held_routes(panel_id=rival.panel_id) == []
        with pytest.raises(Provider.DoesNotExist):
            hold_actions.accept(panel=rival.panel, provider_id=shop.provider.id, route_ids=ids, by="mallory")
    assert shop.sells(10)[3:] == (False, "held")


def test_what_a_person_stopped_stays_stopped_and_a_hand_set_rate_is_judged_by(shop: Shop) -> None:
    from panelwright.catalog.actions import set_enabled

    shop.lists(listed(501))
    shop.imports()
    with scope(panel=shop.owner.panel):
        set_enabled(panel_id=shop.owner.panel_id, number=10, enabled=False)
    shop.lists(listed(501, "3.00"))
    shop.syncs()
    decide(shop, hold_actions.accept)
    assert shop.sells(10) == ("3.60", 10, 5000, False, "")
    with scope(panel=shop.owner.panel):
        route = values("SELECT id, service_id FROM providers_route")[0]
        set_route(
            panel_id=shop.owner.panel_id,
            service_id=route[1],
            route_id=route[0],
            terms=RouteTerms(rate_micros=9_000_000),
        )
    shop.lists(listed(501, "8.00"))
    assert "route.held" not in names(shop.syncs())


def test_the_guard_s_pause_and_the_held_one_give_way_to_each_other(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.imports()
    from panelwright.catalog.actions import set_rate

    with scope(panel=shop.owner.panel):
        set_rate(panel_id=shop.owner.panel_id, number=10, rate_micros=100_000)
    shop.syncs()
    assert shop.sells(10)[3:] == (False, "cost")
    shop.lists(listed(501, "9.00"))
    shop.syncs()
    assert shop.sells(10)[3:] == (False, "held")
    shop.lists(listed(501))
    shop.syncs()
    assert shop.sells(10)[3:] == (False, "cost"), "it is still below cost"
    with scope(panel=shop.owner.panel):
        set_guard(panel_id=shop.owner.panel_id, rule="reprice")
    shop.owner.panel.refresh_from_db()
    shop.syncs()
    assert shop.sells(10)[3:] == (True, "")


# ---- a service that becomes another one -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ({"name": "MixCloud Followers"}, {"name": "Shazam Plays [500K]"}, ["name"]),
        ({"name": "Instagram Likes"}, {"name": "Instagram Likes", "type": "Custom Comments"}, ["type"]),
        ({"type": "default"}, {"type": "Poll"}, ["type"]),
        ({"name": "Likes"}, {"name": "Views", "type": "Package", "rate": "9"}, ["rate_up", "type", "name"]),
        ({"name": "Instagram Followers"}, {"name": "Instagram Likes"}, ["name"]),
        ({"name": "Telegram Members"}, {"name": "Discord Members"}, ["name"]),
        ({"name": "Premium account"}, {"name": "Gift card"}, ["name"]),
        # Only another dress.
        ({"name": "Instagram Likes 🔥 [Max 10K] $0.5"}, {"name": "⭐ Instagram Likes [Max: 20K]"}, []),
        ({"name": "Instagram Likes"}, {"name": "LIKES | INSTAGRAM (Fast)"}, []),
        ({"name": "Instagram Followers"}, {"name": "Инстаграм подписчики"}, []),
        ({"name": "Instagram Followers [R30]"}, {"name": "IG Follower ♻️ R90"}, []),
        ({"name": "𝗜𝗻𝘀𝘁𝗮𝗴𝗿𝗮𝗺 Likes"}, {"name": "Instagram Likes"}, []),
        ({"name": "Curtidas Instagram"}, {"name": "Instagram Likes"}, []),
        ({"type": "Default"}, {"type": "default"}, []),
        ({"type": "custom_comments"}, {"type": "Custom Comments"}, []),
        ({"name": "Likes"}, {"name": ""}, []),
    ],
)
def test_the_same_id_that_becomes_another_service_is_off_sale(
    shop: Shop, carol: Buyer, old: dict[str, str], new: dict[str, str], codes: list[str]
) -> None:
    shop.lists(listed(501, **old))
    shop.imports()
    before = shop.sells(10)
    shop.lists(listed(501, **{"min": "10", **old, **new}))
    came = shop.syncs()
    assert why(shop) == codes
    if not codes:
        assert shop.sells(10) == before
        return
    assert shop.sells(10) == (*before[:3], False, "held")
    (told,) = [event for event in came.events if event.name == "route.held"]
    assert told.facts["old"]["name"] == old.get("name", "Theirs 501")
    assert told.facts["new"]["name"] == new.get("name", "Theirs 501")
    assert not isinstance(carol.place(service=10, quantity=100, link="https://example.com/x"), int)
    shop.lists(listed(501, **old))
    shop.syncs()
    assert shop.sells(10) == before
    assert why(shop) == []


def test_a_new_name_in_the_same_sense_is_told_and_kept(shop: Shop) -> None:
    shop.lists(listed(501, name="Instagram Likes Brazil"))
    shop.imports()
    shop.lists(listed(501, name="Instagram Likes Brazil Aurora"))
    (told,) = shop.syncs().events
    assert (told.name, told.facts["old"], told.facts["new"]) == (
        *("route.renamed", "Instagram Likes Brazil", "Instagram Likes Brazil Aurora"),
    )
    assert shop.syncs().events == []


def test_a_new_name_that_is_accepted_is_sold_and_a_new_type_cannot_be(shop: Shop) -> None:
    shop.lists(listed(501, name="MixCloud Followers"))
    shop.imports()
    shop.lists(listed(501, name="Shazam Plays"))
    shop.syncs()
    assert decide(shop, hold_actions.accept) == ["route.accepted", "service.resumed"]
    assert shop.sells(10)[3:] == (True, "")
    shop.lists(listed(501, name="Shazam Plays", type="Custom Comments"))
    shop.syncs()
    with pytest.raises(ValueError, match="import theirs as a new service"):
        decide(shop, hold_actions.accept)
    # It is not that service any more: as one of its own it can be.
    assert shop.imports().known == 1
    assert decide(shop, hold_actions.reject) == ["route.rejected"]
    imported = shop.imports()
    assert [(s.number, s.type) for s in imported.services] == [(11, "Custom Comments")]
    assert (shop.sells(10)[3:], shop.sells(11)[3:]) == ((False, "held"), (True, ""))


def test_no_order_goes_to_a_service_that_has_become_another(
    shop: Shop, carol: Buyer, worker: Rounds, new_upstream: NewUpstream, time: Time
) -> None:
    shop.lists(listed(501, name="MixCloud Followers"))
    (service,) = shop.imports().services
    shop.owner.services[10] = service
    order = carol.place(service=10, quantity=100, link="https://example.com/x")
    assert isinstance(order, int)
    shop.lists(listed(501, name="Shazam Plays"))
    shop.syncs()
    worker.forward()
    assert shop.upstream.called("add") == []
    assert row_of(order).problem_code == ROUTES_HELD
    # Another route takes them, and then it is sold on, too.
    other = Shop(shop.owner, new_upstream(), "south")
    shop.owner.route(10, other.provider, upstream_service="9")
    other.upstream.answers("add", {"order": 77})
    other.lists(listed(9, "1.00"))
    other.syncs()
    assert shop.sells(10)[3:] == (True, "")
    time.passes(minutes=2)
    worker.forward()
    assert row_of(order).upstream_id == "77"


def test_what_was_sold_goes_out_when_it_became_cheaper_and_waits_when_dearer(
    shop: Shop, carol: Buyer, worker: Rounds, time: Time
) -> None:
    shop.lists(listed(501))
    shop.imports()
    first = carol.place(service=10, quantity=100, link="https://example.com/1")
    assert isinstance(first, int)
    shop.upstream.answers("add", {"order": 1}, {"order": 2})
    shop.lists(listed(501, "0.10"))
    shop.syncs()
    worker.forward()
    assert row_of(first).upstream_id == "1"
    shop.lists(listed(501))
    shop.syncs()
    second = carol.place(service=10, quantity=100, link="https://example.com/2")
    assert isinstance(second, int)
    shop.lists(listed(501, "50.00"))
    shop.syncs()
    worker.forward()
    assert row_of(second).problem_code == ROUTES_HELD
    decide(shop, hold_actions.accept)
    time.passes(minutes=2)
    worker.forward()
    assert (row_of(second).upstream_id, row_of(second).problem_code) == ("2", "")


def test_a_route_by_hand_is_held_as_well(shop: Shop) -> None:
    with scope(panel=shop.owner.panel):
        from panelwright.providers.routing.route_actions import add_routes

        add_routes(shop.owner.panel_id, [(shop.owner.services[FOLLOWERS].id, shop.provider.id, "77")])
    shop.lists(listed(77, "0.50", name="Followers"))
    shop.syncs()
    assert shop.sells(FOLLOWERS)[3:] == (True, "")
    shop.lists(listed(77, "0.50", name="Comments"))
    assert names(shop.syncs()) == ["route.held", "service.paused"]
