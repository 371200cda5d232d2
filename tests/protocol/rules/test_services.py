"""PROTOCOL.md section 2, `services` and `balance`: the caller's own list, to the byte."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.wire import API, FORM, form

ROW: dict[str, Any] = {
    "number": 1,
    "category": "Second Category",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 900_000,
    "min": 50,
    "max": 10_000,
}
CATALOGUE = [
    ROW | {"number": 30, "category": "First Category", "name": "Followers", "refill": True, "cancel": True},
    ROW | {"number": 7, "drip_feed": True},
    ROW | {"number": 2, "name": "Starter", "type": "Package", "rate_micros": 2_500_001, "min": 1, "max": 1},
    ROW | {"number": 9, "category": "First Category", "name": "Posts", "type": "Subscriptions", "cancel": True},
]


def numbers(who: Reseller) -> list[int]:
    return [row["service"] for row in who.says("services")]


def listing(who: Reseller, *headers: str, method: str = "GET") -> Any:
    return who.send(method, f"{API}?key={who.key}&action=services", *headers)


# ---- the list --------------------------------------------------------------------------------------


def test_the_list_byte_for_byte(stand: Stand) -> None:
    """Categories in their order, services within them; keys in the documented order, `dripfeed` behind."""
    assert stand.shop(*CATALOGUE).ask("services").body == (
        b'[{"service":30,"name":"Followers","type":"Default","category":"First Category","rate":"0.90","min":"50",'
        b'"max":"10000","refill":true,"cancel":true,"dripfeed":false},'
        b'{"service":9,"name":"Posts","type":"Subscriptions","category":"First Category","rate":"0.90","min":"50",'
        b'"max":"10000","refill":false,"cancel":true,"dripfeed":false},'
        b'{"service":7,"name":"Likes","type":"Default","category":"Second Category","rate":"0.90","min":"50",'
        b'"max":"10000","refill":false,"cancel":false,"dripfeed":true},'
        b'{"service":2,"name":"Starter","type":"Package","category":"Second Category","rate":"2.500001","min":"1",'
        b'"max":"1","refill":false,"cancel":false,"dripfeed":false}]'
    )


def test_an_empty_list(stand: Stand) -> None:
    assert stand.shop().ask("services").body == b"[]"


RATES = {
    1: "0.000001",
    10: "0.00001",
    123_456: "0.123456",
    100_000: "0.10",
    120_000: "0.12",
    123_000: "0.123",
    900_000: "0.90",
    1_000_000: "1.00",
    1_000_001: "1.000001",
    1_234_500: "1.2345",
    99_999_999_999: "99999.999999",
    10**12: "1000000.00",
    0: "0.00",
}


def test_rates_have_two_to_six_digits_and_no_exponent(stand: Stand) -> None:
    rows = [ROW | {"number": n, "rate_micros": micros} for n, micros in enumerate(RATES, 1)]
    assert [row["rate"] for row in stand.shop(*rows).says("services")] == list(RATES.values())


def test_the_types_are_the_17_words(stand: Stand, carol: Reseller) -> None:
    assert {row["type"] for row in carol.says("services")} == {
        *("Default", "Package", "SEO", "Custom Comments", "Mentions with Hashtags", "Mentions Custom List"),
        *("Mentions Hashtag", "Mentions User Followers", "Mentions Media Likers", "Subscriptions"),
        *("Custom Comments Package", "Comment Likes", "Poll", "Comment Replies", "Invites from Groups"),
        *("Mentions", "Web Traffic"),
    }


# ---- the caller's own ------------------------------------------------------------------------------


def price_list(shop: Reseller, *, percent_off_e2: int = 0, rates: dict[str, int] | None = None) -> Reseller:
    """Another customer of the shop, with prices of her own."""
    stand = shop.stand
    made = stand.inside.new_price_list(panel_id=shop.panel_id, percent_off_e2=percent_off_e2, rates=rates or {})
    return stand.customer(panel_id=shop.panel_id, host=shop.host, price_list_id=made)


def test_the_listed_rate_is_the_charged_rate(stand: Stand) -> None:
    """With a discount rounded up to the micro, and with a rate of one's own instead of the discount."""
    shop = stand.shop(ROW | {"rate_micros": 1_234_567}, ROW | {"number": 2}, ROW | {"number": 3, "rate_micros": 1})
    special = price_list(shop, percent_off_e2=1_250, rates={"2": 333_333})
    assert [row["rate"] for row in shop.says("services")] == ["1.234567", "0.90", "0.000001"]
    assert [row["rate"] for row in special.says("services")] == ["1.080247", "0.333333", "0.000001"]
    for who in (shop, special):
        for row in who.says("services"):
            with who.spends(Decimal(row["rate"])):
                order = who.order(row["service"], link=new_link(), quantity=1000)
            assert who.status(order)["charge"] == row["rate"]


