"""Reading the answers to `add`, `refill`, `cancel`, `services` and `balance`.

Pure: Reply in, outcome out. Nothing here raises, whatever upstream sends. Reports on orders and
refills are read in reports.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from panelwright.catalog.types import BY_NAME
from panelwright.core import limits, money, said
from panelwright.core.reply import HttpReply
from panelwright.providers.wire.folding import fold
from panelwright.providers.wire.outcomes import (
    OFFER_MAX,
    STEP_UNREAD,
    Accepted,
    Balance,
    LeftOut,
    Offers,
    ServiceOffer,
    Unknown,
    UpstreamRefused,
)
from panelwright.providers.wire.panel_v2 import told_currencies
from panelwright.providers.wire.panel_v2.refusals import (
    WORDLESS,
    flatten,
    is_clear,
    is_known,
    is_negative,
    is_positive,
    limited,
    lowered,
    moved,
    redirected,
    refusal_text,
    refused,
    top_refusal,
    unclear,
    unknown,
    what_came,
    whole_text,
)
from panelwright.providers.wire.panel_v2.states import refill_status
from panelwright.providers.wire.panel_v2.values import (
    EITHER,
    absent,
    as_count,
    as_decimal,
    as_flag,
    as_money,
    as_ref,
    find_json,
)

LEFT_OUT = said.said("up_left_out")

Took = Accepted | UpstreamRefused | Unknown

_ORDER_IDS = ("order", "order_id", "orderid")
# An `id` may be of anything, as of the request or of the error: a number, or what databases make of one.
_ORDER_NUMBER = re.compile(r"\d+|[0-9a-f]{8,24}", re.IGNORECASE)
_CODES = ("code", "error_code", "errorcode", "status_code", "statuscode", "status", "errno")
_ENVELOPES = ("data", "result", "response")
_INNER = (*_ENVELOPES, "order", "refill")


# ---- add -----------------------------------------------------------------------------------------


def read_add(reply: HttpReply) -> Took:
    """What became of an order.

    Accepted only with an id, no error beside it, and a 2xx. Refused only where upstream clearly says
    no: an error text with 2xx or 4xx, a firm one with 5xx, HTTP 429, or a redirect, which answers the
    request with nothing done. Everything else may hide an order and is Unknown.
    """
    value = find_json(reply)
    layers = _layers(value)
    # Key by key: an `order` inside counts more than an `id` outside.
    ref = next((ref for key in _ORDER_IDS for obj in layers if (ref := as_ref(obj.get(key)))), "")
    if ref:
        return _took(reply, value, layers, ref)
    outcome = _took(reply, value, layers, _id_alone(layers))
    if isinstance(outcome, Accepted) and any(_has_an_error_code(obj) for obj in layers):
        return unknown(reply, said.said("up_id_and_code", status=reply.status, id=outcome.ref))
    return outcome


def _id_alone(layers: list[dict[str, Any]]) -> str:
    """The id of an order that stands under no name of its own; whatever it looks like inside {"order":{…}}."""
    for outer, obj in zip([{}, *layers], layers, strict=False):
        ref = as_ref(obj.get("id"))
        if ref and (isinstance(outer.get("order"), (dict, list)) or _ORDER_NUMBER.fullmatch(ref)):
            return ref
    return ""


def _has_an_error_code(obj: dict[str, Any]) -> bool:
    return any((code := as_count(obj.get(key))) is not None and 400 <= code < 600 for key in _CODES)


def _took(reply: HttpReply, value: object, layers: list[dict[str, Any]], ref: str) -> Took:
    text = next((text for obj in layers if (text := refusal_text(obj)) is not None), None)
    if text is None:
        text = whole_text(reply, value)
    if ref and text is None and 200 <= reply.status < 300:
        return Accepted(ref)
    if ref:
        code = "up_id_and_error" if text else "up_id"
        return unknown(reply, said.said(code, status=reply.status, id=ref, said=reply.clean(text)))
    if reply.status == 429:
        return limited(reply, value)
    if moved(reply):
        return redirected(reply)
    if text is not None and is_clear(reply, text):
        return refused(reply, text)
    return unknown(reply, what_came(reply, value)) if text is None else unclear(reply, text)


def _layers(value: object) -> list[dict[str, Any]]:
    """The object itself, then what it wraps: {"data":{…}}, {"order":{…}}, [{…}]."""
    layers: list[dict[str, Any]] = []
    for _ in range(3):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            break
        obj = lowered(value)
        layers.append(obj)
        value = next((obj[key] for key in _INNER if isinstance(obj.get(key), (dict, list))), None)
    return layers


# ---- refill --------------------------------------------------------------------------------------

_REFILL_IDS = ("refill", "refill_id", "refillid", "id", "task", "task_id")


def read_refill(reply: HttpReply) -> Took:
    """What became of a request for a refill. Accepted("") where upstream says yes and gives no id."""
    value = find_json(reply)
    layers = _layers(value)
    ref = next((ref for key in _REFILL_IDS for obj in layers if (ref := as_ref(obj.get(key)))), "")
    outcome = _took(reply, value, layers, ref or ("" if layers else as_ref(value)))
    if isinstance(outcome, Unknown) and not ref and 200 <= reply.status < 300:
        return _refill_word(reply, layers) or outcome
    return outcome


def _refill_word(reply: HttpReply, layers: list[dict[str, Any]]) -> Took | None:
    """{"refill":true}, {"refill":"Pending"}, {"refill":"Refill is disabled"}, {"status":"success"}."""
    for obj in layers:
        word = obj.get("refill")
        if is_positive(word) or (isinstance(word, str) and refill_status(word) in ("Pending", "In progress")):
            return Accepted("")
        if isinstance(word, str) and (is_negative(word) or is_known(reply, word)):
            return refused(reply, word)
        if word is False or (isinstance(word, int) and word == 0):
            return refused(reply, WORDLESS)
        if word is None and any(is_positive(obj.get(key)) for key in ("status", "success")):
            return Accepted("")
    return None


# ---- cancel --------------------------------------------------------------------------------------

_CANCEL_YES = re.compile(
    r"(?:is |was |has been |cancel\w* |request |successfully )*+"
    r"(?:success\w*|ok|yes|requested|accepted|pending|queued|cancell?ed|cancelling|sent|submitted|done)( successfully)?"
)
_CANCEL_NO = re.compile(r"\b(can ?not|can t|could not|not|unable|error|fail\w*|already|denied|rejected|refused)\b")
_CANCEL_KEYS = ("cancel", "cancel_id", "canceled", "cancelled", "status", "success")


def read_cancel(reply: HttpReply, ids: Sequence[str]) -> dict[str, Took]:
    """What became of a request to cancel each of `ids`; every id is a key.

    Accepted means that the request was taken, not that the order is canceled. An id that the answer
    leaves out is Unknown, unless the answer is about the whole request.
    """
    value = find_json(reply)
    if refusal := top_refusal(reply, value):
        clear = reply.status < 400 or is_clear(reply, refusal.text)
        return dict.fromkeys(ids, refusal if clear else unknown(reply, refusal.text))
    listed = _canceled_list(value)
    items = by_id(value, ids, keys=ORDER_KEYS)
    # The same for each that is left out, and read once: an answer may be long, and about a hundred of them.
    rest: Took | None = None
    out: dict[str, Took] = {}
    for ref in ids:
        if ref in listed:
            out[ref] = Accepted("")
        elif ref in items:
            out[ref] = _cancel_item(reply, items[ref])
        else:
            if rest is None:
                rest = _cancel_rest(reply, value, some=bool(items or listed))
            out[ref] = rest
    return out


def _cancel_rest(reply: HttpReply, value: object, *, some: bool) -> Took:
    """What the answer says of an order that it does not name; `some` if it names others."""
    if _whole_yes(value):
        return Accepted("")
    return unknown(reply, LEFT_OUT if some else what_came(reply, value))


def _canceled_list(value: object) -> frozenset[str]:
    """{"canceled":[1,2]}"""
    obj = lowered(value)
    rows: list[Any] = next((obj[k] for k in ("canceled", "cancelled", "cancel") if isinstance(obj.get(k), list)), [])
    return frozenset(ref for item in rows if (ref := as_ref(item)))


def _whole_yes(value: object) -> bool:
    """{"status":"success"} about the whole request, with nothing per order in it."""
    obj = lowered(value)
    yes = any(is_positive(obj.get(key)) for key in ("status", "success"))
    return yes and not any(isinstance(item, (dict, list)) for item in obj.values())


def _cancel_item(reply: HttpReply, item: object) -> Took:
    """One order's part: 1, "requested", {"cancel":1}, {"cancel":{"error":…}}, {"error":…}, a text."""
    for _ in range(3):  # {"order":9,"cancel":{"status":"success"}}
        if not isinstance(item, dict):
            break
        if (text := refusal_text(item)) is not None:
            return refused(reply, text)
        obj = lowered(item)
        item = next((obj[key] for key in _CANCEL_KEYS if key in obj), None)
    if ref := as_ref(item):
        return Accepted(ref)
    if is_positive(item):
        return Accepted("")
    if item is False or (isinstance(item, int) and item == 0) or item == "0" or is_negative(item):
        return refused(reply, item if isinstance(item, str) and item != "0" else WORDLESS)
    words = fold(flatten(item))
    if words and _CANCEL_YES.fullmatch(words):
        return Accepted("")
    if words and (_CANCEL_NO.search(words) or is_known(reply, words)):
        return refused(reply, flatten(item))
    return unknown(reply, flatten(item) or said.said("up_no_order"))


