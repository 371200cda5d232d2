"""Refills and cancels: who may ask, when, and what moves when they do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.orders import lifecycle, settling
from panelwright.orders.requests import RefillTarget, may_cancel, may_refill
from tests.support.people import (
    FOLLOWERS,
    LIKES,
    LINK,
    NOON,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Seen,
    Time,
    children_of,
    counts,
    everything,
    execute,
    row_of,
    run_schedules,
    values,
)

BAD_ORDER = Refusal("bad_order", "order")
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)

# ---- refills, pure: each rule at its exact boundary ----------------------------------------------------

DONE = RefillTarget("plain", "Completed", None, NOON, refill=True, refill_days=30, cancel=True)


def refusal_at(after: timedelta, order: RefillTarget = DONE, **changes: object) -> str:
    asked = {"open_refill": False, "last_refill_at": None, **changes}
    refusal = may_refill(order, now=NOON + after, **asked)  # type: ignore[arg-type]
    return refusal.code if refusal else ""


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (timedelta(0), "refill_too_soon"),
        (DAY - TICK, "refill_too_soon"),
        (DAY, ""),
        (30 * DAY, ""),
        (30 * DAY + TICK, "refill_over"),
    ],
)
def test_a_refill_can_be_asked_for_from_a_day_after_the_end_until_its_days_are_over(
    after: timedelta, code: str
) -> None:
    assert refusal_at(after) == code


@pytest.mark.parametrize(
    ("after", "code"), [(2 * DAY, "refill_too_soon"), (3 * DAY - TICK, "refill_too_soon"), (3 * DAY, "")]
)
def test_between_two_refills_there_is_a_day(after: timedelta, code: str) -> None:
    assert refusal_at(after, last_refill_at=NOON + 2 * DAY) == code


def test_a_refill_without_an_end_of_its_days_is_for_ever() -> None:
    assert refusal_at(4000 * DAY, DONE._replace(refill_days=None)) == ""
    assert refusal_at(DAY, DONE._replace(refill_days=0)) == "refill_over"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (DONE._replace(refill=False, status="Partial"), "refill_disabled"),
        (DONE._replace(kind="drip-feed", status="In progress", ended_at=None), "refill_runs"),
        (DONE._replace(kind="subscription", status="Active", ended_at=None), "refill_runs"),
        *((DONE._replace(status=word), "not_completed") for word in ("Partial", "Canceled")),
        *((DONE._replace(status=w, ended_at=None), "not_completed") for w in ("Pending", "Processing", "In progress")),
    ],
)
def test_only_a_completed_order_of_a_service_with_refill_is_refilled(order: RefillTarget, code: str) -> None:
    # An open refill and a day that is not over would be refused, too: the first reason is told.
    assert refusal_at(timedelta(0), order, open_refill=True) == code


def test_an_open_refill_is_told_before_the_time() -> None:
    assert refusal_at(timedelta(0), open_refill=True) == "refill_open"
    assert refusal_at(60 * DAY, open_refill=True) == "refill_open"


@pytest.mark.parametrize("word", ["Completed", "Partial", "Canceled", "Expired"])
def test_an_end_is_not_cancelled(word: str) -> None:
    assert may_cancel(DONE._replace(status=word)) == Refusal("cannot_cancel")
    assert may_cancel(DONE._replace(status=word, cancel=False)) == Refusal("cancel_disabled")


@pytest.mark.parametrize("word", ["Pending", "Processing", "In progress", "Active", "Paused"])
def test_whatever_is_open_may_be_cancelled(word: str) -> None:
    assert may_cancel(DONE._replace(status=word, ended_at=None)) is None


# ---- refills in the database ---------------------------------------------------------------------------


def complete(order_id: int) -> None:
    """What a provider's report would do."""
    now = clock.now()
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), now)
    changes.apply(settling.end(changes.orders[order_id], "Completed", remains=0, now=now))
    changes.write()


