"""`kill -9` of web, worker, sandbox, their supervisor, everything at once, or the database's connections, at random
moments under load, on a database that waits for the disk. Afterwards every acknowledged order is there once,
upstream has it at most once, and the books balance.

`make prove` runs them again and again, each time with another seed.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.load import Intent, Load
from tests.crash.proof import prove
from tests.crash.rig import Rig
from tests.support.database import migrate
from tests.support.effort import effort, seed
from tests.support.selling import FAST
from tools.local_postgres import LocalPostgres, create_database, running_postgres

SEEDS = range(seed(1), seed(1) + effort(1, proving=3))
# The two storms of a seed share these: each kills its part, one after the other. In `make prove` each kills most.
VICTIMS = ("web", "worker", "worker", "sandbox", "supervisor", "all", "connections")
KILLS = effort(3, proving=6)
# Between two deaths as many orders are acknowledged, and as many delivered: whoever dies was at work.
ORDERS_BETWEEN, DELIVERED_BETWEEN = 12, 4
TEMPLATE = "migrated"
PROVIDER = pytest.mark.parametrize(
    "knows_request_id", [True, False], ids=["provider-knows-request-id", "provider-does-not"]
)


@pytest.fixture(scope="module")
def durable_postgres(database_kind: str) -> Iterator[LocalPostgres | None]:
    """A server that waits for the disk, unlike that of the other tests."""
    if database_kind == "sqlite":
        yield None
        return
    with running_postgres(durable=True) as server:
        migrate(create_database(server.url("postgres"), TEMPLATE))
        yield server


@pytest.fixture
def open_rig(
    durable_postgres: LocalPostgres | None, new_database: Callable[[], str], tmp_path: Path
) -> Iterator[Callable[..., Rig]]:
    """`open_rig(knows_request_id=True)` starts an installation on a migrated database of its own."""
    rigs: list[Rig] = []

    def start(*, knows_request_id: bool) -> Rig:
        if durable_postgres is None:
            url = new_database()
        else:
            name = f"crash_{os.getpid()}_{time.monotonic_ns()}"
            url = create_database(durable_postgres.url("postgres"), name, template=TEMPLATE)
        webs = 2 if durable_postgres is not None else 1
        rigs.append(Rig(database_url=url, folder=tmp_path, knows_request_id=knows_request_id, webs=webs))
        return rigs[-1].__enter__()

    yield start
    for rig in rigs:
        rig.__exit__()


@pytest.mark.parametrize("number", SEEDS)
@PROVIDER
def test_a_storm(open_rig: Callable[..., Rig], knows_request_id: bool, number: int) -> None:
    rig = open_rig(knows_request_id=knows_request_id)
    draw = random.Random(f"{number}, {knows_request_id}")
    order = random.Random(number).sample(VICTIMS, len(VICTIMS))
    victims = order[:KILLS] if knows_request_id else order[::-1][: max(KILLS, len(VICTIMS) - KILLS)]
    with Load(seed=number, buyers=rig.shop.buyers, port=rig.port) as load:
        for victim in victims:
            wait_for_work(rig, load)
            time.sleep(draw.uniform(0, 0.5))  # the moment is what is random here; nothing waits for it
            strike(rig, victim, draw)
    load.repeat_all()
    rig.come_to_rest()
    assert load.surprises == []
    evidence = prove(rig, load.intents)
    assert len(evidence.orders) >= ORDERS_BETWEEN * len(victims)
    assert len(evidence.upstream) >= DELIVERED_BETWEEN * len(victims)


def wait_for_work(rig: Rig, load: Load) -> None:
    placed = load.acknowledged + ORDERS_BETWEEN
    delivered = rig.database.delivered() + DELIVERED_BETWEEN
    rig.wait_for(lambda: load.acknowledged >= placed, what="orders placed")
    rig.database.end_rests()
    rig.wait_for(lambda: rig.database.delivered() >= delivered, what="orders delivered")


def strike(rig: Rig, victim: str, draw: random.Random) -> None:
    """Kill; what nobody else starts again is started again after a moment, during which others miss it."""
    if victim in {"web", "worker"}:
        rig.kill(victim)
        return
    if victim == "connections":
        rig.database.break_connections()
        return
    if victim == "sandbox":
        rig.kill_sandbox()
        time.sleep(draw.uniform(0, 0.8))
        rig.start_sandbox()
        return
    if victim == "supervisor":
        rig.kill_supervisor()
        rig.start_server()
        return
    rig.power_cut()
    if draw.random() < 0.5:
        rig.database.let_time_pass()
    rig.start_sandbox()
    rig.start_server()


def test_a_dead_workers_orders_are_not_sent_again_to_a_provider_that_cannot_tell(open_rig: Callable[..., Rig]) -> None:
    """The orders have arrived, the answers meet nobody: they wait for a person, and cost what they cost."""
    rig = open_rig(knows_request_id=False)
    intents = five_sent_without_an_answer(rig)
    rig.come_to_rest()
    evidence = prove(rig, intents)
    assert [call["result"] for call in evidence.adds] == ["placed"] * 5
    assert {(order.status, order.problem_code) for order in evidence.orders.values()} == {
        ("Processing", "outcome_unknown")
    }
    assert [rig.ask(asking("status", intent))["status"] for intent in intents] == ["Processing"] * 5


def test_a_dead_workers_orders_are_asked_for_again_until_the_provider_tells(open_rig: Callable[..., Rig]) -> None:
    """The orders have arrived, the answers meet nobody. Asked again, the provider is away at first, which does not
    prove that they did not arrive: who cancels now is refunded only when the provider says so."""
    rig = open_rig(knows_request_id=True)
    intents = five_sent_without_an_answer(rig)
    rig.line.stop()
    rig.database.let_time_pass()
    rig.start_server()
    rig.wait_for(lambda: tried_again(rig) == 5, what="five orders that were tried again in vain")
    before = rig.ask({"key": intents[0].buyer.key, "action": "balance"})
    for intent in intents[:2]:
        assert rig.ask(asking("cancel", intent)) == [{"order": intent.answers[0], "cancel": 1}]
    assert [rig.ask(asking("status", intent))["status"] for intent in intents] == ["Processing"] * 5
    assert rig.ask({"key": intents[0].buyer.key, "action": "balance"}) == before

    rig.line.start()
    rig.come_to_rest()
    evidence = prove(rig, intents)
    assert sorted(call["result"] for call in evidence.adds) == ["placed"] * 5 + ["repeated"] * 5
    assert [rig.ask(asking("status", intent))["status"] for intent in intents[2:]] == ["Completed"] * 3


def five_sent_without_an_answer(rig: Rig) -> list[Intent]:
    """Upstream has five orders of the first customer, and the worker died before it heard of it. All stands still."""
    buyer = rig.shop.buyers[0]
    rig.line.withhold = True
    wishes = [{"service": str(FAST), "link": f"https://example.com/{n}", "quantity": "100"} for n in range(5)]
    intents = [Intent(buyer, wish) for wish in wishes]
    for intent in intents:
        intent.answers.append(rig.ask(intent.form)["order"])
    rig.wait_for(lambda: rig.line.withheld == 5, what="five answers")
    rig.kill("worker")
    rig.line.withhold = False
    rig.stop_server()
    assert len(rig.sandbox_state()["orders"]) == 5
    return intents


def asking(action: str, intent: Intent) -> dict[str, str]:
    """A request about one order that was acknowledged."""
    selector = "orders" if action == "cancel" else "order"
    return {"key": intent.buyer.key, "action": action, selector: str(intent.answers[0])}


def tried_again(rig: Rig) -> int:
    """How many orders were tried a second time, with the result written down."""
    return int(rig.database.run("SELECT COUNT(*) FROM orders_order WHERE attempts = 2 AND lease_until IS NULL")[0][0])
