"""The staff API, `/api/staff/v1/…`: what staff read, and every declared action (staff/action.py).

JSON in and out. `POST /<nouns>/<id>` with `{"action": verb, …}` does an action to an object, `POST /<nouns>` one that
makes an object or names it in its fields. A refusal is `{"error": text, "code", "field", "facts"}` with the HTTP status
of its code (core/refusals.py). The description for programs is `/api/staff/v1/openapi.json` (openapi.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from panelwright.api import staff_reading as reading
from panelwright.core import refusals, said
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers import access
from panelwright.customers.actions import note_staff_key_use
from panelwright.panels.models import Panel
from panelwright.staff import lists, registry
from panelwright.staff.action import Action, Noun
from panelwright.staff.actions import Performed, perform
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import Shape


class StaffCall:
    """An admitted request: the panel of its host, and who calls."""

    def __init__(self, request: HttpRequest, panel: Panel, actor: Actor) -> None:
        self.request = request
        self.panel = panel
        self.panel_id: int = panel.id
        self.actor = actor

    def needs(self, right: Right | None) -> None:
        """Refused: not_allowed."""
        if right is not None and not self.actor.may(right):
            raise Refused("not_allowed", right=right.value)


Handler = Callable[..., dict[str, Any] | HttpResponse]
Read = Callable[..., dict[str, Any] | HttpResponse]


@dataclass(frozen=True, slots=True)
class Reading:
    """`shape` is that of the answer; None: the answer is a file. `params` are those of the query, all optional.

    `right` is None where any staff key may ask, and is told what its other rights allow.
    """

    path: str
    right: Right | None
    about: str
    read: Read
    shape: Shape | None
    params: Mapping[str, Shape] = field(default_factory=dict)

    @property
    def handler(self) -> Handler:
        def handle(call: StaffCall, **where: int) -> dict[str, Any] | HttpResponse:
            call.needs(self.right)
            return self.read(call, **where)

        return handle


def _answer(status: int, body: Mapping[str, Any], **headers: str) -> JsonResponse:
    response = JsonResponse(dict(body), status=status)
    # Links and quantities of customers: nobody in between may keep them.
    response.headers["Cache-Control"] = "no-store"
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def refused(refusal: Refusal, **headers: str) -> JsonResponse:
    """The answer that tells a refusal."""
    facts = dict(refusal.facts) | ({"limit": refusal.limit} if refusal.limit else {})
    body = {"error": refusals.staff(refusal), "code": refusal.code, "field": refusal.field, "facts": facts}
    return _answer(refusals.status(refusal), body, **headers)


def view_of(handlers: Mapping[str, Handler]) -> Callable[..., HttpResponse]:
    """A view that admits staff keys of this panel, calls the handler of the method, and answers what it refuses."""

    # There is no cookie to forge a request with: the key stands in a header.
    @csrf_exempt
    def view(request: HttpRequest, **where: int) -> HttpResponse:
        handle = handlers.get(request.method or "")
        if handle is None:
            allowed = ", ".join(handlers)
            return refused(Refusal("bad_method", facts=(("methods", allowed),)), Allow=allowed)
        panel: Panel = cast(Any, request).panel
        panel_id = panel.id
        key = reading.bearer(request.headers.get("Authorization", ""))
        address = str(getattr(request, "address", ""))
        grant = access.staff_grant(panel_id, key, address=address) if key else None
        if grant is None:
            return refused(Refusal("bad_staff_key"), WWW_Authenticate="Bearer")
        note_staff_key_use(panel_id=panel_id, key_id=grant.key_id, used_at=grant.used_at)
        try:
            if any(number > reading.NUMBER_MAX for number in where.values()):
                raise Refused("no_such_number")
            told = handle(StaffCall(request, panel, grant.actor), **where)
            return _answer(200, told) if isinstance(told, dict) else told
        except Refused as error:
            large = error.refusal.code == "body_too_large"
            return refused(error.refusal, **({"Connection": "close"} if large else {}))

    return view


def collection_work(noun: Noun) -> Handler:
    """POST of an action that makes an object, or that names it in `id`."""

    def work(call: StaffCall) -> dict[str, Any]:
        action, given = _asked(call, registry.for_programs(noun.name))
        target: int | None = None
        if action.on_target:
            target = given.pop("id", None)  # type: ignore[assignment]
            if target is None:
                raise Refused("missing_field", "id", action=action.verb)
            if not isinstance(target, int) or isinstance(target, bool):
                raise Refused("not_a_number", "id")
            if not 0 < target <= reading.NUMBER_MAX:
                raise Refused(f"no_{noun.name}", id=target)
        return done(call, action, target, given)

    return work


def object_work(noun: Noun, *, verbs: Mapping[str, str] | None = None) -> Handler:
    """POST of an action to the object with the id of the address. `verbs`: those of an alias, and what they mean."""

    def work(call: StaffCall, *, id_: int) -> dict[str, Any]:
        known = {verb: action for verb, action in registry.for_programs(noun.name).items() if action.on_target}
        if verbs is not None:
            known = {verb: known[meant] for verb, meant in verbs.items()}
        action, given = _asked(call, known)
        return done(call, action, id_, given)

    return work


def _asked(call: StaffCall, known: Mapping[str, Action]) -> tuple[Action, dict[str, object]]:
    """The action of a body, and its fields."""
    body_max = max((action.body_max or 0 for action in known.values()), default=0)
    body = reading.body_of(call.request, **({"body_max": body_max} if body_max else {}))
    verb = body.pop("action", None)
    if not isinstance(verb, str) or verb not in known:
        raise Refused("not_a_choice", "action", choices=", ".join(known))
    return known[verb], body


def done(call: StaffCall, action: Action, target: int | None, given: Mapping[str, object]) -> dict[str, Any]:
    """Do it, and answer the object as it then is, with what is shown only now."""
    performed = perform(action, actor=call.actor, panel_id=call.panel_id, target=target, given=given)
    if isinstance(performed, Refusal):
        raise Refused.of(performed)
    return answer_of(call, performed)


def answer_of(call: StaffCall, performed: Performed) -> dict[str, Any]:
    """What was done: what is shown only now, and the object as it then is, to whoever may read such objects."""
    noun = performed.action.noun
    answer: dict[str, Any] = dict(said.everywhere(performed.shown))
    if not lists.reads(call.actor, performed.action):
        return answer
    facts: Mapping[str, Any] | None = None if performed.action.gone else performed.stands or None
    if performed.target is not None and facts is not None and noun.answer is not None:
        facts = noun.answer(call.panel_id, performed.target)
    if facts is not None:
        answer[noun.answers_as or noun.name] = facts
    return answer


@csrf_exempt
def not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    return refused(Refusal("nothing_here"))
