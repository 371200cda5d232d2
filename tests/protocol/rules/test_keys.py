"""Who may ask: keys, hosts, scopes, addresses, caps and rates; and that nobody sees what is another's."""

from __future__ import annotations

import hashlib
import re
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link, refusal
from tests.protocol.rules.wire import API, FORM, Reply, form

UNKNOWN = 999_999_999
WITH_KEY = ["services", "balance", "status", "refill", "refill_status", "cancel", "add", "nonsense", ""]
ROW = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 4_000_000,
    "min": 10,
    "max": 10_000,
    "refill": True,
    "cancel": True,
    "drip_feed": True,
}


def bad_key(who: Reseller, **fields: object) -> None:
    """Whatever is asked with this key, the key is not known."""
    for action in WITH_KEY:
        assert who.refused(action, **fields, order=1, refill=1) == "Invalid API key"


# ---- the key ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "", " ", "nobody", "null", "\0", "é" * 40, "x" * 10_000, "' OR '1'='1"])
def test_a_key_that_nobody_was_given(carol: Reseller, key: str | None) -> None:
    bad_key(carol, key=key)


def test_a_key_that_is_nearly_right(carol: Reseller) -> None:
    digest = hashlib.sha256(carol.key.encode()).hexdigest()
    for key in (carol.key.upper(), carol.key[:-1], carol.key + "0", carol.key[:8], f"{carol.key},{carol.key}", digest):
        bad_key(carol, key=key)


def test_a_revoked_key_stops_at_once_and_the_others_go_on(stand: Stand, neighbour: Reseller) -> None:
    other = neighbour.with_key()
    assert other.says("balance") == neighbour.says("balance")
    assert stand.inside.revoke_key(panel_id=other.panel_id, key_id=other.key_id)
    bad_key(other)
    assert neighbour.says("balance")["balance"] == "1000.00"


def test_a_customer_or_panel_that_is_switched_off(stand: Stand) -> None:
    shop = stand.shop(ROW)
    order = shop.order(1, link="a", quantity=10)
    for switch, who in [
        (stand.inside.switch_customer, {"customer_id": shop.customer_id}),
        (stand.inside.switch_panel, {"panel_id": shop.panel_id}),
    ]:
        assert switch(**who, on=False) == 1
        bad_key(shop)
        assert switch(**who, on=True) == 1
        assert shop.status(order)["status"] == "Pending"


def test_a_key_counts_on_the_hosts_of_its_own_panel_only(stand: Stand, carol: Reseller, stranger: Reseller) -> None:
    bad_key(carol, key=stranger.key)
    bad_key(stranger, key=carol.key)
    for host in (stranger.host.upper(), f"{stranger.host}.", f"{stranger.host}:80", f"{stranger.host}:{stand.port}"):
        there = f"{API}?key={stranger.key}&action=balance"
        head = f"GET {there} HTTP/1.1\r\nHost: {host}\r\n\r\n"
        assert stand.line.exchange(head.encode()).body == stranger.ask("balance").body


