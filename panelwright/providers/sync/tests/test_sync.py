"""A catalogue that follows its providers: import, changes, the guard, balances, currencies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from panelwright.catalog.actions import set_enabled, set_rate
from panelwright.catalog.models import Service
from panelwright.catalog.price_list_actions import set_category_percent, set_group, set_own_percent, set_own_rate
from panelwright.core import money
from panelwright.core.secret import Box
from panelwright.customers.models import PriceList
from panelwright.orders.problems import NONE
from panelwright.panels.models import Panel
from panelwright.providers.actions import set_provider
from panelwright.providers.models import Provider
from panelwright.providers.routing.store import ProviderRow
from panelwright.providers.sync import round_actions
from panelwright.providers.sync.import_rules import Chosen
from panelwright.providers.sync.round_actions import Round
from panelwright.providers.sync.sync_actions import Imported, claim_syncs, import_services, set_exchange_rate
from panelwright.providers.sync.sync_rules import Markup
from panelwright.providers.sync.syncing import sync_one
from panelwright.providers.wire.outcomes import Offers
from panelwright.providers.wire.panel_v2.client import PanelClient
from tests.support.people import FOLLOWERS, NOON, Buyer, Owner, Time, execute, values
from tests.support.upstream import Http, ScriptedUpstream

NewUpstream = Callable[[], ScriptedUpstream]
TWENTY = Markup(2000)


def listed(service: int, rate: str = "1.00", **more: Any) -> dict[str, Any]:
    usual = {"name": f"Theirs {service}", "type": "Default", "category": "Theirs", "min": "10", "max": "5000"}
    return {"service": service, "rate": rate, "refill": True, "cancel": False, **usual, **more}


class Shop:
    """Alice's panel and one provider, whose list a test changes."""

    def __init__(self, owner: Owner, upstream: ScriptedUpstream, name: str = "north") -> None:
        self.owner, self.upstream = owner, upstream
        self.provider = owner.provider(upstream.url, name=name)
        upstream.answers("balance", {"balance": "100.00", "currency": owner.panel.currency})

    def client(self, row: ProviderRow) -> PanelClient:
        return PanelClient(url=row.url, key=Box(settings.SECRET_KEY).open(row.sealed_key), allow_private=True)

    def lists(self, *services: dict[str, Any]) -> None:
        self.upstream.answers("services", list(services))

    def provider_row(self) -> ProviderRow:
        (row,) = sync_actions_rows(self.provider)
        return row

    def offers(self) -> Offers:
        offers = self.client(self.provider_row()).services()
        assert isinstance(offers, Offers), offers
        return offers

    def imports(self, markup: Markup = TWENTY, chosen: Chosen | None = None, **more: Any) -> Imported:
        offers = self.offers()
        with scope(panel=self.owner.panel):
            return import_services(
                panel=self.owner.panel,
                provider=self.provider,
                offers=offers,
                chosen=chosen or Chosen(),
                markup=markup,
                **more,
            )

    def imports_with_balance(self) -> Imported:
        """As the command does it, which asks for the balance first."""
        return self.imports(balance=self.client(self.provider_row()).balance())

    def syncs(self, *, accept: bool = False) -> Round:
        return sync_one(self.provider.id, self.client, accept=accept)

    def sells(self, number: int) -> tuple[str, int, int, bool, str]:
        with scope(panel=self.owner.panel):
            s = Service.objects.get(number=number)
        return money.text(s.rate_micros), s.min, s.max, s.enabled, s.paused_for

    def row(self) -> Provider:
        with scope(panel=self.owner.panel):
            found: Provider = Provider.objects.get(id=self.provider.id)
        return found


def sync_actions_rows(provider: Provider) -> list[ProviderRow]:
    from panelwright.providers.routing import store

    return list(store.providers([provider.id]).values())


@pytest.fixture
def shop(alice: Owner, upstream: ScriptedUpstream, time: Time) -> Shop:
    return Shop(alice, upstream)


def names(came: Round) -> list[str]:
    return [event.name for event in came.events]


# ---- money -------------------------------------------------------------------------------------------


