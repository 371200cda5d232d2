"""The staff API over real HTTP: who is let in, what waits, what can be done, and what is refused."""

from __future__ import annotations

import http.client
import json
from datetime import timedelta

import pytest

from panelwright.core import clock
from panelwright.ledger.actions import post
from panelwright.orders import costs
from tests.staff.site import BAD_KEY, Site
from tests.support.by_hand import own_people, staff_key
from tests.support.people import (
    FOLLOWERS,
    LIKES,
    Known,
    Seen,
    execute,
    row_of,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.story import Story

# The server sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order_id(site: Site, worker: Rounds) -> Known:
    """An order of 1000 followers for 0.90 in the queue of Alice's people."""
    own_people(site.alice, FOLLOWERS, LIKES)
    placed = site.carol.order()
    worker.forward()
    return placed


def test_an_order_is_delivered_by_hand(served: Site, order_id: Known) -> None:
    queue = served.get("queue")
    assert queue.status == 200
    assert queue.headers["content-type"] == "application/json"
    assert queue.headers["cache-control"] == "no-store"
    (item,) = queue.body["items"]
    since = item.pop("waiting_since")
    assert since is not None
    assert item.pop("created_at") is not None
    provider = item.pop("provider")
    assert (provider["name"], item.pop("route") is not None) == ("our people", True)
    assert item == {
        "id": order_id.number,
        "kind": "plain",
        "parent": None,
        "status": "Pending",
        "customer": {"id": served.carol.number, "email": "carol@customer.example"},
        "service": FOLLOWERS,
        "service_name": "Followers",
        "type": "Default",
        "link": "https://example.com/carol",
        "quantity": 1000,
        "fields": {},
        "start_count": None,
        "remains": 1000,
        "cancel_asked": False,
        "charge": "0.90",
        "cost": None,
        "cost_told": False,
        "past_cost": "0.00",
        "cost_rate": None,
        "problem": "",
        "problem_code": "",
        "problem_facts": {},
        "problem_since": None,
        "paused_for": None,
        "goes_on": False,
        "again_at": None,
        "upstream_id": None,
        "sent": None,
        "ended_at": None,
    }
    assert (queue.body["kind"], queue.body["next"]) == ("orders", None)

    started = served.post(f"orders/{order_id.number}", action="start", start_count=1500)
    assert (started.status, started.body["order"]["status"]) == (200, "In progress")
    half = served.post(f"orders/{order_id.number}", action="progress", delivered=500)
    assert half.body["order"]["remains"] == 500
    ended = served.post(f"orders/{order_id.number}", action="partial", remains=250)
    assert (ended.body["order"]["status"], ended.body["order"]["waiting_since"]) == ("Partial", None)
    assert served.carol.sees(order_id) == Seen("Partial", "0.675", 250, 1500)
    assert served.carol.balance() == "99.325"
    assert served.get("queue").body["items"] == []
    assert served.get(f"orders/{order_id.number}").body == ended.body
    facts = [row[0] for row in values("SELECT facts FROM events_event WHERE name = 'order.worked' ORDER BY id")]
    last = json.loads(facts[-1]) if isinstance(facts[-1], str) else facts[-1]
    assert last == {"action": "partial", "by": f"bob@shop.example, by key {served.row.prefix}", "remains": 250}


def test_a_key_is_needed_and_it_is_its_own_panels(site: Site, order_id: Known, story: Story) -> None:
    rival_row, rival_key = staff_key(story.rival, story.rival.staff)
    text = BAD_KEY
    done = {"action": "done"}
    for how in (
        {"key": ""},
        {"key": "x" * 40},
        {"key": site.carol.key},
        {"key": rival_key},
        {"host": story.rival.host},
        {"scheme": "Basic"},
        {"key": site.row.digest},
    ):
        site.refused(401, text, "POST", f"orders/{order_id.number}", done, **how)
        site.refused(401, text, "GET", "queue", **how)
    answer = site.get("queue", key="")
    assert answer.headers["www-authenticate"] == "Bearer"
    # A stranger's key works at home, and finds nothing of Alice's there.
    home = {"key": rival_key, "host": story.rival.host}
    assert site.get("queue", **home).body["items"] == []
    there = f"Order {order_id.number} not found."
    site.refused(404, there, "POST", f"orders/{order_id.number}", done, **home)
    site.refused(404, there, "GET", f"orders/{order_id.number}", **home)
    site.refused(404, there, "POST", f"cancels/{order_id.number}", {"action": "accept"}, **home)
    site.refused(404, there, "POST", f"problems/{order_id.number}", {"action": "refund"}, **home)
    assert rival_row.panel_id == story.rival.panel_id


def test_a_revoked_key_and_a_barred_person_stop_at_once(served: Site) -> None:
    from django_scopes import scope

    from panelwright.customers.actions import revoke_staff_key

    assert served.get("queue").status == 200
    assert value("SELECT COUNT(*) FROM customers_staffkey WHERE last_used_at IS NOT NULL") == 1
    execute("UPDATE customers_user SET is_active = %s WHERE id = %s", False, served.row.staff.user_id)
    assert served.get("queue").status == 401
    execute("UPDATE customers_user SET is_active = %s WHERE id = %s", True, served.row.staff.user_id)
    assert served.get("queue").status == 200
    with scope(panel=served.alice.panel):
        assert revoke_staff_key(panel_id=served.alice.panel_id, key_id=served.row.id)
        assert not revoke_staff_key(panel_id=served.alice.panel_id, key_id=served.row.id)
    assert served.get("queue").status == 401


def test_a_customers_api_does_not_take_a_staff_key(served: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.request("GET", f"/api/v2?action=balance&key={served.key}", headers={"Host": served.alice.host})
    assert connection.getresponse().read() == b'{"error":"Invalid API key"}'
    connection.close()


VERBS = (
    "start, progress, pass_on, done, partial, cancel, send, arrived, set_back, link, count, set_remains, note, charge,"
    " waive, pause, resume, stop"
)
WHAT = f"action: Choose one of: {VERBS}."


WRONG: list[tuple[object, str]] = [
    (b"", "The request must be JSON."),
    (b"action=done", "The request must be JSON."),
    (b"\xff\xfe", "The request must be JSON."),
    (b"[" * 60_000, "The request must be JSON."),
    ([], "The request must be a JSON object with an action."),
    ({}, WHAT),
    ({"action": "fly"}, WHAT),
    ({"action": ["done"]}, WHAT),
    ({"action": "done", "remains": 1}, "Unknown: remains. Accepted here: none."),
    ({"action": "done", "\ud800": 1}, "Unknown: \ud800. Accepted here: none."),
    ({"action": "partial", "remains": "250"}, "remains: Enter a whole number."),
    ({"action": "partial", "remains": 250.0}, "remains: Enter a whole number."),
    ({"action": "partial", "remains": True}, "remains: Enter a whole number."),
    ({"action": "start", "start_count": None}, "start_count: Enter a whole number."),
    (
        {"action": "start", "start_count": 10**30},
        "start_count: Enter a whole number between 0 and 9223372036854775807.",
    ),
    ({"action": "progress"}, "remains: Enter either what remains or what is delivered."),
]


def test_a_wrong_request_says_what_is_wrong(site: Site, order_id: Known) -> None:
    for body, text in WRONG:
        site.refused(400, text, "POST", f"orders/{order_id.number}", body)


def test_numbers_states_and_addresses(site: Site, order_id: Known) -> None:
    where = f"orders/{order_id.number}"
    wrong = "remains: Remains must be between 1 and 1000. If nothing remains, complete the order."
    site.refused(400, wrong, "POST", where, {"action": "progress", "remains": 1001})
    site.refused(404, "Order 987654 not found.", "POST", "orders/987654", {"action": "done"})
    site.refused(404, "There is no number that high.", "POST", f"orders/{10**30}", {"action": "done"})
    site.refused(404, "Refill 5 not found.", "POST", "refills/5", {"action": "done"})
    site.refused(
        409, "No cancellation of this order is waiting.", "POST", f"cancels/{order_id.number}", {"action": "accept"}
    )
    text = "The service of this order has no other route. Add one first."
    site.refused(409, text, "POST", where, {"action": "pass_on"})
    site.refused(405, "Use GET, POST for this address.", "DELETE", where)
    site.refused(405, "Use GET for this address.", "POST", "queue", {})
    nothing = "Nothing found at this address. The API is described in /api/staff/v1/openapi.json."
    for path in ("", "nowhere", "orders/x", "queue/"):
        site.refused(404, nothing, "GET", path)
    site.refused(413, "The request can have at most 65536 bytes.", "POST", where, b" " * 65_537)
    assert site.ask("POST", where, b" " * 65_500 + b'{"action": "done"}').status == 200
    site.refused(409, "This order has ended.", "POST", where, {"action": "done"})


def test_pages_and_filters_of_the_queue(site: Site, order_id: Known, worker: Rounds) -> None:
    ids = [order_id.number] + [
        site.carol.order(service=LIKES, link=f"https://example.com/{n}").number for n in range(4)
    ]
    worker.forward()
    site.post(f"orders/{ids[1]}", action="start")

    def page(query: str) -> tuple[list[int], int | None]:
        answer = site.get(f"queue?{query}")
        assert answer.status == 200, answer
        return [item["id"] for item in answer.body["items"]], answer.body["next"]

    assert page("limit=2") == (ids[:2], ids[1])
    assert page(f"limit=2&after={ids[1]}") == (ids[2:4], ids[3])
    assert page(f"limit=2&after={ids[3]}") == (ids[4:], None)
    assert page("state=started") == ([ids[1]], None)
    assert page("state=waiting&limit=200") == ([ids[0], *ids[2:]], None)
    assert page(f"service={FOLLOWERS}") == ([order_id.number], None)
    assert page("provider=our%20people") == (ids, None)
    assert page("provider=nobody") == ([], None)
    for query, text in (
        ("kind=sins", "kind: Choose one of: orders, refills, cancels."),
        ("limit=0", "limit: Enter a whole number between 1 and 200."),
        ("limit=201", "limit: Enter a whole number between 1 and 200."),
        ("after=-1", "after: Enter a whole number between 0 and 9223372036854775807."),
        ("after=99999999999999999999", "after: Enter a whole number between 0 and 9223372036854775807."),
        ("service=x", "service: Enter a whole number between 1 and 9223372036854775807."),
        ("provider=%00", "provider: Remove control characters and characters that are not valid UTF-8."),
        ("state=dead", "state: Choose one of: waiting, started."),
        ("kind=cancels&state=started", "state: Choose one of: (none)."),
        ("kind=refills&provider=x", "provider: Only orders can be filtered by provider."),
        ("page=2", "Unknown: page. Accepted here: after, kind, limit, provider, service, state."),
    ):
        site.refused(400, text, "GET", f"queue?{query}")


def test_cancels_are_answered(site: Site, order_id: Known) -> None:
    site.post(f"orders/{order_id.number}", action="start")
    assert site.carol.cancel(order_id) == [1]
    (item,) = site.get("queue?kind=cancels").body["items"]
    assert (item["order"], item["remains"], item["quantity"]) == (order_id.number, 1000, 1000)
    assert site.get("queue").body["items"][0]["cancel_asked"] is True
    why = "text: Enter a reason of 1 to 500 characters."
    site.refused(400, why, "POST", f"cancels/{order_id.number}", {"action": "refuse", "text": " "})
    assert (
        site.post(f"cancels/{order_id.number}", action="refuse", text="half done").body["order"]["cancel_asked"]
        is False
    )
    assert site.get("queue?kind=cancels").body["items"] == []
    site.carol.cancel(order_id)
    assert site.post(f"cancels/{order_id.number}", action="accept").body["order"]["status"] == "Canceled"
    assert site.carol.balance() == "100.00"


def test_refills_are_done_or_rejected(site: Site, order_id: Known, worker: Rounds) -> None:
    site.post(f"orders/{order_id.number}", action="done")
    execute("UPDATE orders_order SET ended_at = %s WHERE id = %s", clock.now() - timedelta(days=2), order_id)
    (refill_id,) = site.carol.refill(order_id)
    assert isinstance(refill_id, Known)
    assert site.get("queue?kind=refills").body["items"] == [], "the worker has not looked at it yet"
    worker.refills()
    (item,) = site.get("queue?kind=refills&state=waiting").body["items"]
    assert (item["id"], item["order"], item["status"]) == (refill_id.number, order_id.number, "Pending")
    assert site.post(f"refills/{refill_id.number}", action="start").body["refill"]["status"] == "In progress"
    assert len(site.get("queue?kind=refills&state=started").body["items"]) == 1
    site.refused(400, "text: This field is required.", "POST", f"refills/{refill_id.number}", {"action": "reject"})
    rejected = site.post(f"refills/{refill_id.number}", action="reject", text="nothing was lost").body["refill"]
    assert (rejected["status"], rejected["problem"]) == ("Rejected", "nothing was lost")
    site.refused(409, "This refill has ended: Rejected.", "POST", f"refills/{refill_id.number}", {"action": "done"})


def test_unknown_outcomes_are_decided(site: Site, worker: Rounds) -> None:
    provider = site.alice.provider("http://127.0.0.1:9/api/v2")
    ids = [site.carol.order(service=LIKES, link=f"https://example.com/{n}") for n in range(4)]
    for order_id in ids:
        execute(
            "UPDATE orders_order SET status = 'Processing', job = NULL, due_at = NULL, provider_id = %s,"
            " problem_code = 'outcome_unknown', problem_facts = %s, problem_at = created_at WHERE id = %s",
            provider.id,
            '{"why": "time-out"}',
            order_id,
        )
    assert [item["id"] for item in site.get("problems?limit=3").body["items"]] == [one.number for one in ids[:3]]
    assert site.get(f"problems?after={ids[2].number}").body["next"] is None
    site.refused(400, "Unknown: kind. Accepted here: after, limit.", "GET", "problems?kind=orders")
    long = {"action": "arrived", "upstream_id": "x" * 101}
    text = "upstream_id: Enter the order ID at the provider: 1 to 100 characters, without commas and spaces."
    site.refused(400, text, "POST", f"problems/{ids[0].number}", long)
    arrived = site.post(f"problems/{ids[0].number}", action="arrived", upstream_id="700123")
    assert (arrived.status, row_of(ids[0]).upstream_id) == (200, "700123")
    assert site.post(f"problems/{ids[1].number}", action="send").body["order"]["status"] == "Pending"
    assert site.post(f"problems/{ids[2].number}", action="refund").body["order"]["status"] == "Canceled"
    taken = {"action": "arrived", "upstream_id": "700123"}
    site.refused(409, "Another order already has this ID at the provider.", "POST", f"problems/{ids[3].number}", taken)
    text = "This order has ended."
    site.refused(409, text, "POST", f"problems/{ids[2].number}", {"action": "refund"})
    assert [item["id"] for item in site.get("problems").body["items"]] == [ids[3].number]


def test_any_open_order_is_decided_about_and_tells_who_has_it(site: Site, worker: Rounds) -> None:
    provider = site.alice.provider("http://127.0.0.1:9/api/v2", name="far away")
    site.alice.route(LIKES, provider)
    order_id = site.carol.order(service=LIKES)
    where = f"orders/{order_id.number}"
    execute(
        "UPDATE orders_order SET status = 'Processing', job = 'poll', provider_id = %s, upstream_id = '5',"
        " cost_micros = 1234, cost_rate_e12 = 12100000000, cost_postings = 1, problem_code = 'not_known_upstream',"
        " problem_facts = %s, problem_at = created_at WHERE id = %s",
        provider.id,
        '{"upstream_id": "5"}',
        order_id,
    )
    post([costs.transfer(site.alice.panel_id, order_id, order_id.number, provider.id, 1234, count=1)], now=clock.now())
    (item,) = site.get("problems").body["items"]
    assert item["provider"] == {"id": provider.id, "name": "far away"}
    assert (item["customer"]["email"], item["upstream_id"]) == ("carol@customer.example", "5")
    assert (item["problem"], item["goes_on"]) == ("the provider does not know its order 5", True)
    assert (item["cost"], item["cost_told"], item["cost_rate"]) == ("0.001234", False, "0.0121")
    site.refused(400, "route: Enter a whole number.", "POST", where, {"action": "send", "route": "x"})
    site.refused(409, "Your own people do not deliver this order.", "POST", where, {"action": "start"})
    nowhere = "route: The service of this order has no such route in use. It has: "
    there = f"{value('SELECT id FROM providers_route')} to far away"
    site.refused(400, f"{nowhere}{there}.", "POST", where, {"action": "send", "provider": "nobody"})
    sent = site.post(where, action="send", provider="far away").body["order"]
    assert (sent["status"], sent["upstream_id"], sent["problem_code"], sent["cost"]) == ("Pending", None, "", None)
    arrived = site.post(where, action="arrived", upstream_id="77", provider="far away").body["order"]
    assert (arrived["status"], arrived["upstream_id"]) == ("Processing", "77")
    done = site.post(f"problems/{order_id.number}", action="partial", remains=1).body["order"]
    assert (done["status"], done["remains"]) == ("Partial", 1)
    decisions = [moment["facts"]["decision"] for moment in done["history"] if moment["event"] == "order.resolved"]
    assert decisions == ["partial", "arrived", "send"]


def test_an_order_that_is_being_sent_is_not_decided_about(site: Site) -> None:
    order_id = site.carol.order(service=LIKES)
    until = clock.now() + timedelta(seconds=100)
    execute(
        "UPDATE orders_order SET status = 'Processing', job = 'sending', lease_until = %s, due_at = %s WHERE id = %s",
        until,
        until,
        order_id,
    )
    answer = site.post(f"orders/{order_id.number}", action="cancel")
    assert answer.status == 409
    assert "This order is being sent to a provider. Try again in " in answer.body["error"]
    assert site.carol.sees(order_id).status == "Processing"


def test_the_pages_are_where_they_were(served: Site) -> None:
    for path, status in (("/", 200), ("/api", 200), ("/api/", 200), ("/nowhere", 404), ("/api/staff/", 404)):
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        connection.request("GET", path, headers={"Host": served.alice.host})
        response = connection.getresponse()
        assert (response.status, response.getheader("Content-Type")) == (status, "text/html; charset=utf-8"), path
        assert b"<html" in response.read()
        connection.close()
