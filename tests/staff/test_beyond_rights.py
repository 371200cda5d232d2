"""What no right covers: another's address, another's key, another's name, what was typed by another."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from tests.support.people import values
from tests.support.story import Story


def actor(rights: str) -> Any:
    from panelwright.staff.actor import Actor, ActorKind
    from panelwright.staff.rights import Right

    return Actor(ActorKind.STAFF, 1, "bob@shop.example", "203.0.113.9", frozenset(map(Right, rights.split())))


def told(action: str, may: str, story: Story, target: int | None = None, /, **given: Any) -> str:
    """The refusal's code, or "" when it was done, of an action by somebody with these rights."""
    from panelwright.core.refusal import Refusal
    from panelwright.staff import registry
    from panelwright.staff.actions import perform

    panel_id = story.alice.panel_id
    with scope(panel=story.alice.panel):
        who = actor(may)
        result = perform(registry.actions()[action], actor=who, panel_id=panel_id, target=target, given=given)
    return result.code if isinstance(result, Refusal) else ""


def test_no_panel_takes_the_address_of_another(story: Story) -> None:
    for port in (0, 80, 8000):
        assert told("domain.add", "settings", story, host=story.rival.host, port=port) == "host_taken"
    # Nor one that nobody has yet: until its operator confirms it, no panel answers there.
    assert told("domain.add", "settings", story, host="free.example") == ""
    rows = values("SELECT confirmed, id FROM panels_domain WHERE host = 'free.example'")
    assert [bool(confirmed) for confirmed, _id in rows] == [False]
    assert told("domain.confirm", "settings", story, rows[0][1]) == "not_allowed"


def test_a_providers_key_goes_to_the_host_that_it_was_given_for_alone(story: Story) -> None:
    from panelwright.providers.models import Provider

    provider = story.alice.provider("https://upstream.example/api/v2")
    change = {"url": "https://elsewhere.example/api/v2"}
    assert told("provider.set", "providers", story, provider.id, **change) == "missing_field"
    assert (
        told("provider.set", "providers", story, provider.id, url="http://upstream.example/api/v2") == "missing_field"
    )
    assert told("provider.set", "providers", story, provider.id, url="https://upstream.example/v3") == ""
    assert told("provider.set", "providers", story, provider.id, **change, key="another key") == ""
    with scope(panel=story.alice.panel):
        assert Provider.objects.get(id=provider.id).url == change["url"]


def test_nobody_makes_or_ends_keys_in_the_name_of_those_who_may_more(story: Story) -> None:
    from panelwright.customers.actions import create_staff_key
    from panelwright.customers.models import StaffKey

    with scope(panel=story.alice.panel):
        owners = create_staff_key(staff=story.alice.staff)[0].id
        email = story.alice.staff.user.email
        before = StaffKey.objects.count()
    mine = "staff orders.refund"
    assert told("staff_key.add", mine, story, staff=email, rights=["orders.refund"]) == "right_not_yours"
    assert told("staff_key.revoke", mine, story, owners) == "right_not_yours"
    with scope(panel=story.alice.panel):
        assert StaffKey.objects.count() == before
        assert StaffKey.objects.get(id=owners).revoked_at is None


@pytest.mark.parametrize(("rights", "code"), [("customers.act", "not_allowed"), ("customers.act customers.money", "")])
def test_a_key_that_spends_a_customers_balance_needs_the_right_to_her_money(
    rights: str, code: str, story: Story
) -> None:
    email = story.carol.customer.user.email
    assert told("api_key.add", rights, story, customer=email, name="new") == code
    assert told("api_key.add", rights, story, customer=email, name="reads", can_order=False) == ""


def test_who_may_no_longer_log_in_is_logged_out_for_good(story: Story) -> None:
    from panelwright.customers.models import Session
    from panelwright.staff.rights import Right
    from panelwright.storefront.tests.browsing import Browser

    browser = Browser(story.alice, story.bob.user)
    browser.get("/account")
    everything = " ".join(right.value for right in Right)
    assert told("staff.set", everything, story, story.bob.id, active=False) == ""
    assert told("staff.set", everything, story, story.bob.id, active=True) == ""
    with scope(panel=story.alice.panel):
        assert not Session.objects.filter(user=story.bob.user).exists()
    assert browser.answer("/account").status_code == 302