@given(st.integers(0, 10**12), st.integers(0, 10**6), st.integers(0, 10**9), st.integers(1, 10**7))
def test_a_marked_up_price_is_the_least_multiple_not_below(cost: int, percent: int, fixed: int, unit: int) -> None:
    price = money.marked_up(cost_micros=cost, percent_e2=percent, fixed_micros=fixed, round_to_micros=unit)
    exact = Decimal(cost) * (10_000 + percent) / 10_000 + fixed
    assert price % unit == 0
    assert price >= exact
    assert price - unit < exact + 1


@given(st.integers(0, 10**12), st.integers(1, 10**15))
def test_an_exchanged_cost_is_never_rounded_down(micros: int, rate_e12: int) -> None:
    got = money.exchanged(micros=micros, rate_e12=rate_e12)
    assert (got - 1) * 10**12 < micros * rate_e12 <= got * 10**12


@pytest.mark.parametrize(
    ("text", "up", "down"), [("0.0000001", 1, 0), ("1.5", 1_500_000, 1_500_000), ("-0.5", -500_000, -500_000)]
)
def test_amounts_with_more_digits_are_rounded_to_our_loss(text: str, up: int, down: int) -> None:
    assert (money.cost_of(Decimal(text)), money.owned(Decimal(text))) == (up, down)
    with pytest.raises(ValueError, match="too large"):
        money.cost_of(Decimal("1e30"))


# ---- import ------------------------------------------------------------------------------------------


def test_services_are_imported_with_a_markup_and_sold_at_once(shop: Shop, carol: Buyer) -> None:
    shop.lists(
        listed(501, "0.8333335", desc="Slow and steady", dripfeed=True),
        listed(502, "5", type="package", category="Packs", min=1, max=1),
        listed(503, type="Teleport"),
    )
    imported = shop.imports(Markup(2000, 10_000, 10_000))
    assert [(s.number, s.name, s.type, s.description, s.drip_feed) for s in imported.services] == [
        (10, "Theirs 501", "Default", "Slow and steady", True),
        (11, "Theirs 502", "Package", "", False),
    ]
    assert [offer.service for offer in imported.unknown] == ["503"]
    # 0.833334 is what it costs; a fifth on top and 0.01 are 1.0100008, and up to the next cent.
    assert shop.sells(10) == ("1.02", 10, 5000, True, "")
    assert shop.sells(11) == ("6.01", 1, 1, True, "")
    assert carol.place(service=10, quantity=1000, link="https://example.com/x")
    assert carol.balance() == "98.98"
    assert shop.imports().known == 2
    assert [s.number for s in shop.imports().services] == []
    assert shop.row().sync_due_at == NOON + timedelta(minutes=60)


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (Chosen(), ["1", "2", "3"]),
        (Chosen(category="likes"), ["2"]),
        (Chosen(search="FAST"), ["1", "3"]),
        (Chosen(services=frozenset({"3", "9"})), ["3"]),
        (Chosen(category="Likes", search="fast"), []),
    ],
)
def test_some_of_a_list_can_be_chosen(shop: Shop, chosen: Chosen, numbers: list[str]) -> None:
    shop.lists(
        listed(1, name="Fast followers"), listed(2, name="Likes", category="Likes"), listed(3, category="Fast things")
    )
    shop.imports(TWENTY, chosen)
    assert [row[0] for row in values("SELECT upstream_service FROM providers_route ORDER BY id")] == numbers