def test_a_refill_is_a_row_that_waits_to_be_passed_on(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = carol.order()
    complete(order_id)
    asked_at = time.passes(hours=24)
    (refill_id,) = carol.refill(order_id)
    assert isinstance(refill_id, int)
    rows = values("SELECT id, panel_id, order_id, status, state, upstream_id, problem_code FROM orders_refill")
    assert rows == [(refill_id, alice.panel_id, order_id, "Pending", "waiting", None, "")]
    assert values("SELECT name, subject_id FROM events_event WHERE name = 'refill.requested'") == [
        ("refill.requested", order_id)
    ]
    assert time.now == asked_at
    assert carol.balance() == "99.10", "a refill costs nothing"


def test_refills_of_many_orders_are_answered_one_by_one(carol: Buyer, alice: Owner, mallory: Buyer, time: Time) -> None:
    done, running, other = carol.order(), carol.order(), carol.order(service=LIKES)
    foreign, davids = mallory.order(), alice.customer("dave", balance="1.00").order()
    for order_id in (done, other, foreign, davids):
        complete(order_id)
    time.passes(hours=24)
    answers = carol.refill(done, running, other, foreign, davids, None, 10**15, done)
    assert [a if isinstance(a, Refusal) else "taken" for a in answers] == [
        "taken",
        Refusal("not_completed"),
        Refusal("refill_disabled"),
        BAD_ORDER,
        BAD_ORDER,
        BAD_ORDER,
        BAD_ORDER,
        Refusal("refill_open"),
    ]
    assert counts("orders_refill") == (1,)


def test_a_refused_refill_changes_nothing(carol: Buyer, mallory: Buyer, time: Time) -> None:
    order_id = carol.order()
    complete(order_id)
    before = everything()
    assert carol.refill(order_id) == [Refusal("refill_too_soon")]
    time.passes(days=31)
    assert carol.refill(order_id) == [Refusal("refill_over")]
    time.passes(days=-5)
    assert mallory.refill(order_id) == [BAD_ORDER]
    assert carol.refill() == []
    assert everything() == before


def test_the_next_refill_waits_a_day_after_the_last_one_was_asked_for(carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    complete(order_id)
    time.passes(hours=24)
    carol.refill(order_id)
    execute("UPDATE orders_refill SET status = 'Rejected', state = 'done', due_at = NULL, ended_at = created_at")
    time.passes(hours=23, minutes=59)
    assert carol.refill(order_id) == [Refusal("refill_too_soon")]
    time.passes(minutes=1)
    assert carol.refill(order_id) != [Refusal("refill_too_soon")]
    assert counts("orders_refill") == (2,)


# ---- cancels -------------------------------------------------------------------------------------------


def test_what_nobody_knows_of_is_cancelled_and_refunded_at_once(carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    assert carol.balance() == "99.10"
    time.passes(seconds=1)
    assert carol.cancel(order_id) == [1]
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 1000)
    assert carol.balance() == "100.00"
    order = row_of(order_id)
    assert (order.job, order.due_at, order.ended_at) == (None, None, time.now)
    refund = values("SELECT amount_micros, reference, order_id FROM ledger_transfer WHERE code = 'refund'")
    assert refund == [(900_000, str(order_id.number), order_id)]
    assert counts("orders_cancel") == (0,)


def test_what_has_ended_cannot_be_cancelled_again(carol: Buyer) -> None:
    order_id = carol.order()
    assert carol.cancel(order_id, order_id) == [1, 1]
    before = everything()
    assert carol.cancel(order_id) == [Refusal("cannot_cancel")]
    assert everything() == before
    assert carol.balance() == "100.00"


def test_cancels_of_many_orders_are_answered_one_by_one(carol: Buyer, mallory: Buyer) -> None:
    mine, no_cancel, foreign = carol.order(), carol.order(service=LIKES), mallory.order()
    assert carol.cancel(foreign, None, no_cancel, mine) == [BAD_ORDER, BAD_ORDER, Refusal("cancel_disabled"), 1]
    assert mallory.sees(foreign) == Seen("Pending", "3.00", 1000)
    assert (carol.balance(), mallory.balance()) == ("99.876543", "97.00")


def test_what_the_provider_has_is_only_asked_for(carol: Buyer, time: Time) -> None:
    """The order goes on as it is until the provider says so; asking again is no second request."""
    order_id = carol.order()
    execute("UPDATE orders_order SET status = 'Processing', job = 'sending' WHERE id = %s", order_id)
    assert carol.cancel(order_id) == [1]
    asked = values("SELECT order_id, state, attempts FROM orders_cancel")
    assert asked == [(order_id, "waiting", 0)]
    time.passes(minutes=5)
    assert carol.cancel(order_id) == [1]
    assert values("SELECT order_id, state, attempts FROM orders_cancel") == asked
    assert carol.sees(order_id) == Seen("Processing", "0.90", 1000)
    assert carol.balance() == "99.10"


def test_a_cancel_that_was_refused_upstream_may_be_asked_for_again(carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    execute("UPDATE orders_order SET status = 'In progress', job = 'poll' WHERE id = %s", order_id)
    carol.cancel(order_id)
    execute("UPDATE orders_cancel SET state = 'done', due_at = NULL, attempts = 4")
    assert carol.cancel(order_id) == [1]
    assert values("SELECT state, attempts FROM orders_cancel") == [("waiting", 0)]


def test_a_drip_feed_that_has_not_begun_is_refunded_whole(carol: Buyer) -> None:
    order_id = carol.order(quantity=100, runs=3, interval=60)
    assert carol.balance() == "99.73"
    assert carol.cancel(order_id) == [1]
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 300)
    assert carol.balance() == "100.00"
    assert run_schedules() == 0


def test_a_drip_feed_cancelled_in_the_middle_refunds_what_has_not_begun(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=1000, runs=4, interval=60)
    assert carol.balance() == "96.40"
    run_schedules()
    time.passes(minutes=60)
    run_schedules()
    first, second = children_of(order_id)
    complete(first.id)
    execute("UPDATE orders_order SET status = 'In progress', job = 'poll' WHERE id = %s", second.id)
    assert carol.cancel(order_id) == [1]
    # Two runs never start. The one on its way is asked to be cancelled; it is not over yet.
    assert carol.balance() == "98.20"
    assert carol.sees(order_id) == Seen("In progress", "1.80", 3000)
    assert values("SELECT order_id, state FROM orders_cancel") == [(second.id, "waiting")]
    time.passes(days=1)
    assert run_schedules() == 0
    complete(second.id)
    assert carol.sees(order_id) == Seen("Partial", "1.80", 2000)
    assert carol.cancel(order_id) == [Refusal("cannot_cancel")]


def test_a_drip_feed_cancelled_with_a_run_that_was_not_sent_refunds_that_too(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=1000, runs=3, interval=60)
    run_schedules()
    (run,) = children_of(order_id)
    assert carol.cancel(order_id) == [1]
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 3000)
    assert row_of(run.id).status == "Canceled"
    assert carol.balance() == "100.00"
    # The runs that never began and the one that had, each under a name of its own.
    refunds = values("SELECT reference, amount_micros FROM ledger_transfer WHERE code = 'refund' ORDER BY id")
    assert refunds == [(str(order_id.number), 1_800_000), (str(run.number), 900_000)]


def test_one_run_may_be_cancelled_alone(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=1000, runs=2, interval=60)
    run_schedules()
    (run,) = children_of(order_id)
    assert carol.cancel(run.id, order_id)[0] == 1
    assert carol.balance() == "100.00"


def test_a_subscription_ends_and_its_orders_go_on(carol: Buyer) -> None:
    order_id = carol.order(service=SUBSCRIPTION)
    assert carol.cancel(order_id) == [1]
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 0)
    assert row_of(order_id).job is None


def test_the_orders_of_a_batch_of_customers_are_kept_apart(carol: Buyer, mallory: Buyer) -> None:
    from panelwright.orders import actions

    mine, hers = carol.order(), mallory.order()
    answers = actions.request_cancels(
        [
            actions.AskOrders(carol.caller(), (mine.number, hers.number)),
            actions.AskOrders(mallory.caller(), (mine.number, hers.number)),
            actions.AskOrders(carol.caller(key="no key of anybody"), (mine.number,)),
        ]
    )
    assert answers == [[1, BAD_ORDER], [BAD_ORDER, 1], Refusal("bad_key")]
    assert (carol.balance(), mallory.balance()) == ("100.00", "100.00")


def test_asking_needs_a_key_that_may_order(carol: Buyer, time: Time) -> None:
    order_id = carol.order(service=FOLLOWERS, link=LINK)
    _, reader = carol.new_key(can_order=False)
    before = everything()
    assert carol.cancel(order_id, key=reader) == Refusal("may_not_order")
    assert carol.refill(order_id, key=reader) == Refusal("may_not_order")
    assert everything() == before
