"""What is added up is exactly what was placed, posted and ended; once, on the day it was posted, whatever dies."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.events.actions import NewEvent, record
from panelwright.orders import lifecycle, settling
from panelwright.panels.actions import set_timezone
from panelwright.reports import actions, audit, calendar, store
from panelwright.reports.actions import Adder
from panelwright.reports.cuts import CODES, GRAINS, Cut, End, Figures, Flow, Grain, Source, place_of
from panelwright.reports.models import ReportSum
from tests.support.people import SUBSCRIPTION, Buyer, Known, Owner, Time, execute, run_schedules, value, values
from tests.support.story import Story


def add_up(chunk: int = 7) -> int:
    """Rounds until there is nothing left; how many there were."""
    adder, rounds = Adder(chunk), 0
    while adder.round():
        rounds += 1
    return rounds


def sums(owner: Owner, cut: Cut, grain: Grain = Grain.DAY) -> dict[tuple[int, int, int], Figures]:
    """(bucket, keys) -> what stands there."""
    with scope(panel=owner.panel):
        rows = ReportSum.objects.filter(panel_id=owner.panel_id, cut=cut, grain=grain)
        found = {
            (row.bucket, row.key_a, row.key_b): Figures(*(getattr(row, f) for f in Figures._fields)) for row in rows
        }
    return {key: figures for key, figures in found.items() if any(figures)}


def end(order_id: int, status: str, *, remains: int = 0, cost: int | None = None, provider: int | None = None) -> None:
    now = clock.now()
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), now)
    order = changes.orders[order_id]
    if cost is not None:
        order = order._replace(job="poll", provider_id=provider, upstream_id=f"u{order_id}")
        order = order._replace(cost_micros=cost, cost_told=True)
    changes.apply(settling.end(order, status, remains=remains, now=now))
    changes.write()


def day(text: str) -> int:
    return calendar.day_number(date.fromisoformat(text))


def test_a_refund_counts_on_the_day_it_was_posted(time: Time, alice: Owner, carol: Buyer) -> None:
    order = carol.order(service=2, quantity=1000)
    add_up()
    time.passes(days=40)
    end(order, "Partial", remains=250, cost=500_000, provider=3)
    assert add_up() > 0
    first, last = day("2026-05-04"), day("2026-06-13")
    service = int(value("SELECT service_id FROM orders_order WHERE id = %s", order))
    charged, refunded = (
        int(v) for v in values("SELECT booked_micros, booked_micros - charge_micros FROM orders_order")[0]
    )
    assert sums(alice, Cut.SERVICE) == {
        (first, service, 0): Figures(1, 1000, charged),
        (last, service, 0): Figures(0, 0, 0, refunded, 375_000),
    }
    assert sums(alice, Cut.PROVIDER) == {(last, 3, 0): Figures(1, 750, charged, refunded, 375_000)}
    assert sums(alice, Cut.ENDS) == {(last, service, End.PARTIAL): Figures(1)}
    assert sums(alice, Cut.END_TIMES) == {(last, service, place_of(40 * 86_400)): Figures(1)}
    assert sums(alice, Cut.SOURCE) == {
        (first, Source.API, 0): Figures(1, 1000, charged),
        (last, Source.API, 0): Figures(0, 0, 0, refunded, 375_000),
    }
    assert sums(alice, Cut.LEDGER) == {
        (first, CODES["order"], Flow.OUT): Figures(1, 0, charged),
        (first, CODES["deposit"], Flow.IN): Figures(1, 0, 100_000_000),
        (last, CODES["refund"], Flow.IN): Figures(1, 0, refunded),
        (last, CODES["cost"], Flow.BESIDE): Figures(1, 0, 375_000),
    }
    assert list(sums(alice, Cut.NEW_CUSTOMERS).values()) == [Figures(1)]
    assert [key[0] for key in sums(alice, Cut.CUSTOMER, Grain.MONTH)] == [2026 * 12 + 4, 2026 * 12 + 5]
    assert list(audit.sum_faults(alice.panel_id)) == []


def test_nothing_counts_twice(alice: Owner, carol: Buyer) -> None:
    carol.order()
    assert add_up() > 0
    before = sums(alice, Cut.ALL)
    assert add_up() == 0
    assert sums(alice, Cut.ALL) == before


def test_who_dies_in_the_middle_leaves_nothing_half_done(
    alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        carol.order()
    write = store.add

    def dies(sums: dict[Any, Any]) -> None:
        write(sums)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "add", dies)
        with pytest.raises(KeyboardInterrupt):
            Adder(3).round()
    assert sums(alice, Cut.ALL) == {}
    assert sum(figures.orders for figures in sums_after(alice).values()) == 5


def sums_after(owner: Owner) -> dict[tuple[int, int, int], Figures]:
    add_up()
    return sums(owner, Cut.ALL)


def test_of_two_who_add_up_the_same_one_wins(alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    carol.order()
    slow, read = Adder(), actions._read

    def read_slowly(*arguments: Any) -> int:
        found = read(*arguments)
        monkeypatch.setattr(actions, "_read", read)
        add_up()
        return found

    monkeypatch.setattr(actions, "_read", read_slowly)
    slow.round()
    assert sum(figures.orders for figures in sums(alice, Cut.ALL).values()) == 1


def test_a_drip_feed_counts_once_and_a_subscription_by_its_posts(alice: Owner, carol: Buyer) -> None:
    carol.order(quantity=100, runs=2, interval=5)
    run_schedules()
    carol.order(service=SUBSCRIPTION)
    add_up()
    assert [(f.orders, f.quantity) for f in sums(alice, Cut.ALL).values()] == [(1, 200)]
    assert list(audit.sum_faults(alice.panel_id)) == []


def test_panels_do_not_mix(story: Story) -> None:
    story.carol.order()
    story.mallory.order()
    story.mallory.order()
    add_up()
    assert [figures.orders for figures in sums(story.alice, Cut.ALL).values()] == [1]
    assert [figures.orders for figures in sums(story.rival, Cut.ALL).values()] == [2]


# Asia/Kolkata is half an hour off; New York's clocks went back on 1 November 2026.
@pytest.mark.parametrize(
    ("zone", "at", "on", "hour"),
    [
        ("UTC", "2026-11-01T05:45:00", "2026-11-01", 5),
        ("Asia/Kolkata", "2026-11-01T18:29:59", "2026-11-01", 23),
        ("Asia/Kolkata", "2026-11-01T18:30:00", "2026-11-02", 0),
        ("America/New_York", "2026-11-01T05:45:00", "2026-11-01", 1),
        ("America/New_York", "2026-11-01T06:45:00", "2026-11-01", 1),
        ("America/New_York", "2026-11-01T03:59:00", "2026-10-31", 23),
        ("Asia/Kathmandu", "2026-11-01T18:14:59", "2026-11-01", 23),
        ("Asia/Kathmandu", "2026-11-01T18:15:00", "2026-11-02", 0),
    ],
)
def test_a_day_is_one_of_the_zone(zone: str, at: str, on: str, hour: int) -> None:
    found = calendar.buckets(datetime.fromisoformat(at).replace(tzinfo=UTC), zone)
    assert (found.day, found.hour) == (day(on), day(on) * 24 + hour)
    assert calendar.first_day(Grain.WEEK, found.week).weekday() == 0
    assert 0 <= found.day - calendar.day_number(calendar.first_day(Grain.WEEK, found.week)) < 7
    assert calendar.first_day(Grain.MONTH, found.month) == date.fromisoformat(on).replace(day=1)


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Kolkata", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe"]
)
def test_the_stretches_of_a_zone_say_what_its_buckets_say(zone: str) -> None:
    first = datetime(2024, 1, 1, tzinfo=UTC)
    stretches = calendar.offsets(zone, first, first + timedelta(days=1000))
    assert all(a.until_s == b.from_s for a, b in pairwise(stretches))
    for n in range(0, 1000 * 96, 37):
        at = first + n * timedelta(minutes=15)
        (ahead,) = [s.off_s for s in stretches if s.from_s <= at.timestamp() < s.until_s]
        assert calendar.buckets(at, zone).hour == (int(at.timestamp()) + ahead) // 3600


def test_another_time_zone_counts_everything_anew(time: Time, alice: Owner, carol: Buyer) -> None:
    time.passes(hours=9)  # 21:00 UTC
    carol.order()
    add_up()
    assert list(sums(alice, Cut.ALL)) == [(day("2026-05-04"), 0, 0)]
    set_timezone(panel_id=alice.panel_id, timezone="Asia/Kolkata")
    assert list(audit.sum_faults(alice.panel_id)) == []
    carol.order()
    assert add_up() > 2
    assert sums(alice, Cut.ALL) == {(day("2026-05-05"), 0, 0): Figures(2, 2000, 1_800_000)}
    carol.order()
    add_up()
    assert sums(alice, Cut.ALL) == {(day("2026-05-05"), 0, 0): Figures(3, 3000, 2_700_000)}
    assert list(audit.sum_faults(alice.panel_id)) == []
    with pytest.raises(Refused):
        set_timezone(panel_id=alice.panel_id, timezone="Mars/Olympus")


def test_hours_are_kept_for_a_while(time: Time, alice: Owner, carol: Buyer) -> None:
    carol.order()
    add_up()
    assert len(sums(alice, Cut.ALL, Grain.HOUR)) == 1
    time.passes(days=70)
    carol.order()
    add_up()
    assert [key[0] // 24 for key in sums(alice, Cut.ALL, Grain.HOUR)] == [day("2026-07-13")]
    assert len(sums(alice, Cut.ALL)) == 2
    assert list(audit.sum_faults(alice.panel_id)) == []


def history(owner: Owner, buyers: list[Buyer], time: Time, seed: int, steps: int = 60) -> None:
    """Orders of all kinds that are placed, run and ended, over three months."""
    rng, open_ = Random(seed), list[Known]()
    for _ in range(steps):
        time.passes(minutes=rng.choice((1, 50, 700, 4000)))
        buyer = rng.choice(buyers)
        kind = rng.choice(("order", "order", "drip", "end", "end", "runs", "money", "refill"))
        if kind == "order":
            open_.append(buyer.order(service=rng.choice((1, 2)), quantity=rng.randint(100, 3000)))
        elif kind == "drip":
            buyer.order(quantity=100, runs=3, interval=5)
        elif kind == "runs":
            run_schedules()
            open_ += [
                Known(row[0], row[1])
                for row in values("SELECT id, number FROM orders_order WHERE kind = 'run' AND ended_at IS NULL")
                if row[0] not in open_
            ]
        elif kind == "money":
            owner.credits(buyer, "5.00", reference=f"{seed}-{rng.random()}")
        elif kind == "end" and open_:
            order = open_.pop(rng.randrange(len(open_)))
            quantity = int(value("SELECT quantity FROM orders_order WHERE id = %s", order))
            status = rng.choice(("Completed", "Completed", "Partial", "Canceled"))
            remains = {"Completed": 0, "Canceled": quantity}.get(status, quantity // 3)
            end(order, status, remains=remains, cost=rng.choice((None, 120_000)), provider=rng.choice((None, 4, 5)))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_reports_are_what_a_slow_count_says(time: Time, alice: Owner, carol: Buyer, zone: str) -> None:
    dave = alice.customer("dave", balance="50.00")
    set_timezone(panel_id=alice.panel_id, timezone=zone)
    history(alice, [carol, dave], time, seed=len(zone), steps=40)
    add_up(chunk=5)
    history(alice, [carol, dave], time, seed=2 + len(zone), steps=20)
    add_up(chunk=5)
    assert list(audit.sum_faults(alice.panel_id)) == []
    for cut, keys in _KEYS.items():
        for grain in (grain for grain in GRAINS[cut] if grain is not Grain.HOUR):
            assert sums(alice, cut, grain) == _slowly(zone, grain, keys), (cut, grain)


_KEYS = {
    Cut.ALL: lambda order: (0, 0),
    Cut.SERVICE: lambda order: (order["service_id"], 0),
    Cut.CUSTOMER: lambda order: (order["customer_id"], 0),
    Cut.CUSTOMER_SERVICE: lambda order: (order["customer_id"], order["service_id"]),
}


def _slowly(zone: str, grain: Grain, keys: Any) -> dict[tuple[int, int, int], Figures]:
    """From the rows as they are: an order by its own day, each transfer by its own."""
    names = ("id", "kind", "service_id", "customer_id", "quantity", "created_at")
    orders = {
        row[0]: dict(zip(names, row, strict=True)) for row in values(f"SELECT {', '.join(names)} FROM orders_order")
    }
    found: dict[tuple[int, int, int], Figures] = defaultdict(Figures)
    for order in orders.values():
        if order["kind"] not in ("run", "subscription"):
            found[_bucket(order["created_at"], zone, grain), *keys(order)] += Figures(1, order["quantity"])
    for code, micros, order_id, at, credit in values(
        "SELECT t.code, t.amount_micros, t.order_id, t.created_at, c.kind FROM ledger_transfer t"
        " JOIN ledger_account c ON c.id = t.credit_account_id WHERE t.order_id IS NOT NULL"
    ):
        figures = {
            "order": Figures(charged_micros=micros),
            "refund": Figures(refunded_micros=micros),
            "cost": Figures(cost_micros=micros if credit == "provider" else -micros),
        }[code]
        found[_bucket(at, zone, grain), *keys(orders[order_id])] += figures
    return {key: figures for key, figures in found.items() if any(figures)}


def _bucket(at: Any, zone: str, grain: Grain) -> int:
    from zoneinfo import ZoneInfo

    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    wall = moment.astimezone(ZoneInfo(zone)).date()
    if grain is Grain.DAY:
        return (wall - date(1970, 1, 1)).days
    if grain is Grain.WEEK:
        return (wall - timedelta(days=wall.weekday()) - date(1969, 12, 29)).days // 7
    return wall.year * 12 + wall.month - 1


@pytest.mark.parametrize("cut", list(GRAINS))
def test_the_audit_finds_a_sum_that_is_not_right(time: Time, untold_story: Story, cut: Cut) -> None:
    alice, carol = untold_story.alice, untold_story.carol
    order = carol.order()
    time.passes(hours=1)
    events = [NewEvent(alice.panel_id, name, order, {}) for name in ("order.in progress", "refill.requested")]
    record(events, now=clock.now())
    end(order, "Partial", remains=100, cost=1000, provider=3)
    add_up()
    assert list(audit.sum_faults(alice.panel_id)) == []
    for grain in GRAINS[cut]:
        execute(
            "UPDATE reports_reportsum SET orders = orders + 1 WHERE id = (SELECT MIN(id) FROM reports_reportsum"
            " WHERE cut = %s AND grain = %s AND panel_id = %s)",
            *(int(cut), int(grain), alice.panel_id),
        )
        (fault,) = audit.sum_faults(alice.panel_id)
        assert fault.startswith(f"report {cut.name.lower()} "), fault
        assert fault.endswith(": 1 orders, 0 units, 0.00 and 0.00 and 0.00 more than there are"), fault
        execute(
            "UPDATE reports_reportsum SET orders = orders - 1 WHERE cut = %s AND grain = %s AND orders > 0"
            " AND id = (SELECT MIN(id) FROM reports_reportsum WHERE cut = %s AND grain = %s AND panel_id = %s)",
            *(int(cut), int(grain), int(cut), int(grain), alice.panel_id),
        )
    execute("DELETE FROM reports_reportsum WHERE cut = %s AND panel_id = %s", int(cut), alice.panel_id)
    assert list(audit.sum_faults(alice.panel_id)) != []
