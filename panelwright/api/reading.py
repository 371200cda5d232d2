"""From the bytes of a request to its parameters. Pure; whatever the bytes are, it answers and never raises.

Query string, urlencoded and multipart forms and JSON objects are read and may be mixed; the body
wins. Text that is no UTF-8 keeps its bytes as lone surrogates, so that the checks of orders/fields.py
refuse it: an order for a damaged link would be money lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from panelwright.core import limits
from panelwright.core.text import trim
from panelwright.core.urlencoded import unescape

PARAMS_MAX = 200
NAME_MAX = 100
# A longer Content-Type is none: what our clients write has sixty bytes.
CONTENT_TYPE_MAX = 1024
# A JSON object up to this is read at once: it cannot hold so much that it takes long.
_SHORT_JSON_MAX = 4 * limits.KIB
# Items of a JSON list that are looked at: one more than any field takes, so that a longer one is refused for it.
_ITEMS_MAX = limits.LINES_MAX + 1
# Items of all lists among which a number may be written in another way than as a whole one.
_NUMBERS_MAX = 250
# Objects, and lists in lists, that a JSON object may have: no parameter of ours is one. Of one with more of them, or
# with longer ones, nothing is read.
_NESTED_MAX = 1_000
_NESTED_CHARS_MAX = 64 * limits.KIB

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
    """The parameters of a JSON object, the first ones; None when it is no JSON object, or an endless one."""
    try:
        text = body.decode("utf-8-sig", "surrogateescape")
        members = _members(text) if len(text) <= _SHORT_JSON_MAX else _LongJson(text).members()
    except (ValueError, StopIteration, RecursionError):
        return None
    params: dict[str, str] = {}
    for name, value in members.items():
        if value is not None and len(name) <= NAME_MAX:
            params[trim(name)] = trim(value)
    return params


# What an object means as parameters: None is a member that means none.
_Members = dict[str, str | None]


def _members(text: str) -> _Members:
    """ValueError or StopIteration where it is no JSON object."""
    found, end = _scan(text, _behind_space(text, 0))
    if _behind_space(text, end) < len(text) or not isinstance(found, dict):
        raise ValueError("not an object")
    return {name: _text(name, value) for name, value in list(found.items())[:PARAMS_MAX]}


class _LongJson:
    """What `_members` reads, as far as there can be parameters, whatever follows.

    A megabyte of members or items takes Python's own reader a tenth of a second and more, for parameters that nobody
    looks at, and nobody else can do anything meanwhile.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._items = 0
        self._nested = 0
        self._nested_chars = 0
        # Whether there can be too many objects, and lists in lists; mostly there are not so many brackets in all.
        self._may_nest = text.count("[") + text.count("{") > _NESTED_MAX

    def members(self) -> _Members:
        """ValueError or StopIteration where it is no JSON object."""
        found: _Members = {}
        self._skip("{")
        if self._next() == "}":
            self._at += 1
        else:
            for _ in range(PARAMS_MAX):
                self._skip('"')
                name, self._at = scanstring(self._text, self._at, True)
                self._skip(":")
                found[name] = self._list(name) if self._next() == "[" else _text(name, self._value(_scan))
                if self._end_of("}"):
                    break
            else:
                return found
        if self._next():
            raise ValueError("more than an object")
        return found

    def _list(self, name: str) -> str:
        """What the list means. Of an endless one the rest is passed over, and the value is one that no field takes."""
        if len(self._text) <= _NESTED_CHARS_MAX:
            found, end = _scan_as_written(self._text, self._at)
            if self._may_nest:
                kinds = list(map(type, found))
                self._nested += kinds.count(list) + kinds.count(dict)
                if self._nested > _NESTED_MAX:
                    raise ValueError("endless")
            self._items += len(found)
            if self._items <= _NUMBERS_MAX:
                found, end = _scan(self._text, self._at)
            self._at = end
            return _text_of_list(name, found)
        self._at += 1
        items: list[str] = []
        if self._next() == "]":
            self._at += 1
            return ""
        joint = _joint(name)
        for _ in range(_ITEMS_MAX):
            self._next()
            self._items += 1
            text = _text(name, self._value(_scan if self._items <= _NUMBERS_MAX else _scan_as_written))
            if text is not None:
                items.append(text)
            if self._end_of("]"):
                return joint.join(items)
        rest = _REST_OF_LIST.match(self._text, self._at)
        if rest is None:
            raise ValueError("an endless list of more than texts and numbers")
        self._at = rest.end()
        # Of ids only the first ones count anyway; half of somebody's comments are not what was ordered.
        return joint.join(items) + ("" if joint == "," else _DAMAGED)

    def _value(self, scan: _Scan) -> Any:
        """The value that begins here: None for what no parameter is."""
        if self._text[self._at : self._at + 1] not in {"[", "{"}:
            value, self._at = scan(self._text, self._at)
            return value
        self._nested += 1
        if self._nested > _NESTED_MAX:
            raise ValueError("endless")
        left = _NESTED_CHARS_MAX - self._nested_chars
        _, length = _scan_as_written(self._text[self._at : self._at + left], 0)
        self._nested_chars += length
        self._at += length
        return None

    def _next(self) -> str:
        """The next character that is no white space, where the reading goes on; "" at the end."""
        char = self._text[self._at : self._at + 1]
        if char in _SPACE:
            self._at = _behind_space(self._text, self._at)
            char = self._text[self._at : self._at + 1]
        return char

    def _skip(self, char: str) -> None:
        if self._next() != char:
            raise ValueError(f"no {char}")
        self._at += 1

    def _end_of(self, closing: str) -> bool:
        """Whether it ends here, or goes on behind a comma."""
        char = self._next()
        self._at += 1
        if char not in (closing, ","):
            raise ValueError(f"no {closing}")
        return char == closing


