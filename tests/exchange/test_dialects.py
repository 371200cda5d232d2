"""What upstream panels really answer: each way is spoken by the sandbox and understood by our client, over HTTP.

The tests stand in the order of the rows of the protocol's table. Each row ends in the one right outcome, of which
`refused` and `unknown` matter most: an order that may have been taken is never called refused.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from panelwright.providers.wire.outcomes import (
    OFFER_MAX,
    Accepted,
    Balance,
    OrderReport,
    Reason,
    RefillReport,
    ServiceOffer,
    Unknown,
    UpstreamRefused,
)
from panelwright.sandbox.catalogue import CATALOGUE
from panelwright.sandbox.dialects import DIALECTS
from tests.exchange.conftest import HASTE_S, Exchange

LINK = "https://example.com/page"
ADD = {"service": "2", "link": LINK, "quantity": "100"}


# ---- transport ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["protocol", "created", "bom", "php-warning"])
def test_an_order_is_accepted_through_noise(exchange: Exchange, dialect: str):
    exchange.speak(dialect)
    outcome = exchange.client.add(ADD)
    assert isinstance(outcome, Accepted)
    assert outcome.ref == str(exchange.sandbox.state()["orders"][-1]["id"])
    assert exchange.orders() == 1
    assert exchange.client.balance() == Balance(Decimal("999999.87655"), "USD")


@pytest.mark.parametrize("dialect", ["error-400", "error-422", "error-500", "bom", "php-warning"])
def test_a_refusal_is_read_through_noise(exchange: Exchange, dialect: str):
    exchange.speak(dialect)
    too_few = ADD | {"quantity": "9"}
    assert exchange.client.add(too_few) == UpstreamRefused(Reason.QUANTITY, "Quantity less than minimal 10")
    assert exchange.orders() == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("timeout", {}),
        ("reset", {}),
        ("html", {}),
        ("http", {"status": 500}),
        ("http", {"status": 500, "text": "SQLSTATE[40001]: Serialization failure"}),
        ("http", {"status": 502, "body": "page"}),
        ("http", {"status": 504, "body": "empty"}),
        ("http", {"status": 403, "body": "page"}),
        ("refuse", {"text": "Operation timed out after 30001 milliseconds"}),
    ],
)
def test_what_may_hide_an_order_is_unknown_and_sent_once(
    exchange: Exchange, fault: str, settings: dict[str, object], when: str
):
    """Before or after: from outside the two cannot be told apart."""
    exchange.fault(fault, when=when, action="add", **settings)
    client = exchange.hasty if fault == "timeout" else exchange.client
    outcome = client.add(ADD)
    assert isinstance(outcome, Unknown), outcome
    exchange.wait_for_orders(1 if when == "after" else 0)
    assert exchange.calls() == {"add": 1}


def test_an_answer_that_breaks_off_or_has_a_wrong_status_is_unknown(exchange: Exchange):
    exchange.fault("cut", action="add")
    cut = exchange.client.add(ADD)
    exchange.fault("http", action="add", status=500, body="answer", when="after")
    failed = exchange.client.add(ADD)
    assert isinstance(cut, Unknown)
    assert isinstance(failed, Unknown)
    assert "with the id" in failed.text
    assert exchange.orders() == 2


def test_latency_within_patience_is_only_slow(exchange: Exchange):
    exchange.fault("latency", seconds=0.15)
    assert isinstance(exchange.client.add(ADD), Accepted)
    exchange.fault("latency", seconds=2 * HASTE_S)
    assert isinstance(exchange.hasty.add(ADD), Unknown)
    exchange.wait_for_orders(2)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_refused_and_not_followed(exchange: Exchange, status: int):
    exchange.fault("redirect", status=status, location=f"{exchange.sandbox.url}/api/v2/")
    outcome = exchange.client.add(ADD)
    assert outcome == UpstreamRefused(Reason.OTHER, f"redirected to {exchange.sandbox.url}/api/v2/; enter that address")
    assert (exchange.orders(), exchange.calls()) == (0, {"add": 1})


def test_see_other_says_that_the_order_was_worked_on(exchange: Exchange):
    exchange.fault("redirect", status=303, when="after")
    assert isinstance(exchange.client.add(ADD), Unknown)
    assert exchange.orders() == 1


@pytest.mark.parametrize("fault", ["timeout", "html", "reset"])
def test_without_an_answer_every_other_call_is_unknown_too(exchange: Exchange, fault: str):
    order = str(exchange.there.add(**ADD))
    exchange.fault(fault)
    client = exchange.hasty if fault == "timeout" else exchange.client
    assert isinstance(client.balance(), Unknown)
    assert isinstance(client.services(), Unknown)
    assert {type(one) for one in client.status([order, "1"]).values()} == {Unknown}
    assert isinstance(client.cancel([order])[order], Unknown)
    assert isinstance(client.refill(order), Unknown)


def test_the_rate_limit_is_told_with_its_wait(exchange: Exchange):
    exchange.fault("rate_limit", retry_after_s=7)
    assert exchange.client.add(ADD) == UpstreamRefused(Reason.LIMIT, "Rate limit exceeded. Please try again later.", 7)
    exchange.fault("rate_limit", in_body=True)
    assert exchange.client.add(ADD) == UpstreamRefused(Reason.LIMIT, "Rate limit exceeded. Please try again later.")
    assert exchange.client.balance() == UpstreamRefused(Reason.LIMIT, "Rate limit exceeded. Please try again later.")
    assert exchange.orders() == 0


# ---- error -------------------------------------------------------------------------------------------

_ERRORS = ("protocol", "error-fields", "errors-list", "errors-fields", "status-fail", "status-error", "status-false")


@pytest.mark.parametrize("dialect", _ERRORS)
@pytest.mark.parametrize("status", ["protocol", "error-422", "error-500"])
def test_refusals_in_every_shape(exchange: Exchange, dialect: str, status: str):
    exchange.speak(dialect, status)
    outcome = exchange.client.add(ADD | {"service": "999"})
    assert isinstance(outcome, UpstreamRefused), outcome
    assert outcome.reason is Reason.SERVICE
    assert "Incorrect service ID" in outcome.text
    assert exchange.orders() == 0
    missing = exchange.client.status(["1"])["1"]
    assert isinstance(missing, UpstreamRefused)
    assert missing.reason is Reason.NOT_FOUND


# Code of the refusal: its class, in whatever words.
_REASONS = {
    "not_enough_funds": Reason.FUNDS,
    "duplicate_link": Reason.DUPLICATE,
    "quantity_below_min": Reason.QUANTITY,
    "quantity_above_max": Reason.QUANTITY,
    "quantity_increment": Reason.QUANTITY,
    "incorrect_service": Reason.SERVICE,
    "bad_link": Reason.LINK,
}


@pytest.mark.parametrize("dialect", ["protocol", "order-keys", "ru", "pt", "es", "tr"])
def test_refusals_in_untranslated_keys_and_other_languages(exchange: Exchange, dialect: str):
    seen = {}
    for code in _REASONS:
        exchange.faults({"fault": "dialect", "dialect": dialect}, {"fault": "refuse", "code": code})
        outcome = exchange.client.add(ADD)
        assert isinstance(outcome, UpstreamRefused), outcome
        seen[code] = outcome.reason
    assert seen == _REASONS


def test_the_other_untranslated_keys(exchange: Exchange):
    exchange.speak("id-keys")
    assert exchange.client.add(ADD | {"service": "999"}) == UpstreamRefused(
        Reason.SERVICE, "error.incorrect_service_id"
    )
    assert exchange.client.status(["1"]) == {"1": UpstreamRefused(Reason.NOT_FOUND, "error.incorrect_order_id")}


@pytest.mark.parametrize("dialect", ["protocol", "ru", "pt", "es", "tr"])
def test_refusals_that_are_not_of_add(exchange: Exchange, dialect: str):
    order = str(exchange.there.held(status="Completed", remains=0, service=3))
    firm = str(exchange.there.add(service=21, link=LINK, quantity=10, usernames="anna"))
    exchange.speak(dialect)
    asked = {
        "refill": exchange.client.refill(order),
        "cancel": exchange.client.cancel([firm])[firm],
        "status": exchange.client.status(["1"])["1"],
    }
    assert {name: getattr(outcome, "reason", outcome) for name, outcome in asked.items()} == {
        "refill": Reason.DISABLED,
        "cancel": Reason.DISABLED,
        "status": Reason.NOT_FOUND,
    }
    exchange.faults({"fault": "dialect", "dialect": dialect}, {"fault": "wrong_key"})
    assert getattr(exchange.client.balance(), "reason", None) is Reason.KEY
    exchange.faults({"fault": "dialect", "dialect": dialect}, {"fault": "rate_limit", "in_body": True})
    assert getattr(exchange.client.add(ADD), "reason", None) is Reason.LIMIT


def test_an_empty_balance_there_is_a_refusal_for_funds(exchange: Exchange):
    exchange.fault("no_funds")
    assert exchange.client.add(ADD) == UpstreamRefused(Reason.FUNDS, "Not enough funds on balance")
    assert exchange.client.balance() == Balance(Decimal(0), "USD")


# ---- order id ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "prefix"),
    [
        ("id-string", ""),
        ("id-text", "API"),
        ("id-under-order_id", ""),
        ("id-under-id", ""),
        ("id-beside-success", ""),
    ],
)
def test_order_ids(exchange: Exchange, dialect: str, prefix: str):
    exchange.speak(dialect)
    outcome = exchange.client.add(ADD)
    there = exchange.sandbox.state()["orders"][-1]["id"]
    assert outcome == Accepted(f"{prefix}{there}")
    ref = f"{prefix}{there}"
    other = exchange.client.add(ADD)
    assert isinstance(other, Accepted)
    reports = exchange.client.status([ref, other.ref, "x1"])
    assert [type(reports[one]) for one in (ref, other.ref, "x1")] == [OrderReport, OrderReport, UpstreamRefused]
    assert isinstance(exchange.client.status([ref])[ref], OrderReport)
    assert exchange.client.cancel([ref]) == {ref: Accepted("1")}


def test_the_id_of_another_order_is_an_id_like_any_other_on_the_wire(exchange: Exchange):
    """That it was given before can only be seen by who keeps the ids: the delivery, not the client."""
    first = exchange.client.add(ADD)
    exchange.fault("duplicate", when="after")
    assert exchange.client.add(ADD) == first
    assert exchange.orders() == 2


# ---- services ----------------------------------------------------------------------------------------


def _offers(exchange: Exchange) -> list[ServiceOffer]:
    offers = exchange.client.services()
    assert isinstance(offers, list), offers
    return offers


_SOLD = [
    ServiceOffer(
        service=str(s.service),
        name=s.name,
        type=s.type,
        category=s.category,
        rate=Decimal(s.rate),
        min=s.min,
        max=s.max,
        refill=s.refill,
        cancel=s.cancel,
        dripfeed=s.drip_feed,
        description="",
    )
    for s in CATALOGUE
]


@pytest.mark.parametrize(
    "dialects",
    [
        ["protocol"],
        ["services-numbers"],
        ["services-strings"],
        ["services-strings", "services-numbers"],
        ["types-lower"],
        ["types-underscores"],
        ["flags-numbers"],
        ["flags-strings"],
        ["services-data"],
        ["services-empty"],
        ["services-data", "bom", "created", "types-underscores", "flags-strings"],
    ],
)
def test_the_price_list_is_the_same_in_every_writing(exchange: Exchange, dialects: list[str]):
    exchange.speak(*dialects)
    assert _offers(exchange) == _SOLD


def test_missing_flags_are_off_and_descriptions_are_kept(exchange: Exchange):
    exchange.speak("flags-missing")
    assert [(o.refill, o.cancel, o.dripfeed) for o in _offers(exchange)] == [(False, False, False)] * len(_SOLD)
    for dialect in ("services-desc", "services-description"):
        exchange.speak(dialect)
        assert {offer.description for offer in _offers(exchange)} == {"Starts at once."}


def test_nothing_is_sold(exchange: Exchange):
    exchange.fault("service", closed=True)
    assert exchange.client.services() == []
    exchange.faults({"fault": "service", "closed": True}, {"fault": "dialect", "dialect": "services-empty"})
    assert exchange.client.services() == []


def test_changed_prices_and_limits_are_read(exchange: Exchange):
    exchange.faults({"fault": "service", "service": 2, "rate": "9.5", "min": 20, "max": 30})
    changed = _offers(exchange)[1]
    assert (changed.rate, changed.min, changed.max) == (Decimal("9.5"), 20, 30)
    assert changed.max < OFFER_MAX


# ---- status ------------------------------------------------------------------------------------------

# State there (status, remains), and what differs from a plain report.
_REPORTS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "start-null": ("In progress", 400, {"start_count": None}),
    "start-empty": ("In progress", 400, {"start_count": None}),
    "start-missing": ("In progress", 400, {"start_count": None}),
    "start-counter": ("In progress", 400, {}),
    "remains-negative": ("Completed", 0, {"remains": 0}),
    "remains-unknown": ("Partial", 400, {"remains": None}),
    "remains-above": ("Partial", 400, {"remains": 2_000_400}),
    "charge-number": ("In progress", 400, {"charge": Decimal("1.2345000000000002")}),
    "charge-missing": ("In progress", 400, {"charge": None}),
    "currency-missing": ("In progress", 400, {"currency": ""}),
}


@pytest.mark.parametrize("dialect", _REPORTS)
def test_reports(exchange: Exchange, dialect: str):
    status, remains, changes = _REPORTS[dialect]
    order = str(exchange.there.held(status=status, remains=remains))
    charge = Decimal("0.7407") if status == "Partial" else Decimal("1.2345")
    plain = OrderReport(status, 7, remains, charge, "USD", status)
    odd = replace(plain, **changes)
    assert exchange.client.status([order]) == {order: plain}
    exchange.speak(dialect)
    assert exchange.client.status([order]) == {order: odd}
    assert exchange.client.status([order, "1"])[order] == odd


_STATES = (("Pending", 1000), ("In progress", 400), ("Completed", 0), ("Partial", 400), ("Canceled", 1000))


@pytest.mark.parametrize(
    "dialect",
    [
        *("words-other", "words-underscores", "words-title", "words-upper", "words-refunded", "words-fail"),
        *("codes", "codes-strings", "codes-refunded", "ru", "pt", "es", "tr"),
    ],
)
def test_states_in_any_words(exchange: Exchange, dialect: str):
    orders = {str(exchange.there.held(status=word, remains=remains)): word for word, remains in _STATES}
    exchange.speak(dialect)
    read = {ref: getattr(report, "status", report) for ref, report in exchange.client.status(list(orders)).items()}
    # 1 stands for processing; in-progress has no code of its own.
    expected = {
        ref: "Processing" if word == "In progress" and dialect.startswith("codes") else word
        for ref, word in orders.items()
    }
    assert read == expected
    for ref in orders:
        assert getattr(exchange.client.status([ref])[ref], "status", None) == expected[ref]


def test_backwards_and_over_delivery_are_told_as_they_come(exchange: Exchange):
    """The client reports what upstream says today; that states end is kept by the delivery's rules."""
    order = str(exchange.there.held(status="Completed", remains=0))
    exchange.faults({"fault": "backwards", "nth": 2}, {"fault": "over_delivery", "units": 25, "nth": 3})
    reports = [exchange.client.status([order])[order] for _ in range(3)]
    assert [(getattr(r, "status", r), getattr(r, "remains", r)) for r in reports] == [
        ("Completed", 0),
        ("In progress", 1000),
        ("Completed", 0),
    ]
    assert [rule["hits"] for rule in exchange.sandbox.faults()["faults"]] == [1, 1]


