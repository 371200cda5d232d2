"""A page as a person reads it: its text, tables and example code, taken out of the HTML."""

from __future__ import annotations

import html
import re


def text_of(fragment: str) -> str:
    """The text of a piece of HTML, as it would be copied."""
    return html.unescape(re.sub(r"<[^>]*>", "", fragment))


def section(page: str, id_: str) -> str:
    """The HTML from the element with this id to the next <section>."""
    start = page.index(f'id="{id_}"')
    end = page.find("<section", start)
    return page[start:end]


def codes(fragment: str) -> list[str]:
    """The texts of all code blocks."""
    return [text_of(code) for code in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", fragment, re.S)]


def parameters(fragment: str) -> dict[str, bool]:
    """The parameters of the tables: name -> is it required."""
    rows = re.findall(r'<th scope="row"><code[^>]*>(\w+)</code>(.*?)</th>', fragment, re.S)
    return {name: 'class="tag"' not in rest for name, rest in rows}


def types_offered(page: str) -> list[str]:
    """The choices of the select of service types."""
    return [text_of(name) for name in re.findall(r"<option[^>]*>(.*?)</option>", page)]


def programs(page: str) -> dict[str, str]:
    """The example programs by their slug."""
    found = re.findall(r'<div class="program program-(\w+)">.*?<code>(.*?)</code></pre>', page, re.S)
    return {slug: text_of(code) for slug, code in found}
