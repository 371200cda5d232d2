"""PROTOCOL.md section 3, check order: service, link, own fields, runs and interval, quantity, minimum, maximum,
duplicate link, funds. Everything is wrong at first; what is told is mended, one after the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import Stand, new_link
from tests.protocol.rules.test_types import TYPES

ROW: dict[str, Any] = {"number": 1, "category": "C", "name": "N", "rate_micros": 1_000_000, "min": 5, "max": 9}
ACTIVE = "You have active order with this link. Please wait until order being completed."
FUNDS = "Not enough funds on balance"
DRIPPED = {"Default", "Web Traffic"}


def steps(type_name: str, link: str) -> list[tuple[str, dict[str, str]]]:
    """What is told of an order in which all is wrong, and what mends it."""
    type_ = TYPES[type_name]
    found: list[tuple[str, dict[str, str]]] = [("Incorrect service ID", {"service": "1"})]
    if type_.link:
        found.append(("Bad link", {"link": link}))
    own = {name: value for name, value in type_.own.items() if name not in {"min", "max"}}
    # Among the fields of its own a type checks in the order of its table.
    order = (
        ["username", "min", "max", "posts", "old_posts", "delay", "expiry"] if type_.billed == "later" else list(own)
    )
    values = own | {"min": "5", "max": "9"} | (type_.more if type_.billed == "later" else {})
    found += [(f"Incorrect {name}", {name: values[name]}) for name in order]
    if type_.lines_of:
        found.append((f"Incorrect {type_.lines_of}", {type_.lines_of: "a\nb\nc\nd"}))
    if type_name in DRIPPED:
        found += [("Incorrect runs", {"runs": "2"}), ("Incorrect interval", {"interval": "5"})]
    if type_.billed == "quantity":
        found += [
            ("Incorrect quantity", {"quantity": "4"}),
            ("Quantity less than minimal 5", {"quantity": "10"}),
            ("Quantity more than maximum 9", {"quantity": "7"}),
        ]
    elif type_.billed == "lines":
        more, enough = "\n".join("abcdefghij"), "\n".join("abcdefg")
        found += [
            ("Quantity less than minimal 5", {type_.lines_of: more}),
            ("Quantity more than maximum 9", {type_.lines_of: enough}),
        ]
    if type_.link:
        found += [(ACTIVE, {"link": new_link()}), (FUNDS, {})]
    return found


@pytest.mark.parametrize("type_name", TYPES)
def test_what_is_told_first(stand: Stand, type_name: str) -> None:
    type_ = TYPES[type_name]
    row = ROW | {"type": type_name, "unique_link": type_.link, "drip_feed": type_name in DRIPPED}
    price = "1.00" if type_.billed == "flat" else "0.007"  # of seven units
    shop = stand.shop(row, balance=price)
    link = new_link()
    if type_.link:
        good = {"service": "1", "link": link, "quantity": "7"} | type_.own
        shop.order(**good | ({type_.lines_of: "\n".join("abcdefg")} if type_.lines_of else {}))  # spends all she has
    sent = dict.fromkeys(["service", "link", "quantity", "runs", "interval", *type_.own, *type_.more], "\0")
    sent |= {type_.lines_of: "\0"} if type_.lines_of else {}
    for text, mended in steps(type_name, link):
        assert shop.refused("add", **sent) == text
        sent |= mended
    stand.inside.credit(panel_id=shop.panel_id, account_id=shop.account_id, micros=10_000_000)
    runs = 2 if type_name in DRIPPED else 1
    with shop.spends(Decimal(price) * runs if type_.link else 0):
        shop.order(**sent)


def test_a_key_without_the_scope_is_told_so_first(stand: Stand) -> None:
    reads = stand.shop(ROW | {"type": "Default"}).with_key(can_order=False)
    assert reads.refused("add", service="\0", request_id="\0") == "This API key may not place or change orders"
