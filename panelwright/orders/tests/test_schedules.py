"""Drip-feeds start their runs on time; subscriptions order for posts, pause without funds, and end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from panelwright.core import clock, money
from panelwright.orders import lifecycle, pause_actions, settling
from panelwright.orders.post_rules import ReportedPost
from panelwright.orders.schedule_actions import (
    open_subscriptions,
    post_quantity,
    record_post,
    record_posts,
    run_schedules,
)
from tests.support import people
from tests.support.people import (
    NOON,
    SUBSCRIPTION,
    TRAFFIC,
    Buyer,
    Owner,
    Seen,
    Time,
    check_books,
    children_of,
    counts,
    everything,
    execute,
    row_of,
    value,
    values,
)

POST = "https://example.com/carol/post"


def end(order_id: int, status: str, *, remains: int = 0) -> None:
    """What a provider's report would do."""
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), clock.now())
    changes.apply(settling.end(changes.orders[order_id], status, remains=remains, now=clock.now()))
    changes.write()


# ---- drip-feeds ------------------------------------------------------------------------------------


def test_runs_start_one_interval_apart(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=3, interval=30)
    assert people.run_schedules() == 1
    assert people.run_schedules() == 0, "the next run is not due yet"
    time.passes(minutes=29, seconds=59)
    assert people.run_schedules() == 0
    time.passes(seconds=1)
    assert people.run_schedules() == 1
    time.passes(minutes=30)
    assert people.run_schedules() == 1
    time.passes(days=10)
    assert people.run_schedules() == 0
    runs = children_of(order_id)
    assert [run.created_at - NOON for run in runs] == [timedelta(minutes=minutes) for minutes in (0, 30, 60)]
    for run in runs:
        assert (run.kind, run.status, run.job, run.quantity, run.remains) == ("run", "Pending", "forward", 100, 100)
        assert (run.booked_micros, run.charge_micros) == (0, 0), "the money of a run is its parent's"
        assert (run.panel_id, run.customer_id, run.key_id) == (alice.panel_id, carol.customer_id, None)
    assert carol.sees(order_id).status == "In progress"
    assert carol.balance() == "99.73"


def test_the_fields_of_a_type_go_with_each_run(carol: Buyer, time: Time) -> None:
    order_id = carol.order(service=TRAFFIC, quantity=100, runs=2, interval=5, type_of_traffic=1, google_keyword="shoes")
    people.run_schedules()
    (run,) = children_of(order_id)
    assert run.fields == row_of(order_id).fields
    assert '"google_keyword": "shoes"' in run.fields


def test_after_a_long_pause_the_missed_runs_do_not_come_as_a_burst(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=5, interval=30)
    people.run_schedules()
    back = time.passes(days=2)
    for _ in range(10):
        people.run_schedules()
    assert len(children_of(order_id)) == 2
    assert row_of(order_id).due_at == back + timedelta(minutes=30)


def test_no_run_starts_in_a_pause_and_the_rest_comes_one_an_interval_after_it(
    carol: Buyer, alice: Owner, time: Time
) -> None:
    order_id = carol.order(quantity=100, runs=4, interval=30)
    which = {"panel_id": alice.panel_id, "order_id": order_id}
    people.run_schedules()
    (first,) = children_of(order_id)
    time.passes(minutes=10)
    assert pause_actions.pause(**which, by="carol", customer_id=carol.customer_id) is None
    assert pause_actions.pause(**which, by="carol") == pause_actions.IS_PAUSED
    end(first.id, "Completed")
    time.passes(days=3)
    for _ in range(5):
        people.run_schedules()
    assert len(children_of(order_id)) == 1
    assert (carol.sees(order_id).status, carol.sees(order_id).remains) == ("In progress", 300)
    resumed = time.now
    assert pause_actions.resume(**which, by="carol") is None
    assert pause_actions.resume(**which, by="carol") == pause_actions.NOT_PAUSED
    for _ in range(3):
        people.run_schedules()
    time.passes(minutes=30)
    people.run_schedules()
    time.passes(minutes=30)
    people.run_schedules()
    minutes = [0, 30, 60]
    assert [run.created_at - resumed for run in children_of(order_id)[1:]] == [timedelta(minutes=m) for m in minutes]
    assert pause_actions.pause(**which, by="carol") == pause_actions.NO_RUNS_LEFT
    names = values("SELECT name FROM events_event WHERE name LIKE 'dripfeed.%%' ORDER BY id")
    assert names == [("dripfeed.paused",), ("dripfeed.resumed",)]