def test_a_lost_order_is_not_found(exchange: Exchange):
    exchange.fault("lost")
    outcome = exchange.client.add(ADD)
    assert isinstance(outcome, Accepted)
    assert exchange.client.status([outcome.ref]) == {
        outcome.ref: UpstreamRefused(Reason.NOT_FOUND, "Incorrect order ID")
    }


# ---- status of many ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dialects", [["protocol"], ["bad-id-string"], ["many-list"], ["many-list", "bad-id-string"]])
def test_status_of_many_with_a_bad_id(exchange: Exchange, dialects: list[str]):
    one, two = (str(exchange.there.held(status="In progress", remains=remains)) for remains in (400, 300))
    exchange.speak(*dialects)
    reports = exchange.client.status([two, "99", one])
    assert [getattr(reports[ref], "remains", None) for ref in (one, two)] == [400, 300]
    assert reports["99"] == UpstreamRefused(Reason.NOT_FOUND, "Incorrect order ID")


@pytest.mark.parametrize("shape", ["protocol", "many-list"])
def test_an_id_that_is_left_out_is_unknown(exchange: Exchange, shape: str):
    one = str(exchange.there.held(status="In progress", remains=400))
    exchange.speak(shape, "bad-id-left-out")
    reports = exchange.client.status([one, "99"])
    assert getattr(reports[one], "remains", None) == 400
    assert isinstance(reports["99"], Unknown)


