"""What an order costs: the provider's charge where it tells one, else the route's rate when it was sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import money
from panelwright.ledger.actions import account
from panelwright.ledger.models import AccountKind
from panelwright.orders import settling
from panelwright.orders.audit import audit
from panelwright.orders.settling import Cost, Report
from panelwright.providers import order_queries
from panelwright.providers.manual.tests.test_manual_rules import NOW, STARTED
from panelwright.providers.routing import resolve_actions, rules
from panelwright.providers.routing.rules import Exchange
from panelwright.providers.sync.sync_actions import set_exchange_rate
from panelwright.providers.wire.outcomes import OrderReport
from tests.support.by_hand import BY, own_people
from tests.support.people import (
    COMMENTS,
    FOLLOWERS,
    PACKAGE,
    Buyer,
    Known,
    Owner,
    Time,
    children_of,
    execute,
    row_of,
    run_schedules,
    values,
)
from tests.support.rounds import Rounds
from tests.support.upstream import LOST, ScriptedUpstream

SENT = STARTED._replace(job="poll", upstream_id="1", cost_micros=500_001, cost_rate_e12=10**12)
PAR = 10**12
# The last migration of orders before costs were posted.
BEFORE_COSTS = "0011"


class Shop:
    """1000 followers for 0.90, which one provider delivers at 0.333333 for 1000 in its currency."""

    def __init__(self, alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time) -> None:
        self.alice, self.carol, self.upstream, self.worker, self.time = alice, carol, upstream, worker, time
        self.provider = alice.provider(upstream.url)
        for number in (FOLLOWERS, PACKAGE, COMMENTS):
            alice.route(number, self.provider)
        self.rate("0.333333")
        self._ref = 100

    def rate(self, rate: str | None) -> None:
        execute("UPDATE providers_route SET rate_micros = %s", None if rate is None else money.parse(rate))

    def currency(self, currency: str, rate_e12: int | None) -> None:
        execute("UPDATE providers_provider SET currency = %s", currency)
        if rate_e12 is not None:
            set_exchange_rate(currency=currency, target="USD", rate_e12=rate_e12)

    def sent(self, **params: Any) -> Known:
        self._ref += 1
        self.upstream.answers("add", {"order": self._ref})
        order_id = self.carol.order(**params)
        self.worker.forward()
        return order_id

    def reported(self, status: str, charge: object = None, remains: object = 0, currency: object = None) -> None:
        answer = {"status": status, "remains": remains, "charge": charge, "currency": currency}
        self.upstream.answers("status", {name: v for name, v in answer.items() if v is not None})
        self.time.passes(hours=1)
        self.worker.poll()


@pytest.fixture
def shop(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time) -> Shop:
    return Shop(alice, carol, upstream, worker, time)


def cost(order_id: int) -> tuple[int | None, int | None, bool]:
    """Micros, the exchange rate used, and whether the provider said so."""
    row = row_of(order_id)
    return row.cost_micros, row.cost_rate_e12, row.cost_told


def past_cost(order_id: int) -> int:
    return row_of(order_id).past_cost_micros


def test_what_the_first_provider_takes_stays_when_it_is_sent_again(shop: Shop, alice: Owner) -> None:
    """It was bought twice: what it cost is both together."""
    order_id = shop.sent(quantity=100)
    shop.reported("In progress", charge="0.03", remains=100)
    which: dict[str, Any] = {"panel_id": alice.panel_id, "order_id": order_id, "by": BY}
    for n, paid in ((50, 30_000), (51, 30_000 + 33_334)):
        shop.upstream.answers("add", {"order": n})
        resolve_actions.send(**which)
        assert (cost(order_id), past_cost(order_id)) == ((None, None, False), paid)
        shop.worker.forward()
        assert (cost(order_id), past_cost(order_id)) == ((33_334, PAR, False), paid)
    shop.reported("Completed", charge="0.04")
    assert (cost(order_id), past_cost(order_id)) == ((40_000, PAR, True), 63_334)
    with scope(panel=alice.panel):
        facts = order_queries.order_facts(alice.panel_id, order_id)
    assert facts is not None and (facts["cost"], facts["past_cost"]) == ("0.04", "0.063334")
    shop.alice.audit()


def test_what_was_never_taken_costs_nothing_when_it_is_sent_again(shop: Shop, alice: Owner) -> None:
    shop.upstream.answers("add", LOST)
    order_id = shop.carol.order(quantity=100)
    shop.worker.forward()
    assert cost(order_id)[0] == 33_334, "it may have arrived"
    shop.upstream.answers("add", {"order": 60})
    resolve_actions.send(panel_id=alice.panel_id, order_id=order_id, by=BY)
    shop.worker.forward()
    assert (cost(order_id)[0], past_cost(order_id)) == (33_334, 0)


def test_a_drip_feed_costs_what_its_runs_cost_before_too(shop: Shop, alice: Owner) -> None:
    order_id = shop.carol.order(quantity=100, runs=2, interval=10)
    run_schedules()
    shop.upstream.answers("add", {"order": 70})
    shop.worker.forward()
    (run,) = children_of(order_id)
    shop.upstream.answers("add", {"order": 71})
    resolve_actions.send(panel_id=alice.panel_id, order_id=run.id, by=BY)
    shop.worker.forward()
    shop.reported("Completed", charge="0.05")
    assert (cost(order_id)[0], past_cost(order_id)) == (50_000, 33_334)


# ---- the route's rate ---------------------------------------------------------------------------------


def test_an_order_costs_its_routes_rate_from_the_moment_it_is_sent(shop: Shop) -> None:
    order_id = shop.carol.order(quantity=50)
    assert cost(order_id) == (None, None, False)
    shop.upstream.answers("add", {"order": 1})
    shop.worker.forward()
    assert cost(order_id) == (16_667, PAR, False), "50 of 1000 of 0.333333, up to the micro"
    shop.rate("5")
    assert cost(order_id) == (16_667, PAR, False)


def test_nothing_that_is_said_before_it_starts_is_no_cost(shop: Shop) -> None:
    order_id = shop.sent()
    shop.reported("Pending", charge="0")
    assert cost(order_id) == (333_333, PAR, False)
    shop.reported("In progress", charge="0.00", remains=500)
    assert cost(order_id) == (333_333, PAR, False)
    shop.reported("Completed")
    assert (row_of(order_id).status, cost(order_id)) == ("Completed", (333_333, PAR, False))


def test_nothing_that_is_said_at_the_end_is_what_it_costs(shop: Shop) -> None:
    order_id = shop.sent()
    shop.reported("Completed", charge="0")
    assert cost(order_id) == (0, PAR, True)


def test_a_package_costs_its_rate_and_comments_their_lines(shop: Shop) -> None:
    assert cost(shop.sent(service=PACKAGE, link="https://example.com/p"))[0] == 333_333
    assert cost(shop.sent(service=COMMENTS, link="https://example.com/c"))[0] == 1_000


def test_the_exchange_rate_that_was_used_is_kept(shop: Shop) -> None:
    shop.currency("RUB", 12_100_000_000)
    assert cost(shop.sent()) == (4_034, 12_100_000_000, False), "0.333333 at 0.0121 is 0.0040333293"


@pytest.mark.parametrize(("rate", "currency"), [(None, ""), ("0.5", "XAU")])
def test_what_cannot_be_known_is_not_guessed(shop: Shop, rate: str | None, currency: str) -> None:
    shop.rate(rate)
    shop.currency(currency, None)
    order_id = shop.sent()
    assert cost(order_id) == (None, None, False)
    shop.reported("Partial", remains=400)
    assert (row_of(order_id).status, cost(order_id)) == ("Partial", (None, None, False))


def test_what_another_provider_has_costs_what_that_one_says(
    shop: Shop, alice: Owner, new_upstream: Callable[[], ScriptedUpstream]
) -> None:
    other = new_upstream()
    alice.provider(other.url, name="other")
    order_id = shop.sent()
    assert cost(order_id) == (333_333, PAR, False)
    which: dict[str, Any] = {"panel_id": alice.panel_id, "order_id": order_id, "by": BY}
    resolve_actions.arrived(**which, upstream_id="1")
    assert cost(order_id) == (333_333, PAR, False), "it is where it was"
    resolve_actions.arrived(**which, upstream_id="7", provider="other")
    assert cost(order_id) == (None, None, False), "the rate of a route that did not deliver it is no cost"
    other.answers("status", {"status": "Completed", "charge": "0.5", "remains": 0})
    shop.worker.poll()
    assert cost(order_id) == (500_000, PAR, True)


def test_an_order_of_our_own_people_costs_the_rate_of_their_route(alice: Owner, carol: Buyer, worker: Rounds) -> None:
    own_people(alice)
    first = carol.order()
    worker.forward()
    assert cost(first) == (None, None, False)
    execute("UPDATE providers_route SET rate_micros = 100000")
    second = carol.order()
    worker.forward()
    assert cost(second) == (100_000, PAR, False)
    resolve_actions.partial(panel_id=alice.panel_id, order_id=second, by=BY, remains=333)
    assert cost(second) == (66_700, PAR, False)


def test_an_order_that_is_refused_has_no_cost_yet_and_one_that_may_have_arrived_has(shop: Shop) -> None:
    shop.upstream.answers("add", {"error": "The stars are not right"})
    refused = shop.carol.order()
    shop.worker.forward()
    assert cost(refused) == (None, None, False)
    shop.upstream.answers("add", LOST)
    lost = shop.carol.order()
    shop.worker.forward()
    assert cost(lost) == (333_333, PAR, False)


# ---- the provider's charge ------------------------------------------------------------------------------


def test_what_the_provider_tells_counts_while_it_goes_on_and_in_the_end(shop: Shop) -> None:
    order_id = shop.sent()
    shop.reported("In progress", "0.30", 500)
    assert cost(order_id) == (300_000, PAR, True)
    shop.reported("Partial", "0.1500000001", 500)
    assert cost(order_id) == (150_001, PAR, True)


@pytest.mark.parametrize(
    ("status", "remains", "costs"),
    [("Completed", 0, 333_333), ("Partial", 400, 200_000), ("Partial", 1, 333_000), ("Canceled", 1000, 0)],
)
def test_without_a_charge_an_end_costs_what_was_delivered(shop: Shop, status: str, remains: int, costs: int) -> None:
    order_id = shop.sent()
    shop.reported(status, None, remains)
    assert cost(order_id) == (costs, PAR, False)


def test_a_canceled_order_costs_nothing_unless_the_provider_says_so(shop: Shop) -> None:
    told, silent = shop.sent(), shop.sent()
    rows = {row_of(told).upstream_id: {"status": "Canceled", "charge": "0.07"}}
    shop.upstream.answers("status", {**rows, row_of(silent).upstream_id: {"status": "Canceled", "remains": "5"}})
    shop.time.passes(hours=1)
    shop.worker.poll()
    assert cost(told) == (70_000, PAR, True)
    assert cost(silent) == (0, PAR, False)


@pytest.mark.parametrize("charge", ["-1", "Unknown", "1e30", 10**30, "9" * 25, "", True, "NaN", "Infinity"], ids=str)
def test_what_is_no_charge_leaves_the_estimate(shop: Shop, charge: object) -> None:
    order_id = shop.sent()
    shop.reported("Completed", charge)
    assert (row_of(order_id).status, cost(order_id)) == ("Completed", (333_333, PAR, False))


def test_a_charge_in_another_currency_is_exchanged_by_its_own_rate(shop: Shop) -> None:
    shop.currency("RUB", 12_100_000_000)
    first, second, third = shop.sent(), shop.sent(), shop.sent()
    refs = [row_of(order_id).upstream_id for order_id in (first, second, third)]
    told = [("10", "USD"), ("10", "RUB"), ("10", "XAU")]
    shop.upstream.answers(
        "status",
        {ref: {"status": "Completed", "charge": c, "currency": w} for ref, (c, w) in zip(refs, told, strict=True)},
    )
    shop.time.passes(hours=1)
    shop.worker.poll()
    assert cost(first) == (10_000_000, PAR, True)
    assert cost(second) == (121_000, 12_100_000_000, True)
    assert cost(third) == (4_034, 12_100_000_000, False), "nobody has said what an XAU is worth"


def test_the_panels_own_exchange_rate_stands_before_the_hosts(shop: Shop) -> None:
    from django_scopes import scope

    shop.currency("EUR", 10**12)
    with scope(panel=shop.alice.panel):
        set_exchange_rate(currency="EUR", target="USD", rate_e12=11 * 10**11, panel_id=shop.alice.panel_id)
    order_id = shop.sent()
    assert cost(order_id) == (366_667, 11 * 10**11, False)
    shop.reported("Completed", "1")
    assert cost(order_id) == (1_100_000, 11 * 10**11, True)


# ---- drip-feeds, people, what must not be ---------------------------------------------------------------


def test_a_drip_feed_costs_what_its_runs_do(shop: Shop) -> None:
    shop.upstream.answers("add", {"order": 1}, {"order": 2})
    parent = shop.carol.order(quantity=500, runs=2, interval=60)
    for told in ("0.123456789", None):
        run_schedules()
        shop.worker.forward()
        shop.reported("Completed", told)
        assert shop.alice.audit() == []
    assert [cost(run.id)[0] for run in children_of(parent)] == [123_457, 166_667]
    assert cost(parent) == (290_124, None, False)


def test_a_drip_feed_of_which_nothing_was_sent_costs_nothing(shop: Shop) -> None:
    parent = shop.carol.order(quantity=500, runs=2, interval=60)
    resolve_actions.cancel(panel_id=shop.alice.panel_id, order_id=parent, by=BY)
    assert cost(parent) == (0, None, False)


def test_what_a_provider_told_stays_when_a_person_ends_the_order(shop: Shop) -> None:
    told, reckoned = shop.sent(), shop.sent()
    shop.upstream.answers("status", {row_of(told).upstream_id: {"status": "Partial", "charge": "0.2"}})
    shop.time.passes(hours=1)
    shop.worker.poll()
    for order_id in (told, reckoned):
        resolve_actions.partial(panel_id=shop.alice.panel_id, order_id=order_id, by=BY, remains=500)
    assert cost(told) == (200_000, PAR, True)
    assert cost(reckoned) == (166_667, PAR, False)


def test_the_audit_finds_costs_that_cannot_be(shop: Shop) -> None:
    order_id, parent = shop.sent(), shop.carol.order(quantity=500, runs=2, interval=60)
    shop.reported("Canceled", None)
    resolve_actions.cancel(panel_id=shop.alice.panel_id, order_id=parent, by=BY)
    in_books = [f"order {order_id.number}: cost 0.000005, 0.00 in the books"]
    for id_, micros, also in ((order_id, 5, in_books), (parent, 7, [])):
        execute("UPDATE orders_order SET cost_micros = %s WHERE id = %s", micros, id_)
        faults = audit(shop.alice.panel_id).faults
        assert f"order {id_.number}:" in faults[0] and "cost" in faults[0], faults
        assert faults[1:] == also
        execute("UPDATE orders_order SET cost_micros = 0 WHERE id = %s", id_)
    assert shop.alice.audit() == []
    for change in ("cost_micros = -1", "cost_micros = NULL, cost_told = (1 = 1)"):
        with pytest.raises(IntegrityError), transaction.atomic():
            execute(f"UPDATE orders_order SET {change} WHERE id = %s", order_id)


# ---- in the books ---------------------------------------------------------------------------------------


def booked(order_id: int) -> list[tuple[str, str, int]]:
    """The transfers of an order's cost: reference, provider, and what it got."""
    rows = values(
        "SELECT t.reference, CASE WHEN d.kind = 'cost' THEN c.name ELSE d.name END,"
        " CASE WHEN d.kind = 'cost' THEN t.amount_micros ELSE -t.amount_micros END FROM ledger_transfer t"
        " JOIN ledger_account d ON d.id = t.debit_account_id JOIN ledger_account c ON c.id = t.credit_account_id"
        " WHERE t.code = 'cost' AND t.order_id = %s AND 'provider' IN (d.kind, c.kind) ORDER BY t.id",
        order_id,
    )
    ((number,),) = values("SELECT number FROM orders_order WHERE id = %s", order_id)
    return [(reference.removeprefix(f"{number}."), name, int(micros)) for reference, name, micros in rows]


