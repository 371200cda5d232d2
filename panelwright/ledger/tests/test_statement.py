"""The balance after each transfer is exact: on every page, in both directions, and while money moves."""

from __future__ import annotations

import csv
import io
import itertools
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connection, connections, transaction
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panelwright.core import money, sql
from panelwright.ledger import statement, statement_actions
from panelwright.ledger.actions import account, credit_customer, open_books, open_customer_account
from panelwright.ledger.lists import STATEMENT
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.statement import Day, Month, Statement, StatementEntry
from panelwright.ledger.store import ADD_TO_BALANCES, INSERT_TRANSFERS
from tests.support.effort import effort
from tests.support.statements import statements

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
KOLKATA = ZoneInfo("Asia/Kolkata")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
commits = pytest.mark.django_db(transaction=True)


class Books:
    """A panel with Carol's account; money moves as it does for orders, and all of it is remembered."""

    def __init__(self, slug: str = "shop") -> None:
        panel = apps.get_model("panels", "Panel").objects.create(slug=slug, name=slug, currency="USD")
        self.panel = panel
        self.panel_id: int = panel.id
        with scope(panel=panel):
            open_books(panel.id)
            self.sales = account(panel.id, AccountKind.SALES)
            self.account_id: int = open_customer_account(panel.id).id
        self._numbers = itertools.count(1)
        self.panels = itertools.count(1)

    def deposit(self, amount: str, at: datetime = NOON, code: TransferCode = TransferCode.DEPOSIT) -> None:
        number = next(self._numbers)
        with scope(panel=self.panel):
            credit_customer(
                panel_id=self.panel_id,
                account_id=self.account_id,
                amount_micros=money.parse(amount),
                code=code,
                reference=f"{code} {number}",
                now=at,
            )

    def order(self, amount: str, at: datetime = NOON) -> int:
        return self._move(amount, at, "order", self.account_id, self.sales, -1)

    def refund(self, amount: str, at: datetime = NOON) -> int:
        return self._move(amount, at, "refund", self.sales, self.account_id, 1)

    def _move(self, amount: str, at: datetime, code: str, debit: int, credit: int, sign: int) -> int:
        """As the hot statements do it: the account is locked first, then the transfer gets its id."""
        micros, number = money.parse(amount), next(self._numbers)
        with transaction.atomic():
            ADD_TO_BALANCES.run(connection, [(sign * micros, self.account_id)])
            row = (self.panel_id, debit, credit, micros, code, str(number), number)
            INSERT_TRANSFERS.run(connection, [(*row, sql.moment(connection, at))])
        return number

    def page(self, **asked: Any) -> Statement:
        return statement.page(panel_id=self.panel_id, account_id=self.account_id, **asked)

    def catch_up(self, **asked: int) -> bool:
        return statement_actions.catch_up(panel_id=self.panel_id, account_id=self.account_id, **asked)

    def facts(self) -> list[tuple[int, str, int, int]]:
        """Id, code, what came in, balance after it: added up one by one, the newest first."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, code, CASE WHEN debit_account_id = %s THEN -amount_micros ELSE amount_micros END"
                " FROM ledger_transfer WHERE debit_account_id = %s OR credit_account_id = %s ORDER BY id",
                [self.account_id] * 3,
            )
            rows = cursor.fetchall()
        balance, found = 0, []
        for id_, code, micros in rows:
            balance += micros
            found.append((id_, code, micros, balance))
        return found[::-1]


@pytest.fixture
def books(db: None) -> Books:
    return Books()


def shown(page: Statement) -> list[tuple[int, str, int, int | None]]:
    return [(entry.id, entry.code, entry.micros, entry.balance_micros) for entry in page.entries]


def test_every_transfer_with_its_sign_and_the_balance_after_it(books: Books) -> None:
    books.deposit("10.00")
    order = books.order("2.50", NOON + timedelta(minutes=1))
    books.refund("0.50")
    page = books.page()
    assert [(e.code, money.text(e.micros), money.text(e.balance_micros or 0)) for e in page.entries] == [
        ("refund", "0.50", "8.00"),
        ("order", "-2.50", "7.50"),
        ("deposit", "10.00", "10.00"),
    ]
    entry = page.entries[1]
    at = NOON + timedelta(minutes=1)
    assert entry == StatementEntry(entry.id, "order", str(order), order, -2_500_000, at, 7_500_000)
    assert (page.older, page.newer, page.looked_back_to, page.ready) == (None, None, None, True)
    assert books.page(code="deposit").entries[0].balance_micros is None


def test_an_account_without_transfers(books: Books) -> None:
    assert books.page() == Statement([], None, None)
    assert books.page(code="order") == Statement([], None, None)
    assert books.page(code="nonsense") == Statement([], None, None)
    assert books.catch_up()


def test_nobody_reads_the_account_of_others(books: Books) -> None:
    books.deposit("10.00")
    other = Books("rival")
    other.deposit("1.00")
    crossed = {"panel_id": other.panel_id, "account_id": books.account_id}
    for asked in ({}, {"code": "deposit"}, {"month": Month(2026, 5, UTC_ZONE)}):
        assert statement.page(**crossed, **asked).entries == []  # type: ignore[arg-type]
    assert statement.page(panel_id=books.panel_id, account_id=books.sales).entries == []
    assert statement_actions.catch_up(**crossed)
    assert apps.get_model("ledger", "Rollup").objects.none().count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM ledger_rollup")
        assert cursor.fetchone() == (0,)


def test_a_cursor_is_good_for_its_own_account_only(books: Books) -> None:
    for _ in range(5):
        books.deposit("1.00")
    older = books.page(limit=2).older
    assert older is not None
    assert shown(books.page(limit=2, before=older)) == books.facts()[2:4]
    first = shown(books.page(limit=2))
    forged = ("A" if older[0] != "A" else "B") + older[1:]
    other = Books("rival")
    other.deposit("7.00")
    for bad in (forged, "", "nonsense", "1.5", older[:-1], "x" * 500, "\x00", "é"):
        assert shown(books.page(limit=2, before=bad)) == first
        assert shown(books.page(limit=2, after=bad)) == first
    assert shown(other.page(before=older)) == other.facts()


# ---- any history, any turning of pages -----------------------------------------------------------------

MOVES = st.lists(st.tuples(st.sampled_from(["order", "refund", "deposit", "bonus"]), st.integers(1, 9)), max_size=40)


def _live(books: Books, moves: list[tuple[str, int]], at: datetime = NOON) -> None:
    for kind, units in moves:
        if kind == "order":
            books.order(f"{units}.000001", at)
        elif kind == "refund":
            books.refund(f"0.{units}", at)
        else:
            books.deposit(f"{units}.5", at, TransferCode(kind))


@settings(max_examples=effort(30, proving=150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, more=MOVES, limit=st.integers(1, 7), turns=st.lists(st.booleans(), max_size=12))
def test_balances_are_exact_whatever_page_somebody_turns_to(
    books: Books, moves: list[tuple[str, int]], more: list[tuple[str, int]], limit: int, turns: list[bool]
) -> None:
    """Money moves after each turn; what a page shows is what adding up one by one gives."""
    books.deposit("1000")
    _live(books, moves)
    page, later = books.page(limit=limit), iter(more)
    for down in turns:
        facts = {fact[0]: fact for fact in books.facts()}
        assert shown(page) == [facts[entry.id] for entry in page.entries]
        if move := next(later, None):
            _live(books, [move])
        cursor = page.older if down else page.newer
        if cursor is None:
            continue
        edge = page.entries[-1 if down else 0].id if page.entries else None
        page = books.page(limit=limit, **{"before" if down else "after": cursor})
        if edge is not None:
            every = [fact[0] for fact in books.facts()]
            place = every.index(edge)
            wanted = every[place + 1 : place + 1 + limit] if down else every[max(place - limit, 0) : place]
            assert [entry.id for entry in page.entries] == wanted


@settings(max_examples=effort(20, proving=100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=MOVES,
    limit=st.integers(1, 7),
    window=st.integers(1, 9),
    code=st.sampled_from(["", *TransferCode.values]),
    upward=st.booleans(),
)
def test_every_transfer_stands_on_one_page(
    books: Books, moves: list[tuple[str, int]], limit: int, window: int, code: str, upward: bool
) -> None:
    books.deposit("1000")
    _live(books, moves)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statement, "WINDOW", window)
        page, found = books.page(limit=limit, code=code), []
        while not upward or page.older:
            found += shown(page)
            if page.older is None:
                break
            page = books.page(limit=limit, code=code, before=page.older)
        if upward:
            found = shown(page)
            while page.newer:
                page = books.page(limit=limit, code=code, after=page.newer)
                found = shown(page) + found
    facts = [fact for fact in books.facts() if code in ("", fact[1])]
    assert [entry[:3] for entry in found] == [fact[:3] for fact in facts]
    if not code:
        assert found == facts


@commits
def test_balances_are_exact_while_others_write(transactional_db: None) -> None:
    """Several threads move money on the account, another adds up; a reader turns pages all the while."""
    books = Books()
    books.deposit("100000")
    stop, faults = threading.Event(), list[BaseException]()

    def work(act: Any) -> None:
        try:
            for n in range(120):
                if stop.is_set():
                    break
                act(n)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    def move(n: int) -> None:
        (books.order if n % 3 else books.refund)(f"1.{n + 1:03d}")

    writers = [threading.Thread(target=work, args=(move,)) for _ in range(3)]
    adders = [threading.Thread(target=work, args=(lambda _: books.catch_up(rows_max=7),)) for _ in range(2)]
    for thread in (*writers, *adders):
        thread.start()
    seen: dict[int, tuple[Any, ...]] = {}
    while any(thread.is_alive() for thread in writers):
        page = books.page(limit=9)
        for _ in range(6):
            for entry in shown(page):
                assert seen.setdefault(entry[0], entry) == entry, "a balance that was told has changed"
            if page.older is None:
                break
            page = books.page(limit=9, before=page.older)
    stop.set()
    for thread in (*writers, *adders):
        thread.join()
    assert faults == []
    facts = {fact[0]: fact for fact in books.facts()}
    assert len(facts) == 361
    assert seen and all(entry == facts[id_] for id_, entry in seen.items())
    assert books.catch_up()
    _check_sums(books)


# ---- months and days -----------------------------------------------------------------------------------


def _check_sums(books: Books) -> None:
    """The quarters add up to the transfers, and the last balance is the account's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT SUM(ordered_micros), SUM(returned_micros) FROM ledger_quarter WHERE account_id = %s",
            [books.account_id],
        )
        ordered, returned = (int(value or 0) for value in cursor.fetchone())
        cursor.execute(
            "SELECT transfer_id, balance_micros FROM ledger_rollup WHERE account_id = %s", [books.account_id]
        )
        rolled = cursor.fetchone()
    facts = books.facts()
    assert ordered == -sum(micros for _, code, micros, _ in facts if code == "order")
    assert returned == sum(micros for _, code, micros, _ in facts if code == "refund")
    assert rolled == (facts[0][0], facts[0][3])


