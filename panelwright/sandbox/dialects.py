"""The dialects: how other panels answer what the protocol answers in one way.

A dialect is data, plus at most a small function. Each one changes what it is about and leaves the rest, so
several can be spoken together. Order of the table: transport, refusals, order id, services, status, status of
many, refill, cancel, balance, authorization. Faults, which come and go, are in faults.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import lru_cache, reduce

from panelwright.sandbox import languages
from panelwright.sandbox.delivery import CANCELED, PARTIAL

Row = dict[str, object]
Step = Callable[[Row], Row]

# What stands before a text id, as in API100025.
TEXT_ID = "API"
# Above the largest maximum of the catalogue, so above every quantity.
FAR_ABOVE = 2_000_000
OVER_DELIVERED = 37

BOM = b"\xef\xbb\xbf"
PHP_WARNING = (
    b"<br />\n<b>Warning</b>:  Undefined array key &quot;runs&quot; in <b>/var/www/html/api/v2.php</b>"
    b" on line <b>61</b><br />\n"
)


# ---- steps: small changes of one row ---------------------------------------------------------------


def put(**values: object) -> Step:
    return lambda row: row | values


def without(*names: str) -> Step:
    return lambda row: {name: value for name, value in row.items() if name not in names}


def renamed(**names: str) -> Step:
    """Old name = new name; the order of the keys stays."""
    return lambda row: {names.get(name, name): value for name, value in row.items()}


def changed(change: Callable[..., object], *names: str) -> Step:
    """These values, where the row has them, through `change`."""
    return lambda row: {name: change(value) if name in names else value for name, value in row.items()}


def remains_less(units: int) -> Step:
    """More was delivered than is told: not where `remains` decides about a refund."""

    def step(row: Row) -> Row:
        if row["status"] in (PARTIAL, CANCELED):
            return row
        return row | {"remains": str(int(str(row["remains"])) - units)}

    return step


def many_digits(amount: object) -> float:
    """The amount as a number that went through binary fractions: 0.27819 -> 0.27819000000000005."""
    return math.nextafter(float(str(amount)), math.inf)


def whole_or_fraction(amount: object) -> int | float:
    number = Decimal(str(amount))
    return int(number) if number == number.to_integral_value() else float(number)


def thousands(amount: object) -> str:
    return f"{Decimal(str(amount)):,}"


# ---- shapes of whole answers -------------------------------------------------------------------------

_FIELDS = {
    "not_enough_funds": "balance",
    "invalid_key": "key",
    "bad_link": "link",
    "duplicate_link": "link",
    "quantity_below_min": "quantity",
    "quantity_above_max": "quantity",
    "quantity_increment": "quantity",
}


def _by_field(text: str, code: str) -> Row:
    """{field: [text]}, as validators of web frameworks write it."""
    return {_FIELDS.get(code, code.removeprefix("incorrect_")): [text]}


def _id(text: str) -> int | str:
    """An id as it was asked for: a number, or text where it is none."""
    return int(text) if text.isdecimal() else text


def _in_list(reports: Row) -> object:
    return [
        {"order": _id(order), **(item if isinstance(item, dict) else {"error": item})}
        for order, item in reports.items()
    ]


def _only_report(reports: Row) -> object:
    return next(iter(reports.values())) if len(reports) == 1 else reports


def _cancel_error(row: Row) -> str | None:
    said = row["cancel"]
    return str(said["error"]) if isinstance(said, dict) else None


def _cancel_by_id(rows: list[Row]) -> object:
    return {
        str(row["order"]): {"cancel": "requested"} if _cancel_error(row) is None else {"error": _cancel_error(row)}
        for row in rows
    }


def _cancel_success(rows: list[Row]) -> object:
    """One word for all of them: a success as soon as there is one."""
    errors = [_cancel_error(row) for row in rows]
    return {"status": "success"} if None in errors or not errors else {"status": "fail", "message": errors[0]}


def _cancel_told_outside(rows: list[Row]) -> object:
    """{"order":9,"error":text}: the failure stands beside the id, where `cancel` would be."""
    return [row if _cancel_error(row) is None else {"order": row["order"], "error": _cancel_error(row)} for row in rows]


def _cancel_statuses(rows: list[Row]) -> object:
    """A word for each; the HTTP status and the outer shape say success all the same."""
    return [
        {"order": row["order"], "status": "success"}
        if _cancel_error(row) is None
        else {"order": row["order"], "status": "error", "message": _cancel_error(row)}
        for row in rows
    ]


# ---- a dialect -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way to answer; every field at its default is the protocol's own way.

    `error` makes a whole refusal of text and code; `texts` translates refusals, `words` and `refill_words` the
    states. `row` and `report` are steps on each row of `services` and each order of `status`; `bad_id` is the
    part of an id that is unknown in a `status` of many, None leaves it out.
    """

    name: str
    about: str
    ok_status: int = 200
    error_status: int = 200
    prefix: bytes = b""
    error: Callable[[str, str], object] = lambda text, code: {"error": text}
    texts: Mapping[str, str] = field(default_factory=dict)
    order_id: Callable[[int], object] = int
    add: Callable[[object], object] = lambda order: {"order": order}
    row: tuple[Step, ...] = ()
    services: Callable[[list[Row]], object] = list
    report: tuple[Step, ...] = ()
    words: Mapping[str, object] = field(default_factory=dict)
    bad_id: Callable[[str], object] | None = lambda text: {"error": text}
    many: Callable[[Row], object] = dict
    # The refill's id as text, and the order as it was asked for.
    refill: Callable[[str, str], object] = lambda refill, order: {"refill": refill}
    refill_status: Callable[[object], object] = lambda word: {"status": word}
    refill_words: Mapping[str, object] = field(default_factory=dict)
    cancel: Callable[[list[Row]], object] = list
    balance: Callable[[str, str], object] = lambda amount, currency: {"balance": amount, "currency": currency}
    # Takes the key also as `Authorization: Bearer`.
    bearer: bool = False


