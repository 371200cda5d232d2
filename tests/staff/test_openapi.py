"""The description that the staff API gives of itself: whole, valid, and true of what each action answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from panelwright.staff.action import Action
from tests.staff.described import described
from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from tests.support.rounds import Rounds

pytestmark = pytest.mark.django_db(transaction=True)


def schemas(node: Any) -> list[Any]:
    """Every schema in the description."""
    if isinstance(node, list):
        return [schema for item in node for schema in schemas(item)]
    if not isinstance(node, dict):
        return []
    own = [node["schema"]] if "schema" in node else []
    return own + [schema for item in node.values() for schema in schemas(item)]


def test_it_is_served_without_a_key_and_its_schemas_are_schemas(story: Story) -> None:
    from django.test import Client

    answer = Client(HTTP_HOST=story.alice.host).get("/api/staff/v1/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    told = answer.json()
    assert told["openapi"] == "3.1.0"
    found = schemas(told)
    assert len(found) > 100
    for schema in found:
        Draft202012Validator.check_schema(schema)


def test_it_has_each_action_with_its_right_and_its_fields(story: Story) -> None:
    from panelwright.api import openapi
    from panelwright.staff import registry

    paths = openapi.description()["paths"]
    for action in registry.actions().values():
        if action.for_operators:
            told = paths.get(f"/{action.noun.plural}", {}).get("post", {"x-rights": {}})
            assert action.verb not in told["x-rights"], "what operators alone may do is not for programs"
            continue
        if action.person:
            told = paths[f"/{action.noun.plural}/{{id}}"]["post"]
            assert action.verb not in told["x-rights"], "what a person does at a page is not for programs"
            continue
        where = f"/{action.noun.plural}/{{id}}" if action.on_target else f"/{action.noun.plural}"
        operation = paths[where]["post"]
        assert operation["x-rights"][action.verb] == ("" if action.right is None else action.right.value)
        bodies = operation["requestBody"]["content"]["application/json"]["schema"]
        (body,) = [
            body for body in bodies.get("anyOf", [bodies]) if body["properties"]["action"]["const"] == action.verb
        ]
        assert set(body["properties"]) == {"action", *(field.name for field in action.fields)}
        needed = {field.name for field in action.fields if field.required}
        assert set(body["required"]) == {"action", *needed}, action.name


# They are done to many objects and answer what was done to them all.
ABOUT_MANY = {"service.reprice", "voucher.make"}


def about(action: Action) -> set[str]:
    """The name under which the object of an action is answered, if one is."""
    noun = action.noun
    return set() if action.gone or action.name in ABOUT_MANY else {noun.answers_as or noun.name}


def _filled(world: Any) -> None:
    """Something in the lists that no action of the cases has filled."""
    from tests.staff.payment_cases import receipt, trial

    world.cancel_asked()
    world.carol.order(runs=3, interval=5, quantity=50, link="https://example.com/drip")
    world.do("link_pattern.add", host="gallery.example", path="/art/*", kinds=["photo"])
    receipt(world)
    assert trial(world)


def test_each_action_answers_as_described(story: Story, worker: Rounds, upstream: ScriptedUpstream) -> None:
    """And its body is one that the description foresees."""
    from django.test import Client
    from django_scopes import scope

    from panelwright.api import openapi
    from panelwright.api.staff_readings import READINGS
    from panelwright.customers.actions import create_staff_key
    from panelwright.staff import registry
    from tests.staff.cases import CASES, PLANTED, World, secrets_of
    from tests.staff.site import Answer

    world = World(story, worker, upstream)
    with scope(panel=story.alice.panel):
        key = create_staff_key(staff=story.alice.staff)[1]
    client = Client(HTTP_HOST=story.alice.host, headers={"Authorization": f"Bearer {key}"})
    paths = openapi.description()["paths"]
    for name, action in registry.actions().items():
        if action.for_operators or action.person:
            continue
        case = CASES[name](world)
        body = {"action": action.verb, **case.given, **secrets_of(name)}
        where = action.noun.plural if case.target is None else f"{action.noun.plural}/{case.called}"
        operation = paths[f"/{action.noun.plural}" if case.target is None else f"/{action.noun.plural}/{{id}}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert list(Draft202012Validator(schema).iter_errors(body)) == [], (name, body)
        came = client.post(f"/api/staff/v1/{where}", json.dumps(body), content_type="application/json")
        answer = Answer(came.status_code, came.content, {})
        assert answer.status == 200, (name, answer)
        told = described("POST", where, answer)
        assert set(told) == {*action.shown, *about(action)}, name
    (entry,) = client.get("/api/staff/v1/trail?action=order.start&actor_kind=key&limit=1").json()["items"]
    assert (entry["actor"]["kind"], entry["actor"]["id"]) == ("key", story.alice.staff.id)
    assert entry["address"] == "127.0.0.1"
    _filled(world)
    world.do("page.set", slug="about", language="en", title="About", body="Us.")
    # Every list has something now, and one of each kind of object is read by what its list says of it.
    seen: dict[str, Any] = {}
    for reading in READINGS:
        if "<" not in reading.path:
            came = client.get(f"/api/staff/v1/{reading.path}")
            seen[reading.path] = described("GET", reading.path, Answer(came.status_code, came.content, {}))
            assert came.status_code == 200, reading.path
            assert PLANTED not in came.content.decode(), reading.path
    assert {name for name, told in seen.items() if told.get("items") == []} <= {"held", "problems", "bulk_misses"}
    for reading in READINGS:
        if reading.path.count("<") != 1:
            continue
        plural = reading.path.partition("/")[0]
        key = {"services": "number", "cancels": "order"}.get(plural, "id")
        for item in seen[plural]["items"][:2]:
            where = f"{plural}/{item[key]}"
            came = client.get(f"/api/staff/v1/{where}")
            assert described("GET", where, Answer(came.status_code, came.content, {})), where
            assert came.status_code == 200, where
            assert PLANTED not in came.content.decode(), where


def test_the_reference_lists_each_verb_of_each_noun() -> None:
    from panelwright.staff import registry

    page = (Path(__file__).parents[2] / "docs" / "reference" / "staff-api.md").read_text(encoding="utf-8")
    table = page.partition("| noun | verbs |")[2].partition("\n\n")[0]
    told = {
        noun: {verb: "(no id)" in rest for verb, rest in re.findall(r"`(\w+)`( \(no id\))?", verbs)}
        for noun, verbs in re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.M)
    }
    declared = {
        noun.plural: {verb: not action.on_target for verb, action in found.items()}
        for name, noun in registry.nouns().items()
        if (found := registry.for_programs(name))
    }
    assert told == declared