@settings(max_examples=effort(25, proving=125), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(MOVES, st.integers(-30, 60 * 24 * 20)), min_size=1, max_size=6),
    chunk=st.integers(1, 10),
    limit=st.integers(1, 9),
    zone=st.sampled_from([UTC_ZONE, KOLKATA, SAO_PAULO]),
)
def test_a_month_has_its_transfers_with_their_balances(
    books: Books, steps: list[tuple[list[tuple[str, int]], int]], chunk: int, limit: int, zone: ZoneInfo
) -> None:
    """However time passes (a little backwards, too), however little is added up at once, in any time zone."""
    fresh = Books(f"shop-{next(books.panels)}")
    at = NOON
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statement_actions, "CHUNK", chunk)
        fresh.deposit("1000", at)
        for moves, minutes in steps:
            at += timedelta(minutes=minutes)
            _live(fresh, moves, at)
            fresh.catch_up()
        while not fresh.catch_up():
            pass
    _check_sums(fresh)
    times = {entry.id: entry.at for entry in _all(fresh)}
    for n in range(4, 12):
        month = Month(2026, n, zone)
        page = fresh.page(month=month, limit=limit)
        assert page.ready
        found = shown(page)
        while page.older:
            page = fresh.page(month=month, limit=limit, before=page.older)
            found += shown(page)
        assert found == [fact for fact in fresh.facts() if month.has(times[fact[0]])]


