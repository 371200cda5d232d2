"""What a service needs beyond its type: links of some kinds, and quantities in steps. Over the wire, both ways in."""

from __future__ import annotations

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link, refusal
from tests.protocol.rules.wire import API, Reply, form

# Of the preset `everything`: likes for posts of Instagram, story views in hundreds, video views of YouTube in hundreds.
LIKES, STORIES, VIDEOS = 6, 8, 13


def both_ways(carol: Reseller, **fields: object) -> list[Reply]:
    """The same order in a form, by the fast path, and in the query, through ASGI."""
    query = form({"key": carol.key, "action": "add", **fields}).decode()
    return [carol.ask("add", **fields), carol.send("GET", f"{API}?{query}", "TE: trailers")]


@pytest.mark.parametrize(
    ("service", "link", "detail"),
    [
        (
            LIKES,
            "https://www.instagram.com/carol",
            "Wrong kind of link. Needed: post. This one leads to: profile."
            " Example: https://www.instagram.com/p/C1a2B3c4D5e/",
        ),
        (
            LIKES,
            "@carol",
            "Wrong kind of link. Needed: post. This one leads to: a name, not a link."
            " Example: https://www.instagram.com/p/C1a2B3c4D5e/",
        ),
        (
            LIKES,
            "HTTPS://VM.TikTok.com/ZM1",
            "This service does not take links to vm.tiktok.com, only to: Instagram."
            " Example: https://www.instagram.com/p/C1a2B3c4D5e/",
        ),
        (
            VIDEOS,
            "youtube.com/@carol/videos",
            "Wrong kind of link. Needed: video. This one leads to: profile, channel."
            " Example: https://www.youtube.com/watch?v=a1B2c3D4e5F",
        ),
    ],
)
def test_a_link_to_something_else_is_a_bad_link(
    stand: Stand, carol: Reseller, service: int, link: str, detail: str
) -> None:
    with stand.still():
        for answer in both_ways(carol, service=service, link=link, quantity=100):
            assert refusal(answer) == "Bad link"
            assert answer.headers["x-error-code"] == "bad_link"
            assert answer.headers["x-error-detail"] == detail


@pytest.mark.parametrize(
    "link",
    [
        "https://www.instagram.com/p/C1a2B3c4D5e/?igsh=MzRlODBiNWFlZA==",
        "https://www.instagram.com/reel/C1a2B3c4D5e/",
        "https://www.instagram.com/share/BA1b2C3d4",
        "https://bit.ly/3AbCdEf",
        "https://shop.example/page",
        "C1a2B3c4D5e",
    ],
)
def test_a_post_or_what_nobody_knows_is_taken(carol: Reseller, link: str) -> None:
    carol.order(LIKES, link=link, quantity=10)


@pytest.mark.parametrize("service", [STORIES, VIDEOS])
def test_a_quantity_beside_the_step_is_incorrect(stand: Stand, carol: Reseller, service: int) -> None:
    with stand.still():
        for answer in both_ways(carol, service=service, link=new_link(), quantity=150):
            assert refusal(answer) == "Incorrect quantity"
            assert answer.headers["x-error-code"] == "bad_field"
            assert answer.headers["x-error-detail"] == "The quantity must be a multiple of 100."
    assert carol.refused("add", service=service, link=new_link(), quantity=50) == "Quantity less than minimal 100"
    carol.order(service, link=new_link(), quantity=200)


def test_of_a_drip_feed_each_run_is_a_multiple(carol: Reseller) -> None:
    drip = {"service": VIDEOS, "link": new_link(), "runs": 2, "interval": 10}
    assert carol.refused("add", **drip, quantity=150) == "Incorrect quantity"
    assert carol.says("status", order=carol.order(**drip, quantity=100))["remains"] == "200"


def test_a_dry_run_says_the_same(carol: Reseller) -> None:
    dry = {"service": VIDEOS, "dry_run": 1}
    assert carol.refused("add", **dry, link="youtube.com/@carol", quantity=100) == "Bad link"
    assert carol.refused("add", **dry, link=new_link(), quantity=150) == "Incorrect quantity"
    assert carol.says("add", **dry, link=new_link(), quantity=200) == {"charge": "0.375", "currency": "USD"}


def test_the_list_has_the_keys_that_it_always_had(carol: Reseller) -> None:
    rows = {row["service"]: row for row in carol.says("services")}
    assert list(rows[VIDEOS]) == list(rows[1])
    assert (rows[VIDEOS]["min"], rows[VIDEOS]["max"]) == ("100", "100000")
