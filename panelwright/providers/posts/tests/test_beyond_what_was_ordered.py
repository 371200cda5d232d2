"""What a provider makes of a subscription beyond what its customer ordered: staff decide, and she is not charged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from panelwright.orders import problems
from panelwright.panels.block_actions import NewBlock, add_blocks
from panelwright.providers.posts import subscription_actions as subscriptions
from panelwright.providers.posts import subscription_rules as rules
from panelwright.providers.posts.subscription_rules import Beyond, Wanted
from panelwright.providers.posts.tests import test_whole_subscriptions as whole
from panelwright.providers.posts.tests.test_whole_subscriptions import Far, look, stands, subscribe
from tests.support.people import SUBSCRIPTION, Buyer, Owner, Time, check_books, children_of, execute, row_of
from tests.support.rounds import Rounds

far = whole.far
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NO_LIMIT = Wanted(None, 0, None, 0, None)


def reasons(order_id: int) -> list[str]:
    """Why each order of a subscription is not charged; "" where it is."""
    found = []
    for order in children_of(order_id):
        assert (order.problem_code == problems.NOT_CHARGED) == (order.charge_micros == 0)
        found.append(problems.facts_of(order.problem_facts).get("reason", ""))
    return found


@pytest.mark.parametrize(
    ("wanted", "posts_done", "said"),
    [
        (NO_LIMIT, 10**6, None),
        (NO_LIMIT._replace(posts=2), 1, None),
        (NO_LIMIT._replace(posts=2), 2, Beyond.POSTS),
        (NO_LIMIT._replace(posts=0, old_posts=3), 2, None),
        (NO_LIMIT._replace(posts=2, old_posts=3), 5, Beyond.POSTS),
        (NO_LIMIT._replace(expires_on=date.max, delay_min=600), 0, None),
        (NO_LIMIT._replace(expires_on=date(2026, 5, 3)), 0, None),
        (NO_LIMIT._replace(expires_on=date(2026, 5, 2)), 0, Beyond.EXPIRED),
        (NO_LIMIT._replace(expires_on=date(2026, 5, 2), delay_min=721), 0, None),
        (NO_LIMIT._replace(canceled_at=NOON - rules.LATE), 0, Beyond.CANCELED),
        (NO_LIMIT._replace(canceled_at=NOON - rules.LATE + timedelta(seconds=1)), 0, None),
        (NO_LIMIT._replace(canceled_at=NOON - rules.LATE, delay_min=1), 0, None),
    ],
)
def test_what_is_beyond(wanted: Wanted, posts_done: int, said: Beyond | None) -> None:
    assert rules.beyond(wanted, posts_done=posts_done, now=NOON) is said


def test_no_more_posts_are_charged_than_were_ordered(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker, min=100, max=100, posts=1, old_posts=1)
    for ref in range(901, 904):
        far.makes(ref, 100)
    look(worker, time)
    far.makes(904, 100)
    look(worker, time)
    assert reasons(order_id) == ["", "", "posts", "posts"]
    assert carol.balance() == "99.70" and stands(order_id) == ("Active", "", "poll")
    extra = children_of(order_id)[2]
    assert problems.facts_of(extra.problem_facts)["cost"] == "0.15"
    subscriptions.charge_post(panel_id=carol.owner.panel_id, order_id=extra.id, by="bob")
    assert carol.balance() == "99.55"
    check_books()


def test_an_order_that_is_named_long_after_the_last_day_is_not_charged(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, min=100, max=100, expiry="6/5/2026")
    far.makes(901, 100)
    time.passes(days=3)
    look(worker, time)
    far.makes(902, 100)
    time.passes(days=27)
    look(worker, time)
    assert reasons(order_id) == ["", "expired"] and carol.balance() == "99.85"


def test_an_order_that_is_named_long_after_an_accepted_cancel_is_not_charged(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, min=100, max=100)
    assert carol.cancel(order_id) == [1]
    worker.cancels()
    far.makes(901, 100)
    look(worker, time)
    time.passes(days=5)
    far.makes(902, 100)
    look(worker, time)
    assert reasons(order_id) == ["", "canceled"] and carol.balance() == "99.85"


def test_an_order_after_a_cancel_that_the_provider_refused_is_charged(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    far.upstream.answers("cancel", [{"order": 900, "cancel": {"error": "Incorrect order ID"}}])
    order_id = subscribe(carol, worker, min=100, max=100)
    carol.cancel(order_id)
    worker.cancels()
    time.passes(days=5)
    far.makes(901, 100)
    look(worker, time)
    assert reasons(order_id) == [""]


def test_a_subscription_to_a_user_who_is_blocked_now_is_not_sent(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds
) -> None:
    order_id = carol.order(service=SUBSCRIPTION, username="evilcorp", delay=0)
    add_blocks(alice.panel_id, [NewBlock("exact", "evilcorp")])
    worker.schedules()
    worker.forward()
    assert far.upstream.called("add") == [] and stands(order_id) == ("Paused", "blocked", "schedule")


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("block", "blocked"),
        ("off", "service"),
        ("dearer", "rate"),
        ("suspend", "account"),
    ],
)
def test_a_subscription_that_waits_to_be_sent_and_may_not_order_any_more_is_not_sent(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time, stop: str, reason: str
) -> None:
    """The provider rests when it is to be sent; before it is back something speaks against the subscription."""
    order_id = carol.order(service=SUBSCRIPTION, username="evilcorp", delay=0, min=100, max=100)
    other = alice.customer("dora").order(service=SUBSCRIPTION, username="anna", delay=0, min=100, max=100)
    worker.schedules()
    execute("UPDATE providers_provider SET rest_until = %s", time.now + timedelta(minutes=5))
    worker.forward()
    assert stands(order_id) == stands(other) == ("Active", "", "forward")
    execute("UPDATE orders_order SET due_at = %s WHERE id = %s", time.now + timedelta(hours=1), other)
    stops = {
        "block": lambda: add_blocks(alice.panel_id, [NewBlock("exact", "evilcorp")]),
        "off": lambda: execute("UPDATE catalog_service SET enabled = %s WHERE number = %s", False, SUBSCRIPTION),
        "dearer": lambda: execute("UPDATE catalog_service SET rate_micros = 99000000 WHERE number = %s", SUBSCRIPTION),
        "suspend": lambda: execute(
            "UPDATE customers_customer SET enabled = %s WHERE id = %s", False, carol.customer_id
        ),
    }
    stops[stop]()
    time.passes(minutes=6)
    worker.forward()
    worker.schedules()
    worker.forward()
    assert far.upstream.called("add") == [] and stands(order_id) == ("Paused", reason, "schedule")
    assert (row_of(order_id).provider_id, row_of(order_id).problem_code) == (None, "")
    # And what nothing speaks against goes on, once what does is gone.
    undo = {
        "block": lambda: execute("DELETE FROM panels_block"),
        "off": lambda: execute("UPDATE catalog_service SET enabled = %s WHERE number = %s", True, SUBSCRIPTION),
        "dearer": lambda: execute("UPDATE catalog_service SET rate_micros = 1 WHERE number = %s", SUBSCRIPTION),
        "suspend": lambda: execute("UPDATE customers_customer SET enabled = %s WHERE id = %s", True, carol.customer_id),
    }
    undo[stop]()
    execute("UPDATE panels_panel SET blocks_version = blocks_version + 1")
    time.passes(minutes=61)
    worker.schedules()
    worker.forward()
    assert sorted(call["username"] for call in far.upstream.called("add")) == ["anna", "evilcorp"]
    assert stands(order_id)[:2] == ("Active", "")


def test_of_a_subscription_to_a_user_who_is_blocked_later_nothing_more_is_charged(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, username="evilcorp", min=100, max=100)
    add_blocks(alice.panel_id, [NewBlock("exact", "evilcorp")])
    far.makes(901, 100)
    look(worker, time)
    assert reasons(order_id) == ["blocked"] and stands(order_id) == ("Paused", "blocked", "poll")
    worker.cancels()
    assert len(far.upstream.called("cancel")) == 1