def test_a_cost_is_posted_when_a_provider_takes_the_order_and_corrected_by_what_it_says(shop: Shop) -> None:
    provider = str(shop.provider.id)
    waiting = shop.carol.order()
    assert booked(waiting) == []
    shop.upstream.answers("add", {"order": 1})
    shop.worker.forward()
    assert booked(waiting) == [("1", provider, 333_333)]
    shop.reported("In progress", "0.40", 500)
    assert booked(waiting)[1:] == [("2", provider, 66_667)]
    shop.reported("In progress", "0.40", 400)
    assert len(booked(waiting)) == 2, "nothing new was told"
    shop.reported("Partial", "0.1", 400)
    assert booked(waiting)[2:] == [("3", provider, -300_000)]
    assert shop.alice.audit() == []


def test_a_canceled_order_gives_its_cost_back_to_the_books(shop: Shop) -> None:
    order_id = shop.sent()
    shop.reported("Canceled")
    assert [micros for _, _, micros in booked(order_id)] == [333_333, -333_333]
    assert shop.alice.audit() == []


def test_what_may_have_arrived_costs_nothing_in_the_books_until_somebody_knows(shop: Shop) -> None:
    shop.upstream.answers("add", LOST)
    order_id = shop.carol.order()
    shop.worker.forward()
    assert (cost(order_id)[0], booked(order_id)) == (333_333, [])
    assert shop.alice.audit() == []
    resolve_actions.arrived(panel_id=shop.alice.panel_id, order_id=order_id, by=BY, upstream_id="9")
    assert booked(order_id) == [("1", str(shop.provider.id), 333_333)]
    assert shop.alice.audit() == []


