"""The OpenAPI 3.1 description of the staff API, made from the readings and the declared actions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse

from panelwright import __version__
from panelwright.staff import lists, registry
from panelwright.staff.action import Action, ActionFieldKind, Field, Noun
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.rights import Right
from panelwright.staff.shapes import (
    AMOUNT,
    ANYTHING,
    MOMENT,
    NUMBER,
    TEXT,
    YES_NO,
    Shape,
    fields,
    listed,
    words,
)
from panelwright.staff.values import NUMBER_MAX

BASE = "/api/staff/v1/"
ERROR_SHAPE = fields({"error": TEXT, "code": TEXT, "field": TEXT, "facts": ANYTHING})
_STATUSES = {
    "400": "The request is wrong",
    "401": "No such staff key on this panel",
    "403": "The key does not have the right",
    "404": "No such object on this panel",
    "405": "Another method",
    "409": "The object is not in a state for this",
    "413": "The body is too large",
}
_OF_KIND: dict[ActionFieldKind, Shape] = {
    ActionFieldKind.AMOUNT: AMOUNT,
    ActionFieldKind.PERCENT: AMOUNT,
    ActionFieldKind.CHANGE: AMOUNT,
    ActionFieldKind.TIMES: AMOUNT,
    ActionFieldKind.EXCHANGE_RATE: AMOUNT,
    ActionFieldKind.YES_NO: YES_NO,
    ActionFieldKind.WORDS: listed(TEXT),
    ActionFieldKind.FILE: {"type": "string", "contentEncoding": "base64"},
    ActionFieldKind.MOMENT: MOMENT,
    ActionFieldKind.OBJECT: ANYTHING,
    ActionFieldKind.EMAIL: {"type": "string", "format": "email"},
    ActionFieldKind.SECRET: {"type": "string", "format": "password", "writeOnly": True},
}


def document(request: HttpRequest) -> HttpResponse:
    """Without a key: it says nothing of any panel."""
    response = HttpResponse(_text(), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@cache
def _text() -> bytes:
    return json.dumps(description(), ensure_ascii=False, separators=(",", ":")).encode()


def description() -> dict[str, Any]:
    # Here: the readings and the addresses need this module.
    from panelwright.api import staff_bulk
    from panelwright.api.staff_readings import READINGS
    from panelwright.api.staff_urls import ALIASES

    paths: dict[str, dict[str, Any]] = {}
    for reading in READINGS:
        ok = {"application/json": {"schema": reading.shape}} if reading.shape else {"*/*": {}}
        paths.setdefault(_path(reading.path), {})["get"] = {
            "summary": reading.about,
            "x-right": _right(reading.right),
            "parameters": [*_in_path(reading.path), *_in_query(reading.params)],
            "responses": {"200": {"description": "OK", "content": ok}, **_errors()},
        }
    for noun in registry.nouns().values():
        known = list(registry.for_programs(noun.name).values())
        if not known:
            continue
        on_target = [(action.verb, action) for action in known if action.on_target]
        if on_target:
            where = f"{noun.plural}/<int:id_>"
            paths.setdefault(_path(where), {})["post"] = _work(noun, on_target, where)
        paths.setdefault(_path(noun.plural), {})["post"] = _work(
            noun, [(action.verb, action) for action in known], noun.plural, by_id=True
        )
    for where, of, by_verb in staff_bulk.places():
        bodies = [staff_bulk.body_shape(of, action, _given(action)) for action in by_verb.values()]
        paths.setdefault(_path(where), {})["post"] = {
            "summary": f"{of.listing.label}, many at once: " + ", ".join(by_verb),
            "x-rights": {verb: _right(action.right) for verb, action in by_verb.items()},
            "x-right": _right(of.right),
            "parameters": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _one_of(bodies)}}},
            "responses": {
                "200": {
                    "description": "Started, or what would happen",
                    "content": {"application/json": {"schema": staff_bulk.ANSWER_SHAPE}},
                },
                **_errors(),
            },
        }
    for plural, (name, verbs) in ALIASES.items():
        where = f"{plural}/<int:id_>"
        meant = [(verb, registry.of_noun(name)[means]) for verb, means in verbs.items()]
        paths.setdefault(_path(where), {})["post"] = _work(registry.nouns()[name], meant, where)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Panelwright staff API",
            "version": __version__,
            "description": "What a panel's staff read and do, for programs. One key belongs to one panel, on its host.",
        },
        "servers": [{"url": BASE.rstrip("/")}],
        "security": [{"staff_key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"staff_key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": ERROR_SHAPE},
        },
    }


def _right(right: Right | None) -> str:
    """Empty: any staff key may ask."""
    return "" if right is None else right.value


def _path(where: str) -> str:
    return "/" + re.sub(r"<int:(\w+?)_?>", r"{\1}", where)


def _in_path(where: str) -> list[dict[str, Any]]:
    names = re.findall(r"<int:(\w+?)_?>", where)
    return [{"name": name, "in": "path", "required": True, "schema": NUMBER} for name in names]


def _in_query(params: Any) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": shape} for name, shape in params.items()]


def _errors() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {status: {"description": about, "content": content} for status, about in _STATUSES.items()}


def _work(noun: Noun, known: Iterable[tuple[str, Action]], where: str, *, by_id: bool = False) -> dict[str, Any]:
    """One operation for all actions of an address; `by_id`: an object is named in the body."""
    known = list(known)
    bodies = [_body(verb, action, by_id=by_id) for verb, action in known]
    answers: list[Shape] = []
    for _, action in known:
        shape = answer_shape(action)
        if shape not in answers:
            answers.append(shape)
    return {
        "summary": f"{noun.label}: " + ", ".join(verb for verb, _ in known),
        "x-rights": {verb: _right(action.right) for verb, action in known},
        "x-in-bulk": [verb for verb, action in known if action.in_bulk],
        "parameters": _in_path(where),
        "requestBody": {"required": True, "content": {"application/json": {"schema": _one_of(bodies)}}},
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": _one_of(answers)}}},
            **_errors(),
        },
    }


def _one_of(shapes: list[Shape]) -> Shape:
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _body(verb: str, action: Action, *, by_id: bool) -> Shape:
    given: dict[str, Shape] = {"action": {"const": verb, "description": action.label}}
    if by_id and action.on_target:
        given["id"] = NUMBER
    given |= {field.name: field_shape(field) for field in action.fields}
    return fields(given, optional=[field.name for field in action.fields if not field.required])


def _given(action: Action) -> Shape:
    """The fields of an action by themselves."""
    given = {field.name: field_shape(field) for field in action.fields}
    return fields(given, optional=[field.name for field in action.fields if not field.required])


def field_shape(field: Field) -> Shape:
    """What a program gives for a field."""
    if field.kind is ActionFieldKind.NUMBER:
        shape: Shape = {**NUMBER, "minimum": field.least, "maximum": NUMBER_MAX if field.most is None else field.most}
    elif field.kind is ActionFieldKind.CHOICES:
        shape = listed(words(field.choices))
    elif field.kind is ActionFieldKind.CHOICE:
        shape = words(field.choices)
    else:
        shape = dict(_OF_KIND.get(field.kind, TEXT))
        if field.most is not None and shape["type"] == "string":
            shape["maxLength"] = field.most
    return {**shape, "title": field.label, **({"description": field.help} if field.help else {})}


def _always_read(action: Action) -> bool:
    """Whether everybody who may do it may read what it is done to."""
    return not isinstance(action.right, Right) or lists.reads(_only(action.right), action)


def _only(right: Right) -> Actor:
    return Actor(ActorKind.KEY, None, "", "", frozenset({right}))


def answer_shape(action: Action) -> Shape:
    """The object as it then is, where it still is and its reader may read it; and what is shown only now."""
    name = action.noun.answers_as or action.noun.name
    made = dict(action.shown)
    if action.gone or action.many:
        return fields(made)
    return fields({**made, name: action.noun.shape}, optional=() if _always_read(action) else (name,))
