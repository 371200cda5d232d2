"""Tickets over the staff API, by command, and followed by a real worker with a real provider behind it."""

from __future__ import annotations

import json

import pytest

from panelwright.support.actions import PostedMessage
from panelwright.support.files import Upload
from panelwright.support.tests.making import reply, requests, said, state, written
from panelwright.support.tests.test_files import png
from tests.staff.site import Site
from tests.support.by_hand import own_people, staff_key
from tests.support.people import FOLLOWERS, everything, values
from tests.support.processes import Launcher
from tests.support.story import Story

# The server sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def test_tickets_are_listed_read_answered_and_closed(served: Site) -> None:
    first = written(served.carol, "Where is my deposit?", subject="payment", files=(Upload("proof.png", png()),))
    second = written(served.carol, "speed up 999999999\nplease", title="Faster")
    served.post(f"tickets/{second.number}", action="answer", text="Order not found.")
    listed = served.get("tickets")
    assert (listed.status, listed.body["next"]) == (200, None)
    assert [item["id"] for item in listed.body["items"]] == [first.number, second.number]
    item = listed.body["items"][0]
    assert item.pop("created_at") == item.pop("updated_at")
    assert item == {
        "id": first.number,
        "customer": served.carol.number,
        "email": "carol@customer.example",
        "subject": "payment",
        "title": "Where is my deposit?",
        "state": "pending",
        "unread": True,
        "assignee": None,
        "locked": False,
        "merged_into": None,
        "version": 2,
        "closed_at": None,
    }
    for query, found in (
        ("state=pending", [first.number]),
        ("state=answered", [second.number]),
        ("subject=order", [second.number]),
        ("unread=1", [first.number]),
        ("speed_up=1", []),
        (f"customer={served.carol.number}&limit=1", [first.number]),
        (f"after={first.number}", [second.number]),
        (f"customer={served.carol.number + 1000}", []),
    ):
        assert [row["id"] for row in served.get(f"tickets?{query}").body["items"]] == found, query
    assert served.get("tickets?limit=1").body["next"] == first.number

    ticket = served.get(f"tickets/{first.number}").body["ticket"]
    (message,) = ticket["messages"]
    (file,) = message["attachments"]
    assert (message["author"], message["text"], ticket["older"]) == ("customer", "Where is my deposit?", None)
    assert (file["name"], file["type"], file["size"]) == ("proof.png", "png", len(png()))
    got = served.raw("GET", f"tickets/{first.number}/attachments/{file['id']}")
    assert (got.status, got.body) == (200, png())
    assert got.headers["content-disposition"] == 'attachment; filename="proof.png"'
    assert (got.headers["content-type"], got.headers["x-content-type-options"]) == ("image/png", "nosniff")
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"

    read = served.post(f"tickets/{first.number}", action="read", version=ticket["version"]).body["ticket"]
    assert (read["unread"], read["version"]) == (False, 2)
    answered = served.post(f"tickets/{first.number}", action="answer", text="It is there now.", version=2).body[
        "ticket"
    ]
    assert (answered["state"], answered["version"]) == ("answered", 3)
    by = f"bob@shop.example, by key {served.row.prefix}"
    assert [(m["author"], m["by"]) for m in answered["messages"]] == [("customer", ""), ("staff", by)]
    reply(served.carol, first, "No, it is not")
    changed = "This ticket has changed. Read it again."
    served.refused(409, changed, "POST", f"tickets/{first.number}", {"action": "answer", "text": "Bye", "version": 3})
    served.refused(409, changed, "POST", f"tickets/{first.number}", {"action": "close", "version": 3})
    closed = served.post(f"tickets/{first.number}", action="answer", text="Bye", close=True).body["ticket"]
    assert (closed["state"], closed["closed_at"] is not None) == ("closed", True)
    served.refused(409, "This ticket is already closed.", "POST", f"tickets/{first.number}", {"action": "close"})


def test_a_speed_up_is_worked_over_the_api(site: Site) -> None:
    order_id = site.carol.order()
    ticket_id = written(site.carol, f"speed up {order_id.number}")
    assert [item["id"] for item in site.get("tickets?speed_up=1").body["items"]] == [ticket_id.number]
    passed = site.post(f"tickets/{ticket_id.number}", action="pass_on", order=order_id.number).body["ticket"]
    (request,) = passed["requests"]
    assert (request["wish"], request["order"], request["state"]) == ("speed up", order_id.number, "accepted")
    assert (request["passed_on_at"] is not None, passed["state"]) == (True, "open")
    again = {"action": "pass_on", "order": order_id.number}
    site.refused(409, "This speed-up was already passed on.", "POST", f"tickets/{ticket_id.number}", again)
    done = site.post(f"tickets/{ticket_id.number}", action="done", order=order_id.number).body["ticket"]
    assert (done["state"], done["requests"][0]["outcome"]) == ("closed", "done")
    absent = f"No speed-up of order {order_id.number} is open in this ticket."
    site.refused(404, absent, "POST", f"tickets/{ticket_id.number}", {"action": "refuse", "order": order_id.number})


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("state=lost", "state: Choose one of: open, pending, answered, closed."),
        ("subject=love", "subject: Choose one of: order, payment, other."),
        ("unread=yes", "unread: Choose one of: 1."),
        ("customer=carol", "customer: Enter a whole number between 1 and 9223372036854775807."),
        ("limit=101", "limit: Enter a whole number between 1 and 100."),
        ("q=1", "Unknown: q. Accepted here: after, customer, limit, speed_up, state, subject, unread."),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(site: Site, query: str, text: str) -> None:
    site.refused(400, text, "GET", f"tickets?{query}")


