"""Answers to status and refill_status, in every shape that panels were seen to give."""

from __future__ import annotations

from decimal import Decimal

import pytest

from panelwright.providers.wire.outcomes import OrderReport, Reason, RefillReport, Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2 import reports
from panelwright.providers.wire.panel_v2.tests.test_reading import reply
from tests.support.spoken import speaking

read_refill_status = speaking(reports.read_refill_status)
read_status = speaking(reports.read_status)

FULL = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
REPORT = OrderReport("Partial", 3572, 157, Decimal("0.27819"), "USD", "Partial")
NO_ID = UpstreamRefused(Reason.NOT_FOUND, "Incorrect order ID")


# ---- one order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        FULL,
        {"1": FULL},
        [FULL],
        [{"order": 1} | FULL],
        {"order": "1"} | FULL,
        {"id": 555} | FULL,  # an id of something else
        {"status": "success", "data": FULL},
        {"status": True, "data": {"1": FULL}},
        {"orders": {"1": FULL}},
        FULL | {"error": None},
        FULL | {"error": "No"},
        FULL | {"error": "Нет"},
        FULL | {"error": "Нет ошибок"},
        FULL | {"error": "N/A"},
        {"status": "success", "order": FULL},
        {"success": True, "message": "", "order": {"id": 1} | FULL},
        {"order": FULL},
        {key: value for key, value in FULL.items() if key != "start_count"} | {"start_counter": 3572},
    ],
)
def test_one_order_in_any_wrapping(body: object) -> None:
    assert read_status(reply(body), ["1"]) == {"1": REPORT}


@pytest.mark.parametrize(
    ("change", "field", "read"),
    [
        ({"start_count": None}, "start_count", None),
        ({"start_count": ""}, "start_count", None),
        ({"start_count": "Unknown"}, "start_count", None),
        ({"start_count": -1}, "start_count", None),
        ({"start_count": "12,345"}, "start_count", 12345),
        ({"remains": -12}, "remains", 0),
        ({"remains": "-12"}, "remains", 0),
        ({"remains": "0"}, "remains", 0),
        ({"remains": "Unknown"}, "remains", None),
        ({"remains": None}, "remains", None),
        ({"remains": "N/A"}, "remains", None),
        ({"remains": 12.0}, "remains", 12),
        ({"remains": 12.5}, "remains", None),
        ({"remains": "1.234"}, "remains", None),  # 1234, or a fraction: refunds hang on it
        ({"remains": "99999999"}, "remains", 99999999),  # above the quantity: the caller knows that
        ({"remains": True}, "remains", None),
        ({"charge": 0.27818999999999999}, "charge", Decimal("0.27819")),
        ({"charge": "1,278"}, "charge", None),  # 1.278, or 1278
        ({"charge": "0.278190000000000012"}, "charge", Decimal("0.278190000000000012")),
        ({"charge": "0,27819"}, "charge", Decimal("0.27819")),
        ({"charge": 1}, "charge", Decimal(1)),
        ({"charge": "-1"}, "charge", None),
        ({"charge": None}, "charge", None),
        ({"currency": None}, "currency", ""),
        ({"currency": "usd"}, "currency", "USD"),
        ({"posts": "3"}, "posts", 3),
        ({"runs": 2}, "runs", 2),
        ({"orders": [12, "13", None]}, "orders", ("12", "13")),
        ({"orders": "12,13"}, "orders", ("12", "13")),
        ({"expiry": "31/12/2099"}, "expiry", "31/12/2099"),
    ],
)
def test_each_part_of_a_report(change: dict[str, object], field: str, read: object) -> None:
    came = read_status(reply(FULL | change), ["1"])["1"]
    assert getattr(came, field) == read