# ---- answers about many --------------------------------------------------------------------------


ORDER_KEYS = ("order", "order_id", "orderid")
REFILL_KEYS = ("refill", "refill_id", "refillid")


def by_id(value: object, ids: Sequence[str], *, keys: Sequence[str]) -> dict[str, Any]:
    """The part of an answer that is about each id; ids that it does not name are missing.

    An object keyed by id, a list of objects that name their id under one of `keys` or "id", either
    wrapped in {"data":…}, or one bare object when exactly one id was asked. Never by position: an
    unordered list read by position gives an order the state of another.
    """
    value = unwrapped(value)
    if isinstance(value, dict):
        keyed = {str(k).strip(): v for k, v in value.items()}
        found = {ref: keyed[ref] for ref in ids if ref in keyed}
        if found:
            return found
        value = [value]
    return _from_rows(value, ids, keys=keys) if isinstance(value, list) else {}


def _from_rows(rows: list[Any], ids: Sequence[str], *, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    wanted = set(ids)
    for row in rows:
        obj = lowered(row)
        named = next((ref for key in keys if (ref := _id_text(obj.get(key), wanted))), "")
        weak = _id_text(obj.get("id"), wanted)  # may also be an id of something else
        if (ref := named or weak) in wanted:
            found.setdefault(ref, row)
        elif obj and not named and len(rows) == len(ids) == 1:
            found[ids[0]] = row
    return found


def _id_text(value: object, wanted: set[str]) -> str:
    return value.strip() if isinstance(value, str) and value.strip() in wanted else as_ref(value)


# What has one of them is a report itself, though `orders` or `data` stand in it.
_OF_A_REPORT = frozenset({"remains", "charge", "start_count", "posts", "runs", "expiry"})


def unwrapped(value: object) -> object:
    """The inside of {"status":"success","data":…}; the value itself where nothing is wrapped."""
    for _ in range(3):
        obj = lowered(value)
        inside = next((obj[k] for k in (*_ENVELOPES, "orders", "refills") if _wraps(obj.get(k))), None)
        if inside is None or not _OF_A_REPORT.isdisjoint(obj):
            return value
        value = inside
    return value


def _wraps(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))


