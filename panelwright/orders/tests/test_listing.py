"""A customer's orders and refills by pages: every order once, in both directions, and nobody else's."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panelwright.catalog import names
from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.orders import lifecycle, listing, settling
from panelwright.orders.listing import Wanted, read_search
from tests.support.effort import effort
from tests.support.people import (
    FOLLOWERS,
    LIKES,
    LINK,
    NOON,
    SUBSCRIPTION,
    Buyer,
    Known,
    Owner,
    Time,
    children_of,
    execute,
    known,
    place,
    row_of,
    run_schedules,
    values,
)
from tests.support.statements import statements

Ids = list[int]


def end(order_id: int, status: str, *, remains: int = 0) -> None:
    """What a provider's report would do."""
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), clock.now())
    changes.apply(settling.end(changes.orders[order_id], status, remains=remains, now=clock.now()))
    changes.write()


def page(
    buyer: Buyer,
    wanted: Wanted = listing.EVERYTHING,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = listing.PAGE,
) -> listing.OrderPage:
    return listing.page(
        panel_id=buyer.owner.panel_id,
        customer_id=buyer.customer_id,
        wanted=wanted,
        before=before,
        after=after,
        limit=limit,
    )


def ids(buyer: Buyer, **wanted: object) -> Ids:
    return [row.number for row in page(buyer, Wanted(**wanted)).rows]  # type: ignore[arg-type]


# ---- what a row says -----------------------------------------------------------------------------------


