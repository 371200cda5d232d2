"""Many orders at once: every line is checked and priced first, and what was not checked is not placed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_rate
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.orders.actions import place_orders
from panelwright.orders.rules import PlaceOrder
from panelwright.panels.block_actions import NewBlock, add_blocks
from panelwright.storefront import mass
from panelwright.storefront.tests.browsing import Browser, error, hidden
from tests.support.people import (
    COMMENTS,
    FOLLOWERS,
    LIKES,
    ONE_A_LINK,
    PACKAGE,
    PRIVATE,
    TRAFFIC,
    Buyer,
    Owner,
    Time,
    counts,
)
from tests.support.people import values as rows

A, B, C = (f"https://example.com/{letter}" for letter in "abc")
GOOD = f"{FOLLOWERS} | {A} | 1000\r\n\r\n{LIKES}|{B}|100\r\n{PACKAGE} | {C}"


@pytest.fixture
def browser(carol: Buyer, time: Time) -> Browser:
    return Browser(carol.owner, carol.customer.user)


def check(browser: Browser, lines: str, status: int = 200) -> dict[str, str]:
    """What the form would be sent with after its lines were checked."""
    response = browser.post("/order/many", lines=lines, do="check")
    assert response.status_code == status
    page = response.content.decode()
    return {"lines": lines, "batch": hidden(page, "batch"), "checked": hidden(page, "checked")}


def placed() -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in rows("SELECT link, quantity FROM orders_order ORDER BY id")]


def test_lines_are_checked_then_placed(browser: Browser, carol: Buyer) -> None:
    page = browser.post("/order/many", lines=GOOD).content.decode()
    assert "Place 3 orders" in page
    assert "3.412346 USD" in page
    assert counts("orders_order") == (0,)
    sent = check(browser, GOOD)
    assert browser.post("/order/many", **sent).headers["Location"].startswith("/orders?ids=")
    assert placed() == [(A, 1000), (B, 100), (C, 1)]
    assert carol.balance() == "96.587654"
    assert "Orders placed: 3." in browser.get("/orders")


def test_lines_that_take_long_to_look_at_are_placed_in_parts(
    browser: Browser, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five hundred of them held the database for three seconds, while nobody else could order."""
    add_blocks(carol.owner.panel_id, [NewBlock("pattern", "*evil*")])
    monkeypatch.setattr(limits, "BLOCK_STEPS_OF_BATCH_MAX", 0)
    parts = []

    def place(commands: Sequence[PlaceOrder], *, may_wait: bool) -> list[int | Refusal]:
        parts.append(len(commands))
        return place_orders(commands, may_wait=may_wait)

    monkeypatch.setattr(mass, "place_orders", place)
    assert browser.post("/order/many", **check(browser, GOOD)).headers["Location"].startswith("/orders?ids=")
    assert parts == [3, 2, 1]
    assert placed() == [(A, 1000), (B, 100), (C, 1)]


def test_the_same_form_sent_twice_places_once(browser: Browser, carol: Buyer) -> None:
    sent = check(browser, GOOD + f"\n{ONE_A_LINK} | {A} | 10")
    first, second = browser.post("/order/many", **sent), browser.post("/order/many", **sent)
    assert first.headers["Location"] == second.headers["Location"] == "/orders?ids=1001,1002,1003,1004"
    assert len(placed()) == 4
    assert carol.balance() == "96.577654"


def test_good_lines_are_placed_and_bad_ones_stay(browser: Browser, carol: Buyer) -> None:
    bad = {
        f"{FOLLOWERS} | {A} | 49": "The minimum is 50.",
        f"{FOLLOWERS} | {A} | many": "Use a whole number in digits only, such as 1000.",
        f"{FOLLOWERS} | javascript:x | 100": "A link must start with http:// or https://",
        f"{PRIVATE} | {A} | 100": "Service not found",
        f"{COMMENTS} | {A} | 100": "Write service | link | comments / comments.",
        f"{TRAFFIC} | {A} | 100": "This service needs more details",
        "nonsense": "Use the format service ID | link | quantity.",
        f"{FOLLOWERS} | {A} | 100 | 5": "Use the format service ID | link | quantity.",
        f"{ONE_A_LINK} | {A} | 10 ": "This link already has an active order. Wait until it ends.",
    }
    lines = "\n".join([f"{ONE_A_LINK} | {A} | 10", *bad])
    page = browser.refused("/order/many", lines=lines)
    for text in bad.values():
        assert text in page
    assert "Place 1 order" in page
    response = browser.post("/order/many", **check(browser, lines, 422))
    assert response.status_code == 422
    assert placed() == [(A, 10)]
    page = response.content.decode()
    assert "Orders placed: 1." in page
    box = page.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0].strip()
    assert box.split("\n") == [line.strip() for line in bad]


