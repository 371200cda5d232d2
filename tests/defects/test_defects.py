"""Ways in which other panels have lost money, orders and secrets, each with what must be true instead.

The numbers in the headings are for reference among ourselves; what each one was stands in the test.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.backends.signals import connection_created
from django_scopes import scope

from panelwright.api.batching import Call, call_of
from panelwright.catalog.actions import set_rate
from panelwright.core import money
from panelwright.customers.access import BAD_KEY, Caller, grants
from panelwright.customers.access import digest as digest_of
from panelwright.panels import hosts
from panelwright.providers.routing.actions import claim_poll, commit_polled
from panelwright.providers.wire.outcomes import OrderReport
from panelwright.providers.wire.panel_v2.client import PanelClient
from tests.style.files import all_files
from tests.support.asking import Door, Request
from tests.support.people import (
    FOLLOWERS,
    LIKES,
    LINK,
    PASSWORD,
    REMOTE,
    Buyer,
    Owner,
    Seen,
    Time,
    children_of,
    counts,
    everything,
    execute,
    known,
    place,
    problem_of,
    row_of,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.statements import statements
from tests.support.threads import together
from tests.support.upstream import LOST, Http, ScriptedUpstream

# Other threads and connections see only what is committed.
commits = pytest.mark.django_db(transaction=True)

NewUpstream = Callable[[], ScriptedUpstream]


def report(status: str, remains: object = 0) -> dict[str, object]:
    return {"charge": "0.5", "start_count": "10", "status": status, "remains": str(remains), "currency": "USD"}


def orders_at(*parts: tuple[Owner, ScriptedUpstream]) -> None:
    """FOLLOWERS of each panel is delivered by its upstream, which takes everything."""
    for number, (owner, upstream) in enumerate(parts):
        owner.route(FOLLOWERS, owner.provider(upstream.url, name=f"upstream-{number}"))
        upstream.answers("add", {"order": 23501})


# ---- money -----------------------------------------------------------------------------------------


@commits
def test_01_orders_at_the_same_moment_are_all_paid(carol: Buyer) -> None:
    """A balance was read, and later written back less one charge: of two orders at once only one was paid."""
    together([lambda: carol.order(quantity=1000)] * 8)
    assert counts("orders_order") == (8,)
    assert carol.balance() == "92.80"


@commits
def test_02_parallel_orders_never_spend_more_than_there_is(carol: Buyer, alice: Owner) -> None:
    """The balance was looked at first and lowered afterwards: 32 orders at once overdrew it."""
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=1_500_000)
    carol.spends_all_but("15.00")
    results = together([lambda: carol.place(quantity=1000)] * 32)
    assert sum(isinstance(result, int) for result in results) == 10
    assert {result.code for result in results if not isinstance(result, int)} == {"no_funds"}
    assert carol.balance() == "0.00"


@commits
def test_03_an_order_is_paid_before_anybody_is_asked_to_deliver_it(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    """The order went out first and was paid for afterwards, in no common transaction."""
    orders_at((alice, upstream))

    def look(_: object) -> object:
        try:
            return carol.balance(), values("SELECT amount_micros FROM ledger_transfer WHERE code = 'order'")
        finally:
            connections.close_all()

    upstream.look = look
    carol.order(quantity=1000)
    carol.place(quantity=10_000_000)
    worker.forward()
    assert upstream.looked == [("99.10", [(900_000,)])]


def test_04_a_drip_feed_costs_its_units_and_goes_out_run_by_run(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    """Runs times quantity was taken for money, or the runs were not charged, or sent on and multiplied again."""
    orders_at((alice, upstream))
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=1_500_000)
    order_id = carol.order(quantity=500, runs=10, interval=60)
    assert carol.sees(order_id) == Seen("Pending", "7.50", 5000)
    assert carol.balance() == "92.50"
    worker.schedules()
    worker.forward()
    (call,) = upstream.calls
    assert (call["quantity"], "runs" in call, "interval" in call) == ("500", False, False)
    assert carol.balance() == "92.50"


def test_05_a_price_below_a_cent_is_charged_as_it_is_shown(door: Door, alice: Owner, carol: Buyer) -> None:
    """Charges were rounded to cents, so that cheap services were free; the list showed yet another rate."""
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=4_000)
    shown = next(s["rate"] for s in door.ask(carol, "services") if s["service"] == FOLLOWERS)
    assert shown == "0.004"
    order = door.ask(carol, "add", service=FOLLOWERS, link=LINK, quantity=1000)["order"]
    assert door.ask(carol, "status", order=order)["charge"] == shown
    assert door.ask(carol, "balance")["balance"] == "99.996"


def test_06_amounts_are_exact_where_floats_are_not(door: Door, alice: Owner, carol: Buyer) -> None:
    """Binary fractions: 0.1 + 0.2 is not 0.3, and above 2 to the 53rd not even whole numbers are kept."""
    whole, rest = 9_000_000_000_000_000, 2**53 + 1 - 9_000_000_000_000_000
    erin = alice.customer("erin")
    alice.credits(erin, money.text(whole), reference="e-1")
    alice.credits(erin, money.text(rest), reference="e-2")
    assert door.ask(erin, "balance")["balance"] == "9007199254.740993"
    for rate in ("0.1", "0.2"):
        with scope(panel=alice.panel):
            set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=money.parse(rate))
        carol.order(quantity=1000)
    assert door.ask(carol, "balance")["balance"] == "99.70"


@commits
def test_07_an_end_and_its_refund_are_one_and_happen_once(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    """The status was saved, then the money moved: a crash in between lost it, and overlapping jobs paid it twice."""
    orders_at((alice, upstream))
    order_id = carol.order()
    worker.forward()
    time.passes(seconds=2)
    provider_id = row_of(order_id).provider_id or 0
    asked = claim_poll(provider_id, 100)
    partial = OrderReport("Partial", 10, 500, None, "USD", "Partial")
    commit = lambda: commit_polled(asked, {"23501": partial}, provider_id=provider_id)  # noqa: E731
    # The refund cannot be written: then nor is the status.
    blocker = (
        "UPDATE ledger_transfer SET code = %s, reference = %s, order_id = %s WHERE code = %s AND credit_account_id = %s"
    )
    before = everything()
    first = value("SELECT reference FROM ledger_transfer WHERE credit_account_id = %s", carol.account_id)
    execute(blocker, "refund", str(order_id.number), order_id, "deposit", carol.account_id)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        commit()
    execute(blocker, "deposit", first, None, "refund", carol.account_id)
    assert everything() == before
    assert sorted(together([commit] * 4)) == [0, 0, 0, 1]
    assert carol.sees(order_id) == Seen("Partial", "0.45", 500, 10)
    assert carol.balance() == "99.55"


def test_08_nobody_names_his_own_price_and_a_payment_counts_once(door: Door, alice: Owner, carol: Buyer) -> None:
    """The price that the client sent was charged; payments were matched by their amount, or told twice."""
    own = {"price": "0", "rate": "0.000001", "charge": "0", "amount": "0", "total": "0", "discount": "100"}
    door.ask(carol, "add", service=FOLLOWERS, link=LINK, quantity=1000, **own)
    assert carol.balance() == "99.10"
    assert alice.credits(carol, "5.00", reference="p-1")
    assert not alice.credits(carol, "5.00", reference="p-1")
    assert alice.credits(carol, "5.00", reference="p-2"), "another payment of the same amount"
    assert carol.balance() == "109.10"


def test_09_a_database_that_is_busy_is_not_an_empty_purse(door: Door, carol: Buyer) -> None:
    """A conflict of two transactions was told to the reseller as a lack of funds: he went elsewhere."""

    def impatient(connection: Any, **_: object) -> None:
        wait = "PRAGMA busy_timeout = 50" if connection.vendor == "sqlite" else "SET lock_timeout = '50ms'"
        connection.cursor().execute(wait)

    add: dict[str, Any] = {"service": FOLLOWERS, "link": LINK, "quantity": 1000}
    connection_created.connect(impatient)
    try:
        with transaction.atomic():
            execute("UPDATE ledger_account SET balance_micros = balance_micros WHERE id = %s", carol.account_id)
            answered = door.answer(Request(carol, "add", add))
    finally:
        connection_created.disconnect(impatient)
    assert answered.status == 503
    assert answered.headers["retry-after"] == "1"
    assert answered.json == {"error": "The panel is temporarily overloaded, please retry"}
    assert counts("orders_order") == (0,)
    assert carol.balance() == "100.00"
    door.close()
    if connection.vendor == "postgresql":
        connection.close()
        # Its connections would go on being impatient.
        connections["default"].close_pool()  # type: ignore[attr-defined]
    assert isinstance(door.ask(carol, "add", **add)["order"], int)


def test_10_an_order_costs_the_same_after_many_orders(carol: Buyer) -> None:
    """The balance was the sum of the whole history, added up anew for every order."""
    place(*[carol.command(quantity=100)] * 300)
    with statements() as seen:
        carol.order()
    assert [text for text in seen.texts if "SUM(" in text.upper()] == []
    about_history = [text for text in seen.texts if "ledger_transfer" in text]
    assert len(about_history) == 1
    assert about_history[0].startswith("INSERT INTO ledger_transfer")


# ---- delivery --------------------------------------------------------------------------------------


def test_11_a_lost_answer_is_not_bought_again_elsewhere(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    """A time-out was taken for a refusal, and the next provider delivered the same order beside the first."""
    first, second = new_upstream(), new_upstream()
    orders_at((alice, first), (alice, second))
    first.answers("add", LOST)
    order_id = carol.order()
    for _ in range(5):
        worker.everything()
        time.passes(hours=6)
    assert (len(first.calls), len(second.calls)) == (1, 0)
    assert row_of(order_id).problem_code == "outcome_unknown"


def test_12_an_order_that_may_be_delivered_is_not_given_back(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    """After three tries the order was cancelled and refunded, while the provider was delivering it."""
    orders_at((alice, upstream))
    upstream.answers("add", Http(504, "<html>Gateway Time-out</html>"))
    order_id = carol.order()
    for _ in range(10):
        worker.everything()
        carol.cancel(order_id)
        time.passes(days=1)
    assert carol.sees(order_id) == Seen("Processing", "0.90", 1000)
    assert carol.balance() == "99.10"
    assert len(upstream.calls) == 1


@commits
def test_13_overlapping_workers_send_an_order_once(alice: Owner, carol: Buyer, upstream: ScriptedUpstream) -> None:
    """Nobody marked the row as his: a job that started while the last one still ran sent everything again."""
    orders_at((alice, upstream))
    upstream.answers("add", lambda params: {"order": f"API{params['quantity']}"})
    for number in range(20):
        carol.order(quantity=100 + number)
    workers = [Rounds(), Rounds(), Rounds()]
    together([worker.forward for worker in workers])
    for worker in workers:
        worker.close()
    assert sorted(call["quantity"] for call in upstream.calls) == [str(100 + number) for number in range(20)]


def open_transactions() -> int:
    """How many transactions other connections of this database have open and idle, as another process sees them."""
    if connection.vendor == "postgresql":
        try:
            return int(
                value(
                    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'"
                )
            )
        finally:
            connections.close_all()
    other = sqlite3.connect(str(settings.DATABASES["default"]["NAME"]), timeout=0, isolation_level=None)
    try:
        # Every transaction of ours takes the write lock at its beginning.
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return 1
    finally:
        other.close()
    return 0


@commits
def test_14_no_transaction_is_open_while_a_provider_is_called(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    """The provider was called inside the transaction: a slow one held the locks, a rollback forgot what was sent."""
    orders_at((alice, upstream))
    upstream.answers("add", {"order": 1}, {"order": 2})
    upstream.look = lambda _: open_transactions()
    with transaction.atomic():
        execute("UPDATE ledger_account SET balance_micros = balance_micros WHERE id = %s", carol.account_id)
        looks = together([open_transactions])
    assert looks == [1], "the look would see one"
    # One after the other: the answer to one is written down while another may still be on its way.
    done = carol.order()
    worker.forward()
    running = carol.order()
    worker.forward()
    time.passes(seconds=2)
    upstream.answers("status", {"1": report("Completed"), "2": report("In progress", 5)})
    worker.poll()
    time.passes(days=2)
    carol.refill(done)
    carol.cancel(running)
    upstream.answers("refill", {"refill": 9})
    upstream.answers("cancel", [{"order": 2, "cancel": 1}])
    upstream.answers("refill_status", {"status": "Completed"})
    worker.refills()
    worker.cancels()
    time.passes(seconds=5)
    worker.refill_poll()
    assert [call["action"] for call in upstream.calls] == ["add", "add", "status", "refill", "cancel", "refill_status"]
    assert upstream.looked == [0] * 6


def test_15_equal_numbers_of_two_providers_are_two_orders(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    """Orders were looked up by the provider's number alone: one provider's news changed the other's order."""
    first, second = new_upstream(), new_upstream()
    orders_at((alice, first))
    alice.route(LIKES, alice.provider(second.url, name="second"))
    second.answers("add", {"order": 23501})
    orders = [carol.order(), carol.order(service=LIKES)]
    worker.forward()
    time.passes(seconds=2)
    first.answers("status", report("Canceled", 1000))
    second.answers("status", report("Completed"))
    worker.poll()
    assert [carol.sees(order_id).status for order_id in orders] == ["Canceled", "Completed"]


