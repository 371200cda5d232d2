"""The panel's own people deliver: the queue, each way in which an order ends, cancels, refills, drip-feeds."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panelwright.core import money
from panelwright.core.refusal import InvalidState, NotThere, Refusal
from panelwright.orders import problems
from panelwright.providers.manual import manual_actions
from panelwright.providers.models import Provider
from panelwright.providers.routing import resolve_actions
from tests.support.by_hand import BY, own_people
from tests.support.effort import effort
from tests.support.people import (
    COMMENTS,
    FOLLOWERS,
    PACKAGE,
    Buyer,
    Known,
    Owner,
    Seen,
    Time,
    check_books,
    children_of,
    everything,
    execute,
    row_of,
    run_schedules,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.threads import together
from tests.support.upstream import ScriptedUpstream

commits = pytest.mark.django_db(transaction=True)
Act = Callable[[], Any]


class Queue:
    """An order of 1000 followers for 0.90 that waits for Alice's people."""

    def __init__(self, alice: Owner, carol: Buyer, worker: Rounds, time: Time) -> None:
        self.alice, self.carol, self.worker, self.time = alice, carol, worker, time
        self.provider: Provider = own_people(alice, FOLLOWERS, PACKAGE, COMMENTS)
        self.id = self.ordered()

    def ordered(self, **params: Any) -> int:
        """Another order in the queue."""
        order_id = self.carol.order(**params)
        self.worker.forward()
        return order_id

    def which(self, order_id: int | None = None) -> dict[str, Any]:
        return {"panel_id": self.alice.panel_id, "order_id": order_id or self.id, "by": BY}

    def sees(self) -> Seen:
        return self.carol.sees(self.id)

    def of_refill(self, refill_id: int) -> dict[str, Any]:
        return {"panel_id": self.alice.panel_id, "refill_id": refill_id, "by": BY}

    def refill_asked(self) -> Known:
        """A refill of the order, which was done by hand, that waits for staff."""
        resolve_actions.done(**self.which())
        self.time.passes(days=2)
        (refill_id,) = self.carol.refill(self.id)
        self.worker.refills()
        assert isinstance(refill_id, Known)
        return refill_id


@pytest.fixture
def queue(alice: Owner, carol: Buyer, worker: Rounds, time: Time) -> Queue:
    return Queue(alice, carol, worker, time)


def refused(act: Act, text: str, kind: type[ValueError] = ValueError) -> None:
    """It is refused with this text, and nothing moved."""
    before = everything()
    with pytest.raises(kind, match=text):
        act()
    assert everything() == before


def facts(name: str) -> list[Any]:
    """The facts of events, the oldest first."""
    found = values("SELECT facts FROM events_event WHERE name = %s ORDER BY id", name)
    return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in found]


# ---- the queue ---------------------------------------------------------------------------------------


def test_an_order_waits_as_pending_until_somebody_starts_it(queue: Queue) -> None:
    order = row_of(queue.id)
    assert (order.status, order.job, order.due_at) == ("Pending", "manual", queue.time.now)
    assert (order.provider_id, order.upstream_id, order.attempts, order.problem_code) == (
        queue.provider.id,
        None,
        0,
        "",
    )
    assert facts("order.queued") == [{"provider": queue.provider.id}]
    queue.time.passes(days=3)
    queue.worker.everything()
    assert row_of(queue.id).due_at != queue.time.now, "since when it waits does not move"
    assert facts("order.queued") == [{"provider": queue.provider.id}]
    assert queue.sees() == Seen("Pending", "0.90", 1000)


def test_what_goes_to_an_upstream_is_sent_in_the_same_round(
    queue: Queue, upstream: ScriptedUpstream, alice: Owner, carol: Buyer
) -> None:
    alice.route(2, alice.provider(upstream.url))
    upstream.answers("add", {"order": 23501})
    by_hand, sent = carol.order(), carol.order(service=2)
    queue.worker.forward()
    assert (row_of(by_hand).job, row_of(sent).job, row_of(sent).upstream_id) == ("manual", "poll", "23501")