def _all(books: Books) -> list[StatementEntry]:
    page = books.page(limit=500)
    assert page.older is None
    return page.entries


def test_a_past_month_waits_until_it_has_been_added_up(books: Books) -> None:
    books.deposit("10")
    books.order("1", NOON + timedelta(days=40))
    may, june = Month(2026, 5, UTC_ZONE), Month(2026, 6, UTC_ZONE)
    assert books.page(month=may) == Statement([], None, None, ready=False)
    assert [entry.code for entry in books.page(month=june).entries] == ["order"]
    assert books.catch_up()
    assert [(entry.code, entry.balance_micros) for entry in books.page(month=may).entries] == [("deposit", 10_000_000)]
    assert books.page(month=Month(2026, 4, UTC_ZONE)).entries == []
    assert [entry.code for entry in books.page(month=may, code="order").entries] == []
    assert [entry.code for entry in books.page(month=may, code="deposit").entries] == ["deposit"]


def test_a_month_is_turned_within_its_bounds(books: Books) -> None:
    for n in range(6):
        books.deposit("1", NOON + timedelta(days=10 * n))
    books.catch_up()
    may = Month(2026, 5, UTC_ZONE)
    first = books.page(month=may, limit=2)
    assert (len(first.entries), first.newer) == (2, None)
    second = books.page(month=may, limit=2, before=first.older)
    assert (len(second.entries), second.older) == (1, None)
    assert books.page(month=may, limit=2, after=second.newer) == Statement(first.entries, first.older, first.newer)


