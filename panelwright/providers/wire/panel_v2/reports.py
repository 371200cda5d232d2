"""Reading the answers to `status` and `refill_status`.

Pure: Reply and the ids that were asked in, one outcome for each id out. Nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from panelwright.core.reply import HttpReply
from panelwright.core.said import said
from panelwright.providers.wire.outcomes import OrderReport, Reason, RefillReport, Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2.reading import LEFT_OUT, ORDER_KEYS, REFILL_KEYS, by_id, currency_of
from panelwright.providers.wire.panel_v2.refusals import (
    is_clear,
    is_known,
    is_positive,
    lowered,
    refusal_text,
    refused,
    top_refusal,
    unclear,
    unknown,
    what_came,
)
from panelwright.providers.wire.panel_v2.states import order_status, refill_status, says_success
from panelwright.providers.wire.panel_v2.values import as_count, as_money, as_ref, find_json

_WORD_KEYS = ("order_status", "status", "state")
_NUMBER_KEYS = ("charge", "start_count", "start_counter", "startcount", "remains", "remain")
# Under which of them a row of a list of orders has its id.
_ID_KEYS = ("order", "order_id", "id", "orderid")
# What says that a request was heard, and nothing of an order.
_HEARD = ("status", "success", "ok")
_BETWEEN_IDS = re.compile(r"[\s,;|\[\]\"']+")


def read_status(reply: HttpReply, ids: Sequence[str]) -> dict[str, OrderReport | UpstreamRefused | Unknown]:
    """The state of each order; every id is a key. A left-out id is Unknown, as that says nothing."""
    value = _of_one_order(find_json(reply))
    # A report with the status "Fail" looks like a refusal: look for reports first.
    items = {} if _not_read(reply) else by_id(value, ids, keys=ORDER_KEYS)
    reports = {ref: _order_item(reply, item) for ref, item in items.items()}
    return reports | _the_rest(reply, value, _silent(ids, reports), asked=len(ids))


def read_refill_status(reply: HttpReply, ids: Sequence[str]) -> dict[str, RefillReport | UpstreamRefused | Unknown]:
    """The state of each refill; every id is a key."""
    value = find_json(reply)
    items = {} if _not_read(reply) else by_id(value, ids, keys=REFILL_KEYS)
    reports = {ref: _refill_item(reply, item) for ref, item in items.items()}
    return reports | _the_rest(reply, value, _silent(ids, reports), asked=len(ids))


def _of_one_order(value: object) -> object:
    """The report inside {"status":"success","order":{"status":"Completed",…}}; else the value itself."""
    obj = lowered(value)
    inside = lowered(obj.get("order"))
    heard = obj.keys() <= {"order", "message", "msg", *_HEARD} and all(
        is_positive(obj[key]) for key in _HEARD if key in obj
    )
    if not heard or not any(key in inside for key in _WORD_KEYS):
        return value
    # Within an order an id is its own.
    return {"order": inside["id"], **inside} if "id" in inside else inside


def _not_read(reply: HttpReply) -> bool:
    """True for answers whose body is not about orders: rate limit, redirect."""
    return reply.status == 429 or 300 <= reply.status < 400


def _silent(ids: Sequence[str], reports: Mapping[str, object]) -> list[str]:
    """The ids that the answer says nothing of. One id: the answer as a whole may still say something."""
    return [ref for ref in ids if ref not in reports or (len(ids) == 1 and isinstance(reports[ref], Unknown))]


def _the_rest(reply: HttpReply, value: object, ids: list[str], *, asked: int) -> dict[str, Any]:
    """For the ids without a part of their own: the clear refusal of the whole request, or Unknown."""
    if not ids:
        return {}
    refusal = top_refusal(reply, value)
    if refusal is None:
        return dict.fromkeys(ids, unknown(reply, LEFT_OUT if len(ids) < asked else what_came(reply, value)))
    if refusal.reason is Reason.NOT_FOUND and asked > 1:
        # It may be about one of them, or upstream takes no lists: no reason to give up a hundred orders.
        return dict.fromkeys(ids, unknown(reply, said("up_list_refused", said=refusal.text)))
    if not is_clear(reply, refusal.text):
        return dict.fromkeys(ids, unclear(reply, refusal.text))
    return dict.fromkeys(ids, refusal)


# ---- orders --------------------------------------------------------------------------------------


def _order_item(reply: HttpReply, item: object) -> OrderReport | UpstreamRefused | Unknown:
    """One order's part: an object, or a bare word ("Completed") or text ("Incorrect order ID")."""
    if isinstance(item, (dict, list)):
        obj = lowered(item[0] if isinstance(item, list) and len(item) == 1 else item)
        if isinstance(obj.get("status"), dict):  # {"order":1,"status":{…}}
            obj = lowered(obj["status"])
        return _report(reply, obj)
    if isinstance(item, str) and item.strip():
        status = order_status(item) if not item.strip().isdigit() else None
        if status is not None:
            return OrderReport(status, None, None, None, "", reply.clean(item))
        return _refused(reply, item)
    return unknown(reply, said("up_no_order"))


def _refused(reply: HttpReply, text: str) -> UpstreamRefused | Unknown:
    """A refusal to tell, or Unknown for a breakdown: the order itself has no problem then."""
    return refused(reply, text) if is_clear(reply, text) else unclear(reply, text)


