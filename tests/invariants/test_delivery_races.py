"""Two workers, customers who cancel, reports that come twice: each order goes out once and is settled once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.core import clock, money, sql
from panelwright.customers.access import Caller
from panelwright.ledger.actions import credit_customer
from panelwright.ledger.models import TransferCode
from panelwright.orders import lifecycle
from panelwright.orders.actions import AskOrders, place_orders, request_cancels
from panelwright.orders.rules import PlaceOrder
from panelwright.orders.schedule_actions import run_schedules
from panelwright.providers.routing import health, store
from panelwright.providers.routing.actions import (
    Sending,
    Sent,
    claim_forward,
    claim_poll,
    claim_unfinished,
    commit_polled,
    commit_sent,
    note_silent,
)
from panelwright.providers.wire.outcomes import Accepted, OrderReport, Unknown, UpstreamRefused
from panelwright.sandbox.tests.harness import Sandbox
from tests.support import books
from tests.support.people import execute
from tests.support.processes import Launcher
from tests.support.selling import PROVIDER_KEY, ROUND, Shop, open_shop
from tests.support.threads import together
from tests.support.upstream import ScriptedUpstream

LEASES_END = sql.Query(
    "UPDATE orders_order SET due_at = created_at"
    " WHERE id IN (SELECT id FROM orders_order WHERE lease_until IS NOT NULL :skip_locked)"
)

T = TypeVar("T")
Reports = dict[str, OrderReport | UpstreamRefused | Unknown]

# Service ROUND costs 1.50 per 1,000.
PRICE = 1_500_000
pytestmark = pytest.mark.usefixtures("transactional_db")


def place(shop: Shop, count: int, **more: str) -> list[int]:
    """Orders of the first customer, each for a link of its own; their ids."""
    caller = Caller(customer_id=shop.buyers[0].customer_id)
    params = {"service": str(ROUND), "quantity": "1000", **more}
    results = place_orders([PlaceOrder(caller, {**params, "link": f"https://example.com/{n}"}) for n in range(count)])
    assert all(isinstance(result, int) for result in results), results
    ids = dict(books.rows("SELECT number, id FROM orders_order WHERE panel_id = %s", shop.panel_id))
    return [ids[int(result)] for result in results if isinstance(result, int)]


def accept(sendings: Sequence[Sending]) -> list[Sent]:
    """Upstream took them, under numbers that follow from ours."""
    return [Sent(sending, Accepted(str(900_000 + sending.order.id))) for sending in sendings]


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def drain(take: Callable[[], Sequence[T]]) -> list[T]:
    """Take until there is nothing left."""
    taken: list[T] = []
    while part := take():
        taken += part
    return taken


# ---- forwarding ------------------------------------------------------------------------------------


def test_two_workers_share_the_orders() -> None:
    """Each takes its part while the other takes its own: neither waits in vain, and none is taken twice."""
    shop = open_shop(balances=["1000.00"])
    ids = place(shop, 120)

    def take() -> list[int]:
        return [sending.order.id for _ in range(12) for sending in claim_forward(5)]

    parts = together([take, take])
    assert [len(part) for part in parts] == [60, 60]
    assert sorted(id_ for part in parts for id_ in part) == ids
    assert claim_forward(5) == []


def test_two_worker_processes_bring_every_order_to_its_end(launch: Launcher, tmp_path: Path) -> None:
    upstream = Sandbox(tmp_path, keys=(PROVIDER_KEY,), options=("--speed", "50"))
    upstream.start()
    try:
        shop = open_shop(balances=["1000.00"], provider_url=f"{upstream.url}/api/v2")
        place(shop, 150)
        workers = [launch.start("worker"), launch.start("worker")]
        for worker in workers:
            worker.wait_for(
                lambda: books.number("SELECT COUNT(*) FROM orders_order WHERE ended_at IS NULL") == 0,
                what="the end of all orders",
                timeout_s=120,
            )
        assert [worker.terminate() for worker in workers] == [0, 0]
        state = upstream.state()
    finally:
        upstream.kill()
    assert sorted(state["add_calls"].values()) == [1] * 150
    assert books.rows("SELECT status, COUNT(*) FROM orders_order GROUP BY status") == [("Completed", 150)]
    assert books.balance_micros(shop.buyers[0].account_id) == 1_000 * money.MICROS - 150 * PRICE
    assert books.faults(shop.panel_id) == []


def test_two_worker_processes_share_a_provider_s_rate_limit(launch: Launcher) -> None:
    """However fast they are, together they send no more than the provider allows, spread over the minute."""
    arrived: list[float] = []
    upstream = ScriptedUpstream()

    def take(params: dict[str, str]) -> dict[str, object]:
        arrived.append(time.monotonic())
        return {"order": len(arrived)}

    def tell(params: dict[str, str]) -> dict[str, object]:
        arrived.append(time.monotonic())
        one = {"charge": "1", "start_count": "0", "status": "In progress", "remains": "5", "currency": "USD"}
        return dict.fromkeys(params["orders"].split(","), one) if "orders" in params else {**one}

    upstream.answers("add", take)
    upstream.answers("status", tell)
    try:
        shop = open_shop(balances=["1000.00"], provider_url=upstream.url)
        execute("UPDATE providers_provider SET per_minute_max = 60")
        place(shop, 60)
        workers = [launch.start("worker"), launch.start("worker")]
        for worker in workers:
            worker.wait_for(lambda: len(arrived) >= 20, what="twenty requests", timeout_s=120)
        assert [worker.terminate() for worker in workers] == [0, 0]
    finally:
        upstream.stop()
    share_us, ahead_us = health.share(60)
    at_once = ahead_us // share_us + 1
    for i, start in enumerate(arrived):
        for j in range(i + 1, len(arrived)):
            # One more than may have gone out, for a request that was longer on its way than the next.
            assert j - i + 1 <= at_once + (arrived[j] - start) * 1e6 // share_us + 2
    assert books.number("SELECT COUNT(*) FROM orders_order WHERE problem_code <> ''") == 0


def test_a_killed_worker_s_orders_are_brought_to_their_end_by_the_other(launch: Launcher, tmp_path: Path) -> None:
    upstream = Sandbox(tmp_path, keys=(PROVIDER_KEY,), options=("--speed", "50"))
    upstream.start()
    try:
        shop = open_shop(balances=["1000.00"], provider_url=f"{upstream.url}/api/v2", knows_request_id=True)
        place(shop, 200)
        killed, survivor = launch.start("worker"), launch.start("worker")
        killed.wait_for(
            lambda: books.number("SELECT COUNT(*) FROM orders_order WHERE upstream_id IS NOT NULL") >= 20,
            what="twenty orders at the provider",
            timeout_s=120,
        )
        killed.kill()

        def all_ended() -> bool:
            # The leases of the dead one run out. The other one is at work: we wait for none of its rows, or each
            # of us might wait for the other.
            LEASES_END.run(connection)
            return books.number("SELECT COUNT(*) FROM orders_order WHERE ended_at IS NULL") == 0

        survivor.wait_for(all_ended, what="the end of all orders", timeout_s=120)
        assert survivor.terminate() == 0
        state = upstream.state()
    finally:
        upstream.kill()
    assert len(state["add_calls"]) == 200, "each order has one request_id, however often it was sent"
    assert len(state["orders"]) == 200
    assert books.rows("SELECT status, COUNT(*) FROM orders_order GROUP BY status") == [("Completed", 200)]
    assert books.number("SELECT COUNT(DISTINCT upstream_id) FROM orders_order") == 200
    assert books.faults(shop.panel_id) == []


def test_an_order_is_either_cancelled_or_claimed_for_sending() -> None:
    """A panel that looked first and wrote later refunded orders that it then sent."""
    shop = open_shop(balances=["1000.00"])
    ids = place(shop, 120)
    caller = Caller(customer_id=shop.buyers[0].customer_id)

    numbers = dict(books.rows("SELECT id, number FROM orders_order"))

    def cancel(part: Sequence[int]) -> list[int]:
        for n in range(0, len(part), 4):
            assert request_cancels([AskOrders(caller, tuple(numbers[id_] for id_ in part[n : n + 4]))]) == [[1] * 4]
        return []

    def claim() -> list[int]:
        return [sending.order.id for sending in drain(lambda: claim_forward(5))]

    backwards, forwards = ids[::-2], ids[:80:2]
    parts = together([claim, claim, lambda: cancel(backwards), lambda: cancel(forwards)])
    sent = [id_ for part in parts for id_ in part]
    assert len(sent) == len(set(sent))
    status = dict(books.rows("SELECT id, status FROM orders_order"))
    cancelled = {id_ for id_ in ids if status[id_] == "Canceled"}
    assert {id_ for id_ in ids if status[id_] == "Processing"} == set(sent) == set(ids) - cancelled
    asked = {row[0] for row in books.rows("SELECT order_id FROM orders_cancel")}
    assert asked == (set(backwards) | set(forwards)) - cancelled
    assert books.transfers() == Counter(order=120, refund=len(cancelled))
    assert books.balance_micros(shop.buyers[0].account_id) == 1_000 * money.MICROS - len(sent) * PRICE
    assert books.faults(shop.panel_id) == []


def test_a_dead_senders_orders_are_taken_over_once() -> None:
    shop = open_shop(balances=["100.00"])
    ids = place(shop, 30)
    before = claim_forward(100)
    assert [sending.order.id for sending in before] == ids
    with clock.at(later(3600)):
        taken = together([lambda: drain(lambda: claim_unfinished(7))] * 3)
        again = [sending for part in taken for sending in part]
        assert sorted(sending.order.id for sending in again) == ids
        # The first sender was not dead, only slow: what it says no longer counts.
        assert commit_sent(accept(before)) == 0
        assert commit_sent(accept(again)) == 30
        assert commit_sent(accept(again)) == 0


@pytest.mark.parametrize("given_up", ["its sender died", "its provider is silent"])
def test_who_gives_runs_up_waits_for_their_drip_feed_with_nothing_in_hand(database_kind: str, given_up: str) -> None:
    """Staff lock a drip-feed, then its runs and a provider. Who held one of these and waited for it was a deadlock."""
    shop = open_shop(balances=["100.00"], knows_request_id=False)
    (parent,) = place(shop, 1, runs="2", interval="60")
    assert run_schedules(10) == 1
    (sending,) = claim_forward(10)
    past = later(-7200)
    act: Callable[[], object] = partial(claim_unfinished, 5)
    if given_up == "its provider is silent":
        assert commit_sent(accept([sending])) == 1
        execute("UPDATE providers_provider SET failures = 9, rest_until = %s", later(3600))
        execute("UPDATE orders_order SET due_at = %s WHERE id = %s", past, sending.order.id)
        act = note_silent
    else:
        # Its requests are counted, so its row is locked by who claims.
        execute("UPDATE providers_provider SET per_minute_max = 60")
        execute("UPDATE orders_order SET due_at = %s, lease_until = %s WHERE id = %s", past, past, sending.order.id)
    holds = threading.Event()

    def decide() -> None:
        with transaction.atomic():
            lifecycle.lock([parent])
            holds.set()
            for _ in range(2000):
                if books.number("SELECT COUNT(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"):
                    break
                time.sleep(0.005)
            else:
                raise AssertionError("nobody waits")
            lifecycle.lock(lifecycle.open_children(parent))
            store.providers([shop.provider_id], locked=True)

    def give_up() -> None:
        assert holds.wait(60)
        act()

    if database_kind == "sqlite":
        act()  # one writer at a time
    else:
        together([decide, give_up])
    ((code, job),) = books.rows("SELECT problem_code, job FROM orders_order WHERE id = %s", sending.order.id)
    assert (code, job) == (("outcome_unknown", None) if act is not note_silent else ("provider_silent", "poll"))


# ---- settling --------------------------------------------------------------------------------------


def processing(shop: Shop, count: int, **more: str) -> list[int]:
    """Orders that upstream has, due to be asked about."""
    ids = place(shop, count, **more)
    assert commit_sent(accept(claim_forward(count))) == count
    return ids


def test_a_report_that_is_committed_by_many_refunds_once() -> None:
    shop = open_shop(balances=["100.00"])
    processing(shop, 20)
    with clock.at(later(60)):
        asked = claim_poll(shop.provider_id, 100)
        assert len(asked) == 20
        reports: Reports = {
            ask.upstream_id: OrderReport(*(("Partial", 7, 333) if n % 2 else ("Canceled", 7, 1000)), None, "USD", "")
            for n, ask in enumerate(asked)
        }
        commit = partial(commit_polled, asked, reports, provider_id=shop.provider_id)
        counts = together([commit] * 6)
    assert sorted(counts) == [0, 0, 0, 0, 0, 20]
    assert books.transfers() == {"order": 20, "refund": 20}
    # 667 of 1,000 were delivered of ten orders, nothing of the other ten.
    kept = PRICE - money.refund(charge_micros=PRICE, remains=333, quantity=1000)
    assert kept == 1_000_500
    assert books.balance_micros(shop.buyers[0].account_id) == 100 * money.MICROS - 10 * kept
    assert books.faults(shop.panel_id) == []


def test_two_polls_ask_about_each_order_once() -> None:
    shop = open_shop(balances=["100.00"])
    ids = processing(shop, 40)
    with clock.at(later(60)):
        asked = together([lambda: drain(lambda: claim_poll(shop.provider_id, 6))] * 3)
    assert sorted(ask.id for part in asked for ask in part) == ids


def test_a_report_that_comes_after_its_lease_counts_no_longer() -> None:
    """Asked twice because the first asker was slow: the older answer must not undo the newer one."""
    shop = open_shop(balances=["100.00"])
    (id_,) = processing(shop, 1)
    with clock.at(later(60)):
        slow = claim_poll(shop.provider_id, 10)
    with clock.at(later(3600)):
        prompt = claim_poll(shop.provider_id, 10)
        assert [ask.id for ask in slow] == [ask.id for ask in prompt] == [id_]
        ref = prompt[0].upstream_id
        old: Reports = {ref: OrderReport("In progress", 7, 900, None, "USD", "")}
        new: Reports = {ref: OrderReport("In progress", 7, 100, None, "USD", "")}
        assert commit_polled(slow, old, provider_id=shop.provider_id) == 0
        assert commit_polled(prompt, new, provider_id=shop.provider_id) == 1
        assert commit_polled(slow, old, provider_id=shop.provider_id) == 0
    assert books.rows("SELECT status, remains FROM orders_order") == [("In progress", 100)]


def test_a_cancel_at_the_moment_of_the_end_changes_nothing() -> None:
    shop = open_shop(balances=["100.00"])
    ids = processing(shop, 24)
    caller = Caller(customer_id=shop.buyers[0].customer_id)
    with clock.at(later(60)):
        asked = claim_poll(shop.provider_id, 100)
        reports: Reports = {ask.upstream_id: OrderReport("Completed", 7, 0, None, "USD", "") for ask in asked}

        def cancel(id_: int) -> int:
            return len(request_cancels([AskOrders(caller, (id_,))]))

        halves = [asked[:12], asked[12:]]
        settle = [partial(commit_polled, half, reports, provider_id=shop.provider_id) for half in halves]
        together([*settle, *[partial(cancel, id_) for id_ in ids]])
    assert books.rows("SELECT status, COUNT(*) FROM orders_order GROUP BY status") == [("Completed", 24)]
    assert books.transfers() == {"order": 24}
    assert books.faults(shop.panel_id) == []


# ---- drip-feeds, deposits --------------------------------------------------------------------------


def test_two_workers_start_each_run_once() -> None:
    shop = open_shop(balances=["100.00"])
    parents = place(shop, 10, runs="3", interval="10")
    for minutes, runs in ((0, 1), (11, 2), (22, 3), (33, 3)):
        with clock.at(later(60 * minutes)):
            together([lambda: drain(lambda: [0] * run_schedules(3))] * 3)
        counted = books.rows("SELECT parent_id, COUNT(*) FROM orders_order WHERE kind = 'run' GROUP BY parent_id")
        assert dict(counted) == dict.fromkeys(parents, runs)
        started = books.rows("SELECT DISTINCT runs_started FROM orders_schedule")
        assert started == [(runs,)]
    assert books.balance_micros(shop.buyers[0].account_id) == 100 * money.MICROS - 30 * PRICE
    assert books.faults(shop.panel_id) == []


def test_runs_that_end_at_once_refund_their_drip_feed_exactly() -> None:
    """All runs of a drip-feed are settled by different workers at the same moment."""
    shop = open_shop(balances=["100.00"])
    (parent,) = place(shop, 1, runs="4", interval="1")
    for minute in range(4):
        with clock.at(later(61 * minute)):
            assert run_schedules(10) == 1
    with clock.at(later(300)):
        sendings = claim_forward(10)
        assert commit_sent(accept(sendings)) == 4
    with clock.at(later(600)):
        asked = claim_poll(shop.provider_id, 10)
        outcomes = [("Completed", 0), ("Partial", 333), ("Canceled", 400), ("Partial", 1)]
        reports: Reports = {
            ask.upstream_id: OrderReport(status, 7, remains, None, "USD", "")
            for ask, (status, remains) in zip(asked, outcomes, strict=True)
        }
        counts = together([partial(commit_polled, [ask], reports, provider_id=shop.provider_id) for ask in asked])
    assert counts == [1, 1, 1, 1]
    undelivered = 333 + 1000 + 1
    charge = 4 * PRICE - money.refund(charge_micros=4 * PRICE, remains=undelivered, quantity=4000)
    shown = books.rows("SELECT status, remains, charge_micros FROM orders_order WHERE id = %s", parent)
    assert shown == [("Partial", undelivered, charge)]
    assert books.balance_micros(shop.buyers[0].account_id) == 100 * money.MICROS - charge
    assert books.faults(shop.panel_id) == []


def test_a_deposit_that_is_told_of_many_times_is_credited_once() -> None:
    shop = open_shop(balances=["0"])
    (buyer,) = shop.buyers

    def credit(payment: str, amount_micros: int) -> bool | None:
        """None: refused, because it was booked with another amount."""
        try:
            with scope(panel=shop.panel_id):
                return credit_customer(
                    panel_id=shop.panel_id,
                    account_id=buyer.account_id,
                    amount_micros=amount_micros,
                    code=TransferCode.DEPOSIT,
                    reference=payment,
                    name="a gateway seen for the first time",
                    now=clock.now(),
                )
        except ValueError:
            return None

    # The first payment makes the gateway's account, the others find it.
    for number in range(1, 6):
        told = together([partial(credit, f"payment {number}", 25_000_000)] * 12)
        assert Counter(told) == {True: 1, False: 11}
        assert books.balance_micros(buyer.account_id) == number * 25_000_000
    assert together([partial(credit, "payment 5", 30_000_000)] * 4) == [None] * 4
    assert books.balance_micros(buyer.account_id) == 125_000_000
    assert books.number("SELECT COUNT(*) FROM ledger_account WHERE kind = 'clearing'") == 1
    assert books.faults(shop.panel_id) == []
