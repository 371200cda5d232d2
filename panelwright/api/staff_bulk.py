"""Bulk work over the staff API: `POST /<list>/bulk` for each list whose rows have actions in bulk.

`{"action": "cancel", "filters": {"show": "problem"}}`, or `"ids": […]` in place of the filters, and `"given"` with the
action's fields. With `"preview": true` it answers what would happen, and a `digest`; else it is started, a row that
`GET /bulk/<id>` tells of. `sure`, the digest of a preview, binds it to that. The same `once` is started once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from panelwright.api import staff_reading as reading
from panelwright.api.staff import Handler, StaffCall
from panelwright.api.staff_lists import of_filter
from panelwright.core import money, refusals
from panelwright.core.refusal import Refusal, Refused
from panelwright.staff import bulk, bulk_actions
from panelwright.staff.action import Action
from panelwright.staff.bulk import Foreseen
from panelwright.staff.bulk_declarations import SHAPE
from panelwright.staff.lists import Selection, StaffList, freeze
from panelwright.staff.shapes import AMOUNT, ANYTHING, NUMBER, TEXT, YES_NO, Shape, fields, listed

# Objects that a body may name one by one.
IDS_MAX = 500
ONCE_MAX = 60
_KNOWN = {"action", "filters", "ids", "given", "preview", "sure", "once"}
SKIPPED = fields({"code": TEXT, "error": TEXT, "count": NUMBER, "first": NUMBER})
PREVIEW_SHAPE = fields(
    {
        "selected": NUMBER,
        "looked_at": NUMBER,
        "changes": NUMBER,
        "refunded": AMOUNT,
        "charged": AMOUNT,
        "skipped": listed(SKIPPED),
        "notes": ANYTHING,
        "digest": TEXT,
    }
)
ANSWER_SHAPE: Shape = {"anyOf": [fields({"preview": PREVIEW_SHAPE}), fields({"bulk": SHAPE})]}


def places() -> Iterator[tuple[str, StaffList, dict[str, Action]]]:
    """Each address below the base, with its list and its actions by verb."""
    found: dict[str, tuple[StaffList, dict[str, Action]]] = {}
    for of, action in bulk.of_lists():
        found.setdefault(f"{of.name}/bulk", (of, {}))[1][action.verb] = action
    for where, (of, actions) in found.items():
        yield where, of, actions


def handler(of: StaffList, actions: Mapping[str, Action]) -> Handler:
    def work(call: StaffCall) -> dict[str, Any]:
        body = reading.body_of(call.request)
        verb = body.get("action")
        if not isinstance(verb, str) or verb not in actions:
            raise Refused("not_a_choice", "action", choices=", ".join(actions))
        action = actions[verb]
        call.needs(of.right)
        call.needs(action.right)
        reading.only(body, _KNOWN)
        given = _object(body, "given")
        selection = _selection(call, of, body)
        seen = bulk.foreseen(action, actor=call.actor, panel=call.panel, selection=selection, given=given)
        if isinstance(seen, Refusal):
            raise Refused.of(seen)
        if _flag(body, "preview"):
            return {"preview": preview_of(seen)}
        if "sure" in body and body["sure"] != digest_of(seen):
            raise Refused("moves_differ")
        once = body.get("once", secrets.token_hex(16))
        if not isinstance(once, str) or not 1 <= len(once) <= ONCE_MAX or not once.isprintable():
            raise Refused("text_too_long", "once", limit=ONCE_MAX)
        started = bulk_actions.start(seen, actor=call.actor, panel_id=call.panel_id, once=f"key:{once}")
        return {"bulk": bulk.facts_of(started)}

    return work


def digest_of(seen: Foreseen) -> str:
    """What a program's confirmation is bound to: what happens, and not which rows came in since."""
    return seen.digest(frozen=False)


def preview_of(seen: Foreseen) -> dict[str, Any]:
    return {
        "selected": seen.count,
        "looked_at": seen.tried,
        "changes": seen.expected,
        "refunded": money.text(seen.refund_micros),
        "charged": money.text(seen.charge_micros),
        "skipped": [
            {"code": code, "error": refusals.staff(one.refusal), "count": one.count, "first": one.first}
            for code, one in seen.skipped.items()
        ],
        "notes": seen.notes,
        "digest": digest_of(seen),
    }


def _selection(call: StaffCall, of: StaffList, body: Mapping[str, Any]) -> Selection:
    if ("filters" in body) == ("ids" in body):
        raise Refused("filters_or_ids", "filters")
    filters = _object(body, "filters")
    known = {one.name: one for one in of.listing.filters if not one.inner}
    reading.only(filters, set(known))
    asked = dict.fromkeys(known, "")
    for name, text in filters.items():
        if not isinstance(text, str):
            raise Refused("not_a_text", name)
        asked[name] = text
    keys = _ids(call, of, body["ids"]) if "ids" in body else None
    # Objects that are named are meant, wherever the list would look for them first.
    if keys is not None and "show" in known and not asked["show"]:
        asked["show"] = of.all_shown
    selection = freeze(of, call.panel, of.asked_by(call.actor, asked), keys=keys)
    if selection is None:
        raise Refused("nothing_selected")
    return selection


def _ids(call: StaffCall, of: StaffList, given: object) -> list[int]:
    if not isinstance(given, list) or not 1 <= len(given) <= IDS_MAX:
        raise Refused("not_a_list", "ids")
    ids = [one for one in given if isinstance(one, int) and not isinstance(one, bool)]
    if len(ids) != len(given) or not all(0 < one <= reading.NUMBER_MAX for one in ids):
        raise Refused("not_a_number", "ids")
    return ids if of.keys is None else of.keys(call.panel_id, ids)


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name, {})
    if not isinstance(found, dict):
        raise Refused("not_an_object", name)
    return found


def _flag(body: Mapping[str, Any], name: str) -> bool:
    found = body.get(name, False)
    if not isinstance(found, bool):
        raise Refused("not_true_or_false", name)
    return found


def body_shape(of: StaffList, action: Action, given: Shape) -> Shape:
    """What a program sends; `given` is the shape of the action's fields."""
    filters = {one.name: of_filter(one) for one in of.listing.filters if not one.inner}
    return fields(
        {
            "action": {"const": action.verb, "description": action.label},
            "filters": fields(filters, optional=list(filters)),
            "ids": {**listed(NUMBER), "minItems": 1, "maxItems": IDS_MAX},
            "given": given,
            "preview": YES_NO,
            "sure": TEXT,
            "once": {**TEXT, "maxLength": ONCE_MAX},
        },
        optional=("filters", "ids", "given", "preview", "sure", "once"),
    )