@pytest.mark.parametrize("key", ["charge", "start_count", "remains", "currency"])
def test_any_part_may_be_missing(key: str) -> None:
    came = read_status(reply({k: v for k, v in FULL.items() if k != key}), ["1"])["1"]
    assert isinstance(came, OrderReport)
    assert getattr(came, key) == ("" if key == "currency" else None)
    assert came.status == "Partial"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Pending", "Pending"),
        ("Awaiting", "Pending"),
        ("processing", "Processing"),
        ("In progress", "In progress"),
        ("In_progress", "In progress"),
        ("Inprogress", "In progress"),
        ("IN PROGRESS", "In progress"),
        ("in-progress", "In progress"),
        ("Completed", "Completed"),
        ("Complete", "Completed"),
        ("Partial", "Partial"),
        ("Canceled", "Canceled"),
        ("Cancelled", "Canceled"),
        ("Refunded", "Canceled"),
        ("Fail", "Canceled"),
        ("Active", "Active"),
        ("Paused", "Paused"),
        ("Expired", "Expired"),
        ("tasks.status.completed", "Completed"),
        ("В работе", "In progress"),
        ("Выполнен", "Completed"),
        ("Отменён", "Canceled"),
        ("Concluído", "Completed"),
        ("Em andamento", "In progress"),
        ("En progreso", "In progress"),
        ("Completado", "Completed"),
        ("Tamamlandı", "Completed"),
        ("İptal edildi", "Canceled"),
        (0, "Pending"),
        (1, "Processing"),
        (2, "Completed"),
        ("3", "Partial"),
        (4, "Canceled"),
        (5, "Canceled"),
        ("5", "Canceled"),
        (2.0, "Completed"),
        (6, None),
        ("Frozen", None),
        ("Error", None),
        (True, None),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_status_words(word: object, status: str | None) -> None:
    came = read_status(reply(FULL | {"status": word}), ["1"])["1"]
    assert isinstance(came, OrderReport)
    assert came.status == status
    assert (came.start_count, came.remains) == (3572, 157)


def test_success_is_completed_only_when_nothing_remains() -> None:
    nothing = [(left, "Completed") for left in (0, "0", "0.00", -2, "-2", "−2", "–2", "-1,234")]
    for remains, status in (*nothing, (5, None), ("5", None), (None, None), ("Unknown", None)):
        for word in ("success", "Success", "SUCCESS ", "succes", "Successful", "Успех", "<b>Success</b>", "성공"):
            came = read_status(reply(FULL | {"status": word, "remains": remains}), ["1"])["1"]
            assert isinstance(came, OrderReport)
            assert came.status == status
    bare = read_status(reply({"status": "Success", "remains": "-2"}), ["1"])["1"]
    assert bare == OrderReport("Completed", None, 0, None, "", "Success")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"error": "Incorrect order ID"}, NO_ID),
        ({"1": {"error": "Incorrect order ID"}}, NO_ID),
        ({"1": "Incorrect order ID"}, NO_ID),
        ({"status": "error", "message": "Order not found"}, UpstreamRefused(Reason.NOT_FOUND, "Order not found")),
        ({"error": "Invalid API key"}, UpstreamRefused(Reason.KEY, "Invalid API key")),
        ({"1": "Completed"}, OrderReport("Completed", None, None, None, "", "Completed")),
        ({"status": "Canceled"}, OrderReport("Canceled", None, None, None, "", "Canceled")),
        ({"order": 1, "status": FULL}, REPORT),
    ],
)
def test_one_order_refusals_and_bare_words(body: object, outcome: object) -> None:
    assert read_status(reply(body), ["1"]) == {"1": outcome}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"null",
        b'{"status":2}',  # a code alone may be "yes, I heard you"
        b'{"status":true}',
        b'{"status":"success"}',
        b'{"message":"Hello"}',
        b'{"2":{"status":"Canceled","remains":"1","charge":"1"}}',
        b'{"order":2,"status":"Canceled","remains":"1","charge":"1"}',  # about another order
        b'{"status":"success","order":{"id":2,"status":"Canceled","remains":"1"}}',
        b'{"status":"success","order":{"order":2,"status":"Canceled","remains":"1"}}',
        b'{"status":"success","order":{"id":1}}',
        b'[{"order":2,"status":"Canceled","remains":"1"},{"order":3,"status":"Canceled"}]',
    ],
)
def test_no_report(body: bytes) -> None:
    assert isinstance(read_status(reply(body), ["1"])["1"], Unknown)


def test_a_bare_fail_is_not_a_cancellation() -> None:
    """{"status":"fail"} without any number is the envelope of an error; a refund must not come of it."""
    assert isinstance(read_status(reply({"status": "fail"}), ["1"])["1"], UpstreamRefused)


# ---- many orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"1": FULL, "9": {"error": "Incorrect order ID"}},
        {"9": "Incorrect order ID", "1": FULL},
        [{"order": 9, "error": "Incorrect order ID"}, {"order": "1"} | FULL],
        [{"id": 1} | FULL, {"id": 9, "error": "Incorrect order ID"}],
        {"status": "success", "data": {"1": FULL, "9": {"error": "Incorrect order ID"}}},
    ],
)
def test_many_orders(body: object) -> None:
    assert read_status(reply(body), ["1", "9"]) == {"1": REPORT, "9": NO_ID}


def test_what_is_left_out_is_unknown() -> None:
    came = read_status(reply({"1": FULL}), ["1", "9"])
    assert came["1"] == REPORT
    assert isinstance(came["9"], Unknown)
    assert came["9"].text == "the answer leaves this id out"


