"""Each dialect, once, over HTTP: what a caller reads on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from panelwright.sandbox import languages
from panelwright.sandbox.dialects import BOM, DIALECTS, FAR_ABOVE, OVER_DELIVERED, PHP_WARNING, PROTOCOL, combined
from panelwright.sandbox.kinds import REFUSALS
from panelwright.sandbox.languages import translated
from panelwright.sandbox.tests.harness import Caller, Sandbox

LINK = "https://example.com/page"
ADD = {"service": 2, "link": LINK, "quantity": 100}
SetFaults = Callable[..., None]
Speak = Callable[..., None]

# The same refused call in each dialect of refusals: HTTP status and answer.
TOO_FEW = "Quantity less than minimal 10"
REFUSED: dict[str, tuple[int, Any]] = {
    "error-400": (400, {"error": TOO_FEW}),
    "error-422": (422, {"error": TOO_FEW}),
    "error-500": (500, {"error": TOO_FEW}),
    "error-fields": (200, {"error": {"quantity": [TOO_FEW]}}),
    "errors-list": (200, {"errors": [TOO_FEW]}),
    "errors-fields": (200, {"errors": {"quantity": [TOO_FEW]}}),
    "status-fail": (200, {"status": "fail", "message": TOO_FEW}),
    "status-error": (200, {"status": "error", "msg": TOO_FEW}),
    "status-false": (200, {"status": False, "data": TOO_FEW}),
    "order-keys": (200, {"error": "neworder.error.min_quantity"}),
    "id-keys": (200, {"error": TOO_FEW}),
    "ru": (200, {"error": "Количество меньше минимального: 10"}),
    "pt": (200, {"error": "A quantidade é menor que o mínimo de 10"}),
    "es": (200, {"error": "La cantidad es menor que el mínimo de 10"}),
    "tr": (200, {"error": "Miktar çok az, minimum 10"}),
}

# What `add` answers, with the order's number in the place of N.
ADDED: dict[str, Any] = {
    "id-string": {"order": "N"},
    "id-text": {"order": "APIN"},
    "id-under-order_id": {"order_id": 0},
    "id-under-id": {"id": 0},
    "id-beside-success": {"status": "success", "order": 0},
}

# What changes in the first row of `services`; MISSING: the key is not there.
MISSING = object()
FIRST_ROW: dict[str, dict[str, Any]] = {
    "services-numbers": {"rate": 0.9, "min": 10, "max": 100_000},
    "services-strings": {"service": "1"},
    "types-lower": {"type": "default"},
    "types-underscores": {"type": "default"},
    "flags-numbers": {"refill": 1, "cancel": 1, "dripfeed": 1},
    "flags-strings": {"refill": "1", "cancel": "1", "dripfeed": "1"},
    "flags-missing": {"refill": MISSING, "cancel": MISSING, "dripfeed": MISSING},
    "services-desc": {"desc": "Starts at once."},
    "services-description": {"description": "Starts at once."},
}

# State of the order (status, remains), and what changes in its report.
REPORTS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "start-null": ("In progress", 400, {"start_count": None}),
    "start-empty": ("In progress", 400, {"start_count": ""}),
    "start-missing": ("In progress", 400, {"start_count": MISSING}),
    "start-counter": ("In progress", 400, {"start_count": MISSING, "start_counter": "7"}),
    "remains-negative": ("Completed", 0, {"remains": str(-OVER_DELIVERED)}),
    "remains-unknown": ("In progress", 400, {"remains": "Unknown"}),
    "remains-above": ("In progress", 400, {"remains": str(400 + FAR_ABOVE)}),
    "charge-number": ("In progress", 400, {"charge": 1.2345000000000002}),
    "charge-missing": ("In progress", 400, {"charge": MISSING}),
    "currency-missing": ("In progress", 400, {"currency": MISSING}),
    "words-other": ("Completed", 0, {"status": "Complete"}),
    "words-underscores": ("In progress", 400, {"status": "in_progress"}),
    "words-title": ("In progress", 400, {"status": "In_progress"}),
    "words-upper": ("Completed", 0, {"status": "COMPLETED"}),
    "words-refunded": ("Canceled", 1000, {"status": "Refunded"}),
    "words-fail": ("Canceled", 1000, {"status": "Fail"}),
    "codes": ("Pending", 1000, {"status": 0}),
    "codes-strings": ("Partial", 400, {"status": "3"}),
    "codes-refunded": ("Canceled", 1000, {"status": 5}),
    "ru": ("In progress", 400, {"status": "В работе"}),
    "pt": ("Completed", 0, {"status": "Concluído"}),
    "es": ("Partial", 400, {"status": "Parcial"}),
    "tr": ("Canceled", 1000, {"status": "İptal edildi"}),
}

# `cancel` of an order that can be, O, and of an id that is none, X.
CANCELS: dict[str, Any] = {
    "cancel-by-id": {"O": {"cancel": "requested"}, "x": {"error": "Incorrect order ID"}},
    "cancel-listed": {"canceled": ["O"]},
    "cancel-success": {"status": "success"},
    "cancel-item-errors": [{"order": "O", "cancel": 1}, {"order": "x", "error": "Incorrect order ID"}],
    "cancel-item-status": [
        {"order": "O", "status": "success"},
        {"order": "x", "status": "error", "message": "Incorrect order ID"},
    ],
}

BALANCES: dict[str, Any] = {
    "balance-number": {"balance": 1234567.5, "currency": "USD"},
    "balance-thousands": {"balance": "1,234,567.50", "currency": "USD"},
    "balance-funds": {"funds": "1234567.50", "currency": "USD"},
    "balance-amount": {"amount": "1234567.50", "currency": "USD"},
}

REFILLS: dict[str, Callable[[int, int], Any]] = {
    "refill-number": lambda refill, order: {"refill": refill},
    "refill-bare": lambda refill, order: refill,
    "refill-list": lambda refill, order: [{"order": order, "refill": refill}],
    "refill-success": lambda refill, order: {"success": "Refill request has been sent", "refill": refill},
}

# Each has a test of its own below.
ALONE = {
    *("protocol", "created", "bom", "php-warning", "services-data", "services-empty", "refill-promised"),
    *("bad-id-string", "bad-id-left-out", "many-list", "many-single", "refill-status-refill", "refill-keys"),
    *("cancel-single", "bearer"),
}


def test_every_dialect_is_tried_here():
    tables = (REFUSED, ADDED, FIRST_ROW, REPORTS, CANCELS, BALANCES, REFILLS)
    assert {name for table in tables for name in table} | ALONE == set(DIALECTS)


@pytest.fixture
def speak(caller: Caller, set_faults: SetFaults) -> Speak:
    """`speak("codes")`: this caller is answered in the dialect."""
    return lambda *names: set_faults({"fault": "dialect", "dialect": list(names), "key": caller.key})


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(caller: Caller, speak: Speak, name: str):
    speak(name)
    answer = caller.raw("add", idempotency_key="", **ADD | {"quantity": 9})
    assert (answer.status, answer.json()) == REFUSED[name]
    assert "x-error-code" not in answer.headers


def test_untranslated_keys(caller: Caller, speak: Speak):
    speak("order-keys")
    assert caller("add", **ADD | {"service": 999}) == {"error": "neworder.error.service"}
    assert caller("add", **ADD | {"quantity": 100_001}) == {"error": "neworder.error.max_quantity"}
    speak("id-keys")
    assert caller("add", **ADD | {"service": 999}) == {"error": "error.incorrect_service_id"}
    assert caller("status", order=1) == {"error": "error.incorrect_order_id"}
    assert caller("status", orders="1,2")["2"] == {"error": "error.incorrect_order_id"}


@pytest.mark.parametrize("table", ["RUSSIAN", "PORTUGUESE", "SPANISH", "TURKISH"])
def test_languages_translate_what_sells_and_keep_the_part_that_changes(table: str):
    texts: dict[str, str] = getattr(languages, table)
    assert set(texts) <= set(languages.RUSSIAN)
    for refusal in REFUSALS.values():
        said = translated(refusal.text, texts)
        number = [word for word in refusal.text.split() if word.isdigit() and word != "24"]
        assert all(word in said for word in number)
        if not refusal.code.startswith("refill_") and refusal.code != "refill_not_found":
            assert said != refusal.text
    assert "runs" in translated("Incorrect runs", texts)


@pytest.mark.parametrize("name", ADDED)
def test_order_ids(caller: Caller, speak: Speak, name: str):
    before = caller.add(**ADD)
    speak(name)
    number = before + 1
    expected = json.loads(json.dumps(ADDED[name]).replace("N", str(number)).replace(": 0", f": {number}"))
    assert caller("add", **ADD) == expected


def test_a_text_id_is_understood_wherever_an_order_is_named(sandbox: Sandbox, caller: Caller, speak: Speak):
    speak("id-text")
    first, second = (caller("add", **ADD)["order"] for _ in range(2))
    assert caller("status", order=first)["status"] == "Pending"
    assert list(caller("status", orders=f"{first},x,{second}")) == [first, "x", second]
    sandbox.advance(60)
    assert [row["order"] for row in caller("refill", orders=f"{first},{second}")] == [first, second]
    assert caller("cancel", orders=second) == [{"order": second, "cancel": {"error": "The order cannot be canceled"}}]
    drip_feed = caller("add", **ADD, runs=2, interval=5)["order"]
    runs = caller("status", order=drip_feed)["orders"]
    assert [run[:3] for run in runs] == ["API"]
    assert caller("status", order=runs[0])["remains"] == "100"


@pytest.mark.parametrize("name", FIRST_ROW)
def test_rows_of_services(caller: Caller, speak: Speak, name: str):
    rows = caller("services")
    speak(name)
    assert caller("services")[0] == _with(rows[0], FIRST_ROW[name])


def _with(row: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (row | changes).items() if value is not MISSING}


def test_types_of_two_words_and_flags_that_are_off(caller: Caller, speak: Speak):
    speak("types-lower")
    assert caller("services")[8]["type"] == "custom comments"
    speak("types-underscores", "flags-strings")
    comments, like = caller("services")[8], caller("services")[2]
    assert (comments["type"], like["refill"], like["dripfeed"]) == ("custom_comments", "0", "0")


def test_wrapped_and_empty_services_and_a_promised_refill(
    sandbox: Sandbox, caller: Caller, speak: Speak, set_faults: SetFaults
):
    rows = caller("services")
    speak("services-data")
    assert caller("services") == {"data": rows}
    speak("refill-promised")
    assert caller("services") == [row | {"refill": True} for row in rows]
    order = caller.held(status="Completed", remains=0, service=3)
    assert caller("refill", order=order) == {"error": "Refill is disabled for this service"}
    speak("services-empty")
    assert caller("services") == rows
    set_faults({"fault": "dialect", "dialect": "services-empty"}, {"fault": "service", "closed": True})
    assert caller("services") == {"status": "success", "data": "Empty Data"}


@pytest.mark.parametrize("name", REPORTS)
def test_reports(caller: Caller, speak: Speak, name: str):
    status, remains, changes = REPORTS[name]
    order = caller.held(status=status, remains=remains)
    plain = caller.status(order)
    speak(name)
    assert caller.status(order) == _with(plain, changes)
    assert caller("status", orders=f"{order},1")[str(order)] == _with(plain, changes)


def test_over_delivery_leaves_the_remains_that_refunds_hang_on(caller: Caller, speak: Speak):
    orders = [caller.held(status=status, remains=400) for status in ("In progress", "Partial", "Canceled")]
    speak("remains-negative")
    assert [caller.status(order)["remains"] for order in orders] == ["363", "400", "400"]


def test_status_of_many(caller: Caller, speak: Speak):
    one, two = caller.add(**ADD), caller.add(**ADD)
    plain = caller("status", orders=f"{one},{two}")
    ids = f"{one},x,{two}"
    speak("bad-id-string")
    assert caller("status", orders=ids) == plain | {"x": "Incorrect order ID"}
    speak("bad-id-left-out")
    assert caller("status", orders=ids) == plain
    speak("many-list")
    assert caller("status", orders=ids) == [
        {"order": one} | plain[str(one)],
        {"order": "x", "error": "Incorrect order ID"},
        {"order": two} | plain[str(two)],
    ]
    speak("many-list", "bad-id-string")
    assert caller("status", orders=ids)[1] == {"order": "x", "error": "Incorrect order ID"}
    speak("many-single")
    assert caller("status", orders=one) == plain[str(one)]
    assert caller("status", orders=f"{one},{two}") == plain


@pytest.mark.parametrize("name", REFILLS)
def test_refills(caller: Caller, speak: Speak, name: str):
    first, order = (caller.held(status="Completed", remains=0) for _ in range(2))
    before = int(caller("refill", order=first)["refill"])
    speak(name)
    assert caller("refill", order=order) == REFILLS[name](before + 1, order)


def test_states_of_refills(sandbox: Sandbox, caller: Caller, speak: Speak):
    refill = caller("refill", order=caller.held(status="Completed", remains=0))["refill"]
    word = caller("refill_status", refill=refill)["status"]
    assert word == "Pending"
    speak("refill-status-refill")
    assert caller("refill_status", refill=refill) == {"refill": "Pending"}
    speak("refill-keys")
    assert caller("refill_status", refill=refill) == {"status": "tasks.status.pending"}
    sandbox.advance(3.5)
    assert caller("refill_status", refills=f"{refill},x") == [
        {"refill": int(refill), "status": "tasks.status.in_progress"},
        {"refill": "x", "status": {"error": "Refill not found"}},
    ]


@pytest.mark.parametrize("name", CANCELS)
def test_cancels(caller: Caller, speak: Speak, name: str):
    order = caller.add(**ADD)
    speak(name)
    as_key = json.dumps(CANCELS[name]).replace('"O":', f'"{order}":').replace('"O"', str(order))
    assert caller("cancel", orders=f"{order},x") == json.loads(as_key)


def test_cancels_of_one_and_of_none(caller: Caller, speak: Speak):
    order = caller.add(**ADD)
    speak("cancel-single")
    assert caller("cancel", orders=order) == {"order": order, "cancel": 1}
    assert len(caller("cancel", orders=f"{order},x")) == 2
    speak("cancel-success")
    assert caller("cancel", orders="x") == {"status": "fail", "message": "Incorrect order ID"}
    speak("cancel-listed")
    assert caller("cancel", orders="x") == {"canceled": []}


@pytest.mark.parametrize("name", BALANCES)
def test_balances(sandbox: Sandbox, caller: Caller, speak: Speak, name: str):
    sandbox.control("balance", key=caller.key, balance="1234567.5")
    speak(name)
    assert caller("balance") == BALANCES[name]


def test_what_stands_around_the_json(caller: Caller, speak: Speak):
    plain = caller.raw("balance").data
    speak("protocol")
    assert caller.raw("balance").data == plain
    speak("bom")
    assert caller.raw("balance").data == BOM + plain
    speak("php-warning")
    assert caller.raw("balance").data == PHP_WARNING + plain
    speak("created")
    assert (caller.raw("balance").status, caller.raw("balance").data) == (201, plain)
    assert caller.raw("add").status == 200


def test_the_key_as_bearer(sandbox: Sandbox, caller: Caller, speak: Speak):
    def balance(key: str) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return sandbox.http.request("POST", f"{sandbox.url}/api/v2?action=balance", headers=headers).json()

    assert balance(caller.key) == {"error": "Invalid API key"}
    speak("bearer")
    assert balance(caller.key) == {"balance": "1000000.00", "currency": "USD"}
    assert balance("wrong") == {"error": "Invalid API key"}
    assert caller.balance() == "1000000.00"


def test_dialects_together():
    both = combined(["codes", "start-null", "status-fail", "charge-missing", "error-422"])
    assert (both.error_status, both.words["Completed"], len(both.report)) == (422, 2, 2)
    assert both.error("text", "") == {"status": "fail", "message": "text"}
    assert both.balance is PROTOCOL.balance
    later = combined(["codes", "words-upper"])
    assert later.words["Completed"] == "COMPLETED"
    assert combined([]) is PROTOCOL


def test_the_dialect_of_the_whole_panel(own_sandbox: Sandbox):
    own_sandbox.start("--dialect", "id-string", "--dialect", "error-422")
    caller = own_sandbox.caller("key")
    assert caller("add", **ADD) == {"order": "700001"}
    assert caller.raw("add", idempotency_key="", **ADD | {"service": 0}).status == 422
    assert own_sandbox.control("config")["dialect"] == ["id-string", "error-422"]
    own_sandbox.control("config", dialect="id-under-id")
    assert caller("add", **ADD) == {"id": 700002}
    own_sandbox.control("config", dialect=[])
    assert caller.add(**ADD) == 700003