@pytest.mark.parametrize("change", [{"lines": GOOD.replace("1000", "9000")}, {"checked": "x"}, {"batch": ""}])
def test_what_was_not_checked_as_it_stands_is_checked_again(browser: Browser, change: dict[str, str]) -> None:
    response = browser.post("/order/many", **{**check(browser, GOOD), **change})
    assert response.status_code == 200
    assert placed() == []


def test_a_rate_that_changed_since_is_shown_before_anything_is_placed(browser: Browser, alice: Owner) -> None:
    sent = check(browser, GOOD)
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=50_000_000)
    page = browser.post("/order/many", **sent).content.decode()
    assert placed() == []
    assert "52.512346 USD" in page


def test_a_balance_that_does_not_pay_for_all_is_told_and_places_nothing(browser: Browser, alice: Owner) -> None:
    poor = Browser(alice, alice.customer("poor", balance="1.00").customer.user)
    page = poor.post("/order/many", lines=GOOD).content.decode()
    assert error(page, "") == (
        'Funds needed: <b translate="no">2.412346 USD</b> <a href="/funds?need=2.412346&back=/order/many">Add funds</a>'
    )
    assert 'name="checked"' not in page
    assert placed() == []


def test_money_that_was_spent_meanwhile_leaves_the_lines_in_the_box(browser: Browser, carol: Buyer) -> None:
    sent = check(browser, GOOD)
    carol.spends_all_but("1.00")
    response = browser.post("/order/many", **sent)
    assert placed()[1:] == [(A, 1000), (B, 100)]
    page = response.content.decode()
    assert f"{PACKAGE} | {C}" in page
    assert "Funds needed" in page


def test_too_much_is_refused_and_never_cut(browser: Browser) -> None:
    line = f"{FOLLOWERS} | {A} | 100"
    assert "Use at most 500 lines." in browser.refused("/order/many", lines="\n".join([line] * 501))
    assert "Use at most 500 lines." in browser.refused("/order/many", lines=f"{line}\n" + "x" * 1_100_000)
    assert "Use at most 500 lines." in browser.refused("/order/many", lines=f"{line}\n" + "\n" * 20_000)
    assert check(browser, "\n".join(f"{line}{n}" for n in range(1, 9)), 200)
    assert browser.post("/order/many", lines=" \n \n").status_code == 200


BOM = "\ufeff"
UNDERSTOOD = [
    (f"{FOLLOWERS} | {A} | 1000 |", 1000),
    (f"| {FOLLOWERS} | {A} | 1000 | |", 1000),
    (f"{BOM}{FOLLOWERS} | {A} | 1000", 1000),
    (f"\u200b\u00a0{FOLLOWERS}\u200e |\u2060{A}\u200b|\u202a1000\u202c", 1000),
    (f"#{FOLLOWERS} | {A} | 1,000", 1000),
    (f"ID {FOLLOWERS} | {A} | 1\u202f000", 1000),
    (f"{FOLLOWERS}\t{A}\t1000", 1000),
    (f"{FOLLOWERS}\t{A}\t1000\t\t", 1000),
    (f'{FOLLOWERS}\t{A}\t"1,000"', 1000),
    (f"{FOLLOWERS}\t{A}\t100\t5\t30", 500),
    (f"{FOLLOWERS};{A};1000", 1000),
    (f"{FOLLOWERS}; {A}; 1000.00;", 1000),
    (f"{FOLLOWERS},{A},1000", 1000),
    (f'"{FOLLOWERS}","{A}","1,000"', 1000),
    (f"{FOLLOWERS} {A} 1000", 1000),
    (f"#{FOLLOWERS}  {A}  1,000", 1000),
    (f"{FOLLOWERS} | {A} | 1 000", 1000),
    (f"{FOLLOWERS} | {A} | １０００", 1000),
    (f"\u061c{FOLLOWERS} | {A}\u061c | \u0661\u0660\u0660\u0660\u061c", 1000),
    (f"{FOLLOWERS} | {A} | 100 | 5 | 30", 500),
    (f"{FOLLOWERS} | {A} | 100 | 1 | 0", 100),
    (f"{FOLLOWERS} | {A} | 100 | 0 | 0 |", 100),
]