def test_a_plain_object_for_one_id(exchange: Exchange):
    one = str(exchange.there.held(status="In progress", remains=400))
    exchange.speak("many-single")
    assert getattr(exchange.client.status([one])[one], "remains", None) == 400
    # The one that is left of two, without its name, is nobody's.
    exchange.speak("many-single", "bad-id-left-out")
    assert {type(report) for report in exchange.client.status([one, "99"]).values()} == {Unknown}


# ---- refill ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["protocol", "refill-number", "refill-bare", "refill-list", "refill-success"])
def test_refills(exchange: Exchange, dialect: str):
    order = str(exchange.there.held(status="Completed", remains=0))
    exchange.speak(dialect)
    outcome = exchange.client.refill(order)
    there = exchange.sandbox.state()["refills"][-1]
    assert outcome == Accepted(str(there["id"]))
    assert there["order"] == int(order)
    again = exchange.client.refill(order)
    assert isinstance(again, UpstreamRefused)
    assert again.text == "The refill task is not completed for this order"


@pytest.mark.parametrize("dialect", ["protocol", "refill-status-refill", "refill-keys"])
def test_states_of_refills(exchange: Exchange, dialect: str):
    refills = [
        exchange.there("refill", order=exchange.there.held(status="Completed", remains=0))["refill"] for _ in range(4)
    ]
    exchange.speak(dialect)
    for seconds, expected in ((0, {"Pending"}), (3.5, {"In progress"}), (30, {"Completed", "Rejected"})):
        exchange.sandbox.advance(seconds)
        many, one = exchange.client.refill_status(refills), exchange.client.refill_status(refills[:1])
        assert all(isinstance(report, RefillReport) for report in (many | one).values())
        assert {getattr(report, "status", None) for report in many.values()} <= expected
        assert one[refills[0]] == many[refills[0]]
    assert exchange.client.refill_status([refills[0], "1"])["1"] == UpstreamRefused(
        Reason.NOT_FOUND, "Refill not found"
    )