# ---- services ------------------------------------------------------------------------------------

_NAME_MAX = 500  # characters
_EMPTY = re.compile(r"(empty|no) (data|services?)|services? not found|nothing found|empty")


def read_services(reply: HttpReply) -> Offers | UpstreamRefused | Unknown:
    """Upstream's price list. What cannot be read of a row is never taken for absent: the row is left out, with why.

    A repeated id counts once, by its first row.
    """
    value = find_json(reply)
    obj = lowered(value)
    word = next((obj[k] for k in ("data", "message", "msg", "services") if isinstance(obj.get(k), str)), "")
    if is_positive(obj.get("status")) and _EMPTY.fullmatch(fold(word)):
        return Offers()
    if refusal := top_refusal(reply, value):
        return refusal
    rows, around = _rows(value)
    if rows is None:
        return unknown(reply, what_came(reply, value))
    if len(rows) > limits.OFFERS_MAX:
        return unknown(reply, said.said("up_rows_many", count=f"{limits.OFFERS_MAX:,}"))
    offers: dict[str, ServiceOffer] = {}
    left_out: list[LeftOut] = []
    comma = _comma_of(rows)
    of_list = told_currencies.told(reply, around)
    for row in rows:
        offer = _offer(reply, row, comma, of_list)
        if isinstance(offer, LeftOut):
            left_out.append(offer)
        elif offer.service in offers:
            left_out.append(LeftOut(offer.service, offer.name, said.said("row_twice")))
        else:
            offers[offer.service] = offer
    if rows and not offers:
        return unknown(reply, said.said("up_rows_none", said=left_out[0].why))
    # Of a row that cannot be read and one that can, the latter counts.
    return Offers(offers.values(), left_out)


