"""Too much at once, and bad luck in the middle: the write lane with real orders on a real database.

`Lane` is what a web process has between HTTP and the database. The database is made to hold it up by a lock
on the account that all orders need, and to refuse a command by a trigger.
"""

from __future__ import annotations

import asyncio
import logging
import random
import resource
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from panelwright.api.batching import Answer, Call, Lane
from panelwright.core import limits
from panelwright.customers.access import Caller, digest
from panelwright.lane.batcher import Failed, Overloaded
from tests.support import books
from tests.support.effort import effort, seed
from tests.support.selling import ROUND, Buyer, Shop, open_shop
from tests.support.threads import together

pytestmark = pytest.mark.usefixtures("transactional_db")

PRICE = 1_500_000
POISON = "https://example.com/poison"
DONE_MAX_S = 60.0


@pytest.fixture
def lane() -> Iterator[Lane]:
    opened = Lane()
    yield opened
    opened.stop()


def add(buyer: Buyer, link: str) -> Call:
    """An order of 1.50."""
    caller = Caller(address=("acme.example", 0, 0), digest=digest(buyer.key))
    return Call(caller, "add", {"service": str(ROUND), "link": link, "quantity": "1000"})


@contextmanager
def accounts_locked(shop: Shop) -> Iterator[None]:
    """Within the block no order can be placed: another process is writing."""
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            books.rows("UPDATE ledger_account SET name = name WHERE panel_id = %s RETURNING id", shop.panel_id)
            locked.set()
            release.wait(DONE_MAX_S)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(DONE_MAX_S)
    try:
        yield
    finally:
        release.set()
        holder.join()


@contextmanager
def poisoned(error: str) -> Iterator[None]:
    """Within the block the database fails on the order for POISON. `error` is PostgreSQL's code for it."""
    if connection.vendor == "postgresql":
        make = [
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '{error}'; END $$",
            "CREATE TRIGGER poison BEFORE INSERT ON orders_order FOR EACH ROW"
            f" WHEN (NEW.link = '{POISON}') EXECUTE FUNCTION poison()",
        ]
        undo = ["DROP TRIGGER poison ON orders_order", "DROP FUNCTION poison"]
    else:
        make = [
            "CREATE TRIGGER poison BEFORE INSERT ON orders_order"
            f" WHEN NEW.link = '{POISON}' BEGIN SELECT RAISE(ABORT, 'poison'); END"
        ]
        undo = ["DROP TRIGGER poison"]
    with triggers(make, undo):
        yield


@contextmanager
def triggers(make: list[str], undo: list[str]) -> Iterator[None]:
    """Run the statements of `make`, and at the end of the block those of `undo`."""
    for statement in make:
        connection.cursor().execute(statement)
    try:
        yield
    finally:
        for statement in undo:
            connection.cursor().execute(statement)


def named(results: Sequence[Answer | BaseException]) -> list[str]:
    """Each answer as text, each failure as the name of its class."""
    return [result.decode() if isinstance(result, bytes) else type(result).__name__ for result in results]


async def outcomes(futures: list[Awaitable[Answer]]) -> list[str]:
    async with asyncio.timeout(DONE_MAX_S):
        return named(await asyncio.gather(*futures, return_exceptions=True))


def run(lane: Lane, calls: Callable[[], list[Call]], *, locked: Shop | None = None) -> list[str]:
    """Submit all calls from one event loop, with the accounts of `locked` held meanwhile; the outcomes."""

    async def submit() -> list[str]:
        loop = asyncio.get_running_loop()
        if locked is None:
            return await outcomes([lane.submit(call, loop) for call in calls()])
        with accounts_locked(locked):
            futures: list[Awaitable[Answer]] = [lane.submit(call, loop) for call in calls()]
        return await outcomes(futures)

    return asyncio.run(submit())


def test_one_customers_flood_leaves_room_for_another(lane: Lane) -> None:
    """1,500 orders of one customer wait when another customer's one order comes: it goes with the next batch."""
    shop = open_shop(balances=["3000.00", "1.50"])
    flooder, other = shop.buyers
    # Who is known has the whole queue; see below for who is not.
    run(lane, lambda: [add(buyer, "")._replace(action="balance") for buyer in shop.buyers])

    def calls() -> list[Call]:
        flood = [add(flooder, f"https://example.com/{n}") for n in range(1500)]
        return [*flood, add(other, "https://example.com/mine")]

    answers = run(lane, calls, locked=shop)
    assert all(answer.startswith('{"order":') for answer in answers)
    placed = [row[0] for row in books.rows("SELECT customer_id FROM orders_order ORDER BY id")]
    assert Counter(placed) == {flooder.customer_id: 1500, other.customer_id: 1}
    # The batch that was under way, and its own: each of at most 256.
    assert placed.index(other.customer_id) < 512
    assert books.faults(shop.panel_id) == []


