"""JSON and program text as HTML: coloured, and laid out by the style sheet alone.

The text inside the tags stays byte for byte what goes over the wire or into a file; what is copied is exact.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Answers up to this many characters stand on one line.
_ONE_LINE_MAX = 64

_CODE = re.compile(
    r"""(?P<s>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\])*')|(?P<c>(?m:^|(?<=\s))(?:\#|//)[^\n]*)""",
    re.VERBOSE,
)


def compact(value: Any) -> str:
    """JSON as the API writes it: UTF-8, no space after `:` and `,`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_html(value: Any) -> SafeString:
    """The compact JSON of a value, its parts in spans: k key, s string, n other scalar, r row of a long one."""
    if not isinstance(value, (dict, list)):
        return format_html('<span class="{}">{}</span>', "s" if isinstance(value, str) else "n", compact(value))
    if isinstance(value, dict):
        start, end = "{", "}"
        parts = [
            format_html('<span class="k">{}</span>:{}', compact(key), json_html(item)) for key, item in value.items()
        ]
    else:
        start, end = "[", "]"
        parts = [json_html(item) for item in value]
    if len(compact(value)) <= _ONE_LINE_MAX:
        return format_html("{}{}{}", start, format_html_join(",", "{}", ((part,) for part in parts)), end)
    commas = [","] * (len(parts) - 1) + [""]
    rows = format_html_join("", '<span class="r">{}{}</span>', zip(parts, commas, strict=True))
    return format_html("{}{}{}", start, rows, end)


def code_html(code: str) -> SafeString:
    """Program text with its strings (s) and comments (c) in spans."""
    pieces = []
    end = 0
    for match in _CODE.finditer(code):
        pieces.append(format_html("{}", code[end : match.start()]))
        pieces.append(format_html('<span class="{}">{}</span>', match.lastgroup, match.group()))
        end = match.end()
    pieces.append(format_html("{}", code[end:]))
    return format_html_join("", "{}", ((piece,) for piece in pieces))
