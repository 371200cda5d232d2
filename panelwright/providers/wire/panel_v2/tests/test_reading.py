"""Answers to add, refill, cancel, services and balance, in every shape that panels were seen to give."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from panelwright.core.reply import HttpReply, spellings
from panelwright.providers.wire.outcomes import (
    OFFER_MAX,
    Accepted,
    Balance,
    Reason,
    ServiceOffer,
    Unknown,
    UpstreamRefused,
)
from panelwright.providers.wire.panel_v2 import reading
from tests.support.spoken import speaking

read_add = speaking(reading.read_add)
read_balance = speaking(reading.read_balance)
read_cancel = speaking(reading.read_cancel)
read_refill = speaking(reading.read_refill)
read_services = speaking(reading.read_services)


def reply(body: object, status: int = 200, **more: object) -> HttpReply:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return HttpReply(status, raw, **more)  # type: ignore[arg-type]


# ---- add: accepted -------------------------------------------------------------------------------

PHP_WARNING = (
    b"<br />\n<b>Warning</b>:  Undefined array key [0] in <b>/home/p/public_html/api.php</b> on line <b>12</b><br />\n"
)


@pytest.mark.parametrize(
    ("body", "ref"),
    [
        ({"order": 23501}, "23501"),
        ({"order": "23501"}, "23501"),
        ({"order": "API100025"}, "API100025"),
        ({"order_id": 77}, "77"),
        ({"id": "5f1d7f3b2c"}, "5f1d7f3b2c"),
        ({"status": "success", "order": 9}, "9"),
        ({"status": True, "data": {"id": 31}}, "31"),
        ({"id": 1, "data": {"order": 9}}, "9"),
        ({"order": {"id": 8}}, "8"),
        ([{"order": 12}], "12"),
        (b'{"order": 23501.0}', "23501"),
        ({"error": "", "order": 5}, "5"),
        ({"error": None, "errors": [], "order": 5}, "5"),
        ({"error": False, "order": 5}, "5"),
        (b'\xef\xbb\xbf{"order":1}', "1"),
        (b'\xef\xbb\xbf\xef\xbb\xbf \r\n{"order":1}\n', "1"),
        ('{"order":1}'.encode("utf-16"), "1"),
        (PHP_WARNING + b'{"order":44}', "44"),
        (b'{"order":44}<!-- rendered in 0.2 s -->', "44"),
        (b'"{\\"order\\":6}"', "6"),
    ],
)
def test_an_order_id_is_found(body: object, ref: str) -> None:
    assert read_add(reply(body)) == Accepted(ref)


def test_201_is_a_success() -> None:
    assert read_add(reply({"order": 3}, 201)) == Accepted("3")


# ---- add: refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 422])
@pytest.mark.parametrize(
    ("body", "reason", "text"),
    [
        ({"error": "Not enough funds on balance"}, Reason.FUNDS, "Not enough funds on balance"),
        ({"error": {"link": ["Bad link"]}}, Reason.LINK, "link: Bad link"),
        ({"error": {"message": "Invalid API key", "code": 7}}, Reason.KEY, "Invalid API key"),
        ({"errors": {"quantity": ["must be at least 100"]}}, Reason.QUANTITY, "quantity: must be at least 100"),
        ({"errors": ["Incorrect service ID", "x"]}, Reason.SERVICE, "Incorrect service ID; x"),
        ({"status": "fail", "message": "Incorrect service ID"}, Reason.SERVICE, "Incorrect service ID"),
        ({"status": "error", "msg": "Bad link"}, Reason.LINK, "Bad link"),
        ({"status": False, "data": "Not enough funds"}, Reason.FUNDS, "Not enough funds"),
        ({"status": 0, "message": "Not enough funds"}, Reason.FUNDS, "Not enough funds"),
        ({"success": False, "message": "Try it elsewhere"}, Reason.OTHER, "Try it elsewhere"),
        ({"error": True, "message": "Bad link"}, Reason.LINK, "Bad link"),
        ({"error": "neworder.error.not_enough_funds"}, Reason.FUNDS, "neworder.error.not_enough_funds"),
        ({"data": {"error": "Bad link"}}, Reason.LINK, "Bad link"),
        ([{"error": "Bad link"}], Reason.LINK, "Bad link"),
        ({"error": "Incorrect request"}, Reason.OTHER, "Incorrect request"),
        ({"error": "Неверная ссылка"}, Reason.LINK, "Неверная ссылка"),
        ({"order": 0, "error": "Bad link"}, Reason.LINK, "Bad link"),
        ({"success": False}, Reason.OTHER, "refused without a word"),
        ({"message": "Not enough funds"}, Reason.FUNDS, "Not enough funds"),
        ("Invalid API key", Reason.KEY, "Invalid API key"),
        ('"Invalid API key"', Reason.KEY, "Invalid API key"),
        (PHP_WARNING + b'{"error":"Bad link"}', Reason.LINK, "Bad link"),
        (b"<html><body>ok</body></html>" + b'{"error":"Bad link"}', Reason.LINK, "Bad link"),
    ],
)
def test_a_clear_refusal(body: object, reason: Reason, text: str, status: int) -> None:
    assert read_add(reply(body, status)) == UpstreamRefused(reason, text)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_with_5xx_only_a_known_sentence_is_a_refusal(status: int) -> None:
    assert read_add(reply({"error": "Not enough funds on balance"}, status)) == UpstreamRefused(
        Reason.FUNDS, "Not enough funds on balance"
    )
    for said in ("Service Unavailable", "This service is temporarily unavailable", "Oops", "Quantity?", "Try later"):
        came = read_add(reply({"error": said}, status))
        assert came == Unknown(f"HTTP {status}: {said}", json.dumps({"error": said}))


@pytest.mark.parametrize(
    "said",
    [
        "Operation timed out after 30001 milliseconds",
        "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry",
        "Internal server error",
        "Something went wrong, please contact support",
        "Undefined index: quantity",
        "Внутренняя ошибка сервера",
    ],
)
@pytest.mark.parametrize("status", [200, 422, 500])
def test_a_breakdown_is_not_a_refusal(said: str, status: int) -> None:
    """An error that reports a fault may have struck after the order was taken."""
    came = read_add(reply({"error": said}, status))
    assert isinstance(came, Unknown)
    assert came.text == f"HTTP {status}: {said}"


def test_a_rate_limit_is_a_refusal_whatever_the_body_says() -> None:
    assert read_add(reply(b"<html>slow down</html>", 429, retry_after_s=30)) == UpstreamRefused(
        Reason.LIMIT, "too many requests", 30
    )
    assert read_add(reply({"error": "Rate limit exceeded"}, 429)) == UpstreamRefused(
        Reason.LIMIT, "Rate limit exceeded"
    )
    # The time to wait belongs to the limit, not to other refusals.
    assert read_add(reply({"error": "Bad link"}, retry_after_s=30)) == UpstreamRefused(Reason.LINK, "Bad link", None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_took_no_order(status: int) -> None:
    came = read_add(reply(b"<html>moved</html>", status, location="https://www.example.com/api/v2"))
    assert came == UpstreamRefused(Reason.OTHER, "redirected to https://www.example.com/api/v2; enter that address")


def test_see_other_says_that_the_request_was_worked_on() -> None:
    assert isinstance(read_add(reply(b"", 303, location="/orders/7")), Unknown)


# ---- add: unknown --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"id": "req_123abc", "message": "queued"},
        {"id": "x9"},
        {"id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"},
        {"code": 402, "id": "x9"},
        {"code": 402, "id": 123},
        {"status": "500", "id": 123},
        {"error_code": "422", "data": {"id": 123}},
    ],
    ids=str,
)
def test_an_id_of_something_else_is_no_order(body: object) -> None:
    assert isinstance(read_add(reply(body)), Unknown)


@pytest.mark.parametrize(
    "body", [{"order": {"id": "x9"}}, {"code": 402, "order": "x9"}, {"code": 200, "id": "x9", "order": "x9"}]
)
def test_an_id_that_is_said_to_be_the_order_s_is_taken_as_it_is(body: object) -> None:
    assert read_add(reply(body)) == Accepted("x9")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"", 200, "HTTP 200 with an empty body"),
        (b"  \n", 200, "HTTP 200 with an empty body"),
        (b"<!doctype html><title>502</title>", 502, "HTTP 502 with a page instead of JSON"),
        (b"<html><h1>Welcome</h1></html>", 200, "HTTP 200 with a page instead of JSON"),
        (b"OK", 200, "HTTP 200 with a text instead of JSON"),
        (b"{}", 200, "HTTP 200 with an answer that is not understood"),
        (b"null", 200, "HTTP 200 with an answer that is not understood"),
        (b"[]", 200, "HTTP 200 with an answer that is not understood"),
        (b"23501", 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":0}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":null}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":true}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":-4}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":NaN}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":"Success"}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":"1,2"}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":[1,2]}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"status":"success"}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"message":"Your order is on its way"}', 200, "HTTP 200 with an answer that is not understood"),
        (b'{"order":7}', 500, "HTTP 500 with the id 7"),
        (b'{"order":7,"error":"Bad link"}', 200, "HTTP 200 with the id 7 beside the error: Bad link"),
        (b'{"status":"fail","order":7}', 200, "HTTP 200 with the id 7 beside the error: refused without a word"),
    ],
)
def test_everything_else_may_hide_an_order(body: bytes, status: int, text: str) -> None:
    assert read_add(reply(body, status)) == Unknown(text, body.decode().strip())


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":[{"order":1}',  # cut inside
        PHP_WARNING + b'{"data":{"error":"Bad link"}',
        b'[{"order":1},{"order"',
        b'<html><script>var a = {"order":5}; go(a);</script></html>',
        b'<!DOCTYPE html><script>x({"error":"Bad link"})</script>',
    ],
)
def test_pieces_of_broken_json_and_scripts_of_pages_are_no_answer(body: bytes) -> None:
    assert isinstance(read_add(reply(body)), Unknown)


def test_an_answer_that_broke_off_counts_only_if_it_is_one_whole_value() -> None:
    late = "the answer was not complete within 25 s"
    assert read_add(reply(b'{"order":5}', broke=late)) == Accepted("5")
    assert read_add(reply(b'{"error":"Bad link"}', broke=late)) == UpstreamRefused(Reason.LINK, "Bad link")
    for part in (b'{"order":5', b"", b"Invalid API key", PHP_WARNING + b'{"order":5}'):
        assert read_add(reply(part, broke=late)).text == f"HTTP 200, {late}"  # type: ignore[union-attr]


def test_texts_are_clean_and_short() -> None:
    came = read_add(reply({"error": "<b>Bad&nbsp;link</b>\x00\r\n<script>x</script>" + "y" * 999}))
    assert isinstance(came, UpstreamRefused)
    assert came.text.startswith("Bad link x yyy")
    assert len(came.text) == 300
    assert read_add(reply(b'{"error":"Bad link \\ud800"}')) == UpstreamRefused(Reason.LINK, "Bad link \ufffd")
    assert len(read_add(reply(b"<html>" + b"z" * 9_000)).evidence) == 2_000


# ---- the key is in no text -----------------------------------------------------------------------

KEY = 'k3y/with "odd" & ключ=parts'


@pytest.mark.parametrize("spelling", spellings(KEY))
def test_the_key_is_taken_out_in_every_spelling(spelling: str) -> None:
    for body in (
        json.dumps({"error": f"Bad link for {KEY}"}),
        json.dumps({"error": f"no way: {spelling}"}),
        f"<html>you sent key={spelling}</html>",
        f"<html>{'x' * 1990}{spelling}</html>",  # across the cut of the evidence
        f"<html>{spelling * 400}",
    ):
        came = repr(read_add(reply(body, secrets=spellings(KEY))))
        assert spelling not in came
        assert KEY[:6] not in came
    assert KEY[:6] not in repr(reply("", secrets=spellings(KEY)))


def test_hiding_a_short_key_does_not_change_the_reason() -> None:
    """The class is read from the whole text: a key "n" must not turn "Not enough funds" into something else."""
    came = read_add(reply({"error": "Not enough funds"}, secrets=spellings("n")))
    assert came == UpstreamRefused(Reason.FUNDS, "Not e***ough fu***ds")


# ---- refill --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "ref"),
    [
        ({"refill": "1"}, "1"),
        ({"refill": 1}, "1"),
        (12345, "12345"),
        ("12345", "12345"),
        ([{"order": 1, "refill": 77}], "77"),
        ({"success": "Refill request was sent", "refill": 12345}, "12345"),
        ({"refill_id": 5}, "5"),
        ({"status": "success", "data": {"refill": 5}}, "5"),
        ({"refill": True}, ""),
        ({"refill": "Pending"}, ""),
        ({"status": "success"}, ""),
    ],
)
def test_a_refill_is_taken(body: object, ref: str) -> None:
    assert read_refill(reply(body)) == Accepted(ref)


@pytest.mark.parametrize(
    ("body", "reason", "text"),
    [
        ({"error": "Refill is disabled for this service"}, Reason.DISABLED, "Refill is disabled for this service"),
        ({"refill": {"error": "Incorrect order ID"}}, Reason.NOT_FOUND, "Incorrect order ID"),
        ([{"order": 3, "refill": {"error": "Incorrect order ID"}}], Reason.NOT_FOUND, "Incorrect order ID"),
        ({"refill": "Refill is disabled"}, Reason.DISABLED, "Refill is disabled"),
        ({"error": "Refill days are over"}, Reason.OTHER, "Refill days are over"),
        ({"refill": False}, Reason.OTHER, "refused without a word"),
        ({"refill": 0}, Reason.OTHER, "refused without a word"),
        (
            {"error": "The order was completed or refill was requested less than 24 hours ago"},
            Reason.LIMIT,
            "The order was completed or refill was requested less than 24 hours ago",
        ),
    ],
)
def test_a_refill_is_refused(body: object, reason: Reason, text: str) -> None:
    assert read_refill(reply(body)) == UpstreamRefused(reason, text)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b"null", b'{"refill":null}', b'{"refill":"hm"}'])
def test_a_refill_is_unknown(body: bytes) -> None:
    assert isinstance(read_refill(reply(body)), Unknown)
    assert isinstance(read_refill(reply({"refill": 5}, 500)), Unknown)


# ---- cancel --------------------------------------------------------------------------------------

NO_ID = UpstreamRefused(Reason.NOT_FOUND, "Incorrect order ID")
BODY_LEAVES_OUT = "the answer leaves this id out"


@pytest.mark.parametrize(
    ("body", "nine"),
    [
        ([{"order": 2, "cancel": 1}, {"order": 9, "cancel": {"error": "Incorrect order ID"}}], NO_ID),
        ([{"order": 9, "cancel": {"error": "Incorrect order ID"}}, {"order": "2", "cancel": 1}], NO_ID),
        ([{"order": 2, "cancel": 1}, {"order": 9, "error": "Incorrect order ID"}], NO_ID),
        ({"2": {"cancel": 1}, "9": {"error": "Incorrect order ID"}}, NO_ID),
        ({"2": 1, "9": "Incorrect order ID"}, NO_ID),
        ({"2": {"cancel": 1}, "9": {"cancel": 0}}, UpstreamRefused(Reason.OTHER, "refused without a word")),
        ({"2": {"cancel": 1}, "9": {"cancel": "The order cannot be canceled"}}, None),
    ],
)
def test_each_order_has_its_own_answer(body: object, nine: UpstreamRefused | None) -> None:
    """Shops that missed the failure per item marked running orders as cancelled and refunded them."""
    nine = nine or UpstreamRefused(Reason.OTHER, "The order cannot be canceled")
    assert read_cancel(reply(body), ["2", "9"]) == {"2": Accepted("1"), "9": nine}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"4218": {"cancel": "requested"}}, Accepted("")),
        ({"4218": {"status": "success"}}, Accepted("")),
        ({"4218": "Cancel request sent"}, Accepted("")),
        ({"order": 4218, "cancel": 1}, Accepted("1")),
        ({"cancel": True}, Accepted("")),
        ({"cancel": 993}, Accepted("993")),
        ({"order": 4218, "cancel": {"status": "success"}}, Accepted("")),
        ({"canceled": [4218, "7"]}, Accepted("")),
        ({"status": "success"}, Accepted("")),
        ({"status": "success", "data": [{"order": 4218, "cancel": 1}]}, Accepted("1")),
        ({"error": "Cancel is disabled"}, UpstreamRefused(Reason.DISABLED, "Cancel is disabled")),
        ({"cancel": {"error": "Incorrect order ID"}}, NO_ID),
        (
            {"status": "fail", "message": "It cannot be canceled"},
            UpstreamRefused(Reason.OTHER, "It cannot be canceled"),
        ),
    ],
)
def test_one_order_is_asked(body: object, outcome: Accepted | UpstreamRefused) -> None:
    assert read_cancel(reply(body), ["4218"]) == {"4218": outcome}


def test_success_for_the_whole_request_counts_for_each() -> None:
    assert read_cancel(reply({"status": "success"}), ["1", "2"]) == {"1": Accepted(""), "2": Accepted("")}
    assert read_cancel(reply({"canceled": [1, 2]}), ["1", "2"]) == {"1": Accepted(""), "2": Accepted("")}


def test_silence_about_an_order_is_unknown() -> None:
    came = read_cancel(reply([{"order": 2, "cancel": 1}]), ["2", "9"])
    assert came["2"] == Accepted("1")
    assert came["9"] == Unknown(BODY_LEAVES_OUT, '[{"order": 2, "cancel": 1}]')
    # Never by position, and `cancel: 1` is not order 1.
    came = read_cancel(reply([{"cancel": 1}, {"cancel": 1}]), ["1", "2"])
    assert all(isinstance(outcome, Unknown) for outcome in came.values())
    assert isinstance(read_cancel(reply({"order": 7, "cancel": 1}), ["1"])["1"], Unknown)
    assert isinstance(read_cancel(reply(b"<html>"), ["1"])["1"], Unknown)
    assert isinstance(read_cancel(reply({"error": "Internal server error"}, 500), ["1"])["1"], Unknown)


# ---- services ------------------------------------------------------------------------------------

ROW = {
    "service": 1,
    "name": "Followers",
    "type": "Default",
    "category": "First Category",
    "rate": "0.90",
    "min": "50",
    "max": "10000",
    "refill": True,
    "cancel": True,
}
OFFER = ServiceOffer(
    service="1",
    name="Followers",
    type="Default",
    category="First Category",
    rate=Decimal("0.90"),
    min=50,
    max=10000,
    refill=True,
    cancel=True,
    dripfeed=False,
    description="",
)


@pytest.mark.parametrize(
    "body",
    [
        [ROW],
        {"data": [ROW]},
        {"status": "success", "data": [ROW]},
        {"services": [ROW]},
        {"0": ROW, "7": ROW},
        [ROW, ROW],
        [ROW, {"service": 2, "name": "no rate"}, "noise", None],
        [ROW | {"service": "1", "rate": 0.90, "min": 50, "max": 10000}],
        [ROW | {"refill": 1, "cancel": "1"}],
        [ROW | {"refill": "true", "cancel": "1", "dripfeed": "0"}],
        [ROW | {"type": "default", "name": " <b>Followers</b>\n"}],
        [ROW | {"max": "10,000"}],
    ],
)
def test_the_price_list(body: object) -> None:
    assert read_services(reply(body)) == [OFFER]


@pytest.mark.parametrize(
    ("key", "value", "field", "read"),
    [
        ("type", "custom_comments", "type", "Custom Comments"),
        ("type", "CUSTOM COMMENTS PACKAGE", "type", "Custom Comments Package"),
        ("type", "seo", "type", "SEO"),
        ("type", "Telegram Magic", "type", "Telegram Magic"),
        ("type", None, "type", "Default"),
        ("type", {"a": 1}, "type", ""),
        ("desc", "Fast", "description", "Fast"),
        ("description", "Slow", "description", "Slow"),
        ("dripfeed", 1, "dripfeed", True),
        ("dripfeed", "1", "dripfeed", True),
        ("refill", 0, "refill", False),
        ("refill", "0", "refill", False),
        ("refill", "false", "refill", False),
        ("refill", None, "refill", False),
        ("min", None, "min", 1),
        ("min", 0, "min", 1),
        ("max", None, "max", OFFER_MAX),
        ("max", "Unlimited", "max", OFFER_MAX),
        ("rate", 1, "rate", Decimal(1)),
        ("rate", "1,250.50", "rate", Decimal("1250.50")),
        ("rate", "$0.5", "rate", Decimal("0.5")),
        ("service", "A-17", "service", "A-17"),
    ],
)
def test_a_row_of_the_price_list(key: str, value: object, field: str, read: object) -> None:
    offers = read_services(reply([ROW | {key: value}]))
    assert isinstance(offers, list)
    assert getattr(offers[0], field) == read


def test_exact_rates() -> None:
    offers = read_services(reply(b'[{"service":1,"rate":0.1},{"service":2,"rate":0.30000000000000004}]'))
    assert isinstance(offers, list)
    assert [offer.rate for offer in offers] == [Decimal("0.1"), Decimal("0.30000000000000004")]


@pytest.mark.parametrize("body", [[], {"data": []}, {"status": "success", "data": "Empty Data"}])
def test_an_empty_price_list(body: object) -> None:
    assert read_services(reply(body)) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'[{"service":1,', b'[{"a":1}]', b'{"1":{"x":1}}', b'["a"]'])
def test_no_price_list_is_not_an_empty_one(body: bytes) -> None:
    """A catalogue that is read as empty would close every service."""
    assert isinstance(read_services(reply(body)), Unknown)


def test_the_price_list_is_refused() -> None:
    assert read_services(reply({"error": "Invalid API key"})) == UpstreamRefused(Reason.KEY, "Invalid API key")
    assert read_services(reply(b"", 302, location="/login")) == UpstreamRefused(
        Reason.OTHER, "redirected to /login; enter that address"
    )


# ---- balance -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "amount", "currency"),
    [
        ({"balance": "100.84292", "currency": "USD"}, "100.84292", "USD"),
        ({"balance": 100.5, "currency": "usd"}, "100.5", "USD"),
        ({"balance": "1,234.50"}, "1234.50", ""),
        ({"balance": "1,234,567"}, "1234567", ""),
        ({"balance": "1.234,50"}, "1234.50", ""),
        ({"balance": "$ 12.50"}, "12.50", "$"),
        ({"balance": "12.50 RUB", "currency": ""}, "12.50", "RUB"),
        ({"balance": "R$12,50"}, "12.50", "R$"),
        ({"balance": "12.50 USD", "currency": "RUB"}, "12.50", "RUB"),
        ({"balance": "12.50 USD", "currency": "USD"}, "12.50", "USD"),
        ({"funds": "7"}, "7", ""),
        ({"amount": 7, "currency_code": "EUR"}, "7", "EUR"),
        ({"status": "success", "data": {"balance": "3.1", "currency": "BRL"}}, "3.1", "BRL"),
        ({"balance": {"amount": "4", "currency": "TRY"}}, "4", "TRY"),
        ({"balance": "5", "currency": {"code": "USD"}}, "5", "USD"),
        ({"balance": "5", "currency": {"id": 7, "name": "usd", "symbol": "$"}}, "5", "USD"),
        ({"balance": "5", "currency": ["USD"]}, "5", "USD"),
        ({"balance": "5", "currency": [{"code": "USD"}]}, "5", "USD"),
        ({"balance": "5", "currency_symbol": "$"}, "5", "$"),
        ({"balance": "5", "currency_symbol": "$", "currency_name": "US Dollar"}, "5", "US DOLLAR"),
        ({"balance": "5", "currency": "CAD", "currency_symbol": "$"}, "5", "CAD"),
        ({"balance": "5", "balance_currency": "USD"}, "5", "USD"),
        ({"balance": "5", "user": {"currency": "USD"}}, "5", "USD"),
        ({"data": {"balance": "5"}, "meta": {"currency": "USD"}}, "5", "USD"),
        ({"data": {"balance": "5", "user": {"currency": {"code": "USD"}}}}, "5", "USD"),
        ({"balance": "$5 CAD"}, "5", "$ CAD"),
        # What stands there and cannot be read is not as if nothing stood there.
        ({"balance": "5", "currency": 840}, "5", "840"),
        ({"balance": "5", "currency": "840"}, "5", "840"),
        ({"balance": "5", "currency": {"id": 7}}, "5", "{…}"),
        ({"balance": "5", "currency": [7]}, "5", "[…]"),
        ({"balance": "5", "currency": True}, "5", "TRUE"),
        ({"balance": "5", "currency": "<i class='fa-ruble'></i>"}, "5", "…"),
        ({"balance": "5 USD", "currency": {"id": 7}}, "5", "{…}"),
        ({"balance": "5", "currency": 7, "currency_code": "USD"}, "5", "USD"),
        ({"balance": "5", "currency": None, "currency_code": {}}, "5", ""),
        ({"balance": "5 USD", "currency": False}, "5", "USD"),
        ({"balance": "-0.25"}, "-0.25", ""),
        ({"balance": 0}, "0", ""),
    ],
)
def test_the_balance(body: object, amount: str, currency: str) -> None:
    assert read_balance(reply(body)) == Balance(Decimal(amount), currency)


def test_no_balance() -> None:
    assert read_balance(reply({"error": "Invalid API key"}, 401)) == UpstreamRefused(Reason.KEY, "Invalid API key")
    assert read_balance(reply({"message": "Unauthenticated."}, 401)) == UpstreamRefused(Reason.KEY, "Unauthenticated.")
    for body in (b"", b"{}", b'{"balance":"lots"}', b'{"balance":null}', b'{"balance":true}', b"<html>"):
        assert isinstance(read_balance(reply(body)), Unknown)