def test_a_full_queue_answers_at_once_and_loses_nothing_that_it_took(lane: Lane) -> None:
    shop = open_shop(balances=["10000.00"])
    taken: list[Awaitable[Answer]] = []

    async def flood() -> list[str]:
        loop = asyncio.get_running_loop()
        balance = Call(add(shop.buyers[0], "").caller, "balance", {})
        # Somebody who was never met before has only a quarter of the queue, with all others like him.
        assert await outcomes([lane.submit(balance, loop)]) == ['{"balance":"10000.00","currency":"USD"}']
        with accounts_locked(shop):
            # One batch is under way and 4,096 wait; nothing can be done before the block ends.
            with pytest.raises(Overloaded):
                for n in range(5_000):
                    taken.append(lane.submit(add(shop.buyers[0], f"https://example.com/{n}"), loop))
            with pytest.raises(Overloaded):
                lane.submit(add(shop.buyers[0], "https://example.com/late"), loop)
            # Who only reads is not in that queue. No money has moved.
            assert await outcomes([lane.submit(balance, loop)]) == ['{"balance":"10000.00","currency":"USD"}']
        return await outcomes(taken)

    answers = asyncio.run(flood())
    assert len(answers) >= 4_096
    assert len(set(answers)) == len(answers) == books.orders()
    assert books.balance_micros(shop.buyers[0].account_id) == 10_000 * 1_000_000 - len(answers) * PRICE
    assert books.faults(shop.panel_id) == []


def test_made_up_keys_take_no_more_than_a_quarter_of_the_queue(lane: Lane) -> None:
    """Thousands of keys that nobody has are one customer among the others, and leave room for them."""
    shop = open_shop(balances=["1.50"])
    known = add(shop.buyers[0], "https://example.com/mine")

    def made_up(n: int) -> Call:
        return known._replace(caller=known.caller._replace(digest=digest(f"made up {n}")))

    async def flood() -> tuple[int, list[str], list[str]]:
        loop = asyncio.get_running_loop()
        await outcomes([lane.submit(known._replace(action="balance"), loop)])
        with accounts_locked(shop):
            waiting: list[Awaitable[Answer]] = [lane.submit(known, loop)]
            await asyncio.sleep(0.5)
            with pytest.raises(Overloaded):
                for n in range(5_000):
                    waiting.append(lane.submit(made_up(n), loop))
            with pytest.raises(Overloaded):
                lane.submit(made_up(9_999)._replace(action="cancel"), loop)
            waiting.append(lane.submit(known, loop))
        first, *others, last = await outcomes(waiting)
        return len(others), [first, last], others

    # Batches take 256 of those who wait, and of two who wait each gets its share: hers goes with the next one.
    count, hers, others = asyncio.run(flood())
    assert 1_024 <= count <= 1_024 + 256
    assert hers[0].startswith('{"order":')
    assert hers[1] == "Refusal"  # She had money for one.
    assert set(others) == {"Refusal"}
    assert books.orders() == 1


def test_the_bytes_that_wait_have_their_limit(lane: Lane) -> None:
    """A thousand calls of a megabyte each would be a gigabyte."""
    shop = open_shop(balances=["1500.00", "1500.00"])
    large, small = (add(buyer, f"https://example.com/{n}") for n, buyer in enumerate(shop.buyers))
    large = large._replace(size=limits.BODY_BYTES_MAX)

    async def flood() -> tuple[int, list[str]]:
        loop = asyncio.get_running_loop()
        known = [large._replace(action="balance", size=0), small._replace(action="balance")]
        await outcomes([lane.submit(call, loop) for call in known])
        taken: list[Awaitable[Answer]] = []
        with accounts_locked(shop):
            with pytest.raises(Overloaded):
                for _ in range(1_000):
                    taken.append(lane.submit(large, loop))
            taken.append(lane.submit(small, loop))
        answers = await outcomes(taken)
        # What was worked on gives its room back.
        assert (await outcomes([lane.submit(large, loop)]))[0].startswith('{"order":')
        return len(taken) - 1, answers

    count, answers = asyncio.run(flood())
    assert count == limits.QUEUE_BYTES_MAX // limits.BODY_BYTES_MAX
    assert all(answer.startswith('{"order":') for answer in answers)
    assert books.faults(shop.panel_id) == []