def test_never_by_position() -> None:
    came = read_status(reply([FULL, FULL]), ["1", "9"])
    assert all(isinstance(outcome, Unknown) for outcome in came.values())
    came = read_status(reply(FULL), ["1", "9"])
    assert all(isinstance(outcome, Unknown) for outcome in came.values())
    assert isinstance(read_status(reply([FULL, FULL]), ["1"])["1"], Unknown)


def test_a_refusal_of_the_whole_request() -> None:
    key = UpstreamRefused(Reason.KEY, "Invalid API key")
    assert read_status(reply({"error": "Invalid API key"}), ["1", "9"]) == {"1": key, "9": key}
    limit = UpstreamRefused(Reason.LIMIT, "too many requests", 7)
    assert read_status(reply(b"", 429, retry_after_s=7), ["1", "9"]) == {"1": limit, "9": limit}
    assert read_status(reply({"error": "slow down"}, 429), ["1"]) == {"1": UpstreamRefused(Reason.LIMIT, "slow down")}
    unauthenticated = UpstreamRefused(Reason.KEY, "Unauthenticated.")
    assert read_status(reply({"message": "Unauthenticated."}, 401), ["1"]) == {"1": unauthenticated}


def test_not_found_for_a_whole_list_says_nothing_of_each_order() -> None:
    for outcome in read_status(reply({"error": "Incorrect order ID"}), ["1", "9"]).values():
        assert isinstance(outcome, Unknown)
        assert outcome.text == "the whole list was refused: Incorrect order ID"


def test_a_breakdown_says_nothing() -> None:
    for ids in (["1"], ["1", "9"]):
        came = read_status(reply({"error": "Internal server error"}, 500), ids)
        assert all(isinstance(outcome, Unknown) for outcome in came.values())


def test_a_redirect_is_refused() -> None:
    moved = UpstreamRefused(Reason.OTHER, "redirected to /login; enter that address")
    assert read_status(reply({"1": FULL}, 302, location="/login"), ["1"]) == {"1": moved}


# ---- refills -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "raw"),
    [
        ({"status": "Completed"}, "Completed", "Completed"),
        ({"refill": "Completed"}, "Completed", "Completed"),
        ({"refill": 1, "status": "Completed"}, "Completed", "Completed"),
        ([{"refill": 1, "status": "In progress"}], "In progress", "In progress"),
        ({"1": {"status": "rejected"}}, "Rejected", "rejected"),
        ({"1": "Cancelled"}, "Canceled", "Cancelled"),
        ({"refill": "tasks.status.completed"}, "Completed", "tasks.status.completed"),
        ({"status": "tasks.status.in_progress"}, "In progress", "tasks.status.in_progress"),
        ({"status": "Awaiting"}, "Pending", "Awaiting"),
        ({"status": "Выполнено"}, "Completed", "Выполнено"),
        ({"status": "success", "data": {"status": "Pending"}}, "Pending", "Pending"),
        ({"status": "Frozen"}, None, "Frozen"),
    ],
)
def test_one_refill(body: object, status: str | None, raw: str) -> None:
    assert read_refill_status(reply(body), ["1"]) == {"1": RefillReport(status, raw)}


def test_many_refills() -> None:
    none = UpstreamRefused(Reason.NOT_FOUND, "Refill not found")
    body = [{"refill": 3, "status": {"error": "Refill not found"}}, {"refill": 1, "status": "Completed"}]
    assert read_refill_status(reply(body), ["1", "3"]) == {"1": RefillReport("Completed", "Completed"), "3": none}
    keyed = {"1": {"status": "Completed"}, "3": "Refill not found"}
    assert read_refill_status(reply(keyed), ["1", "3"]) == {"1": RefillReport("Completed", "Completed"), "3": none}
    left_out = read_refill_status(reply([{"refill": 1, "status": "Completed"}]), ["1", "3"])["3"]
    assert isinstance(left_out, Unknown)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": "Refill not found"}, Reason.NOT_FOUND),
        ({"refill": "Refill not found"}, Reason.NOT_FOUND),
        ({"status": "error", "message": "Refill not found"}, Reason.NOT_FOUND),
        ({"error": "Invalid API key"}, Reason.KEY),
    ],
)
def test_a_refill_is_refused(body: object, reason: Reason) -> None:
    came = read_refill_status(reply(body), ["1"])["1"]
    assert isinstance(came, UpstreamRefused)
    assert came.reason is reason


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"<html>", b'{"refill":1}', b'{"refill":2,"status":"Pending"}'])
def test_no_report_on_a_refill(body: bytes) -> None:
    assert isinstance(read_refill_status(reply(body), ["1"])["1"], Unknown)
