"""One balance, many orders at the same moment: nothing is sold that is not paid for, and nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from panelwright.core.refusal import Refusal
from panelwright.customers.access import Caller, digest
from panelwright.lane.batcher import Batcher
from panelwright.orders.actions import place_orders
from panelwright.orders.rules import NO_FUNDS, PlaceOrder
from tests.support import books
from tests.support.crowd import Crowd, Reply, ask
from tests.support.processes import Launcher, free_port
from tests.support.selling import ONE_A_LINK, ROUND, Buyer, Shop, open_shop
from tests.support.signals import children
from tests.support.threads import together

# Service ROUND costs 1.50 per 1,000.
PRICE = 1_500_000
ORDERS, PAID_FOR = 200, 100
BALANCE = "150.00"
NO_MONEY = {"error": "Not enough funds on balance"}


def params(number: int, *, service: int = ROUND) -> dict[str, str]:
    return {"service": str(service), "link": f"https://example.com/{number}", "quantity": "1000"}


def form(buyer: Buyer, number: int, **more: object) -> dict[str, object]:
    return {"key": buyer.key, "action": "add", **params(number), **more}


def command(buyer: Buyer, number: int, request_id: str = "") -> PlaceOrder:
    return PlaceOrder(Caller(customer_id=buyer.customer_id), params(number), request_id)


def assert_spent(shop: Shop, sold: int, *, left_micros: int = 0) -> None:
    """Exactly `sold` orders of 1.50 exist, each was charged once, and the books balance."""
    assert books.orders() == sold
    assert books.transfers() == {"order": sold}
    assert books.rows("SELECT DISTINCT charge_micros, status FROM orders_order") == [(PRICE, "Pending")]
    assert books.balance_micros(shop.buyers[0].account_id) == left_micros
    assert books.faults(shop.panel_id) == []


def assert_sold(replies: list[Reply], sold: int) -> None:
    """`sold` answers are different orders, all others the refusal for want of money. All are HTTP 200."""
    assert {reply.status for reply in replies} == {200}
    ids = [reply.value["order"] for reply in replies if "order" in reply.value]
    assert (len(ids), len(set(ids))) == (sold, sold)
    assert [reply.value for reply in replies if "order" not in reply.value] == [NO_MONEY] * (len(replies) - sold)


# ---- over HTTP -------------------------------------------------------------------------------------


@pytest.fixture
def open_crowd(launch: Launcher, database_kind: str) -> Iterator[Callable[..., Crowd]]:
    """`open_crowd(port, 200)` serves the shop on `port`, on PostgreSQL with three web processes."""
    crowds: list[Crowd] = []

    def start(port: int, size: int) -> Crowd:
        webs = 3 if database_kind == "postgresql" else 1
        server = launch.start("serve", "--no-worker", "--port", str(port), "--workers", str(webs))
        server.wait_for_http(f"http://127.0.0.1:{port}/")
        server.wait_for(lambda: len(children(server.pid, command="web")) == webs, what=f"{webs} web processes")
        crowds.append(Crowd(port=port, pids=children(server.pid, command="web"), size=size))
        return crowds[-1]

    yield start
    for crowd in crowds:
        crowd.close()


def test_two_hundred_orders_over_http_on_a_balance_for_a_hundred(open_crowd: Callable[..., Crowd]) -> None:
    port = free_port()
    shop = open_shop(balances=[BALANCE], ports=[port])
    replies = open_crowd(port, ORDERS).ask([form(shop.buyers[0], n) for n in range(ORDERS)])
    assert_sold(replies, PAID_FOR)
    assert ask(port, {"key": shop.buyers[0].key, "action": "balance"}).value == {"balance": "0.00", "currency": "USD"}
    assert_spent(shop, PAID_FOR)


def test_thirty_two_orders_of_one_fifty_on_fifteen(open_crowd: Callable[..., Crowd]) -> None:
    """A panel sold 11 of them and had a balance of -1.50."""
    port = free_port()
    shop = open_shop(balances=["15.00"], ports=[port])
    replies = open_crowd(port, 32).ask([form(shop.buyers[0], n) for n in range(32)])
    assert_sold(replies, 10)
    assert_spent(shop, 10)


def test_one_request_id_from_everywhere_at_once_is_one_order(open_crowd: Callable[..., Crowd]) -> None:
    port = free_port()
    shop = open_shop(balances=[BALANCE, BALANCE], ports=[port])
    carol, dave = shop.buyers
    crowd = open_crowd(port, 60)
    replies = crowd.ask([form(carol, 1, request_id="cart-7")] * 60)
    (id_,) = {reply.value["order"] for reply in replies}
    assert_spent(shop, 1, left_micros=PAID_FOR * PRICE - PRICE)

    # Another customer's request_id is another one; with another input the same one is refused.
    replies = crowd.ask([form(dave, 1, request_id="cart-7")] * 30 + [form(carol, 2, request_id="cart-7")] * 30)
    (other,) = {reply.value["order"] for reply in replies[:30]}
    assert other != id_
    assert [reply.value for reply in replies[30:]] == [{"error": "Incorrect request_id"}] * 30
    assert books.orders() == 2
    assert books.balance_micros(carol.account_id) == books.balance_micros(dave.account_id) == 99 * PRICE
    assert books.faults(shop.panel_id) == []


def test_one_link_from_everywhere_at_once_is_one_open_order(open_crowd: Callable[..., Crowd]) -> None:
    port = free_port()
    shop = open_shop(balances=[BALANCE], ports=[port])
    replies = open_crowd(port, 30).ask([form(shop.buyers[0], 1) | params(1, service=ONE_A_LINK)] * 30)
    taken = [reply.value for reply in replies if "order" in reply.value]
    refused = [reply.value for reply in replies if "order" not in reply.value]
    busy = "You have active order with this link. Please wait until order being completed."
    assert (len(taken), refused) == (1, [{"error": busy}] * 29)
    assert books.orders() == 1
    assert books.faults(shop.panel_id) == []


def test_a_daily_cap_holds_over_all_processes(open_crowd: Callable[..., Crowd]) -> None:
    port = free_port()
    shop = open_shop(balances=[BALANCE], ports=[port], daily_cap="15.00")
    replies = open_crowd(port, 60).ask([form(shop.buyers[0], n) for n in range(60)])
    assert sum("order" in reply.value for reply in replies) == 10
    capped = "Daily spending cap is reached, orders are temporarily not taken"
    assert [reply.value for reply in replies if "order" not in reply.value] == [{"error": capped}] * 50
    assert_spent(shop, 10, left_micros=90 * PRICE)
    assert books.number("SELECT spent_micros FROM customers_apikey") == 10 * PRICE


# ---- several batchers, several threads -------------------------------------------------------------


def through(batcher: Batcher[PlaceOrder, Refusal | int], commands: list[PlaceOrder]) -> list[Refusal | int]:
    """The results of commands that come in at once, in an event loop as a web process has it."""

    async def all_of_them() -> list[Refusal | int]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(batcher.submit(one, loop) for one in commands))

    return asyncio.run(all_of_them())


@pytest.mark.usefixtures("transactional_db")
def test_two_hundred_orders_through_several_batchers() -> None:
    """Each Batcher stands for a web process: its own thread, its own connection, its own batches."""
    shop = open_shop(balances=[BALANCE])
    batchers = [
        Batcher[PlaceOrder, Refusal | int](f"web {n}", place_orders, owner_of=lambda one: one.caller, batch_max=16)
        for n in range(4)
    ]
    try:
        parts = together(
            [
                lambda n=n, batcher=batcher: through(  # type: ignore[misc]
                    batcher, [command(shop.buyers[0], one) for one in range(n, ORDERS, len(batchers))]
                )
                for n, batcher in enumerate(batchers)
            ]
        )
        results = [result for part in parts for result in part]
    finally:
        for batcher in batchers:
            batcher.stop()
    assert_results(results)
    assert_spent(shop, PAID_FOR)


@pytest.mark.usefixtures("transactional_db")
def test_two_hundred_orders_from_threads_of_their_own() -> None:
    shop = open_shop(balances=[BALANCE])

    def buy(first: int) -> list[Refusal | int]:
        """Ten orders in batches of one, two, three and four."""
        numbers = range(first, first + 10)
        cuts = [numbers[:1], numbers[1:3], numbers[3:6], numbers[6:]]
        return [r for cut in cuts for r in place_orders([command(shop.buyers[0], n) for n in cut])]

    bought = together([lambda n=n: buy(n) for n in range(0, ORDERS, 10)])  # type: ignore[misc]
    assert_results([result for results in bought for result in results])
    assert_spent(shop, PAID_FOR)


def assert_results(results: list[Refusal | int]) -> None:
    ids = {result for result in results if isinstance(result, int)}
    assert len(ids) == PAID_FOR
    assert Counter(result for result in results if not isinstance(result, int)) == {NO_FUNDS: ORDERS - PAID_FOR}


@pytest.mark.usefixtures("transactional_db")
def test_one_request_id_from_many_threads_is_one_order() -> None:
    shop = open_shop(balances=[BALANCE])
    buyer = shop.buyers[0]
    results = together([lambda: place_orders([command(buyer, 1, "cart-7")] * 2)] * 12)
    assert len({result for pair in results for result in pair}) == 1
    assert_spent(shop, 1, left_micros=99 * PRICE)


@pytest.mark.usefixtures("transactional_db")
def test_customers_who_buy_at_once_in_any_order_do_not_block_each_other() -> None:
    """Batches with the same two customers in opposite orders: locks in id order, so nobody is sacrificed."""
    shop = open_shop(balances=["30.00", "30.00"])
    one, other = shop.buyers

    def buy(start: int) -> list[Refusal | int]:
        pair = (one, other) if start % 2 else (other, one)
        return [r for n in range(4) for r in place_orders([command(b, start * 10 + n) for b in pair])]

    results = [r for results in together([lambda n=n: buy(n) for n in range(10)]) for r in results]  # type: ignore[misc]
    assert Counter(isinstance(result, int) for result in results) == {True: 40, False: 40}
    assert [books.balance_micros(buyer.account_id) for buyer in shop.buyers] == [0, 0]
    assert books.faults(shop.panel_id) == []


@pytest.mark.usefixtures("transactional_db")
def test_a_daily_cap_holds_over_threads() -> None:
    shop = open_shop(balances=[BALANCE], daily_cap="15.00")
    caller = Caller(address=("acme.example", 0, 0), digest=digest(shop.buyers[0].key))
    results = together([lambda n=n: place_orders([PlaceOrder(caller, params(n))]) for n in range(24)])  # type: ignore[misc]
    assert Counter(type(result) for (result,) in results) == {int: 10, Refusal: 14}
    assert {result.code for (result,) in results if isinstance(result, Refusal)} == {"cap_reached"}
    assert_spent(shop, 10, left_micros=90 * PRICE)
