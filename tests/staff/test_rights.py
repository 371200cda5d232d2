"""Each role and each kind of key against each staff action and each address, derived from the declarations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import everything
from tests.support.story import Story

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

# To write to customers is part of support.
_WRITES = ("customer.mail", "customer.open_ticket", "customer.add_note")
# What each role may do, by the actions' names; `*` stands for anything. Written down here a second time, on purpose.
# Whoever is staff may try to stop bulk work; what it does to each object says who may.
ANYBODY = ("bulk.*", "change.*", "view.*")
_MONEY = ("customer.credit", "customer.debit", "customer.set_credit_limit")
_AFFILIATES = ("partner.*", "commission.*", "payout.*")
MAY: dict[str, tuple[str, ...]] = {
    "owner": ("*",),
    "manager": ("*",),
    "orders": ("order.*", "cancel.*", "refill.*", "ticket.*", "saved_reply.*", "post.*", *_WRITES),
    "support": ("ticket.*", "saved_reply.*", "order.note", *_WRITES),
    "finance": (*_MONEY, "payment.*", "voucher.*", "coupon.*", "payment_block.*", *_AFFILIATES),
    "read_only": (),
    "custom": (),
}
NOT: dict[str, tuple[str, ...]] = {
    "manager": ("staff.*", "staff_key.*", "panel.set_staff_factor"),
}
_ALL = {"orders", "customers", "services", "providers", "tickets", "content", "settings", "staff", "payments"}
READS = {
    "owner": _ALL,
    "manager": _ALL - {"staff"},
    "orders": {"orders", "customers", "tickets"},
    "support": {"orders", "customers", "tickets"},
    "finance": {"orders", "customers", "payments"},
    "read_only": {"orders", "customers"},
    "custom": set(),
}
# What is read at each address, by the first word of it.
_PAID = {"payments", "receipts", "vouchers", "coupons"}
_PROMOTED = {"partners", "referrals", "commissions", "payouts", "trials"}
READ_AT = {
    "orders": {"queue", "problems", "orders", "refills", "cancels", "work", "dripfeeds", "subscriptions", "refunds"},
    "customers": {"customers", "price_lists", "api_keys"},
    "services": {"services", "routes", "held", "link_patterns", "categories"},
    "providers": {"providers", "exchange_rates", "post_sources"},
    "tickets": {"tickets", "saved_replies"},
    "content": {"pages", "announcements"},
    "settings": {"panel", "blocks", "domains", "payment_methods", "notices", "webhooks"},
    "payments": {*_PAID, *_PROMOTED, "payment_blocks"},
    "staff": {"staff", "staff_keys", "trail"},
    # Of what their other rights let them read.
    "anybody": {"bulk", "bulk_misses"},
}


def may(role: str, name: str) -> bool:
    allowed = any(fnmatch(name, pattern) for pattern in (*MAY[role], *ANYBODY))
    return allowed and not any(fnmatch(name, pattern) for pattern in NOT.get(role, ()))


@pytest.fixture
def client(story: Story) -> Iterator[Client]:
    from django.test import Client

    yield Client(HTTP_HOST=story.alice.host)


def key_of(story: Story, role: str, **how: Any) -> str:
    from django_scopes import scope

    from panelwright.customers.actions import create_staff, create_staff_key
    from panelwright.staff.rights import Role

    with scope(panel=story.alice.panel):
        staff = create_staff(
            panel_id=story.alice.panel_id,
            email=f"{role}@staff.example",
            password="long enough",
            role=Role(role),
            single_rights=how.pop("single_rights", ()),
        )
        return create_staff_key(staff=staff, **how)[1]


def posts() -> list[tuple[str, str, str]]:
    """Each action with an address that does it, and its verb there."""
    from panelwright.api import staff_bulk
    from panelwright.api.staff_urls import ALIASES
    from panelwright.staff import registry

    found = []
    for name, action in registry.actions().items():
        if action.for_operators or action.person:
            continue
        found.append((name, action.noun.plural, action.verb))
        if action.on_target:
            found.append((name, f"{action.noun.plural}/1", action.verb))
    for plural, (noun, verbs) in ALIASES.items():
        found += [(f"{noun}.{means}", f"{plural}/1", verb) for verb, means in verbs.items()]
    for where, _of, by_verb in staff_bulk.places():
        found += [(action.name, where, verb) for verb, action in by_verb.items()]
    return found


def reads() -> list[tuple[str, str]]:
    """Each address that is read, with what is read there; of objects one that there is not."""
    from panelwright.api.staff_readings import READINGS

    groups = {word: group for group, words in READ_AT.items() for word in words}
    return [(groups[one.path.partition("/")[0]], re.sub("<.*?>", "999999", one.path)) for one in READINGS]


def tried(client: Client, key: str, where: str, verb: str) -> tuple[int, str]:
    answer = client.post(
        f"/api/staff/v1/{where}",
        json.dumps({"action": verb, "nonsense": 1}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("role", MAY)
def test_a_role_does_what_it_may_and_nothing_else(role: str, story: Story, client: Client) -> None:
    from panelwright.staff import registry

    key = key_of(story, role)
    before = everything()
    for name, where, verb in posts():
        status, code = tried(client, key, where, verb)
        if may(role, name):
            # Let through, and stopped by what the request says.
            assert code in {"unknown_field", "missing_field"}, (role, name, where, code)
        else:
            assert (status, code) in {(403, "not_allowed"), (400, "missing_field")}, (role, name, where, status, code)
            if "/" in where or not registry.actions()[name].on_target:
                assert (status, code) == (403, "not_allowed"), (role, name, where)
    assert len(reads()) > 40
    for what, where in reads():
        answer = client.get(f"/api/staff/v1/{where}", headers={"Authorization": f"Bearer {key}"})
        found = 404 if where.endswith("999999") else 200
        assert answer.status_code == (found if what in READS[role] | {"anybody"} else 403), (role, where)
    assert everything() == before


def test_a_key_may_no_more_than_it_was_given_and_than_its_owner(story: Story, client: Client) -> None:
    from django_scopes import scope

    from panelwright.customers.models import Staff

    narrow = key_of(story, "owner", key_rights=["support"])
    wide = key_of(story, "support", key_rights=["support", "content", "settings"])
    single = key_of(story, "custom", single_rights=["content"])
    for key, allowed in (
        (narrow, {"ticket", "saved_reply"}),
        (wide, {"ticket", "saved_reply"}),
        (single, {"page", "announcement"}),
    ):
        for name, where, verb in posts():
            if "/" in where:
                refused = tried(client, key, where, verb)[1] == "not_allowed"
                # Who answers tickets may leave a note about an order, too.
                writes = name in {*_WRITES, "order.note"} and "ticket" in allowed
                # Who writes to everybody may do it to customers.
                # Of many, whom to choose them from needs its own right.
                one = where.rpartition("/")[2] != "bulk"
                writes |= name == "customer.broadcast" and one and "announcement" in allowed
                anybody = allowed | {"bulk", "change", "view"}
                assert refused == (name.partition(".")[0] not in anybody and not writes), (name, where)
    with scope(panel=story.alice.panel):
        Staff.objects.filter(user__email="owner@staff.example").update(role="read_only")
    assert tried(client, narrow, "tickets/1", "close") == (403, "not_allowed")


def test_other_keys_do_nothing_at_all(story: Story, client: Client) -> None:
    from django_scopes import scope

    from panelwright.customers.actions import create_staff_key, revoke_staff_key

    with scope(panel=story.rival.panel):
        foreign = create_staff_key(staff=story.rival.staff)[1]
    with scope(panel=story.alice.panel):
        row, revoked = create_staff_key(staff=story.alice.staff)
        revoke_staff_key(panel_id=story.alice.panel_id, key_id=row.id)
    before = everything()
    for key in (foreign, revoked, story.carol.key, story.mallory.key, "x" * 40, ""):
        for _, where, verb in posts():
            assert tried(client, key, where, verb) == (401, "bad_staff_key"), where
        for _, where in reads():
            answer = client.get(f"/api/staff/v1/{where}", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 401
    assert everything() == before


def test_keys_of_before_may_do_what_they_could(story: Story) -> None:
    """What the migration gives them is what the staff API offered then."""
    from importlib import import_module

    from panelwright.staff import registry, rights

    before = import_module("panelwright.customers.migrations.0005_staff_rights")._BEFORE
    given = rights.of("", before)
    # Beside them "post": whoever may work on orders may report posts, too; "customer": who answers tickets may write.
    offered = {"order", "cancel", "refill", "ticket", "saved_reply", "page", "announcement", "post", "customer"}
    assert {a.noun.name for a in registry.actions().values() if a.right in given} == offered
    assert given == rights.of("orders", ["content"])


def test_who_is_logged_in_acts_with_the_rights_of_role_and_single_ones(story: Story) -> None:
    from panelwright.customers.access import staff_actor
    from panelwright.staff import rights
    from panelwright.staff.rights import Right

    story.bob.role, story.bob.rights = "support", ["content", "of an older version"]
    actor = staff_actor(story.bob, address="203.0.113.9")
    assert (actor.kind.value, actor.id, actor.name) == ("staff", story.bob.id, "bob@shop.example")
    assert actor.rights == {*rights.RIGHTS_OF[rights.Role.SUPPORT], Right.CONTENT}
    assert rights.of("nobody knows this role", ()) == frozenset()


def test_nobody_gives_what_they_do_not_have(story: Story) -> None:
    from django_scopes import scope

    from panelwright.core.refusal import Refusal
    from panelwright.staff import registry, rights
    from panelwright.staff.actions import perform
    from panelwright.staff.actor import Actor, ActorKind
    from panelwright.staff.rights import Right

    clerk = Actor(ActorKind.STAFF, 0, "clerk", "", rights.of("support", [Right.STAFF]))
    given = {"email": "eve@shop.example", "password": "long enough", "role": "manager"}
    owner = {"role": "custom"}
    before = everything()
    with scope(panel=story.alice.panel):
        for name, target, fields in (
            ("staff.add", None, given),
            ("staff.set", story.bob.id, {"rights": ["prices"]}),
            ("staff.set", story.alice.staff.id, owner),
            ("staff_key.add", None, {"staff": "alice@shop.example"}),
        ):
            action = registry.actions()[name]
            done = perform(action, actor=clerk, panel_id=story.alice.panel_id, target=target, given=fields)
            assert isinstance(done, Refusal) and done.code == "right_not_yours", (name, done)
        allowed = registry.actions()["staff.add"]
        made = perform(allowed, actor=clerk, panel_id=story.alice.panel_id, given={**given, "role": "support"})
        assert not isinstance(made, Refusal)
    assert everything() == before