def test_each_provider_gets_its_own_part(
    shop: Shop, alice: Owner, new_upstream: Callable[[], ScriptedUpstream]
) -> None:
    other = alice.provider(new_upstream().url, name="other")
    order_id = shop.sent()
    which: dict[str, Any] = {"panel_id": alice.panel_id, "order_id": order_id, "by": BY}
    shop.reported("In progress", "0.20", 1000)
    shop.upstream.answers("add", {"order": 500})
    resolve_actions.send(**which)
    shop.worker.forward()
    first = str(shop.provider.id)
    assert booked(order_id) == [("1", first, 333_333), ("2", first, -133_333), ("3", first, 333_333)]
    # The second one did not deliver it after all: nobody knows yet what this one takes.
    resolve_actions.arrived(**which, upstream_id="7", provider="other")
    assert booked(order_id)[3:] == [("4", first, -333_333)]
    resolve_actions.done(**which)
    assert (booked(order_id)[4:], past_cost(order_id)) == ([], 200_000)
    assert row_of(order_id).provider_id == other.id
    assert alice.audit() == []


def test_the_runs_of_a_drip_feed_are_posted_and_the_drip_feed_is_not(shop: Shop) -> None:
    parent = shop.carol.order(quantity=500, runs=2, interval=60)
    for n in (1, 2):
        run_schedules()
        shop.upstream.answers("add", {"order": n})
        shop.worker.forward()
        shop.reported("Completed", "0.15")
    assert (cost(parent)[0], booked(parent)) == (300_000, [])
    assert [[micros for _, _, micros in booked(run.id)] for run in children_of(parent)] == [[166_667, -16_667]] * 2
    assert shop.alice.audit() == []