@pytest.mark.parametrize(
    "host", ["nobody.example", "", "127.0.0.1:99999", "a" * 300, "[::1]", "shop-1.example.evil.example", "é", ":", "*"]
)
def test_no_host_leads_to_a_panel_that_does_not_answer_there(stand: Stand, stranger: Reseller, host: str) -> None:
    there = f"{API}?key={stranger.key}&action=balance"
    reply = stand.line.exchange(f"GET {there} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
    assert refusal(reply) == "Invalid API key"


# ---- what is another's -----------------------------------------------------------------------------


def without_date(reply: Reply) -> tuple[int, bytes, bytes]:
    return reply.status, re.sub(rb"(?m)^(date|ratelimit): .*\r?$", b"", reply.head), reply.body


@pytest.mark.parametrize("who", ["neighbour", "stranger"])
def test_what_is_anothers_is_answered_as_what_does_not_exist(
    stand: Stand, who: str, request: pytest.FixtureRequest
) -> None:
    asker: Reseller = request.getfixturevalue(who)
    drip_feed = stand.carol.order(stand.service(), link=new_link(), quantity=50, runs=2, interval=5)
    (run,) = stand.inside.run_schedule(order=drip_feed)
    refill = stand.refill("Completed")
    orders = [stand.pending_order(), stand.completed_order(), drip_feed, run]
    asked = [
        (action, name, id_)
        for id_ in orders
        for action in ("status", "refill", "cancel")
        for name in ("order", "orders")
    ]
    asked += [("refill_status", name, refill) for name in ("refill", "refills")]
    with stand.still():
        for action, name, id_ in asked:
            unknown = 10**9 - 1 - id_ % 10  # another id of the same length of answer
            theirs = asker.ask(action, **{name: id_})
            nothing = asker.ask(action, **{name: unknown})
            body = theirs.body.replace(str(id_).encode(), str(unknown).encode())
            assert body == nothing.body, (action, name)
            assert theirs.status == nothing.status == 200
            assert theirs.headers.get("x-error-code") == nothing.headers.get("x-error-code")
    assert stand.carol.status(orders[0])["status"] == "Pending"


def test_a_second_key_of_the_customer_sees_the_same(stand: Stand, carol: Reseller) -> None:
    order, other = stand.pending_order(), carol.with_key()
    assert other.ask("status", order=order).body == carol.ask("status", order=order).body
    assert other.says("cancel", orders=order) == [{"order": order, "cancel": 1}]


# ---- scopes ----------------------------------------------------------------------------------------


def test_a_key_that_may_only_read(stand: Stand) -> None:
    shop = stand.shop(ROW)
    order = shop.order(1, link="a", quantity=10)
    reads = shop.with_key(can_order=False)
    writes: list[tuple[str, dict[str, Any]]] = [
        ("add", {"service": 1, "link": "b", "quantity": 10}),
        ("add", {}),
        ("cancel", {"orders": order}),
        ("refill", {"order": order}),
    ]
    for action, fields in writes:
        assert reads.refused(action, **fields) == "This API key may not place or change orders"
    for action, fields in [
        ("balance", {}),
        ("services", {}),
        ("status", {"order": order}),
        ("status", {"orders": order}),
    ]:
        assert reads.ask(action, **fields).body == shop.ask(action, **fields).body
    assert reads.refused("refill_status", refill=UNKNOWN) == "Refill not found"


def test_a_key_that_may_only_order(stand: Stand) -> None:
    shop = stand.shop(ROW)
    orders = shop.with_key(can_read=False)
    order = orders.order(1, link="a", quantity=10)
    assert orders.says("cancel", orders=order) == [{"order": order, "cancel": 1}]
    assert orders.refused("refill", order=order) == "The order is not completed"
    for action, fields in [
        ("balance", {}),
        ("services", {}),
        ("status", {"order": order}),
        ("status", {"orders": order}),
        ("refill_status", {"refill": 1}),
    ]:
        assert orders.refused(action, **fields) == "This API key may not read"


# ---- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "addresses", ["127.0.0.1", "127.0.0.0/8", "203.0.113.0/24, 127.0.0.1", "::1\n127.0.0.1", "::ffff:127.0.0.1", ""]
)
def test_a_key_for_addresses_that_we_come_from(carol: Reseller, addresses: str) -> None:
    assert carol.with_key(addresses=addresses).ask("balance").body == carol.ask("balance").body


@pytest.mark.parametrize("addresses", ["203.0.113.7", "127.0.0.2", "2001:db8::/32", "::ffff:127.0.0.2", "10.0.0.0/8"])
def test_a_key_for_addresses_that_we_do_not_come_from(carol: Reseller, addresses: str) -> None:
    away = carol.with_key(addresses=addresses)
    for action in WITH_KEY:
        assert away.refused(action) == "This API key is not allowed from your address"
    for claim in ("X-Forwarded-For: 203.0.113.7", "X-Real-IP: 127.0.0.2", "Forwarded: for=10.0.0.1"):
        assert away.refused("balance", claim) == "This API key is not allowed from your address"


# ---- caps ------------------------------------------------------------------------------------------

CAPPED = "Daily spending cap is reached, orders are temporarily not taken"


def test_a_daily_cap_is_spent_to_the_last_micro(stand: Stand) -> None:
    shop = stand.shop(ROW)  # 0.004 a unit
    capped = shop.with_key(daily_cap_micros=1_000_000)
    fields: dict[str, Any] = {"service": 1, "link": "a"}
    capped.order(**fields, quantity=100)
    capped.order(**fields, quantity=25, runs=4, interval=5)
    assert capped.refused("add", **fields, quantity=51) == CAPPED
    assert capped.refused("add", **fields, quantity=10, runs=6, interval=5) == CAPPED
    capped.order(**fields, quantity=50)
    assert capped.refused("add", **fields, quantity=10) == CAPPED
    # What is wrong with the order itself is said first; the customer's other keys have caps of their own.
    assert capped.refused("add", **fields, quantity=9) == "Quantity less than minimal 10"
    shop.order(**fields, quantity=1000)
    assert shop.balance() == 1000 - Decimal("0.4") - Decimal("0.4") - Decimal("0.2") - 4


