"""Placing orders: order, charge and schedule together or not at all, on the balance that there is."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_enabled, set_rate
from panelwright.catalog.types import BY_NAME, ServiceType
from panelwright.core import clock, money
from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.orders import actions, fields, rules
from tests.support.people import (
    CLOSED,
    COMMENTS,
    FOLLOWERS,
    LIKES,
    LINK,
    NOON,
    ONE_A_LINK,
    PACKAGE,
    PRIVATE,
    SUBSCRIPTION,
    TRAFFIC,
    Buyer,
    Owner,
    Seen,
    Time,
    counts,
    everything,
    execute,
    known,
    outcomes,
    place_batch,
    row_of,
    run_schedules,
    value,
    values,
)

MONEY = ("orders_order", "ledger_transfer", "orders_schedule")


def test_an_order_is_charged_the_rate_for_its_units(alice: Owner, carol: Buyer, time: Time) -> None:
    order_id = carol.order(service=FOLLOWERS, quantity=1000)
    assert carol.sees(order_id) == Seen("Pending", "0.90", 1000)
    assert carol.balance() == "99.10"
    transfer = values(
        "SELECT panel_id, debit_account_id, credit_account_id, amount_micros, reference, order_id"
        " FROM ledger_transfer WHERE code = 'order'"
    )
    sales = alice.sales_account_id
    assert transfer == [(alice.panel_id, carol.account_id, sales, 900_000, str(order_id.number), order_id)]
    order = row_of(order_id)
    assert (order.panel_id, order.customer_id, order.key_id) == (alice.panel_id, carol.customer_id, carol.key_row.id)
    assert (order.kind, order.link, order.quantity, order.fields) == ("plain", LINK, 1000, "")
    assert (order.rate_micros, order.booked_micros, order.charge_micros) == (900_000, 900_000, 900_000)
    assert (order.job, order.due_at, order.created_at, order.ended_at) == ("forward", NOON, NOON, None)
    assert (order.provider_id, order.upstream_id, order.start_count, order.problem_code) == (None, None, None, "")


@pytest.mark.parametrize(
    ("params", "charge", "quantity"),
    [
        ({"service": LIKES, "quantity": 7777}, "0.960126", 7777),  # 0.960125089 rounded up
        ({"service": LIKES, "quantity": 10}, "0.001235", 10),
        ({"service": PACKAGE}, "2.50", 1),
        ({"service": PACKAGE, "quantity": 99}, "2.50", 1),
        ({"service": COMMENTS}, "0.03003", 3),
        ({"service": COMMENTS, "comments": "a\r\n\r\nb\r\n"}, "0.02002", 2),
        ({"service": FOLLOWERS, "quantity": 50, "runs": 3, "interval": 60}, "0.135", 150),
        ({"service": FOLLOWERS, "quantity": 50, "runs": 1, "interval": 60}, "0.045", 50),
        ({"service": TRAFFIC, "quantity": 100, "runs": 2, "interval": 5}, "0.066667", 200),
        ({"service": SUBSCRIPTION}, "0.00", 0),
    ],
)
def test_units_are_counted_as_the_type_says(
    carol: Buyer, params: dict[str, object], charge: str, quantity: int
) -> None:
    order_id = carol.order(**params)
    order = row_of(order_id)
    assert (money.text(order.charge_micros), order.quantity) == (charge, quantity)
    assert carol.balance() == money.text(100_000_000 - money.parse(charge))


def test_a_drip_feed_is_charged_at_once_and_starts_with_its_first_run(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=4, interval=30)
    order = row_of(order_id)
    assert (order.kind, order.quantity, order.job, order.due_at) == ("drip-feed", 400, "schedule", NOON)
    assert carol.sees(order_id) == Seen("Pending", "0.36", 400)
    schedule = values("SELECT runs, run_quantity, interval_min, runs_started, runs_done FROM orders_schedule")
    assert schedule == [(4, 100, 30, 0, 0)]
    assert carol.balance() == "99.64"


def test_a_subscription_costs_nothing_itself(carol: Buyer, time: Time) -> None:
    order_id = carol.order(
        service=SUBSCRIPTION, username="anna", min=10, max=20, posts=3, old_posts=2, delay=90, expiry="6/5/2026"
    )
    order = row_of(order_id)
    assert (order.kind, order.status, order.link, order.job) == ("subscription", "Active", "anna", "schedule")
    schedule = values("SELECT username, min, max, delay_min, posts, old_posts, posts_done FROM orders_schedule")
    assert schedule == [("anna", 10, 20, 90, 3, 2, 0)]
    assert order.due_at == NOON, "whether a provider takes it as a whole is found out at once"
    run_schedules()
    assert row_of(order_id).due_at == NOON + timedelta(days=1)
    assert counts(*MONEY) == (1, 1, 1), "the deposit is all that moved"


@pytest.mark.parametrize(
    ("posts", "old_posts", "stored"),
    [(None, None, (None, 0)), (0, None, (None, 0)), (0, 5, (0, 5)), (7, None, (7, 0)), (None, 5, (None, 5))],
)
def test_no_posts_means_without_limit_unless_old_ones_are_wanted(
    carol: Buyer, posts: int | None, old_posts: int | None, stored: tuple[int | None, int]
) -> None:
    carol.order(service=SUBSCRIPTION, posts=posts, old_posts=old_posts)
    assert values("SELECT posts, old_posts FROM orders_schedule") == [stored]


# ---- refusals: in the documented order, and nothing moves ---------------------------------------------


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"service": 999}, Refusal("bad_service", "service")),
        ({"service": CLOSED}, Refusal("bad_service", "service")),
        ({"service": PRIVATE}, Refusal("bad_service", "service")),
        ({"service": 10**40, "link": ""}, Refusal("bad_service", "service")),
        ({"link": ""}, Refusal("bad_link", "link")),
        ({"service": COMMENTS, "comments": "\n"}, Refusal("bad_field", "comments")),
        ({"runs": "2", "interval": "0"}, Refusal("bad_field", "interval")),
        ({"service": LIKES, "runs": "2", "interval": "5"}, Refusal("bad_field", "runs")),
        ({"quantity": "1e3"}, Refusal("bad_field", "quantity")),
        ({"quantity": 49}, Refusal("below_min", "quantity", 50)),
        ({"quantity": 0}, Refusal("below_min", "quantity", 50)),
        ({"quantity": 10_001}, Refusal("above_max", "quantity", 10_000)),
        ({"quantity": 49, "runs": 2, "interval": 5}, Refusal("below_min", "quantity", 50)),
        ({"quantity": 10_001, "runs": 2, "interval": 5}, Refusal("above_max", "quantity", 10_000)),
        ({"quantity": 10**30}, Refusal("above_max", "quantity", 10_000)),
        ({"service": COMMENTS, "comments": "one"}, Refusal("below_min", "quantity", 2)),
        ({"service": COMMENTS, "comments": "1\n2\n3\n4\n5\n6"}, Refusal("above_max", "quantity", 5)),
        ({"service": SUBSCRIPTION, "min": 9}, Refusal("below_min", "min", 10)),
        ({"service": SUBSCRIPTION, "max": 1001}, Refusal("above_max", "max", 1000)),
        ({"service": SUBSCRIPTION, "min": 101}, Refusal("bad_field", "max")),
        ({"service": SUBSCRIPTION, "expiry": "3/5/2026"}, Refusal("bad_field", "expiry")),
        ({"service": SUBSCRIPTION, "posts": 1_000_001}, Refusal("bad_field", "posts")),
        ({"service": SUBSCRIPTION, "old_posts": 1_000_001}, Refusal("bad_field", "old_posts")),
        ({"service": LIKES, "quantity": 1_000_000, "link": "two words"}, Refusal("bad_link", "link")),
        ({"request_id": "x" * 101}, Refusal("bad_field", "request_id")),
        ({"request_id": "line\nbreak"}, Refusal("bad_field", "request_id")),
    ],
)
def test_a_refused_order_changes_nothing(carol: Buyer, time: Time, params: dict[str, object], refusal: Refusal) -> None:
    assert carol.refused(**params) == refusal
    assert carol.balance() == "100.00"


def test_a_subscription_may_end_today(carol: Buyer, time: Time) -> None:
    order_id = carol.order(service=SUBSCRIPTION, expiry="4/5/2026")
    run_schedules()
    assert row_of(order_id).due_at == NOON.replace(hour=0) + timedelta(days=1)


def test_the_balance_can_be_spent_to_the_last_micro_and_not_further(carol: Buyer) -> None:
    carol.spends_all_but("0.90")
    assert carol.refused(quantity=1001) == Refusal("no_funds")
    carol.order(quantity=1000)
    assert carol.balance() == "0.00"
    assert carol.refused(quantity=50) == Refusal("no_funds")


def test_a_micro_too_little_is_not_enough(carol: Buyer) -> None:
    carol.spends_all_but("0.899999")
    assert carol.refused(quantity=1000) == Refusal("no_funds")
    assert carol.balance() == "0.899999"


def test_a_drip_feed_must_be_paid_for_whole(carol: Buyer) -> None:
    carol.spends_all_but("0.90")
    assert carol.refused(quantity=500, runs=3, interval=5) == Refusal("no_funds")
    carol.order(quantity=500, runs=2, interval=5)
    assert carol.balance() == "0.00"


def test_one_open_order_a_link_where_the_service_says_so(carol: Buyer, alice: Owner) -> None:
    first = carol.order(service=ONE_A_LINK)
    assert carol.refused(service=ONE_A_LINK, quantity=20) == Refusal("same_link", "link")
    # Funds are looked at last.
    carol.spends_all_but("0.02")
    assert carol.refused(service=ONE_A_LINK) == Refusal("same_link", "link")
    carol.order(service=ONE_A_LINK, link="https://example.com/other", quantity=10)
    carol.order(service=LIKES, quantity=10)
    assert alice.customer("dave", balance="1.00").order(service=ONE_A_LINK) > first


def test_a_link_is_free_again_when_its_order_has_ended(carol: Buyer, alice: Owner) -> None:
    execute("UPDATE catalog_service SET cancel = %s WHERE id = %s", True, alice.services[ONE_A_LINK].id)
    first = carol.order(service=ONE_A_LINK)
    assert carol.cancel(first) == [1]
    assert carol.order(service=ONE_A_LINK) != first
    assert carol.balance() == "99.00"


# ---- batches ---------------------------------------------------------------------------------------


def test_a_batch_spends_one_balance_in_the_order_of_its_commands(carol: Buyer) -> None:
    carol.spends_all_but("2.00")
    results = place_batch([carol.command(quantity=quantity) for quantity in (1000, 2000, 1000, 100, 200)])
    assert outcomes(results) == ["taken", "no_funds", "taken", "taken", "no_funds"]
    assert carol.balance() == "0.11"
    taken = [result for result in results if isinstance(result, int)]
    assert taken == sorted(set(taken))
    assert [row_of(order_id).quantity for order_id in taken] == [1000, 1000, 100]


def test_a_batch_serves_customers_of_several_panels(carol: Buyer, mallory: Buyer) -> None:
    results = place_batch([carol.command(), mallory.command(), carol.command(quantity=10), mallory.command()])
    assert outcomes(results) == ["taken", "taken", "below_min", "taken"]
    assert (carol.balance(), mallory.balance()) == ("99.10", "94.00")
    owners = [row_of(order_id).panel_id for order_id in results if isinstance(order_id, int)]
    assert owners == [carol.owner.panel_id, mallory.owner.panel_id, mallory.owner.panel_id]


def test_a_link_counts_within_its_batch(carol: Buyer) -> None:
    results = place_batch([carol.command(service=ONE_A_LINK), carol.command(service=ONE_A_LINK)])
    assert outcomes(results) == ["taken", "same_link"]
    assert carol.balance() == "99.00"


def test_two_hundred_orders_of_a_batch_and_an_empty_one(carol: Buyer) -> None:
    carol.spends_all_but("9.00")
    results = place_batch([carol.command(quantity=100)] * 200)
    assert outcomes(results).count("taken") == 100
    assert outcomes(results) == ["taken"] * 100 + ["no_funds"] * 100
    assert carol.balance() == "0.00"
    assert place_batch([]) == []


# ---- request_id --------------------------------------------------------------------------------------


def test_a_repeat_gives_the_first_order_and_charges_nothing(carol: Buyer) -> None:
    first = carol.order(request_id="r-1")
    before = everything()
    assert carol.order(request_id="r-1") == first
    # What says nothing of the order does not make it another one.
    assert carol.order(request_id="r-1", runs="", note="x", key="y") == first
    assert everything() == before
    assert carol.balance() == "99.10"


@pytest.mark.parametrize("change", [{"quantity": 999}, {"link": LINK + "/2"}, {"service": LIKES}, {"comments": "x"}])
def test_a_request_id_with_another_order_is_refused(carol: Buyer, change: dict[str, object]) -> None:
    carol.order(request_id="r-1")
    assert carol.refused(request_id="r-1", **change) == Refusal("bad_field", "request_id")
    assert carol.balance() == "99.10"


def test_a_repeat_within_a_batch_is_one_order(carol: Buyer) -> None:
    other = carol.command(request_id="r-2", quantity=2000)
    commands = [carol.command(request_id="r-1"), other, carol.command(request_id="r-1"), other]
    commands.append(carol.command(request_id="r-1", quantity=51))
    results = place_batch(commands)
    assert outcomes(results) == ["taken", "taken", "taken", "taken", "bad_field"]
    assert (results[0], results[1]) == (results[2], results[3])
    assert results[0] != results[1]
    assert counts("orders_order") == (2,)
    assert carol.balance() == "97.30"


def test_a_repeat_is_answered_even_when_it_could_not_be_placed_now(carol: Buyer, alice: Owner) -> None:
    first = carol.order(request_id="r-1", service=ONE_A_LINK)
    carol.spends_all_but("0.00")
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=ONE_A_LINK, enabled=False)
    assert carol.order(request_id="r-1", service=ONE_A_LINK) == first


def test_a_refused_request_id_is_free_again(carol: Buyer) -> None:
    carol.refused(request_id="r-1", quantity=1)
    assert carol.sees(carol.order(request_id="r-1", quantity=100)).charge == "0.09"


def test_request_ids_of_two_customers_have_nothing_to_do_with_each_other(
    carol: Buyer, mallory: Buyer, alice: Owner
) -> None:
    dave = alice.customer("dave", balance="1.00")
    orders = {buyer.order(request_id="r-1") for buyer in (carol, mallory, dave)}
    assert len(orders) == 3


@pytest.mark.parametrize("nothing", ["", "null", "undefined", "None"])
def test_a_request_id_that_says_nothing_is_none(carol: Buyer, nothing: str) -> None:
    assert carol.order(request_id=nothing) != carol.order(request_id=nothing)
    assert values("SELECT DISTINCT request_id FROM orders_order") == [(None,)]


def test_a_repeated_subscription_is_one(carol: Buyer) -> None:
    first = carol.order(service=SUBSCRIPTION, request_id="s")
    assert carol.order(service=SUBSCRIPTION, request_id="s") == first
    assert counts("orders_order", "orders_schedule") == (1, 1)


# ---- prices ------------------------------------------------------------------------------------------


def test_a_new_rate_is_for_orders_from_now_on(carol: Buyer, alice: Owner) -> None:
    old = carol.order()
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=2_000_000)
    new = carol.order()
    assert (carol.sees(old).charge, carol.sees(new).charge) == ("0.90", "2.00")
    assert carol.cancel(old) == [1]
    assert carol.balance() == "98.00"


def test_a_service_that_is_free_needs_no_funds_and_moves_none(carol: Buyer, alice: Owner) -> None:
    carol.spends_all_but("0.00")
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=0)
    before = counts("ledger_transfer")
    assert carol.sees(carol.order()).charge == "0.00"
    assert counts("ledger_transfer") == before


# ---- all or nothing ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_charge_that_cannot_be_written_leaves_no_order(carol: Buyer) -> None:
    """The transfer of the next order is in the books already: the whole batch is rolled back."""
    last = carol.order().number
    execute(
        "UPDATE ledger_transfer SET reference = %s WHERE reference = %s AND code = 'order'", str(last + 2), str(last)
    )
    before = everything()
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        place_batch([carol.command(), carol.command()])
    assert everything() == before
    execute("UPDATE ledger_transfer SET reference = %s WHERE reference = %s", str(last), str(last + 2))


def _fails(caller: object, grant: object) -> None:
    raise KeyError("no such key")


def test_orders_go_on_after_a_batch_was_rolled_back(carol: Buyer) -> None:
    first = carol.order()
    with pytest.raises(KeyError):
        # A caller whose learning fails does not undo what was placed before it.
        actions.place_orders([carol.command()], learn=_fails)
    assert carol.order() > first
    assert counts("orders_order") == (3,)
    assert value("SELECT COUNT(DISTINCT reference) FROM ledger_transfer WHERE code = 'order'") == 3


def test_the_clock_of_a_batch_is_one(carol: Buyer) -> None:
    with clock.at(NOON):
        numbers = actions.place_orders([carol.command(), carol.command(service=SUBSCRIPTION)])
    assert {row_of(known(carol.owner.panel_id, int(str(n)))).created_at for n in numbers} == {NOON}


@pytest.mark.parametrize("remembered", ["nothing", "rightly", "another's account", "an account that is gone"])
def test_what_is_remembered_of_a_key_only_saves_a_trip(
    alice: Owner, carol: Buyer, mallory: Buyer, monkeypatch: pytest.MonkeyPatch, remembered: str
) -> None:
    met = {
        "nothing": {},
        "rightly": {carol.caller().digest: (alice.panel_id, carol.account_id)},
        "another's account": {carol.caller().digest: (mallory.owner.panel_id, mallory.account_id)},
        "an account that is gone": {carol.caller().digest: (2**40, 2**40)},
    }[remembered]
    monkeypatch.setattr(access, "_met", dict(met))
    hers = mallory.balance()
    wrong = carol.command(caller=carol.caller(key="x" * 40), service=FOLLOWERS, quantity=1000)
    first, refused, second = place_batch(
        [carol.command(service=FOLLOWERS, quantity=1000), wrong, carol.command(service=FOLLOWERS, quantity=2000)]
    )
    assert isinstance(first, int)
    assert isinstance(second, int)
    assert (carol.sees(first), carol.sees(second)) == (Seen("Pending", "0.90", 1000), Seen("Pending", "1.80", 2000))
    assert refused == Refusal("bad_key")
    assert (carol.balance(), mallory.balance()) == ("97.30", hers)
    assert access._met[carol.caller().digest] == (alice.panel_id, carol.account_id)
    # The next batch asks for what is remembered now.
    assert isinstance(carol.place(service=FOLLOWERS, quantity=1000), int)
    assert (carol.balance(), mallory.balance()) == ("96.40", hers)


def test_a_key_that_was_met_and_revoked_orders_nothing(alice: Owner, carol: Buyer) -> None:
    carol.order(service=FOLLOWERS, quantity=1000)
    before = everything()
    execute("UPDATE customers_apikey SET revoked_at = created_at")
    assert carol.refused(service=FOLLOWERS, quantity=1000) == Refusal("bad_key")
    execute("UPDATE customers_apikey SET revoked_at = NULL")
    assert everything() == before


def test_a_repeat_of_an_order_from_before_its_input_was_understood(carol: Buyer, time: Time) -> None:
    """Its digest is of the parameters as they were sent."""
    order = carol.order(request_id="old")
    command = carol.command(request_id="old")
    said = sorted(command.params.items())
    execute("UPDATE orders_order SET request_digest = %s", hashlib.sha256(json.dumps(said).encode()).hexdigest())
    assert carol.order(request_id="old") == order
    assert carol.refused(request_id="old", quantity=999) == Refusal("bad_field", "request_id")


def test_a_repeat_is_compared_once_however_large_it_is(carol: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may repeat a large one for ever: it was worked out anew for each type that there is, 17 times."""
    comments = "\n".join(f"Well done {number}" for number in range(5))
    carol.order(request_id="r-1", service=COMMENTS, comments=comments)
    asked: list[str] = []
    understood = fields.understood

    def counted(type_: ServiceType, params: dict[str, str]) -> dict[str, str]:
        asked.append(type_.name)
        return understood(type_, params)

    monkeypatch.setattr(fields, "understood", counted)
    other = carol.refused(request_id="r-1", service=COMMENTS, comments=comments.replace("4", "5"))
    assert other == Refusal("bad_field", "request_id")
    assert asked == ["Custom Comments"]


def test_a_repeat_of_an_order_whose_service_is_of_another_type_by_now(carol: Buyer, alice: Owner) -> None:
    first = carol.order(request_id="r-1", runs=1)
    execute("UPDATE catalog_service SET type = 'Package' WHERE number = %s", FOLLOWERS)
    assert carol.order(request_id="r-1") == first
    assert carol.refused(request_id="r-1", quantity=999) == Refusal("bad_field", "request_id")


def test_the_digest_of_every_type_fits_its_column_and_names_it() -> None:
    slugs = [type_.slug for type_ in BY_NAME.values()]
    assert len(set(slugs)) == len(slugs)
    # 32 digits of the hash at least.
    assert max(map(len, slugs)) <= 31
    assert {len(rules._digest_of(type_, {"service": "1"})) for type_ in BY_NAME.values()} == {64}
