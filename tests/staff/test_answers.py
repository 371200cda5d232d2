"""Who may do something to an object is not told what of it they may not read, whichever action it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.support.people import execute
from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from tests.support.rounds import Rounds

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answer_has_the_object_only_for_who_may_read_it(
    story: Story, worker: Rounds, upstream: ScriptedUpstream
) -> None:
    from django.test import Client

    from panelwright.customers.actions import create_staff, create_staff_key
    from panelwright.staff import registry
    from panelwright.staff.lists import all_lists
    from panelwright.staff.rights import Role
    from tests.staff.cases import CASES, World, secrets_of

    world = World(story, worker, upstream)
    client = Client(HTTP_HOST=story.alice.host)
    rights_of = {one.noun: one.right for one in all_lists().values()}
    keys: dict[str, str] = {}
    tried = 0
    for name, action in registry.actions().items():
        needed = rights_of.get(action.noun.name)
        if action.for_operators or action.person or action.right is None or needed in {None, action.right}:
            continue
        single = [action.right.value]
        if name == "api_key.add":
            single.append("customers.money")
        with scope(panel=story.alice.panel):
            if name not in keys:
                email = f"{name.replace('.', '-').replace('_', '-')}@staff.example"
                staff = create_staff(
                    panel_id=story.alice.panel_id,
                    email=email,
                    password="long enough",
                    role=Role.CUSTOM,
                    single_rights=single,
                )
                keys[name] = create_staff_key(staff=staff)[1]
        case = CASES[name](world)
        where = action.noun.plural + (f"/{case.called}" if action.on_target else "")
        body: dict[str, Any] = {"action": action.verb, **case.given, **secrets_of(name)}
        answer = client.post(
            f"/api/staff/v1/{where}",
            json.dumps(body, default=str),
            content_type="application/json",
            headers={"Authorization": f"Bearer {keys[name]}"},
        )
        assert answer.status_code == 200, (name, answer.json())
        assert set(answer.json()) <= set(action.shown), (name, answer.json())
        assert story.carol.customer.user.email not in answer.content.decode(), name
        tried += 1
        execute("DELETE FROM customers_attempts")
    assert tried > 30


def test_a_page_names_nobody_who_may_not_be_read_of(story: Story) -> None:
    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser

    for single, told in ((["content"], False), (["content", "customers.read"], True)):
        with scope(panel=story.alice.panel):
            staff = create_staff(
                panel_id=story.alice.panel_id,
                email=f"writes{len(single)}@staff.example",
                password="long enough",
                role=Role.CUSTOM,
                single_rights=single,
            )
        page = Browser(story.alice, staff.user).get(f"/admin/customers/{story.carol.number}/broadcast")
        assert (story.carol.customer.user.email in page) is told