def test_the_audit_finds_costs_that_are_not_in_the_books(shop: Shop) -> None:
    order_id = shop.sent()
    assert shop.alice.audit() == []
    execute("UPDATE ledger_transfer SET amount_micros = 1 WHERE code = 'cost'")
    assert shop.alice.audit() == [f"order {order_id.number}: cost 0.333333, 0.000001 in the books"]
    execute("UPDATE ledger_transfer SET amount_micros = 333333 WHERE code = 'cost'")
    execute("UPDATE orders_order SET cost_postings = 2 WHERE id = %s", order_id)
    twice = f"order {order_id.number}: cost 0.333333, 0.333333 in the books, by 1 transfers and not 2"
    assert shop.alice.audit() == [twice]
    execute("UPDATE orders_order SET cost_postings = 1 WHERE id = %s", order_id)
    ((transfer,),) = values("SELECT id FROM ledger_transfer WHERE code = 'cost'")
    execute("UPDATE ledger_transfer SET order_id = 999999 WHERE id = %s", transfer)
    assert shop.alice.audit() == [
        f"order {order_id.number}: cost 0.333333, 0.00 in the books, by 0 transfers and not 1",
        f"transfer {transfer} (cost {order_id.number}.1): of no order",
    ]
    execute(
        "UPDATE ledger_transfer SET order_id = %s, debit_account_id = %s WHERE id = %s",
        order_id,
        shop.alice.sales_account_id,
        transfer,
    )
    assert shop.alice.audit() == [f"transfer {transfer} (cost {order_id.number}.1): never from sales to provider"]
    execute("DELETE FROM ledger_transfer WHERE id = %s", transfer)
    execute("UPDATE orders_order SET cost_postings = 0, cost_micros = 0 WHERE id = %s", order_id)
    assert shop.alice.audit() == []


