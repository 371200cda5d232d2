"""JSON and program text as HTML: coloured, and laid out by the style sheet alone.

The text inside the tags stays byte for byte what goes over the wire or into a file; what is copied is exact.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

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
    return mark_safe(_json(value))


def _json(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return _members(value)
    css = "s" if isinstance(value, str) else "n"
    return f'<span class="{css}">{escape(compact(value))}</span>'


def _members(value: dict[str, Any] | list[Any]) -> str:
    if isinstance(value, dict):
        marks = "{}"
        parts = [f'<span class="k">{escape(compact(key))}</span>:{_json(item)}' for key, item in value.items()]
    else:
        marks = "[]"
        parts = [_json(item) for item in value]
    if len(compact(value)) <= _ONE_LINE_MAX:
        return marks[0] + ",".join(parts) + marks[1]
    rows = [part + "," for part in parts[:-1]] + parts[-1:]
    return marks[0] + "".join(f'<span class="r">{row}</span>' for row in rows) + marks[1]


def code_html(code: str) -> SafeString:
    """Program text with its strings (s) and comments (c) in spans."""
    html = []
    end = 0
    for match in _CODE.finditer(code):
        html.append(escape(code[end : match.start()]))
        html.append(f'<span class="{match.lastgroup}">{escape(match.group())}</span>')
        end = match.end()
    html.append(escape(code[end:]))
    return mark_safe("".join(html))
