"""From the bytes of an answer to values: JSON out of noise, ids, numbers.

Pure functions; none of them raises, whatever the bytes.
"""

from __future__ import annotations

import json
import re
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from panelwright.core import limits
from panelwright.core.reply import HttpReply, decode, storable
from panelwright.providers.wire.outcomes import REF_MAX

MISSING: Any = object()  # "there is no JSON in here"; None is a value

_WIDE = Context(prec=60)  # room for every bounded number
_COUNT_MAX = 10**15  # above this, a count is noise


# ---- JSON ----------------------------------------------------------------------------------------


# A number that cannot be one of anything: it stands there, and says nothing. Not None, which is "nothing stands there".
UNREAD_NUMBER = Decimal("NaN")


def _number(text: str) -> Decimal:
    """JSON numbers as exact decimals. Absurd ones become UNREAD_NUMBER instead of eating the machine."""
    if len(text) > 100:
        return UNREAD_NUMBER
    try:
        number = Decimal(text)
    except InvalidOperation:
        return UNREAD_NUMBER
    return number if -100 < number.adjusted() < 40 else (Decimal(0) if number == 0 else UNREAD_NUMBER)


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= 40 else UNREAD_NUMBER


_DECODER = json.JSONDecoder(
    parse_float=_number, parse_int=_integer, parse_constant=lambda _: UNREAD_NUMBER, strict=False
)