def test_what_makes_no_sense_or_is_somebody_elses_is_refused(site: Site, story: Story) -> None:
    ticket_id = written(site.carol, "Hello?", subject="other", files=(Upload("a.txt", b"secret"),))
    (file_id,) = (row[0] for row in values("SELECT id FROM support_attachment"))
    foreign = written(story.mallory, "Mine", subject="other", files=(Upload("a.txt", b"other"),))
    (foreign_file,) = (row[0] for row in values("SELECT id FROM support_attachment WHERE id > %s", file_id))
    path = f"tickets/{ticket_id.number}"
    site.refused(400, "text: This field is required.", "POST", path, {"action": "answer"})
    site.refused(400, "text: This field is required.", "POST", path, {"action": "answer", "text": " "})
    site.refused(400, "close: Choose yes or no.", "POST", path, {"action": "answer", "text": "x", "close": 1})
    site.refused(400, "version: Enter a whole number.", "POST", path, {"action": "read", "version": True})
    for number in (foreign.number, 10**12):
        absent = "Ticket not found."
        site.refused(404, absent, "GET", f"tickets/{number}")
        for body in ({"action": "answer", "text": "x"}, {"action": "close"}, {"action": "done", "order": 1}):
            site.refused(404, absent, "POST", f"tickets/{number}", body)
    for ticket, file in (
        (ticket_id.number, foreign_file),
        (foreign.number, foreign_file),
        (foreign.number, file_id),
        (ticket_id.number, 10**12),
    ):
        site.refused(
            404,
            f"File {file} not found.",
            "GET",
            f"tickets/{ticket}/attachments/{file}",
        )
    site.refused(405, "Use GET, POST for this address.", "PUT", path, {})
    _, foreign_key = staff_key(story.rival, story.rival.staff)
    for way in ({"key": foreign_key}, {"key": ""}, {"host": "rival.example"}):
        assert site.ask("GET", path, **way).status == 401
        assert site.raw("GET", f"{path}/attachments/{file_id}", **way).status == 401


def test_staff_work_with_tickets_by_command(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    from panelwright.cli.main import main

    def run(*arguments: str) -> tuple[int, str]:
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(str(end.code))
        out = capsys.readouterr()
        return status, out.out + out.err

    at = ("--panel", "shop")
    assert run("tickets", *at) == (0, "No ticket.\n")
    order_id = story.carol.order()
    ticket_id = written(story.carol, f"speed up {order_id.number}\nplease \x1b[31mhurry")
    which = ("ticket", *at, "--id", str(ticket_id.number))
    status, text = run("tickets", *at, "--speed-up", "--customer", "carol@customer.example")
    assert (status, text.splitlines()[1]) == (0, f"    speed up {order_id.number}")
    assert run("tickets", *at, "--state", "closed") == (0, "No ticket.\n")
    items = json.loads(run("tickets", *at, "--json")[1])["items"]
    assert [item["id"] for item in items] == [ticket_id.number]
    before = everything()
    status, text = run(*which)
    assert (status, "    please [31mhurry\n" in text, "\x1b" in text) == (0, True, False)
    assert run(*which, "--done", "7") == (
        1,
        "panelwright ticket: No speed-up of order 7 is open in this ticket.\n",
    )
    assert run(*which, "--answer", "x", "--done", "7")[0] == 2
    assert run(*which, "--close", "--done", "7")[0] == 2
    assert run("ticket", "--panel", "rival", "--id", str(ticket_id.number))[0] == 1
    assert everything() == before
    assert run(*which, "--passed-on", str(order_id.number))[1].endswith(
        f"speed up {order_id.number}: accepted, passed on\n"
    )
    assert run(*which, "--answer", "On it")[0] == 0
    assert state(ticket_id) == "open"
    assert run(*which, "--done", str(order_id.number))[1].endswith(f"speed up {order_id.number}: done: done\n")
    assert state(ticket_id) == "closed"
    assert run(*which, "--answer", "Anything else?")[0] == 0
    assert run(*which, "--close")[0] == 0
    assert run(*which, "--close") == (1, "panelwright ticket: This ticket is already closed.\n")


def test_a_worker_follows_a_cancel_and_a_refill_to_their_ends(site: Site, launch: Launcher) -> None:
    """By hand, through the staff API, with the real worker process following."""
    own_people(site.alice, FOLLOWERS)
    order_id = site.carol.order()
    worker = launch.start("worker")
    worker.wait_for(lambda: len(site.get("queue").body["items"]) == 1, what="the order in the queue")
    site.post(f"orders/{order_id.number}", action="start")
    ticket_id = written(site.carol, f"cancel {order_id.number}")
    assert (state(ticket_id), requests(ticket_id)) == ("open", [("cancel", order_id.number, "accepted", "")])
    assert site.post(f"cancels/{order_id.number}", action="refuse", text="nearly done").status == 200
    worker.wait_for(lambda: state(ticket_id) == "answered", what="the refusal in the ticket")
    assert said(ticket_id)[2:] == [f"system: Order {order_id.number} can no longer be canceled and continues."]
    assert isinstance(reply(site.carol, ticket_id, f"cancel: {order_id.number}"), PostedMessage)
    assert site.post(f"cancels/{order_id.number}", action="accept").status == 200
    over = ("cancel", order_id.number, "done", "Canceled")
    worker.wait_for(lambda: requests(ticket_id)[1] == over, what="the cancel in the ticket")
    # The first one was refused: it is for her to say that it is over.
    assert state(ticket_id) == "answered"
    assert site.carol.balance() == "100.00"
    worker.kill()
