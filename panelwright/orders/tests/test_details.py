"""An order's page tells its customer all that is hers, and nothing that is not; her export is complete."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from panelwright.core import clock
from panelwright.core import csv as csv_lines
from panelwright.events.actions import NewEvent, record
from panelwright.orders import details, export, lifecycle, listing, pause_actions, settling
from panelwright.orders.details import Details, Milestone, Moment, OrderTransfer, SchedulePlan
from panelwright.orders.listing import Wanted
from panelwright.orders.lists import ORDERS
from panelwright.orders.models import Order
from panelwright.orders.schedule_actions import record_post
from tests.support.people import (
    LINK,
    NOON,
    SUBSCRIPTION,
    TRAFFIC,
    Buyer,
    Known,
    Owner,
    Time,
    children_of,
    execute,
    place,
    run_schedules,
)
from tests.support.statements import statements


def end(order_id: int, status: str, *, remains: int = 0) -> None:
    """What a provider's report would do."""
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), clock.now())
    changes.apply(settling.end(changes.orders[order_id], status, remains=remains, now=clock.now()))
    changes.write()


def one(buyer: Buyer, order: Known | Order, **cursor: int) -> Details:
    found = details.one(
        panel_id=buyer.owner.panel_id,
        customer_id=buyer.customer_id,
        number=order.number,
        **cursor,
    )
    assert found is not None
    return found


def moves(buyer: Buyer, order: Known | Order) -> list[tuple[str, str, int]]:
    return [(moved.code, moved.reference, moved.micros) for moved in one(buyer, order).transfers]


def told(buyer: Buyer, order: Known | Order) -> list[Milestone]:
    return [moment.what for moment in one(buyer, order).timeline]


def test_an_order_from_its_charge_to_its_refund(carol: Buyer, time: Time) -> None:
    order_id = carol.order(service=TRAFFIC, type_of_traffic=1, google_keyword="shoes")
    ended_at = time.passes(hours=2)
    end(order_id, "Partial", remains=250)
    found = one(carol, order_id)
    assert (found.row.number, found.row.status, found.row.charge_micros) == (order_id.number, "Partial", 249_999 + 1)
    assert found.fields["google_keyword"] == "shoes"
    assert (found.key_name, found.plan, found.children.rows, found.refills) == ("", None, [], [])
    assert found.timeline == [
        Moment(Milestone.PLACED, NOON),
        Moment(Milestone.PARTIAL, ended_at, remains=250),
    ]
    assert found.transfers == [
        OrderTransfer("order", str(order_id.number), 333_333, NOON),
        OrderTransfer("refund", str(order_id.number), 83_333, ended_at),
    ]


def test_refills_and_cancels_are_told(carol: Buyer, time: Time) -> None:
    order_id, stays = carol.order(), carol.order()
    execute("UPDATE orders_order SET status = 'In progress', job = 'poll'")
    carol.cancel(stays)
    end(order_id, "Completed")
    asked_at = time.passes(hours=24)
    (refill_id,) = carol.refill(order_id)
    found = one(carol, order_id)
    assert found.timeline == [
        Moment(Milestone.PLACED, NOON),
        Moment(Milestone.COMPLETED, NOON, remains=0),
        Moment(Milestone.REFILL_REQUESTED, asked_at, refill=refill_id.number),
    ]
    assert [(r.number, r.order, r.status, r.link) for r in found.refills] == [
        (refill_id.number, order_id.number, "Pending", LINK)
    ]
    assert found.row.open_refill
    assert told(carol, stays) == [Milestone.PLACED, Milestone.CANCEL_REQUESTED]


