"""PROTOCOL.md section 2 to 4, `refill` and `refill_status`: types, words, and every reason why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link

WORDS = ["Pending", "In progress", "Completed", "Rejected", "Canceled"]
UNKNOWN = 999_999_999
DAY = 24.0
OPEN = "The refill task is not completed for this order"
TOO_SOON = "The order was completed or refill was requested less than 24 hours ago"
ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 900_000,
    "min": 1,
    "max": 10_000,
    "refill": True,
    "refill_days": 30,
    "cancel": True,
    "drip_feed": True,
}


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    """Service 1 is refilled for 30 days, 2 for ever, 3 never, 4 for one day."""
    return stand.shop(
        ROW,
        ROW | {"number": 2, "refill_days": None},
        ROW | {"number": 3, "refill": False},
        ROW | {"number": 4, "refill_days": 1},
    )


def completed(shop: Reseller, *, service: int = 1, hours_ago: float = 2 * DAY) -> int:
    order = shop.order(service, link=new_link(), quantity=100)
    shop.stand.inside.report(order=order, status="Completed", hours_ago=hours_ago)
    return order


def refill(shop: Reseller, order: int) -> int:
    """Ask for one, which must be taken: nothing is charged for it."""
    with shop.spends(0):
        reply = shop.ask("refill", order=order)
    id_ = int(reply.value["refill"])
    assert reply.body == b'{"refill":"%d"}' % id_
    return id_


# ---- taken -----------------------------------------------------------------------------------------


def test_one_is_a_text_and_many_are_numbers(stand: Stand, shop: Reseller) -> None:
    one, two, three = (completed(shop) for _ in range(3))
    refill(shop, one)
    reply = shop.ask("refill", orders=f"{two},{UNKNOWN},{one},Array,{three}")
    ids = [row["refill"] for row in reply.value]
    assert (type(ids[0]), type(ids[4])) == (int, int)
    assert reply.body == (
        b'[{"order":%d,"refill":%d},{"order":999999999,"refill":{"error":"Incorrect order ID"}},'
        b'{"order":%d,"refill":{"error":"%s"}},{"order":"Array","refill":{"error":"Incorrect order ID"}},'
        b'{"order":%d,"refill":%d}]' % (two, ids[0], one, OPEN.encode(), three, ids[4])
    )


def test_the_same_order_twice_in_a_list_is_one_refill(shop: Reseller) -> None:
    order = completed(shop)
    (answer,) = shop.says("refill", orders=f"{order},{order}")
    assert type(answer["refill"]) is int
    assert shop.says("refill", orders=f"{order},{order}") == [{"order": order, "refill": {"error": OPEN}}]


def test_the_order_itself_stays_as_it_is(stand: Stand, shop: Reseller) -> None:
    order = completed(shop)
    before = shop.status(order)
    id_ = refill(shop, order)
    assert shop.status(order) == before
    stand.inside.refill_report(refill=id_, status="Completed")
    assert shop.status(order) == before


# ---- the words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_a_refill(stand: Stand, shop: Reseller, word: str) -> None:
    id_ = refill(shop, completed(shop))
    if word != "Pending":
        stand.inside.refill_report(refill=id_, status=word)
    assert shop.ask("refill_status", refill=id_).body == b'{"status":"%s"}' % word.encode()
    assert shop.ask("refill_status", refills=f"{id_},{UNKNOWN},Array,{id_}").body == (
        b'[{"refill":%d,"status":"%s"},{"refill":999999999,"status":{"error":"Refill not found"}},'
        b'{"refill":"Array","status":{"error":"Refill not found"}}]' % (id_, word.encode())
    )


@pytest.mark.parametrize("word", WORDS)
def test_a_panel_that_spells_it_as_p1_does(stand: Stand, word: str) -> None:
    shop = stand.shop(preset="promobox")
    order = shop.order(1, link=new_link(), quantity=100)
    stand.inside.report(order=order, status="Completed", hours_ago=2 * DAY)
    id_ = refill(shop, order)
    if word != "Pending":
        stand.inside.refill_report(refill=id_, status=word)
    assert shop.ask("refill_status", refill=id_).body == b'{"refill":"%s"}' % word.encode()
    assert shop.ask("refill_status", refills=id_).body == b'[{"refill":%d,"status":"%s"}]' % (id_, word.encode())
    assert shop.refused("refill_status", refill=UNKNOWN) == "Refill not found"


def test_a_refill_ends_once(stand: Stand, shop: Reseller) -> None:
    id_ = refill(shop, completed(shop))
    stand.inside.refill_report(refill=id_, status="In progress")
    stand.inside.refill_report(refill=id_, status="Rejected")
    with pytest.raises(AssertionError, match="has ended"):
        stand.inside.refill_report(refill=id_, status="Completed")
    assert shop.says("refill_status", refill=id_) == {"status": "Rejected"}


# ---- refused ---------------------------------------------------------------------------------------


def test_disabled_for_the_service(shop: Reseller) -> None:
    for order in (completed(shop, service=3), shop.order(3, link="a", quantity=100)):
        assert shop.refused("refill", order=order) == "Refill is disabled for this service"


@pytest.mark.parametrize("word", ["Pending", "Processing", "In progress", "Partial", "Canceled"])
def test_not_completed(stand: Stand, shop: Reseller, word: str) -> None:
    order = shop.order(1, link="a", quantity=100)
    if word != "Pending":
        stand.inside.report(order=order, status=word, remains=40, hours_ago=2 * DAY)
    assert shop.status(order)["status"] == word
    assert shop.refused("refill", order=order) == "The order is not completed"


def test_while_one_is_open(stand: Stand, shop: Reseller) -> None:
    order = completed(shop)
    id_ = refill(shop, order)
    assert shop.refused("refill", order=order) == OPEN
    stand.inside.asked_for_refill(refill=id_, hours_ago=5 * DAY)
    stand.inside.refill_report(refill=id_, status="In progress")
    assert shop.refused("refill", order=order) == OPEN


@pytest.mark.parametrize(("hours_ago", "early"), [(0, True), (23.9, True), (24.1, False), (29.9 * DAY, False)])
def test_a_day_after_completion(shop: Reseller, hours_ago: float, early: bool) -> None:
    order = completed(shop, hours_ago=hours_ago)
    if early:
        assert shop.refused("refill", order=order) == TOO_SOON
    else:
        refill(shop, order)


@pytest.mark.parametrize("word", ["Completed", "Rejected", "Canceled"])
def test_a_day_after_the_last_request(stand: Stand, shop: Reseller, word: str) -> None:
    order = completed(shop, hours_ago=10 * DAY)
    id_ = refill(shop, order)
    stand.inside.refill_report(refill=id_, status=word)
    for hours_ago in (0.1, 23.9):
        stand.inside.asked_for_refill(refill=id_, hours_ago=hours_ago)
        assert shop.refused("refill", order=order) == TOO_SOON
    stand.inside.asked_for_refill(refill=id_, hours_ago=24.1)
    assert refill(shop, order) != id_
    assert shop.says("refill_status", refill=id_) == {"status": word}


def test_when_the_days_are_over(shop: Reseller) -> None:
    assert shop.refused("refill", order=completed(shop, hours_ago=30.1 * DAY)) == "Refill days are over"
    assert shop.refused("refill", order=completed(shop, service=4, hours_ago=25)) == "Refill days are over"
    refill(shop, completed(shop, hours_ago=29.9 * DAY))
    refill(shop, completed(shop, service=2, hours_ago=3000 * DAY))


def test_runs_are_refilled_and_not_their_whole(stand: Stand, shop: Reseller) -> None:
    whole = shop.order(1, link="a", quantity=10, runs=1 + 1, interval=5)
    for _ in range(2):
        runs = stand.inside.run_schedule(order=whole)
    for run in runs:
        stand.inside.report(order=run, status="Completed", hours_ago=2 * DAY)
    assert shop.status(whole)["status"] == "Completed"
    assert "disabled" in shop.refused("refill", order=whole)
    refill(shop, runs[0])


@pytest.mark.parametrize("sent", ["0", "-1", "Array", "1.0", str(UNKNOWN), str(10**30), "1 ", "x" * 5000])
def test_no_such_order_or_refill(stand: Stand, carol: Reseller, stranger: Reseller, sent: str) -> None:
    assert stranger.refused("refill", order=sent) == "Incorrect order ID"
    assert stranger.refused("refill_status", refill=sent) == "Refill not found"