@pytest.mark.parametrize(("text", "good"), [("2026-05", True), ("2026-13", False), ("", False), ("1-1", False)])
def test_months_are_read(text: str, good: bool) -> None:
    assert (statement.read_month(text, UTC_ZONE) == Month(2026, 5, UTC_ZONE)) is good


def test_days_are_those_of_the_time_zone(books: Books) -> None:
    books.deposit("100", NOON)
    # 18:15 UTC is a quarter to midnight in India, 18:30 the next day there.
    books.order("1", datetime(2026, 5, 4, 18, 15, tzinfo=UTC))
    books.order("2", datetime(2026, 5, 4, 18, 30, tzinfo=UTC))
    books.refund("0.25", datetime(2026, 5, 5, 2, 0, tzinfo=UTC))
    books.order("4", datetime(2026, 4, 30, 20, 0, tzinfo=UTC))
    assert books.catch_up()
    asked = {"panel_id": books.panel_id, "account_id": books.account_id}
    now = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
    found = statement.spending(**asked, zone=KOLKATA, now=now)
    assert len(found.days) == 30
    assert found.days[-2:] == [
        Day(date(2026, 5, 4), 1_000_000, 0),
        Day(date(2026, 5, 5), 2_000_000, 250_000),
    ]
    assert found.days[-5] == Day(date(2026, 5, 1), 4_000_000, 0)
    assert found.month == Day(date(2026, 5, 1), 7_000_000, 250_000)
    assert (found.month.spent_micros, found.days[-1].spent_micros) == (6_750_000, 1_750_000)
    utc = statement.spending(**asked, zone=UTC_ZONE, now=now)
    assert utc.days[-2:] == [Day(date(2026, 5, 4), 3_000_000, 0), Day(date(2026, 5, 5), 0, 250_000)]
    assert (utc.days[-6], utc.month.ordered_micros) == (Day(date(2026, 4, 30), 4_000_000, 0), 3_000_000)
    with statements() as seen:
        statement.spending(**asked, zone=UTC_ZONE, now=now)
    assert len(seen) == 2