def test_a_drip_feed_with_its_runs_and_what_they_gave_back(carol: Buyer, time: Time) -> None:
    order_id = carol.order(quantity=100, runs=3, interval=30)
    for _ in range(3):
        run_schedules()
        time.passes(minutes=30)
    first, second, third = children_of(order_id)
    end(first.id, "Completed")
    end(second.id, "Partial", remains=40)
    end(third.id, "Canceled", remains=100)
    found = one(carol, order_id)
    assert found.plan == SchedulePlan(
        run_quantity=100,
        interval_min=30,
        runs_started=3,
        undelivered=140,
        username="",
        min=0,
        max=0,
        delay_min=0,
        old_posts_done=0,
        pause_reason="",
        agreed_micros=900_000,
    )
    assert [row.id for row in found.children.rows] == [third.id, second.id, first.id]
    assert moves(carol, order_id) == [
        ("order", str(order_id.number), 270_000),
        ("refund", str(second.number), 36_000),
        ("refund", str(third.number), 90_000),
    ]
    assert moves(carol, second) == [("refund", str(second.number), 36_000)]
    assert told(carol, order_id) == [Milestone.PLACED, Milestone.PARTIAL]
    assert one(carol, second).row.parent == order_id.number


def test_a_subscription_with_its_posts_by_pages(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = carol.order(service=SUBSCRIPTION, delay=0)
    for n in range(3):
        record_post(panel_id=alice.panel_id, subscription_id=order_id, link=f"https://example.com/post/{n}")
    run_schedules()
    pause_actions.pause(panel_id=alice.panel_id, order_id=order_id, by="Bob")
    posts = [row.number for row in children_of(order_id)]
    found = one(carol, order_id)
    assert found.plan is not None
    assert (found.plan.username, found.plan.min, found.plan.max) == ("carol", 100, 100)
    assert [row.number for row in found.children.rows] == posts[::-1]
    assert [row.number for row in one(carol, order_id, before=posts[2]).children.rows] == posts[1::-1]
    assert [row.number for row in one(carol, order_id, after=posts[0]).children.rows] == posts[:0:-1]
    assert told(carol, order_id) == [Milestone.PLACED, Milestone.PAUSED]
    wanted = Wanted(parent=order_id.number, status="Pending", text="post/1")
    shown = listing.page(panel_id=alice.panel_id, customer_id=carol.customer_id, wanted=wanted)
    assert [row.number for row in shown.rows] == [posts[1]]


def test_nothing_is_said_of_who_delivers_it(carol: Buyer, alice: Owner, time: Time) -> None:
    """Every text that only staff may see is noted somewhere near the order, and none of them is told."""
    order_id = carol.order()
    facts = {"provider": "SECRET", "said": "SECRET", "by": "SECRET", "problem": "SECRET", "text": "SECRET"}
    names = [
        *(
            "order.problem",
            "order.refused",
            "order.resolved",
            "order.queued",
            "order.worked",
            "order.blocked",
            "order.cancel_refused",
        ),
        *("refill.rejected", "refill.sent_again", "subscription.canceled", "provider.resting", "service.below_cost"),
    ]
    record([NewEvent(alice.panel_id, name, order_id, facts) for name in names], now=clock.now())
    secret = "problem_code = 'SECRET', problem_at = created_at, upstream_id = 'SECRET', provider_id = 7"
    execute(f"UPDATE orders_order SET {secret}")
    end(order_id, "Canceled", remains=1000)
    found = one(carol, order_id)
    assert [moment.what for moment in found.timeline] == [
        Milestone.PLACED,
        Milestone.CANCEL_REFUSED,
        Milestone.REFILL_REJECTED,
        Milestone.CANCELED,
    ]
    assert "SECRET" not in repr(found)


def test_every_event_that_ends_an_order_is_told(carol: Buyer, time: Time) -> None:
    for status in ("Completed", "Partial", "Canceled"):
        order_id = carol.order()
        end(order_id, status, remains=1 if status == "Partial" else 0)
        assert [word.lower() for word in told(carol, order_id)] == ["placed", status.lower()]
    expired = carol.order(service=SUBSCRIPTION)
    end(expired, "Expired")
    assert told(carol, expired) == [Milestone.PLACED, Milestone.EXPIRED]


def test_orders_of_others_do_not_exist(carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    order_id = carol.order(quantity=100, runs=2, interval=5)
    run_schedules()
    dave = alice.customer("dave")
    for stranger in (mallory, dave):
        me: dict[str, Any] = {"panel_id": stranger.owner.panel_id, "customer_id": stranger.customer_id}
        for asked in (order_id.number, order_id.number + 1, 0, -1, 10**17, 2**63):
            assert details.one(**me, number=asked) is None
        assert listing.page(**me, wanted=Wanted(parent=order_id.number)).rows == []
        assert list(export.orders_csv(**me)) == [csv_lines.line(column.name for column in ORDERS.written)]


def test_an_order_page_takes_eight_statements_at_most(carol: Buyer, time: Time) -> None:
    drip_feed, done = carol.order(quantity=100, runs=30, interval=5), carol.order()
    for _ in range(30):
        run_schedules()
        time.passes(minutes=5)
    for run in children_of(drip_feed):
        end(run.id, "Completed")
    end(done, "Completed")
    time.passes(days=1)
    carol.refill(done)
    for order_id, count in ((drip_feed, 7), (done, 6)):
        with statements() as seen:
            one(carol, order_id)
        assert len(seen) == count


# ---- export --------------------------------------------------------------------------------------------


def test_the_export_has_every_order_with_exact_amounts(carol: Buyer, alice: Owner, time: Time) -> None:
    plain, formula = carol.order(), carol.order(link="https://example.com/a,b")
    execute("UPDATE orders_order SET link = '=HYPERLINK(1)' WHERE id = %s", formula)
    time.passes(hours=1)
    end(plain, "Partial", remains=500)
    text = "".join(export.orders_csv(panel_id=alice.panel_id, customer_id=carol.customer_id))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [
        [column.name for column in ORDERS.written],
        [
            *(str(formula.number), "", "plain", "Pending", "1", "Followers", "'=HYPERLINK(1)", "1000", "", "1000"),
            *("0.90", "0.00", "2026-05-04T12:00:00Z", ""),
        ],
        [
            *(str(plain.number), "", "plain", "Partial", "1", "Followers", LINK, "1000", "", "500"),
            *("0.45", "0.45", "2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z"),
        ],
    ]


def test_a_long_export_goes_by_pages_and_ends_at_its_limit(
    carol: Buyer, alice: Owner, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [i for i in place(*[carol.command(quantity=50) for _ in range(12)]) if isinstance(i, Known)]
    end(orders[3], "Canceled", remains=50)
    monkeypatch.setattr(listing, "PAGE_MAX", 5)
    monkeypatch.setattr(listing, "WINDOW", 4)
    me: dict[str, Any] = {"panel_id": alice.panel_id, "customer_id": carol.customer_id}

    def ids(**asked: Any) -> list[int]:
        lines = "".join(export.orders_csv(**me, **asked)).splitlines()[1:]
        return [int(line.partition(",")[0]) for line in lines]

    newest = sorted((order_id.number for order_id in orders), reverse=True)
    assert ids() == newest
    assert ids(wanted=Wanted(status="Canceled")) == [orders[3].number]
    assert ids(wanted=Wanted(status="Pending")) == [i for i in newest if i != orders[3].number]
    monkeypatch.setattr(export, "ROWS_MAX", 7)
    assert ids() == newest[:7]
    assert ids(before=newest[6]) == newest[7:]
    monkeypatch.setattr(export, "PAGES_MAX", 1)
    assert ids() == newest[:5]


def test_pages_of_an_export_take_one_statement_each(carol: Buyer, alice: Owner) -> None:
    place(*[carol.command(quantity=50) for _ in range(12)])
    with statements() as seen:
        list(export.orders_csv(panel_id=alice.panel_id, customer_id=carol.customer_id))
    assert len(seen) == 1
