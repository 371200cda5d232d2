"""Reading an `add`: what was sent becomes a Draft, or a Refusal with the protocol's words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from panelwright.catalog.types import FieldKind, TypeField, Units
from panelwright.sandbox import money
from panelwright.sandbox.catalogue import BY_ID, SandboxService

ABSENT = frozenset({"", "undefined", "null", "None"})
LINK_MAX = 2048
REQUEST_ID_MAX = 100
RUNS_MAX = 1000
INTERVAL_MAX_MIN = 1_000_000
# Stands for any whole number too long to count with: above every maximum.
_HUGE = 10**18

_DIGITS = re.compile(r"[0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class SandboxRefusal:
    """`text` is the answer's `error`; `code` goes into a header."""

    text: str
    code: str


INVALID_KEY = SandboxRefusal("Invalid API key", "invalid_key")
INCORRECT_REQUEST = SandboxRefusal("Incorrect request", "incorrect_request")
INCORRECT_SERVICE = SandboxRefusal("Incorrect service ID", "incorrect_service")
BAD_LINK = SandboxRefusal("Bad link", "bad_link")
LINK_BUSY = SandboxRefusal(
    "You have active order with this link. Please wait until order being completed.", "duplicate_link"
)
NO_FUNDS = SandboxRefusal("Not enough funds on balance", "not_enough_funds")
INCORRECT_ORDER = SandboxRefusal("Incorrect order ID", "incorrect_order")
REFILL_UNKNOWN = SandboxRefusal("Refill not found", "refill_not_found")
REFILL_DISABLED = SandboxRefusal("Refill is disabled for this service", "refill_disabled")
NOT_COMPLETED = SandboxRefusal("The order is not completed", "order_not_completed")
REFILL_OPEN = SandboxRefusal("The refill task is not completed for this order", "refill_open")
REFILL_TOO_EARLY = SandboxRefusal(
    "The order was completed or refill was requested less than 24 hours ago", "refill_too_early"
)
REFILL_OVER = SandboxRefusal("Refill days are over", "refill_days_over")
CANCEL_DISABLED = SandboxRefusal("Cancel is disabled for this service", "cancel_disabled")
NOT_CANCELABLE = SandboxRefusal("The order cannot be canceled", "cannot_cancel")


def incorrect(field: str) -> SandboxRefusal:
    return SandboxRefusal(f"Incorrect {field}", f"incorrect_{field}")


@dataclass(frozen=True, slots=True)
class Draft:
    """An `add` that may be placed. `quantity` counts over all runs; `runs` is 0 unless it is a drip-feed."""

    service: SandboxService
    link: str
    quantity: int
    charge_micros: int
    runs: int = 0


def whole(text: str) -> int | None:
    """The whole number that a text writes in ASCII digits, or None. Very long ones are just huge."""
    if _DIGITS.fullmatch(text) is None:
        return None
    return int(text) if len(text) <= 18 else _HUGE


def lines(text: str) -> list[str]:
    """The lines that are not blank; parted by CRLF, LF or CR."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line.strip() for line in parts if line.strip()]


def digest(params: dict[str, str]) -> str:
    """What makes two calls with one request_id the same input."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def read_request_id(params: dict[str, str], *, header: str) -> str | SandboxRefusal | None:
    """`request_id`, or else the header Idempotency-Key; None when neither was sent."""
    text = params.get("request_id", "")
    text = header if text in ABSENT else text
    if text in ABSENT:
        return None
    return text if len(text) <= REQUEST_ID_MAX else incorrect("request_id")