def test_a_repeat_under_a_spent_cap_gives_the_first_order(stand: Stand) -> None:
    capped = stand.shop(ROW).with_key(daily_cap_micros=400_000)
    fields = {"service": 1, "link": "a", "quantity": 100, "request_id": "cart-1"}
    first = capped.order(**fields)
    with stand.still():
        assert capped.order(**fields) == first
    assert capped.refused("add", **fields | {"request_id": "cart-2"}) == CAPPED


def test_a_cap_of_nothing(stand: Stand) -> None:
    capped = stand.shop(ROW).with_key(daily_cap_micros=0)
    assert capped.refused("add", service=1, link="a", quantity=10) == CAPPED


# ---- rates -----------------------------------------------------------------------------------------

PER_MINUTE = 5


def in_one_minute() -> None:
    """Limits count whole minutes: leave enough of this one."""
    left_s = 60 - time.time() % 60
    if left_s < 5:
        time.sleep(left_s + 0.1)


def test_a_rate_limit_is_429_with_the_headers_that_say_when(stand: Stand, carol: Reseller) -> None:
    in_one_minute()
    limited = carol.with_key(per_minute_max=PER_MINUTE)
    replies = [limited.ask("balance") for _ in range(PER_MINUTE + 4)]
    taken = [reply for reply in replies if reply.status == 200]
    # The first request of a key is not counted: only its batch tells what limit it has.
    assert PER_MINUTE <= len(taken) <= PER_MINUTE + 1
    assert replies[: len(taken)] == taken
    left = [reply.headers["ratelimit"] for reply in taken if "ratelimit" in reply.headers]
    assert [re.findall(r'^"key";r=(\d+);t=\d+$', text) for text in left] == [[str(n)] for n in range(PER_MINUTE)][::-1]
    for reply in replies[len(taken) :]:
        assert reply.head.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
        assert b"\r\nContent-Type: application/json\r\n" in reply.head
        assert reply.body == b'{"error":"Rate limit exceeded, please retry later"}'
        assert reply.headers["x-error-code"] == "rate_limit"
        assert reply.headers["ratelimit-policy"] == f'"key";q={PER_MINUTE};w=60'
        after_s = int(reply.headers["retry-after"])
        assert 1 <= after_s <= 60
        assert reply.headers["ratelimit"] == f'"key";r=0;t={after_s}'


def test_what_is_over_the_limit_is_not_done_and_others_go_on(stand: Stand) -> None:
    in_one_minute()
    shop = stand.shop(ROW)
    limited = shop.with_key(per_minute_max=1)
    fields = {"service": 1, "link": "a", "quantity": 10}
    assert 429 in [limited.ask("add", **fields).status for _ in range(3)]
    with stand.still():
        for action in ("add", "balance", "nonsense"):
            assert limited.ask(action, **fields).status == 429
    assert shop.ask("balance").status == 200
    assert shop.order(**fields) > 0
    assert shop.with_key(per_minute_max=1).ask("balance").status == 200


def test_a_key_that_nobody_has_is_not_counted(stand: Stand, carol: Reseller) -> None:
    for _ in range(30):
        reply = carol.ask("balance", key="nobody")
        assert (reply.status, "ratelimit" in reply.headers) == (200, False)


def test_the_limit_counts_requests_of_both_kinds_together(stand: Stand) -> None:
    in_one_minute()
    limited = stand.shop(ROW).with_key(per_minute_max=6)
    order = limited.order(1, link="a", quantity=10)
    asked = [("status", {"order": order}), ("services", {}), ("cancel", {"orders": order}), ("nonsense", {})]
    statuses = [limited.ask(action, **fields).status for action, fields in asked * 3]
    assert statuses == [200] * statuses.count(200) + [429] * statuses.count(429)
    assert 5 <= statuses.count(200) <= 6
    body = form({"key": limited.key, "action": "balance"})
    assert limited.send("POST", f"{API}/", FORM, body=body).status == 429