def test_16_a_fault_of_our_own_gives_no_money_back(
    alice: Owner,
    carol: Buyer,
    upstream: ScriptedUpstream,
    worker: Rounds,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A function had been renamed on one side only: each call failed, and each failure refunded an order."""
    orders_at((alice, upstream))
    running, unsent = carol.order(), 0
    worker.forward()
    worker.fails = True
    with monkeypatch.context() as broken:
        for name in ("add", "status", "refill"):
            broken.delattr(PanelClient, name)
        unsent = carol.order()
        for _ in range(3):
            time.passes(minutes=10)
            worker.everything()
    assert [carol.sees(order_id)[:2] for order_id in (running, unsent)] == [("Processing", "0.90")] * 2
    assert problem_of(unsent) == "outcome unknown: fault in our client: AttributeError"
    assert carol.balance() == "98.20"
    assert len(upstream.calls) == 1
    # Mended, it goes on.
    upstream.answers("status", report("Completed"))
    time.passes(hours=1)
    worker.poll()
    assert carol.sees(running) == Seen("Completed", "0.90", 0, 10)


@pytest.mark.parametrize(
    "answer", [report("Pending", 1000), report("Awaiting"), {"error": "Incorrect order ID"}, {}, ""], ids=str
)
def test_17_what_is_still_pending_is_not_over(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time, answer: Any
) -> None:
    """At the first look the provider had not begun: the order was taken for failed and cancelled."""
    orders_at((alice, upstream))
    upstream.answers("status", answer)
    order_id = carol.order()
    worker.forward()
    time.passes(seconds=2)
    worker.poll()
    assert carol.sees(order_id)[:2] == ("Processing", "0.90")
    assert carol.balance() == "99.10"


def test_18_a_cancel_shows_when_the_provider_has_confirmed_it(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    """The order was shown as cancelled and paid back with the request; the provider then delivered it."""
    orders_at((alice, upstream))
    upstream.answers("cancel", [{"order": 23501, "cancel": {"error": "The order cannot be canceled"}}])
    upstream.answers("status", report("In progress", 300), report("Completed"))
    order_id = carol.order()
    worker.forward()
    assert carol.cancel(order_id) == [1]
    assert carol.sees(order_id) == Seen("Processing", "0.90", 1000)
    worker.cancels()
    for expected in ("In progress", "Completed"):
        time.passes(hours=1)
        worker.poll()
        assert carol.sees(order_id).status == expected
    assert carol.balance() == "99.10"


# ---- isolation and safety ------------------------------------------------------------------------------


def test_19_what_is_asked_about_belongs_to_who_asks(
    door: Door, alice: Owner, carol: Buyer, mallory: Buyer, time: Time
) -> None:
    """Status, refill and cancel took any number, and a key opened every panel of the installation."""
    number = carol.order().number
    dave = alice.customer("dave", balance="1.00")
    before = everything()
    for stranger in (dave, mallory):
        assert door.ask(stranger, "status", order=number) == {"error": "Incorrect order ID"}
        many = {str(number): {"error": "Incorrect order ID"}}
        assert door.ask(stranger, "status", orders=f"{number},") == many
        assert door.ask(stranger, "refill", order=number) == {"error": "Incorrect order ID"}
        assert door.ask(stranger, "cancel", orders=number) == [
            {"order": number, "cancel": {"error": "Incorrect order ID"}}
        ]
    for action in ("balance", "services", "status", "add", "cancel"):
        assert door.ask(carol, action, host="rival.example", order=number) == {"error": "Invalid API key"}
    after = everything()
    # The last use of a key is all that a question leaves behind.
    for table in before.keys() - {"customers_apikey"}:
        assert after[table] == before[table]


def test_20_each_answer_of_a_list_is_that_of_its_id(door: Door, carol: Buyer, mallory: Buyer) -> None:
    """Answers were given by position, from a query that had no order: another order's status came back."""
    mine = [carol.order(quantity=100 + number).number for number in range(6)]
    hers = mallory.order().number
    asked = [mine[4], hers, mine[0], "Array", mine[5], mine[4], 10**12, mine[1]]
    answer = door.ask(carol, "status", orders=",".join(map(str, asked)))
    assert list(answer) == [str(i) for i in dict.fromkeys(asked)]
    for place_, number in enumerate(mine):
        if number in asked:
            assert answer[str(number)]["remains"] == str(100 + place_)
    assert [i for i in answer if "error" in answer[i]] == [str(hers), "Array", str(10**12)]
    refills = door.ask(carol, "cancel", orders=",".join(map(str, asked)))
    assert [row["order"] for row in refills] == list(dict.fromkeys(asked)), "an id that comes twice is answered once"


def dump() -> list[str]:
    """Every value of every table as text, and on SQLite the bytes of the file."""
    cells = []
    for table in connection.introspection.table_names():
        cells += [str(cell) for row in values(f'SELECT * FROM "{table}"') for cell in row if cell is not None]
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        for path in (name, f"{name}-wal"):
            with open(path, "rb") as file:
                cells.append(file.read().decode("latin-1"))
    return cells


def test_22_a_stolen_database_opens_nothing(alice: Owner, carol: Buyer) -> None:
    """Keys of customers and of providers stood in the tables in plain text, and a dump in the repository."""
    alice.provider("https://upstream.example/api/v2", name="plain")
    execute("UPDATE providers_provider SET name = 'renamed'")
    _, revoked = carol.new_key(name="laptop")
    cells = dump()
    assert any(digest_of(carol.key) in cell for cell in cells), "the dump is one of this database"
    text = "\n".join(cells)
    for secret in (carol.key, revoked, "key-of-plain", PASSWORD, settings.SECRET_KEY):
        for form in (
            secret,
            secret[::-1],
            secret.encode().hex(),
            base64.b64encode(secret.encode()).decode().rstrip("="),
        ):
            assert form not in text
    # Nothing that stands in it is good as a key.
    address = hosts.split(alice.host, 80)
    callers = [Caller(address, digest_of(cell), REMOTE) for cell in cells if len(cell) < 1000]
    assert set(grants(callers)) == {BAD_KEY}


def test_22_no_secret_and_no_dump_lies_in_the_repository() -> None:
    """The same, for what is handed out with the code."""
    endings = (".sqlite3", ".sqlite", ".db", ".sql", ".dump", ".key", ".pem", ".env", ".bak", ".pgpass")
    assert [path for path in all_files() if path.lower().endswith(endings) or "/.env" in f"/{path}"] == []


@pytest.mark.parametrize("evil", ["'; DROP TABLE orders_order; --", "1 OR 1=1", '"x") OR ("1"="1', "%s%(a)s{0}$1?:in"])
def test_23_what_a_client_writes_is_never_read_as_sql(door: Door, carol: Buyer, evil: str) -> None:
    """Statements were put together from what the client had sent."""
    tables = connection.introspection.table_names()
    first = carol.order()
    names = ("service", "quantity", "runs", "interval", "request_id", "username", "comments", "country", "orders")
    params: dict[str, Any] = {"service": FOLLOWERS, "link": LINK, "quantity": 1000}
    for name in names:
        answer = door.ask(carol, "add", **{**params, name: evil})
        assert answer.keys() in ({"order"}, {"error"}), name
    good = f"https://example.com/{evil.replace(' ', '+')}"
    number = door.ask(carol, "add", **{**params, "link": good, "request_id": f"{evil} again"})["order"]
    row = row_of(known(carol.owner.panel_id, number))
    assert (row.link, row.request_id) == (good, f"{evil} again")
    for action, name in (
        ("status", "orders"),
        ("refill", "orders"),
        ("cancel", "orders"),
        ("refill_status", "refills"),
    ):
        assert str(first) not in json.dumps(door.ask(carol, action, **{name: evil}))
    for key, host in ((evil, ""), ("", evil)):
        assert door.ask(carol, "balance", key=key, host=host) == {"error": "Invalid API key"}
    assert connection.introspection.table_names() == tables
    assert carol.sees(first).status == "Pending"


# ---- speed -------------------------------------------------------------------------------------------


def test_24_the_number_of_queries_does_not_grow_with_what_is_asked(door: Door, carol: Buyer, time: Time) -> None:
    """One query for each service, order and row: 27 for a balance, 117 for an order, 200 scans for 100 ids."""
    ids = [carol.order(quantity=100) for _ in range(100)]
    parents = [carol.order(quantity=100, runs=2, interval=5) for _ in range(20)]
    address = hosts.split(carol.owner.host, 80)
    lane = door.api.lane

    def call(action: str, **params: object) -> Call:
        sent = {"key": carol.key, "action": action, **{name: str(value) for name, value in params.items()}}
        return call_of(sent, address=address, remote=REMOTE, header_request_id="")

    def reads(*calls: Call) -> int:
        with statements() as seen:
            answers = lane._read(calls)
        assert len(answers) == len(calls)
        return len(seen)

    def looks(*calls: Call) -> int:
        """Of writes, what they read: rows that are written one by one are another matter."""
        with statements() as seen:
            lane._write(calls)
        return sum(not text.startswith(("INSERT", "UPDATE")) for text in seen.texts)

    listed = ",".join(str(one.number) for one in ids)
    assert reads(call("balance")) == 3
    assert reads(*[call("balance")] * 64) == 3
    assert reads(call("status", order=ids[0].number)) == 3
    assert reads(call("status", orders=listed)) == 3
    assert reads(*[call("status", orders=listed)] * 64) == 3
    assert (
        reads(call("status", order=parents[0].number))
        == reads(call("status", orders=",".join(str(one.number) for one in parents)))
        == 5
    )
    assert reads(call("services")) == 3
    assert reads(*[call("services")] * 64) == 2, "rendered once for a version of the catalogue"

    one = call("add", service=FOLLOWERS, link=LINK, quantity=100)
    assert looks(one) == looks(*[one] * 64) <= 5
    assert looks(call("refill", order=ids[0].number)) == looks(call("refill", orders=listed)) <= 7
    assert looks(call("cancel", orders=ids[0].number)) == looks(call("cancel", orders=listed)) <= 12
    assert children_of(parents[0]) == []