def test_a_row_says_all_that_a_list_shows(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = carol.order()
    execute("UPDATE orders_order SET start_count = 4711, remains = 600, status = 'In progress' WHERE id = %s", order_id)
    time.passes(hours=1)
    end(order_id, "Partial", remains=400)
    (row,) = page(carol).rows
    assert row == listing.ListedOrder(
        id=order_id,
        number=order_id.number,
        kind="plain",
        parent=None,
        service_id=alice.services[FOLLOWERS].id,
        link=LINK,
        quantity=1000,
        rate_micros=900_000,
        booked_micros=900_000,
        charge_micros=540_000,
        status="Partial",
        job=None,
        start_count=4711,
        remains=400,
        created_at=NOON,
        ended_at=NOON + timedelta(hours=1),
        service=FOLLOWERS,
        service_name="Followers",
        service_type="Default",
        refill=True,
        refill_days=30,
        cancel=True,
        drip_feed=True,
        runs=0,
        runs_done=0,
        posts=None,
        old_posts=0,
        posts_done=0,
        expires_on=None,
        paused_at=None,
        cancel_state=None,
    )
    assert (row.refunded_micros, row.delivered, row.is_open) == (360_000, 600, False)


def test_a_drip_feed_and_its_runs(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=3, interval=30)
    run_schedules()
    (run,) = children_of(order_id)
    end(run.id, "Completed")
    child, parent = page(carol).rows
    assert (child.number, child.kind, child.parent, child.charge_micros) == (run.number, "run", order_id.number, 0)
    assert (parent.number, parent.kind, parent.runs, parent.runs_done) == (order_id.number, "drip-feed", 3, 1)
    assert ids(carol, kinds=listing.ORDERS) == [run.number]
    assert ids(carol, kinds=listing.DRIP_FEEDS) == [order_id.number]
    assert ids(carol, kinds=listing.SUBSCRIPTIONS) == []


def test_a_subscription(carol: Buyer, time: Time) -> None:
    plain = carol.order()
    order_id = carol.order(service=SUBSCRIPTION, posts=5, old_posts=2, expiry="31/12/2026")
    row = page(carol, Wanted(kinds=listing.SUBSCRIPTIONS)).rows[0]
    assert (row.id, row.number, row.status, row.link) == (order_id, order_id.number, "Active", "carol")
    assert (row.posts, row.old_posts, row.posts_done, row.expires_on) == (5, 2, 0, date(2026, 12, 31))
    assert ids(carol, kinds=listing.SUBSCRIPTIONS, status="Active") == [order_id.number]
    assert ids(carol, kinds=listing.SUBSCRIPTIONS, status="Canceled") == []
    carol.cancel(order_id)
    assert ids(carol, kinds=listing.SUBSCRIPTIONS, status="Canceled") == [order_id.number]
    assert ids(carol, status="Canceled") == [order_id.number]
    assert ids(carol) == [order_id.number, plain.number]


def test_a_row_knows_what_may_be_asked_of_it(carol: Buyer, time: Time) -> None:
    """For each row the list's answer is the one that asking would give."""
    running, done, other = carol.order(), carol.order(), carol.order(service=LIKES)
    end(done, "Completed")
    now = time.passes(hours=24)
    rows = {row.id: row for row in page(carol).rows}
    assert rows[running].may_refill(now) == Refusal("not_completed")
    assert (rows[done].may_refill(now), rows[done].may_cancel()) == (None, Refusal("cannot_cancel"))
    assert (rows[other].may_refill(now), rows[other].may_cancel()) == (
        Refusal("refill_disabled"),
        Refusal("cancel_disabled"),
    )
    assert rows[running].may_cancel() is None
    carol.refill(done)
    assert page(carol).rows[1].may_refill(now) == Refusal("refill_open")
    execute("UPDATE orders_refill SET status = 'Rejected', state = 'done', due_at = NULL, ended_at = created_at")
    refilled = page(carol).rows[1]
    assert (refilled.open_refill, refilled.last_refill_at) == (False, now)
    assert refilled.may_refill(now + timedelta(hours=23)) == Refusal("refill_too_soon")
    assert refilled.may_refill(now + timedelta(hours=24)) is None


def test_a_cancel_on_its_way_is_told_until_the_provider_answers(carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    execute("UPDATE orders_order SET status = 'In progress', job = 'poll' WHERE id = %s", order_id)
    assert not page(carol).rows[0].cancel_requested
    carol.cancel(order_id)
    assert page(carol).rows[0].cancel_requested
    execute("UPDATE orders_cancel SET state = 'done', due_at = NULL")
    assert not page(carol).rows[0].cancel_requested


# ---- filters -------------------------------------------------------------------------------------------


class Many(NamedTuple):
    """Orders of Carol by what became of them, and one of Dave's between each two."""

    all: Ids
    by_status: dict[str, Ids]


WORDS = ("Pending", "Processing", "In progress", "Completed", "Partial", "Canceled")


@pytest.fixture
def many(alice: Owner, carol: Buyer, time: Time) -> Many:
    dave = alice.customer("dave", balance="100.00")
    commands = []
    for n in range(48):
        service = (FOLLOWERS, LIKES)[n % 4 == 3]
        commands.append(carol.command(service=service, quantity=100, link=f"https://example.com/Group{n % 5}/{n}"))
        commands.append(dave.command(quantity=100, link=f"https://example.com/Group{n % 5}/dave"))
    placed = [result for result in place(*commands) if isinstance(result, Known)]
    mine = placed[::2]
    assert len(placed) == 96
    by_status: dict[str, Ids] = {word: [] for word in WORDS}
    for n, order_id in enumerate(mine):
        word = WORDS[n * 7 % 6]
        by_status[word].append(order_id.number)
        if word in ("Completed", "Partial", "Canceled"):
            end(order_id, word, remains={"Completed": 0, "Partial": 10, "Canceled": 100}[word])
        else:
            execute("UPDATE orders_order SET status = %s WHERE id = %s", word, order_id)
    return Many([order_id.number for order_id in mine], by_status)


def newest(ids: Ids) -> Ids:
    return sorted(ids, reverse=True)


def test_the_tabs_show_the_orders_of_their_word(many: Many, carol: Buyer) -> None:
    assert ids(carol) == newest(many.all)
    for word in WORDS:
        assert ids(carol, status=word) == newest(many.by_status[word])
        assert ids(carol, status=word, kinds=listing.ORDERS) == newest(many.by_status[word])
    assert ids(carol, status="completed") == []
    assert ids(carol, kinds=frozenset({"nothing"})) == []


def test_a_service_and_a_part_of_the_link(many: Many, carol: Buyer, alice: Owner) -> None:
    likes = many.all[3::4]
    assert ids(carol, service=LIKES) == newest(likes)
    assert ids(carol, service=4711) == []
    group = many.all[2::5]
    assert ids(carol, text="GROUP2/") == newest(group)
    assert ids(carol, text="roup2/", service=LIKES) == newest([i for i in group if i in likes])
    assert ids(carol, text="group2/", status="Partial") == newest([i for i in group if i in many.by_status["Partial"]])
    assert ids(carol, text="group%") == []
    assert ids(carol, text="group_/") == []


def test_signs_in_a_link_mean_themselves(carol: Buyer) -> None:
    percent = carol.order(link="https://example.com/100%25_sure!").number
    carol.order(link="https://example.com/1001251sure")
    letters = carol.order(link="https://example.com/Привет").number
    for text in ("100%25_", "%25_SURE!", "!"):
        assert ids(carol, text=text) == [percent]
    assert ids(carol, text="Привет") == [letters]


@pytest.mark.parametrize(
    ("typed", "ids", "text"),
    [
        ("17", (17,), ""),
        (" 17, 18 19;17\n#20 ", (17, 18, 19, 20), ""),
        ("1" * 18, (int("1" * 18),), ""),
        ("1" * 19, (), "1" * 19),
        ("example.com/17", (), "example.com/17"),
        ("17a", (), "17a"),
        ("a\x00b   c\n", (), "ab c"),
        ("", (), ""),
        ("\x00", (), ""),
        ("١٢", (), "١٢"),
        ("x" * 300, (), "x" * 200),
        (",".join(map(str, range(1, 200))), tuple(range(1, 101)), ""),
    ],
)
def test_digits_are_numbers_and_anything_else_is_a_part_of_the_link(
    typed: str, ids: tuple[int, ...], text: str
) -> None:
    assert read_search(typed) == (ids, text)


def test_orders_are_found_by_their_numbers(many: Many, carol: Buyer) -> None:
    asked = [many.all[30], many.all[2], many.all[11]]
    assert ids(carol, numbers=(*asked, 10**17)) == newest(asked)
    assert ids(carol, numbers=tuple(many.all), status="Partial") == newest(many.by_status["Partial"])
    rows = listing.by_numbers(panel_id=carol.owner.panel_id, customer_id=carol.customer_id, numbers=[*asked, -1, 2**70])
    assert [row.number for row in rows] == newest(asked)


def named(owner: Owner, text: str) -> tuple[int, ...]:
    """The services that a text names, as a page asks for them."""
    return names.find(panel_id=owner.panel_id, version=1, text=text)


# ---- nobody else's -------------------------------------------------------------------------------------


def test_nobody_sees_the_orders_of_others(many: Many, carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    erin = alice.customer("erin")
    for stranger in (mallory, erin):
        for wanted in (
            listing.EVERYTHING,
            Wanted(numbers=tuple(many.all)),
            Wanted(status="Partial"),
            Wanted(text="example"),
            Wanted(kinds=listing.DRIP_FEEDS),
        ):
            assert page(stranger, wanted).rows == []
    crossed = listing.page(panel_id=mallory.owner.panel_id, customer_id=carol.customer_id)
    assert crossed.rows == []


# ---- paging --------------------------------------------------------------------------------------------


def walk(buyer: Buyer, wanted: Wanted, *, limit: int, start: int | None, meanwhile: Callable[[], object]) -> Ids:
    """All pages from the newest order on (start None), or from above the number `start` up to the newest."""
    found: Ids = []
    shown = page(buyer, wanted, after=start, limit=limit)
    for _ in range(400):
        rows = [row.number for row in shown.rows]
        assert rows == newest(rows)
        assert len(rows) <= limit
        found += rows if start is None else rows[::-1]
        turn = shown.older if start is None else shown.newer
        if turn is None:
            return found
        meanwhile()
        shown = page(buyer, wanted, **{"before" if start is None else "after": turn}, limit=limit)
    raise AssertionError("the pages have no end")


WANTED = st.builds(
    Wanted,
    status=st.sampled_from(["", *WORDS]),
    service=st.sampled_from([None, FOLLOWERS, LIKES]),
    kinds=st.sampled_from([listing.KINDS, listing.ORDERS, listing.DRIP_FEEDS]),
    text=st.sampled_from(["", "group1", "Group", "nowhere"]),
    numbers=st.just(()),
    parent=st.none(),
    services=st.sampled_from([(), (), (LIKES,)]),
    also=st.just(()),
)


def _meant(wanted: Wanted, owner: Owner) -> Wanted:
    """Services by their ids, which differ from run to run, instead of by their numbers."""
    return wanted._replace(services=tuple(id_ for number in wanted.services for id_ in named(owner, str(number))))


@settings(max_examples=effort(60, proving=300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=WANTED, limit=st.integers(1, 20), window=st.integers(1, 60), upward=st.booleans(), busy=st.booleans())
def test_every_order_stands_on_one_page(
    many: Many,
    carol: Buyer,
    wanted: Wanted,
    limit: int,
    window: int,
    upward: bool,
    busy: bool,
) -> None:
    """In both directions, with any filter, however small the window, and while new orders arrive."""
    wanted = _meant(wanted, carol.owner)
    known = set(_expected(carol, wanted))
    arrivals = iter(range(3 if busy else 0))

    def arrive() -> None:
        if next(arrivals, None) is not None:
            carol.order(quantity=50, link="https://example.com/Group1/new")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "WINDOW", window)
        found = walk(carol, wanted, limit=limit, start=0 if upward else None, meanwhile=arrive)
    assert len(found) == len(set(found)), "an order stands on two pages"
    assert known <= set(found)
    assert set(found) <= set(_expected(carol, wanted))
    assert found == (sorted(found) if upward else newest(found))


def _expected(carol: Buyer, wanted: Wanted) -> Ids:
    """By a plain look at all of the customer's orders."""
    rows = values(
        "SELECT o.number, o.status, v.number, v.id, o.kind, o.link FROM orders_order o"
        " JOIN catalog_service v ON v.id = o.service_id WHERE o.customer_id = %s",
        carol.customer_id,
    )
    return [
        id_
        for id_, status, number, service_id, kind, link in rows
        if wanted.status in ("", status)
        and wanted.service in (None, number)
        and kind in wanted.kinds
        and (
            not (wanted.text or wanted.services)
            or (wanted.text and wanted.text.lower() in link.lower())
            or service_id in wanted.services
        )
    ]


@settings(max_examples=effort(40, proving=200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=WANTED, limit=st.integers(1, 9), window=st.integers(1, 60), turns=st.lists(st.booleans(), max_size=8))
def test_a_page_and_back_shows_the_same(
    many: Many, carol: Buyer, wanted: Wanted, limit: int, window: int, turns: list[bool]
) -> None:
    """Whatever way somebody turns the pages, nothing is passed over between one and the next."""
    wanted = _meant(wanted, carol.owner)
    everything = newest(_expected(carol, wanted))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "WINDOW", window)
        shown = page(carol, wanted, limit=limit)
        for down in turns:
            cursor = shown.older if down else shown.newer
            if cursor is None:
                continue
            shown = page(carol, wanted, limit=limit, **{"before" if down else "after": cursor})
            rows = [row.number for row in shown.rows]
            if rows:
                first = everything.index(rows[0])
                assert rows == everything[first : first + len(rows)]
            nearest = [i for i in everything if (i < cursor if down else i > cursor)]
            if shown.looked is None and not (shown.older if down else shown.newer):
                assert sorted(rows) == sorted(nearest), "the last page shows all that is left"


def test_a_page_that_is_not_full_says_how_far_it_looked(
    many: Many, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 10)
    shown = page(carol, Wanted(text="nowhere"))
    assert (shown.rows, shown.older, shown.newer) == ([], many.all[-10], None)
    assert shown.looked == listing.Looked(many.all[-10], row_of(known(carol.owner.panel_id, many.all[-10])).created_at)
    shown = page(carol, Wanted(text="nowhere"), before=many.all[10])
    assert (shown.rows, shown.older, shown.newer) == ([], many.all[0], many.all[10] - 1)
    shown = page(carol, Wanted(text="nowhere"), before=many.all[0])
    assert shown == listing.OrderPage([], None, many.all[0] - 1)
    up = page(carol, Wanted(text="nowhere"), after=many.all[0])
    assert (up.rows, up.newer) == ([], many.all[10])


def test_a_full_page_reads_four_statements_at_most(many: Many, carol: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(wanted: Wanted) -> int:
        with statements() as seen:
            page(carol, wanted)
        return len(seen)

    assert asked(listing.EVERYTHING) == 2
    assert asked(Wanted(status="Pending")) == 2
    assert asked(Wanted(status="Partial")) == 1
    assert asked(Wanted(numbers=tuple(many.all))) == 2
    monkeypatch.setattr(listing, "WINDOW", 20)
    assert asked(Wanted(text="group")) == 4


# ---- refills -------------------------------------------------------------------------------------------


def refills(buyer: Buyer, **cursor: int) -> listing.Refills:
    return listing.refills(panel_id=buyer.owner.panel_id, customer_id=buyer.customer_id, **cursor)


def test_refills_stand_in_pages_of_their_own(carol: Buyer, mallory: Buyer, alice: Owner, time: Time) -> None:
    dave = alice.customer("dave", balance="10.00")
    mine, his = [carol.order() for _ in range(5)], dave.order()
    for order_id in (*mine, his):
        end(order_id, "Completed")
    now = time.passes(hours=24)
    asked = [carol.refill(order_id)[0].number for order_id in mine]
    dave.refill(his)
    shown = refills(carol)
    assert [row.number for row in shown.rows] == newest(asked)
    assert (shown.older, shown.newer) == (None, None)
    assert shown.rows[0] == listing.RefillRow(
        number=asked[4],
        order=mine[4].number,
        status="Pending",
        created_at=now,
        ended_at=None,
        link=LINK,
        quantity=1000,
        service=FOLLOWERS,
        service_name="Followers",
    )
    first = refills(carol, limit=2)
    assert ([row.number for row in first.rows], first.older, first.newer) == ([asked[4], asked[3]], asked[3], None)
    second = refills(carol, limit=2, before=asked[3])
    assert ([r.number for r in second.rows], second.older, second.newer) == ([asked[2], asked[1]], asked[1], asked[2])
    last = refills(carol, limit=2, before=asked[1])
    assert ([row.number for row in last.rows], last.older, last.newer) == ([asked[0]], None, asked[0])
    back = refills(carol, limit=2, after=asked[0])
    assert ([row.number for row in back.rows], back.older, back.newer) == ([asked[2], asked[1]], asked[1], asked[2])
    assert refills(mallory).rows == []
    with statements() as seen:
        refills(carol)
    assert len(seen) == 1


def test_rows_of_the_release_before_learn_whose_they_are(carol: Buyer, time: Time) -> None:
    drip_feed, done = carol.order(quantity=100, runs=2, interval=5), carol.order()
    end(done, "Completed")
    time.passes(hours=24)
    carol.refill(done)
    execute("UPDATE orders_schedule SET customer_id = NULL")
    execute("UPDATE orders_refill SET customer_id = NULL")
    assert (ids(carol, kinds=listing.DRIP_FEEDS), refills(carol).rows) == ([], [])
    fill = importlib.import_module("panelwright.orders.migrations.0004_fill_customers")
    fill.fill(None, SimpleNamespace(connection=connection))
    assert ids(carol, kinds=listing.DRIP_FEEDS) == [drip_feed.number]
    assert [row.order for row in refills(carol).rows] == [done.number]


# ---- plans ---------------------------------------------------------------------------------------------


def crowd(carol: Buyer, count: int) -> None:
    """Orders like the newest one, in one statement: only the planner looks at them."""
    numbers = (
        f"SELECT n FROM generate_series(1, {count}) AS g(n)"
        if connection.vendor == "postgresql"
        else f"WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {count}) SELECT n FROM g"
    )
    execute(
        "INSERT INTO orders_order (number, panel_id, customer_id, service_id, kind, link, quantity, fields,"
        " rate_micros, booked_micros, charge_micros, status, remains, created_at, ended_at)"
        " SELECT 1000000 * id + n, panel_id, customer_id, service_id, kind, link, quantity, fields, rate_micros, 0, 0,"
        " CASE n %% 50 WHEN 0 THEN 'Canceled' WHEN 1 THEN 'Partial' ELSE 'Completed' END,"
        " CASE n %% 50 WHEN 0 THEN quantity WHEN 1 THEN 1 ELSE 0 END, created_at, created_at"
        f" FROM orders_order JOIN ({numbers}) AS x ON 1 = 1"
    )
    execute("UPDATE panels_numbering SET next_number = 1000000000000000 WHERE noun = 'order'")
    if connection.vendor == "postgresql":
        execute("ANALYZE")


def test_each_page_is_read_from_an_index(alice: Owner, carol: Buyer, database_kind: str) -> None:
    """No plan reads a whole table of orders, whatever part of it is the customer's."""
    carol.order()
    alice.customer("dave", balance="10.00").order()
    crowd(carol, 50_000)
    ends = (alice.panel_id, carol.customer_id, -1, alice.panel_id, carol.customer_id, 2**62)
    for wanted, index in (
        (listing.EVERYTHING, "order_customer"),
        (Wanted(status="Partial"), "order_customer_short"),
        (Wanted(status="Canceled"), "order_customer_short"),
        (Wanted(status="Completed"), "order_customer"),
        (Wanted(text="nowhere"), "order_customer"),
        (Wanted(services=(1, 2)), "order_customer"),
    ):
        for upward in (False, True):
            source = listing._source(wanted)
            window = listing._window(source, upward=upward).plan(connection, *ends, listing.WINDOW)
            rows = listing._rows(
                source, status=False, service=False, kinds=0, text=False, services=False, upward=upward
            )
            again = () if source.exact else (1, 1_000)
            for plan in (window, rows.plan(connection, *ends, *again, 51)):
                # A window may as well be read by its ids.
                served = f"{index} " in plan or (plan is not window and "orders_order_pkey" in plan)
                # All orders of the panel are hers: that of its staff is as short.
                served |= index == "order_customer_short" and "order_panel_short " in plan
                assert served, (wanted, plan)
                for whole in ("Seq Scan on orders_order", "SCAN o ", "SCAN orders_order"):
                    assert whole not in plan, (wanted, plan)
            # Of the few that ended badly PostgreSQL may rather take all and sort them.
            assert "Sort" not in window or index == "order_customer_short", (wanted, window)
            assert "TEMP B-TREE" not in window, (wanted, window)