def test_a_price_below_zero_is_refused(story: Story) -> None:
    from panelwright.staff.rights import Right

    everything = " ".join(right.value for right in Right)
    said = told("customer.set_rate", everything, story, story.carol.number, service=1, rate="-1")
    assert said in {"price_below_zero", "bad_amount", "amount_below"}, said


def test_the_secrets_of_actions_are_never_kept_over_a_log_in() -> None:
    from panelwright.staff import registry
    from panelwright.ui.forms import SECRET

    names = {field.name for action in registry.actions().values() for field in action.fields if field.is_secret}
    assert names and names <= SECRET


def test_what_was_typed_before_a_log_in_is_shown_and_not_done(story: Story) -> None:
    from panelwright.customers.models import Staff
    from panelwright.storefront.tests.browsing import Browser

    browser = Browser(story.alice, story.alice.staff.user)
    answer = browser.post(f"/admin/staff/{story.bob.id}/set", role="owner", resume="1")
    assert answer.status_code == 200
    with scope(panel=story.alice.panel):
        assert Staff.objects.get(id=story.bob.id).role != "owner"


@pytest.mark.parametrize("list_", ["orders", "customers", "services", "trail"])
def test_an_export_needs_the_right_to_read_its_list(list_: str, story: Story) -> None:
    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import PASSWORD

    needed = {"orders": "orders.read", "customers": "customers.read", "services": "services", "trail": "staff"}[list_]
    for single, status in ((["exports"], 403), ([needed], 403), (["exports", needed], 200)):
        with scope(panel=story.alice.panel):
            staff = create_staff(
                panel_id=story.alice.panel_id,
                email=f"{len(single)}{single[0]}@staff.example",
                password=PASSWORD,
                role=Role("custom"),
                single_rights=single,
            )
        assert Browser(story.alice, staff.user).answer(f"/admin/{list_}.csv").status_code == status, single


def test_what_an_object_holds_has_a_name_in_the_trail() -> None:
    """The states' shapes name all that the trail can show."""
    from panelwright.backoffice import words
    from panelwright.staff import registry

    held = {name for noun in registry.nouns().values() for name in noun.shape.get("properties", {})}
    unnamed = {name for name in held - words.INTERNAL if not words.NAMES.get(name) and name not in words._labels()}
    assert held and not unnamed


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://u:p@h.example/feed?a=s3cr3t&b=", "https://h.example/feed?a=…&b=…"),
        ("https://h.example/feed?s3cr3t-token", "https://h.example/feed?…"),
        ("https://h.example/feed?s3cr3t&a=b#s3cr3t", "https://h.example/feed?…&a=…"),
        ("https://h.example/feed", "https://h.example/feed"),
        ("https://h.example/feeds/tXy7Zq93kLm.xml", "https://h.example/feeds/…"),
        ("https://h.example/0b2c9f4e-1a7d/rss", "https://h.example/…/rss"),
        ("https://h.example/rss/abcdefghijklmnopqrst", "https://h.example/rss/…"),
        ("https://h.example/aB-3_cD-4_eF-5_gH-6/x", "https://h.example/…/x"),
        ("https://h.example/t%4Bab12cd/", "https://h.example/…/"),
        ("https://h.example/api/v2", "https://h.example/api/v2"),
        (
            "https://h.example/user/some-long-name-of-a-blog/feed.xml",
            "https://h.example/user/some-long-name-of-a-blog/feed.xml",
        ),
        ("http://127.0.0.1:8000/2026/11/", "http://127.0.0.1:8000/2026/11/"),
    ],
)
def test_an_address_in_the_trail_keeps_nothing_that_may_be_a_secret(url: str, kept: str) -> None:
    """A query may be a token alone, without a name; a path may have one in it."""
    from panelwright.core.web_addresses import without_secrets

    assert without_secrets(url) == kept