def test_the_audit_finds_costs_at_the_account_of_another_provider(shop: Shop) -> None:
    """Where the sums are right; also of an order that another provider had before."""
    order_id, other = shop.sent(), shop.alice.provider(shop.upstream.url, name="other")
    here, there = (account(shop.alice.panel_id, AccountKind.PROVIDER, str(one.id)) for one in (shop.provider, other))
    move = "UPDATE ledger_transfer SET credit_account_id = %s WHERE code = 'cost' AND reference = %s"
    first, second = f"{order_id.number}.1", f"{order_id.number}.2"
    execute(move, there, first)
    wrong = f"order {order_id.number}: provider %s has got 0.00 for it in the books, it costs 0.333333 there"
    assert shop.alice.audit() == [wrong % shop.provider.id]
    execute(move, here, first)
    assert shop.alice.audit() == []
    # Sent once more, to the other one: each has got its own.
    shop.alice.route(FOLLOWERS, other)
    shop.rate("0.333333")
    resolve_actions.send(panel_id=shop.alice.panel_id, order_id=order_id, by=BY, provider="other")
    assert shop.alice.audit() == []
    shop.upstream.answers("add", {"order": 801})
    shop.worker.forward()
    assert shop.alice.audit() == []
    execute(move, here, second)
    assert shop.alice.audit() == [wrong % other.id]
    execute(move, there, second)