def _rows(value: object) -> tuple[list[Any] | None, list[dict[str, Any]]]:
    """The list of rows: bare, wrapped, or an object of rows (a PHP array with gaps); None if there is none. And what
    is said around it of the whole list."""
    around: list[dict[str, Any]] = []
    for _ in range(3):
        if isinstance(value, list):
            return value, around
        obj = lowered(value)
        if not obj:
            break
        inside = next((obj[k] for k in (*_ENVELOPES, "services") if isinstance(obj.get(k), (dict, list))), None)
        if inside is None:
            rows = list(obj.values())
            are_rows = all(isinstance(row, dict) and ("service" in row or "rate" in row) for row in rows)
            return rows if are_rows else None, around
        around += told_currencies.with_what_is_about([obj])
        value = inside
    return None, around


# "1,500" may be one and a half, and "1.234,5" is not: what a comma is, the other rates of a list say.
_COMMA_PARTS = re.compile(r"(?<![\d.])(0,\d+|\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3})+,\d+)(?!\d)")
_POINT_PARTS = re.compile(r"\d\.\d")


def _comma_of(rows: list[Any]) -> str:
    """What a comma with three digits behind it is in this list: "point", "thousands", or "" where nobody can tell."""
    rates = [str(_rate_as_written(lowered(row))) for row in rows]
    comma = any(_COMMA_PARTS.search(text) for text in rates if "," in text)
    point = any(_POINT_PARTS.search(text) for text in rates if "," not in text or not _COMMA_PARTS.search(text))
    return "" if comma == point else "point" if comma else "thousands"


def _offer(reply: HttpReply, row: object, comma: str, of_list: tuple[str, ...]) -> ServiceOffer | LeftOut:
    """`of_list`: the currencies that are named for the whole list; a row's own count before them."""
    obj = lowered(row)
    service = next((ref for key in ("service", "service_id", "id") if (ref := as_ref(obj.get(key)))), "")
    name = reply.clean(obj.get("name") or "", _NAME_MAX)
    if not service:
        return LeftOut("", name, said.said("row_no_id"))
    try:
        rate = _rate(obj, comma)
        least = _limit(obj.get("min"), "minimum")
        most = OFFER_MAX if _says_no_limit(obj.get("max")) else _limit(obj.get("max"), "maximum")
        least = max(1, least) if least is not None else 1
        if most is not None and most < least and not _is_flat(obj):
            raise ValueError(said.said("row_maximum_low", most=most, least=least))
    except ValueError as why:
        return LeftOut(service, name, reply.clean(why.args[0]))
    raw_type = reply.clean(obj.get("type") or "Default", 100)
    return ServiceOffer(
        service=service,
        name=name,
        type=_type(raw_type),
        category=reply.clean(obj.get("category") or "", _NAME_MAX),
        rate=rate,
        min=least,
        max=max(least, most) if most is not None else OFFER_MAX,
        refill=as_flag(obj.get("refill")),
        cancel=as_flag(obj.get("cancel")),
        dripfeed=as_flag(obj.get("dripfeed", obj.get("drip_feed"))),
        description=reply.clean(obj.get("desc") or obj.get("description") or "", 5_000),
        step=_step(obj.get("increment")),
        currencies=told_currencies.told(reply, [obj], beside=_rate_as_written(obj)) or of_list,
    )