@pytest.mark.parametrize(("line", "quantity"), UNDERSTOOD)
def test_lines_as_people_paste_them(browser: Browser, line: str, quantity: int) -> None:
    sent = check(browser, line)
    assert browser.post("/order/many", **sent).headers["Location"].startswith("/orders?ids=")
    assert placed()[0] == (A, quantity)


MISTAKABLE = [
    f"{FOLLOWERS},{A},1,000",
    f"{FOLLOWERS},{A},b,1000",
    f"{FOLLOWERS};{A};b;1000",
    f"{FOLLOWERS} {A} 100 2 30",
    f"{FOLLOWERS} {A} 100 200",
    f"{FOLLOWERS} {A} 1 000",
    f"{FOLLOWERS} {A} 1.000",
    f"{FOLLOWERS} carol 1000",
    f"{FOLLOWERS} months of warranty",
    f"{A} | {FOLLOWERS} | 1000",
    f"{FOLLOWERS}|",
    "|||",
    f"{FOLLOWERS}-{A}-1000",
]


@pytest.mark.parametrize("line", MISTAKABLE)
def test_what_may_mean_two_things_is_asked_for_again(browser: Browser, line: str) -> None:
    assert "Use the format service ID | link | quantity." in browser.refused("/order/many", lines=line)


@pytest.mark.parametrize("quantity", ["1.000", "1,00,00", "10,5", "1e3", "many", "1 00", "0,100", "-5", "1,000,00"])
def test_a_quantity_that_may_mean_two_things_is_none(browser: Browser, quantity: str) -> None:
    page = browser.refused("/order/many", lines=f"{FOLLOWERS} | {A} | {quantity}")
    assert "Use a whole number in digits only, such as 1000." in page


@pytest.mark.parametrize(
    ("line", "comments"),
    [
        (f"{COMMENTS} | {A} | Great! / Well done", ["Great!", "Well done"]),
        (f"{COMMENTS} | {A} | 2 | Great! / Well done |", ["Great!", "Well done"]),
        (
            f"{COMMENTS} | {A} | and/or | 24/7 / see https://example.com/x",
            ["and/or | 24/7", "see https://example.com/x"],
        ),
        (f"{COMMENTS}|{A}|one / / two /  three", ["one", "two", "three"]),
    ],
)
def test_comments_on_a_line(browser: Browser, line: str, comments: list[str]) -> None:
    browser.post("/order/many", **check(browser, line))
    ((kept, quantity),) = rows("SELECT fields, quantity FROM orders_order")
    assert (json.loads(kept)["comments"].split("\n"), quantity) == (comments, len(comments))


def test_runs_are_shown_and_counted(browser: Browser) -> None:
    page = browser.post("/order/many", lines=f"{FOLLOWERS} | {A} | 100 | 5 | 30").content.decode()
    assert "5 × 100" in page
    assert "0.45 USD" in page


def test_runs_where_there_are_none(browser: Browser) -> None:
    page = browser.refused("/order/many", lines=f"{LIKES} | {A} | 100 | 5 | 30")
    assert "This service has no drip-feed." in page


def test_the_same_line_twice_is_marked_and_not_refused(browser: Browser) -> None:
    lines = [
        f"{FOLLOWERS} | {A} | 1000",
        f"{FOLLOWERS} | {B} | 1000",
        "",
        f"#{FOLLOWERS} | {A.replace('https://', 'http://www.')}/?igsh=1 | 1,000 | 1 | 0",
        f"{FOLLOWERS}\t{A}\t1000",
        f"{FOLLOWERS} | {A} | 500",
        f"{FOLLOWERS} | {A} | 1000 | 2 | 5",
    ]
    sent = check(browser, "\n".join(lines))
    page = browser.post("/order/many", lines="\n".join(lines)).content.decode()
    assert page.count("Same as line 1") == 2
    assert page.count("Same as line") == 2
    assert "2 lines repeat earlier ones." in page
    assert "repeat" not in browser.post("/order/many", lines=lines[0]).content.decode()
    browser.post("/order/many", **sent)
    assert len(placed()) == 6


def test_other_line_ends_part_lines_too(browser: Browser) -> None:
    line = f"{FOLLOWERS} | {A} | 100"
    browser.post("/order/many", **check(browser, f"{line}\u2028{line}1\x85\u200b\r{line}2"))
    assert placed() == [(A, 100), (A, 1001), (A, 1002)]