def test_an_order_is_worked_on_from_start_to_done(queue: Queue) -> None:
    manual_actions.start(**queue.which(), start_count=1500)
    assert queue.sees() == Seen("In progress", "0.90", 1000, 1500)
    manual_actions.progress(**queue.which(), delivered=400)
    assert queue.sees() == Seen("In progress", "0.90", 600, 1500)
    manual_actions.progress(**queue.which(), remains=100)
    resolve_actions.done(**queue.which())
    assert queue.sees() == Seen("Completed", "0.90", 0, 1500)
    assert queue.carol.balance() == "99.10"
    assert facts("order.worked") == [
        {"action": "start", "by": BY, "start_count": 1500},
        {"action": "progress", "by": BY, "remains": 600},
        {"action": "progress", "by": BY, "remains": 100},
        {"action": "done", "by": BY},
    ]
    assert facts("order.completed") == [{"remains": 0}]


def test_partial_refunds_what_remains_once(queue: Queue) -> None:
    resolve_actions.partial(**queue.which(), remains=250)
    assert queue.sees() == Seen("Partial", "0.675", 250)
    assert queue.carol.balance() == "99.325"
    refused(lambda: resolve_actions.partial(**queue.which(), remains=250), "order has ended", InvalidState)
    refused(lambda: resolve_actions.cancel(**queue.which()), "order has ended", InvalidState)


def test_staff_cancel_gives_everything_back(queue: Queue) -> None:
    manual_actions.progress(**queue.which(), remains=300)
    resolve_actions.cancel(**queue.which())
    assert queue.sees() == Seen("Canceled", "0.00", 1000), "everything was given back"
    assert queue.carol.balance() == "100.00"


def test_wrong_numbers_move_nothing(queue: Queue) -> None:
    for act, text in (
        (lambda: manual_actions.progress(**queue.which(), remains=0), "between 1 and 1000"),
        (lambda: manual_actions.progress(**queue.which(), delivered=1000), "between 0 and 999"),
        (lambda: manual_actions.progress(**queue.which()), "either what remains or what is delivered"),
        (lambda: manual_actions.progress(**queue.which(), remains=5, delivered=5), "either what remains"),
        (lambda: resolve_actions.partial(**queue.which(), remains=1000), "between 1 and 999"),
        (lambda: manual_actions.start(**queue.which(), start_count=-1), "Start count must be a whole number from 0"),
    ):
        refused(act, text)


def test_orders_of_another_panel_are_not_there(queue: Queue, rival: Owner, mallory: Buyer) -> None:
    own_people(rival)
    hers = mallory.order()
    queue.worker.forward()
    assert row_of(hers).job == "manual"
    which = queue.which(hers)
    for act in (
        lambda: manual_actions.start(**which),
        lambda: manual_actions.progress(**which, remains=1),
        lambda: resolve_actions.partial(**which, remains=1),
        lambda: resolve_actions.done(**which),
        lambda: resolve_actions.cancel(**which),
        lambda: manual_actions.pass_on(**which),
        lambda: manual_actions.accept_cancel(**which),
        lambda: manual_actions.refuse_cancel(**which, text="no"),
        lambda: resolve_actions.done(**queue.which(10**6)),
    ):
        refused(act, "Order .* not found", NotThere)


def test_what_an_upstream_delivers_is_not_worked_on_in_the_queue(
    queue: Queue, alice: Owner, carol: Buyer, upstream: ScriptedUpstream
) -> None:
    alice.route(2, alice.provider(upstream.url))
    upstream.answers("add", {"order": 23501})
    which = queue.which(queue.ordered(service=2))
    for act in (
        lambda: manual_actions.start(**which),
        lambda: manual_actions.progress(**which, remains=1),
        lambda: manual_actions.pass_on(**which),
    ):
        refused(act, "do not deliver this order", InvalidState)


def test_a_package_is_one_unit(queue: Queue) -> None:
    package = queue.ordered(service=PACKAGE)
    assert row_of(package).quantity == 1
    refused(lambda: resolve_actions.partial(**queue.which(package), remains=1), "complete or cancel it")
    resolve_actions.cancel(**queue.which(package))
    assert queue.carol.sees(package).charge == "0.00"


# ---- another route -----------------------------------------------------------------------------------


def test_passing_on_gives_it_to_the_next_route(queue: Queue, alice: Owner, upstream: ScriptedUpstream) -> None:
    refused(lambda: manual_actions.pass_on(**queue.which()), "no other route", InvalidState)
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 23501})
    manual_actions.start(**queue.which(), start_count=4)
    manual_actions.pass_on(**queue.which())
    assert queue.sees() == Seen("Pending", "0.90", 1000)
    queue.worker.forward()
    order = row_of(queue.id)
    assert (order.job, order.upstream_id, order.status) == ("poll", "23501", "Processing")
    assert len(upstream.called("add")) == 1