def test_of_a_mapping_the_trail_keeps_what_differs() -> None:
    from panelwright.staff.trail import difference

    rates = {str(number): "0.90" for number in range(1, 400)}
    before = {"name": "Gold", "rates": rates, "list": [1]}
    assert difference(before, {**before, "rates": {**rates, "7": "0.80", "500": "1.00"}}) == (
        {"rates": {"7": "0.90"}},
        {"rates": {"7": "0.80", "500": "1.00"}},
    )
    assert difference(before, {**before, "rates": {}})[1] == {"rates": {}}
    assert difference({"rates": {}}, {"rates": {"7": "0.80"}}) == ({"rates": {}}, {"rates": {"7": "0.80"}})
    gone, nothing = difference(before, {})
    assert nothing == {} and len(gone["rates"]) == 101 and gone["rates"]["…"] == "(399 items)"


def test_a_feed_s_token_is_not_in_the_trail_of_its_adding(story: Story) -> None:
    token = "tXy7Zq93kLm"
    given = {"url": f"https://h.example/feeds/{token}.xml", "username": "someone"}
    assert told("post_source.add_feed", "providers", story, **given) == ""
    kept = str(values("SELECT given, before, after FROM staff_trailentry"))
    assert token not in kept and "https://h.example/feeds/" in kept


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("notice.add_telegram", {"token": "123456789:AAHfiqksKZ8WmR2zSJYM3tLLJLKeh-L6WuU", "chat": "-1001"}),
        ("notice.add_webhook", {"url": "https://hooks.example/notices"}),
        ("panel_webhook.add", {"url": "https://hooks.example/own"}),
    ],
)
def test_nobody_has_sent_elsewhere_what_they_may_not_read(action: str, given: dict[str, str], story: Story) -> None:
    from panelwright.events.webhook_rules import PANEL_NAMES
    from panelwright.notices.rules import RIGHT_FOR

    def right_for(name: str) -> str:
        return {"ticket": "support", "payment": "payments"}.get(name.partition(".")[0], "orders.read")

    needs: dict[str, str] = (
        {name: right_for(name) for name in PANEL_NAMES}
        if action.startswith("panel_webhook")
        else {kind.value: right.value for kind, right in RIGHT_FOR.items()}
    )
    field = "names" if action.startswith("panel_webhook") else "kinds"
    for name, right in needs.items():
        assert told(action, "settings", story, **given, **{field: [name]}) == "not_allowed", name
        assert told(action, f"settings {right}", story, **given, **{field: [name]}) in {
            "",
            "webhook_taken",
            "telegram_taken",
        }, name


def test_what_goes_to_an_address_is_led_elsewhere_by_who_may_read_it_alone(story: Story) -> None:
    names = ["order.completed", "ticket.opened"]
    may = "settings orders.read support"
    assert told("panel_webhook.add", may, story, url="https://hooks.example/own", names=names) == ""
    target = int(values("SELECT id FROM events_endpoint")[0][0])
    change = {"url": "https://elsewhere.example/own"}
    assert told("panel_webhook.set", "settings orders.read", story, target, **change) == "not_allowed"
    # What stands may stay, and be taken away.
    assert told("panel_webhook.set", "settings", story, target, names=names, description="ours") == ""
    assert told("panel_webhook.set", "settings", story, target, names=["ticket.opened"]) == ""
    assert told("panel_webhook.set", "settings", story, target, names=names) == "not_allowed"
    assert told("panel_webhook.set", may, story, target, names=names, **change) == ""


def test_another_bot_or_more_kinds_in_a_chat_need_the_right_to_read(story: Story) -> None:
    token = "123456789:AAHfiqksKZ8WmR2zSJYM3tLLJLKeh-L6WuU"
    may = "settings orders.read"
    assert told("notice.add_telegram", may, story, token=token, chat="-1001", kinds=["manual_order"]) == ""
    target = int(values("SELECT id FROM notices_noticechannel")[0][0])
    assert told("notice.set_token", "settings", story, target, token=token) == "not_allowed"
    assert told("notice.set_token", may, story, target, token=token) == ""
    assert told("notice.set", "settings", story, target, kinds=["manual_order"], every_min=9) == ""
    assert told("notice.set", "settings", story, target, kinds=["manual_order", "ticket_waits"]) == "not_allowed"