# ---- cancel ------------------------------------------------------------------------------------------


def _accepted(exchange: Exchange, dialect: str) -> tuple[str, str, dict[str, Any]]:
    """An order that can be cancelled, one that cannot, and what the client says of both."""
    order = str(exchange.there.add(**ADD))
    firm = str(exchange.there.add(service=21, link=LINK, quantity=10, usernames="anna"))
    exchange.speak(dialect)
    return order, firm, dict(exchange.client.cancel([order, firm]))


@pytest.mark.parametrize("dialect", ["protocol", "cancel-by-id", "cancel-item-errors", "cancel-item-status"])
def test_a_failure_of_one_cancel_inside_a_success_is_seen(exchange: Exchange, dialect: str):
    order, firm, outcome = _accepted(exchange, dialect)
    assert isinstance(outcome[order], Accepted)
    assert outcome[firm] == UpstreamRefused(Reason.DISABLED, "Cancel is disabled for this service")
    exchange.sandbox.advance(5)
    assert [exchange.there.status(int(ref))["status"] for ref in (order, firm)] == ["Canceled", "In progress"]


def test_a_list_of_what_was_cancelled_says_nothing_of_the_rest(exchange: Exchange):
    order, firm, outcome = _accepted(exchange, "cancel-listed")
    assert outcome[order] == Accepted("")
    assert isinstance(outcome[firm], Unknown)