@pytest.mark.django_db(transaction=True)
def test_what_orders_of_before_have_cost_is_posted_by_the_migration(shop: Shop) -> None:
    running, canceled = shop.sent(), shop.sent()
    rows = {
        row_of(running).upstream_id: {"status": "In progress"},
        row_of(canceled).upstream_id: {"status": "Canceled"},
    }
    shop.upstream.answers("status", rows)
    shop.time.passes(hours=1)
    shop.worker.poll()
    sent_again = shop.sent()
    shop.upstream.answers("add", {"order": 600})
    resolve_actions.send(panel_id=shop.alice.panel_id, order_id=sent_again, by=BY)
    waiting = shop.carol.order()
    try:
        call_command("migrate", "orders", BEFORE_COSTS, verbosity=0)
        assert values("SELECT id FROM ledger_transfer WHERE code = 'cost'") == []
    finally:
        call_command("migrate", "orders", verbosity=0)
    assert booked(running) == [("1", str(shop.provider.id), 333_333)]
    assert (booked(canceled), booked(waiting)) == ([], [])
    # Where it was bought before is not known any more: the order says what, not where.
    assert booked(sent_again) == [("1", "", 333_333)]
    assert shop.alice.audit() == []
    shop.upstream.answers("add", {"order": 601})
    shop.worker.forward()
    shop.reported("Completed", None)
    assert shop.alice.audit() == []