_NO_LIMIT = frozenset(
    {"unlimited", "no limit", "without limit", "infinite", "infinity", "ilimitado", "sinirsiz", "безлимит"}
)


def _is_flat(obj: dict[str, Any]) -> bool:
    """Whether it is sold as a whole: then its limits say nothing."""
    type_ = BY_NAME.get(_type(str(obj.get("type") or "Default")))
    return type_ is not None and type_.flat


def _rate_as_written(obj: dict[str, Any]) -> Any:
    return next((obj[key] for key in ("rate", "price") if not absent(obj.get(key))), None)


def _rate(obj: dict[str, Any], comma: str) -> Decimal:
    """Raises ValueError with why there is none. `comma`: what one with three digits behind it is."""
    written = _rate_as_written(obj)
    if written is None:
        raise ValueError(said.said("row_no_rate"))
    if isinstance(written, str) and EITHER.fullmatch(written):
        if not comma:
            raise ValueError(said.said("row_rate_unclear", value=_shown(written)))
        written = written.replace(",", "." if comma == "point" else "")
    rate = as_money(written)
    if rate is None or rate < 0:
        raise ValueError(said.said("row_rate_unread", value=_shown(written)))
    if rate > money.AMOUNT_MAX_MICROS // money.MICROS:
        raise ValueError(said.said("row_rate_large", value=_shown(written)))
    return rate


def _limit(value: object, which: str) -> int | None:
    """A minimum or maximum, None where nothing stands there. Raises ValueError where something else does."""
    if absent(value):
        return None
    count = as_count(value)
    if count is None and (number := as_decimal(value)) is not None and number == number.to_integral_value() > OFFER_MAX:
        return OFFER_MAX  # more than anybody counts
    if count is None or count < 0:
        raise ValueError(said.said(f"row_{which}_unread", value=_shown(value)))
    return count


def _says_no_limit(value: object) -> bool:
    return isinstance(value, str) and (value.strip() == "∞" or fold(value) in _NO_LIMIT)


def _shown(value: object) -> str:
    return repr(value[:60]) if isinstance(value, str) else str(value)[:60]


def _step(value: object) -> int | None:
    """None where nothing stands there, 1 where it says that there is none, STEP_UNREAD where it is no step at all."""
    if absent(value):
        return None
    step = 0 if value is False else as_count(value)
    if step is None or not 0 <= step <= OFFER_MAX:
        return STEP_UNREAD
    return max(step, 1)


def _type(text: str) -> str:
    """The service type that is meant, in whatever case and with underscores or without; else the text itself."""
    return _type_words(tuple(BY_NAME)).get(_letters(text), text)


@lru_cache(maxsize=4)
def _type_words(names: tuple[str, ...]) -> dict[str, str]:
    return {_letters(name): name for name in names}


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


# ---- balance -------------------------------------------------------------------------------------


def read_balance(reply: HttpReply) -> Balance | UpstreamRefused | Unknown:
    """Our balance, under `balance`, `funds` or `amount`, as a number or a text with separators."""
    value = find_json(reply)
    if refusal := top_refusal(reply, value):
        return refusal
    layers = _layers(value)
    if layers and isinstance(layers[-1].get("balance"), dict):
        layers.append(lowered(layers[-1]["balance"]))
    for obj in layers:
        for key in ("balance", "funds", "amount"):
            if (amount := as_money(obj.get(key))) is not None:
                about = told_currencies.with_what_is_about(layers)
                return Balance(amount, currency_of(reply, about, beside=obj[key]))
    return unknown(reply, what_came(reply, value))


def currency_of(reply: HttpReply, objects: Sequence[dict[str, Any]], *, beside: object = None) -> str:
    """The first currency that an answer names, letters in upper case, at most 20 characters; "" where it names none."""
    told = told_currencies.told(reply, objects, beside=beside)
    return told[0].upper()[: told_currencies.TOLD_MAX] if told else ""