def test_one_word_for_all_cancels(exchange: Exchange):
    _, firm, outcome = _accepted(exchange, "cancel-success")
    assert set(outcome.values()) == {Accepted("")}
    assert exchange.client.cancel([firm]) == {
        firm: UpstreamRefused(Reason.DISABLED, "Cancel is disabled for this service")
    }


@pytest.mark.parametrize("dialect", ["cancel-single", "cancel-by-id", "cancel-listed", "cancel-item-status"])
def test_one_cancel_in_every_shape(exchange: Exchange, dialect: str):
    order = str(exchange.there.add(**ADD))
    exchange.speak(dialect)
    assert isinstance(exchange.client.cancel([order])[order], Accepted)


# ---- balance -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dialect", ["protocol", "balance-number", "balance-thousands", "balance-funds", "balance-amount"]
)
def test_balances(exchange: Exchange, dialect: str):
    exchange.speak(dialect)
    for amount in ("1234567.25", "1234.00", "0.000001"):
        exchange.sandbox.control("balance", key=exchange.there.key, balance=amount)
        assert exchange.client.balance() == Balance(Decimal(amount), "USD")


# ---- auth, promises ----------------------------------------------------------------------------------


def test_a_panel_that_also_takes_bearer_takes_our_key(exchange: Exchange):
    exchange.speak("bearer")
    assert isinstance(exchange.client.add(ADD), Accepted)
    exchange.fault("wrong_key")
    assert exchange.client.add(ADD) == UpstreamRefused(Reason.KEY, "Invalid API key")


def test_a_refill_that_was_promised_and_is_refused(exchange: Exchange):
    exchange.speak("refill-promised")
    assert {offer.refill for offer in _offers(exchange)} == {True}
    order = str(exchange.there.held(status="Completed", remains=0, service=3))
    assert exchange.client.refill(order) == UpstreamRefused(Reason.DISABLED, "Refill is disabled for this service")


def test_every_dialect_is_tried_here():
    """A new dialect without an exchange of its own fails here."""
    with open(__file__, encoding="utf-8") as file:
        source = file.read()
    assert [name for name in DIALECTS if f'"{name}"' not in source] == []