def test_what_an_upstream_refuses_comes_to_the_panels_own_people(
    alice: Owner, carol: Buyer, worker: Rounds, upstream: ScriptedUpstream
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    own_people(alice)
    upstream.answers("add", {"error": "Incorrect service ID"})
    order_id = carol.order()
    worker.forward()
    worker.forward()
    assert (row_of(order_id).job, row_of(order_id).status) == ("manual", "Pending")
    # And from the last route it goes back to the first.
    upstream.answers("add", {"order": 23501})
    manual_actions.pass_on(panel_id=alice.panel_id, order_id=order_id, by=BY)
    worker.forward()
    assert row_of(order_id).upstream_id == "23501"


def test_what_is_half_delivered_is_not_passed_on(queue: Queue, alice: Owner, upstream: ScriptedUpstream) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    manual_actions.progress(**queue.which(), delivered=1)
    refused(lambda: manual_actions.pass_on(**queue.which()), "1 of 1000 units", InvalidState)


# ---- cancels -----------------------------------------------------------------------------------------


def cancel_row() -> tuple[Any, ...]:
    (row,) = values("SELECT state, due_at, answer_code, answer_facts FROM orders_cancel")
    return (*row[:2], problems.told(*row[2:]))


def test_what_nobody_has_started_is_cancelled_at_once(queue: Queue) -> None:
    assert queue.carol.cancel(queue.id) == [1]
    assert queue.sees() == Seen("Canceled", "0.00", 1000)
    assert queue.carol.balance() == "100.00"
    refused(lambda: manual_actions.start(**queue.which()), "order has ended", InvalidState)


def test_a_cancel_of_a_started_order_waits_for_staff_who_accept_it(queue: Queue) -> None:
    manual_actions.start(**queue.which())
    assert queue.carol.cancel(queue.id, queue.id) == [1, 1]
    assert cancel_row() == ("waiting", None, "")
    queue.time.passes(days=1)
    queue.worker.everything()
    assert queue.sees() == Seen("In progress", "0.90", 1000)
    manual_actions.accept_cancel(**queue.which())
    assert queue.sees() == Seen("Canceled", "0.00", 1000)
    assert queue.carol.balance() == "100.00"
    assert cancel_row() == ("done", None, "the order has ended: Canceled")
    assert facts("order.cancel_requested") == [{}]


def test_an_accepted_cancel_pays_for_what_was_delivered(queue: Queue) -> None:
    manual_actions.progress(**queue.which(), remains=250)
    queue.carol.cancel(queue.id)
    manual_actions.accept_cancel(**queue.which())
    assert queue.sees() == Seen("Partial", "0.675", 250)
    assert queue.carol.balance() == "99.325"


def test_a_refused_cancel_leaves_it_running_and_may_be_asked_again(queue: Queue) -> None:
    manual_actions.start(**queue.which())
    refused(
        lambda: manual_actions.refuse_cancel(**queue.which(), text="no"), "No cancellation of this order", InvalidState
    )
    refused(lambda: manual_actions.accept_cancel(**queue.which()), "No cancellation of this order", InvalidState)
    queue.carol.cancel(queue.id)
    refused(lambda: manual_actions.refuse_cancel(**queue.which(), text=" "), "Enter a reason")
    manual_actions.refuse_cancel(**queue.which(), text="nearly done")
    assert cancel_row() == ("done", None, "nearly done")
    assert facts("order.cancel_refused") == [{"said": "nearly done", "by": BY}]
    assert queue.sees() == Seen("In progress", "0.90", 1000)
    assert queue.carol.cancel(queue.id) == [1]
    assert cancel_row()[:2] == ("waiting", None)


def test_the_end_of_an_order_answers_its_cancel(queue: Queue, alice: Owner, upstream: ScriptedUpstream) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    manual_actions.start(**queue.which())
    queue.carol.cancel(queue.id)
    refused(lambda: manual_actions.pass_on(**queue.which()), "requested a cancellation", InvalidState)
    resolve_actions.done(**queue.which())
    assert cancel_row() == ("done", None, "the order has ended: Completed")
    assert queue.carol.balance() == "99.10"


def test_a_cancel_that_was_asked_while_it_was_sent_is_done_when_it_comes_to_the_queue(queue: Queue) -> None:
    """An upstream refused it after the cancel was asked for; staff have not started it."""
    execute(
        "INSERT INTO orders_cancel (panel_id, order_id, state, due_at, created_at, attempts, answer_code)"
        " SELECT panel_id, id, 'waiting', created_at, created_at, 0, '' FROM orders_order WHERE id = %s",
        queue.id,
    )
    queue.worker.cancels()
    assert queue.sees() == Seen("Canceled", "0.00", 1000)
    assert cancel_row() == ("done", None, "cancelled before it was sent")


def test_such_a_cancel_waits_for_staff_once_they_have_started(queue: Queue) -> None:
    manual_actions.start(**queue.which())
    execute(
        "INSERT INTO orders_cancel (panel_id, order_id, state, due_at, created_at, attempts, answer_code)"
        " SELECT panel_id, id, 'waiting', created_at, created_at, 0, '' FROM orders_order WHERE id = %s",
        queue.id,
    )
    queue.worker.cancels()
    assert cancel_row() == ("waiting", None, "")
    manual_actions.accept_cancel(**queue.which())
    assert queue.sees().status == "Canceled"


@commits
def test_a_cancel_and_a_start_at_once_have_one_winner(queue: Queue) -> None:
    for _ in range(5):
        order_id = queue.ordered()
        barrier = threading.Barrier(2)
        lost: list[InvalidState] = []

        def start(order_id: int = order_id, barrier: threading.Barrier = barrier, lost: Any = lost) -> None:
            barrier.wait(60)
            try:
                resolve_actions.done(**queue.which(order_id))
            except InvalidState as error:
                lost.append(error)

        def cancel(order_id: int = order_id, barrier: threading.Barrier = barrier) -> None:
            barrier.wait(60)
            queue.carol.cancel(order_id)

        together([start, cancel])
        assert queue.carol.sees(order_id).status == ("Canceled" if lost else "Completed")
        check_books()


# ---- drip-feeds --------------------------------------------------------------------------------------


def test_runs_of_a_drip_feed_refund_from_their_parent(queue: Queue) -> None:
    parent = queue.carol.order(quantity=100, runs=3, interval=10)
    for _ in range(3):
        run_schedules()
        queue.worker.forward()
        queue.time.passes(minutes=10)
    first, second, third = (child.id for child in children_of(parent))
    resolve_actions.done(**queue.which(first))
    resolve_actions.partial(**queue.which(second), remains=40)
    resolve_actions.cancel(**queue.which(third))
    # 300 units for 0.27, of which 160 came.
    assert queue.carol.sees(parent) == Seen("Partial", "0.144", 140)
    assert queue.carol.balance() == money.text(money.parse("100") - 900_000 - 144_000)


def test_a_cancelled_drip_feed_ends_when_staff_answer_for_its_started_run(queue: Queue) -> None:
    parent = queue.carol.order(quantity=100, runs=3, interval=10)
    run_schedules()
    queue.worker.forward()
    (run,) = (child.id for child in children_of(parent))
    manual_actions.progress(**queue.which(run), delivered=30)
    assert queue.carol.cancel(parent) == [1]
    assert queue.carol.sees(parent).charge == "0.09", "the runs that were not started are given back"
    manual_actions.accept_cancel(**queue.which(run))
    assert queue.carol.sees(parent) == Seen("Partial", "0.027", 270)


# ---- refills -----------------------------------------------------------------------------------------


def refill_row() -> tuple[Any, ...]:
    """Status, state, when it is due, and the problem in words."""
    row = values("SELECT status, state, due_at, problem_code, problem_facts FROM orders_refill ORDER BY id")[-1]
    return (*row[:3], problems.told(*row[3:]))


def test_a_refill_of_what_staff_delivered_is_done_by_staff(queue: Queue) -> None:
    refill_id = queue.refill_asked()
    assert refill_row() == ("Pending", "waiting", None, "no provider has this order: for staff to do")
    which = queue.of_refill(refill_id)
    manual_actions.start_refill(**which)
    assert refill_row() == ("In progress", "waiting", None, "")
    refused(lambda: manual_actions.start_refill(**which), "already started", InvalidState)
    refused(lambda: manual_actions.send_refill(**which), "No provider has this order", InvalidState)
    queue.time.passes(days=1)
    queue.worker.everything()
    manual_actions.finish_refill(**which)
    assert refill_row() == ("Completed", "done", None, "")
    assert facts("refill.completed") == [{"refill": refill_id.number, "by": BY}]
    refused(lambda: manual_actions.finish_refill(**which), "has ended: Completed", InvalidState)
    assert queue.carol.balance() == "99.10"


def test_a_rejected_refill_says_why(queue: Queue) -> None:
    which = queue.of_refill(queue.refill_asked())
    refused(lambda: manual_actions.reject_refill(**which, text=""), "Enter a reason")
    manual_actions.reject_refill(**which, text="nothing was lost")
    assert refill_row() == ("Rejected", "done", None, "nothing was lost")
    assert queue.carol.refill(queue.id) == [Refusal("refill_too_soon")]
    queue.time.passes(hours=24)
    (again,) = queue.carol.refill(queue.id)
    assert again == which["refill_id"] + 1


def test_refills_of_another_panel_are_not_there(queue: Queue, rival: Owner) -> None:
    refill_id = queue.refill_asked()
    which: dict[str, Any] = {"panel_id": rival.panel_id, "refill_id": refill_id, "by": BY}
    for act in (
        lambda: manual_actions.start_refill(**which),
        lambda: manual_actions.finish_refill(**which),
        lambda: manual_actions.reject_refill(**which, text="no"),
        lambda: manual_actions.send_refill(**which),
    ):
        refused(act, "Refill .* not found", NotThere)


# ---- money, whatever they do -------------------------------------------------------------------------

MOVES: dict[str, Callable[[Queue, dict[str, Any], int], Any]] = {
    "start": lambda q, w, n: manual_actions.start(**w, start_count=n),
    "remains": lambda q, w, n: manual_actions.progress(**w, remains=n),
    "delivered": lambda q, w, n: manual_actions.progress(**w, delivered=n),
    "partial": lambda q, w, n: resolve_actions.partial(**w, remains=n),
    "done": lambda q, w, n: resolve_actions.done(**w),
    "cancel": lambda q, w, n: resolve_actions.cancel(**w),
    "pass on": lambda q, w, n: manual_actions.pass_on(**w),
    "accept": lambda q, w, n: manual_actions.accept_cancel(**w),
    "refuse": lambda q, w, n: manual_actions.refuse_cancel(**w, text="no"),
    "customer cancels": lambda q, w, n: q.carol.cancel(w["order_id"]),
    "worker": lambda q, w, n: (q.worker.forward(), q.worker.cancels()),
}


@settings(max_examples=effort(40, proving=200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(sorted(MOVES)), st.sampled_from([0, 1, 250, 999, 1000, 1001])), max_size=12
    )
)
def test_money_is_conserved_whatever_staff_do(queue: Queue, moves: list[tuple[str, int]]) -> None:
    if value("SELECT COUNT(*) FROM providers_provider") == 1:
        own_people(queue.alice, name="the night shift")
    order_id = queue.ordered(quantity=1000, link=f"https://example.com/{value('SELECT COUNT(*) FROM orders_order')}")
    which, before = queue.which(order_id), money.parse(queue.carol.balance())
    for name, number in moves:
        ended = row_of(order_id).ended_at
        state = everything()
        try:
            result = MOVES[name](queue, which, number)
        except ValueError:
            assert everything() == state, f"{name} was refused and changed something"
        else:
            assert ended is None or name == "worker" or isinstance(result[0], Refusal), f"{name} after the end"
        order = row_of(order_id)
        kept = order.booked_micros - (money.parse(queue.carol.balance()) - before)
        assert order.charge_micros == kept
        if order.status == "Partial":
            assert order.booked_micros - kept == order.booked_micros * order.remains // order.quantity
        else:
            assert kept == (0 if order.status == "Canceled" else order.booked_micros)
    check_books()
    # What is still open ends, so that the next example starts with as much money.
    if row_of(order_id).ended_at is None:
        queue.worker.forward()
        resolve_actions.cancel(**which)
    if money.parse(queue.carol.balance()) < 10_000_000:
        queue.alice.credits(queue.carol, "90", reference=f"after {order_id}")