def test_a_private_service_is_for_those_who_have_a_rate_for_it(stand: Stand) -> None:
    shop = stand.shop(ROW, ROW | {"number": 2, "private": True})
    other, special = price_list(shop, percent_off_e2=500), price_list(shop, rates={"2": 800_000})
    fields = {"service": 2, "link": "a", "quantity": 1000}
    for who in (shop, other):
        assert numbers(who) == [1]
        assert who.refused("add", **fields) == "Incorrect service ID"
    assert numbers(special) == [1, 2]
    with special.spends("0.80"):
        special.order(**fields)


def test_a_service_that_is_switched_off(stand: Stand) -> None:
    shop = stand.shop(ROW, ROW | {"number": 2})
    fields = {"service": 2, "link": "a", "quantity": 50}
    order = shop.order(**fields)
    stand.inside.set_enabled(panel_id=shop.panel_id, number=2, enabled=False)
    assert numbers(shop) == [1]
    assert shop.refused("add", **fields) == "Incorrect service ID"
    assert shop.status(order)["status"] == "Pending"  # what was placed goes on
    stand.inside.set_enabled(panel_id=shop.panel_id, number=2, enabled=True)
    assert numbers(shop) == [1, 2]
    shop.order(**fields)


def test_a_new_rate_counts_from_the_next_request_on(stand: Stand) -> None:
    shop = stand.shop(ROW)
    fields = {"service": 1, "link": "a", "quantity": 1000}
    before = shop.order(**fields)
    stand.inside.set_rate(panel_id=shop.panel_id, number=1, rate_micros=1_100_000)
    assert shop.says("services")[0]["rate"] == "1.10"
    with shop.spends("1.10"):
        after = shop.order(**fields)
    assert [shop.status(order)["charge"] for order in (before, after)] == ["0.90", "1.10"]


def test_services_of_another_panel_with_the_same_number(stand: Stand) -> None:
    shop, other = stand.shop(ROW), stand.shop(ROW | {"name": "Other", "rate_micros": 5_000_000}, currency="EUR")
    assert [(row["name"], row["rate"]) for who in (shop, other) for row in who.says("services")] == [
        ("Likes", "0.90"),
        ("Other", "5.00"),
    ]
    with other.spends("5.00"):
        order = other.order(1, link="a", quantity=1000)
    assert other.status(order)["currency"] == "EUR"


@pytest.mark.parametrize("service", ["", "0", "-1", "2", "1.0", "1x", "x", "１", "1e0", str(10**30), "9" * 5000, "1,2"])
def test_there_is_no_such_service(stand: Stand, service: str) -> None:
    shop = stand.shop(ROW)
    assert shop.refused("add", service=service, link="a", quantity=50) == "Incorrect service ID"
    assert shop.refused("add", link="a", quantity=50) == "Incorrect service ID"


# ---- sent once -------------------------------------------------------------------------------------


