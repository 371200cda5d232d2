"""PROTOCOL.md section 3, the 17 service types: what each needs, what it may have, what is billed, and how much.

The table here is the protocol's, written down a second time: it knows nothing of the one in the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link

MICRO = Decimal("0.000001")


@dataclass(frozen=True)
class Type:
    """`own` are good values of the fields that it needs beside link and quantity, `more` of those it may have."""

    own: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    billed: str = "quantity"  # or "lines", "flat", "later"
    lines_of: str = ""
    link: bool = True


TYPES = {
    "Default": Type(more={"runs": "3", "interval": "30"}),
    "Package": Type(billed="flat"),
    "SEO": Type({"keywords": "red shoes\nblue shoes"}),
    "Custom Comments": Type(billed="lines", lines_of="comments"),
    "Mentions with Hashtags": Type({"usernames": "anna\nboris", "hashtags": "#spring\n#sale"}),
    "Mentions Custom List": Type(billed="lines", lines_of="usernames"),
    "Mentions Hashtag": Type({"hashtag": "#spring"}),
    "Mentions User Followers": Type({"username": "https://example.com/anna"}),
    "Mentions Media Likers": Type({"media": "https://example.com/p/1"}),
    "Subscriptions": Type(
        {"username": "anna", "min": "50", "max": "60", "delay": "30"},
        {"posts": "10", "old_posts": "5", "expiry": "31/12/2099"},
        billed="later",
        link=False,
    ),
    "Custom Comments Package": Type({"comments": "Great!\nWell done"}, billed="flat"),
    "Comment Likes": Type({"username": "anna"}),
    "Poll": Type({"answer_number": "7"}),
    "Comment Replies": Type({"username": "anna"}, billed="lines", lines_of="comments"),
    "Invites from Groups": Type({"groups": "https://example.com/g/1\nhttps://example.com/g/2"}),
    "Mentions": Type({"usernames": "anna\nboris"}),
    "Web Traffic": Type({"country": "US", "device": "5", "type_of_traffic": "3"}, {"runs": "2", "interval": "60"}),
}
BY_QUANTITY = [name for name, type_ in TYPES.items() if type_.billed == "quantity"]
BY_LINES = [name for name, type_ in TYPES.items() if type_.billed == "lines"]
FLAT = [name for name, type_ in TYPES.items() if type_.billed == "flat"]


def lines(count: int) -> str:
    return "\n".join(f"line {n}" for n in range(1, count + 1))


def needed(row: dict[str, Any], units: int | None = None) -> dict[str, str]:
    """The least that an order for the service of this `services` row needs, for so many units of a run."""
    type_ = TYPES[row["type"]]
    units = units or int(row["min"]) + 7
    fields = {"service": str(row["service"]), **({"link": new_link()} if type_.link else {}), **type_.own}
    if type_.billed == "quantity":
        fields["quantity"] = str(units)
    elif type_.billed == "lines":
        fields[type_.lines_of] = lines(units)
    return fields


def charge(row: dict[str, Any], units: int) -> Decimal:
    """Rate is per 1000 units, rounded up to the micro; flat types cost it once, subscriptions nothing at first."""
    rate, billed = Decimal(row["rate"]), TYPES[row["type"]].billed
    if billed in {"flat", "later"}:
        return rate if billed == "flat" else Decimal(0)
    return (rate * units / 1000).quantize(MICRO, rounding=ROUND_CEILING)


def wire(amount: Decimal) -> str:
    whole, fraction = f"{amount:.6f}".split(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


@pytest.fixture(params=TYPES)
def row(request: pytest.FixtureRequest, stand: Stand) -> dict[str, Any]:
    return stand.row(request.param)


# ---- every type ------------------------------------------------------------------------------------


def test_what_it_needs_is_enough(stand: Stand, carol: Reseller, row: dict[str, Any]) -> None:
    type_, units = TYPES[row["type"]], int(row["min"]) + 7
    fields = needed(row)
    with carol.spends(charge(row, units)):
        order = carol.order(**fields)
    told = carol.status(order)
    remains = {"quantity": units, "lines": units, "flat": int(row["min"]), "later": 0}[type_.billed]
    five: dict[str, Any] = {
        "charge": wire(charge(row, units)),
        "start_count": "0",
        "status": "Pending" if type_.link else "Active",
        "remains": str(remains),
        "currency": "USD",
    }
    if type_.billed == "later":
        five |= {"posts": "0", "orders": [], "expiry": ""}
    assert list(told.items()) == list(five.items())
    kept = stand.inside.order(order=order)
    assert kept["link"] == fields.get("link", "anna")
    assert kept["quantity"] == remains
    assert kept["fields"] == {k: v for k, v in fields.items() if k not in {"service", "link", "quantity"}}


def test_what_it_may_have_is_taken_too(stand: Stand, carol: Reseller, row: dict[str, Any]) -> None:
    more = TYPES[row["type"]].more
    units = int(row["min"]) + 7
    with carol.spends(charge(row, units * int(more.get("runs", 1)))):
        order = carol.order(**needed(row), **more)
    kept = stand.inside.order(order=order)
    assert kept["kind"] == ("drip-feed" if "runs" in more else "plain" if TYPES[row["type"]].link else "subscription")
    assert {k: v for k, v in kept["fields"].items() if k in more} == {
        k: v for k, v in more.items() if k not in {"runs", "interval"}
    }


def test_nothing_that_it_needs_may_be_missing(stand: Stand, carol: Reseller, row: dict[str, Any]) -> None:
    fields = needed(row)
    texts = {"service": "Incorrect service ID", "link": "Bad link"}
    for name in fields:
        for value in (None, "", "  ", "\r\n \n"):
            assert carol.refused("add", **fields | {name: value}) == texts.get(name, f"Incorrect {name}"), name


def test_fields_of_other_types_change_nothing(stand: Stand, carol: Reseller, row: dict[str, Any]) -> None:
    """Panel scripts send every field that they have."""
    fields = needed(row)
    strange: dict[str, str] = {}
    for type_ in TYPES.values():
        strange |= type_.own | type_.more
    strange |= {"comments": "a\nb\nc", "usernames": "a\nb", "quantity": "3", "google_keyword": "x"}
    known = {*fields, *TYPES[row["type"]].more, "google_keyword"}
    with carol.spends(charge(row, int(row["min"]) + 7)):
        order = carol.order(**{k: v for k, v in strange.items() if k not in known} | fields)
    plain = stand.inside.order(order=carol.order(**fields))
    assert stand.inside.order(order=order) == plain


def test_the_same_order_by_every_customer_costs_what_the_list_says(
    stand: Stand, stranger: Reseller, row: dict[str, Any]
) -> None:
    """On another panel with the same services the same order is the other panel's."""
    with stand.carol.spends(0), stranger.spends(charge(row, int(row["min"]) + 7)):
        order = stranger.order(**needed(row))
    assert stand.carol.refused("status", order=order) == "Incorrect order ID"


