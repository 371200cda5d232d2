"""A service's rule about links: refused over the wire with the reason, nothing moved; posts, names, own rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog.actions import LinkNeeds, NewService, ServiceTerms, add_services, set_terms
from panelwright.catalog.link_actions import add_pattern, list_patterns, remove_pattern
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.orders import actions, quotes
from panelwright.orders.schedule_actions import record_post
from tests.support.asking import Door, Request
from tests.support.people import (
    COMMENTS,
    FOLLOWERS,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    children_of,
    everything,
    run_schedules,
    value,
    values,
)
from tests.support.statements import statements

CHANNEL, POST = "https://t.me/s/carol", "https://t.me/carol/12"
commits = pytest.mark.django_db(transaction=True)


def needs(owner: Owner, number: int, *, hosts: str = "telegram", kinds: str = "post", example: str = "") -> None:
    link = LinkNeeds([h for h in hosts.split(",") if h], [k for k in kinds.split(",") if k], example)
    with scope(panel=owner.panel):
        set_terms(panel_id=owner.panel_id, number=number, terms=ServiceTerms(link=link))


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


@commits
def test_a_channel_where_a_post_is_needed_is_a_bad_link(door: Door, carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    needs(alice, FOLLOWERS)
    asked: dict[str, Any] = {"service": FOLLOWERS, "quantity": 1000}
    before = everything()
    for link in (CHANNEL, "t.me/carol", "HTTPS://T.ME/Carol/", "@carol", "https://t.me/+AbCdEf", "https://t.me/"):
        answered = door.answer(Request(carol, "add", {**asked, "link": link}))
        assert (answered.status, answered.json) == (200, {"error": "Bad link"}), link
        assert answered.headers["x-error-code"] == "bad_link"
    assert everything() == before
    told = door.answer(Request(carol, "add", {**asked, "link": CHANNEL})).headers["x-error-detail"]
    assert told == (
        "Wrong kind of link. Needed: post. This one leads to: channel, group. Example: https://t.me/anna/12"
    )
    told = door.answer(Request(carol, "add", {**asked, "link": "https://vm.tiktok.com/ZM1"})).headers["x-error-detail"]
    assert told == (
        "This service does not take links to vm.tiktok.com, only to: Telegram. Example: https://t.me/anna/12"
    )
    for link in (POST, "https://t.me/c/1/2", "https://example.com/page", "carol", "https://bit.ly/3a"):
        assert "order" in door.ask(carol, "add", **asked, link=link), link
    # The other panel's service of the same number has no rule.
    assert "order" in door.ask(mallory, "add", **asked, link=CHANNEL)


@commits
def test_the_rule_and_the_panels_own_rows_hold_from_the_next_order_on(door: Door, carol: Buyer, alice: Owner) -> None:
    asked: dict[str, Any] = {"service": FOLLOWERS, "quantity": 1000}
    profile = "https://gallery.example/carol"
    assert "order" in door.ask(carol, "add", **asked, link=CHANNEL)
    needs(alice, FOLLOWERS, hosts="")
    assert door.ask(carol, "add", **asked, link=CHANNEL) == {"error": "Bad link"}
    assert "order" in door.ask(carol, "add", **asked, link=profile)
    with scope(panel=alice.panel):
        add_pattern(alice.panel_id, host="Gallery.Example", path="/art/*", kinds=["post"])
        add_pattern(alice.panel_id, host="gallery.example", path="/*", kinds=["profile"])
    assert door.ask(carol, "add", **asked, link=profile) == {"error": "Bad link"}
    assert "order" in door.ask(carol, "add", **asked, link="https://gallery.example/art/1")
    with scope(panel=alice.panel):
        add_pattern(alice.panel_id, host="gallery.example", path="/*/", kinds=["profile", "post"])
        assert [tuple(row) for row in list_patterns(alice.panel_id)] == [
            ("gallery.example", "/art/*", "post"),
            ("gallery.example", "/*", "post,profile"),
        ]
    assert "order" in door.ask(carol, "add", **asked, link=profile)
    needs(alice, FOLLOWERS, hosts="", kinds="")
    assert "order" in door.ask(carol, "add", **asked, link=CHANNEL)


def test_one_panels_rows_are_no_rows_of_another(carol: Buyer, mallory: Buyer, alice: Owner, rival: Owner) -> None:
    for owner in (alice, rival):
        needs(owner, FOLLOWERS, hosts="")
    with scope(panel=alice.panel):
        add_pattern(alice.panel_id, host="gallery.example", path="/*", kinds=["profile"])
    refused = carol.place(link="https://gallery.example/carol")
    assert isinstance(refused, Refusal) and (refused.code, refused.why) == ("bad_link", "link_kind")
    assert isinstance(mallory.place(link="https://gallery.example/carol"), int)
    with scope(panel=rival.panel):
        assert list_patterns(rival.panel_id) == []
        assert not remove_pattern(rival.panel_id, host="gallery.example", path="/*")
    with scope(panel=alice.panel):
        assert remove_pattern(alice.panel_id, host="gallery.example", path="/*")
    assert isinstance(carol.place(link="https://gallery.example/carol"), int)


def test_a_panel_has_so_many_rows_of_its_own(alice: Owner) -> None:
    with scope(panel=alice.panel):
        for number in range(limits.LINK_PATTERNS_MAX):
            add_pattern(alice.panel_id, host=f"a{number}.example", path="/*", kinds=["post"])
        version = value("SELECT blocks_version FROM panels_panel WHERE id = %s", alice.panel_id)
        with pytest.raises(ValueError, match="at most 200"):
            add_pattern(alice.panel_id, host="b.example", path="/*", kinds=["post"])
        assert value("SELECT blocks_version FROM panels_panel WHERE id = %s", alice.panel_id) == version
        add_pattern(alice.panel_id, host="a7.example", path="/*", kinds=["video"])
        assert len(list_patterns(alice.panel_id)) == limits.LINK_PATTERNS_MAX
        for host, path, kinds in (("a", "/", "post"), ("a.example", "x", "post"), ("a.example", "/x", "photos")):
            with pytest.raises(ValueError, match=r"host|path|kind"):
                add_pattern(alice.panel_id, host=host, path=path, kinds=[kinds])


def test_a_quote_refuses_as_the_order_does(carol: Buyer, alice: Owner) -> None:
    needs(alice, FOLLOWERS, example="https://t.me/acme/7")
    priced = quotes.quote([carol.command(link=CHANNEL), carol.command(link=POST)])
    refused, good = priced.lines
    assert isinstance(refused, Refusal) and isinstance(good, quotes.Quote)
    assert dict(refused.facts) == {"found": "channel,group", "wanted": "post", "example": "https://t.me/acme/7"}


def test_the_name_of_somebody_is_held_against_the_hosts(carol: Buyer, alice: Owner) -> None:
    with scope(panel=alice.panel):
        add_services(
            alice.panel_id,
            [
                NewService(
                    number=50,
                    category="More",
                    name="Comment likes",
                    type="Comment Likes",
                    rate_micros=10**6,
                    max=10_000,
                    link=LinkNeeds(["instagram"], ["post"]),
                )
            ],
        )
    asked: dict[str, Any] = {"service": 50, "quantity": 100, "link": "https://www.instagram.com/p/C1a2B3/"}
    for name in ("carol", "@carol", "https://www.instagram.com/carol"):
        assert isinstance(carol.place(**asked, username=name), int), name
    for name, why in (("https://x.com/carol", "link_host"), ("https://www.instagram.com/p/C1a2/", "link_kind")):
        refused = carol.place(**asked, username=name)
        assert isinstance(refused, Refusal)
        assert (refused.code, refused.field, refused.why) == ("bad_field", "username", why)


def test_comments_are_never_held_against_a_rule(carol: Buyer, alice: Owner) -> None:
    needs(alice, COMMENTS, hosts="instagram", kinds="post")
    placed = carol.place(service=COMMENTS, link="https://www.instagram.com/p/C1/", comments=f"see {CHANNEL}\n@carol")
    assert isinstance(placed, int)


def test_a_post_that_is_none_is_never_ordered_for(carol: Buyer, alice: Owner, time: Time) -> None:
    placed = carol.order(service=SUBSCRIPTION, username="carol", min=100, max=100, delay=0)
    needs(alice, SUBSCRIPTION)
    with scope(panel=alice.panel):
        for link in (CHANNEL, POST, "https://example.com/p/1"):
            assert record_post(panel_id=alice.panel_id, subscription_id=placed, link=link)
    before = carol.balance()
    time.passes(minutes=1)
    run_schedules()
    run_schedules()
    assert [child.link for child in children_of(placed)] == [POST, "https://example.com/p/1"]
    assert carol.balance() != before
    told = values("SELECT subject_id, facts FROM events_event WHERE name = 'subscription.post_refused'")
    assert len(told) == 1 and told[0][0] == placed
    facts = json.loads(told[0][1]) if isinstance(told[0][1], str) else told[0][1]
    assert facts == {
        "customer": carol.customer_id,
        "post": value("SELECT id FROM orders_post WHERE link = %s", CHANNEL),
        "link": CHANNEL,
        "why": "link_kind",
        "found": "channel,group",
        "wanted": "post",
    }
    assert value("SELECT COUNT(*) FROM orders_post WHERE order_id IS NULL AND due_at IS NULL") == 1


def test_a_subscription_to_a_link_of_another_site_is_refused(carol: Buyer, alice: Owner) -> None:
    needs(alice, SUBSCRIPTION, hosts="instagram")
    asked: dict[str, Any] = {"service": SUBSCRIPTION, "min": 100, "max": 100, "delay": 0}
    refused = carol.place(**asked, username="https://t.me/carol")
    assert isinstance(refused, Refusal) and (refused.field, refused.why) == ("username", "link_host")
    assert isinstance(carol.place(**asked, username="carol"), int)


def test_a_batch_asks_for_a_panels_rows_once_and_never_without_a_rule(carol: Buyer, alice: Owner) -> None:
    def asked_for(link: str) -> int:
        with statements() as ran:
            actions.place_orders([carol.command(link=link), carol.command(link=f"{link}0")])
        return sum("catalog_linkpattern" in text for text in ran.texts)

    assert asked_for(POST) == 0
    needs(alice, FOLLOWERS)
    with scope(panel=alice.panel):
        add_pattern(alice.panel_id, host="gallery.example", path="/*", kinds=["post"])
    assert asked_for(f"{POST}1") == 1
    assert asked_for(f"{POST}2") == 0


def test_what_cannot_be_a_rule_changes_nothing(alice: Owner) -> None:
    before = everything()
    for link, said in [
        (LinkNeeds(["nowhere"]), "Not a host and not a known site"),
        (LinkNeeds([], ["posts"]), "Not a kind of link"),
        (LinkNeeds(["telegram"], ["post"], CHANNEL), "would itself be refused"),
        (LinkNeeds(["telegram"], ["post"], "https://www.tiktok.com/@carol"), "would itself be refused"),
        (LinkNeeds(example="x" * 301), "at most 300"),
        (LinkNeeds(example="two words"), "one link"),
    ]:
        with scope(panel=alice.panel), pytest.raises(ValueError, match=said):
            set_terms(panel_id=alice.panel_id, number=FOLLOWERS, terms=ServiceTerms(step=10, link=link))
    assert everything() == before


def test_a_change_of_the_rule_is_told_once(alice: Owner) -> None:
    version = value("SELECT catalog_version FROM panels_panel WHERE id = %s", alice.panel_id)
    for _ in range(2):
        needs(alice, FOLLOWERS, kinds="video,post")
    assert value("SELECT catalog_version FROM panels_panel WHERE id = %s", alice.panel_id) == version + 1
    (row,) = values("SELECT facts FROM events_event WHERE name = 'service.links_changed'")
    facts = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    assert facts["service"] == FOLLOWERS
    assert facts["new"] == {"link_hosts": "telegram", "link_kinds": "post,video", "link_example": ""}
