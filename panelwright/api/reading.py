"""From the bytes of a request to its parameters. Pure; whatever the bytes are, it answers and never raises.

Query string, urlencoded and multipart forms and JSON objects are read and may be mixed; the body
wins. Text that is no UTF-8 keeps its bytes as lone surrogates, so that the checks of orders/fields.py
refuse it: an order for a damaged link would be money lost.
"""

from __future__ import annotations

import json
import re
from typing import Any

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from panelwright.core.text import trim
from panelwright.core.urlencoded import unescape

PARAMS_MAX = 200
NAME_MAX = 100
# A longer Content-Type is none: what our clients write has sixty bytes.
CONTENT_TYPE_MAX = 1024
# Of a JSON object with more commas, or with more that opens, nothing is read: a megabyte of them takes long to build,
# and nobody else can do anything meanwhile.
_COMMAS_MAX = 100_000
_NESTED_MAX = 10_000

# Names that need no decoding, and that no list or long name is hidden in.
_PLAIN = frozenset(
    (
        *("key", "action", "service", "link", "quantity", "runs", "interval", "request_id"),
        *("order", "orders", "refill", "refills", "comments", "username", "usernames"),
    )
)


def parameters(query: bytes, content_type: bytes, body: bytes) -> dict[str, str]:
    """The parameters by name, values trimmed, of invisible characters too; of two of one name the last counts."""
    params = _form(query) if query else {}
    if body:
        if content_type[:20].lower().startswith(b"multipart/form-data"[:20]):
            if len(content_type) > CONTENT_TYPE_MAX:
                return params
            params.update(_multipart(content_type, body))
        elif body.lstrip()[:1] in (b"{", b"\xef"):
            found = _json(body)
            params.update(_form(body) if found is None else found)
        else:
            params.update(_form(body))
    return params


def _form(text: bytes) -> dict[str, str]:
    params: dict[str, str] = {}
    for pair in text.decode("utf-8", "surrogateescape").split("&", PARAMS_MAX)[:PARAMS_MAX]:
        name, _, value = pair.partition("=")
        # Every request comes through here: the plain names and values take the short way.
        if "%" in value or "+" in value:
            value = _decode(value)
        if name in _PLAIN:
            value = value.strip()
            params[name] = value if value.isascii() else trim(value)
        elif name:
            _add(params, _decode(name), value)
    return params


def _decode(text: str) -> str:
    # What every link has is replaced at once: it is neither a hexadecimal digit nor a percent sign,
    # so nothing that is left is read in another way than before.
    text = text.replace("+", " ").replace("%3A", ":").replace("%2F", "/")
    if "%" in text:
        text = unescape(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
    return text


def _add(params: dict[str, str], name: str, value: str) -> None:
    """PHP's `orders[]=1&orders[]=2` is the list "1,2"."""
    name = trim(name)
    value = trim(value)
    if name.endswith("]") and "[" in name:
        name = name[: name.index("[")]
        if name in params and value:
            value = params[name] + _joint(name) + value
    if len(name) <= NAME_MAX:
        params[name] = value


def _joint(name: str) -> str:
    return "," if name in {"order", "orders", "refill", "refills"} else "\n"


def _json(body: bytes) -> dict[str, str] | None:
    """The parameters of a JSON object; None when it is no JSON object, or an endless one."""
    if body.count(b",") > _COMMAS_MAX or body.count(b"[") + body.count(b"{") > _NESTED_MAX:
        return None
    try:
        # Numbers stay as they were written: 10^30 is not a float, and 1.50 is not 1.5. Only 100.0 is 100.
        found = json.loads(
            body.decode("utf-8-sig", "surrogateescape"), parse_int=str, parse_float=_number, parse_constant=str
        )
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    params: dict[str, str] = {}
    for name, value in list(found.items())[:PARAMS_MAX]:
        text = _text(name, value)
        if text is not None and len(name) <= NAME_MAX:
            params[trim(name)] = trim(text)
    return params


# A number with a point or an exponent, and how many digits a whole one is written out to: each that is counted with.
_PARTS = re.compile(r"(-?[0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?", re.ASCII)
_WHOLE_DIGITS_MAX = 18


def _number(text: str) -> str:
    """A JSON number as text: without its point where it is a whole one, else as it was written."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return text
    whole, fraction, exponent = parts[1], (parts[2] or "").rstrip("0"), int(parts[3] or 0)
    if not 0 <= len(fraction) <= exponent or len(whole) + exponent > _WHOLE_DIGITS_MAX:
        return text if fraction or exponent else whole
    return str(int(whole + fraction + "0" * (exponent - len(fraction))))


def _text(name: str, value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        items = [_text(name, item) for item in value if isinstance(item, (str, bool))]
        return _joint(name).join(item for item in items if item is not None)
    return None


def _multipart(content_type: bytes, body: bytes) -> dict[str, str]:
    params: dict[str, str] = {}

    def on_field(field: Field) -> None:
        if len(params) < PARAMS_MAX and field.field_name is not None:
            name = field.field_name.decode("utf-8", "surrogateescape")
            _add(params, name, (field.value or b"").decode("utf-8", "surrogateescape"))

    def on_file(file: File) -> None:
        # `curl -F comments=@file`: the text of the file is the value.
        if len(params) < PARAMS_MAX and file.field_name is not None:
            file.file_object.seek(0)
            value = file.file_object.read().decode("utf-8", "surrogateescape")
            _add(params, file.field_name.decode("utf-8", "surrogateescape"), value)

    try:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        parser = FormParser(
            "multipart/form-data",
            on_field,
            on_file,
            boundary=boundary,
            config={"MAX_MEMORY_FILE_SIZE": 2 * len(body) + 1024},
        )
        parser.write(_first_parts(body, boundary))
        parser.finalize()
    except (FormParserError, ValueError):
        # What was read before the fault counts; what is missing is refused as missing.
        return params
    return params


def _first_parts(body: bytes, boundary: bytes) -> bytes:
    """As many parts as count. Each is read byte by byte: thousands of them would hold up everybody."""
    line = b"\r\n--" + boundary
    at = 0
    # The first one may stand at the very beginning; the part behind the last one is not read to its end.
    for _ in range(PARAMS_MAX + 2):
        at = body.find(line, at) + len(line)
        if at < len(line):
            return body
    return body[:at]
