"""Tickets: what is written, what is refused, who may see it, and that floods stop."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django_scopes import scope

from panelwright.core import limits
from panelwright.core.refusal import InvalidState, NotThere, Refusal
from panelwright.support import actions, queries, rules, settling_actions, staff_actions, texts
from panelwright.support.actions import Letter, PostedMessage
from panelwright.support.files import Upload
from panelwright.support.tests.making import BY, close, reply, row_of, said, staff, state, write, written
from panelwright.support.tests.test_files import png
from tests.support.people import Buyer, Owner, Time, counts, everything, execute, value, values

NO_TICKET = Refusal("no_ticket")


def unmoved(act: Any) -> Any:
    """What it answers or raises, and that nothing moved."""
    before = everything()
    try:
        result = act()
    except (NotThere, InvalidState, ValueError) as error:
        result = (type(error).__name__, str(error))
    assert everything() == before
    return result


def test_a_ticket_with_words_waits_for_staff_and_an_answer_hands_it_back(
    alice: Owner, carol: Buyer, time: Time
) -> None:
    ticket_id = written(carol, " My deposit\r\nis not there \x07", subject="payment", title="  Deposit  missing ")
    row = row_of(ticket_id)
    assert (row.panel_id, row.customer_id, row.subject, row.title) == (
        alice.panel_id,
        carol.customer_id,
        "payment",
        "Deposit missing",
    )
    assert (row.state, row.unread_staff, row.unread_customer, row.due_at) == ("pending", True, False, None)
    assert said(ticket_id) == ["customer: My deposit\nis not there"]

    answered_at = time.passes(minutes=5)
    staff(alice, "answer", ticket_id, text="It is there now.")
    row = row_of(ticket_id)
    assert (row.state, row.unread_staff, row.unread_customer) == ("answered", False, True)
    assert row.updated_at == answered_at
    assert said(ticket_id)[1:] == ["staff: It is there now."]

    time.passes(minutes=5)
    reply(carol, ticket_id, "Thank you")
    row = row_of(ticket_id)
    assert (row.state, row.unread_staff, row.unread_customer) == ("pending", True, False)
    staff(alice, "close", ticket_id)
    assert (state(ticket_id), row_of(ticket_id).closed_at) == ("closed", time.now)

    reply(carol, ticket_id, "One thing more")
    assert (state(ticket_id), row_of(ticket_id).closed_at) == ("pending", None)
    names = [row[0] for row in values("SELECT name FROM events_event WHERE name LIKE 'ticket.%%' ORDER BY id")]
    assert names == ["ticket.opened", "ticket.answered", "ticket.closed", "ticket.worked"]


def test_an_answer_is_mailed_to_the_customer(alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "Hello?", subject="other", title="A question")
    assert counts("events_mail") == (0,)
    staff(alice, "answer", ticket_id, text="Yes, hello.")
    ((to, subject, text, kind),) = values('SELECT "to", subject, text, kind FROM events_mail')
    assert (to, subject, kind) == ("carol@customer.example", f"Shop: A question [{ticket_id.number}]", "ticket")
    assert "\n\nYes, hello.\n\n" in text


def test_who_wants_no_mail_of_tickets_gets_none(alice: Owner, carol: Buyer) -> None:
    execute("UPDATE customers_user SET mails_off = 'login,ticket' WHERE id = %s", carol.customer.user_id)
    ticket_id = written(carol, "Hello?", subject="other")
    staff(alice, "answer", ticket_id, text="Yes, hello.")
    assert (state(ticket_id), counts("events_mail")) == ("answered", (0,))


def test_the_last_word_closes(alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "Hello?", subject="other")
    assert row_of(ticket_id).title == "Hello?"
    staff(alice, "answer", ticket_id, text="Bye.", close=True)
    assert (state(ticket_id), row_of(ticket_id).unread_customer) == ("closed", True)
    assert counts("events_mail") == (1,)


def test_the_customer_closes_her_ticket(carol: Buyer) -> None:
    ticket_id = written(carol, "Hello?", subject="other")
    assert close(carol, ticket_id) is None
    row = row_of(ticket_id)
    assert (row.state, row.unread_customer, row.unread_staff, row.words_wait) == ("closed", False, False, False)
    assert unmoved(lambda: close(carol, ticket_id)) is None


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"text": ""}, Refusal("no_text", "text")),
        ({"text": " \n\t\x00 "}, Refusal("no_text", "text")),
        ({"text": "x" * 5001}, Refusal("text_too_long", "text", 5000)),
        ({"text": "x", "subject": "love"}, Refusal("bad_subject", "subject")),
        ({"text": "x", "subject": ""}, Refusal("bad_subject", "subject")),
        ({"text": "x", "title": "x" * 151}, Refusal("title_too_long", "title", 150)),
        ({"text": "refill " + ",".join(map(str, range(1, 102)))}, Refusal("too_many_orders", "text", 100)),
        ({"text": "x", "files": (Upload("a.png", b"<html>"),)}, Refusal("bad_file", "files")),
        ({"text": "x", "files": (Upload("a.png", png()),) * 4}, Refusal("too_many_files", "files", 3)),
    ],
)
def test_what_is_no_ticket_is_refused_and_nothing_is_written(
    carol: Buyer, how: dict[str, Any], refusal: Refusal
) -> None:
    result = unmoved(lambda: write(carol, **how))
    assert result == refusal
    assert "%" not in texts.refusal(result)


def test_the_longest_text_and_title_are_taken(carol: Buyer) -> None:
    ticket_id = written(carol, "ж" * 5000, title="ж" * 150)
    assert (len(row_of(ticket_id).title), len(said(ticket_id)[0])) == (150, 5000 + len("customer: "))
    assert row_of(written(carol, "y" * 5000)).title == "y" * 149 + "…"


def test_what_cannot_be_stored_is_left_out(carol: Buyer) -> None:
    assert said(written(carol, "a\x00b\ud800c\x1bd\te\n\u202ef")) == ["customer: abcd\te\n\u202ef"]


# ---- floods ----------------------------------------------------------------------------------------------


def test_open_tickets_have_a_limit_and_a_closed_one_makes_room(carol: Buyer, time: Time) -> None:
    tickets = []
    for n in range(20):
        tickets.append(written(carol, f"ticket {n}", subject="other"))
        time.passes(minutes=5)
    assert unmoved(lambda: write(carol, "one more", subject="other")) == Refusal("too_many_open", "", 20)
    close(carol, tickets[0])
    written(carol, "one more", subject="other")
    # To write in the closed one would open a 21st.
    assert unmoved(lambda: reply(carol, tickets[0], "again")) == Refusal("too_many_open", "", 20)
    assert isinstance(reply(carol, tickets[1], "again"), PostedMessage)


def test_messages_of_an_hour_have_a_limit(alice: Owner, carol: Buyer, time: Time) -> None:
    ticket_id = written(carol, "message 0", subject="other")
    for n in range(1, 30):
        assert isinstance(reply(carol, ticket_id, f"message {n}"), PostedMessage)
    assert unmoved(lambda: reply(carol, ticket_id, "message 30")) == Refusal("too_many_messages", "", 30)
    assert unmoved(lambda: write(carol, "message 30")) == Refusal("too_many_messages", "", 30)
    # Staff and other customers are not held up.
    staff(alice, "answer", ticket_id, text="Slowly, please")
    written(alice.customer("dave"), "message 0")
    time.passes(hours=1)
    assert isinstance(reply(carol, ticket_id, "message 30"), PostedMessage)


def test_the_same_text_is_taken_once_an_hour(carol: Buyer, time: Time) -> None:
    ticket_id = written(carol, "Hello?", subject="other")
    assert unmoved(lambda: reply(carol, ticket_id, " Hello? ")) == Refusal("same_text", "text")
    assert unmoved(lambda: write(carol, "Hello?", subject="payment")) == Refusal("same_text", "text")
    time.passes(hours=1)
    assert isinstance(reply(carol, ticket_id, "Hello?"), PostedMessage)


def test_a_ticket_has_an_end(carol: Buyer, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MESSAGES_MAX", 2)
    ticket_id = written(carol, "1", subject="other")
    assert isinstance(reply(carol, ticket_id, "2"), PostedMessage)
    assert unmoved(lambda: reply(carol, ticket_id, "3")) == Refusal("ticket_full", "", 2)


def test_attachments_of_a_customer_have_a_limit(carol: Buyer, alice: Owner, time: Time) -> None:
    big = Upload("a.txt", b"x" * limits.ATTACHMENT_BYTES_MAX)
    ticket_id = written(carol, "0", subject="other", files=(big, big, big))
    for n in range(1, 5):
        assert isinstance(reply(carol, ticket_id, str(n), files=(big, big, big)), PostedMessage)
    assert value("SELECT SUM(size) FROM support_attachment") == limits.ATTACHED_BYTES_MAX
    refused = unmoved(lambda: reply(carol, ticket_id, "5", files=(Upload("a.txt", b"x"),)))
    assert refused == Refusal("files_full", "files", limits.ATTACHED_BYTES_MAX)
    assert texts.refusal(refused) == "Your attachments can take at most 30 MiB in total."
    assert isinstance(reply(carol, ticket_id, "5"), PostedMessage)
    written(alice.customer("dave"), "mine", files=(Upload("a.txt", b"x"),))


def test_a_form_that_is_sent_twice_writes_once(carol: Buyer, mallory: Buyer) -> None:
    first = write(carol, "Hello?", subject="other", request_id="f-1")
    assert unmoved(lambda: write(carol, "Hello?", subject="other", request_id="f-1")) == first
    assert isinstance(first, PostedMessage)
    second = reply(carol, first.ticket_id, "More", request_id="f-2")
    assert unmoved(lambda: reply(carol, first.ticket_id, "More", request_id="f-2")) == second
    # The same number of somebody else's form is another one.
    other = write(mallory, "Hello?", subject="other", request_id="f-1")
    assert isinstance(other, PostedMessage)
    assert other.ticket_id != first.ticket_id


@pytest.mark.django_db(transaction=True)
def test_limits_hold_against_many_at_once(alice: Owner, carol: Buyer) -> None:
    for n in range(17):
        written(carol, f"ticket {n}", subject="other")
    results: list[Any] = []

    def one(n: int) -> None:
        try:
            results.append(write(carol, f"at once {n}", subject="other"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [r for r in results if isinstance(r, PostedMessage)]
    assert (len(taken), len(results)) == (3, 8)
    assert {r for r in results if isinstance(r, Refusal)} == {Refusal("too_many_open", "", 20)}
    assert counts("support_ticket") == (20,)


# ---- attachments -----------------------------------------------------------------------------------------


def test_attachments_come_back_as_they_were_to_her_and_to_staff_only(
    alice: Owner, carol: Buyer, mallory: Buyer
) -> None:
    files = (Upload("../Screen.PNG", png()), Upload("log.txt", "до 100".encode()))
    ticket_id = written(carol, "Look", files=files)
    assert state(ticket_id) == "pending"
    dave = alice.customer("dave")
    with scope(panel=alice.panel):
        ticket = queries.ticket(alice.panel_id, ticket_id, customer_id=carol.customer_id)
        assert ticket is not None
        shown, older = queries.messages(ticket)
        assert [(f.name, f.type, f.size) for f in shown[0].files] == [
            ("Screen.PNG", "png", len(png())),
            ("log.txt", "txt", 8),
        ]
        assert older is None
        first = shown[0].files[0].id
        for customer_id in (carol.customer_id, None):
            found = queries.attachment(alice.panel_id, ticket_id, first, customer_id=customer_id)
            assert found is not None
            assert bytes(found.data) == png()
        other = written(dave, "Mine")
        assert queries.attachment(alice.panel_id, ticket_id, first, customer_id=dave.customer_id) is None
        assert queries.attachment(alice.panel_id, other, first, customer_id=dave.customer_id) is None
        assert queries.attachment(alice.panel_id, other, first, customer_id=None) is None
    with scope(panel=mallory.owner.panel):
        for customer_id in (carol.customer_id, mallory.customer_id, None):
            for panel_id in (alice.panel_id, mallory.owner.panel_id):
                assert queries.attachment(panel_id, ticket_id, first, customer_id=customer_id) is None


def test_files_are_deleted_when_their_ticket_has_been_closed_for_long(alice: Owner, carol: Buyer, time: Time) -> None:
    text = (Upload("a.txt", b"x"),)
    first, second, third = (written(carol, f"ticket {n}", subject="other", files=text) for n in range(3))
    close(carol, first)
    time.passes(days=1)
    close(carol, second)
    time.passes(days=89, seconds=-1)
    assert settling_actions.forget_files(10) == 0
    time.passes(seconds=2)
    assert settling_actions.forget_files(10) == 1
    kept = "SELECT m.ticket_id FROM support_attachment a JOIN support_message m ON m.id = a.message_id ORDER BY 1"
    assert values(kept) == [(second,), (third,)]
    # Whoever writes again keeps what is still there.
    reply(carol, second, "Once more")
    time.passes(days=400)
    assert settling_actions.forget_files(10) == 0
    assert said(first) == ["customer: ticket 0"]


# ---- strangers -------------------------------------------------------------------------------------------


def test_nobody_else_reads_or_writes_a_ticket(alice: Owner, carol: Buyer, mallory: Buyer) -> None:
    ticket_id = written(carol, "Private", subject="payment")
    dave = alice.customer("dave")
    for stranger in (mallory, dave):
        owner = stranger.owner
        assert unmoved(lambda: reply(stranger, ticket_id, "Me too")) == NO_TICKET  # noqa: B023
        assert unmoved(lambda: close(stranger, ticket_id)) == NO_TICKET  # noqa: B023
        with scope(panel=owner.panel):
            which = {"customer_id": stranger.customer_id, "ticket_id": ticket_id}
            assert queries.ticket(owner.panel_id, ticket_id, customer_id=stranger.customer_id) is None
            assert queries.tickets(owner.panel_id, stranger.customer_id).tickets == []
            assert unmoved(lambda: actions.mark_read(panel_id=owner.panel_id, version=1, **which)) is False  # noqa: B023
            # Nor with the other panel's number, or the customer's.
            for panel_id in (alice.panel_id, mallory.owner.panel_id):
                for customer_id in (carol.customer_id, stranger.customer_id):
                    if (owner.panel_id, customer_id) != (alice.panel_id, carol.customer_id):
                        assert queries.ticket(panel_id, ticket_id, customer_id=customer_id) is None
    letter = Letter("As Carol")
    with scope(panel=mallory.owner.panel):
        for panel_id in (alice.panel_id, mallory.owner.panel_id):
            refused = unmoved(
                lambda: actions.open_ticket(
                    panel_id=panel_id,  # noqa: B023
                    customer_id=carol.customer_id,
                    subject="other",
                    letter=letter,
                )
            )
            assert refused == Refusal("no_customer")


def test_staff_of_another_panel_find_no_ticket(alice: Owner, rival: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "speed up 1\nPrivate")
    absent = ("NotThere", "Ticket not found.")
    for name, fields in (
        ("answer", {"text": "Hello"}),
        ("close", {}),
        ("pass_on", {"order": 1}),
        ("finish", {"order": 1}),
        ("refuse", {"order": 1}),
    ):
        assert unmoved(lambda: staff(rival, name, ticket_id, **fields)) == absent  # noqa: B023
    with scope(panel=rival.panel):
        for panel_id in (alice.panel_id, rival.panel_id):
            assert not staff_actions.mark_read(panel_id=panel_id, ticket_id=ticket_id, by=BY, version=1)
            assert queries.waiting(panel_id) == ([], None)
            assert queries.whole_facts(panel_id, ticket_id) is None


# ---- staff, versions, lists ------------------------------------------------------------------------------


def test_an_answer_to_what_has_changed_meanwhile_is_refused(alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "Hello?", subject="other")
    version = row_of(ticket_id).version
    reply(carol, ticket_id, "Never mind")
    text = "This ticket has changed. Read it again."
    for name, fields in (("answer", {"text": "Hello"}), ("close", {})):
        assert unmoved(lambda: staff(alice, name, ticket_id, version=version, **fields)) == ("InvalidState", text)  # noqa: B023
    staff(alice, "answer", ticket_id, text="Fine", version=row_of(ticket_id).version)
    assert unmoved(lambda: staff(alice, "answer", ticket_id, text=" \n")) == ("Refused", "This field is required.")
    assert unmoved(lambda: staff(alice, "answer", ticket_id, text="x" * 5001))[0] == "Refused"


def test_what_was_not_seen_is_not_marked_as_read(alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "Hello?", subject="other")
    seen = row_of(ticket_id).version
    reply(carol, ticket_id, "And this")
    which: dict[str, Any] = {"panel_id": alice.panel_id, "ticket_id": ticket_id}
    with scope(panel=alice.panel):
        assert not staff_actions.mark_read(**which, by=BY, version=seen)
        assert staff_actions.mark_read(**which, by=BY, version=row_of(ticket_id).version)
        assert not staff_actions.mark_read(**which, by=BY, version=row_of(ticket_id).version)
        staff(alice, "answer", ticket_id, text="Read this")
        assert queries.unread(alice.panel_id, carol.customer_id) == 1
        assert not actions.mark_read(**which, customer_id=carol.customer_id, version=seen)
        assert actions.mark_read(**which, customer_id=carol.customer_id, version=row_of(ticket_id).version)
        assert queries.unread(alice.panel_id, carol.customer_id) == 0


def test_a_closed_ticket_is_closed_once_and_an_answer_opens_it(alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "Hello?", subject="other")
    staff(alice, "close", ticket_id)
    again = unmoved(lambda: staff(alice, "close", ticket_id))
    assert again == ("InvalidState", "This ticket is already closed.")
    staff(alice, "answer", ticket_id, text="One thing more")
    assert state(ticket_id) == "answered"


def test_pages_of_tickets_hold_each_once_the_latest_first(alice: Owner, carol: Buyer, time: Time) -> None:
    tickets = []
    for n in range(7):
        tickets.append(written(carol, f"ticket {n}", subject="other"))
        if n % 2:
            time.passes(minutes=1)
    written(alice.customer("dave"), "other")
    reply(carol, tickets[1], "again")
    numbers = [ticket.number for ticket in tickets]
    with scope(panel=alice.panel):
        pages, after = [], None
        while True:
            page = queries.tickets(alice.panel_id, carol.customer_id, after=after, limit=3)
            pages.append([numbers.index(ticket.number) for ticket in page.tickets])
            if page.next is None:
                break
            after = page.next
        assert pages == [[6, 1, 5], [4, 3, 2], [0]]
        close(carol, tickets[2])
        ids = [t.id for t in queries.tickets(alice.panel_id, carol.customer_id, state="closed").tickets]
        assert ids == [tickets[2]]
        assert len(queries.tickets(alice.panel_id, carol.customer_id, state="active").tickets) == 6

        found, after_id = queries.waiting(alice.panel_id, limit=5)
        assert ([t.id for t in found], after_id) == (tickets[:5], tickets[4].number)
        only = queries.waiting(alice.panel_id, queries.TicketFilters(state="closed"))
        assert ([t.id for t in only[0]], only[1]) == ([tickets[2]], None)


def test_a_long_conversation_is_read_in_pages(alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "0", subject="other")
    for n in range(1, 8):
        staff(alice, "answer", ticket_id, text=str(n))
    with scope(panel=alice.panel):
        ticket = row_of(ticket_id)
        last, older = queries.messages(ticket, limit=5)
        first, none = queries.messages(ticket, before=older, limit=5)
    assert [s.message.text for s in (*first, *last)] == list("01234567")
    assert (len(last), none) == (5, None)


# ---- the database ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE support_ticket SET state = 'lost'",
        "UPDATE support_ticket SET subject = 'love'",
        "UPDATE support_ticket SET state = 'closed'",
        "UPDATE support_message SET author = 'nobody'",
        "UPDATE support_message SET text = ''",
        "UPDATE support_message SET author = 'staff'",
        "UPDATE support_message SET code = 'x'",
        "UPDATE support_attachment SET type = 'html'",
        "UPDATE support_attachment SET size = 0",
        f"UPDATE support_attachment SET size = {limits.ATTACHMENT_BYTES_MAX + 1}",
        "UPDATE support_ticketrequest SET wish = 'steal'",
        "UPDATE support_ticketrequest SET reason = ''",
        "UPDATE support_ticketrequest SET state = 'done'",
        "UPDATE support_ticketrequest SET state = 'accepted', reason = '', settled_at = NULL",
        "UPDATE support_ticketrequest SET state = 'done', reason = '', outcome = 'Completed'",
    ],
)
def test_the_database_refuses_what_cannot_be(carol: Buyer, change: str) -> None:
    written(carol, "refill 999999999", files=(Upload("a.png", png()),))
    before = everything()
    with pytest.raises(IntegrityError), transaction.atomic():
        execute(change)
        connection.check_constraints()
    assert everything() == before


def test_titles_are_cut_where_they_come_from_the_text(carol: Buyer) -> None:
    assert rules.title_of("", "first line\nsecond") == "first line"