# ---- the arithmetic -------------------------------------------------------------------------------------

RATES = st.integers(1, 10**15)
AMOUNTS = st.decimals(0, 10**6, places=20, allow_nan=False)


@given(rate=st.integers(0, 10**13), units=st.integers(1, 10**9), rate_e12=RATES)
def test_an_estimate_is_rounded_up_once(rate: int, units: int, rate_e12: int) -> None:
    micros = money.cost(rate_micros=rate, units=units, flat=False, rate_e12=rate_e12)
    if micros is None:
        assert rate * units * rate_e12 > 10**15 * money.AMOUNT_MAX_MICROS
    else:
        exact = rate * units * rate_e12
        assert 0 <= micros * 10**15 - exact < 10**15


@given(amount=AMOUNTS, rate_e12=RATES)
def test_a_told_charge_is_rounded_up_once(amount: Decimal, rate_e12: int) -> None:
    micros = money.told_cost(amount, rate_e12=rate_e12)
    top, bottom = amount.as_integer_ratio()
    if micros is not None:
        assert 0 <= micros * bottom * 10**12 - top * 10**6 * rate_e12 < bottom * 10**12
    else:
        assert top * 10**6 * rate_e12 > bottom * 10**12 * money.AMOUNT_MAX_MICROS


@given(cost_micros=st.integers(0, 10**15), remains=st.integers(1, 999))
def test_what_was_delivered_never_costs_less_than_its_part(cost_micros: int, remains: int) -> None:
    order = SENT._replace(cost_micros=cost_micros)
    ended, _ = settling.end(order, "Partial", remains=remains, now=NOW)
    assert ended.cost_micros is not None
    assert 0 <= ended.cost_micros * 1000 - cost_micros * (1000 - remains) < 1000


@given(
    statuses=st.lists(st.sampled_from(["Pending", "In progress", "Levitating"]), max_size=4),
    last=st.sampled_from(["Completed", "Partial", "Canceled"]),
    costs=st.lists(st.one_of(st.none(), st.integers(0, 10**12)), min_size=5, max_size=5),
)
def test_the_last_charge_that_is_told_is_what_counts(statuses: list[str], last: str, costs: list[int | None]) -> None:
    order = SENT
    for status, micros in zip([*statuses, last], costs[-len(statuses) - 1 :], strict=True):
        told = None if micros is None else Cost(micros, PAR)
        order = settling.settle(order, Report(status, None, 500, status, told), NOW).order
        if micros is not None:
            assert (order.cost_micros, order.cost_told) == (micros, True)
        assert order.cost_micros is not None and order.cost_micros >= 0
    if costs[-1] is None and last == "Canceled":
        assert (order.cost_micros, order.cost_told) == (0, False)


EXCHANGE = Exchange("RUB", "USD", {"RUB": 12_100_000_000})


@pytest.mark.parametrize(
    ("charge", "currency", "told"),
    [
        (Decimal("1"), "", Cost(12_100, 12_100_000_000)),
        (Decimal("1"), "USD", Cost(1_000_000, PAR)),
        (Decimal("0"), "USD", Cost(0, PAR)),
        (Decimal("1"), "XAU", None),
        (Decimal("1e18"), "USD", None),
        (None, "USD", None),
    ],
)
def test_whose_currency_a_charge_is_in(charge: Decimal | None, currency: str, told: Cost | None) -> None:
    report = OrderReport("Completed", None, 0, charge, currency, "Completed")
    assert rules.told_cost(report, EXCHANGE) == told
    assert rules.told_cost(report, None) is None
