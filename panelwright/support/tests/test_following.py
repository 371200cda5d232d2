"""What is asked of orders in a ticket: checked, done or passed on, and followed until it is over."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import InvalidState, NotThere, Refusal
from panelwright.support import queries, settling_actions, store, texts
from panelwright.support.actions import AllRejected, PostedMessage, RefusedAsk
from panelwright.support.commands import Ask, Wish
from panelwright.support.files import Upload
from panelwright.support.tests.making import (
    close,
    ends,
    not_done,
    reply,
    requests,
    row_of,
    said,
    staff,
    state,
    write,
    written,
)
from tests.support.people import (
    LIKES,
    SUBSCRIPTION,
    Buyer,
    Known,
    Owner,
    Seen,
    Time,
    counts,
    everything,
    execute,
    value,
    values,
)


def follow() -> int:
    return settling_actions.follow(100)


def done(buyer: Buyer, time: Time, **params: Any) -> Known:
    """An order that was completed a day ago."""
    order_id = buyer.order(**params)
    ends(order_id)
    time.passes(hours=24)
    return order_id


def sent(order_id: int) -> None:
    """A provider has it: a cancel is passed on."""
    execute("UPDATE orders_order SET status = 'In progress', job = 'poll' WHERE id = %s", order_id)


def refill_ends(order_id: int, status: str) -> None:
    execute(
        "UPDATE orders_refill SET status = %s, state = 'done', due_at = NULL, ended_at = created_at"
        " WHERE order_id = %s",
        status,
        order_id,
    )


# ---- asking ----------------------------------------------------------------------------------------------


def test_a_refill_is_asked_for_followed_and_closes_the_ticket(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = done(carol, time)
    ticket_id = written(carol, f"Refill: {order_id.number}")
    assert requests(ticket_id) == [("refill", order_id.number, "accepted", "")]
    assert values("SELECT order_id, status, state FROM orders_refill") == [(order_id, "Pending", "waiting")]
    assert state(ticket_id) == "open"
    assert said(ticket_id) == [
        f"customer: Refill: {order_id.number}",
        f"system: Order {order_id.number}: refill requested. We will tell you here when it is done.",
    ]
    time.passes(seconds=2)
    assert follow() == 1, "it is looked at"
    assert follow() == 0, "and not again at once"
    before = everything()
    refill_ends(order_id, "Completed")
    ended_at = time.passes(minutes=1)
    assert follow() == 1
    row = row_of(ticket_id)
    assert (row.state, row.closed_at, row.unread_customer, row.due_at) == ("closed", ended_at, True, None)
    assert requests(ticket_id) == [("refill", order_id.number, "done", "Completed")]
    assert said(ticket_id)[2:] == [f"system: Refill of order {order_id.number} completed."]
    assert len(everything()["support_message"]) == len(before["support_message"]) + 1
    ((to, text),) = values('SELECT "to", text FROM events_mail')
    assert to == "carol@customer.example"
    assert f"\n\nRefill of order {order_id.number} completed.\n\n" in text
    time.passes(days=1)
    assert follow() == 0, "what is over is told once"


def mailed() -> list[str]:
    """What the e-mails say between their greeting and their end."""
    return [text.split("\n\n", 1)[1].rsplit("\n\n", 1)[0] for (text,) in values("SELECT text FROM events_mail")]


def test_many_ends_are_one_mail(carol: Buyer, time: Time) -> None:
    first, second = done(carol, time), done(carol, time)
    written(carol, f"refill {first.number}, {second.number}")
    refill_ends(first, "Completed")
    time.passes(minutes=1)
    follow()
    assert mailed() == [], "the other is under way"
    refill_ends(second, "Rejected")
    time.passes(minutes=10)
    follow()
    assert mailed() == [
        f"Refill of order {first.number} completed.\n"
        f"Order {second.number}: refill rejected. Nothing was missing, or it cannot be refilled."
    ]


def test_a_rejected_refill_is_told_and_the_ticket_stays_for_the_customer(carol: Buyer, time: Time) -> None:
    order_id = done(carol, time)
    ticket_id = written(carol, f"refill {order_id.number}")
    refill_ends(order_id, "Rejected")
    time.passes(minutes=1)
    follow()
    assert requests(ticket_id) == [("refill", order_id.number, "done", "Rejected")]
    assert (state(ticket_id), row_of(ticket_id).unread_customer) == ("answered", True)
    # She may ask again, and is told why not yet.
    reply(carol, ticket_id, f"refill {order_id.number}\nWhy?")
    assert requests(ticket_id)[1:] == [("refill", order_id.number, "refused", "refill_too_soon")]
    assert state(ticket_id) == "pending"


def test_an_order_that_nobody_has_is_cancelled_at_once_and_the_ticket_is_over(carol: Buyer) -> None:
    order_id = carol.order()
    assert carol.balance() == "99.10"
    ticket_id = written(carol, f"cancel {order_id.number}")
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 1000)
    assert carol.balance() == "100.00"
    assert requests(ticket_id) == [("cancel", order_id.number, "done", "Canceled")]
    assert (state(ticket_id), row_of(ticket_id).due_at) == ("closed", None)
    assert said(ticket_id)[1:] == [
        f"system: Order {order_id.number}: cancellation requested. We will tell you here when it is done.",
        f"system: Order {order_id.number} canceled. Its charge was refunded to your balance.",
    ]
    assert follow() == 0


@pytest.mark.parametrize(
    ("status", "remains", "over", "line"),
    [
        ("Canceled", 1000, "closed", "canceled. Its charge was refunded to your balance."),
        ("Partial", 400, "closed", "canceled. What was not delivered was refunded to your balance."),
        ("Completed", 0, "answered", "was completed before it could be canceled."),
    ],
)
def test_a_cancel_that_is_passed_on_ends_as_its_order_does(
    carol: Buyer, time: Time, status: str, remains: int, over: str, line: str
) -> None:
    order_id = carol.order()
    sent(order_id)
    ticket_id = written(carol, f"cancel {order_id.number}")
    assert (state(ticket_id), requests(ticket_id)) == ("open", [("cancel", order_id.number, "accepted", "")])
    assert values("SELECT order_id, state FROM orders_cancel") == [(order_id, "waiting")]
    ends(order_id, status, remains=remains)
    time.passes(minutes=1)
    follow()
    assert (state(ticket_id), requests(ticket_id)) == (over, [("cancel", order_id.number, "done", status)])
    assert said(ticket_id)[2:] == [f"system: Order {order_id.number} {line}"]


def test_a_cancel_that_the_provider_refuses_is_told_and_may_be_asked_again(carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    sent(order_id)
    ticket_id = written(carol, f"cancel {order_id.number}")
    execute("UPDATE orders_cancel SET state = 'done', due_at = NULL, answer_code = 'refused'")
    time.passes(minutes=1)
    follow()
    assert requests(ticket_id) == [("cancel", order_id.number, "done", "refused")]
    assert said(ticket_id)[2:] == [f"system: Order {order_id.number} can no longer be canceled and continues."]
    assert state(ticket_id) == "answered"
    reply(carol, ticket_id, f"cancel: {order_id.number}")
    assert values("SELECT state FROM orders_cancel") == [("waiting",)]
    assert requests(ticket_id)[1:] == [("cancel", order_id.number, "accepted", "")]


def test_a_subscription_is_canceled(carol: Buyer) -> None:
    order_id = carol.order(service=SUBSCRIPTION)
    ticket_id = written(carol, f"cancel {order_id.number}\nrefill {order_id.number}")
    assert requests(ticket_id) == [
        ("cancel", order_id.number, "done", "Canceled"),
        ("refill", order_id.number, "refused", "refill_disabled"),
    ]


def test_each_order_is_answered_by_itself(alice: Owner, carol: Buyer, mallory: Buyer, time: Time) -> None:
    good_id, running_id, other_id = done(carol, time), carol.order(), carol.order(service=LIKES)
    davids_id = alice.customer("dave", balance="1.00").order()
    foreign_id, nothing = mallory.order(), 10**15
    named = (good_id, running_id, other_id, foreign_id, davids_id)
    good, running, other, foreign, davids = (one.number for one in named)
    text = f"refill {good}, {running}, {other}, {foreign}, {davids}, {nothing}\ncancel {other} {foreign} {davids}"
    ticket_id = written(carol, text)
    assert requests(ticket_id) == [
        ("refill", good, "accepted", ""),
        ("refill", running, "refused", "not_completed"),
        ("refill", other, "refused", "refill_disabled"),
        ("refill", foreign, "refused", "bad_order"),
        ("refill", davids, "refused", "bad_order"),
        ("refill", nothing, "refused", "bad_order"),
        ("cancel", other, "refused", "cancel_disabled"),
        ("cancel", foreign, "refused", "bad_order"),
        ("cancel", davids, "refused", "bad_order"),
    ]
    assert counts("orders_refill", "orders_cancel") == (1, 0)
    assert value("SELECT COUNT(*) FROM support_ticketrequest WHERE order_id IN (%s, %s)", foreign_id, davids_id) == 0
    assert state(ticket_id) == "open"
    refill_ends(good_id, "Completed")
    time.passes(hours=1)
    follow()
    # Some were refused: it is for her to say that it is over.
    assert state(ticket_id) == "answered"


def test_strangers_orders_are_told_as_those_that_do_not_exist(carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    order_id = carol.order()
    nothing = 10**12
    before = carol.sees(order_id)
    for stranger in (mallory, alice.customer("dave")):
        text = f"cancel {order_id.number}\nrefill {order_id.number}\nspeed up {order_id.number}, {nothing}"
        assert not_done(stranger, text) == [
            ("cancel", order_id.number, "bad_order"),
            ("refill", order_id.number, "bad_order"),
            ("speed up", order_id.number, "bad_order"),
            ("speed up", nothing, "bad_order"),
        ]
        ticket_id = written(stranger, f"{text}\nWhy?")
        reason = "not possible, order not found."
        assert [line.endswith(reason) for line in said(ticket_id)[1].splitlines()] == [True] * 4
        assert carol.sees(order_id) == before
    assert counts("orders_cancel", "orders_refill") == (0, 0)


def test_what_is_picked_from_a_form_stands_in_the_message(carol: Buyer) -> None:
    first, second = carol.order(), carol.order()
    result = write(carol, picked=(Ask(Wish.CANCEL, first.number), Ask(Wish.CANCEL, second.number)))
    assert isinstance(result, PostedMessage)
    assert said(result.ticket_id)[0] == f"customer: cancel: {first.number}, {second.number}"
    assert row_of(result.ticket_id).title == f"cancel: {first.number}, {second.number}"
    assert state(result.ticket_id) == "closed"


def test_only_an_order_ticket_asks_anything_of_orders(carol: Buyer) -> None:
    order_id = carol.order()
    for subject in ("payment", "other"):
        ticket_id = written(
            carol, f"cancel {order_id.number}\n{subject}", subject=subject, picked=(Ask(Wish.CANCEL, order_id.number),)
        )
        assert (requests(ticket_id), state(ticket_id)) == ([], "pending")
    assert carol.sees(order_id).status == "Pending"


def test_words_besides_requests_wait_for_staff_and_keep_the_ticket_open(alice: Owner, carol: Buyer) -> None:
    order_id, second = carol.order(), carol.order()
    ticket_id = written(carol, f"cancel {order_id.number}\nIt was the wrong link, sorry")
    assert (requests(ticket_id), state(ticket_id)) == ([("cancel", order_id.number, "done", "Canceled")], "pending")
    staff(alice, "answer", ticket_id, text="No problem")
    assert state(ticket_id) == "answered"
    reply(carol, ticket_id, f"cancel {second.number}")
    assert state(ticket_id) == "closed"
    # A file needs somebody who looks at it.
    third = carol.order()
    ticket_id = written(carol, f"cancel {third.number}", files=(Upload("why.txt", b"because"),))
    assert state(ticket_id) == "pending"


def test_what_is_followed_is_not_asked_for_twice(carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    sent(order_id)
    first = written(carol, f"cancel {order_id.number}\nspeed up {order_id.number}")
    assert not_done(carol, f"cancel: {order_id.number}\nspeed up: {order_id.number}") == [
        ("cancel", order_id.number, "already_asked"),
        ("speed up", order_id.number, "already_asked"),
    ]
    assert state(first) == "pending"
    ends(order_id, "Canceled", remains=1000)
    time.passes(minutes=1)
    follow()
    assert [row[2] for row in not_done(carol, f"cancel #{order_id.number}\nspeed up #{order_id.number}")] == [
        "cannot_cancel",
        "ended",
    ]


def test_a_reply_of_which_nothing_is_possible_is_not_written(alice: Owner, carol: Buyer) -> None:
    order_id = carol.order()
    ticket_id = written(carol, f"cancel {order_id.number}")
    before = everything()
    result = reply(carol, ticket_id, f"cancel: {order_id.number}")
    assert result == AllRejected((RefusedAsk(Wish.CANCEL, order_id.number, "cannot_cancel"),))
    assert everything() == before, "and the ticket is as closed as it was"


def test_a_refill_asked_for_over_the_api_is_not_asked_for_again(carol: Buyer, time: Time) -> None:
    order_id = done(carol, time)
    carol.refill(order_id)
    assert not_done(carol, f"refill {order_id.number}") == [("refill", order_id.number, "refill_open")]
    assert counts("orders_refill") == (1,)


def test_who_may_not_order_asks_for_nothing(carol: Buyer) -> None:
    order_id = carol.order()
    execute("UPDATE customers_customer SET enabled = %s WHERE id = %s", False, carol.customer_id)
    assert not_done(carol, f"cancel {order_id.number}") == [("cancel", order_id.number, "bad_key")]
    ticket_id = written(carol, f"cancel {order_id.number}\nWhy may I not?")
    assert (
        said(ticket_id)[1]
        == f"system: Order {order_id.number}, Cancel: not possible, your account cannot place orders."
    )
    assert carol.sees(order_id).status == "Pending"


def test_a_ticket_has_a_limit_of_requests(carol: Buyer, time: Time) -> None:
    first = ", ".join(str(10**9 + n) for n in range(100))
    second = ", ".join(str(2 * 10**9 + n) for n in range(100))
    ticket_id = written(carol, f"cancel {first}\nplease")
    assert isinstance(reply(carol, ticket_id, f"cancel {second}\nplease"), PostedMessage)
    before = everything()
    assert reply(carol, ticket_id, "cancel 5") == Refusal("too_many_orders", "text", 200)
    assert everything() == before


# ---- speed-ups ---------------------------------------------------------------------------------------------


def test_a_speed_up_waits_for_staff_is_passed_on_and_done(alice: Owner, carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    ticket_id = written(carol, f"speed up {order_id.number}")
    assert (state(ticket_id), requests(ticket_id)) == ("pending", [("speed up", order_id.number, "accepted", "")])
    with scope(panel=alice.panel):
        speed_up = queries.TicketFilters(speed_up=True)
        assert [t.id for t in queries.waiting(alice.panel_id, speed_up)[0]] == [ticket_id]
        staff(alice, "pass_on", ticket_id, order=order_id.number)
        assert queries.waiting(alice.panel_id, speed_up) == ([], None)
    assert state(ticket_id) == "open"
    before = everything()
    with pytest.raises(InvalidState, match="already passed on"):
        staff(alice, "pass_on", ticket_id, order=order_id.number)
    with pytest.raises(NotThere, match=f"No speed-up of order {order_id.number + 1} is open"):
        staff(alice, "finish", ticket_id, order=order_id.number + 1)
    assert everything() == before
    staff(alice, "finish", ticket_id, order=order_id.number)
    assert (state(ticket_id), requests(ticket_id)) == ("closed", [("speed up", order_id.number, "done", "done")])
    assert said(ticket_id)[2:] == [f"system: Order {order_id.number} sped up."]
    assert mailed() == [f"Order {order_id.number} sped up."]
    with pytest.raises(NotThere):
        staff(alice, "finish", ticket_id, order=order_id.number)


def test_a_speed_up_that_is_refused_leaves_the_ticket_to_the_customer(alice: Owner, carol: Buyer) -> None:
    order_id = carol.order()
    ticket_id = written(carol, f"speed up {order_id.number}")
    staff(alice, "refuse", ticket_id, order=order_id.number)
    assert (state(ticket_id), requests(ticket_id)) == ("answered", [("speed up", order_id.number, "done", "refused")])


@pytest.mark.parametrize(
    ("status", "over"), [("Completed", "closed"), ("Partial", "answered"), ("Canceled", "answered")]
)
def test_a_speed_up_is_over_when_its_order_is(carol: Buyer, time: Time, status: str, over: str) -> None:
    order_id = carol.order()
    ticket_id = written(carol, f"speed up {order_id.number}")
    ends(order_id, status, remains=0 if status == "Completed" else 500)
    time.passes(minutes=1)
    follow()
    assert (state(ticket_id), requests(ticket_id)) == (over, [("speed up", order_id.number, "done", status)])


def test_closing_gives_up_a_speed_up_and_follows_the_rest(alice: Owner, carol: Buyer, time: Time) -> None:
    order_id, other = carol.order(), carol.order()
    sent(order_id)
    sent(other)
    ticket_id = written(carol, f"speed up {other.number}\ncancel {order_id.number}")
    close(carol, ticket_id)
    assert requests(ticket_id) == [
        ("speed up", other.number, "done", "withdrawn"),
        ("cancel", order_id.number, "accepted", ""),
    ]
    assert state(ticket_id) == "closed"
    closed_at = row_of(ticket_id).closed_at
    ends(order_id, "Completed")
    time.passes(minutes=1)
    follow()
    row = row_of(ticket_id)
    assert (row.state, row.closed_at, row.unread_customer) == ("closed", closed_at, True)
    assert requests(ticket_id)[1] == ("cancel", order_id.number, "done", "Completed")


# ---- following: cheap, and once ------------------------------------------------------------------------------


def test_the_longer_it_takes_the_less_often_it_is_looked_at(carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    sent(order_id)
    ticket_id = written(carol, f"cancel {order_id.number}")
    began = time.now
    for age, wait in ((2, 2), (60, 3), (1200, 60), (6000, 300), (10**6, 300)):
        time.now = began + timedelta(seconds=age)
        assert follow() == 1
        assert row_of(ticket_id).due_at == time.now + timedelta(seconds=wait), age
    assert row_of(ticket_id).version == 2, "looking changes nothing"


def test_a_look_asks_the_database_little_however_many_tickets_are_open(alice: Owner, carol: Buyer, time: Time) -> None:
    """Plans and statements: nothing due is one look into a small index; a hundred tickets share three statements."""
    from django.test.utils import CaptureQueriesContext

    order_id = carol.order()
    sent(order_id)
    ticket_id = written(carol, f"cancel {order_id.number}")
    execute(
        "INSERT INTO support_ticket (number, panel_id, customer_id, subject, title, state, words_wait, unread_customer,"
        " unread_staff, version, due_at, created_at, updated_at)"
        " SELECT 100000 + n.i, panel_id, customer_id, subject, title, state, words_wait, unread_customer, unread_staff,"
        " 1, %s, created_at, updated_at FROM support_ticket, (" + _NUMBERS + ") AS n WHERE id = %s",
        time.now + timedelta(days=1),
        ticket_id,
    )
    assert counts("support_ticket") == (2001,)
    if connection.vendor == "postgresql":
        execute("ANALYZE")
    plan = store.PICK_DUE.plan(connection, time.now, 100)
    assert "ticket_queue" in plan, plan
    with CaptureQueriesContext(connection):
        assert follow() == 0
    time.passes(minutes=1)
    assert follow() == 1
    time.passes(days=1)
    assert [settling_actions.follow(1000) for _ in range(3)] == [1000, 1000, 1]


_NUMBERS = "WITH RECURSIVE up(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM up WHERE i < 2000) SELECT i FROM up"


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_end_once(alice: Owner, carol: Buyer) -> None:
    with clock.at(Time()) as _:
        orders = [carol.order() for _ in range(12)]
        for order_id in orders:
            sent(order_id)
        tickets = [written(carol, f"cancel {order_id.number}") for order_id in orders]
        for order_id in orders:
            ends(order_id, "Canceled", remains=1000)
    results: list[int] = []

    def work() -> None:
        try:
            for _ in range(20):
                results.append(settling_actions.follow(3))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(results) == 12
    for ticket_id, order_id in zip(tickets, orders, strict=True):
        assert said(ticket_id)[2:] == [
            f"system: Order {order_id.number} canceled. Its charge was refunded to your balance."
        ]
        assert state(ticket_id) == "closed"


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_writes_while_it_is_followed_loses_nothing(alice: Owner, carol: Buyer) -> None:
    """Her words and the end of a request come at the same time: both are in the ticket, and it waits for staff."""
    for n in range(5):
        order_id = carol.order()
        sent(order_id)
        ticket_id = written(carol, f"cancel {order_id.number}")
        ends(order_id, "Canceled", remains=1000)
        execute("UPDATE support_ticket SET due_at = created_at WHERE id = %s", ticket_id)

        def write_words(ticket_id: int = ticket_id, n: int = n) -> None:
            try:
                assert isinstance(reply(carol, ticket_id, f"words {n}"), PostedMessage)
            finally:
                connections.close_all()

        thread = threading.Thread(target=write_words)
        thread.start()
        while requests(ticket_id)[0][2] == "accepted":
            follow()
        thread.join()
        follow()
        lines = said(ticket_id)
        assert (len(lines), f"customer: words {n}" in lines) == (4, True)
        assert state(ticket_id) == "pending"


@pytest.mark.django_db(transaction=True)
def test_tickets_programs_and_new_orders_of_one_customer_do_not_get_in_each_others_way(carol: Buyer) -> None:
    """The same orders are canceled in tickets and over the API at once, while she orders more: each ends once."""
    orders = [carol.order() for _ in range(24)]
    faults: list[BaseException] = []

    def in_tickets(n: int) -> object:
        # High numbers first, and each group overlaps with the next.
        chosen = orders[n * 4 : n * 4 + 8][::-1]
        return write(carol, f"speed up {chosen[0].number}\ncancel {', '.join(str(order.number) for order in chosen)}")

    acts = [
        lambda: [in_tickets(n) for n in range(0, 6, 2)],
        lambda: [in_tickets(n) for n in range(5, -1, -2)],
        lambda: [carol.cancel(*orders[n : n + 6]) for n in range(18, -1, -6)],
        lambda: [carol.order() for _ in range(8)],
        lambda: [settling_actions.follow(5) for _ in range(10)],
    ]

    def act(what: Any) -> None:
        try:
            what()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(what,)) for what in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert {carol.sees(order_id).status for order_id in orders} == {"Canceled"}
    assert value("SELECT COUNT(*) FROM ledger_transfer WHERE code = 'refund'") == 24
    assert carol.balance() == "92.80"
    assert value("SELECT COUNT(*) FROM support_ticketrequest WHERE state = 'accepted'") == 0


# ---- texts -------------------------------------------------------------------------------------------------


def test_every_refusal_and_end_has_a_text() -> None:
    from panelwright.core.refusals import REFUSALS
    from panelwright.orders import requests as order_requests

    codes = {r.code for r in vars(order_requests).values() if isinstance(r, Refusal)} | {"ended", "already_asked"}
    assert {texts.reason(code) for code in codes if code != "may_not_order"} & {texts.reason("may_not_order")} == set()
    for wish, outcomes in (
        ("refill", ("Completed", "Rejected", "Canceled")),
        ("cancel", ("Canceled", "Partial", "Completed", "Expired", "refused")),
        ("speed up", ("Completed", "Partial", "Canceled", "Expired", "done", "refused", "withdrawn")),
    ):
        for outcome in outcomes:
            assert "rder 5" in texts.request_line(wish, 5, outcome=outcome)
    for code in REFUSALS:
        assert "%" not in texts.refusal(Refusal(code, limit=7))