def _parse_at(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return MISSING, at


def find_json(reply: HttpReply) -> Any:
    """The JSON value of an answer, or MISSING.

    The whole body if it parses. Else, since PHP warnings, HTML and BOMs come before it and debug bars
    after it: the first object or list that parses and looks like an answer. A body that broke off is
    only trusted when it is one whole JSON value, as a piece from the middle may say something else.
    """
    if too_many_values(reply):
        return MISSING
    text = decode(reply.body).strip().lstrip("\ufeff").strip()
    value, end = _parse_at(text, 0) if text else (MISSING, 0)
    if value is not MISSING and end == len(text):
        if isinstance(value, str) and value.startswith(("{", "[")):
            return _parse_whole(value)  # encoded twice
        # A bare number that broke off may have lost its last digits.
        return MISSING if reply.broke and not isinstance(value, (dict, list)) else value
    return MISSING if reply.broke else _dig(text)


def too_many_values(reply: HttpReply) -> bool:
    """Whether an answer would take many times its length in memory: `[],[],[]` takes twenty times as much."""
    short = len(reply.body) <= limits.PROVIDER_ANSWER_BYTES_MAX
    most = limits.PROVIDER_ANSWER_VALUES_MAX if short else limits.PROVIDER_LIST_VALUES_MAX
    return len(reply.body) > most and sum(map(reply.body.count, (b"[", b"{", b","))) > most


def _parse_whole(text: str) -> Any:
    value, end = _parse_at(text, 0)
    return value if end == len(text) else MISSING


_START = re.compile(r"[\[{]")
_JSON_BEGUN = re.compile(r"""\{\s*"|\[\s*[\[{"]""")
_PAGE = re.compile(r"<(!doctype|html)\b", re.IGNORECASE)


def _dig(text: str) -> Any:
    """The first answer inside noise; in a whole HTML page (scripts!) only one that stands at its end."""
    page = _PAGE.match(text) is not None
    at = 0
    # Each try may read to the end.
    for _ in range(64 if len(text) <= 65_536 else 8 if len(text) <= limits.PROVIDER_ANSWER_BYTES_MAX else 1):
        found = _START.search(text, at)
        if found is None:
            return MISSING
        value, end = _parse_at(text, found.start())
        if value is MISSING:
            if not page and _JSON_BEGUN.match(text, found.start()):
                return MISSING  # broken JSON: the pieces inside it are not the answer
            at = found.end()
            continue
        if _like_an_answer(value) and (not page or end == len(text)):
            return value
        at = end
    return MISSING


def _like_an_answer(value: Any) -> bool:
    """Objects with a key and lists of objects; not the `[0]` or `{}` inside a PHP warning."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and bool(value)


def absent(value: object) -> bool:
    """Whether nothing stands there, or a word for that."""
    return value is None or (isinstance(value, str) and value.strip() in ("", "null", "None", "undefined"))


# ---- ids, numbers, yes and no -----------------------------------------------------------------------

_REF = re.compile(rf"[^\s,\x00-\x1f\x7f]{{1,{REF_MAX}}}")
_NO_IDS = frozenset({"0", "null", "none", "false", "true", "undefined", "nan", "array", "error"})


def as_ref(value: object) -> str:
    """An id as text, or "" where this is none: not 0, not a bool, no spaces or commas, at most REF_MAX."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else None
    if isinstance(value, int):
        return str(value) if value > 0 else ""
    if not isinstance(value, str):
        return ""
    text = value.strip()
    # A negative number is no id, nor is a word without a digit ("Success").
    if not _REF.fullmatch(text) or text.lower() in _NO_IDS or text.startswith(("-", "<", "{")):
        return ""
    if not any(c.isdigit() for c in text) or text != storable(text):
        return ""
    return "" if text.strip("0.") == "" else text


_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
# Minus as typesetters write it: "−2", "–2".
_DASHES = r"\u2010-\u2015\u2212\ufe63\uff0d"
_MINUS = re.compile(rf"[{_DASHES}](?=[\d.])")
_CURRENCY = rf"(?:[A-Za-z]{{3,4}}|[A-Z]{{0,2}}[^\w\s.,+{_DASHES}-]{{1,2}}|TL|руб\.?)"
_MONEY = re.compile(rf"(?:({_CURRENCY})\s*)?([+-]?[\d.].*?)(?:\s*({_CURRENCY}))?")
_SPACED = re.compile(r"(?<=\d)[\s\u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
# How a number with separators may be written, and which signs to drop and to make a dot of.
_WRITTEN = (
    (re.compile(r"[+-]?0,\d+"), "", ","),  # 0,278
    (re.compile(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?"), ",", "."),  # 1,234 and 1,234.50 and 1,00,000
    (re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d*"), ".", ","),  # 1.234,50
    (re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}"), ".", ","),  # 1.234.567
    (re.compile(r"[+-]?\d+,\d+"), "", ","),  # 12,34
)
# "1,278" may be 1.278 or 1278.
EITHER = re.compile(r"[^\d]*[1-9]\d{0,2},\d{3}[^\d]*")


def as_decimal(value: object) -> Decimal | None:
    """A number as upstream wrote it: 1.5, "1.5", "1,234.50", "1.234,50", "0,27", "1e-5", "1 234.5".

    Where a comma may be either, as in "1,234", it is a thousands separator (PHP's number_format): so it is in counts.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, Decimal)):
        return _bounded(Decimal(value))
    if not isinstance(value, str) or len(value) > 60:
        return None
    text = _SPACED.sub("", _MINUS.sub("-", value.strip()))
    if _PLAIN.fullmatch(text):
        return _bounded(Decimal(text))
    for form, drop, point in _WRITTEN:
        if form.fullmatch(text):
            return _bounded(Decimal((text.replace(drop, "") if drop else text).replace(point, ".")))
    return None


def as_money(value: object) -> Decimal | None:
    """as_decimal, also with a currency before or behind it: "$1,234.50", "1.50 USD"; None for what may be either."""
    if isinstance(value, str) and len(value) <= 60 and EITHER.fullmatch(value):
        return None
    if isinstance(value, str) and len(value) <= 60 and (found := _MONEY.fullmatch(_MINUS.sub("-", value.strip()))):
        value = found[2]
    return as_decimal(value)


def currency_beside(value: object) -> str:
    """What stands before and behind an amount as its currency: "$1,234.50", "5 RUB", "$5 CAD"; "" where none does."""
    if not isinstance(value, str) or len(value) > 60:
        return ""
    found = _MONEY.fullmatch(_MINUS.sub("-", value.strip()))
    if found is None:
        return ""
    return " ".join(filter(None, (found[1], found[3]))) if as_decimal(found[2]) is not None else ""


def _bounded(number: Decimal) -> Decimal | None:
    if not number.is_finite():
        return None
    if number == 0:
        return Decimal(0)
    if not -20 <= number.adjusted() <= 18:
        return None
    # More than 20 fraction digits are float noise.
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -20:
        number = number.quantize(Decimal(1).scaleb(-20), context=_WIDE)
    return number


def as_count(value: object) -> int | None:
    """A whole number, negative ones included; None where it is missing, a word, or not whole.

    "1.234" is None: it may be a fraction or 1234, and refunds hang on it.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,3}\.\d{3}\s*", _MINUS.sub("-", value[:60])):
        return None
    number = as_decimal(value)
    if number is None or abs(number) > _COUNT_MAX or number != number.to_integral_value():
        return None
    return int(number)


def as_flag(value: object) -> bool:
    """True for true, 1, "1", "true", "yes", "on"; everything else, and a missing one, is False."""
    if isinstance(value, str):
        return value.strip().lower() in {"1", "true", "yes", "on", "enabled"}
    return value is True or value == 1