# A number with a point or an exponent, and how many digits a whole one is written out to: each that is counted with.
_PARTS = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?", re.ASCII)
_WHOLE_DIGITS_MAX = 18


def _number(text: str) -> str:
    """A JSON number as text: without its point where it is a whole one, else as it was written."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return text
    sign, whole, fraction, exponent = parts[1], parts[2], (parts[3] or "").rstrip("0"), int(parts[4] or 0)
    digits, zeros = (whole + fraction).lstrip("0"), exponent - len(fraction)
    if not digits:
        return "0"
    if zeros < 0 and not digits[zeros:].strip("0"):
        # 10000e-2: what is behind the point is nothing. Of fewer digits than that, none is left to be something.
        digits, zeros = digits[:zeros], 0
    if zeros < 0 or len(digits) + zeros > _WHOLE_DIGITS_MAX:
        return text if fraction or exponent else sign + whole
    return sign + digits + "0" * zeros


def _text(name: str, value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text_of_list(name, value) if isinstance(value, list) else None


def _text_of_list(name: str, items: list[Any]) -> str:
    with suppress(TypeError):
        return _joint(name).join(items)
    texts = [
        item if isinstance(item, str) else "true" if item else "false"
        for item in items
        if isinstance(item, (str, bool))
    ]
    return _joint(name).join(texts)


def _behind_space(text: str, at: int) -> int:
    found = _SPACES.match(text, at)
    assert found is not None
    return found.end()


# Python's own scanners: of a text, and where a value begins in it, the value, and where it ends.
_Scan = Callable[[str, int], tuple[Any, int]]
# Numbers stay as they were written: 10^30 is not a float, and 1.50 is not 1.5. Only 100.0 is 100.
_scan: _Scan = json.JSONDecoder(parse_int=str, parse_float=_number, parse_constant=str).scan_once  # type: ignore[attr-defined]
# Where there are too many to look at each.
_scan_as_written: _Scan = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).scan_once  # type: ignore[attr-defined]
_SPACE = frozenset((" ", "\t", "\n", "\r"))
_SPACES = re.compile(r"[ \t\n\r]*")
_REST_OF_LIST = re.compile(r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+\]', re.S)
# A byte that is no UTF-8: the checks of orders/fields.py refuse it.
_DAMAGED = "\udcff"


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

    parser = None
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
        pass
    if parser is not None:
        # The parser and its own functions point to each other and to all that was read. Left alone, that waits for
        # the collector of garbage, which looks when there are many objects: hundreds of megabytes later.
        vars(parser.parser).clear()
        vars(parser).clear()
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
