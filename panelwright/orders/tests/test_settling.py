"""What reports make of an order: ends never change, money goes back once, and remains are exact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from panelwright.core import money
from panelwright.orders import settling
from panelwright.orders.models import OrderKind
from panelwright.orders.problems import facts_of, words
from panelwright.orders.settling import OpenOrder, Report, ScheduleState, Settled, settle
from panelwright.orders.status import ENDED, OPEN_ORDER, PROGRESS, OrderStatus, SubscriptionStatus

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CARD = OpenOrder(
    id=7,
    number=1007,
    panel_id=1,
    customer_id=2,
    account_id=3,
    sales_account_id=4,
    kind=OrderKind.PLAIN.value,
    parent_id=None,
    quantity=1000,
    booked_micros=900_000,
    charge_micros=900_000,
    status="Processing",
    start_count=None,
    remains=1000,
    job="poll",
    due_at=NOON,
    lease_until=NOON + timedelta(minutes=5),
    attempts=3,
    problem_code="",
    problem_facts="",
    problem_at=None,
    provider_id=5,
    route_id=6,
    upstream_id="23501",
    created_at=NOON,
    ended_at=None,
    open_link="digest",
)


def refunded(settled: Settled) -> int:
    return settled.refund.micros if settled.refund else 0


# ---- one report ------------------------------------------------------------------------------------


def test_completed_keeps_the_charge_and_leaves_nothing() -> None:
    order, refund = settle(CARD, Report("Completed", start_count=120, remains=400), NOON)
    assert refund is None
    assert (order.status, order.charge_micros, order.remains, order.start_count) == ("Completed", 900_000, 0, 120)
    assert (order.job, order.due_at, order.lease_until, order.open_link) == (None, None, None, None)
    assert order.ended_at == NOON


def test_partial_gives_back_the_share_of_what_remains() -> None:
    order, refund = settle(CARD, Report("Partial", remains=157), NOON)
    assert refund == settling.Refund(1, 7, 1007, sales_account_id=4, account_id=3, micros=141_300)
    assert (order.status, order.charge_micros, order.remains) == ("Partial", 758_700, 157)


def test_partial_of_an_awkward_charge_rounds_the_refund_down() -> None:
    card = CARD._replace(quantity=3, remains=3, booked_micros=1_000_000, charge_micros=1_000_000)
    order, refund = settle(card, Report("Partial", remains=1), NOON)
    assert refund is not None
    assert (refund.micros, order.charge_micros) == (333_333, 666_667)


@pytest.mark.parametrize("remains", [None, 0, -2, 400, 1000, 5000])
def test_canceled_gives_back_everything_so_everything_remains(remains: int | None) -> None:
    order, refund = settle(CARD, Report("Canceled", remains=remains), NOON)
    assert refund is not None
    assert (refund.micros, order.charge_micros, order.status) == (900_000, 0, "Canceled")
    assert order.remains == 1000, "resellers work out their own refunds from it"


@pytest.mark.parametrize(
    ("remains", "problem"),
    [
        (None, "the provider says Partial and does not say how much remains"),
        (1001, "the provider says Partial with 1001 remaining of 1000"),
    ],
)
def test_a_partial_that_cannot_be_right_is_left_for_a_person(remains: int | None, problem: str) -> None:
    order, refund = settle(CARD, Report("Partial", remains=remains), NOON)
    assert refund is None
    assert (order.status, order.charge_micros, order.remains) == ("Processing", 900_000, 1000)
    assert words(order.problem_code, facts_of(order.problem_facts)) == problem
    assert (order.job, order.ended_at) == ("poll", None)


def test_a_partial_of_nothing_or_of_everything_is_called_by_its_name() -> None:
    done, refund = settle(CARD, Report("Partial", remains=0), NOON)
    assert (done.status, done.charge_micros, refund) == ("Completed", 900_000, None)
    nothing, refund = settle(CARD, Report("Partial", remains=1000), NOON)
    assert refund is not None
    assert (nothing.status, nothing.charge_micros, nothing.remains, refund.micros) == ("Canceled", 0, 1000, 900_000)


@pytest.mark.parametrize(("charged", "rate_e12", "is_right"), [(200_000, 10**12, False), (399_000, 10**12, True)])
@pytest.mark.parametrize("remains", [0, -3])
def test_a_partial_of_all_for_less_than_all_is_left_for_a_person(
    charged: int, rate_e12: int, is_right: bool, remains: int
) -> None:
    card = CARD._replace(cost_micros=400_000, cost_rate_e12=10**12)
    report = Report("Partial", remains=remains, cost=settling.Cost(charged, rate_e12))
    order, refund = settle(card, report, NOON)
    assert refund is None
    if is_right:
        assert (order.status, order.cost_micros) == ("Completed", charged)
        return
    for _ in range(2):  # saying it again makes it no truer
        assert (order.status, order.charge_micros, order.remains) == ("Processing", 900_000, 1000)
        assert (order.job, order.ended_at, order.cost_micros) == ("poll", None, 400_000)
        assert words(order.problem_code, facts_of(order.problem_facts)) == (
            "the provider says Partial with nothing remaining, and charges 0.20, where all of it was to cost 0.40"
        )
        order, refund = settle(order, report, NOON)
    assert refund is None
    done, refund = settle(order, report._replace(remains=500), NOON)
    assert refund is not None
    assert (done.status, done.cost_micros, refund.micros) == ("Partial", 200_000, 450_000)


def test_a_cost_is_compared_in_the_providers_money() -> None:
    card = CARD._replace(cost_micros=400_000, cost_rate_e12=2 * 10**12)
    order, _ = settle(card, Report("Partial", remains=0, cost=settling.Cost(200_000, 10**12)), NOON)
    assert order.status == "Completed", "the provider's currency is worth half of what it was"
    order, _ = settle(card, Report("Partial", remains=0, cost=settling.Cost(200_000, 2 * 10**12)), NOON)
    assert order.problem_code == "partial_of_all"


@pytest.mark.parametrize(("before", "word"), [("Processing", "Pending"), ("In progress", "Processing")])
def test_an_upstream_that_goes_back_does_not_take_ours_back(before: str, word: str) -> None:
    order, refund = settle(CARD._replace(status=before), Report(word, remains=600), NOON)
    assert (order.status, order.remains, refund) == (before, 600, None)


@pytest.mark.parametrize(
    ("before", "said", "remains"),
    [
        # Nothing has started, whatever stands in the place of a number.
        ({}, Report("Pending", remains=0), 1000),
        ({}, Report("Pending", start_count=0, remains=0), 1000),
        ({}, Report("Pending", start_count=3572, remains=0), 1000),
        ({}, Report("Processing", start_count=0, remains=0), 1000),
        ({}, Report("Processing", start_count=3572, remains=0), 1000),
        ({}, Report("In progress", remains=0), 1000),
        ({}, Report("In progress", start_count=0, remains=0), 1000),
        ({"status": "In progress", "remains": 400, "start_count": 5}, Report("Pending", remains=0), 400),
        # Something has: the last unit is under way.
        ({}, Report("In progress", start_count=3572, remains=0), 0),
        ({"status": "In progress", "remains": 400}, Report("In progress", remains=0), 0),
        ({"remains": 400}, Report("Processing", start_count=0, remains=0), 0),
        ({}, Report("In progress", remains=-2), 0),
        # A number that says more is taken at any time.
        ({}, Report("Pending", remains=400), 400),
        ({}, Report("In progress", remains=5000), 1000),
        ({"remains": 400, "status": "In progress"}, Report("In progress"), 400),
    ],
)
def test_a_zero_counts_only_where_something_has_begun(before: dict[str, Any], said: Report, remains: int) -> None:
    order, refund = settle(CARD._replace(**before), said, NOON)
    assert (order.remains, refund, order.charge_micros) == (remains, None, 900_000)


def test_what_was_sent_is_no_longer_pending() -> None:
    order, _ = settle(CARD._replace(status="Pending"), Report("Pending"), NOON)
    assert order.status == "Processing"


@pytest.mark.parametrize("word", [None, "Active", "Paused", "Expired"])
def test_a_word_that_no_order_has_is_a_problem_and_no_end(word: str | None) -> None:
    order, refund = settle(CARD, Report(word, start_count=5, remains=0, raw_status="active?"), NOON)
    assert refund is None
    assert (order.status, order.remains, order.charge_micros, order.ended_at) == ("Processing", 1000, 900_000, None)
    assert order.problem_code == "status_not_understood"
    assert facts_of(order.problem_facts) == {"word": "active?"}
    assert order.job == "poll"


def test_a_report_that_is_understood_heals_the_problem() -> None:
    odd, _ = settle(CARD, Report(None, raw_status="?"), NOON)
    assert odd.problem_code
    healed, _ = settle(odd, Report("In progress", remains=10), NOON)
    assert (healed.status, healed.problem_code, healed.problem_facts, healed.attempts) == ("In progress", "", "", 0)


@pytest.mark.parametrize("remains", [-5, 2000])
def test_remains_stay_between_nothing_and_all(remains: int) -> None:
    order, _ = settle(CARD, Report("In progress", remains=remains, start_count=-3), NOON)
    assert order.remains == (0 if remains < 0 else 1000)
    assert order.start_count == 0


@pytest.mark.parametrize(("age_s", "wait_s"), [(0, 2), (20, 2), (60, 6), (3600, 360), (9000, 900), (86_400, 900)])
def test_the_older_an_order_the_rarer_the_question(age_s: int, wait_s: int) -> None:
    now = NOON + timedelta(seconds=age_s)
    order, _ = settle(CARD, Report("In progress"), now)
    assert order.due_at == now + timedelta(seconds=wait_s)


# ---- any reports, one after the other -----------------------------------------------------------------

WORDS = st.sampled_from([*OrderStatus.values, *SubscriptionStatus.values, None])
COUNTS = st.one_of(st.none(), st.integers(min_value=-10, max_value=1_500), st.just(10**15))
REPORTS = st.builds(Report, WORDS, COUNTS, COUNTS, st.text(max_size=5))
MOVES = {*PROGRESS, "Completed", "Partial", "Canceled"}


class AnOrder(RuleBasedStateMachine):
    """Reports come in any order and as often as they like."""

    @initialize(
        quantity=st.integers(min_value=1, max_value=1_000),
        rate=st.integers(min_value=0, max_value=10**9),
        status=st.sampled_from(sorted(OPEN_ORDER)),
    )
    def placed(self, quantity: int, rate: int, status: str) -> None:
        charge = money.charge(rate_micros=rate, units=quantity)
        self.order = CARD._replace(
            quantity=quantity, remains=quantity, booked_micros=charge, charge_micros=charge, status=status
        )
        self.given_back = 0
        self.refunds = 0
        self.seen = [status]

    @rule(report=REPORTS)
    def reported(self, report: Report) -> None:
        before = self.order
        self.order, refund = settle(before, report, NOON)
        if refund is not None:
            assert refund.micros > 0
            self.refunds += 1
            self.given_back += refund.micros
        if before.status in ENDED:
            assert (self.order, refund) == (before, None), "an end never changes"
        if self.order.status != self.seen[-1]:
            self.seen.append(self.order.status)

    @invariant()
    def money_is_conserved(self) -> None:
        order = self.order
        assert 0 <= order.charge_micros <= order.booked_micros
        assert order.booked_micros - self.given_back == order.charge_micros
        assert self.refunds <= 1

    @invariant()
    def the_words_keep_their_promises(self) -> None:
        order = self.order
        assert order.status in MOVES
        assert 0 <= order.remains <= order.quantity
        assert (order.ended_at is not None) == (order.status in ENDED)
        assert (order.job is None) == (order.status in ENDED)
        kept = order.booked_micros - order.booked_micros * order.remains // order.quantity
        if order.status == "Completed":
            assert (order.remains, order.charge_micros) == (0, order.booked_micros)
        elif order.status == "Partial":
            assert 0 < order.remains < order.quantity
            assert order.charge_micros == kept
        elif order.status == "Canceled":
            assert order.charge_micros == 0
        else:
            assert order.charge_micros == order.booked_micros

    @invariant()
    def the_status_never_goes_back(self) -> None:
        steps = [PROGRESS.get(status, 3) for status in self.seen]
        assert steps == sorted(set(steps)), self.seen


TestAnOrder = AnOrder.TestCase
TestAnOrder.settings = settings(stateful_step_count=25)


# ---- drip-feeds ------------------------------------------------------------------------------------


class ADripFeed(RuleBasedStateMachine):
    """Runs start, end as they like, and the customer may cancel the rest in the middle."""

    @initialize(
        runs=st.integers(min_value=2, max_value=6),
        run_quantity=st.integers(min_value=1, max_value=50),
        rate=st.integers(min_value=0, max_value=10**7),
    )
    def placed(self, runs: int, run_quantity: int, rate: int) -> None:
        quantity = runs * run_quantity
        charge = money.charge(rate_micros=rate, units=quantity)
        self.parent = CARD._replace(
            kind=OrderKind.DRIP_FEED.value,
            quantity=quantity,
            remains=quantity,
            booked_micros=charge,
            charge_micros=charge,
            status="Pending",
        )
        self.schedule = ScheduleState(7, runs, run_quantity, 0, 0, 0)
        self.open: list[OpenOrder] = []
        self.undelivered = 0
        self.references: list[int] = []
        self.given_back = 0

    def _take(self, settled: Settled) -> None:
        assert self.parent.ended_at is None, "nothing happens to a drip-feed that has ended"
        self.parent, refund = settled
        if refund is not None:
            assert refund.order_id == self.parent.id, "all of the money is the parent's"
            self.references.append(refund.reference)
            self.given_back += refund.micros

    @rule()
    def a_run_starts(self) -> None:
        if self.parent.ended_at is None and self.schedule.runs_started < self.schedule.runs:
            number = self.schedule.runs_started + 1
            self.schedule = self.schedule._replace(runs_started=number)
            quantity = self.schedule.run_quantity
            self.open.append(
                CARD._replace(
                    id=100 + number,
                    number=1100 + number,
                    kind=OrderKind.RUN.value,
                    parent_id=7,
                    quantity=quantity,
                    remains=quantity,
                    booked_micros=0,
                    charge_micros=0,
                )
            )

    @rule(report=REPORTS, pick=st.integers(min_value=0))
    def a_run_is_reported(self, report: Report, pick: int) -> None:
        if not self.open:
            return
        place = pick % len(self.open)
        run, refund = settle(self.open[place], report, NOON)
        assert refund is None, "a run carries no money of its own"
        self.open[place] = run
        if run.status in ENDED:
            del self.open[place]
            self.undelivered += run.quantity if run.status == "Canceled" else run.remains
            settled, self.schedule = settling.run_ended(self.parent, self.schedule, run, NOON)
            self._take(settled)

    @rule()
    def the_customer_cancels(self) -> None:
        if self.parent.ended_at is None:
            self.undelivered += (self.schedule.runs - self.schedule.runs_started) * self.schedule.run_quantity
            settled, self.schedule = settling.stop_runs(self.parent, self.schedule, NOON)
            self._take(settled)

    @invariant()
    def many_refunds_add_up_to_one(self) -> None:
        parent = self.parent
        whole = money.refund(charge_micros=parent.booked_micros, remains=self.undelivered, quantity=parent.quantity)
        assert self.given_back == whole
        assert parent.charge_micros == parent.booked_micros - whole
        assert 0 <= parent.charge_micros <= parent.booked_micros
        assert len(set(self.references)) == len(self.references), "each refund is booked under a name of its own"

    @invariant()
    def it_ends_with_its_last_run(self) -> None:
        parent, schedule = self.parent, self.schedule
        assert schedule.undelivered == self.undelivered
        assert 0 <= schedule.runs_done <= schedule.runs_started <= schedule.runs
        assert (parent.ended_at is not None) == (schedule.runs_done == schedule.runs)
        if parent.ended_at is not None:
            assert not self.open
            assert parent.remains == self.undelivered
            ends = {0: "Completed", parent.quantity: "Canceled"}
            assert parent.status == ends.get(self.undelivered, "Partial")
        assert 0 <= parent.remains <= parent.quantity


TestADripFeed = ADripFeed.TestCase
TestADripFeed.settings = settings(stateful_step_count=25)


@given(
    charge=st.integers(min_value=0, max_value=10**12),
    run_quantity=st.integers(min_value=1, max_value=1000),
    left=st.lists(st.integers(min_value=0, max_value=1000), min_size=2, max_size=40),
)
def test_many_partial_refunds_add_up_to_exactly_the_one(charge: int, run_quantity: int, left: list[int]) -> None:
    left = [min(remains, run_quantity) for remains in left]
    quantity = run_quantity * len(left)
    parent = CARD._replace(
        kind=OrderKind.DRIP_FEED.value,
        quantity=quantity,
        remains=quantity,
        booked_micros=charge,
        charge_micros=charge,
        status="In progress",
    )
    schedule = ScheduleState(7, len(left), run_quantity, len(left), 0, 0)
    back = 0
    for number, remains in enumerate(left):
        status = "Completed" if remains == 0 else "Canceled" if remains == run_quantity else "Partial"
        run = CARD._replace(id=100 + number, quantity=run_quantity, remains=remains, status=status)
        settled, schedule = settling.run_ended(parent, schedule, run, NOON)
        parent = settled.order
        back += refunded(settled)
    assert back == money.refund(charge_micros=charge, remains=sum(left), quantity=quantity)
    assert parent.charge_micros + back == charge
    assert parent.ended_at == NOON


def test_missed_runs_do_not_come_as_a_burst() -> None:
    schedule = ScheduleState(7, runs=5, run_quantity=100, runs_started=2, runs_done=1, undelivered=0)
    late = NOON + timedelta(days=3)
    assert settling.next_run(schedule, 30, late) == late + timedelta(minutes=30)
    assert settling.next_run(schedule._replace(runs_started=5), 30, late) is None


def test_what_the_runs_of_a_drip_feed_cost_together_is_an_amount_or_not_known() -> None:
    """A provider may say of each run that it costs as much as an amount can be: the sum has to fit its column."""
    parent = CARD._replace(kind=OrderKind.DRIP_FEED.value, quantity=3000, remains=3000)
    schedule = ScheduleState(7, runs=3, run_quantity=1000, runs_started=3, runs_done=0, undelivered=0)
    most = money.AMOUNT_MAX_MICROS
    run = CARD._replace(
        kind=OrderKind.RUN.value, status="Completed", remains=0, cost_micros=most, cost_told=True, past_cost_micros=most
    )
    costs = []
    for _ in range(3):
        (parent, _refund), schedule = settling.run_ended(parent, schedule, run, NOON)
        costs.append((parent.cost_micros, parent.cost_told, parent.past_cost_micros))
    assert costs == [(most, True, most), (None, False, most), (None, False, most)]