def test_a_short_pause_does_not_bring_the_next_run_forward(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=2, interval=30)
    which = {"panel_id": alice.panel_id, "order_id": order_id}
    people.run_schedules()
    time.passes(minutes=5)
    pause_actions.pause(**which, by="carol")
    time.passes(minutes=5)
    pause_actions.resume(**which, by="carol")
    assert row_of(order_id).due_at == NOON + timedelta(minutes=30)


def test_what_is_cancelled_in_a_pause_is_given_back_and_stays_so(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=4, interval=30)
    which = {"panel_id": alice.panel_id, "order_id": order_id}
    people.run_schedules()
    (first,) = children_of(order_id)
    # Its provider has it, so it cannot be stopped at once.
    execute("UPDATE orders_order SET status = 'In progress', job = 'poll' WHERE id = %s", first.id)
    pause_actions.pause(**which, by="carol")
    carol.cancel(order_id)
    assert carol.balance() == "99.91"
    assert pause_actions.resume(**which, by="carol") == pause_actions.NO_RUNS_LEFT
    end(first.id, "Completed")
    assert pause_actions.resume(**which, by="carol") == pause_actions.HAS_ENDED
    assert (carol.sees(order_id).status, carol.balance()) == ("Partial", "99.91")
    check_books()


def test_only_its_own_customer_pauses_and_only_what_creates_orders(carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    plain, fed = carol.order(quantity=100), carol.order(quantity=100, runs=2, interval=5, link="https://example.com/2")
    before = everything()
    for order_id, customer in ((plain, carol), (fed, mallory), (10**9, carol)):
        for act in (pause_actions.pause, pause_actions.resume):
            refusal = act(panel_id=alice.panel_id, order_id=order_id, by="x", customer_id=customer.customer_id)
            assert refusal == pause_actions.BAD_ORDER
    assert pause_actions.cancel(panel_id=alice.panel_id, order_id=plain, by="x") == pause_actions.BAD_ORDER
    assert everything() == before


def test_after_days_of_standstill_the_runs_come_one_an_interval(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=4, interval=30)
    people.run_schedules()
    back = time.passes(days=3)
    for _ in range(90):
        people.run_schedules()
        time.passes(minutes=1)
    started = [run.created_at - back for run in children_of(order_id)[1:]]
    assert started == [timedelta(minutes=minutes) for minutes in (0, 30, 60)]


def test_a_cancel_in_the_middle_refunds_exactly_the_runs_not_started(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=77, runs=5, interval=5)
    assert carol.balance() == "99.6535"
    for _ in range(2):
        people.run_schedules()
        time.passes(minutes=5)
    # Both runs are with a provider: they are asked to be cancelled, and go on until they are.
    people.execute("UPDATE orders_order SET job = 'poll', status = 'In progress' WHERE kind = 'run'")
    assert carol.cancel(order_id) == [1]
    assert carol.balance() == "99.8614"
    assert carol.sees(order_id).charge == "0.1386"
    time.passes(days=1)
    assert people.run_schedules() == 0
    first, second = children_of(order_id)
    end(first.id, "Completed")
    assert row_of(order_id).ended_at is None
    end(second.id, "Completed")
    assert carol.sees(order_id) == Seen("Partial", "0.1386", 231)
    assert carol.balance() == "99.8614"
    people.check_books()


def test_runs_that_are_delivered_in_part_are_refunded_to_the_micro(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=77, runs=3, interval=5)
    assert carol.balance() == "99.7921"
    for _ in range(3):
        people.run_schedules()
        time.passes(minutes=5)
    first, second, third = children_of(order_id)
    end(second.id, "Partial", remains=10)
    assert carol.sees(order_id) == Seen("In progress", "0.1989", 164)
    assert carol.balance() == "99.8011"
    end(first.id, "Completed")
    end(third.id, "Canceled", remains=30)
    # 10 of the second and, as any cancelled order, all 77 of the third: 87 of 231.
    assert carol.sees(order_id) == Seen("Partial", "0.1296", 87)
    assert carol.balance() == "99.8704"
    assert counts("orders_refill", "orders_cancel") == (0, 0)


@pytest.mark.parametrize(
    ("ends", "seen"),
    [
        (["Completed", "Completed"], Seen("Completed", "1.80", 0)),
        (["Canceled", "Canceled"], Seen("Canceled", "0.00", 2000)),
        (["Completed", "Canceled"], Seen("Partial", "0.90", 1000)),
    ],
)
def test_a_drip_feed_ends_as_its_runs_did(carol: Buyer, time: Time, ends: list[str], seen: Seen) -> None:
    order_id = carol.order(quantity=1000, runs=2, interval=5)
    for _ in ends:
        people.run_schedules()
        time.passes(minutes=5)
    for run, word in zip(children_of(order_id), ends, strict=True):
        assert row_of(order_id).ended_at is None
        end(run.id, word, remains=run.quantity if word == "Canceled" else 0)
    assert carol.sees(order_id) == seen
    assert row_of(order_id).ended_at == time.now
    before = everything()
    end(children_of(order_id)[0].id, "Canceled", remains=1000)
    assert everything() == before


def test_drip_feeds_of_a_round_are_kept_apart(carol: Buyer, mallory: Buyer, time: Time) -> None:
    orders = [carol.order(quantity=100, runs=2, interval=5), mallory.order(quantity=200, runs=2, interval=5)]
    assert run_schedules(1) == 1
    assert run_schedules(5) == 1
    owners = [(run.customer_id, run.quantity) for order_id in orders for run in children_of(order_id)]
    assert owners == [(carol.customer_id, 100), (mallory.customer_id, 200)]


# ---- posts of subscriptions -------------------------------------------------------------------------


def subscribe(carol: Buyer, **params: object) -> people.Known:
    return carol.order(service=SUBSCRIPTION, **params)


def told(order_id: int, number: int, *, panel_id: int | None = None) -> bool:
    panel = row_of(order_id).panel_id if panel_id is None else panel_id
    return record_post(panel_id=panel, subscription_id=order_id, link=f"{POST}/{number}")


def test_a_post_is_ordered_for_after_the_delay_and_paid_then(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, min=100, max=100, delay=30)
    assert told(order_id, 1)
    assert people.run_schedules() == 1, "it is looked at once when it is new"
    time.passes(minutes=29, seconds=59)
    assert people.run_schedules() == 0
    assert carol.balance() == "100.00"
    time.passes(seconds=1)
    assert people.run_schedules() == 1
    (post,) = children_of(order_id)
    assert (post.kind, post.link, post.quantity, post.fields) == ("post", f"{POST}/1", 100, "")
    assert carol.sees(post.id) == Seen("Pending", "0.15", 100)
    assert carol.balance() == "99.85"
    assert carol.sees(order_id) == Seen("Active", "0.00", 0)
    assert values("SELECT order_id, due_at FROM orders_post") == [(post.id, None)]
    assert value("SELECT posts_done FROM orders_schedule") == 1


def test_the_quantity_of_a_post_can_be_drawn_again_by_anybody(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, min=10, max=1000, delay=0)
    for number in range(20):
        told(order_id, number)
    people.run_schedules()
    seed = value("SELECT seed FROM orders_schedule")
    drawn = [post_quantity(seed, post_id, 10, 1000) for (post_id,) in values("SELECT id FROM orders_post ORDER BY id")]
    assert [post.quantity for post in children_of(order_id)] == drawn
    assert all(10 <= quantity <= 1000 for quantity in drawn)
    assert len(set(drawn)) > 10
    total = sum(money.charge(rate_micros=1_500_000, units=quantity) for quantity in drawn)
    assert carol.balance() == money.text(100_000_000 - total)


def test_a_post_is_ordered_for_once_however_often_it_is_told_of(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, delay=0)
    assert [told(order_id, 1), told(order_id, 1)] == [True, False]
    people.run_schedules()
    assert not told(order_id, 1)
    time.passes(days=1)
    people.run_schedules()
    assert len(children_of(order_id)) == 1
    assert carol.balance() == "99.85"


@pytest.mark.parametrize(
    ("posts", "old_posts", "new", "old", "status"),
    [
        (2, None, 2, 0, "Completed"),
        (2, 1, 2, 1, "Completed"),
        (2, 9, 2, 5, "Active"),
        (9, 1, 5, 1, "Active"),
        (0, 3, 0, 3, "Completed"),
        (1, 0, 1, 0, "Completed"),
        (None, None, 5, 0, "Active"),
        (None, 2, 5, 2, "Active"),
        (0, 0, 5, 0, "Active"),
    ],
)
def test_a_subscription_is_complete_when_both_kinds_of_its_posts_are(
    carol: Buyer, time: Time, posts: int | None, old_posts: int | None, new: int, old: int, status: str
) -> None:
    order_id = subscribe(carol, posts=posts, old_posts=old_posts, delay=0)
    panel_id = row_of(order_id).panel_id
    before = time.now - timedelta(days=1)
    heard = [ReportedPost(f"{POST}/old/{n}", before) for n in range(5)] + [
        ReportedPost(f"{POST}/new/{n}") for n in range(5)
    ]
    assert len(record_posts(panel_id=panel_id, subscription_id=order_id, posts=heard)) == 10
    people.run_schedules()
    links = [child.link for child in children_of(order_id)]
    assert links == [f"{POST}/old/{n}" for n in range(old)] + [f"{POST}/new/{n}" for n in range(new)]
    assert carol.sees(order_id).status == status
    assert values("SELECT posts_done, old_posts_done FROM orders_schedule") == [(new + old, old)]
    assert counts("orders_post") == (10,), "what is not wanted is remembered"
    assert carol.balance() == money.text(100_000_000 - 150_000 * (new + old))
    time.passes(days=3)
    people.run_schedules()
    assert len(children_of(order_id)) == new + old


def test_a_subscription_that_has_ended_takes_no_more_posts(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, posts=1, delay=0)
    told(order_id, 1)
    people.run_schedules()
    before = everything()
    with pytest.raises(ValueError, match=f"subscription {order_id.number} has ended: Completed"):
        told(order_id, 2)
    assert everything() == before


def test_without_funds_a_subscription_pauses_and_goes_on_by_itself(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = subscribe(carol, delay=0)
    carol.spends_all_but("0.20")
    told(order_id, 1)
    told(order_id, 2)
    people.run_schedules()
    assert carol.sees(order_id).status == "Paused"
    assert carol.balance() == "0.05"
    assert [post.link for post in children_of(order_id)] == [f"{POST}/1"]
    for _ in range(3):
        time.passes(minutes=1)
        people.run_schedules()
        assert carol.sees(order_id).status == "Paused"
    assert told(order_id, 3), "posts are remembered meanwhile"
    alice.credits(carol, "1.00", reference="p-2")
    time.passes(minutes=1)
    people.run_schedules()
    assert carol.sees(order_id).status == "Active"
    assert [post.link for post in children_of(order_id)] == [f"{POST}/{number}" for number in (1, 2, 3)]
    assert carol.balance() == "0.75"


def test_a_paused_subscription_can_be_cancelled(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, delay=0)
    carol.spends_all_but("0.00")
    told(order_id, 1)
    people.run_schedules()
    assert carol.cancel(order_id) == [1]
    time.passes(days=1)
    assert people.run_schedules() == 0
    assert carol.sees(order_id).status == "Canceled"


def test_a_subscription_expires_when_its_last_day_is_over(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, delay=0, expiry="5/5/2026")
    midnight = NOON.replace(hour=0) + timedelta(days=2)
    time.now = midnight - timedelta(seconds=1)
    people.run_schedules()
    assert carol.sees(order_id).status == "Active"
    time.now = midnight
    assert people.run_schedules() == 1
    assert carol.sees(order_id) == Seen("Expired", "0.00", 0)
    assert row_of(order_id).ended_at == midnight
    with pytest.raises(ValueError, match="has ended: Expired"):
        told(order_id, 1)


def test_a_post_of_the_last_day_is_still_ordered_for(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, delay=0, expiry="4/5/2026")
    time.now = NOON.replace(hour=23, minute=59)
    told(order_id, 1)
    time.now = NOON.replace(hour=0) + timedelta(days=1)
    people.run_schedules()
    assert len(children_of(order_id)) == 1
    assert carol.sees(order_id).status == "Expired"


def test_a_subscription_without_funds_expires_too(carol: Buyer, alice: Owner, time: Time) -> None:
    """Money that comes after the last day is not spent on what nobody waits for any more."""
    order_id = subscribe(carol, delay=0, expiry="4/5/2026")
    carol.spends_all_but("0.00")
    told(order_id, 1)
    people.run_schedules()
    assert carol.sees(order_id).status == "Paused"
    time.passes(days=1)
    people.run_schedules()
    assert carol.sees(order_id).status == "Expired"
    alice.credits(carol, "5.00", reference="p-late")
    time.passes(days=1)
    people.run_schedules()
    assert (children_of(order_id), carol.balance()) == ([], "5.00")


def test_what_it_ordered_outlives_a_subscription(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, delay=0)
    told(order_id, 1)
    people.run_schedules()
    carol.cancel(order_id)
    (post,) = children_of(order_id)
    assert carol.sees(post.id) == Seen("Pending", "0.15", 100)
    end(post.id, "Partial", remains=40)
    assert carol.sees(post.id) == Seen("Partial", "0.09", 40)
    assert carol.balance() == "99.91"
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 0)


def test_more_posts_than_a_round_takes_are_done_in_the_next(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, min=10, max=10, delay=0)
    for number in range(105):
        told(order_id, number)
    people.run_schedules()
    assert len(children_of(order_id)) == 100
    assert people.run_schedules() == 1
    assert len(children_of(order_id)) == 105
    assert carol.balance() == "98.425"


def test_the_delay_of_each_post_counts_from_when_it_was_told_of(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol, delay=60)
    told(order_id, 1)
    time.passes(minutes=40)
    told(order_id, 2)
    time.passes(minutes=20)
    people.run_schedules()
    assert len(children_of(order_id)) == 1
    assert row_of(order_id).due_at == time.now + timedelta(minutes=40)
    time.passes(minutes=40)
    people.run_schedules()
    assert len(children_of(order_id)) == 2


@pytest.mark.parametrize("link", ["", "two words", "javascript:x", "a\x00", "null"])
def test_a_post_needs_a_link(carol: Buyer, link: str) -> None:
    order_id = subscribe(carol)
    with pytest.raises(ValueError, match="not accepted"):
        record_post(panel_id=carol.owner.panel_id, subscription_id=order_id, link=link)
    assert counts("orders_post") == (0,)


def test_posts_are_for_subscriptions_of_the_panel(carol: Buyer, rival: Owner) -> None:
    order_id, plain = subscribe(carol), carol.order()
    with pytest.raises(ValueError, match=f"there is no subscription {order_id}"):
        told(order_id, 1, panel_id=rival.panel_id)
    for wrong in (plain, 10**12):
        with pytest.raises(ValueError, match=f"there is no subscription {wrong}"):
            record_post(panel_id=carol.owner.panel_id, subscription_id=wrong, link=POST)
    assert counts("orders_post") == (0,)


def test_who_follows_a_user_is_found_within_the_panel(carol: Buyer, mallory: Buyer, alice: Owner, rival: Owner) -> None:
    mine, ended = subscribe(carol, username="anna"), subscribe(carol, username="anna")
    subscribe(carol, username="annabel")
    hers = mallory.order(service=SUBSCRIPTION, username="anna")
    carol.cancel(ended)
    assert open_subscriptions(alice.panel_id, "anna") == [mine]
    assert open_subscriptions(alice.panel_id, " @ANNA") == [mine]
    assert open_subscriptions(rival.panel_id, "anna") == [hers]
    assert open_subscriptions(alice.panel_id, "nobody") == []