def read_add(params: dict[str, str], *, catalogue: Mapping[int, SandboxService] = BY_ID) -> Draft | SandboxRefusal:
    """Check an `add` in the order of the protocol, up to the maximum. Link in use and funds come after."""
    service = catalogue.get(whole(params.get("service", "")) or 0)
    if service is None:
        return INCORRECT_SERVICE
    type_ = service.service_type
    link = params.get("link", "") if type_.field("link") else ""
    if type_.field("link") and not _is_link(link):
        return BAD_LINK
    for field in type_.own_fields:
        if not _field_fits(field, params):
            return incorrect(field.name)
    runs = _read_runs(params, service=service)
    if isinstance(runs, SandboxRefusal):
        return runs
    if type_.units is Units.PER_POST:
        return _read_subscription(params, service=service)
    return _read_quantity(params, service=service, link=link, runs=runs)


def _read_quantity(params: dict[str, str], *, service: SandboxService, link: str, runs: int) -> Draft | SandboxRefusal:
    type_ = service.service_type
    quantity: int | None = 1
    if type_.units is Units.LINES:
        quantity = len(lines(params[type_.lines_of]))
    elif type_.units is Units.QUANTITY:
        quantity = whole(params.get("quantity", ""))
    if not quantity:
        return incorrect("quantity")
    if refusal := _outside(service, least=quantity, most=quantity):
        return refusal
    if type_.units is Units.QUANTITY and quantity % service.increment:
        return SandboxRefusal(f"Quantity must be a multiple of {service.increment}", "quantity_increment")
    total = quantity * max(runs, 1)
    return Draft(service, link, total, money.charge(service, units=total), runs)


def _read_subscription(params: dict[str, str], *, service: SandboxService) -> Draft | SandboxRefusal:
    least, most = whole(params["min"]) or 0, whole(params["max"]) or 0
    if refusal := _outside(service, least=least, most=most):
        return refusal
    if least > most:
        return incorrect("min")
    return Draft(service, "", 0, 0)


def _outside(service: SandboxService, *, least: int, most: int) -> SandboxRefusal | None:
    if least < service.min:
        return SandboxRefusal(f"Quantity less than minimal {service.min}", "quantity_below_min")
    if most > service.max:
        return SandboxRefusal(f"Quantity more than maximum {service.max}", "quantity_above_max")
    return None


def _read_runs(params: dict[str, str], *, service: SandboxService) -> int | SandboxRefusal:
    """The runs of a drip-feed; 0 for a plain order, which runs=1 is too."""
    runs_text, interval_text = params.get("runs", ""), params.get("interval", "")
    if not service.service_type.drip_feed or (runs_text in ABSENT and interval_text in ABSENT):
        return 0
    runs, interval = whole(runs_text), whole(interval_text)
    if not runs or runs > RUNS_MAX or (runs > 1 and not service.drip_feed):
        return incorrect("runs")
    if not interval or interval > INTERVAL_MAX_MIN:
        return incorrect("interval")
    return runs if runs > 1 else 0


def _is_link(text: str) -> bool:
    """A target is one line: an address or a name, as every panel takes them."""
    return 0 < len(text) <= LINK_MAX and _CONTROL.search(text) is None


def _field_fits(field: TypeField, params: dict[str, str]) -> bool:
    text = params.get(field.name, "")
    needed = field.required
    if field.needed_when is not None:
        other, value = field.needed_when
        needed = params.get(other) == value
    if text == "" or (text in ABSENT and not field.required):
        return not needed
    match field.kind:
        case FieldKind.LINK | FieldKind.NAME:
            return _is_link(text)
        case FieldKind.URL:
            return _is_link(text) and _is_url(text)
        case FieldKind.LINES:
            return bool(lines(text))
        case FieldKind.COUNT:
            return bool(whole(text))
        case FieldKind.NUMBER:
            return whole(text) is not None
        case FieldKind.CHOICE:
            return text in field.choices
        case FieldKind.COUNTRY:
            return 2 <= len(text) <= 60 and not any(c.isdigit() for c in text) and _CONTROL.search(text) is None
        case FieldKind.DATE:
            return read_date(text) is not None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def read_date(text: str) -> datetime | None:
    """A day written d/m/Y, as its first moment; None for anything else."""
    try:
        return datetime.strptime(text, "%d/%m/%Y")
    except ValueError:
        return None
