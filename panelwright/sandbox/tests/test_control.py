"""The control address, which only its token opens."""

from __future__ import annotations

from typing import Any

import pytest

from panelwright.sandbox.tests.harness import TOKEN, Caller, Sandbox

LINK = "https://example.com/page"


@pytest.mark.parametrize("headers", [{}, {"X-Control-Token": "wrong"}, {"X-Control-Token": ""}])
@pytest.mark.parametrize("path", ["state", "import", "nonsense"])
def test_nothing_without_the_token(sandbox: Sandbox, headers: dict[str, str], path: str):
    answer = sandbox.http.request("POST", f"{sandbox.url}/control/{path}", json={}, headers=headers)
    assert (answer.status, answer.json()) == (403, {"error": "The control address needs its token"})


def _refused(sandbox: Sandbox, name: str, body: Any) -> tuple[int, str]:
    answer = sandbox.http.request(
        "POST", f"{sandbox.url}/control/{name}", json=body, headers={"X-Control-Token": TOKEN}
    )
    assert list(answer.json()) == ["error"]
    return answer.status, answer.json()["error"]


def test_history_is_imported_without_moving_money(sandbox: Sandbox, caller: Caller):
    rows = [
        {"service": 2, "link": LINK, "quantity": 1000, "created_at": "2024-05-01T10:00:00Z", "start_count": 5},
        {
            "service": 2,
            "link": LINK,
            "quantity": 1000,
            "created_at": 1_714_600_000,
            "status": "Partial",
            "remains": 250,
        },
        {
            "service": 9,
            "link": LINK,
            "quantity": 2,
            "comments": "a\nb",
            "created_at": "2024-05-01",
            "status": "Canceled",
        },
    ]
    ids = sandbox.control("import", key=caller.key, orders=rows)["orders"]
    shown = caller("status", orders=",".join(map(str, ids)))
    assert [(s["status"], s["remains"], s["charge"], s["start_count"]) for s in shown.values()] == [
        ("Completed", "0", "1.2345", "5"),
        ("Partial", "250", "0.925875", "0"),
        ("Canceled", "2", "0.00", "0"),
    ]
    assert caller.balance() == "1000000.00"
    dumped = [o for o in sandbox.state()["orders"] if o["id"] in ids]
    assert dumped[0]["created_at"] == "2024-05-01T10:00:00.000Z"
    assert dumped[2]["params"] == {"service": "9", "link": LINK, "quantity": "2", "comments": "a\nb"}
    assert caller("refill", order=ids[0]) == {"error": "Refill days are over"}
    assert caller("cancel", order=ids[0])[0]["cancel"] == {"error": "The order cannot be canceled"}


def test_an_import_is_taken_whole_or_not_at_all(sandbox: Sandbox):
    good = {"service": 2, "link": LINK, "quantity": 10, "created_at": "2024-05-01"}
    before = len(sandbox.state()["orders"])
    for bad, text in (
        ({"quantity": "x"}, "orders[1]: quantity: write a whole number"),
        ({"service": 15}, "orders[1]: service: this one is not in the catalogue, or is a subscription"),
        ({"created_at": "soon"}, "orders[1]: created_at: write an ISO 8601 time or seconds since 1970"),
        ({"created_at": "2999-01-01"}, "orders[1]: created_at and ended_at must follow each other and lie in the past"),
        (
            {"status": "Partial"},
            "orders[1]: status, quantity and remains do not fit together; status is Completed, Partial or Canceled",
        ),
    ):
        assert _refused(sandbox, "import", {"orders": [good, good | bad]}) == (400, text)
    assert len(sandbox.state()["orders"]) == before


def test_an_outcome_set_by_hand_stays_and_moves_the_money(sandbox: Sandbox, caller: Caller):
    order = caller.add(service=2, link=LINK, quantity=1000)
    sandbox.control("order", order=order, status="In progress", remains=400, start_count=7)
    sandbox.advance(1000)
    shown = caller.status(order)
    assert (shown["status"], shown["remains"], shown["start_count"], shown["charge"]) == (
        "In progress",
        "400",
        "7",
        "1.2345",
    )
    sandbox.control("order", order=order, status="Partial", remains=300)
    sandbox.advance(1000)
    shown = caller.status(order)
    assert (shown["status"], shown["remains"], shown["start_count"], shown["charge"]) == (
        "Partial",
        "300",
        "7",
        "0.86415",
    )
    assert caller.balance() == "999999.13585"
    sandbox.control("order", order=order, status="Completed", charge="1.00")
    assert (caller.status(order)["remains"], caller.balance()) == ("0", "999999.00")


def test_an_order_held_by_hand_can_be_cancelled(sandbox: Sandbox, caller: Caller):
    order = caller.add(service=2, link=LINK, quantity=1000)
    sandbox.control("order", order=order, status="In progress", remains=400)
    assert caller("cancel", order=order) == [{"order": order, "cancel": 1}]
    shown = caller.status(order)
    assert (shown["status"], shown["remains"], shown["charge"], caller.balance()) == (
        "Partial",
        "400",
        "0.7407",
        "999999.2593",
    )


@pytest.mark.parametrize(
    ("name", "body", "text"),
    [
        ("balance", {"balance": "-1"}, "balance: write an amount such as 12.50, with up to 6 decimals"),
        ("balance", {"balance": "1", "key": "unknown"}, "key: this sandbox was not started with it"),
        ("order", {"order": 1, "status": "Completed"}, "order: there is none with this id"),
        ("config", {"speed": "fast"}, "speed: write a number from 0 to 10000"),
        ("config", {"knows_request_id": 1}, "knows_request_id: write true or false"),
        ("config", {"sped": 1}, "unknown: sped"),
        ("config", [], "write a JSON object"),
        ("import", {"orders": 5}, "orders: write a list of at most 100000"),
    ],
)
def test_bad_input_is_told(sandbox: Sandbox, name: str, body: Any, text: str):
    assert _refused(sandbox, name, body) == (400, text)


def test_an_unknown_name_and_a_wrong_method(sandbox: Sandbox):
    assert _refused(sandbox, "nonsense", {}) == (404, "Not found")
    assert _refused(sandbox, "state", {}) == (404, "Not found")


def test_the_books_of_the_whole_sandbox_agree(sandbox: Sandbox, caller: Caller):
    """Opening balance less the charges of all orders is the balance, while they run and after."""
    for service in (1, 2, 3, 4, 5):
        for quantity in (101, 777, 1003):
            caller.add(service=service, link=LINK, quantity=quantity)
    for _ in range(8):
        sandbox.advance(7)
        shown = caller("status", orders=",".join(str(o["id"]) for o in _own(sandbox, caller)))
        micros = sum(_micros(s["charge"]) for s in shown.values())
        assert _micros(caller.balance()) == 1_000_000_000_000 - micros
    assert {s["status"] for s in shown.values()} >= {"Completed", "Partial", "Canceled"}


def _own(sandbox: Sandbox, caller: Caller) -> list[Any]:
    known = caller("status", orders=",".join(str(o["id"]) for o in sandbox.state()["orders"][-15:]))
    return [o for o in sandbox.state()["orders"] if "charge" in known.get(str(o["id"]), {})]


def _micros(amount: str) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole) * 1_000_000 + int(fraction.ljust(6, "0"))