def _report(reply: HttpReply, obj: dict[str, Any]) -> OrderReport | UpstreamRefused | Unknown:
    measured = any(key in obj for key in _NUMBER_KEYS)
    text = refusal_text({key: value for key, value in obj.items() if not (measured and key in (*_WORD_KEYS, "result"))})
    if text is not None:
        return _refused(reply, text)
    word = next(
        (obj[key] for key in _WORD_KEYS if isinstance(obj.get(key), (str, int, Decimal)) and obj[key] != ""), None
    )
    remains = as_count(_first(obj, "remains", "remain"))
    status = _status(word, measured=measured, remains=remains)
    if status is None and not measured:
        return unknown(reply, said("up_report"))
    charge = as_money(_first(obj, "charge", "price", "cost"))
    start_count = as_count(_first(obj, "start_count", "start_counter", "startcount"))
    return OrderReport(
        status=status,
        start_count=start_count if start_count is not None and start_count >= 0 else None,
        # Below zero upstream delivered more than was ordered; nothing remains.
        remains=max(0, remains) if remains is not None else None,
        charge=charge if charge is not None and charge >= 0 else None,
        currency=currency_of(reply, [obj]),
        raw_status=reply.clean("" if word is None else word, 100),
        posts=_whole(obj.get("posts")),
        runs=_whole(obj.get("runs")),
        orders=_run_orders(obj.get("orders")),
        expiry=reply.clean(obj["expiry"], 40) if isinstance(obj.get("expiry"), str) else "",
    )


def _status(word: object, *, measured: bool, remains: int | None) -> str | None:
    """Our word. A code counts only in a full report: alone, {"status":1} is "yes, I heard you"."""
    if isinstance(word, bool) or word is None:
        return None
    coded = not isinstance(word, str) or word.strip().isdigit()
    if coded and not measured:
        return None
    if isinstance(word, str) and says_success(word):
        # Some panels' word for Completed, others' for "I heard you". A remainder of zero, or below, settles it.
        return "Completed" if remains is not None and remains <= 0 else None
    return order_status(word)


def _first(obj: dict[str, Any], *keys: str) -> Any:
    return next((obj[key] for key in keys if obj.get(key) is not None), None)


def _whole(value: object) -> int | None:
    number = as_count(value)
    return number if number is not None and number >= 0 else None


def _run_orders(value: object) -> tuple[str, ...]:
    """The ids of the orders that a drip-feed or subscription made, all that the answer has: it is bounded itself."""
    if isinstance(value, str):
        value = _BETWEEN_IDS.split(value)
    elif isinstance(value, dict):
        value = _listed(value)
    elif not isinstance(value, list):
        value = [value]
    return tuple(ref for row in value if (ref := _id_of(row)))


def _listed(rows: dict[str, Any]) -> list[object]:
    """The rows of an object in a list's place: one order; orders by their ids; or what PHP makes of a list from which
    something was taken."""
    if _id_of(rows):
        return [rows]
    if rows and all(isinstance(row, (dict, list)) or order_status(row) is not None for row in rows.values()):
        return [_id_of(row) or key for key, row in rows.items()]
    return list(rows.values())


def _id_of(row: object) -> str:
    """An id, alone or in an object: 901, "901", {"order": 901, "status": ...}; "" where there is none."""
    if isinstance(row, dict):
        obj = lowered(row)
        return next((ref for key in _ID_KEYS if (ref := as_ref(obj.get(key)))), "")
    return as_ref(row)


# ---- refills -------------------------------------------------------------------------------------


def _refill_item(reply: HttpReply, item: object) -> RefillReport | UpstreamRefused | Unknown:
    """One refill's part: {"status":"Completed"}, {"refill":"Completed"}, {"status":{"error":…}}, a bare word."""
    if isinstance(item, (dict, list)):
        obj = lowered(item[0] if isinstance(item, list) and len(item) == 1 else item)
        return _refill_object(reply, obj)
    return _refill_word(reply, item)


def _refill_object(reply: HttpReply, obj: dict[str, Any]) -> RefillReport | UpstreamRefused | Unknown:
    for key in ("status", "refill_status", "refill"):
        inner = obj.get(key)
        if isinstance(inner, dict):
            text = refusal_text(inner)
            return _refused(reply, text) if text is not None else _refill_object(reply, _shallow(inner))
    # A bare {"status":"error"} with words is a refusal; as a refill's state it comes without any.
    text = refusal_text(obj)
    if text is not None:
        return _refused(reply, text)
    for key in ("status", "refill_status", "refill"):
        word = obj.get(key)
        if isinstance(word, str) and not (key == "refill" and as_ref(word)):
            return _refill_word(reply, word)
    code = obj.get("status")
    return _refill_word(reply, code) if "refill" in obj else unknown(reply, said("up_report"))


def _shallow(inner: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in lowered(inner).items() if not isinstance(value, (dict, list))}


def _refill_word(reply: HttpReply, word: object) -> RefillReport | UpstreamRefused | Unknown:
    status = refill_status(word)
    if status is not None:
        return RefillReport(status, reply.clean(word, 100))
    if isinstance(word, str) and word.strip():
        if is_known(reply, word):
            return _refused(reply, word)
        return RefillReport(None, reply.clean(word, 100))
    return unknown(reply, said("up_no_refill"))