def test_nothing_spent(books: Books) -> None:
    found = statement.spending(panel_id=books.panel_id, account_id=books.account_id, zone=UTC_ZONE, now=NOON)
    assert (found.month, found.counted_to) == (Day(date(2026, 5, 1), 0, 0), None)
    assert {day.spent_micros for day in found.days} == {0}


# ---- limits --------------------------------------------------------------------------------------------


def test_a_page_takes_few_statements(books: Books) -> None:
    books.deposit("100")
    for n in range(20):
        books.order("1", NOON + timedelta(days=n * 3))
    books.catch_up()
    older = books.page(limit=5).older
    for asked, most in (
        ({}, 1),
        ({"before": older}, 1),
        ({"code": "order"}, 2),
        ({"month": Month(2026, 5, UTC_ZONE)}, 3),
    ):
        with statements() as seen:
            books.page(limit=5, **asked)
        assert len(seen) == most, asked


def test_both_sides_are_read_from_their_indexes(books: Books) -> None:
    books.deposit("100")
    for n in range(3):
        books.order("1", NOON + timedelta(days=n * 3))
    with connection.cursor() as cursor:
        numbers = (
            "SELECT n FROM generate_series(1, 20000) AS g(n)"
            if connection.vendor == "postgresql"
            else "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 20000) SELECT n FROM g"
        )
        cursor.execute(
            "INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros, code,"
            " reference, order_id, created_at) SELECT panel_id, debit_account_id, credit_account_id, 1, code,"
            f" 'x' || n, order_id, created_at FROM ledger_transfer JOIN ({numbers}) AS x ON 1 = 1 WHERE reference = '2'"
        )
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
    ends = [books.panel_id, books.account_id, 0, books.panel_id, books.account_id, 2**62, 51]
    for upward in (False, True):
        query = statement._entries(("debit", "credit"), code=False, upward=upward)
        plan = query.plan(connection, books.panel_id, books.account_id, *ends, *ends, 51)
        assert "transfer_debit" in plan, plan
        assert "transfer_credit" in plan, plan
        assert "Seq Scan on ledger_transfer" not in plan, plan
        assert "SCAN ledger_transfer" not in plan, plan


def test_the_statement_as_csv(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.deposit("10")
    books.order("2.5")
    asked: dict[str, Any] = {
        "panel_id": books.panel_id,
        "account_id": books.account_id,
        "numbers_of": lambda order_ids: {order_id: 1000 + order_id for order_id in order_ids},
    }

    def rows(**more: Any) -> list[list[str]]:
        text = "".join(statement.statement_csv(**asked, **more))
        return list(csv.reader(io.StringIO(text, newline="")))

    written = [
        ["2026-05-04T12:00:00Z", "order", "2", "2", "-2.50", "7.50"],
        ["2026-05-04T12:00:00Z", "deposit", "deposit 1", "", "10.00", "10.00"],
    ]
    assert rows() == [[column.name for column in STATEMENT.written], *written]
    assert rows(code="deposit") == [[column.name for column in STATEMENT.written], [*written[1][:-1], ""]]
    assert rows(month=Month(2026, 5, UTC_ZONE))[1:] == written
    for n in range(10):
        books.order("0.1", NOON + timedelta(days=n))
    monkeypatch.setattr(statement, "PAGE_MAX", 3)
    balances = [money.text(fact[3]) for fact in books.facts()]
    assert [row[-1] for row in rows()[1:]] == balances
    monkeypatch.setattr(statement, "EXPORT_MAX", 5)
    assert [row[-1] for row in rows()[1:]] == balances[:5]