# ---- minimum and maximum ---------------------------------------------------------------------------


@pytest.mark.parametrize("type_name", [*BY_QUANTITY, *BY_LINES])
def test_minimum_and_maximum_are_met_exactly(stand: Stand, carol: Reseller, type_name: str) -> None:
    row = stand.row(type_name)
    for units in (int(row["min"]), int(row["max"])):
        with carol.spends(charge(row, units)):
            order = carol.order(**needed(row, units))
        assert carol.status(order)["remains"] == str(units)


@pytest.mark.parametrize("type_name", BY_QUANTITY)
def test_a_quantity_below_or_above(stand: Stand, carol: Reseller, type_name: str) -> None:
    row = stand.row(type_name)
    low, high = int(row["min"]), int(row["max"])
    fields = needed(row)
    for quantity in (0, 1, low - 1):
        assert carol.refused("add", **fields | {"quantity": quantity}) == f"Quantity less than minimal {low}"
    for quantity in (high + 1, 2**63, 10**30, 10**90):
        assert carol.refused("add", **fields | {"quantity": quantity}) == f"Quantity more than maximum {high}"


@pytest.mark.parametrize("type_name", BY_LINES)
def test_lines_below_or_above(stand: Stand, type_name: str) -> None:
    field = TYPES[type_name].lines_of
    row = {"number": 1, "category": "C", "name": "N", "type": type_name, "rate_micros": 1_234_567, "min": 3, "max": 5}
    shop = stand.shop(row)
    fields = {"service": 1, "link": "a"} | TYPES[type_name].own
    for count, text in [(1, "less than minimal 3"), (2, "less than minimal 3"), (6, "more than maximum 5")]:
        assert shop.refused("add", **fields | {field: lines(count)}) == f"Quantity {text}"
    for count in (3, 4, 5):
        with shop.spends((Decimal("1.234567") * count / 1000).quantize(MICRO, rounding=ROUND_CEILING)):
            shop.order(**fields | {field: lines(count)})


@pytest.mark.parametrize("type_name", FLAT)
@pytest.mark.parametrize(("low", "high"), [(1, 1), (500, 1000)])
def test_a_flat_type_costs_its_rate_once_whatever_was_sent(stand: Stand, type_name: str, low: int, high: int) -> None:
    row = {"number": 1, "category": "C", "name": "N", "type": type_name, "rate_micros": 2_500_001}
    shop = stand.shop(row | {"min": low, "max": high})
    fields = {"service": 1, "link": "a"} | TYPES[type_name].own
    for quantity in (None, "", "0", "1", "700", "x", "-1", str(10**30)):
        with shop.spends("2.500001"):
            order = shop.order(**fields | {"quantity": quantity})
        assert shop.status(order)["charge"] == "2.500001"


@pytest.mark.parametrize("type_name", [*BY_LINES, "Subscriptions"])
@pytest.mark.parametrize("quantity", ["0", "1", "x", "-5", "999999999", "1e3"])
def test_a_quantity_sent_with_a_type_that_derives_it_is_ignored(
    stand: Stand, carol: Reseller, type_name: str, quantity: str
) -> None:
    row = stand.row(type_name)
    with carol.spends(charge(row, int(row["min"]) + 7)):
        order = carol.order(**needed(row) | {"quantity": quantity})
    assert stand.inside.order(order=order) == stand.inside.order(order=carol.order(**needed(row))) | {
        "link": stand.inside.order(order=order)["link"]
    }


@pytest.mark.parametrize("type_name", [name for name in TYPES if name not in {"Default", "Web Traffic"}])
def test_a_type_without_drip_feed_has_no_runs(stand: Stand, carol: Reseller, type_name: str) -> None:
    row = stand.row(type_name)
    with carol.spends(charge(row, int(row["min"]) + 7)):
        order = carol.order(**needed(row), runs=3, interval=5)
    assert "runs" not in carol.status(order)