def test_a_large_list_is_imported_and_synced_in_few_statements(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    """Of a round in each part as many, however many services it is of."""
    for name in ("PART", "PART_MIN", "PART_MAX"):
        monkeypatch.setattr(round_actions, name, 500)
    shop.lists(*[listed(n, "1.00") for n in range(1, 2001)])
    with django_assert_max_num_queries(130):
        assert len(shop.imports().services) == 2000
    shop.lists(*[listed(n, "1.10") for n in range(1, 2001)])
    with django_assert_max_num_queries(130):
        assert len(shop.syncs().events) == 4000


# ---- changes -----------------------------------------------------------------------------------------


def test_rates_and_limits_follow_the_provider_and_every_change_is_told(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.imports()
    version = Panel.objects.get(id=shop.owner.panel_id).catalog_version
    assert shop.syncs() == Round([], NONE)
    assert Panel.objects.get(id=shop.owner.panel_id).catalog_version == version
    shop.lists(listed(501, "0.50", min=20, max=900))
    came = shop.syncs()
    assert shop.sells(10) == ("0.60", 20, 900, True, "")
    assert [(e.name, e.facts["old"], e.facts["new"]) for e in came.events] == [
        ("route.rate_changed", "1.00", "0.50"),
        ("route.limits_changed", [10, 5000], [20, 900]),
        ("service.rate_changed", "1.20", "0.60"),
        ("service.limits_changed", [10, 5000], [20, 900]),
    ]
    told = values("SELECT name, created_at FROM events_event WHERE name = 'service.rate_changed'")
    assert len(told) == 1
    assert Panel.objects.get(id=shop.owner.panel_id).catalog_version == version + 1


def test_a_rate_that_a_person_set_stays_until_the_provider_changes_his(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.imports()
    with scope(panel=shop.owner.panel):
        set_rate(panel_id=shop.owner.panel_id, number=10, rate_micros=9_000_000)
    shop.syncs()
    assert shop.sells(10)[0] == "9.00"
    shop.lists(listed(501, "2.00"))
    shop.syncs()
    assert shop.sells(10)[0] == "2.40"


def test_a_service_that_is_gone_is_not_sold_and_comes_back(shop: Shop) -> None:
    shop.lists(*[listed(n) for n in range(501, 505)])
    shop.imports()
    shop.lists(*[listed(n) for n in range(502, 505)])
    assert names(shop.syncs()) == ["route.gone", "service.paused"]
    assert shop.sells(10) == ("1.20", 10, 5000, False, "gone")
    assert names(shop.syncs()) == []
    shop.lists(*[listed(n) for n in range(501, 505)])
    assert names(shop.syncs()) == ["route.back", "service.resumed"]
    assert shop.sells(10) == ("1.20", 10, 5000, True, "")


def test_what_a_person_stopped_selling_stays_stopped(shop: Shop) -> None:
    shop.lists(*[listed(n) for n in range(501, 505)])
    shop.imports()
    with scope(panel=shop.owner.panel):
        set_enabled(panel_id=shop.owner.panel_id, number=10, enabled=False)
    shop.lists(*[listed(n) for n in range(502, 505)])
    shop.syncs()
    shop.lists(*[listed(n) for n in range(501, 505)])
    shop.syncs()
    assert shop.sells(10) == ("1.20", 10, 5000, False, "")


@pytest.mark.parametrize(
    "answer", [[], [listed(501)], Http(503, "<html>down</html>"), {"error": "Invalid API key"}], ids=str
)
def test_a_list_that_cannot_be_right_changes_nothing(shop: Shop, answer: Any) -> None:
    shop.lists(*[listed(n) for n in range(501, 505)])
    shop.imports()
    shop.upstream.answers("services", answer)
    came = shop.syncs()
    assert came.problem != ""
    assert names(came) == ["provider.sync_failed"]
    assert shop.row().sync_problem_code == came.trouble.problem_code != ""
    assert [shop.sells(n)[3] for n in range(10, 14)] == [True] * 4
    assert names(shop.syncs()) == [], "told once"
    if isinstance(answer, list):
        shop.syncs(accept=True)
        assert [shop.sells(n)[3] for n in range(10, 14)] == [bool(answer), False, False, False]
        assert shop.row().sync_problem_code == ""


# ---- the guard ---------------------------------------------------------------------------------------


def guarded(shop: Shop, guard: str, percent_e2: int = 0) -> None:
    execute("UPDATE panels_panel SET guard = %s, guard_percent_e2 = %s", guard, percent_e2)
    shop.owner.panel.refresh_from_db()
    with scope(panel=shop.owner.panel):
        from panelwright.providers.routing.route_actions import add_routes

        add_routes(shop.owner.panel_id, [(shop.owner.services[FOLLOWERS].id, shop.provider.id, "77")])


def test_the_guard_pauses_what_would_be_sold_below_cost(shop: Shop, carol: Buyer) -> None:
    guarded(shop, "pause")
    shop.lists(listed(77, "0.90"))
    assert names(shop.syncs()) == []
    shop.lists(listed(77, "0.900001"))
    came = shop.syncs()
    assert names(came) == ["route.rate_changed", "service.paused"]
    assert came.events[1].facts == {
        "service": FOLLOWERS,
        "provider": "north",
        "why": "cost",
        "rate": "0.90",
        "cost": "0.900001",
    }
    assert not isinstance(carol.place(), int)
    assert carol.balance() == "100.00"
    shop.lists(listed(77, "0.80"))
    assert names(shop.syncs()) == ["route.rate_changed", "service.resumed"]
    assert isinstance(carol.place(), int)


def test_the_guard_reprices_by_the_panel_s_rule(shop: Shop) -> None:
    guarded(shop, "reprice", 1000)
    shop.lists(listed(77, "2.00"))
    came = shop.syncs()
    assert names(came) == ["service.rate_changed"]
    assert shop.sells(FOLLOWERS)[0] == "2.20"
    shop.lists(listed(77, "0.10"))
    shop.syncs()
    assert shop.sells(FOLLOWERS)[0] == "2.20", "it is not in step, so only a person lowers it"


def test_no_price_list_sells_below_cost(shop: Shop, alice: Owner) -> None:
    guarded(shop, "pause")
    with scope(panel=alice.panel):
        half = PriceList.objects.create(panel=alice.panel, name="half", percent_off_e2=5000)
        own = PriceList.objects.create(panel=alice.panel, name="own", percent_off_e2=0)
        set_own_rate(price_list=own, number=FOLLOWERS, rate_micros=500_000)
    carol = alice.customer("clara", balance="10.00", price_list=half)
    shop.lists(listed(77, "0.60"))
    came = shop.syncs()
    assert [(e.name, e.facts["price_list"], e.facts["old"], e.facts["new"]) for e in came.events] == [
        ("service.below_cost", "half", "0.45", "0.60"),
        ("service.below_cost", "own", "0.50", "0.60"),
    ]
    carol.order(quantity=1000)
    assert carol.balance() == "9.40"
    shop.lists(listed(77, "0.40"))
    came = shop.syncs()
    assert names(came) == ["route.rate_changed", "service.own_rate_changed"]
    assert [came.events[1].facts[word] for word in ("price_list", "old", "new")] == ["half", "0.60", "0.45"]
    carol.order(quantity=1000)
    assert carol.balance() == "8.95", "the discount counts again"


def test_a_percent_that_would_sell_below_cost_waits_behind_the_guard(shop: Shop, alice: Owner) -> None:
    """The list keeps its percent: it counts again when the cost allows it, and moves with the rate."""
    guarded(shop, "pause")
    clara = alice.customer("clara", balance="10.00")
    with scope(panel=alice.panel):
        one = PriceList.objects.create(panel=alice.panel, name="one", percent_off_e2=0)
        set_own_percent(price_list=one, number=FOLLOWERS, percent_off_e2=5000)
        category = PriceList.objects.create(panel=alice.panel, name="category", percent_off_e2=0)
        social = Service.objects.get(number=FOLLOWERS).category_id
        set_category_percent(price_list=category, category_id=social, percent_off_e2=5000)
        set_group(panel_id=alice.panel_id, customer_id=clara.customer.id, price_list_id=one.id)
    shop.lists(listed(77, "0.60"))
    came = shop.syncs()
    assert [(e.name, e.facts["price_list"], e.facts["old"], e.facts["new"]) for e in came.events] == [
        ("service.below_cost", "one", "0.45", "0.60"),
        ("service.below_cost", "category", "0.45", "0.60"),
    ]
    clara.order(quantity=1000)
    assert clara.balance() == "9.40"
    shop.lists(listed(77, "0.40"))
    came = shop.syncs()
    assert [(e.name, e.facts["price_list"], e.facts["new"]) for e in came.events if "price_list" in e.facts] == [
        ("service.own_rate_changed", "one", "0.45"),
        ("service.own_rate_changed", "category", "0.45"),
    ]
    clara.order(quantity=1000)
    assert clara.balance() == "8.95", "half of the rate again"
    assert shop.syncs().events == []


# ---- several providers, currencies, balances -----------------------------------------------------------


def test_a_service_with_another_route_is_sold_on(shop: Shop, new_upstream: NewUpstream) -> None:
    shop.lists(listed(501), listed(502), listed(503))
    (service, *_) = shop.imports().services
    other = Shop(shop.owner, new_upstream(), "south")
    shop.owner.services[10] = service
    shop.owner.route(10, other.provider, upstream_service="9")
    shop.lists(listed(502), listed(503))
    assert names(shop.syncs()) == ["route.gone"]
    assert shop.sells(10)[3] is True
    other.lists(listed(9, "3.00"))
    assert names(other.syncs()) == ["service.paused"], "what is left costs more than it brings"
    assert shop.sells(10)[3:] == (False, "cost")


def test_another_currency_needs_a_rate_and_the_panel_s_own_stands_before_the_host_s(shop: Shop) -> None:
    shop.lists(listed(501, "1.00"))
    with scope(panel=shop.owner.panel):
        set_provider(panel_id=shop.owner.panel_id, provider_id=shop.provider.id, currency="EUR")
    with pytest.raises(ValueError, match="exchange rate from EUR to USD"):
        shop.imports()
    set_exchange_rate(currency="EUR", target="USD", rate_e12=1_100_000_000_000)
    shop.imports()
    assert shop.sells(10)[0] == "1.32"
    with scope(panel=shop.owner.panel):
        set_exchange_rate(currency="EUR", target="USD", rate_e12=2 * 10**12, panel_id=shop.owner.panel_id)
    shop.lists(listed(501, "1.01"))
    shop.upstream.answers("balance", {"balance": "1", "currency": "EUR"})
    shop.syncs()
    assert shop.sells(10)[0] == "2.424"


def test_a_low_balance_is_told_once_and_so_is_the_end_of_it(shop: Shop) -> None:
    with scope(panel=shop.owner.panel):
        set_provider(panel_id=shop.owner.panel_id, provider_id=shop.provider.id, low_balance_micros=50_000_000)
    shop.lists(listed(501))
    told = []
    for balance in ("50.00", "49.9999999", "1,20", "0", "50", "80"):
        shop.upstream.answers("balance", {"balance": balance, "currency": "USD"})
        told.append(names(shop.syncs()))
    assert told == [[], ["provider.low_balance"], [], [], ["provider.balance_ok"], []]
    assert shop.row().balance_micros == 80_000_000


def test_the_provider_s_currency_is_noticed_and_never_changed_by_itself(shop: Shop) -> None:
    shop.lists(listed(501))
    shop.upstream.answers("balance", {"balance": "5", "currency": "EUR"})
    came = shop.syncs()
    assert names(came) == ["provider.currency", "provider.sync_failed"]
    assert "exchange rate from EUR to USD" in came.problem
    assert shop.row().currency == "EUR"
    shop.upstream.answers("balance", {"balance": "5", "currency": "RUB"})
    assert "reports RUB" in shop.syncs().problem
    assert shop.row().currency == "EUR"


# ---- rounds and panels ---------------------------------------------------------------------------------


def test_a_round_is_claimed_by_one_worker(shop: Shop, time: Time) -> None:
    assert claim_syncs(10) == []
    shop.lists(listed(501))
    shop.imports()
    time.passes(minutes=60)
    assert claim_syncs(10) == [shop.provider.id]
    assert claim_syncs(10) == []
    shop.syncs()
    time.passes(minutes=59)
    assert claim_syncs(10) == []
    time.passes(minutes=1)
    assert claim_syncs(10) == [shop.provider.id]
    # Its worker died: after the lease another one does it.
    time.passes(minutes=10)
    assert claim_syncs(10) == [shop.provider.id]


def test_another_panel_s_services_are_not_touched(shop: Shop, rival: Owner, new_upstream: NewUpstream) -> None:
    theirs = Shop(rival, new_upstream())
    for each in (shop, theirs):
        each.lists(listed(501), listed(502), listed(503))
        each.imports()
    before = [theirs.sells(n) for n in (10, 11, 12)]
    shop.lists(listed(502, "1.90"), listed(503))
    shop.syncs()
    assert [theirs.sells(n) for n in (10, 11, 12)] == before
    assert [shop.sells(n)[0] for n in (10, 11)] == ["1.20", "2.28"]