def test_a_list_that_the_client_has_is_not_sent_again(stand: Stand) -> None:
    shop = stand.shop(*CATALOGUE)
    first = listing(shop)
    etag = first.headers["etag"]
    assert etag[0] == etag[-1] == '"' and len(etag) > 10
    for said in (etag, f"W/{etag}", f'"other", {etag}'):
        again = listing(shop, f"If-None-Match: {said}")
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in again.headers
    for said in ('"other"', etag[:-2] + '"', ""):
        assert listing(shop, f"If-None-Match: {said}").body == first.body
    # Nothing of it is forgotten, and the connection goes on.
    assert listing(shop).body == first.body


def test_a_post_is_always_answered(stand: Stand) -> None:
    """304 is for GET; a POST with the header gets its list."""
    shop = stand.shop(*CATALOGUE)
    etag = listing(shop).headers["etag"]
    sent = form({"key": shop.key, "action": "services"})
    reply = shop.send("POST", API, FORM, f"If-None-Match: {etag}", body=sent)
    assert (reply.status, reply.headers["etag"], len(reply.value)) == (200, etag, 4)


def test_another_list_has_another_etag(stand: Stand) -> None:
    shop = stand.shop(ROW, ROW | {"number": 2})
    special = price_list(shop, percent_off_e2=1)
    tags = [listing(shop).headers["etag"], listing(special).headers["etag"]]
    stand.inside.set_rate(panel_id=shop.panel_id, number=1, rate_micros=900_001)
    tags.append(listing(shop, f"If-None-Match: {tags[0]}").headers["etag"])
    stand.inside.set_enabled(panel_id=shop.panel_id, number=2, enabled=False)
    tags.append(listing(shop, f"If-None-Match: {tags[2]}").headers["etag"])
    assert len(set(tags)) == 4
    # The same list has the same tag again.
    stand.inside.set_enabled(panel_id=shop.panel_id, number=2, enabled=True)
    assert listing(shop, f"If-None-Match: {tags[2]}").status == 304


def test_somebody_elses_etag_is_no_key(stand: Stand, carol: Reseller) -> None:
    etag = listing(carol).headers["etag"]
    reply = carol.send("GET", f"{API}?key=nobody&action=services", f"If-None-Match: {etag}")
    assert reply.body == b'{"error":"Invalid API key"}'


# ---- compressed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepts", ["gzip", "deflate, gzip", "gzip, compress, deflate, br", "br;q=1.0, gzip;q=0.8"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_compressed_for_those_who_take_it(carol: Reseller, accepts: str, method: str) -> None:
    plain = listing(carol)
    small = listing(carol, f"Accept-Encoding: {accepts}", method=method)
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 4
    assert b"\r\nContent-Type: application/json\r\n" in small.head + b"\r\n"
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "accepts", [None, "", "identity", "deflate, br", "gzip;q=0", "identity, gzip; q=0.0, br", "*;q=0"]
)
def test_plain_for_those_who_do_not(carol: Reseller, accepts: str | None) -> None:
    headers = [] if accepts is None else [f"Accept-Encoding: {accepts}"]
    reply = listing(carol, *headers)
    assert "content-encoding" not in reply.headers
    assert len(reply.value) == len(json.loads(reply.body)) == 40


# ---- balance ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "text"),
    [
        ("100.84292", "100.84292"),
        ("0", "0.00"),
        ("0.000001", "0.000001"),
        ("0.10", "0.10"),
        ("7", "7.00"),
        ("0.99999", "0.99999"),
        ("1234567890.123400", "1234567890.1234"),
        ("999999999.999999", "999999999.999999"),
    ],
)
def test_balance_is_exact(stand: Stand, balance: str, text: str) -> None:
    for currency in ("USD", "BRL"):
        shop = stand.shop(balance=balance, currency=currency)
        assert shop.ask("balance").body == f'{{"balance":"{text}","currency":"{currency}"}}'.encode()