@pytest.mark.parametrize("error", ["23514", "22003", "P0001"], ids=["constraint", "data", "raised"])
def test_one_order_that_the_database_refuses_does_not_sink_the_others(lane: Lane, error: str) -> None:
    """All of them share a batch, and each is placed once although the batch fails as a whole."""
    shop = open_shop(balances=["1500.00"])
    links = [f"https://example.com/{n}" for n in range(20)]
    links[13] = POISON

    def calls() -> list[Call]:
        return [add(shop.buyers[0], link) for link in ["https://example.com/first", *links]]

    with poisoned(error):
        _, *answers = run(lane, calls, locked=shop)
    assert answers.pop(13) == Failed.__name__
    assert all(answer.startswith('{"order":') for answer in answers)
    assert books.orders() == 20
    assert books.transfers() == {"order": 20}
    assert books.faults(shop.panel_id) == []
    # And the lane is as well as before.
    (answer,) = run(lane, lambda: [add(shop.buyers[0], POISON)])
    assert answer.startswith('{"order":')


@contextmanager
def commits_break() -> Iterator[None]:
    """Within the block a commit breaks off in the middle: PostgreSQL ends the connection, SQLite's disk is full."""
    if connection.vendor == "postgresql":
        make = [
            "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
            "CREATE CONSTRAINT TRIGGER break_off AFTER INSERT ON orders_order DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION break_off()",
        ]
        with triggers(make, ["DROP TRIGGER break_off ON orders_order", "DROP FUNCTION break_off"]):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Nothing else may be written meanwhile, not even a log.
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        logging.disable(logging.NOTSET)


def test_a_commit_that_breaks_is_told_as_unknown_and_not_done_again(lane: Lane) -> None:
    """Nobody can tell whether the orders were placed; the customer may ask again with the same request_id."""
    shop = open_shop(balances=["1500.00"])
    calls = [add(shop.buyers[0], f"https://example.com/{n}")._replace(request_id=f"cart-{n}") for n in range(3)]
    assert run(lane, lambda: [add(shop.buyers[0], "https://example.com/before")])[0].startswith('{"order":')
    with commits_break():
        answers, uncertain = told(lane, calls)
    assert (answers, uncertain) == ([Failed.__name__] * 3, [True] * 3)
    assert books.orders() in {1, 4}
    again, _ = told(lane, calls)
    assert all(answer.startswith('{"order":') for answer in again)
    assert len(set(again)) == 3
    assert books.orders() == 4
    assert books.balance_micros(shop.buyers[0].account_id) == 1_500_000_000 - 4 * PRICE
    assert books.faults(shop.panel_id) == []


def told(lane: Lane, calls: list[Call]) -> tuple[list[str], list[bool]]:
    """The outcomes of the calls, and whether each is unknown."""

    async def submit() -> list[Answer | BaseException]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(DONE_MAX_S):
            return await asyncio.gather(*[lane.submit(call, loop) for call in calls], return_exceptions=True)

    results = asyncio.run(submit())
    return named(results), [isinstance(result, Failed) and result.uncertain for result in results]


def test_a_passing_trouble_of_the_database_is_told_as_one(lane: Lane) -> None:
    """A deadlock ends the whole batch: nobody's order was placed, everybody may try again."""
    shop = open_shop(balances=["1500.00"])

    def calls() -> list[Call]:
        return [add(shop.buyers[0], link) for link in ("https://example.com/1", "https://example.com/2", POISON)]

    with poisoned("40P01"):
        answers = run(lane, calls, locked=shop)
    # SQLite has no deadlocks: there the poison is one order's own.
    passing = connection.vendor == "postgresql"
    assert answers[-1] == (Overloaded if passing else Failed).__name__
    placed = sum(answer.startswith('{"order":') for answer in answers)
    assert answers.count(Overloaded.__name__) == (3 - placed if passing else 0)
    assert books.orders() == placed
    assert books.faults(shop.panel_id) == []