PROTOCOL = Dialect("protocol", "as the protocol says")

_CODES: dict[str, object] = {
    "Pending": 0,
    "Processing": 1,
    "In progress": 1,
    "Completed": 2,
    "Partial": 3,
    "Canceled": 4,
}
_ALL = ("Pending", "Processing", "In progress", "Completed", "Partial", "Canceled")
_REFILLS = ("Pending", "In progress", "Completed", "Rejected", "Canceled")
_FLAGS = ("refill", "cancel", "dripfeed")

_TABLE = (
    # transport
    Dialect("created", "HTTP 201 on success", ok_status=201),
    Dialect("error-400", "refusals with HTTP 400", error_status=400),
    Dialect("error-422", "refusals with HTTP 422", error_status=422),
    Dialect("error-500", "refusals with HTTP 500", error_status=500),
    Dialect("bom", "a byte order mark before the JSON", prefix=BOM),
    Dialect("php-warning", "a PHP warning before the JSON", prefix=PHP_WARNING),
    # refusals
    Dialect("error-fields", '{"error":{field:[text]}}', error=lambda text, code: {"error": _by_field(text, code)}),
    Dialect("errors-list", '{"errors":[text]}', error=lambda text, code: {"errors": [text]}),
    Dialect("errors-fields", '{"errors":{field:[text]}}', error=lambda text, code: {"errors": _by_field(text, code)}),
    Dialect(
        "status-fail",
        '{"status":"fail","message":text}',
        error=lambda text, code: {"status": "fail", "message": text},
    ),
    Dialect("status-error", '{"status":"error","msg":text}', error=lambda text, code: {"status": "error", "msg": text}),
    Dialect("status-false", '{"status":false,"data":text}', error=lambda text, code: {"status": False, "data": text}),
    Dialect("order-keys", "untranslated keys: neworder.error.…", texts=languages.ORDER_KEYS),
    Dialect("id-keys", "untranslated keys: error.incorrect_…_id", texts=languages.ID_KEYS),
    Dialect("ru", "Russian refusals and states", texts=languages.RUSSIAN, words=languages.RUSSIAN_WORDS),
    Dialect("pt", "Portuguese refusals and states", texts=languages.PORTUGUESE, words=languages.PORTUGUESE_WORDS),
    Dialect("es", "Spanish refusals and states", texts=languages.SPANISH, words=languages.SPANISH_WORDS),
    Dialect("tr", "Turkish refusals and states", texts=languages.TURKISH, words=languages.TURKISH_WORDS),
    # order id
    Dialect("id-string", '{"order":"700001"}', order_id=str),
    Dialect("id-text", '{"order":"API700001"}', order_id=lambda number: f"{TEXT_ID}{number}"),
    Dialect("id-under-order_id", '{"order_id":700001}', add=lambda order: {"order_id": order}),
    Dialect("id-under-id", '{"id":700001}', add=lambda order: {"id": order}),
    Dialect(
        "id-beside-success",
        '{"status":"success","order":700001}',
        add=lambda order: {"status": "success", "order": order},
    ),
    # services
    Dialect(
        "services-numbers", "rate, min and max as numbers", row=(changed(whole_or_fraction, "rate", "min", "max"),)
    ),
    Dialect("services-strings", "the service id as a string too", row=(changed(str, "service"),)),
    Dialect("types-lower", "service types in lower case", row=(changed(lambda type_: str(type_).lower(), "type"),)),
    Dialect(
        "types-underscores",
        "service types as custom_comments",
        row=(changed(lambda type_: str(type_).lower().replace(" ", "_"), "type"),),
    ),
    Dialect("flags-numbers", "refill, cancel, dripfeed as 0 and 1", row=(changed(int, *_FLAGS),)),
    Dialect("flags-strings", 'as "0" and "1"', row=(changed(lambda flag: "1" if flag else "0", *_FLAGS),)),
    Dialect("flags-missing", "no refill, cancel, dripfeed", row=(without(*_FLAGS),)),
    Dialect("services-desc", "a text under desc", row=(put(desc="Starts at once."),)),
    Dialect("services-description", "a text under description", row=(put(description="Starts at once."),)),
    Dialect("services-data", '{"data":[…]}', services=lambda rows: {"data": rows}),
    Dialect(
        "services-empty",
        '{"status":"success","data":"Empty Data"} when nothing is sold',
        services=lambda rows: rows or {"status": "success", "data": "Empty Data"},
    ),
    Dialect("refill-promised", "refill is true in the list of every service, and refused", row=(put(refill=True),)),
    # status
    Dialect("start-null", "start_count null", report=(put(start_count=None),)),
    Dialect("start-empty", 'start_count ""', report=(put(start_count=""),)),
    Dialect("start-missing", "no start_count", report=(without("start_count"),)),
    Dialect("start-counter", "start_counter for start_count", report=(renamed(start_count="start_counter"),)),
    Dialect("remains-negative", "over-delivery: remains goes below zero", report=(remains_less(OVER_DELIVERED),)),
    Dialect("remains-unknown", 'remains "Unknown"', report=(put(remains="Unknown"),)),
    Dialect(
        "remains-above",
        "remains above the quantity",
        report=(changed(lambda remains: str(int(str(remains)) + FAR_ABOVE), "remains"),),
    ),
    Dialect("charge-number", "charge a number with many digits", report=(changed(many_digits, "charge"),)),
    Dialect("charge-missing", "no charge", report=(without("charge"),)),
    Dialect("currency-missing", "no currency", report=(without("currency"),)),
    Dialect(
        "words-other",
        "Awaiting, Inprogress, Complete, Cancelled",
        words={"Pending": "Awaiting", "In progress": "Inprogress", "Completed": "Complete", "Canceled": "Cancelled"},
    ),
    Dialect("words-underscores", "in_progress, completed, …", words={w: w.lower().replace(" ", "_") for w in _ALL}),
    Dialect("words-title", "In_progress", words={"In progress": "In_progress"}),
    Dialect("words-upper", "IN PROGRESS, COMPLETED, …", words={word: word.upper() for word in _ALL}),
    Dialect("words-refunded", "Refunded for Canceled", words={"Canceled": "Refunded"}),
    Dialect("words-fail", "Fail for Canceled", words={"Canceled": "Fail"}),
    Dialect("codes", "states as numbers, 0 to 4", words=_CODES),
    Dialect("codes-strings", 'states as "0" to "4"', words={word: str(code) for word, code in _CODES.items()}),
    Dialect("codes-refunded", "states as numbers, 5 for Canceled", words=_CODES | {"Canceled": 5}),
    # status of many
    Dialect("bad-id-string", "a bad id is a bare string", bad_id=lambda text: text),
    Dialect("bad-id-left-out", "a bad id is left out", bad_id=None),
    Dialect("many-list", "a list instead of an object", many=_in_list),
    Dialect("many-single", "a plain object when only one id was asked", many=_only_report),
    # refill
    Dialect("refill-number", '{"refill":90001}', refill=lambda refill, order: {"refill": int(refill)}),
    Dialect("refill-bare", "the bare id", refill=lambda refill, order: int(refill)),
    Dialect(
        "refill-list", "a list of one", refill=lambda refill, order: [{"order": _id(order), "refill": int(refill)}]
    ),
    Dialect(
        "refill-success",
        '{"success":text,"refill":90001}',
        refill=lambda refill, order: {"success": "Refill request has been sent", "refill": int(refill)},
    ),
    Dialect("refill-status-refill", '{"refill":"Completed"} as status', refill_status=lambda word: {"refill": word}),
    Dialect(
        "refill-keys",
        "tasks.status.completed",
        refill_words={word: f"tasks.status.{word.lower().replace(' ', '_')}" for word in _REFILLS},
    ),
    # cancel
    Dialect("cancel-by-id", '{"4218":{"cancel":"requested"}}', cancel=_cancel_by_id),
    Dialect(
        "cancel-single", "one object when one id was asked", cancel=lambda rows: rows[0] if len(rows) == 1 else rows
    ),
    Dialect(
        "cancel-listed",
        '{"canceled":[1,2]}',
        cancel=lambda rows: {"canceled": [row["order"] for row in rows if _cancel_error(row) is None]},
    ),
    Dialect("cancel-success", '{"status":"success"} for all', cancel=_cancel_success),
    Dialect("cancel-item-errors", '{"order":9,"error":text} for an item', cancel=_cancel_told_outside),
    Dialect("cancel-item-status", '{"order":9,"status":"error","message":text} for an item', cancel=_cancel_statuses),
    # balance
    Dialect(
        "balance-number",
        "a number",
        balance=lambda amount, currency: {"balance": whole_or_fraction(amount), "currency": currency},
    ),
    Dialect(
        "balance-thousands",
        '"1,000,000.00"',
        balance=lambda amount, currency: {"balance": thousands(amount), "currency": currency},
    ),
    Dialect("balance-funds", "under funds", balance=lambda amount, currency: {"funds": amount, "currency": currency}),
    Dialect(
        "balance-amount", "under amount", balance=lambda amount, currency: {"amount": amount, "currency": currency}
    ),
    # authorization
    Dialect("bearer", "takes the key also as Authorization: Bearer", bearer=True),
)

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (PROTOCOL, *_TABLE)}


def combined(names: Iterable[str]) -> Dialect:
    """Several dialects as one. Steps and words add up; where two shape the same thing, the later one does.

    KeyError for a name that is none.
    """
    return _combined(tuple(names))


@lru_cache(maxsize=256)
def _combined(names: tuple[str, ...]) -> Dialect:
    return reduce(_both, (DIALECTS[name] for name in names), PROTOCOL)


def _both(first: Dialect, second: Dialect) -> Dialect:
    values: dict[str, object] = {}
    for part in fields(Dialect):
        one, two = getattr(first, part.name), getattr(second, part.name)
        if isinstance(one, tuple):
            values[part.name] = one + two
        elif isinstance(one, Mapping):
            values[part.name] = {**one, **two}
        else:
            values[part.name] = one if two == getattr(PROTOCOL, part.name) else two
    return Dialect(**values)  # type: ignore[arg-type]