def test_a_lane_whose_connections_break_goes_on(lane: Lane) -> None:
    """The database was restarted: what meets a broken connection is not done and told so, then all is well."""
    shop = open_shop(balances=["1500.00"])
    balance = Call(add(shop.buyers[0], "").caller, "balance", {})
    assert run(lane, lambda: [add(shop.buyers[0], "https://example.com/0")])[0].startswith('{"order":')
    assert run(lane, lambda: [balance]) == ['{"balance":"1498.50","currency":"USD"}']
    break_connections()
    trouble = {Overloaded.__name__}
    # The pool may hold as many broken connections as it has places.
    placed, shown = 1, ""
    for n in range(1, 20):
        told, shown = run(lane, lambda n=n: [add(shop.buyers[0], f"https://example.com/{n}"), balance])  # type: ignore[misc]
        placed += told.startswith('{"order":')
        assert told.startswith('{"order":') or told in trouble
        assert shown.startswith('{"balance":') or shown in trouble
        if told not in trouble and shown not in trouble:
            break
    assert placed >= 2
    assert shown not in trouble
    assert books.orders() == placed
    assert books.balance_micros(shop.buyers[0].account_id) == 1_500_000_000 - placed * PRICE
    assert books.faults(shop.panel_id) == []


def test_a_connection_that_broke_in_the_pool_is_lent_to_nobody() -> None:
    """After the database was restarted, a page met an error for each connection that had waited meanwhile."""

    def ask() -> int:
        return books.number("SELECT 1")

    together([ask] * 6)
    break_connections(wait_ms=10_000)
    assert together([ask] * 6) == [1] * 6


def test_connections_that_break_at_any_moment_lose_and_double_nothing(lane: Lane) -> None:
    """Before, in and after the commit: what was answered is so, and the lane is well again afterwards."""
    shop = open_shop(balances=["15000.00"])
    draw = random.Random(seed(7))
    calls = [
        add(shop.buyers[0], f"https://example.com/{n}")._replace(request_id=f"cart-{n}")
        for n in range(effort(400, proving=2_000))
    ]
    outcomes: list[str] = []
    with breaking_connections():
        while len(outcomes) < len(calls):
            size = draw.randint(1, 6)
            names, uncertain = told(lane, calls[len(outcomes) : len(outcomes) + size])
            outcomes += ["unknown" if unknown else name for name, unknown in zip(names, uncertain, strict=True)]
    links = dict(books.rows("SELECT link, number FROM orders_order"))
    for call, outcome in zip(calls, outcomes, strict=True):
        id_ = links.get(call.params["link"])
        if outcome == Overloaded.__name__:
            assert id_ is None, "it was said that nothing was done"
        elif outcome != "unknown":
            assert outcome == f'{{"order":{id_}}}'
    again = answered(lane, calls)
    assert [
        name for name, before in zip(again, outcomes, strict=True) if before.startswith("{") and name != before
    ] == []
    assert len(set(again)) == books.orders() == len(calls)
    assert books.balance_micros(shop.buyers[0].account_id) == 15_000_000_000 - len(calls) * PRICE
    assert books.faults(shop.panel_id) == []


def answered(lane: Lane, calls: list[Call]) -> list[str]:
    """The answers to the calls, made again while the pool still hands out broken connections."""
    for _ in range(20):
        names, _ = told(lane, calls)
        if all(name.startswith('{"order":') for name in names):
            return names
        assert {name for name in names if not name.startswith("{")} == {Overloaded.__name__}
    pytest.fail("the lane is not well again")


@contextmanager
def breaking_connections() -> Iterator[None]:
    """Within the block connections are ended again and again, at moments that nobody chooses."""
    stop, draw, ours = threading.Event(), random.Random(seed(8)), own_connection()

    def go_on() -> None:
        while not stop.wait(draw.uniform(0, 0.04)):
            break_connections(spare=ours)
        connections.close_all()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def own_connection() -> int:
    """The number of the test's own connection, which the others' breaking must spare; 0 on SQLite."""
    return books.number("SELECT pg_backend_pid()") if connection.vendor == "postgresql" else 0


def break_connections(*, spare: int = 0, wait_ms: int = 0) -> None:
    """End every other connection of PostgreSQL, and wait until they have ended. SQLite has none that could break."""
    if connection.vendor == "postgresql":
        books.rows(
            "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid NOT IN (pg_backend_pid(), %s)",
            wait_ms,
            spare,
        )
